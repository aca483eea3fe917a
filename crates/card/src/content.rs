//! A line in its pieces, and what its value says.

use std::borrow::Cow;

use crate::grammar::{Grammar, Head, VcardRs, split};
use crate::lines::colon;
use crate::text::{decode, unquote_printable};
use crate::version::Version;

/// What a value is read to, so that no line takes more memory than it is worth.
const MAX_PARTS: usize = 64;
const MAX_PIECES: usize = 1024;

pub(crate) struct Content<'a> {
    pub(crate) head: Head,
    line: Cow<'a, [u8]>,
    value: usize,
    is_quoted: bool,
    charset: Option<String>,
}

impl<'a> Content<'a> {
    pub(crate) fn read(line: Cow<'a, [u8]>, version: Version) -> Option<Self> {
        let colon = colon(&line)?;
        let head = VcardRs.head(&line[..colon], version)?;
        let mut is_quoted = false;
        let mut charset = None;
        for parameter in &head.parameters {
            match parameter.name.as_str() {
                "QUOTED-PRINTABLE" => is_quoted = true,
                "ENCODING" => {
                    let is = |one: &String| one.trim().eq_ignore_ascii_case("QUOTED-PRINTABLE");
                    is_quoted |= parameter.values.iter().any(is);
                }
                "CHARSET" => charset = parameter.values.first().cloned(),
                _ => {}
            }
        }
        Some(Self {
            head,
            line,
            value: colon + 1,
            is_quoted,
            charset,
        })
    }

    /// The value as it is written, without folds.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.line[self.value..]
    }

    pub(crate) fn is_quoted(&self) -> bool {
        self.is_quoted
    }

    /// Whether the value is UTF-8 without another encoding, so that pieces of it can be kept.
    pub(crate) fn is_plain(&self) -> bool {
        !self.is_quoted && self.charset.is_none() && std::str::from_utf8(self.raw()).is_ok()
    }

    pub(crate) fn group_and_name(&self) -> (Option<&str>, &str) {
        let name = self.head.name.as_str();
        match name.split_once('.') {
            Some((group, name)) => (Some(group), name),
            None => (None, name),
        }
    }

    pub(crate) fn text(&self, version: Version) -> String {
        if self.is_quoted {
            return self.piece(self.raw(), version);
        }
        VcardRs.text(self.utf8().as_bytes(), version)
    }

    /// The value between its separators, at most `most` of them.
    pub(crate) fn pieces(&self, separator: u8, most: usize, version: Version) -> Vec<String> {
        // Separators are found in UTF-8: some character sets have their octets in letters.
        let text = if self.is_quoted {
            Cow::Borrowed(self.raw())
        } else {
            match self.utf8() {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            }
        };
        let pieces = split(&text, separator).into_iter().take(most);
        pieces.map(|piece| self.piece(piece, version)).collect()
    }

    pub(crate) fn parts(&self, version: Version) -> Vec<Vec<String>> {
        let text = if self.is_quoted {
            Cow::Borrowed(self.raw())
        } else {
            Cow::Owned(self.utf8().into_owned().into_bytes())
        };
        let part = |part: &[u8]| {
            let pieces = split(part, b',').into_iter().take(MAX_PIECES);
            pieces.map(|piece| self.piece(piece, version)).collect()
        };
        split(&text, b';')
            .into_iter()
            .take(MAX_PARTS)
            .map(part)
            .collect()
    }

    fn piece(&self, piece: &[u8], version: Version) -> String {
        let text = VcardRs.text(piece, version);
        if !self.is_quoted {
            return text;
        }
        let octets = unquote_printable(text.as_bytes());
        decode(&octets, self.charset.as_deref()).replace("\r\n", "\n")
    }

    fn utf8(&self) -> Cow<'_, str> {
        decode(self.raw(), self.charset.as_deref())
    }

    /// The values of `TYPE` and the bare words, in capitals.
    pub(crate) fn types(&self) -> Vec<String> {
        let mut types = Vec::new();
        for parameter in &self.head.parameters {
            types.extend(parameter.types());
        }
        types
    }

    /// The first value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let parameter = self.head.parameters.iter().find(|one| one.name == name)?;
        parameter.values.first().map(String::as_str)
    }

    pub(crate) fn is_preferred(&self) -> bool {
        self.is_first() || self.types().iter().any(|word| word == "PREF")
    }

    /// Whether `PREF` of 4.0 says that it is the first choice.
    pub(crate) fn is_first(&self) -> bool {
        self.parameter("PREF")
            .is_some_and(|value| value.trim() == "1")
    }
}

impl crate::grammar::RawParameter {
    /// Whether it is a bare word: `TEL;HOME:`.
    pub(crate) fn is_bare(&self) -> bool {
        self.values.is_empty() && !self.text.contains('=')
    }

    /// What it says of the type of a property, in capitals.
    pub(crate) fn types(&self) -> Vec<String> {
        if self.is_bare() {
            let is_encoding = matches!(
                self.name.as_str(),
                "" | "QUOTED-PRINTABLE" | "BASE64" | "B" | "7BIT" | "8BIT"
            );
            return if is_encoding {
                Vec::new()
            } else {
                vec![self.name.clone()]
            };
        }
        if self.name != "TYPE" {
            return Vec::new();
        }
        // Some clients quote or escape the comma between two types.
        let words = self.values.iter().flat_map(|value| value.split(','));
        let is_mark = |letter: char| matches!(letter, '\\' | '"');
        let tidy = |word: &str| word.trim().trim_matches(is_mark).to_ascii_uppercase();
        words.map(tidy).filter(|word| !word.is_empty()).collect()
    }
}
