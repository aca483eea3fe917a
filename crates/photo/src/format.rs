//! Which kind of file some bytes are, by their content alone.

use std::fmt;

/// How far into a file the marks of a PDF and an SVG are looked for, since text may stand before them.
const MAX_PREAMBLE_BYTES: usize = 1024;

/// The brands of an ISO base media file that are looked at.
const MAX_BRANDS: usize = 16;

/// A kind of file that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JPEG: baseline and progressive, gray, colour and CMYK.
    Jpeg,
    /// PNG, and the first frame of an animated one.
    Png,
    /// WebP: lossy and lossless, and the first frame of an animated one.
    WebP,
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
        })
    }
}

/// A kind of file that is recognised, so that the refusal can say what helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Foreign {
    /// HEIC and HEIF, the default of an iPhone's camera.
    Heic,
    /// AVIF.
    Avif,
    /// JPEG XL.
    JpegXl,
    /// GIF.
    Gif,
    /// SVG, which is a program for a drawing and not a photo.
    Svg,
    /// TIFF, and the raw formats of cameras that are based on it.
    Tiff,
    /// BMP.
    Bmp,
    /// PDF.
    Pdf,
}

impl Foreign {
    /// What the person can do, in plain words.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Heic => {
                "HEIC photos cannot be read here. On an iPhone choose Settings, Camera, Formats, Most Compatible for new photos, or export this one as JPEG."
            }
            Self::Avif => {
                "AVIF photos cannot be read here. Open the photo in an image editor and export it as JPEG."
            }
            Self::JpegXl => {
                "JPEG XL photos cannot be read here. Open the photo in an image editor and export it as JPEG."
            }
            Self::Gif => {
                "GIF files cannot be read here. Open the file in an image editor and save it as PNG."
            }
            Self::Svg => "SVG drawings cannot be read here. Export the drawing as PNG.",
            Self::Tiff => {
                "TIFF and raw photos cannot be read here. Open the photo in an image editor and export it as JPEG."
            }
            Self::Bmp => {
                "BMP files cannot be read here. Open the file in an image editor and save it as PNG."
            }
            Self::Pdf => {
                "This is a PDF document and not a photo. Export its page as JPEG, or take a screenshot."
            }
        }
    }
}

/// What some bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read(Format),
    Foreign(Foreign),
    Unknown,
}

/// Looks at the first bytes. A name and a header that a client sends say nothing.
pub(crate) fn recognise(bytes: &[u8]) -> Kind {
    let begins = |mark: &[u8]| bytes.starts_with(mark);
    if begins(b"\xFF\xD8\xFF") {
        Kind::Read(Format::Jpeg)
    } else if begins(b"\x89PNG\r\n\x1A\n") {
        Kind::Read(Format::Png)
    } else if begins(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Kind::Read(Format::WebP)
    } else if begins(b"GIF87a") || begins(b"GIF89a") {
        Kind::Foreign(Foreign::Gif)
    } else if begins(b"\xFF\x0A") || begins(b"\0\0\0\x0CJXL \r\n\x87\n") {
        Kind::Foreign(Foreign::JpegXl)
    } else if [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]
        .iter()
        .any(|mark| begins(*mark))
    {
        Kind::Foreign(Foreign::Tiff)
    } else if begins(b"BM") && bytes.get(6..10) == Some(&[0; 4]) {
        Kind::Foreign(Foreign::Bmp)
    } else if bytes.get(4..8) == Some(b"ftyp") {
        media_file(bytes)
    } else {
        text(&bytes[..bytes.len().min(MAX_PREAMBLE_BYTES)])
    }
}

/// A file in the ISO base media format names what it is in its brands.
fn media_file(bytes: &[u8]) -> Kind {
    let size = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    let end = size.min(bytes.len());
    let brands = bytes.get(8..end).unwrap_or_default();
    let brands = || brands.chunks_exact(4).take(MAX_BRANDS);
    // An AVIF may name the brands of HEIF as well.
    if brands().any(|brand| matches!(brand, b"avif" | b"avis")) {
        return Kind::Foreign(Foreign::Avif);
    }
    let heif = |brand: &[u8]| {
        matches!(
            brand,
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1"
        )
    };
    if brands().any(heif) {
        return Kind::Foreign(Foreign::Heic);
    }
    Kind::Unknown
}

fn text(beginning: &[u8]) -> Kind {
    let contains = |mark: &[u8]| {
        beginning
            .windows(mark.len())
            .any(|window| window.eq_ignore_ascii_case(mark))
    };
    let first = beginning
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(beginning)
        .trim_ascii_start();
    if contains(b"%PDF-") {
        Kind::Foreign(Foreign::Pdf)
    } else if first.starts_with(b"<") && contains(b"<svg") {
        Kind::Foreign(Foreign::Svg)
    } else {
        Kind::Unknown
    }
}
