//! Text on the wire: character sets, quoted-printable, escapes and folds.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::version::Version;

/// Octets of a line without its end (RFC 6350, 3.2).
const MAX_LINE: usize = 75;

/// Text of `bytes` in a named character set. Bytes that are not UTF-8, though nothing names another one, are
/// Windows-1252, which knows every byte.
pub(crate) fn decode<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    let encoding = charset.and_then(|name| Encoding::for_label(name.trim().as_bytes()));
    match encoding {
        Some(encoding) if encoding != UTF_8 => encoding.decode_without_bom_handling(bytes).0,
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
        },
    }
}

/// The octets of quoted-printable text without soft breaks. What is no escape stays as it is.
pub(crate) fn unquote_printable(text: &[u8]) -> Vec<u8> {
    unescape(text, b'=')
}

/// The octets of a URI's data.
pub(crate) fn unquote_percent(text: &[u8]) -> Vec<u8> {
    unescape(text, b'%')
}

/// Octets of which some are written as `sign` and two hexadecimal digits.
fn unescape(text: &[u8], sign: u8) -> Vec<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        let pair = match tail {
            [high, low, ..] if *first == sign => digit(high).zip(digit(low)),
            _ => None,
        };
        match pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(octet) => {
                octets.push(octet);
                rest = &tail[2..];
            }
            None => {
                octets.push(*first);
                rest = tail;
            }
        }
    }
    octets
}

/// What can be kept of a text: one kind of line break, and no control characters, which no version can write.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let is_odd = |letter: char| letter.is_ascii_control() && !matches!(letter, '\n' | '\t');
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    Cow::Owned(text.replace(is_odd, ""))
}

/// How a text is escaped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Escape {
    /// Text: commas and semicolons separate.
    Text,
    /// An address: its commas and semicolons are its own.
    Address,
}

/// `text` by the rules of vCard 3.0 and 4.0.
pub(crate) fn escape(text: &str, how: Escape) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            ',' | ';' if how == Escape::Text => {
                escaped.push('\\');
                escaped.push(letter);
            }
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// Whether vCard 2.1 can write `text` without quoted-printable.
pub(crate) fn is_plain(text: &str) -> bool {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'\\' | b'=');
    text.bytes().all(is_plain) && !text.starts_with(' ') && !text.ends_with(' ')
}

/// `text` in quoted-printable: separators are octets too, so that they separate nothing.
pub(crate) fn quote_printable(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() * 2);
    let last = text.len().saturating_sub(1);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b' ' if place == last => push_octet(&mut quoted, byte),
            b'\n' => quoted.push_str("=0D=0A"),
            b' '..=b'~' if !matches!(byte, b'=' | b';' | b',' | b'\\') => {
                quoted.push(char::from(byte));
            }
            _ => push_octet(&mut quoted, byte),
        }
    }
    quoted
}

fn push_octet(text: &mut String, octet: u8) {
    let digit = |value: u8| char::from(b"0123456789ABCDEF"[usize::from(value & 15)]);
    text.push('=');
    text.push(digit(octet >> 4));
    text.push(digit(octet));
}

/// A text as the value of a property, in vCards (RFC 6350, 3.4) and in iCalendar (RFC 5545, 3.3.11).
///
/// ```
/// assert_eq!(kith_card::escape_text("Ada, or Augusta"), "Ada\\, or Augusta");
/// ```
pub fn escape_text(text: &str) -> String {
    escape(text, Escape::Text)
}

/// A content line with its folds and its end, in vCards (RFC 6350, 3.2) and in iCalendar (RFC 5545, 3.1).
///
/// ```
/// assert_eq!(kith_card::content_line("VERSION:2.0"), b"VERSION:2.0\r\n");
/// ```
pub fn content_line(line: &str) -> Vec<u8> {
    fold(line, false, Version::V4_0, b"\r\n")
}

/// A line with its folds and its end.
pub(crate) fn fold(line: &str, is_quoted: bool, version: Version, line_end: &[u8]) -> Vec<u8> {
    let mut folded = Vec::with_capacity(line.len() + 16);
    if is_quoted {
        soft_breaks(line, line_end, &mut folded);
    } else if version == Version::V2_1 {
        // Readers of 2.1 do not agree about what a fold leaves.
        folded.extend_from_slice(line.as_bytes());
    } else {
        folds(line, line_end, &mut folded);
    }
    folded.extend_from_slice(line_end);
    folded
}

fn folds(line: &str, line_end: &[u8], folded: &mut Vec<u8>) {
    let mut width = 0;
    let mut buffer = [0; 4];
    for letter in line.chars() {
        let octets = letter.encode_utf8(&mut buffer).as_bytes();
        if width + octets.len() > MAX_LINE {
            folded.extend_from_slice(line_end);
            folded.push(b' ');
            width = 1;
        }
        folded.extend_from_slice(octets);
        width += octets.len();
    }
}

fn soft_breaks(line: &str, line_end: &[u8], folded: &mut Vec<u8>) {
    let bytes = line.as_bytes();
    let value = crate::lines::colon(bytes).map_or(0, |colon| colon + 1);
    folded.extend_from_slice(&bytes[..value]);
    let mut width = value;
    let mut at = value;
    while at < bytes.len() {
        let length = if bytes[at] == b'=' { 3 } else { 1 };
        let end = (at + length).min(bytes.len());
        // The last octet of the line is for the `=` of the next break.
        if width + length > MAX_LINE && width > 0 {
            folded.push(b'=');
            folded.extend_from_slice(line_end);
            width = 0;
        }
        if width == 0 && matches!(bytes[at], b' ' | b'E' | b'e' | b'B' | b'b') {
            // A line that begins like this could be a fold, or the end of the card.
            let mut octet = String::new();
            push_octet(&mut octet, bytes[at]);
            folded.extend_from_slice(octet.as_bytes());
            width = 3;
        } else {
            folded.extend_from_slice(&bytes[at..end]);
            width += length;
        }
        at = end;
    }
}
