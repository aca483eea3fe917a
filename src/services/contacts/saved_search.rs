//! [`SavedSearch`]: a search that people keep beside the list of a book.

use super::query::parse_search;
use crate::model::error::AppError;
use crate::model::language::t;

/// The most searches that a book keeps.
pub const MAX_SAVED_SEARCHES: u32 = 50;

/// The words of a search as someone typed them, with one space between them and without control characters, which PostgreSQL
/// cannot keep. They find something to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSearch(String);

impl SavedSearch {
    /// # Errors
    /// [`AppError::BadRequest`] for words that are too long, or that look for nothing.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        let is_between = |c: char| c.is_whitespace() || c.is_control();
        let words = text.split(is_between).filter(|word| !word.is_empty());
        let words = words.collect::<Vec<_>>().join(" ");
        if parse_search(&words)?.is_empty() {
            return Err(AppError::bad_request(t!("Search for something first.")));
        }
        Ok(Self(words))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_kept_as_it_was_typed() {
        let saved = SavedSearch::parse("  city:Zürich \t VIP\n").expect("it makes sense");
        assert_eq!(saved.as_str(), "city:Zürich VIP");
        let saved = SavedSearch::parse("Ada\0Lovelace\u{1b}").expect("it makes sense");
        assert_eq!(saved.as_str(), "Ada Lovelace");
        for text in ["", " ", "…", &"a ".repeat(200)] {
            SavedSearch::parse(text).expect_err(text);
        }
    }
}
