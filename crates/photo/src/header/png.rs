//! The header of a PNG: the chunk `IHDR`, which must come first.

use super::Header;

const INDEXED: u8 = 3;

pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let chunk: &[u8; 18] = bytes.get(8..26)?.try_into().ok()?;
    let [
        _,
        _,
        _,
        _,
        name @ ..,
        w0,
        w1,
        w2,
        w3,
        h0,
        h1,
        h2,
        h3,
        depth,
        color,
    ] = chunk;
    if name != b"IHDR" {
        return None;
    }
    // A chunk `tRNS` adds transparency to a picture that has none in each pixel.
    let channels = match *color {
        0 | 4 => 2,
        2 | 6 | INDEXED => 4,
        _ => return None,
    };
    let channel_bytes = if *depth == 16 { 2 } else { 1 };
    Some(Header {
        width: u32::from_be_bytes([*w0, *w1, *w2, *w3]),
        height: u32::from_be_bytes([*h0, *h1, *h2, *h3]),
        pixel_bytes: channels * channel_bytes,
    })
}
