//! A contact as the index has it.

use std::collections::HashSet;

use crate::column::Column;
use crate::column::Part;
use crate::held::tokens;
use crate::token::WITHIN;

/// Of [`Document::new`]: an index that another version has made is made anew.
pub const VERSION: u32 = 1;

/// The most pairs of characters within words of scripts without spaces that a column holds. Three characters are found
/// behind them as well.
const MAX_PAIRS: usize = 2000;

/// A contact as the index has it: a text for each [`Column`].
///
/// A text holds folded words, each once, with two spaces before each and at the end: `"  ada  lovelace  "`. So `"  a"` is
/// where a word begins with `a`, and `" ada "` is a whole word. A text without words is empty. No text holds a line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    texts: [String; Column::ALL.len()],
}

impl Document {
    /// From texts as a person has written them.
    pub fn new<'a>(parts: impl IntoIterator<Item = (Part, &'a str)>) -> Self {
        let mut document = Self::default();
        let mut known: [HashSet<String>; Column::ALL.len()] = Default::default();
        let mut pairs = [0; Column::ALL.len()];
        for (part, text) in parts {
            for (column, token) in tokens(part, text) {
                let is_pair = token.text.starts_with(WITHIN);
                let place = column as usize;
                if (is_pair && pairs[place] >= MAX_PAIRS) || known[place].contains(&token.text) {
                    continue;
                }
                pairs[place] += usize::from(is_pair);
                document.push(column, &token.text);
                known[place].insert(token.text);
            }
        }
        document
    }

    /// From texts as [`text`](Self::text) gives them.
    pub fn of_texts(texts: impl IntoIterator<Item = (Column, String)>) -> Self {
        let mut document = Self::default();
        for (column, text) in texts {
            document.texts[column as usize] = text;
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
