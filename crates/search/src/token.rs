//! A word as a column holds it, each of whose characters knows where it comes from.

use std::ops::Range;

use crate::fold::Unit;

/// Before what begins within a word of a script without spaces.
pub(crate) const WITHIN: char = '·';

/// What to look for to find where a word begins with `start`. Words hold no spaces, so one before the word is enough: an
/// index reads all that it has of each three characters, and many words begin with the same letter. A letter alone needs
/// both, to be three characters.
pub(crate) fn beginning(start: &str) -> String {
    match start.chars().count() {
        2.. => format!(" {start}"),
        _ => format!("  {start}"),
    }
}

/// A word of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// For each character, the bytes that it was made of.
    pub(crate) at: Vec<Range<usize>>,
}

impl Token {
    pub(crate) fn push(&mut self, c: char, at: &Range<usize>) {
        self.text.push(c);
        self.at.push(at.clone());
    }

    fn of<'a>(units: impl IntoIterator<Item = &'a Unit>, other: bool) -> Self {
        let mut token = Self::default();
        for unit in units {
            match unit.other.filter(|_| other) {
                Some(letters) => letters.chars().for_each(|c| token.push(c, &unit.at)),
                None => token.push(unit.c, &unit.at),
            }
        }
        token
    }
}

/// A word as it is written, and as it is also written.
pub(crate) fn spellings<'a, I>(units: I) -> impl Iterator<Item = Token>
where
    I: IntoIterator<Item = &'a Unit> + Clone,
{
    let differ = units.clone().into_iter().any(|unit| unit.other.is_some());
    let other = differ.then(|| Token::of(units.clone(), true));
    std::iter::once(Token::of(units, false)).chain(other)
}
