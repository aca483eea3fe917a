//! Nothing of a file but its pixels is in a result.

use image::ImageEncoder;
use moxcms::ColorProfile;

use super::decoded;
use super::files;
use super::files::FORMATS;
use super::files::PLACE;
use super::is_about;
use crate::Picture;
use crate::prepare;

fn contains(picture: &Picture, bytes: &[u8]) -> bool {
    picture
        .bytes
        .windows(bytes.len())
        .any(|window| window == bytes)
}

#[test]
fn metadata_is_dropped() {
    let image = files::noise(300, 200);
    for format in FORMATS {
        let file = files::with_exif(format, &image, Some(files::exif(1)));
        assert!(file.windows(PLACE.len()).any(|window| window == PLACE));
        let prepared = prepare(&file, None).expect("two pictures");
        for picture in [&prepared.large, &prepared.small] {
            let marks = [
                &PLACE[..],
                b"Exif",
                b"MM\0*",
                b"ICC_PROFILE",
                b"http",
                b"xmp",
            ];
            for mark in marks {
                assert!(!contains(picture, mark), "{format}: {mark:?}");
            }
            // The only segment of an application is the one that says JFIF.
            let segments = picture
                .bytes
                .windows(2)
                .filter(|pair| pair[0] == 0xFF && matches!(pair[1], 0xE0..=0xEF | 0xFE));
            assert_eq!(segments.count(), 1);
        }
    }
}

#[test]
fn text_of_a_file_is_dropped() {
    let mut jpeg = files::file(crate::Format::Jpeg, &files::quarters(64, 64));
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0", &PLACE[..]].concat();
    for (marker, content) in [(0xE1, xmp), (0xFE, PLACE.to_vec())] {
        let length = (content.len() as u16 + 2).to_be_bytes();
        let segment = [&[0xFF, marker], &length[..], &content].concat();
        jpeg.splice(2..2, segment);
    }
    // What follows the end, as the film of a motion photo does.
    jpeg.extend(PLACE);
    let prepared = prepare(&jpeg, None).expect("two pictures");
    assert!(!contains(&prepared.large, PLACE));
    assert!(!contains(&prepared.small, PLACE));
}

#[test]
fn colors_of_a_profile_become_those_of_srgb() {
    let p3 = ColorProfile::new_display_p3().encode().expect("a profile");
    let image = image::RgbImage::from_pixel(64, 64, image::Rgb([200, 100, 50]));
    let mut file = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    encoder.set_icc_profile(p3).expect("a profile");
    let kind = image::ExtendedColorType::Rgb8;
    encoder.write_image(&image, 64, 64, kind).expect("a PNG");
    let prepared = prepare(&file, None).expect("two pictures");
    // By the matrices of Display P3 and sRGB.
    let pixels = decoded(&prepared.large);
    assert!(
        is_about(&pixels, 32, 32, [214, 97, 35]),
        "{:?}",
        pixels.get_pixel(32, 32)
    );
    assert!(!is_about(&pixels, 32, 32, [200, 100, 50]));
}

#[test]
fn a_damaged_profile_is_ignored() {
    let mut file = Vec::new();
    let image = files::quarters(64, 64);
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    encoder.set_icc_profile(vec![7; 300]).expect("a profile");
    let kind = image::ExtendedColorType::Rgb8;
    encoder.write_image(&image, 64, 64, kind).expect("a PNG");
    let prepared = prepare(&file, None).expect("two pictures");
    assert!(is_about(&decoded(&prepared.large), 8, 8, files::RED));
}
