//! What the results look like.

use image::DynamicImage;

use super::decoded;
use super::files;
use super::files::BLUE;
use super::files::FORMATS;
use super::files::RED;
use super::is_about;
use crate::Format;
use crate::LARGE_SIDE_PIXELS;
use crate::PhotoError;
use crate::Prepared;
use crate::SMALL_SIDE_PIXELS;
use crate::prepare;

#[test]
fn a_picture_of_each_format_becomes_two_squares() {
    for format in FORMATS {
        let file = files::file(format, &files::quarters(900, 700));
        let prepared = prepare(&file, None).expect("two pictures");
        assert_eq!(prepared.large.width, LARGE_SIDE_PIXELS);
        assert_eq!(prepared.small.width, SMALL_SIDE_PIXELS);
        for picture in [&prepared.large, &prepared.small] {
            assert_eq!(picture.media_type, "image/jpeg");
            assert!(
                is_about(&decoded(picture), 4, 4, RED),
                "{format} {:?}",
                decoded(picture).get_pixel(4, 4)
            );
        }
    }
}

#[test]
fn a_picture_is_never_enlarged() {
    for (width, height) in [
        (1, 1),
        (1, 10_000),
        (10_000, 1),
        (95, 400),
        (511, 512),
        (97, 97),
    ] {
        for format in FORMATS {
            let file = files::file(format, &files::quarters(width, height));
            let Prepared { large, small } = prepare(&file, None).expect("two pictures");
            let side = width.min(height);
            let sides = (side.min(LARGE_SIDE_PIXELS), side.min(SMALL_SIDE_PIXELS));
            assert_eq!((decoded(&large).width(), decoded(&small).width()), sides);
        }
    }
}

#[test]
fn the_same_file_gives_the_same_bytes() {
    for format in FORMATS {
        let file = files::file(format, &files::noise(700, 500));
        assert_eq!(prepare(&file, None), prepare(&file, None));
    }
}

#[test]
fn transparency_is_laid_on_white() {
    let half = image::RgbaImage::from_pixel(200, 200, image::Rgba([200, 0, 0, 128]));
    let gone = image::RgbaImage::from_pixel(200, 200, image::Rgba([0, 0, 0, 0]));
    let mixed = [227, 127, 127];
    for (image, color) in [(half, mixed), (gone, [255; 3])] {
        let image = DynamicImage::ImageRgba8(image);
        let deep = DynamicImage::ImageRgba16(image.to_rgba16());
        for image in [image, deep] {
            let prepared = prepare(&files::png(&image), None).expect("two pictures");
            assert!(is_about(&decoded(&prepared.large), 100, 100, color));
            assert!(is_about(&decoded(&prepared.small), 48, 48, color));
        }
    }
}

#[test]
fn each_depth_and_number_of_channels_looks_the_same() {
    let image = DynamicImage::ImageRgb8(image::RgbImage::from_pixel(
        600,
        600,
        image::Rgb([90, 90, 90]),
    ));
    let kinds = [
        DynamicImage::ImageLuma8(image.to_luma8()),
        DynamicImage::ImageLumaA8(image.to_luma_alpha8()),
        DynamicImage::ImageRgba8(image.to_rgba8()),
        DynamicImage::ImageLuma16(image.to_luma16()),
        DynamicImage::ImageLumaA16(image.to_luma_alpha16()),
        DynamicImage::ImageRgb16(image.to_rgb16()),
        DynamicImage::ImageRgba16(image.to_rgba16()),
        image,
    ];
    for image in kinds {
        let prepared = prepare(&files::png(&image), None).expect("two pictures");
        let color = image.color();
        assert!(
            is_about(&decoded(&prepared.large), 256, 256, [90; 3]),
            "{color:?}"
        );
    }
}

#[test]
fn a_progressive_jpeg_and_one_in_the_inks_of_a_printer_are_read() {
    let prepared = prepare(&files::progressive(&files::quarters(700, 700)), None);
    let prepared = prepared.expect("two pictures");
    assert!(is_about(&decoded(&prepared.large), 40, 40, RED));

    // The encoder takes inks as they are stored: inverted.
    let prepared = prepare(&files::cmyk(300, 200, [0, 0, 0, 0]), None).expect("two pictures");
    let pixel = decoded(&prepared.large).get_pixel(100, 100).0;
    assert!(
        pixel.iter().all(|channel| *channel < 40 || *channel > 215),
        "{pixel:?}"
    );
}

#[test]
fn a_baseline_jpeg_in_several_scans_is_refused() {
    let file = files::several_scans(&files::quarters(700, 700));
    let refused = PhotoError::RareVariant(Format::Jpeg);
    assert_eq!(prepare(&file, None), Err(refused));
}

#[test]
fn the_first_frame_of_an_animation_is_shown() {
    let files = [
        files::animated_png(200, 200, &[RED, BLUE]),
        files::animated_webp(200, 200, &[RED, BLUE]),
    ];
    for file in files {
        let prepared = prepare(&file, None).expect("two pictures");
        assert!(is_about(&decoded(&prepared.large), 100, 100, RED));
    }
}
