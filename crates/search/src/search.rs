//! What a person looks for.

use std::ops::Range;

use crate::column::Column;
use crate::column::Part;
use crate::document::Document;
use crate::mistyped::Mistyped;
use crate::term::Probe;
use crate::term::Term;
use crate::term::Tier;
use crate::words::Text;

/// What a person looks for: a document that has each term. Without terms, every document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Search {
    terms: Vec<Term>,
    key: String,
}

/// Why a search is refused. Leaving words out instead would show contacts that do not match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// More than [`Search::MAX_CHARS`].
    #[error("Search for at most {} characters.", Search::MAX_CHARS)]
    TooLong,
    /// More than [`Search::MAX_TERMS`].
    #[error("Search for at most {} words.", Search::MAX_TERMS)]
    TooManyTerms,
}

impl Search {
    /// The longest search, in characters.
    pub const MAX_CHARS: usize = 200;
    /// The most terms.
    pub const MAX_TERMS: usize = 10;

    /// From text as a person has typed it. What is unfinished is left out.
    ///
    /// # Errors
    /// [`SearchError`] when there is too much to look for.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(SearchError::TooLong);
        }
        let words: Vec<String> = Text::new(text)
            .words
            .iter()
            .map(|word| word.units.iter().map(|unit| unit.c).collect())
            .filter(|word: &String| word != "has" && word != "no")
            .collect();
        if words.len() > Self::MAX_TERMS {
            return Err(SearchError::TooManyTerms);
        }
        let key = words.join(" ");
        let terms = words.into_iter().map(plain).collect();
        Ok(Self { terms, key })
    }

    /// Whether every document matches.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// In the order of the text, each once.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// A text that is the same for the same question and for no other, for keys of a cache. It may hold spaces and holds
    /// no line feed.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The best tier of a document, or none: what a database must answer.
    pub fn tier(&self, document: &Document) -> Option<Tier> {
        Tier::ALL.into_iter().find(|tier| {
            self.terms.iter().all(|term| {
                let found = term.probes(*tier).iter().any(|probe| probe.is_in(document));
                found != term.is_negated()
            })
        })
    }

    /// The words that may hold a typing error, for a search that finds nothing.
    pub fn mistyped(&self) -> Vec<Mistyped> {
        Vec::new()
    }

    /// This search, in which each term that `words` names by its place may be one of these words instead.
    #[must_use]
    pub fn corrected(&self, _words: &[(usize, Vec<String>)]) -> Self {
        self.clone()
    }

    /// Where the terms stand in a text as it was written, for marking: ranges of bytes on boundaries of characters, sorted,
    /// which do not overlap.
    pub fn marks(&self, _part: Part, _text: &str) -> Vec<Range<usize>> {
        Vec::new()
    }
}

fn plain(word: String) -> Term {
    let probe = |column, text: String| Probe { column, text };
    let begins = format!("  {word}");
    let mut probes = vec![(Tier::NameStart, probe(Column::Names, begins.clone()))];
    probes.push((Tier::NameStart, probe(Column::Joined, begins.clone())));
    let rest = if word.chars().count() < 3 {
        begins
    } else {
        word
    };
    probes.push((Tier::Name, probe(Column::Names, rest.clone())));
    probes.push((Tier::Field, probe(Column::Companies, rest.clone())));
    probes.push((Tier::Field, probe(Column::Phones, rest.clone())));
    probes.push((Tier::Field, probe(Column::Others, rest.clone())));
    probes.push((Tier::Note, probe(Column::Notes, rest)));
    Term {
        negated: false,
        probes,
    }
}
