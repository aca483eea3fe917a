//! A contact as the index has it.

use crate::column::Column;
use crate::column::Part;
use crate::words::words;

/// Of [`Document::new`]: an index that another version has made is made anew.
pub const VERSION: u32 = 1;

/// A contact as the index has it: a text for each [`Column`].
///
/// A text holds folded words, each with two spaces before it, and two spaces at the end: `"  ada  lovelace  "`. So
/// `"  a"` is where a word begins with `a`, and `" ada "` is a whole word. A text without words is empty. No text holds a
/// line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    texts: [String; Column::ALL.len()],
}

impl Document {
    /// From texts as a person has written them.
    pub fn new<'a>(parts: impl IntoIterator<Item = (Part, &'a str)>) -> Self {
        let mut document = Self::default();
        for (part, text) in parts {
            for column in part.columns() {
                let words = match column {
                    Column::Joined => vec![words(text).concat()],
                    Column::Phones => vec![text.chars().filter(char::is_ascii_digit).collect()],
                    _ => words(text),
                };
                for word in words.iter().filter(|word| !word.is_empty()) {
                    document.push(*column, word);
                }
            }
        }
        document
    }

    /// The text of a column.
    pub fn text(&self, column: Column) -> &str {
        &self.texts[column as usize]
    }

    fn push(&mut self, column: Column, word: &str) {
        let text = &mut self.texts[column as usize];
        if text.is_empty() {
            text.push_str("  ");
        }
        text.push_str(word);
        text.push_str("  ");
    }
}
