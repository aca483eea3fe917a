//! The header of a JPEG: its segments up to the first scan (ITU T.81, annex B).

use super::Header;
use crate::error::PhotoError;
use crate::format::Format;

const START_OF_FRAME_BASELINE: u8 = 0xC0;
const START_OF_FRAME_EXTENDED: u8 = 0xC1;
const START_OF_SCAN: u8 = 0xDA;
const END_OF_IMAGE: u8 = 0xD9;

/// The bytes of a coefficient, which a decoder keeps until the last scan that refines it.
const COEFFICIENT_BYTES: u64 = 2;

const DAMAGED: PhotoError = PhotoError::Damaged(Format::Jpeg);

struct Frame {
    width: u32,
    height: u32,
    sequential: bool,
    components: u8,
    /// The samples of all components for one pixel, rounded up.
    samples: u64,
}

pub(super) fn header(bytes: &[u8]) -> Result<Header, PhotoError> {
    let mut frame: Option<Frame> = None;
    let mut rest = bytes.get(2..).ok_or(DAMAGED)?;
    loop {
        let (marker, segment, after) = segment(rest).ok_or(DAMAGED)?;
        match marker {
            START_OF_SCAN => {
                let whole = after
                    .windows(2)
                    .any(|window| window == [0xFF, END_OF_IMAGE]);
                // Without its end, a decoder would paint the missing part gray.
                let frame = frame.filter(|_| whole).ok_or(DAMAGED)?;
                return frame.header(segment);
            }
            END_OF_IMAGE => return Err(DAMAGED),
            // Tables, and an extension of JPEG, have numbers among those of the frames.
            0xC4 | 0xC8 | 0xCC => {}
            // A second frame makes no sense here, and each decoder would take another one.
            0xC0..=0xCF if frame.is_some() => return Err(DAMAGED),
            0xC0..=0xCF => frame = Some(Frame::read(marker, segment).ok_or(DAMAGED)?),
            _ => {}
        }
        rest = after;
    }
}

/// The next segment: its marker, its content, and what follows it. Bytes before a marker are skipped, as decoders do.
fn segment(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let mut at = bytes.iter().position(|byte| *byte == 0xFF)?;
    loop {
        let marker = *bytes.get(at + 1)?;
        match marker {
            // A fill byte before the marker.
            0xFF => at += 1,
            // No marker, or one without a content.
            0x00 | 0x01 | 0xD0..=0xD8 => {
                let next = bytes.get(at + 2..)?;
                at += 2 + next.iter().position(|byte| *byte == 0xFF)?;
            }
            END_OF_IMAGE => return Some((marker, &[], &[])),
            _ => {
                let length: [u8; 2] = bytes.get(at + 2..at + 4)?.try_into().ok()?;
                let end = at + 2 + usize::from(u16::from_be_bytes(length));
                return Some((marker, bytes.get(at + 4..end)?, &bytes[end..]));
            }
        }
    }
}

impl Frame {
    fn read(marker: u8, segment: &[u8]) -> Option<Self> {
        let [_precision, h0, h1, w0, w1, components, table @ ..] = segment else {
            return None;
        };
        let factors = table
            .chunks_exact(3)
            .take(usize::from(*components))
            .map(|entry| (u64::from(entry[1] >> 4), u64::from(entry[1] & 15)));
        let largest =
            factors.clone().map(|(h, _)| h).max()? * factors.clone().map(|(_, v)| v).max()?;
        let all: u64 = factors.map(|(h, v)| h * v).sum();
        Some(Self {
            width: u16::from_be_bytes([*w0, *w1]).into(),
            height: u16::from_be_bytes([*h0, *h1]).into(),
            sequential: matches!(marker, START_OF_FRAME_BASELINE | START_OF_FRAME_EXTENDED),
            components: *components,
            samples: all.div_ceil(largest.max(1)),
        })
    }

    fn header(&self, scan: &[u8]) -> Result<Header, PhotoError> {
        // The decoder mixes up the colours of a baseline picture that has a scan for each of them.
        if self.sequential && scan.first() != Some(&self.components) {
            return Err(PhotoError::RareVariant(Format::Jpeg));
        }
        let output = if self.components == 1 { 1 } else { 3 };
        let kept = if self.sequential {
            0
        } else {
            self.samples * COEFFICIENT_BYTES
        };
        Ok(Header {
            width: self.width,
            height: self.height,
            pixel_bytes: output + kept,
        })
    }
}
