//! A file as pixels, with what its metadata says about how they are seen.

use std::io::Cursor;

use image::DynamicImage;
use image::ImageDecoder;
use image::ImageError;
use image::ImageFormat;
use image::ImageReader;
use image::metadata::Orientation;

use crate::error::PhotoError;
use crate::format::Format;
use crate::header::Header;
use crate::limits::Limits;

/// A profile of a display or a camera has some kilobytes, and one of a printer about a megabyte.
const MAX_PROFILE_BYTES: usize = 4 << 20;

/// What a PNG may unpack beside its pixels, such as a profile: a few kilobytes there can become hundreds of megabytes.
const MAX_METADATA_BYTES: u64 = 16 << 20;

/// A picture as it is stored.
pub(crate) struct Decoded {
    pub(crate) image: DynamicImage,
    pub(crate) orientation: Orientation,
    /// The ICC profile of the colours.
    pub(crate) profile: Option<Vec<u8>>,
}

/// Decodes a file whose header is within the limits.
pub(crate) fn decode(
    bytes: &[u8],
    format: Format,
    header: Header,
    limits: &Limits,
) -> Result<Decoded, PhotoError> {
    let failed = |error: ImageError| match error {
        ImageError::Unsupported(_) => PhotoError::RareVariant(format),
        _ => PhotoError::Damaged(format),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), image_format(format));
    reader.limits(library_limits(limits));
    let mut decoder = reader.into_decoder().map_err(failed)?;
    if decoder.dimensions() != (header.width, header.height)
        || decoder.total_bytes() > limits.memory_bytes
    {
        return Err(PhotoError::Damaged(format));
    }
    // A picture whose metadata is damaged is still a picture.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    Ok(Decoded {
        image,
        orientation,
        profile: profile.filter(|profile| profile.len() <= MAX_PROFILE_BYTES),
    })
}

fn image_format(format: Format) -> ImageFormat {
    match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png => ImageFormat::Png,
        Format::WebP => ImageFormat::WebP,
    }
}

fn library_limits(limits: &Limits) -> image::Limits {
    let mut library = image::Limits::no_limits();
    library.max_image_width = Some(limits.side_pixels);
    library.max_image_height = Some(limits.side_pixels);
    library.max_alloc = Some(limits.memory_bytes.min(MAX_METADATA_BYTES));
    library
}
