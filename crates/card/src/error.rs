//! Why a text is not a card.

use thiserror::Error;

/// A text that is not one card, with the line that shows it.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("line {line}: {reason}")]
pub struct ParseError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a text that should be one card. `Display` says it in plain words.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// Nothing but white space.
    #[error("there is no card in this text")]
    Empty,
    /// The first line is something else.
    #[error("a card begins with BEGIN:VCARD")]
    NoBegin,
    /// The text is over, or the next card begins.
    #[error("the card does not end with END:VCARD")]
    NoEnd,
    /// A card inside of the card (`AGENT`) is not ended.
    #[error("the card inside of this card does not end with END:VCARD")]
    NoInnerEnd,
    /// A line that is no property and continues none.
    #[error("there is no colon between a name and a value")]
    NoColon,
    /// A line that begins with its colon or with a parameter.
    #[error("there is no name before the value")]
    NoName,
    /// The value of `VERSION` is not 2.1, 3.0 or 4.0.
    #[error("the version is not 2.1, 3.0 or 4.0")]
    UnknownVersion,
    /// Two lines of `VERSION` that say different things.
    #[error("the card says two different versions")]
    TwoVersions,
    /// Behind the card there is another card, or other text.
    #[error("there is more text behind END:VCARD")]
    TextBehind,
    /// A byte that no text has.
    #[error("there is a byte of zero, which no text has")]
    Nul,
    /// `split` decodes such a file; a card is UTF-8 or names its character set.
    #[error("the text is UTF-16")]
    Utf16,
    /// Larger than [`Limits::max_bytes`](crate::Limits::max_bytes).
    #[error("the card is larger than {0} bytes")]
    TooLarge(usize),
    /// More lines than [`Limits::max_lines`](crate::Limits::max_lines).
    #[error("the card has more than {0} lines")]
    TooManyLines(usize),
}

/// How much a card may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of one card. The default is 4 MiB: a photo of 2 MiB and its base64.
    pub max_bytes: usize,
    /// Lines of one card, folded ones counted. The default is 100 000.
    pub max_lines: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 4 << 20,
            max_lines: 100_000,
        }
    }
}
