//! Languages, in `Accept-Language` (RFC 9110, 12.5.4).

use std::cmp::Reverse;

use axum::http::HeaderMap;
use axum::http::header;

use super::Reader;
use super::weight::weighted;

/// The languages that a client accepts, the preferred one first. Without a header, or with one that does not follow the
/// grammar, none.
pub fn accepted(headers: &HeaderMap) -> Vec<&str> {
    let lines = headers.get_all(header::ACCEPT_LANGUAGE).iter();
    let ranges = lines.map(|line| Reader::new(line.as_bytes()).list(range));
    let ranges = ranges.collect::<Option<Vec<_>>>().unwrap_or_default();
    let mut ranges: Vec<(&str, u16)> = ranges.into_iter().flatten().collect();
    ranges.retain(|(_, weight)| *weight > 0);
    // Stable: of those with one weight, the first comes first.
    ranges.sort_by_key(|(_, weight)| Reverse(*weight));
    ranges.into_iter().map(|(range, _)| range).collect()
}

/// A range of languages, and its weight in thousandths.
fn range<'value>(reader: &mut Reader<'value>) -> Option<(&'value str, u16)> {
    Some((reader.token()?, weighted(reader)?))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_preferred_language_comes_first() {
        let cases: [(&[u8], &[&str]); 6] = [
            (b"", &[]),
            (b"de", &["de"]),
            (
                b"en;q=0.5, de-AT, de;q=0.9, *;q=0.1",
                &["de-AT", "de", "en", "*"],
            ),
            (b"fr, en;q=0", &["fr"]),
            (b"de;q=2", &[]),
            (b"\xff", &[]),
        ];
        for (line, expected) in cases {
            let mut headers = HeaderMap::new();
            let line = HeaderValue::from_bytes(line).expect("a value");
            headers.append(header::ACCEPT_LANGUAGE, line);
            assert_eq!(accepted(&headers), expected);
        }
    }
}
