//! Media types, in `Content-Type` and in `Accept` (RFC 9110, 8.3.1 and 12.5.1).

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;

use super::Reader;
use super::weight::weighted;

/// The media type of a body, in lower case and without parameters; `None` where the header is absent,
/// comes twice, or says something else.
pub fn of_body(headers: &HeaderMap) -> Option<String> {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return None;
    };
    let mut reader = Reader::new(line.as_bytes());
    reader.skip_whitespace();
    let kind = media_type(&mut reader)?;
    reader.skip_whitespace();
    (reader.is_at_end() || reader.take(";")).then_some(kind)
}

/// What a client accepts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Accept(Vec<(String, u16)>);

impl Accept {
    /// Reads all lines of `Accept`. A header that does not follow the grammar accepts nothing in
    /// particular.
    pub fn read<'line>(lines: impl IntoIterator<Item = &'line HeaderValue>) -> Self {
        let ranges = lines
            .into_iter()
            .map(|line| Reader::new(line.as_bytes()).list(media_range));
        let ranges = ranges.collect::<Option<Vec<_>>>();
        Self(ranges.unwrap_or_default().into_iter().flatten().collect())
    }

    /// How much a client wants a media type that it names, in thousandths; 0 for what it does not
    /// name or does not want.
    pub fn weight(&self, kind: &str) -> u16 {
        let ranges = self.0.iter();
        let weights = ranges.filter_map(|(named, weight)| (named == kind).then_some(*weight));
        weights.max().unwrap_or(0)
    }
}

/// A type and a subtype, each of which may be `*`, in lower case.
fn media_type(reader: &mut Reader) -> Option<String> {
    let kind = reader.token()?;
    if !reader.take("/") {
        return None;
    }
    Some(format!("{kind}/{}", reader.token()?).to_ascii_lowercase())
}

/// A media type, and its weight among its parameters.
fn media_range(reader: &mut Reader) -> Option<(String, u16)> {
    Some((media_type(reader)?, weighted(reader)?))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use proptest::prelude::*;

    use super::*;

    fn headers(name: HeaderName, lines: &[&str]) -> HeaderMap {
        let lines = lines
            .iter()
            .map(|line| HeaderValue::from_str(line).expect("a value"));
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), line);
        }
        headers
    }

    #[test]
    fn a_body_has_one_type() {
        let of = |lines: &[&str]| of_body(&headers(header::CONTENT_TYPE, lines));
        for (line, expected) in [
            ("application/json", "application/json"),
            ("Application/JSON ; charset=\"utf-8\"", "application/json"),
            (
                "application/merge-patch+json;charset=utf-8",
                "application/merge-patch+json",
            ),
            ("application/json;", "application/json"),
        ] {
            assert_eq!(of(&[line]).as_deref(), Some(expected), "{line}");
        }
        for lines in [
            &[][..],
            &[""],
            &["json"],
            &["application/"],
            &["application/x, text/plain+json"],
            &["application/x y+json"],
            &["text/plain", "application/json"],
        ] {
            assert_eq!(of(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn a_type_is_wanted_as_much_as_its_weight_says() {
        for (lines, weight) in [
            (&["text/html"][..], 1000),
            (
                &["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
                1000,
            ),
            (&["application/json, TEXT/HTML ; q=0.25"], 250),
            (&["application/json", "text/html;level=1;q=0.5"], 500),
            (&["text/html;q=0"], 0),
            (&["text/html;q=0.000, text/plain"], 0),
            (&["*/*"], 0),
            (&["text/htmlx"], 0),
            (&["application/json;profile=\"text/html\""], 0),
            (&["application/json;profile=\"a, text/html\""], 0),
            (&["text/html;q=2"], 0),
            (&["text/html;q=.5"], 0),
            (&["text/html;q=0.0001"], 0),
            (&["text/html;q=1.001"], 0),
            (&["text/html, \"x"], 0),
            (&[], 0),
        ] {
            let headers = headers(header::ACCEPT, lines);
            let accept = Accept::read(headers.get_all(header::ACCEPT));
            assert_eq!(accept.weight("text/html"), weight, "{lines:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Reader::new(&line).list(media_range);
        }
    }
}
