//! A square of a decoded picture as an upright JPEG without metadata.

use fast_image_resize::FilterType;
use fast_image_resize::PixelType;
use fast_image_resize::ResizeAlg;
use fast_image_resize::ResizeOptions;
use fast_image_resize::Resizer;
use fast_image_resize::images::Image;
use fast_image_resize::images::ImageRef;
use image::DynamicImage;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use moxcms::ColorProfile;
use moxcms::DataColorSpace;
use moxcms::Layout;
use moxcms::TransformOptions;

use crate::crop::Square;

/// The errors of this quality are below the grain of a camera, and 90 takes two thirds more bytes.
const QUALITY: u8 = 80;

/// What became of a step that fails only if this crate asks for something impossible.
const POSSIBLE: &str = "a square within the picture";

/// The square at this side, as eight bits of red, green and blue on white. The picture loses its transparency.
pub(crate) fn shrink(image: &mut DynamicImage, square: Square, side: u32) -> RgbImage {
    flatten(image);
    let kind = pixel_type(image);
    let (width, height) = (image.width(), image.height());
    let source = ImageRef::new(width, height, image.as_bytes(), kind).expect(POSSIBLE);
    let mut target = Image::new(side, side, kind);
    let length = f64::from(square.side);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .crop(square.x.into(), square.y.into(), length, length)
        // All of it is opaque by now.
        .use_alpha(false);
    Resizer::new()
        .resize(&source, &mut target, &options)
        .expect(POSSIBLE);
    eight_bits(&target)
}

/// Converts the colours of a profile to those of sRGB, which every display assumes. A profile that is damaged, or not of
/// red, green and blue, is ignored.
pub(crate) fn to_srgb(image: &mut RgbImage, profile: &[u8]) {
    let Ok(profile) = ColorProfile::new_from_slice(profile) else {
        return;
    };
    if profile.color_space != DataColorSpace::Rgb {
        return;
    }
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options)
    else {
        return;
    };
    let mut converted = vec![0; image.len()];
    if transform.transform(image, &mut converted).is_ok() {
        image.copy_from_slice(&converted);
    }
}

/// The bytes of a baseline JPEG.
pub(crate) fn jpeg(image: &RgbImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .encode_image(image)
        .expect("a picture of at most 65,535 pixels a side");
    bytes
}

/// Lays the picture on white, in place: a copy would double the memory.
fn flatten(image: &mut DynamicImage) {
    match image {
        DynamicImage::ImageLumaA8(pixels) => on_white::<_, 2>(pixels, u8::MAX),
        DynamicImage::ImageRgba8(pixels) => on_white::<_, 4>(pixels, u8::MAX),
        DynamicImage::ImageLumaA16(pixels) => on_white::<_, 2>(pixels, u16::MAX),
        DynamicImage::ImageRgba16(pixels) => on_white::<_, 4>(pixels, u16::MAX),
        _ => {}
    }
}

fn on_white<S, const CHANNELS: usize>(samples: &mut [S], white: S)
where
    S: Copy + PartialEq + TryFrom<u64>,
    u64: From<S>,
{
    let full = u64::from(white);
    for pixel in samples.chunks_exact_mut(CHANNELS) {
        let [colors @ .., alpha] = pixel else {
            continue;
        };
        if *alpha == white {
            continue;
        }
        let opacity = u64::from(*alpha);
        for color in colors {
            let mixed = (u64::from(*color) * opacity + full * (full - opacity) + full / 2) / full;
            *color = S::try_from(mixed).unwrap_or(white);
        }
        *alpha = white;
    }
}

fn pixel_type(image: &DynamicImage) -> PixelType {
    match image {
        DynamicImage::ImageLuma8(_) => PixelType::U8,
        DynamicImage::ImageLumaA8(_) => PixelType::U8x2,
        DynamicImage::ImageRgb8(_) => PixelType::U8x3,
        DynamicImage::ImageRgba8(_) => PixelType::U8x4,
        DynamicImage::ImageLuma16(_) => PixelType::U16,
        DynamicImage::ImageLumaA16(_) => PixelType::U16x2,
        DynamicImage::ImageRgb16(_) => PixelType::U16x3,
        DynamicImage::ImageRgba16(_) => PixelType::U16x4,
        // Floating point is a matter of formats that are not read here.
        _ => unreachable!("a JPEG, PNG or WebP of integers"),
    }
}

/// Samples of the target as eight bits of red, green and blue.
fn eight_bits(target: &Image<'_>) -> RgbImage {
    let bytes = target.buffer();
    // Sixteen bits are in the order of this machine.
    let high = if cfg!(target_endian = "little") { 1 } else { 0 };
    let rgb: Vec<u8> = match target.pixel_type() {
        PixelType::U8 => bytes.iter().flat_map(|gray| [*gray; 3]).collect(),
        PixelType::U8x2 => chunks::<2>(bytes).flat_map(|pixel| [pixel[0]; 3]).collect(),
        PixelType::U8x3 => bytes.to_vec(),
        PixelType::U8x4 => chunks::<4>(bytes)
            .flat_map(|[red, green, blue, _]| [red, green, blue])
            .collect(),
        PixelType::U16 => chunks::<2>(bytes)
            .flat_map(|pixel| [pixel[high]; 3])
            .collect(),
        PixelType::U16x2 => chunks::<4>(bytes)
            .flat_map(|pixel| [pixel[high]; 3])
            .collect(),
        PixelType::U16x3 => chunks::<6>(bytes)
            .flat_map(|pixel| [pixel[high], pixel[2 + high], pixel[4 + high]])
            .collect(),
        PixelType::U16x4 => chunks::<8>(bytes)
            .flat_map(|pixel| [pixel[high], pixel[2 + high], pixel[4 + high]])
            .collect(),
        _ => unreachable!("one of the types above"),
    };
    RgbImage::from_raw(target.width(), target.height(), rgb).expect(POSSIBLE)
}

fn chunks<const BYTES: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; BYTES]> {
    bytes.as_chunks::<BYTES>().0.iter().copied()
}
