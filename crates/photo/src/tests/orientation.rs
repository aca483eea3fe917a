//! The eight orientations of EXIF, in each format.

use super::decoded;
use super::files;
use super::files::BLUE;
use super::files::FORMATS;
use super::files::GREEN;
use super::files::RED;
use super::files::YELLOW;
use super::is_about;
use crate::Crop;
use crate::crop::Square;
use crate::prepare;

/// The quarters of the picture that is seen: left above, right above, left below, right below.
const SEEN: [[[u8; 3]; 4]; 8] = [
    [RED, GREEN, BLUE, YELLOW],
    [GREEN, RED, YELLOW, BLUE],
    [YELLOW, BLUE, GREEN, RED],
    [BLUE, YELLOW, RED, GREEN],
    [RED, BLUE, GREEN, YELLOW],
    [BLUE, RED, YELLOW, GREEN],
    [YELLOW, GREEN, BLUE, RED],
    [GREEN, YELLOW, RED, BLUE],
];

#[test]
fn each_orientation_is_applied_in_each_format() {
    let picture = files::quarters(240, 240);
    for format in FORMATS {
        for (orientation, quarters) in (1..).zip(SEEN) {
            let file = files::with_exif(format, &picture, Some(files::exif(orientation)));
            let prepared = prepare(&file, None).expect("two pictures");
            for picture in [&prepared.large, &prepared.small] {
                let image = decoded(picture);
                let (near, far) = (picture.width / 4, picture.width * 3 / 4);
                let places = [(near, near), (far, near), (near, far), (far, far)];
                for ((x, y), color) in places.into_iter().zip(quarters) {
                    assert!(
                        is_about(&image, x, y, color),
                        "{format} {orientation} at {x}, {y}: {:?}",
                        image.get_pixel(x, y)
                    );
                }
            }
        }
    }
}

#[test]
fn a_crop_is_of_the_picture_that_is_seen() {
    // Eight fields in one colour each, so that each square within one has a colour of its own.
    for (width, height) in [(400, 200), (200, 400)] {
        let stored = image::RgbImage::from_fn(width, height, |x, y| {
            let field = ((x / 100) * 4 + y / 100) as u8;
            image::Rgb([field * 14, 255 - field * 14, 100])
        });
        for orientation in 1..=8 {
            let exif = Some(files::exif(orientation));
            let file = files::with_exif(crate::Format::Png, &stored, exif);
            let mut seen = image::DynamicImage::ImageRgb8(stored.clone());
            let applied = image::metadata::Orientation::from_exif(orientation);
            seen.apply_orientation(applied.expect("an orientation"));
            let seen = seen.into_rgb8();
            for (column, row) in fields(&seen) {
                let crop = Crop {
                    x: Some(f64::from(column) * 0.5),
                    y: Some(f64::from(row) * 0.5),
                    size: Some(0.5),
                };
                let prepared = prepare(&file, Some(crop)).expect("two pictures");
                let image = decoded(&prepared.large);
                assert_eq!(image.width(), 100);
                let color = seen.get_pixel(column * 100 + 50, row * 100 + 50).0;
                for (x, y) in [(3, 3), (96, 3), (3, 96), (96, 96)] {
                    assert!(is_about(&image, x, y, color), "{orientation}");
                }
            }
        }
    }
}

fn fields(image: &image::RgbImage) -> impl Iterator<Item = (u32, u32)> + use<> {
    let (columns, rows) = (image.width() / 100, image.height() / 100);
    (0..columns).flat_map(move |column| (0..rows).map(move |row| (column, row)))
}

#[test]
fn a_crop_that_leaves_something_out_is_centred() {
    let square = |crop: Crop| crop.square(3000, 2000);
    let whole = Square {
        x: 500,
        y: 0,
        side: 2000,
    };
    assert_eq!(square(Crop::default()), whole);
    let at = |x| Crop {
        x: Some(x),
        ..Crop::default()
    };
    assert_eq!(square(at(0.0)).x, 0);
    assert_eq!(square(at(9.0)).x, 1000);
    assert_eq!(square(at(f64::INFINITY)).x, 1000);
    assert_eq!(square(at(-1.0)).x, 0);
    assert_eq!(square(at(f64::NAN)).x, 500);
    let half = Crop {
        size: Some(0.5),
        ..Crop::default()
    };
    let middle = Square {
        x: 1000,
        y: 500,
        side: 1000,
    };
    assert_eq!(square(half), middle);
}
