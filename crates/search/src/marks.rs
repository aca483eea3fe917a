//! Where the terms of a search stand in a text.

use std::ops::Range;

use crate::column::Part;
use crate::held::tokens;
use crate::term::Ask;
use crate::term::Probe;
use crate::term::Term;
use crate::term::Tier;
use crate::token::Token;

/// A set of terms: a bit for each, by its place in [`Search::terms`](crate::Search::terms).
pub type Terms = u32;

/// Looks for the terms of a search in texts as they were written. Terms that no text has, such as `has:phone`, are left out.
pub struct Finder {
    terms: Terms,
    probes: Vec<(Terms, Probe)>,
}

/// What a text has of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The terms that it has.
    pub terms: Terms,
    /// Where they are: ranges of bytes on boundaries of characters, sorted, which neither overlap nor touch.
    pub marks: Vec<Range<usize>>,
}

impl Finder {
    pub(crate) fn new(terms: &[Term]) -> Self {
        let mut finder = Self {
            terms: 0,
            probes: Vec::new(),
        };
        for (at, term) in terms.iter().enumerate() {
            if !matches!(term.ask(), Ask::Has { .. }) {
                let bit = 1 << at;
                let probes = term.probes(Tier::Note).into_iter();
                finder.terms |= bit;
                finder.probes.extend(probes.map(|probe| (bit, probe)));
            }
        }
        finder
    }

    /// All terms that it looks for.
    pub fn terms(&self) -> Terms {
        self.terms
    }

    /// What a text has of the search.
    pub fn find(&self, part: Part, text: &str) -> Found {
        let mut terms = 0;
        let mut marks = Vec::new();
        for (column, token) in tokens(part, text) {
            let padded = format!("  {}  ", token.text);
            for (term, probe) in self
                .probes
                .iter()
                .filter(|(_, probe)| probe.column == column)
            {
                let found = found(&token, &padded, &probe.text);
                if !found.is_empty() {
                    terms |= term;
                }
                marks.extend(found);
            }
        }
        Found {
            terms,
            marks: merged(marks),
        }
    }
}

/// Where a token has a probe, in bytes of the text that the token was made of.
fn found(token: &Token, padded: &str, probe: &str) -> Vec<Range<usize>> {
    let mut marks = Vec::new();
    for (start, found) in padded.match_indices(probe) {
        let first = padded[..start].chars().count();
        let last = first + found.chars().count();
        // The two spaces before the token were made of nothing.
        let first = first.saturating_sub(2);
        let last = last.saturating_sub(2).min(token.at.len());
        let at = token.at.get(first..last).unwrap_or_default();
        let start = at.iter().map(|at| at.start).min();
        let end = at.iter().map(|at| at.end).max();
        if let (Some(start), Some(end)) = (start, end)
            && start < end
        {
            marks.push(start..end);
        }
    }
    marks
}

fn merged(mut marks: Vec<Range<usize>>) -> Vec<Range<usize>> {
    marks.sort_unstable_by_key(|mark| (mark.start, mark.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for mark in marks {
        match merged.last_mut() {
            Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
            _ => merged.push(mark),
        }
    }
    merged
}
