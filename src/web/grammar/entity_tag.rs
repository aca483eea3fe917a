//! Entity tags (RFC 9110, 8.8.3), as `If-Match` and `If-None-Match` list them.

use axum::http::HeaderMap;
use axum::http::HeaderName;

use super::Reader;

/// The tags that a client names.
#[derive(Debug, PartialEq, Eq)]
pub enum Tags {
    /// `*`: any there is.
    Any,
    These(Vec<EntityTag>),
}

/// One tag without its quotes, and without `W/`.
///
/// Whether it is weak is not kept. A proxy that compresses answers makes weak ones of Kith's strong
/// tags (nginx: `W/"3"`) or puts the coding at their end (Apache, Caddy: `"3-gzip"`). RFC 9110 would
/// have `If-Match` fail for all of them, and no client behind such a proxy could ever change a contact.
/// Kith's tags name versions, not bytes, so a weak tag names the same version as the strong one.
#[derive(Debug, PartialEq, Eq)]
pub struct EntityTag(Vec<u8>);

impl EntityTag {
    /// Whether this is a tag that Kith has sent, or what a proxy has made of it.
    pub fn is(&self, opaque: &str) -> bool {
        self.0 == opaque.as_bytes() || self.before_compression() == opaque.as_bytes()
    }

    /// What Kith has sent, without the coding that a proxy has put at the end.
    pub fn before_compression(&self) -> &[u8] {
        let codings = ["-gzip", "-br", "-zstd", "-deflate"];
        let mut stripped = codings
            .iter()
            .map(|coding| self.0.strip_suffix(coding.as_bytes()));
        stripped.find_map(|tag| tag).unwrap_or(&self.0)
    }
}

/// Whether a header is absent, follows the grammar, or does not.
pub type Listed = Option<Result<Tags, Malformed>>;

/// The header is no list of tags.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

/// The tags in all lines of a header.
pub fn read(headers: &HeaderMap, name: &HeaderName) -> Listed {
    let mut lines = headers
        .get_all(name)
        .iter()
        .map(|line| line.as_bytes())
        .peekable();
    lines.peek()?;
    Some(parse(lines))
}

fn parse<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Result<Tags, Malformed> {
    let mut tags = Vec::new();
    let mut stars = 0;
    for line in lines {
        if line.trim_ascii() == b"*" {
            stars += 1;
            continue;
        }
        tags.extend(Reader::new(line).list(tag).ok_or(Malformed)?);
    }
    match (stars, tags.is_empty()) {
        (1, true) => Ok(Tags::Any),
        (0, false) => Ok(Tags::These(tags)),
        _ => Err(Malformed),
    }
}

fn tag(reader: &mut Reader) -> Option<EntityTag> {
    reader.take("W/");
    if !reader.take("\"") {
        return None;
    }
    // There are no escapes in a tag: a backslash is a character like others.
    let tag = reader.take_while(|byte| byte > b' ' && byte != b'"' && byte != 0x7f);
    reader.take("\"").then(|| EntityTag(tag.to_vec()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tags(lines: &[&str]) -> Option<Vec<String>> {
        match parse(lines.iter().map(|line| line.as_bytes())) {
            Ok(Tags::Any) => Some(vec!["*".to_owned()]),
            Ok(Tags::These(tags)) => {
                let text = |tag: EntityTag| String::from_utf8(tag.0).expect("text");
                Some(tags.into_iter().map(text).collect())
            }
            Err(Malformed) => None,
        }
    }

    #[test]
    fn tags_are_read_from_all_lines() {
        for (lines, expected) in [
            (&["\"1\""][..], &["1"][..]),
            (&["W/\"1\""], &["1"]),
            (&["*"], &["*"]),
            (&["\"1\", W/\"2\",\t\"3\""], &["1", "2", "3"]),
            (&["\"1\"", "\"2\""], &["1", "2"]),
            (&[",\"a,b\" , \"\\\""], &["a,b", "\\"]),
            (&["\"\""], &[""]),
        ] {
            let expected = expected.iter().map(|&tag| tag.to_owned()).collect();
            assert_eq!(tags(lines), Some(expected), "{lines:?}");
        }
        for lines in [
            &[""][..],
            &[","],
            &["1"],
            &["\"1"],
            &["1\""],
            &["w/\"1\""],
            &["W/1"],
            &["W/ \"1\""],
            &["\"1\" \"2\""],
            &["*, \"1\""],
            &["*", "\"1\""],
            &["*", "*"],
            &["\"a b\""],
            &["\"1\";x"],
        ] {
            assert_eq!(tags(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn what_a_compressing_proxy_makes_of_a_tag_is_that_tag() {
        for text in [
            "\"3\"",
            "W/\"3\"",
            "\"3-gzip\"",
            "W/\"3-br\"",
            "\"3-zstd\"",
            "\"3-deflate\"",
        ] {
            let found = parse([text.as_bytes()].into_iter());
            let Ok(Tags::These(found)) = found else {
                panic!("{text}: {found:?}")
            };
            assert!(found[0].is("3"), "{text}");
            assert!(!found[0].is("33") && !found[0].is(""), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(tags in proptest::collection::vec("[!#-~]{0,8}", 1..6)) {
            let line = tags.iter().map(|tag| format!("W/\"{tag}\"")).collect::<Vec<_>>().join(", ");
            let expected = tags.into_iter().map(|tag| EntityTag(tag.into_bytes())).collect();
            prop_assert_eq!(parse([line.as_bytes()].into_iter()), Ok(Tags::These(expected)));
        }

        #[test]
        fn nothing_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse([&line[..]].into_iter());
        }
    }
}
