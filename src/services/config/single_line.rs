//! [`SingleLine`]: text that stands in one line of a page.

use std::fmt;
use std::str::FromStr;

/// The most characters.
const MAX_LENGTH: usize = 100;

/// 1 to 100 characters without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleLine(String);

/// The text is empty, too long, or has several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 1 to {MAX_LENGTH} characters in one line")]
pub struct NotOneLine;

impl SingleLine {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SingleLine {
    type Err = NotOneLine;

    fn from_str(text: &str) -> Result<Self, NotOneLine> {
        let text = text.trim();
        let is_one_line = !text.chars().any(char::is_control);
        let has_length = (1..=MAX_LENGTH).contains(&text.chars().count());
        match is_one_line && has_length {
            true => Ok(Self(text.to_owned())),
            false => Err(NotOneLine),
        }
    }
}

impl fmt::Display for SingleLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
