//! The size of a picture and what decoding it takes, from the header alone.
//!
//! The parsers here read only what the limits need, and never allocate. They take the largest size that a file
//! names, because a file may name several, and a decoder may allocate for one before it compares them.

mod jpeg;
mod png;
mod webp;

use crate::error::PhotoError;
use crate::format::Format;
use crate::limits::Limits;

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// The bytes that decoding allocates for each pixel, at most.
    pub(crate) pixel_bytes: u64,
}

impl Header {
    /// Reads the header, or says that the file has none that makes sense.
    pub(crate) fn read(format: Format, bytes: &[u8]) -> Result<Self, PhotoError> {
        let damaged = PhotoError::Damaged(format);
        let header = match format {
            Format::Jpeg => jpeg::header(bytes)?,
            Format::Png => png::header(bytes).ok_or(damaged.clone())?,
            Format::WebP => webp::header(bytes).ok_or(damaged.clone())?,
        };
        if header.width == 0 || header.height == 0 {
            return Err(damaged);
        }
        Ok(header)
    }

    /// Compares what the header says with the limits.
    pub(crate) fn check(self, limits: &Limits) -> Result<(), PhotoError> {
        let Self { width, height, .. } = self;
        if width.max(height) > limits.side_pixels {
            let most = limits.side_pixels;
            return Err(PhotoError::TooLong {
                width,
                height,
                most,
            });
        }
        let most = limits.pixels.min(limits.memory_bytes / self.pixel_bytes);
        if u64::from(width) * u64::from(height) > most {
            return Err(PhotoError::TooManyPixels {
                width,
                height,
                most,
            });
        }
        Ok(())
    }
}
