//! Files of each kind, made of generated pixels.

use std::io::Cursor;

use image::DynamicImage;
use image::ImageEncoder;
use image::RgbImage;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use jpeg_encoder::ColorType;
use jpeg_encoder::Encoder;

use crate::format::Format;

pub(super) const RED: [u8; 3] = [220, 30, 30];
pub(super) const GREEN: [u8; 3] = [30, 180, 60];
pub(super) const BLUE: [u8; 3] = [40, 60, 210];
pub(super) const YELLOW: [u8; 3] = [230, 210, 40];

pub(super) const FORMATS: [Format; 3] = [Format::Jpeg, Format::Png, Format::WebP];

/// Red, green, blue and yellow quarters: left above, right above, left below, right below.
pub(super) fn quarters(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb(match (x < width / 2, y < height / 2) {
            (true, true) => RED,
            (false, true) => GREEN,
            (true, false) => BLUE,
            (false, false) => YELLOW,
        })
    })
}

/// Noise on a gradient, as the sensor of a camera makes it: no format makes it small.
pub(super) fn noise(width: u32, height: u32) -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(width, height, |x, y| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let base = (x * 200 / width + y * 40 / height) as u8;
        let grain = (state >> 28) as u8;
        image::Rgb([base + grain, base, 240 - base])
    })
}

pub(super) fn file(format: Format, image: &RgbImage) -> Vec<u8> {
    with_exif(format, image, None)
}

/// A file with this EXIF, which begins with the header of a TIFF.
pub(super) fn with_exif(format: Format, image: &RgbImage, exif: Option<Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (width, height) = image.dimensions();
    let color = image::ExtendedColorType::Rgb8;
    match format {
        Format::Jpeg => {
            let mut encoder = Encoder::new(&mut bytes, 95);
            if let Some(exif) = exif {
                encoder.add_exif_metadata(&exif).expect("EXIF");
            }
            let (width, height) = (width as u16, height as u16);
            encoder
                .encode(image, width, height, ColorType::Rgb)
                .expect("a JPEG");
        }
        Format::Png => {
            let mut encoder = PngEncoder::new(&mut bytes);
            if let Some(exif) = exif {
                encoder.set_exif_metadata(exif).expect("EXIF");
            }
            encoder
                .write_image(image, width, height, color)
                .expect("a PNG");
        }
        Format::WebP => {
            let mut encoder = WebPEncoder::new_lossless(&mut bytes);
            if let Some(exif) = exif {
                encoder.set_exif_metadata(exif).expect("EXIF");
            }
            encoder
                .write_image(image, width, height, color)
                .expect("a WebP");
        }
    }
    bytes
}

/// A PNG of any type of pixels.
pub(super) fn png(image: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a PNG");
    bytes.into_inner()
}

pub(super) fn progressive(image: &RgbImage) -> Vec<u8> {
    jpeg(image, |encoder| encoder.set_progressive(true))
}

/// A JPEG in the colours of Display P3.
pub(super) fn with_profile(image: &RgbImage) -> Vec<u8> {
    let profile = moxcms::ColorProfile::new_display_p3().encode();
    let profile = profile.expect("a profile");
    jpeg(image, |encoder| {
        encoder.add_icc_profile(&profile).expect("a profile");
    })
}

/// A baseline JPEG with a scan for each component.
pub(super) fn several_scans(image: &RgbImage) -> Vec<u8> {
    jpeg(image, |encoder| encoder.set_optimized_huffman_tables(true))
}

fn jpeg(image: &RgbImage, set: impl FnOnce(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 85);
    set(&mut encoder);
    let (width, height) = (image.width() as u16, image.height() as u16);
    encoder
        .encode(image, width, height, ColorType::Rgb)
        .expect("a JPEG");
    bytes
}

pub(super) fn cmyk(width: u16, height: u16, ink: [u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let pixels = ink.repeat(usize::from(width) * usize::from(height));
    Encoder::new(&mut bytes, 95)
        .encode(&pixels, width, height, ColorType::Cmyk)
        .expect("a JPEG");
    bytes
}

/// An animated PNG of frames in one colour each.
pub(super) fn animated_png(width: u32, height: u32, colors: &[[u8; 3]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder
        .set_animated(colors.len() as u32, 0)
        .expect("frames");
    let mut writer = encoder.write_header().expect("a header");
    for color in colors {
        let pixels = color.repeat((width * height) as usize);
        writer.write_image_data(&pixels).expect("a frame");
    }
    writer.finish().expect("a PNG");
    bytes
}

/// An animated WebP of frames in one colour each, on a canvas of this size.
pub(super) fn animated_webp(width: u32, height: u32, colors: &[[u8; 3]]) -> Vec<u8> {
    let three = |value: u32| value.to_le_bytes()[..3].to_vec();
    let sides = [three(width - 1), three(height - 1)].concat();
    let mut chunks = chunk(b"VP8X", &[&[2, 0, 0, 0], sides.as_slice()].concat());
    chunks.extend(chunk(b"ANIM", &[0; 6]));
    for color in colors {
        let image = RgbImage::from_pixel(width, height, image::Rgb(*color));
        let still = file(Format::WebP, &image);
        let place = [0; 6];
        let duration = [100, 0, 0, 0];
        let frame = [&place, sides.as_slice(), &duration, &still[12..]].concat();
        chunks.extend(chunk(b"ANMF", &frame));
    }
    webp(&chunks)
}

pub(super) fn webp(chunks: &[u8]) -> Vec<u8> {
    let size = (chunks.len() as u32 + 4).to_le_bytes();
    [b"RIFF", &size[..], b"WEBP", chunks].concat()
}

pub(super) fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = (content.len() as u32).to_le_bytes();
    let padding = &[0][..content.len() % 2];
    [&name[..], &size, content, padding].concat()
}

/// A lossy frame whose data are arbitrary: the arithmetic decoder makes pixels of any bytes.
pub(super) fn lossy_frame(width: u16, height: u16, data: &[u8]) -> Vec<u8> {
    let first = (data.len() / 2) as u32;
    // A key frame that is shown, and the size of its first partition.
    let tag = (first << 5 | 1 << 4).to_le_bytes();
    let mark = [0x9D, 0x01, 0x2A];
    let sides = [width.to_le_bytes(), height.to_le_bytes()].concat();
    chunk(b"VP8 ", &[&tag[..3], &mark, &sides, data].concat())
}

/// EXIF with an orientation, and with a place.
pub(super) fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08".to_vec();
    tiff.extend([0, 2]);
    // Orientation: a short.
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    // Where the GPS directory is.
    tiff.extend([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 38]);
    tiff.extend([0; 4]);
    // The reference of the latitude, and a text with the place.
    tiff.extend([0, 2]);
    tiff.extend([0, 1, 0, 2, 0, 0, 0, 2, b'N', 0, 0, 0]);
    tiff.extend([0, 0x1C, 0, 2, 0, 0, 0, 14, 0, 0, 0, 68]);
    tiff.extend([0; 4]);
    tiff.extend(PLACE);
    tiff
}

/// What must not be found in a result.
pub(super) const PLACE: &[u8; 14] = b"48.8584,2.2945";
