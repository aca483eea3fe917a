//! What a person looks for.

use std::collections::BTreeSet;

use crate::document::Document;
use crate::marks::Finder;
use crate::marks::Terms;
use crate::mistyped::Mistyped;
use crate::parse::asks;
use crate::term::Ask;
use crate::term::Term;
use crate::term::Tier;

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

const _: () = assert!(
    Search::MAX_TERMS <= Terms::BITS as usize,
    "each term has a bit"
);

impl Search {
    /// The longest search, in characters.
    pub const MAX_CHARS: usize = 200;
    /// The most terms.
    pub const MAX_TERMS: usize = 32;

    /// The most words that a mistyped one is corrected to. The first are taken.
    pub const MAX_CORRECTIONS: usize = 20;

    /// From text as a person has typed it. What is unfinished is left out.
    ///
    /// # Errors
    /// [`SearchError`] when there is too much to look for.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(SearchError::TooLong);
        }
        let mut terms: Vec<Term> = Vec::new();
        for ask in asks(text) {
            if !terms.iter().any(|term| *term.ask() == ask) {
                terms.push(Term::new(ask));
            }
        }
        if terms.len() > Self::MAX_TERMS {
            return Err(SearchError::TooManyTerms);
        }
        Ok(Self::of(terms))
    }

    fn of(terms: Vec<Term>) -> Self {
        let mut keys: Vec<String> = terms.iter().map(|term| term.ask().to_string()).collect();
        keys.sort_unstable();
        keys.dedup();
        // A term holds no two spaces in a row.
        let key = keys.join("  ");
        Self { terms, key }
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

    /// A search for one of the terms, by its place.
    #[must_use]
    pub fn only(&self, term: usize) -> Self {
        Self::of(self.terms.get(term).cloned().into_iter().collect())
    }

    /// The plain words, each with its place among the terms, in the first of its spellings.
    pub fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        let words = self.terms.iter().enumerate();
        words.filter_map(|(at, term)| match term.ask() {
            Ask::Word(word) => Some((at, word.spellings.first()?.as_str())),
            _ => None,
        })
    }

    /// The words that may hold a typing error, for a search that finds nothing: four letters or more, no digits, no filter.
    pub fn mistyped(&self) -> Vec<Mistyped> {
        let words = self.terms.iter().enumerate();
        words
            .filter_map(|(at, term)| Mistyped::new(at, term.ask()))
            .collect()
    }

    /// This search, in which each term that `words` names by its place may be one of these words as well. They are words of
    /// documents, as [`Mistyped::near`] says them.
    #[must_use]
    pub fn corrected(&self, words: &[(usize, Vec<String>)]) -> Self {
        let mut terms = self.terms.clone();
        for (at, words) in words {
            let Some(term) = terms.get_mut(*at) else {
                continue;
            };
            if let Ask::Word(word) = term.ask() {
                let mut word = word.clone();
                let more = words.iter().take(Self::MAX_CORRECTIONS);
                for more in more.collect::<BTreeSet<_>>() {
                    if !word.spellings.contains(more) {
                        word.spellings.push(more.clone());
                    }
                }
                *term = Term::new(Ask::Word(word));
            }
        }
        Self::of(terms)
    }

    /// What looks for the terms in texts, for marking.
    pub fn finder(&self) -> Finder {
        Finder::new(&self.terms)
    }
}
