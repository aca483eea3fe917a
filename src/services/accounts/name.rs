//! The names of accounts.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::model::language::t;
use crate::services::contacts::text::single_line;

/// The most characters of a name.
const MAX_LENGTH: usize = 64;

/// Longer texts are refused unread. A name of the longest length fits, with white space around it.
const MAX_BYTES: usize = 1024;

/// The name of an account: 1 to 64 characters in one line, and the key by which it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountName {
    shown: String,
    key: String,
}

/// Why a text is no name. It says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    #[error("{}", t!("Enter a name."))]
    Empty,
    #[error("{}", t!("A name has at most {most} characters.", most = MAX_LENGTH))]
    TooLong,
    #[error("{}", t!("A name cannot hold control characters."))]
    ControlCharacter,
}

impl AccountName {
    /// Reads what a person has typed.
    ///
    /// # Errors
    /// [`InvalidName`].
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        // Folding a text costs many times its length.
        if text.len() > MAX_BYTES {
            return Err(InvalidName::TooLong);
        }
        let shown = single_line(text).map_err(|_| InvalidName::ControlCharacter)?;
        if shown.is_empty() {
            return Err(InvalidName::Empty);
        }
        let key = key(&shown);
        if [&shown, &key]
            .iter()
            .any(|text| text.chars().count() > MAX_LENGTH)
        {
            return Err(InvalidName::TooLong);
        }
        Ok(Self { shown, key })
    }

    /// The name as it was typed, without white space around it.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// What tells names apart: they may differ by case and width, and are the same.
    pub(super) fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Case-folds in compatibility form (NFKC), twice: the lower case of a letter may have another form, and the form
/// another case.
fn key(name: &str) -> String {
    let fold = |text: &str| -> String { text.nfkc().flat_map(char::to_lowercase).nfkc().collect() };
    fold(&fold(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_have_one_key() {
        for [one, other] in [
            ["Ada", " ada\u{200B} "],
            ["ÀDA  Lovelace", "a\u{300}da lovelace"],
            ["ＡＤＡ", "ada"],
            ["ﬁn", "FIN"],
            ["ΣΊΣΥΦΟΣ", "σίσυφοσ"],
        ] {
            let [one, other] = [one, other].map(|name| AccountName::parse(name).expect("a name"));
            assert_eq!(one.key(), other.key());
        }
        let name = AccountName::parse("  Ada \t Lovelace ").expect("a name");
        assert_eq!(name.as_str(), "Ada Lovelace");
        assert_eq!(name.key(), "ada lovelace");
    }

    #[test]
    fn a_name_has_1_to_64_characters_and_no_control_characters() {
        for (text, refused) in [
            ("", Some(InvalidName::Empty)),
            (" \u{200B}", Some(InvalidName::Empty)),
            ("a\u{7}", Some(InvalidName::ControlCharacter)),
            ("a\0b", Some(InvalidName::ControlCharacter)),
            (&"é".repeat(64), None),
            (&"é".repeat(65), Some(InvalidName::TooLong)),
            // One character of 18 letters in compatibility form.
            (&"ﷺ".repeat(4), Some(InvalidName::TooLong)),
        ] {
            assert_eq!(AccountName::parse(text).err(), refused, "{text:?}");
        }
    }
}
