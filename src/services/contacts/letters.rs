//! The headings of a list in the order of a text, and where their contacts begin.

use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use super::query::Cursor;
use super::query::Position;
use super::query::Sort;
use super::query::SortBy;
use crate::model::contact::ContactId;

/// The most headings of a list. What stands behind them is reached from the last one.
pub const MAX_LETTERS: u32 = 80;

/// The characters between these have one heading.
pub const HAN: [char; 2] = ['㐀', '鿿'];

/// The characters between these have one heading.
pub const HANGUL: [char; 2] = ['가', '힣'];

/// The last character before those that have a heading of their own: digits and signs sort before letters.
pub const BEFORE_LETTERS: char = '`';

/// Sorts behind every text: a contact without the text that the list is sorted by.
pub const LAST: char = '\u{10FFFF}';

/// The orders that have headings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterOrder {
    Name,
    Family,
    Company,
}

impl LetterOrder {
    pub const ALL: [Self; 3] = [Self::Name, Self::Family, Self::Company];

    /// The order of a list; `None` for one that has no headings.
    pub fn of(sort: Sort) -> Option<Self> {
        match (sort.by, sort.descending) {
            (SortBy::Name, false) => Some(Self::Name),
            (SortBy::Family, false) => Some(Self::Family),
            (SortBy::Company, false) => Some(Self::Company),
            _ => None,
        }
    }

    fn position(self, key: String) -> Position {
        match self {
            Self::Name => Position::Name(key),
            Self::Family => Position::Family(key),
            Self::Company => Position::Company(key),
        }
    }
}

/// The characters that the keys of contacts begin with, in order: one of each heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstLetters(pub Vec<char>);

/// A heading of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub text: String,
    /// The place before its first contact; `None` for the beginning of the list.
    pub cursor: Option<Cursor>,
}

impl Letter {
    /// The heading of what begins with this character; `None` for what has no heading.
    pub fn of(order: LetterOrder, first: char) -> Option<Self> {
        let text = heading(first)?;
        let begins = match first {
            first if first <= BEFORE_LETTERS => None,
            first if is_between(first, HAN) => Some(HAN[0]),
            first if is_between(first, HANGUL) => Some(HANGUL[0]),
            first => Some(first),
        };
        // No contact has this id, and each id sorts behind it.
        let first_id = ContactId::new(Uuid::nil());
        let cursor =
            begins.map(|first| Cursor::new(order.position(first.to_string()), false, first_id));
        Some(Self { text, cursor })
    }
}

/// The text of the heading of what begins with this character; `None` for what has no heading.
pub fn heading(first: char) -> Option<String> {
    let text = match first {
        LAST => return None,
        first if first <= BEFORE_LETTERS => "#".to_owned(),
        first if is_between(first, HAN) => "漢".to_owned(),
        first if is_between(first, HANGUL) => "한".to_owned(),
        // Georgian is written without its capitals.
        'ა'..='ჿ' => first.to_string(),
        first => first.to_uppercase().to_string(),
    };
    Some(text)
}

fn is_between(character: char, [first, last]: [char; 2]) -> bool {
    (first..=last).contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_is_what_people_look_for() {
        for (first, text) in [
            ('#', "#"),
            ('7', "#"),
            ('a', "A"),
            ('я', "Я"),
            ('ა', "ა"),
            ('さ', "さ"),
            ('佐', "漢"),
            ('김', "한"),
        ] {
            let letter = Letter::of(LetterOrder::Family, first).expect("a heading");
            assert_eq!(letter.text, text);
            let key = letter.cursor.map(|cursor| cursor.position().clone());
            let key = key.unwrap_or(Position::Family(String::new()));
            assert!(
                matches!(&key, Position::Family(key) if *key <= first.to_string()),
                "{key:?}"
            );
        }
        assert_eq!(Letter::of(LetterOrder::Company, LAST), None);
    }
}
