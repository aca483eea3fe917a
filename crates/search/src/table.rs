//! Searches, texts, and whether the one finds the other: the same for this crate and for each database.

mod found;
mod not_found;

use crate::column::Part;

/// A search, and a text that it finds or does not find.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// What the case is about.
    pub kind: &'static str,
    /// What the text is.
    pub part: Part,
    /// As a person types it.
    pub search: &'static str,
    /// As a person has written it.
    pub text: &'static str,
    /// Whether the search finds the text.
    pub found: bool,
}

/// Texts of one kind, in pairs.
struct Rows {
    kind: &'static str,
    part: Part,
    pairs: &'static [(&'static str, &'static str)],
}

/// All cases. Where two texts stand for each other, there is a case for each direction.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for rows in found::BOTH_WAYS {
        for (a, b) in rows.pairs {
            cases.push(rows.case(a, b, true));
            cases.push(rows.case(b, a, true));
        }
    }
    for (all, found) in [(found::ONE_WAY, true), (not_found::ROWS, false)] {
        for rows in all {
            cases.extend(
                rows.pairs
                    .iter()
                    .map(|(search, text)| rows.case(search, text, found)),
            );
        }
    }
    cases
}

impl Rows {
    const fn new(
        kind: &'static str,
        part: Part,
        pairs: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { kind, part, pairs }
    }

    fn case(&self, search: &'static str, text: &'static str, found: bool) -> Case {
        Case {
            kind: self.kind,
            part: self.part,
            search,
            text,
            found,
        }
    }
}
