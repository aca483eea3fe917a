//! [`SavedSearch`]: a search that people keep beside the list of a book.

use super::query::parse_search;
use crate::model::error::AppError;
use crate::model::language::t;

/// The most searches that a book keeps.
pub const MAX_SAVED_SEARCHES: u32 = 50;

/// The words of a search as someone typed them, without blanks around them. They find something to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSearch(String);

impl SavedSearch {
    /// # Errors
    /// [`AppError::BadRequest`] for words that are too long, or that look for nothing.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
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
        for text in ["", " ", "…", &"a ".repeat(200)] {
            SavedSearch::parse(text).expect_err(text);
        }
    }
}
