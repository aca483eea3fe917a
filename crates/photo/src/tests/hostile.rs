//! Files that are meant to harm, and files that are broken: a result or an error, and never a panic.

use std::sync::LazyLock;

use image::ImageEncoder;
use proptest::prelude::*;

use super::files;
use super::files::FORMATS;
use crate::Format;
use crate::Limits;
use crate::PhotoError;
use crate::prepare;
use crate::prepare_within;

/// Small, so that what random bytes ask for is soon refused or done.
const SMALL: Limits = Limits {
    bytes: 1 << 20,
    pixels: 1 << 20,
    side_pixels: 4096,
    memory_bytes: 16 << 20,
};

/// One file of each kind.
static SAMPLES: LazyLock<Vec<(Format, Vec<u8>)>> = LazyLock::new(samples);

fn samples() -> Vec<(Format, Vec<u8>)> {
    let image = files::quarters(90, 60);
    let mut files: Vec<_> = FORMATS
        .map(|format| {
            let exif = Some(files::exif(6));
            (format, files::with_exif(format, &image, exif))
        })
        .into();
    let deep =
        image::DynamicImage::ImageRgba16(image::DynamicImage::from(image.clone()).to_rgba16());
    let data: Vec<u8> = (0..2000_u32)
        .map(|index| (index * 73 % 251) as u8)
        .collect();
    files.extend([
        (Format::Jpeg, files::progressive(&image)),
        (Format::Jpeg, files::with_profile(&image)),
        (Format::Jpeg, files::cmyk(40, 40, [9, 90, 200, 30])),
        (Format::Png, files::png(&deep)),
        (
            Format::Png,
            files::animated_png(40, 40, &[files::RED, files::BLUE]),
        ),
        (
            Format::WebP,
            files::animated_webp(40, 40, &[files::RED, files::BLUE]),
        ),
        (
            Format::WebP,
            files::webp(&files::lossy_frame(64, 64, &data)),
        ),
    ]);
    files
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_damaged_or_read() {
    for (format, file) in SAMPLES.iter() {
        for part in 0..20 {
            let cut = &file[..file.len() * part / 20];
            match prepare(cut, None) {
                Ok(_) => assert_ne!(*format, Format::Jpeg, "a JPEG without its end"),
                Err(PhotoError::Empty | PhotoError::Unknown) => {
                    assert!(part < 2, "{format}: {part}");
                }
                Err(error) => assert_eq!(error, PhotoError::Damaged(*format)),
            }
        }
    }
}

#[test]
fn a_header_that_promises_too_much_is_refused_before_decoding() {
    let mut png = files::file(Format::Png, &files::quarters(9, 9));
    png[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]);
    let mut jpeg = files::file(Format::Jpeg, &files::quarters(9, 9));
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]);
    let frame = frame.expect("a frame");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xFF; 4]);
    let webp = files::webp(&files::chunk(b"VP8L", &[0x2F, 0xFF, 0xFF, 0xFF, 0x0F]));
    // A small canvas hides a large frame.
    let data = [0; 64];
    let canvas = files::chunk(b"VP8X", &[0, 0, 0, 0, 9, 0, 0, 9, 0, 0]);
    let frame = files::lossy_frame(16_383, 16_383, &data);
    let hidden = files::webp(&[canvas, frame].concat());
    let animated = {
        let canvas = files::chunk(b"VP8X", &[2, 0, 0, 0, 9, 0, 0, 9, 0, 0]);
        let frame = [&[0; 16][..], &files::lossy_frame(16_383, 16_383, &data)].concat();
        let frame = files::chunk(b"ANMF", &frame);
        files::webp(&[canvas, files::chunk(b"ANIM", &[0; 6]), frame].concat())
    };
    for file in [png, jpeg, webp, hidden, animated] {
        assert!(matches!(
            prepare(&file, None),
            Err(PhotoError::TooManyPixels { .. } | PhotoError::TooLong { .. })
        ));
    }
}

#[test]
fn a_size_of_nothing_is_damaged() {
    let mut png = files::file(Format::Png, &files::quarters(9, 9));
    png[16..20].copy_from_slice(&[0; 4]);
    assert_eq!(prepare(&png, None), Err(PhotoError::Damaged(Format::Png)));
    let mut jpeg = files::file(Format::Jpeg, &files::quarters(9, 9));
    let frame = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]);
    let frame = frame.expect("a frame");
    jpeg[frame + 5..frame + 7].copy_from_slice(&[0; 2]);
    assert_eq!(prepare(&jpeg, None), Err(PhotoError::Damaged(Format::Jpeg)));
}

#[test]
fn a_compressed_bomb_outside_of_the_pixels_is_no_harm() {
    // A profile that unpacks to much more than the file.
    let mut file = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut file);
    encoder
        .set_icc_profile(vec![0; 64 << 20])
        .expect("a profile");
    let image = files::quarters(64, 64);
    let kind = image::ExtendedColorType::Rgb8;
    encoder.write_image(&image, 64, 64, kind).expect("a PNG");
    assert!(file.len() < 1 << 20);
    // The profile is left out, as one that is damaged.
    let prepared = prepare(&file, None).expect("two pictures");
    assert!(super::is_about(
        &super::decoded(&prepared.large),
        8,
        8,
        files::RED
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn random_bytes_never_panic(kind in 0..5_usize, bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let beginnings: [&[u8]; 5] = [b"", b"\xFF\xD8\xFF", b"\x89PNG\r\n\x1A\n", b"RIFF\xFF\0\0\0WEBP", b"\0\0\0\x20ftyp"];
        let file = [beginnings[kind], &bytes].concat();
        let _result = prepare_within(&file, None, &SMALL);
    }

    #[test]
    fn a_changed_file_never_panics(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let (_, mut file) = which.get(&SAMPLES).clone();
        for (place, byte) in changes {
            let place = place.index(file.len());
            file[place] = byte;
        }
        if cut {
            file.truncate(end.index(file.len()));
        }
        if let Ok(prepared) = prepare_within(&file, None, &SMALL) {
            super::decoded(&prepared.large);
        }
    }

    #[test]
    fn any_crop_gives_a_square(
        x in prop::option::of(prop::num::f64::ANY),
        y in prop::option::of(prop::num::f64::ANY),
        size in prop::option::of(prop::num::f64::ANY),
        width in 1..3000_u32,
        height in 1..3000_u32,
    ) {
        let square = crate::Crop { x, y, size }.square(width, height);
        prop_assert!(square.side >= 1);
        prop_assert!(square.x + square.side <= width);
        prop_assert!(square.y + square.side <= height);
    }
}
