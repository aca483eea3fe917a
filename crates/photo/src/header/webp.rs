//! The header of a WebP: its chunks (RFC 9649). An extended file names the size of its canvas, and each frame
//! names one of its own.

use super::Header;

/// Bytes of a pixel that a lossy decoder takes, which are the fewest: the result, and the planes before it.
const LOSSY: u64 = 5;
/// The same of a lossless decoder: the result, and four channels before it.
const LOSSLESS: u64 = 7;
/// The same with transparency in a chunk of its own.
const TRANSPARENT: u64 = 12;
/// The same with a canvas, on which a frame is laid that may be transparent.
const ANIMATED: u64 = 19;

const ALPHA_FLAG: u8 = 0x10;
const ANIMATION_FLAG: u8 = 0x02;

/// The bytes of a frame before its chunks: place, size, duration and flags.
const FRAME_HEADER_BYTES: usize = 16;

pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let mut found = Header {
        width: 0,
        height: 0,
        pixel_bytes: LOSSY,
    };
    visit(bytes.get(12..)?, &mut found, true);
    Some(found)
}

/// Goes through the chunks, and through those inside frames. A chunk that is cut off is the last one.
fn visit(mut bytes: &[u8], found: &mut Header, outside: bool) {
    while let Some((name, content, rest)) = chunk(bytes) {
        match name {
            b"VP8X" => extended(content, found),
            b"VP8 " => lossy(content, found),
            b"VP8L" => lossless(content, found),
            b"ANMF" if outside => {
                visit(
                    content.get(FRAME_HEADER_BYTES..).unwrap_or_default(),
                    found,
                    false,
                );
            }
            _ => {}
        }
        bytes = rest;
    }
}

fn chunk(bytes: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let (name, rest) = bytes.split_first_chunk::<4>()?;
    let (size, rest) = rest.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
    let end = size.min(rest.len());
    let padded = size.saturating_add(size % 2).min(rest.len());
    Some((name, &rest[..end], &rest[padded..]))
}

fn extended(content: &[u8], found: &mut Header) {
    let [flags, _, _, _, w0, w1, w2, h0, h1, h2, ..] = content else {
        return;
    };
    let pixel_bytes = if flags & ANIMATION_FLAG != 0 {
        ANIMATED
    } else if flags & ALPHA_FLAG != 0 {
        TRANSPARENT
    } else {
        LOSSY
    };
    found.widen(
        1 + u32::from_le_bytes([*w0, *w1, *w2, 0]),
        1 + u32::from_le_bytes([*h0, *h1, *h2, 0]),
        pixel_bytes,
    );
}

fn lossy(content: &[u8], found: &mut Header) {
    let [_, _, _, _, _, _, w0, w1, h0, h1, ..] = content else {
        return;
    };
    let side = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
    found.widen(side(*w0, *w1), side(*h0, *h1), LOSSY);
}

fn lossless(content: &[u8], found: &mut Header) {
    let [_, b0, b1, b2, b3, ..] = content else {
        return;
    };
    let bits = u32::from_le_bytes([*b0, *b1, *b2, *b3]);
    found.widen(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), LOSSLESS);
}

impl Header {
    fn widen(&mut self, width: u32, height: u32, pixel_bytes: u64) {
        self.width = self.width.max(width);
        self.height = self.height.max(height);
        self.pixel_bytes = self.pixel_bytes.max(pixel_bytes);
    }
}
