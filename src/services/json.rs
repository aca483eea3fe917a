//! JSON as clients send it.

/// The bytes without a byte order mark, which some editors and libraries put before JSON and which a
/// reader may pass over (RFC 8259, 8.1).
pub fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)
}
