//! Files that are recognised and not read, and the sentences that say so.

use crate::Foreign;
use crate::Format;
use crate::PhotoError;
use crate::format::Kind;
use crate::format::recognise;
use crate::prepare;

fn media_file(brands: &[u8]) -> Vec<u8> {
    let size = (brands.len() as u32 + 8).to_be_bytes();
    [&size[..], b"ftyp", brands, b"\0\0\0\x08mdat"].concat()
}

#[test]
fn a_foreign_file_is_known_by_its_content() {
    let files: [(Foreign, Vec<u8>); 14] = [
        (Foreign::Heic, media_file(b"heic\0\0\0\0mif1heic")),
        (Foreign::Heic, media_file(b"mif1\0\0\0\0mif1heic")),
        (Foreign::Avif, media_file(b"avif\0\0\0\0mif1miaf")),
        (Foreign::Avif, media_file(b"mif1\0\0\0\0mif1avif")),
        (Foreign::JpegXl, b"\xFF\x0A\x00".to_vec()),
        (Foreign::Gif, b"GIF89a\x01\0\x01\0".to_vec()),
        (Foreign::Gif, b"GIF87a\x01\0\x01\0".to_vec()),
        (Foreign::Svg, b"\xEF\xBB\xBF <svg xmlns='...'/>".to_vec()),
        (Foreign::Svg, b"<?xml version='1.0'?>\n<SVG>".to_vec()),
        (Foreign::Tiff, b"II*\0\x08\0\0\0".to_vec()),
        (Foreign::Tiff, b"MM\0*\0\0\0\x08".to_vec()),
        (Foreign::Bmp, b"BM\x9a\0\0\0\0\0\0\0\x36".to_vec()),
        (Foreign::Pdf, b"%PDF-1.7\n".to_vec()),
        (Foreign::Pdf, b"\n\n%PDF-1.7\n".to_vec()),
    ];
    for (foreign, bytes) in files {
        assert_eq!(prepare(&bytes, None), Err(PhotoError::Foreign(foreign)));
    }
}

#[test]
fn a_file_of_no_known_kind_is_refused() {
    assert_eq!(prepare(b"", None), Err(PhotoError::Empty));
    let files: [&[u8]; 5] = [
        b"x",
        b"<html></html>",
        b"RIFF\0\0\0\0WAVE",
        &media_file(b"isom\0\0\0\0mp42"),
        b"BM is a word",
    ];
    for bytes in files {
        assert_eq!(prepare(bytes, None), Err(PhotoError::Unknown));
    }
}

#[test]
fn every_beginning_of_a_file_is_looked_at_without_a_panic() {
    let file = media_file(b"heic\0\0\0\0mif1heic");
    for end in 0..file.len() {
        recognise(&file[..end]);
    }
    assert_eq!(recognise(&[]), Kind::Unknown);
    assert_eq!(recognise(b"\xFF\xFF\xFF\xFFftyp"), Kind::Unknown);
    assert_eq!(recognise(b"\0\0\0\0ftypheic"), Kind::Unknown);
}

#[test]
fn a_refusal_is_a_sentence_for_a_person() {
    let heic = PhotoError::Foreign(Foreign::Heic).to_string();
    assert!(heic.starts_with("HEIC photos cannot be read here. On an iPhone choose"));
    let sentences = [
        (
            PhotoError::TooManyBytes {
                bytes: 12_900_000,
                most: 10 << 20,
            },
            "The file has 12.3 MB, and a photo may have at most 10 MB. Make it smaller, or choose another one.",
        ),
        (
            PhotoError::TooLong {
                width: 20_000,
                height: 10,
                most: 16_384,
            },
            "The photo is 20000 × 10 pixels, and each side may have at most 16384. Make it smaller, or choose another one.",
        ),
        (
            PhotoError::TooManyPixels {
                width: 10_000,
                height: 10_000,
                most: 36_700_000,
            },
            "The photo is 10000 × 10000 pixels, which is more than a file of this kind may have (36.7 megapixels). Make it smaller, or choose another one.",
        ),
        (
            PhotoError::Damaged(Format::Png),
            "This PNG file is damaged or incomplete. Save or export the photo again, or choose another one.",
        ),
    ];
    for (error, sentence) in sentences {
        assert_eq!(error.to_string(), sentence);
    }
}
