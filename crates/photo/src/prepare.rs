//! From the bytes of an upload to two pictures.

use image::DynamicImage;
use image::RgbImage;
use image::metadata::Orientation;

use crate::crop::Crop;
use crate::crop::Square;
use crate::decode::Decoded;
use crate::decode::decode;
use crate::encode::jpeg;
use crate::encode::shrink;
use crate::encode::to_srgb;
use crate::error::PhotoError;
use crate::format::Kind;
use crate::format::recognise;
use crate::header::Header;
use crate::limits::Limits;

/// The side of [`Prepared::large`], unless the picture has fewer pixels.
pub const LARGE_SIDE_PIXELS: u32 = 512;

/// The side of [`Prepared::small`], unless the picture has fewer pixels.
pub const SMALL_SIDE_PIXELS: u32 = 96;

/// The media type of each picture that is made here.
pub const MEDIA_TYPE: &str = "image/jpeg";

/// A picture that is safe to store and to serve: it was made here, pixel by pixel, and holds no metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The media type of the bytes, [`MEDIA_TYPE`].
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels, equal to the width.
    pub height: u32,
}

/// One picture in the two sizes that pages show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// For the page of a person: at most [`LARGE_SIDE_PIXELS`] wide.
    pub large: Picture,
    /// For a row of a list: at most [`SMALL_SIDE_PIXELS`] wide.
    pub small: Picture,
}

/// Makes two square pictures of an uploaded file, within the default [`Limits`].
///
/// `crop` says which square is kept; `None` keeps the largest one in the middle. The work takes up to a second of a
/// processor, so a server does it on a thread of its own.
///
/// # Errors
///
/// [`PhotoError`] if the file is not a JPEG, PNG or WebP, is over a limit, or is damaged. Its `Display` is a sentence for
/// the person who chose the file.
///
/// ```
/// use kith_photo::Foreign;
/// use kith_photo::PhotoError;
///
/// let error = kith_photo::prepare(b"GIF89a", None).unwrap_err();
/// assert_eq!(error, PhotoError::Foreign(Foreign::Gif));
/// ```
pub fn prepare(bytes: &[u8], crop: Option<Crop>) -> Result<Prepared, PhotoError> {
    prepare_within(bytes, crop, &Limits::default())
}

/// The same as [`prepare`], within limits of the caller.
///
/// # Errors
///
/// As [`prepare`].
///
/// ```
/// use kith_photo::Limits;
///
/// let limits = Limits { bytes: 3, ..Limits::default() };
/// assert!(kith_photo::prepare_within(b"four", None, &limits).is_err());
/// ```
pub fn prepare_within(
    bytes: &[u8],
    crop: Option<Crop>,
    limits: &Limits,
) -> Result<Prepared, PhotoError> {
    if bytes.is_empty() {
        return Err(PhotoError::Empty);
    }
    let format = match recognise(bytes) {
        Kind::Read(format) => format,
        // What helps with a file of another kind is more useful than its size.
        Kind::Foreign(foreign) => return Err(PhotoError::Foreign(foreign)),
        Kind::Unknown => return Err(PhotoError::Unknown),
    };
    if bytes.len() > limits.bytes {
        return Err(PhotoError::TooManyBytes {
            bytes: bytes.len(),
            most: limits.bytes,
        });
    }
    let header = Header::read(format, bytes)?;
    header.check(limits)?;
    let decoded = decode(bytes, format, header, limits)?;
    Ok(both(decoded, crop.unwrap_or_default()))
}

fn both(decoded: Decoded, crop: Crop) -> Prepared {
    let Decoded {
        mut image,
        orientation,
        profile,
    } = decoded;
    let (width, height) = (image.width(), image.height());
    let square = if swaps_sides(orientation) {
        crop.square(height, width)
    } else {
        crop.square(width, height)
    };
    let side = square.side.min(LARGE_SIDE_PIXELS);
    let stored = square.stored(orientation, width, height);
    let mut large = shrink(&mut image, stored, side);
    drop(image);
    if let Some(profile) = profile {
        to_srgb(&mut large, &profile);
    }
    let mut large = DynamicImage::ImageRgb8(large);
    large.apply_orientation(orientation);
    let whole = Square { x: 0, y: 0, side };
    let small = shrink(&mut large, whole, side.min(SMALL_SIDE_PIXELS));
    Prepared {
        large: picture(&large.into_rgb8()),
        small: picture(&small),
    }
}

fn picture(image: &RgbImage) -> Picture {
    Picture {
        media_type: MEDIA_TYPE,
        bytes: jpeg(image),
        width: image.width(),
        height: image.height(),
    }
}

/// Whether the width of a picture as it is stored is the height of the picture that is seen.
fn swaps_sides(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}
