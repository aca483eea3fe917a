//! What is wrong with a file that shall be a photo, in the language of the reader.

use crate::model::language;
use crate::model::language::t_noop;

/// What [`PhotoError`](kith_photo::PhotoError) says.
const FAULTS: &[&str] = &[
    t_noop!("The file is empty. Choose a photo."),
    t_noop!(
        "The file has {size} MB, and a photo may have at most {most} MB. Make it smaller, or choose another one."
    ),
    t_noop!(
        "The photo is {width} × {height} pixels, and each side may have at most {most}. Make it smaller, or choose another one."
    ),
    t_noop!(
        "The photo is {width} × {height} pixels, which is more than a file of this kind may have ({most} megapixels). Make it smaller, or choose another one."
    ),
    t_noop!("This file is not a photo that can be read here. Choose a JPEG, PNG or WebP file."),
    t_noop!(
        "This {format} file is damaged or incomplete. Save or export the photo again, or choose another one."
    ),
    t_noop!(
        "This {format} file is of a rare variant that cannot be read here. Export the photo again as a plain JPEG."
    ),
    t_noop!(
        "HEIC photos cannot be read here. On an iPhone choose Settings, Camera, Formats, Most Compatible for new photos, or export this one as JPEG."
    ),
    t_noop!(
        "AVIF photos cannot be read here. Open the photo in an image editor and export it as JPEG."
    ),
    t_noop!(
        "JPEG XL photos cannot be read here. Open the photo in an image editor and export it as JPEG."
    ),
    t_noop!("GIF files cannot be read here. Open the file in an image editor and save it as PNG."),
    t_noop!("SVG drawings cannot be read here. Export the drawing as PNG."),
    t_noop!(
        "TIFF and raw photos cannot be read here. Open the photo in an image editor and export it as JPEG."
    ),
    t_noop!("BMP files cannot be read here. Open the file in an image editor and save it as PNG."),
    t_noop!(
        "This is a PDF document and not a photo. Export its page as JPEG, or take a screenshot."
    ),
];

/// What a [`PhotoError`](kith_photo::PhotoError) says, in the language of the reader.
pub fn for_reader(english: &str) -> String {
    language::translated(FAULTS, english).unwrap_or_else(|| english.to_owned())
}

#[cfg(test)]
mod tests {
    use kith_photo::Foreign;
    use kith_photo::Format;
    use kith_photo::PhotoError;

    use super::*;
    use crate::model::language::Language;

    #[test]
    fn each_fault_is_said_in_the_language_of_the_reader() {
        let foreign = [
            Foreign::Heic,
            Foreign::Avif,
            Foreign::JpegXl,
            Foreign::Gif,
            Foreign::Svg,
            Foreign::Tiff,
            Foreign::Bmp,
            Foreign::Pdf,
        ];
        let (width, height) = (20_000, 10);
        let (bytes, most) = (12_900_000, 10 << 20);
        let faults = [
            PhotoError::Empty,
            PhotoError::TooManyBytes { bytes, most },
            PhotoError::TooLong {
                width,
                height,
                most: 16_384,
            },
            PhotoError::TooManyPixels {
                width,
                height,
                most: 50_000_000,
            },
            PhotoError::Unknown,
            PhotoError::Damaged(Format::WebP),
            PhotoError::RareVariant(Format::Jpeg),
        ];
        let faults = faults
            .into_iter()
            .chain(foreign.map(PhotoError::Foreign))
            .map(|fault| fault.to_string());
        let faults: Vec<String> = faults.collect();
        assert_eq!(faults.len(), FAULTS.len());
        for fault in faults {
            assert_eq!(for_reader(&fault), fault);
            let german = Language::German.within(|| for_reader(&fault));
            assert_ne!(german, fault);
            assert!(!german.contains('{'), "{german}");
            let digits =
                |text: &str| -> String { text.matches(|c: char| c.is_ascii_digit()).collect() };
            assert_eq!(digits(&german), digits(&fault), "{german}");
        }
    }
}
