//! `Range` (RFC 9110, 14): which part of a file a client asks for.

use axum::http::HeaderMap;
use axum::http::header;

use super::Reader;

/// One range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// From one byte to another, or to the end.
    From(u64, Option<u64>),
    /// So many bytes at the end.
    Last(u64),
}

impl ByteRange {
    /// The range that a request asks for. `None` stands for the whole: a header that is absent, comes
    /// twice, counts in other units than bytes or does not follow the grammar asks for nothing else
    /// (14.2), and several ranges at once may be ignored.
    pub fn read(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(header::RANGE).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return None;
        };
        Self::parse(line.as_bytes())
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(line);
        let is_bytes = reader.token()?.eq_ignore_ascii_case("bytes");
        if !is_bytes || !reader.take("=") {
            return None;
        }
        let mut ranges = reader.list(range)?;
        ranges.pop().filter(|_| ranges.is_empty())
    }
}

impl std::fmt::Display for ByteRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::From(first, Some(last)) => write!(f, "bytes={first}-{last}"),
            Self::From(first, None) => write!(f, "bytes={first}-"),
            Self::Last(length) => write!(f, "bytes=-{length}"),
        }
    }
}

fn range(reader: &mut Reader) -> Option<ByteRange> {
    let first = reader.take_while(|byte| byte.is_ascii_digit());
    if !reader.take("-") {
        return None;
    }
    let last = reader.take_while(|byte| byte.is_ascii_digit());
    match (number(first), number(last)) {
        (Some(first), None) => Some(ByteRange::From(first, None)),
        (Some(first), Some(last)) if first <= last => Some(ByteRange::From(first, Some(last))),
        (None, Some(length)) => Some(ByteRange::Last(length)),
        _ => None,
    }
}

/// A number; `None` without a digit. What is too large for any file stays too large.
fn number(digits: &[u8]) -> Option<u64> {
    let number = digits.iter().fold(0_u64, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add((digit - b'0').into())
    });
    (!digits.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_one_valid_range_of_bytes_asks_for_a_part() {
        use ByteRange::From;
        use ByteRange::Last;
        for (line, expected) in [
            ("bytes=0-1", From(0, Some(1))),
            ("Bytes=005-", From(5, None)),
            ("bytes=-7", Last(7)),
            ("bytes=-0", Last(0)),
            ("bytes= 0-0 ,", From(0, Some(0))),
            ("bytes=0-99999999999999999999", From(0, Some(u64::MAX))),
        ] {
            assert_eq!(ByteRange::parse(line.as_bytes()), Some(expected), "{line}");
        }
        for line in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=,",
            "items=0-1",
            "bytes 0-1",
            "bytes=0",
            "bytes=a-b",
            "bytes=5-2",
            "bytes=0-1,3-4",
            "bytes=+1-2",
            "bytes=0 - 1",
            "bytes=0-1;x",
            "bytes=1-2-3",
        ] {
            assert_eq!(ByteRange::parse(line.as_bytes()), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(line in "(bytes=)?[-0-9, a]{0,60}") {
            if let Some(range) = ByteRange::parse(line.as_bytes()) {
                prop_assert_eq!(ByteRange::parse(range.to_string().as_bytes()), Some(range));
            }
        }
    }
}
