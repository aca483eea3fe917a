//! Where the terms of a search stand in a text.

use std::ops::Range;

use crate::column::Part;
use crate::held::tokens;
use crate::term::Term;
use crate::term::Tier;
use crate::token::Token;

/// The ranges of `text` that the terms have found.
pub(crate) fn marks(terms: &[Term], part: Part, text: &str) -> Vec<Range<usize>> {
    let asked = terms.iter().filter(|term| !term.is_negated());
    let probes: Vec<_> = asked.flat_map(|term| term.probes(Tier::Note)).collect();
    if probes.is_empty() {
        return Vec::new();
    }
    let mut marks = Vec::new();
    for (column, token) in tokens(part, text) {
        let padded = format!("  {}  ", token.text);
        let of_column = probes.iter().filter(|probe| probe.column == column);
        for probe in of_column {
            marks.extend(found(&token, &padded, &probe.text));
        }
    }
    merged(marks)
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
        if let (Some(start), Some(end)) = (start, end) {
            marks.push(start..end);
        }
    }
    marks
}

fn merged(mut marks: Vec<Range<usize>>) -> Vec<Range<usize>> {
    marks.sort_unstable_by_key(|mark| (mark.start, mark.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for mark in marks.into_iter().filter(|mark| !mark.is_empty()) {
        match merged.last_mut() {
            Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
            _ => merged.push(mark),
        }
    }
    merged
}
