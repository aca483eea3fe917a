//! A part of a search, as substrings to look for.

use crate::column::Column;
use crate::document::Document;

/// A substring to look for in the text of a column: three characters or more, of which spaces may be some.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Probe {
    /// Where.
    pub column: Column,
    /// What. It holds no line feed.
    pub text: String,
}

impl Probe {
    /// Whether the document has it.
    pub fn is_in(&self, document: &Document) -> bool {
        document.text(self.column).contains(&self.text)
    }
}

/// How good a match is, best first. A document of one tier is also of all that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Each word begins a part of a name.
    NameStart,
    /// Each word is in a name.
    Name,
    /// Each word is in a name or in another field.
    Field,
    /// Each word is anywhere in the contact.
    Note,
}

impl Tier {
    /// Best first.
    pub const ALL: [Self; 4] = [Self::NameStart, Self::Name, Self::Field, Self::Note];
}

/// A part of a search. A document has it if one of the probes is found, or, if it is negated, if none is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    pub(crate) negated: bool,
    pub(crate) probes: Vec<(Tier, Probe)>,
}

impl Term {
    /// What to look for at a tier. A term that is not negated always has a probe.
    pub fn probes(&self, tier: Tier) -> Vec<Probe> {
        let of_tier = self.probes.iter().filter(|(first, _)| *first <= tier);
        of_tier.map(|(_, probe)| probe.clone()).collect()
    }

    /// Whether a document has the term when no probe is found.
    pub fn is_negated(&self) -> bool {
        self.negated
    }
}
