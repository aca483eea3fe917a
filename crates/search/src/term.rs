//! A part of a search, as substrings to look for.

use std::fmt;

use crate::column::Column;
use crate::document::Document;
use crate::phone;
use crate::token::WITHIN;
use crate::token::beginning;

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
    /// The words are parts of a name, whole, and each beside another one: `ada lovelace`, and also `lovelace ada`.
    NameWhole,
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
    pub const ALL: [Self; 5] = [
        Self::NameWhole,
        Self::NameStart,
        Self::Name,
        Self::Field,
        Self::Note,
    ];
}

/// A part of a search. A document has it if one of the probes is found, or, if it is negated, if none is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    ask: Ask,
    probes: Vec<(Tier, Probe)>,
}

impl Term {
    pub(crate) fn new(ask: Ask) -> Self {
        let mut probes = Probes::default();
        ask.look(&mut probes);
        Self {
            ask,
            probes: probes.0,
        }
    }

    /// What to look for at a tier: at least one probe, and none that another one finds as well.
    pub fn probes(&self, tier: Tier) -> Vec<Probe> {
        let of_tier = || {
            self.probes
                .iter()
                .filter(|(first, _)| *first <= tier)
                .map(|(_, probe)| probe)
        };
        let is_covered = |probe: &Probe| {
            of_tier().any(|other| {
                other.column == probe.column
                    && other.text != probe.text
                    && probe.text.contains(&other.text)
            })
        };
        of_tier()
            .filter(|probe| !is_covered(probe))
            .cloned()
            .collect()
    }

    /// Whether a document has the term when no probe is found.
    pub fn is_negated(&self) -> bool {
        matches!(self.ask, Ask::Has { negated: true, .. })
    }

    pub(crate) fn ask(&self) -> &Ask {
        &self.ask
    }
}

/// What a term asks for. Its words are folded and hold no white space. As text it is a part of keys of caches: the same for
/// the same term and for no other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ask {
    Word(AskedWord),
    /// Digits that are a phone number.
    Number {
        digits: String,
        plus: bool,
    },
    /// An address, whole.
    Address(Vec<String>),
    /// A word in one column.
    In {
        column: Column,
        word: Vec<String>,
        spaceless: bool,
    },
    Has {
        kind: &'static str,
        negated: bool,
    },
}

/// A word, and what it may be a part of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct AskedWord {
    /// As it is written, and as it is also written. The first says how long it is.
    pub(crate) spellings: Vec<String>,
    pub(crate) spaceless: bool,
    /// With the word before it, for names.
    pub(crate) after: Option<String>,
    /// The other words of the name that it is a part of, in all spellings and in order, without repetition.
    pub(crate) beside: Vec<String>,
    /// With its neighbours, for letters that stand alone.
    pub(crate) runs: Vec<String>,
    /// The number that it is a group of.
    pub(crate) number: Option<String>,
    /// The address that it is a part of.
    pub(crate) address: Option<String>,
}

/// The columns of fields that have words, with the tier of a match in them.
const FIELDS: [(Tier, Column); 5] = [
    (Tier::Field, Column::Companies),
    (Tier::Field, Column::Cities),
    (Tier::Field, Column::Labels),
    (Tier::Field, Column::Others),
    (Tier::Note, Column::Notes),
];

/// The columns that numbers and addresses stand in.
const DIGITS: [(Tier, Column); 4] = [
    (Tier::Name, Column::Names),
    (Tier::Field, Column::Phones),
    (Tier::Field, Column::Others),
    (Tier::Note, Column::Notes),
];
const ADDRESSES: [(Tier, Column); 4] = [
    (Tier::Name, Column::Names),
    (Tier::Field, Column::Companies),
    (Tier::Field, Column::Others),
    (Tier::Note, Column::Notes),
];

#[derive(Default)]
struct Probes(Vec<(Tier, Probe)>);

impl Probes {
    fn add(&mut self, tier: Tier, column: Column, text: &str) {
        let probe = Probe {
            column,
            text: text.to_owned(),
        };
        if !self.0.iter().any(|(_, known)| *known == probe) {
            self.0.push((tier, probe));
        }
    }

    /// Words of names.
    fn whole(&mut self, words: &str) {
        self.add(
            Tier::NameWhole,
            Column::Names,
            &format!("{} ", beginning(words)),
        );
    }

    /// Where a word of the column begins.
    fn begins(&mut self, tier: Tier, column: Column, word: &str) {
        self.add(tier, column, &beginning(word));
    }

    /// Anywhere in a word, if it is long enough for that.
    fn within(&mut self, tier: Tier, column: Column, word: &str) {
        match word.chars().count() {
            3.. => self.add(tier, column, word),
            _ => self.begins(tier, column, word),
        }
    }

    /// Anywhere in a word of a script without spaces.
    fn within_spaceless(&mut self, tier: Tier, column: Column, word: &str) {
        self.within(tier, column, word);
        if word.chars().count() < 3 {
            self.add(tier, column, &format!(" {WITHIN}{word}"));
        }
    }
}

impl Ask {
    /// A number that is also a word.
    pub(crate) fn number_word(digits: String) -> Self {
        Self::Word(AskedWord {
            spellings: vec![digits.clone()],
            number: Some(digits),
            ..AskedWord::default()
        })
    }

    fn look(&self, probes: &mut Probes) {
        match self {
            Self::Word(word) => word.look(probes),
            Self::Number { digits, plus } => look_for_number(digits, *plus, probes),
            Self::Address(spellings) => {
                for spelling in spellings {
                    probes.begins(Tier::NameWhole, Column::Names, spelling);
                }
                for (spelling, (tier, column)) in pairs(spellings, &ADDRESSES) {
                    probes.within(tier, column, spelling);
                }
            }
            Self::In {
                column,
                word,
                spaceless: true,
            } => {
                for spelling in word {
                    probes.within_spaceless(Tier::NameWhole, *column, spelling);
                }
            }
            Self::In { column, word, .. } => {
                for spelling in word {
                    probes.within(Tier::NameWhole, *column, spelling);
                }
            }
            Self::Has { kind, .. } => {
                probes.add(Tier::NameWhole, Column::Has, &format!(" {kind} "));
            }
        }
    }
}

fn pairs<'a, T: Copy>(words: &'a [String], places: &'a [T]) -> impl Iterator<Item = (&'a str, T)> {
    words
        .iter()
        .flat_map(|word| places.iter().map(move |place| (word.as_str(), *place)))
}

fn look_for_number(digits: &str, plus: bool, probes: &mut Probes) {
    for text in phone::probes(digits, plus) {
        probes.begins(Tier::NameWhole, Column::Names, text.trim_start());
    }
    for (tier, column) in DIGITS {
        for text in phone::probes(digits, plus) {
            probes.add(tier, column, &text);
        }
    }
}

impl AskedWord {
    fn look(&self, probes: &mut Probes) {
        let len = self
            .spellings
            .first()
            .map_or(0, |word| word.chars().count());
        for word in &self.spellings {
            if self.beside.is_empty() {
                probes.whole(word);
            }
            for other in &self.beside {
                probes.whole(&format!("{other}  {word}"));
                probes.whole(&format!("{word}  {other}"));
            }
            probes.begins(Tier::NameStart, Column::Names, word);
            probes.begins(Tier::NameStart, Column::Joined, word);
            let rest = [(Tier::Name, Column::Names)]
                .into_iter()
                .chain(self.fields());
            for (tier, column) in rest {
                match len {
                    _ if self.spaceless => probes.within_spaceless(tier, column, word),
                    // Of the digits alone, the whole word: the number of a house.
                    1 if self.number.is_some() => probes.add(tier, column, &format!(" {word} ")),
                    1 => {}
                    2 => probes.begins(tier, column, word),
                    _ => probes.within(tier, column, word),
                }
            }
        }
        if let Some(after) = &self.after {
            probes.whole(after);
            probes.begins(Tier::NameStart, Column::Names, after);
            probes.within(Tier::Name, Column::Names, after);
        }
        for run in &self.runs {
            probes.begins(Tier::NameStart, Column::Names, run);
            probes.begins(Tier::NameStart, Column::Joined, run);
            for (tier, column) in self.fields() {
                probes.begins(tier, column, run);
            }
        }
        if let Some(address) = &self.address {
            for (tier, column) in ADDRESSES {
                probes.within(tier, column, address);
            }
        }
        match &self.number {
            // Too short for a phone number, it is looked for in other columns as a word.
            Some(number) if self.is(number) && number.len() < phone::MIN_PHONE_DIGITS => {
                for text in phone::probes(number, false) {
                    probes.add(Tier::Field, Column::Phones, &text);
                }
            }
            Some(number) => look_for_number(number, false, probes),
            None => {}
        }
    }

    fn is(&self, word: &String) -> bool {
        self.spellings.first() == Some(word)
    }

    /// A part of an address is looked for in those columns only that hold no addresses: `com` is in many.
    fn fields(&self) -> impl Iterator<Item = (Tier, Column)> {
        let whole = self.address.is_some();
        let is_address = |column: Column| ADDRESSES.iter().any(|(_, other)| *other == column);
        FIELDS
            .into_iter()
            .filter(move |(_, column)| !whole || !is_address(*column))
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => word.fmt(f),
            Self::Number { digits, plus } => {
                let plus = if *plus { "+" } else { "" };
                write!(f, "number: {plus}{digits}")
            }
            Self::Address(address) => write!(f, "address: {}", address.join(" ")),
            Self::In { column, word, .. } => write!(f, "{}: {}", column.as_str(), word.join(" ")),
            Self::Has { kind, negated } => {
                let has = if *negated { "no" } else { "has" };
                write!(f, "{has}: {kind}")
            }
        }
    }
}

/// Words hold letters and digits only, so that a sign says what the next ones are. An address may hold any sign and is last.
impl fmt::Display for AskedWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spellings.join(" "))?;
        if let Some(after) = &self.after {
            write!(f, " < {after}")?;
        }
        if !self.beside.is_empty() {
            write!(f, " ~ {}", self.beside.join(" "))?;
        }
        if !self.runs.is_empty() {
            write!(f, " & {}", self.runs.join(" "))?;
        }
        if let Some(number) = &self.number {
            write!(f, " # {number}")?;
        }
        if let Some(address) = &self.address {
            write!(f, " @ {address}")?;
        }
        Ok(())
    }
}
