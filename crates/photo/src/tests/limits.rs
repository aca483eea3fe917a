//! The limits, exactly at them and one step beyond.

use super::files;
use super::files::FORMATS;
use crate::Limits;
use crate::PhotoError;
use crate::prepare_within;

#[test]
fn each_limit_holds_exactly() {
    for format in FORMATS {
        let file = files::file(format, &files::quarters(120, 80));
        let within = Limits {
            bytes: file.len(),
            pixels: 120 * 80,
            side_pixels: 120,
            ..Limits::default()
        };
        assert!(prepare_within(&file, None, &within).is_ok(), "{format}");

        let bytes = Limits {
            bytes: file.len() - 1,
            ..within
        };
        let too_many = PhotoError::TooManyBytes {
            bytes: file.len(),
            most: file.len() - 1,
        };
        assert_eq!(prepare_within(&file, None, &bytes), Err(too_many));

        let (width, height) = (120, 80);
        let pixels = Limits {
            pixels: 120 * 80 - 1,
            ..within
        };
        let most = 120 * 80 - 1;
        let too_many = PhotoError::TooManyPixels {
            width,
            height,
            most,
        };
        assert_eq!(prepare_within(&file, None, &pixels), Err(too_many));

        let side = Limits {
            side_pixels: 119,
            ..within
        };
        let most = 119;
        let too_long = PhotoError::TooLong {
            width,
            height,
            most,
        };
        assert_eq!(prepare_within(&file, None, &side), Err(too_long));
    }
}

#[test]
fn memory_is_counted_for_the_kind_of_the_file() {
    let image = files::quarters(100, 100);
    let kinds = [
        (files::file(crate::Format::Jpeg, &image), 3),
        (files::progressive(&image), 3 + 2 * 2),
        (files::cmyk(100, 100, [9; 4]), 3),
        (files::file(crate::Format::Png, &image), 4),
        (files::file(crate::Format::WebP, &image), 7),
        (files::animated_webp(100, 100, &[files::RED]), 19),
    ];
    for (file, pixel_bytes) in kinds {
        let within = Limits {
            memory_bytes: 10_000 * pixel_bytes,
            ..Limits::default()
        };
        // A library may need some more for tables, which these small pictures have no room for.
        let refused = |limits: &Limits| {
            matches!(
                prepare_within(&file, None, limits),
                Err(PhotoError::TooManyPixels { .. })
            )
        };
        assert!(!refused(&within), "{pixel_bytes}");
        let memory_bytes = within.memory_bytes - 1;
        let beyond = Limits {
            memory_bytes,
            ..within
        };
        assert!(refused(&beyond), "{pixel_bytes}");
    }
}
