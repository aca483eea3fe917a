//! Why a file becomes no picture, as a sentence for the person who chose it.

use crate::format::Foreign;
use crate::format::Format;

/// Why a file becomes no picture. `Display` is a sentence or two in plain words, which a page can show as they are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PhotoError {
    /// The file has no bytes, as when a form is sent without a choice.
    #[error("The file is empty. Choose a photo.")]
    Empty,

    /// The file has too many bytes.
    #[error(
        "The file has {} MB, and a photo may have at most {} MB. Make it smaller, or choose another one.",
        megabytes(*.bytes),
        megabytes(*.most)
    )]
    TooManyBytes {
        /// The bytes of the file.
        bytes: usize,
        /// The most bytes that are allowed.
        most: usize,
    },

    /// The picture is too wide or too high.
    #[error(
        "The photo is {width} × {height} pixels, and each side may have at most {most}. Make it smaller, or choose another one."
    )]
    TooLong {
        /// The width in pixels.
        width: u32,
        /// The height in pixels.
        height: u32,
        /// The most pixels of a side.
        most: u32,
    },

    /// The picture has too many pixels for a file of its kind.
    #[error(
        "The photo is {width} × {height} pixels, which is more than a file of this kind may have ({} megapixels). Make it smaller, or choose another one.",
        megapixels(*.most)
    )]
    TooManyPixels {
        /// The width in pixels.
        width: u32,
        /// The height in pixels.
        height: u32,
        /// The most pixels of a file of this kind.
        most: u64,
    },

    /// The file is of a kind that is known and is not read here.
    #[error("{}", .0.advice())]
    Foreign(Foreign),

    /// The file is of no known kind.
    #[error("This file is not a photo that can be read here. Choose a JPEG, PNG or WebP file.")]
    Unknown,

    /// The file is of a known kind and cannot be decoded: a part is missing or wrong.
    #[error(
        "This {0} file is damaged or incomplete. Save or export the photo again, or choose another one."
    )]
    Damaged(Format),

    /// The file uses a rare variant of its format, such as arithmetic coding in a JPEG.
    #[error(
        "This {0} file is of a rare variant that cannot be read here. Export the photo again as a plain JPEG."
    )]
    RareVariant(Format),
}

fn megabytes(bytes: usize) -> String {
    tenths(bytes as u64, 1 << 20)
}

fn megapixels(pixels: u64) -> String {
    tenths(pixels, 1_000_000)
}

/// A count in units, with one digit after the point unless that is a zero.
fn tenths(count: u64, unit: u64) -> String {
    let tenths = count.saturating_mul(10) / unit;
    match (tenths / 10, tenths % 10) {
        (0, 0) => "less than 0.1".to_owned(),
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    }
}
