//! The grammars of header fields (RFC 9110, 5.6), each read from left to right by a [`Reader`].
//!
//! A comma or a semicolon within a quoted string separates nothing, so no field is split as text.
//! What does not follow its grammar to the end yields nothing at all, and the caller decides what
//! that means: less trust, a header that is ignored, or a refusal.

pub mod content_coding;
pub mod entity_tag;
pub mod forwarded;
pub mod language;
pub mod media_type;
pub mod range;
mod weight;

/// What is left to read of the value of a field.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(value: &'a [u8]) -> Self {
        Self { rest: value }
    }

    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes this text, if it is next.
    pub fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text.as_bytes());
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes all bytes that are accepted, perhaps none.
    pub fn take_while(&mut self, accepted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !accepted(*byte));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// Optional whitespace (`OWS`).
    pub fn skip_whitespace(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t'));
    }

    /// A `token`: at least one character.
    pub fn token(&mut self) -> Option<&'a str> {
        let token = self.take_while(is_of_token);
        let token = std::str::from_utf8(token).ok();
        token.filter(|token| !token.is_empty())
    }

    /// What a `quoted-string` says, without its quotes and escapes.
    pub fn quoted_string(&mut self) -> Option<Vec<u8>> {
        if !self.take("\"") {
            return None;
        }
        let mut text = Vec::new();
        loop {
            text.extend(self.take_while(|byte| is_of_text(byte) && !matches!(byte, b'"' | b'\\')));
            let (next, rest) = self.rest.split_first()?;
            match (next, rest) {
                (b'"', rest) => {
                    self.rest = rest;
                    return Some(text);
                }
                (b'\\', [escaped, rest @ ..]) if is_of_text(*escaped) => {
                    text.push(*escaped);
                    self.rest = rest;
                }
                _ => return None,
            }
        }
    }

    /// The value of a parameter: a token or a quoted string.
    pub fn token_or_quoted_string(&mut self) -> Option<Vec<u8>> {
        match self.token() {
            Some(token) => Some(token.as_bytes().to_vec()),
            None => self.quoted_string(),
        }
    }

    /// A list of elements with commas between, up to the end. Empty elements are passed over.
    pub fn list<T>(mut self, element: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut elements = Vec::new();
        loop {
            self.skip_whitespace();
            if !self.is_at_end() && self.rest.first() != Some(&b',') {
                elements.push(element(&mut self)?);
                self.skip_whitespace();
            }
            if self.is_at_end() {
                return Some(elements);
            }
            if !self.take(",") {
                return None;
            }
        }
    }
}

/// Whether a byte may stand in a token (`tchar`).
pub fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a byte may stand in a quoted string at all, with a backslash before it if need be.
fn is_of_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str) -> Option<Vec<u8>> {
        let mut reader = Reader::new(text.as_bytes());
        reader.quoted_string().filter(|_| reader.is_at_end())
    }

    #[test]
    fn a_quoted_string_ends_at_its_own_quote() {
        assert_eq!(quoted(r#""""#), Some(b"".to_vec()));
        assert_eq!(quoted(r#""a,b;c""#), Some(b"a,b;c".to_vec()));
        assert_eq!(quoted(r#""a\"b\\c""#), Some(br#"a"b\c"#.to_vec()));
        for text in [
            "",
            "a",
            "\"",
            "\"a",
            r#""a\""#,
            "\"\u{7f}\"",
            "\"a\"b",
            "\"\\\n\"",
        ] {
            assert_eq!(quoted(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_list_passes_over_empty_elements() {
        let list = |text: &str| {
            Reader::new(text.as_bytes()).list(|reader| reader.token().map(str::to_owned))
        };
        for text in ["a,b", " a , b ", ",a,,\tb,", "a ,b"] {
            assert_eq!(
                list(text),
                Some(vec!["a".to_owned(), "b".to_owned()]),
                "{text:?}"
            );
        }
        assert_eq!(list(" , "), Some(vec![]));
        for text in ["a b", "a;b", "\"a\"", "a,b\""] {
            assert_eq!(list(text), None, "{text:?}");
        }
    }
}
