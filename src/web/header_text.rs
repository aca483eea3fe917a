//! [`HeaderText`]: builds the value of a header field from words and numbers.

use axum::http::HeaderValue;

/// More than the longest value that Kith builds, a quota of two numbers under the name of its policy.
const MAX_BYTES: usize = 96;

/// The value of a header field that differs from response to response. It needs no allocation but the last one, and
/// no `core::fmt`, which takes a microsecond for a few numbers.
pub struct HeaderText {
    bytes: [u8; MAX_BYTES],
    length: usize,
}

impl HeaderText {
    pub fn new() -> Self {
        Self {
            bytes: [0; MAX_BYTES],
            length: 0,
        }
    }

    /// Adds visible ASCII characters. What has no room is left out.
    pub fn push(&mut self, text: &str) -> &mut Self {
        let room = &mut self.bytes[self.length..];
        let length = text.len().min(room.len());
        room[..length].copy_from_slice(&text.as_bytes()[..length]);
        self.length += length;
        self
    }

    /// Adds a decimal number.
    pub fn push_number(&mut self, number: u64) -> &mut Self {
        self.push(itoa::Buffer::new().format(number))
    }

    pub fn value(&self) -> HeaderValue {
        let value = HeaderValue::from_bytes(&self.bytes[..self.length]);
        value.unwrap_or(HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_stand_as_they_were_pushed() {
        for number in [0, 7, 10, 999, 1_000_000_000, u64::MAX] {
            let mut text = HeaderText::new();
            let value = text.push("\"api\";r=").push_number(number).value();
            assert_eq!(value, format!("\"api\";r={number}"));
        }
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        let long = "a".repeat(MAX_BYTES - 2);
        let mut text = HeaderText::new();
        text.push(&long).push_number(12_345).push("b");
        assert_eq!(text.value(), format!("{long}12"));
    }
}
