//! Small conversions of text.

use std::borrow::Borrow;
use std::fmt::Write as _;

/// Bytes as lower-case hexadecimal digits, two for each byte.
///
/// ```
/// assert_eq!(kith_runtime::hex(&[0x0a, 0xff]), "0aff");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Names in an English sentence, for example `Monday, Tuesday and Friday`.
///
/// ```
/// assert_eq!(kith_runtime::english_list(&["a", "b", "c"]), "a, b and c");
/// ```
pub fn english_list<S: Borrow<str>>(names: &[S]) -> String {
    match names {
        [] => String::new(),
        [name] => name.borrow().to_owned(),
        [names @ .., last] => format!("{} and {}", names.join(", "), last.borrow()),
    }
}

/// JSON without the byte order mark that some editors and libraries put before it. A reader may ignore the
/// mark (RFC 8259, 8.1).
///
/// ```
/// assert_eq!(kith_runtime::without_byte_order_mark(b"\xef\xbb\xbf{}"), b"{}");
/// ```
pub fn without_byte_order_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json)
}
