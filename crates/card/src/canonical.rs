//! What a property says, whatever way it is written: for comparing cards.

use sha2::{Digest, Sha256};

use crate::card::Card;
use crate::content::Content;
use crate::date;
use crate::entry::Label;
use crate::lines::Kind;
use crate::photo::Photo;

/// Properties that say nothing of the person.
const BOOKKEEPING: [&str; 4] = ["VERSION", "REV", "PRODID", "UID"];

/// Names of the same property in different clients and versions.
const SAME: [(&str, &str); 4] = [
    ("X-ANNIVERSARY", "ANNIVERSARY"),
    ("X-EVOLUTION-ANNIVERSARY", "ANNIVERSARY"),
    ("X-ABRELATEDNAMES", "RELATED"),
    ("SORT-STRING", "X-SORT-STRING"),
];

/// Types that clients write where others write none.
const DEFAULTS: [&str; 3] = ["INTERNET", "PREF", "VOICE"];

/// Parameters that say how a value is written.
const OF_WRITING: [&str; 7] = [
    "TYPE",
    "ENCODING",
    "CHARSET",
    "VALUE",
    "PREF",
    "X-APPLE-OMIT-YEAR",
    "MEDIATYPE",
];

/// What a property says: two that are equal say the same.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Canonical {
    pub(crate) name: String,
    pub(crate) value: Vec<Vec<u8>>,
    label: Option<String>,
    is_preferred: bool,
    types: Vec<String>,
    parameters: Vec<(String, Vec<String>)>,
    companions: Vec<String>,
}

impl Canonical {
    pub(crate) fn is_blank(&self) -> bool {
        self.value.iter().all(Vec::is_empty)
    }
}

/// SHA-256 of what a card says. Equal for two cards that say the same: the order of properties, folds, the version,
/// escapes, encodings, groups, and `REV`, `PRODID` and `UID` make no difference. For "the same file twice adds nothing"
/// where cards have no UID.
pub fn fingerprint(card: &Card) -> [u8; 32] {
    let mut properties: Vec<_> = card
        .property_lines()
        .filter_map(|line| card.canonical(line))
        .filter(|one| !one.is_blank() && !BOOKKEEPING.contains(&one.name.as_str()))
        .filter(|one| one.name != "KIND" || one.value != [b"individual"])
        .collect();
    properties.sort();
    let mut hash = Sha256::new();
    for one in &properties {
        add(&mut hash, [one.name.as_bytes()]);
        add(&mut hash, &one.value);
        add(&mut hash, one.label.as_ref().map(String::as_bytes));
        add(&mut hash, [[u8::from(one.is_preferred)]]);
        add(&mut hash, one.types.iter().map(String::as_bytes));
        for (name, values) in &one.parameters {
            add(&mut hash, [name.as_bytes()]);
            add(&mut hash, values.iter().map(String::as_bytes));
        }
        add(&mut hash, one.companions.iter().map(String::as_bytes));
    }
    hash.finalize().into()
}

/// Adds a list so that no other list adds the same bytes.
fn add<T: AsRef<[u8]>>(hash: &mut Sha256, list: impl IntoIterator<Item = T>) {
    for one in list {
        hash.update([1]);
        hash.update(
            u64::try_from(one.as_ref().len())
                .unwrap_or(u64::MAX)
                .to_be_bytes(),
        );
        hash.update(one);
    }
    hash.update([0]);
}

impl Card {
    /// What a line says. None for a line that says more of another one.
    pub(crate) fn canonical(&self, line: usize) -> Option<Canonical> {
        let upper = String::from_utf8_lossy(self.name(line)).to_ascii_uppercase();
        if matches!(upper.as_str(), "X-ABLABEL") {
            return None;
        }
        let Some(content) = self.content(line) else {
            return Some(Canonical {
                name: upper,
                value: vec![self.unfolded(line).into_owned()],
                ..Canonical::default()
            });
        };
        let group_label = match self.group(line) {
            Some(_) => self.label(line),
            None => None,
        };
        let label = group_label.or_else(|| Label::of_types(&content.types(), upper == "RELATED"));
        let label = label.map(|label| label.apple());
        let mut name = SAME
            .iter()
            .find(|(one, _)| *one == upper)
            .map_or(upper.as_str(), |(_, same)| *same);
        if name == "X-ABDATE" && label.as_deref() == Some("_$!<Anniversary>!$_") {
            name = "ANNIVERSARY";
        }
        let is_file = is_file(name);
        let is_other = |word: &String| {
            !is_file
                && !DEFAULTS.contains(&word.as_str())
                && !Label::is_type(word, name == "RELATED")
        };
        let mut types: Vec<_> = content.types().into_iter().filter(is_other).collect();
        types.sort();
        types.dedup();
        let is_kept = |one: &&crate::grammar::RawParameter| {
            !one.is_bare() && !OF_WRITING.contains(&one.name.as_str())
        };
        let parameters = content.head.parameters.iter().filter(is_kept);
        let mut parameters: Vec<_> = parameters
            .map(|one| (one.name.clone(), one.pieces()))
            .collect();
        parameters.sort();
        // A companion has none of its own.
        let companions = match name {
            "X-ABADR" => &[],
            _ => self.companions(line),
        };
        let companion = |line: &usize| {
            let is_label = self.name(*line).eq_ignore_ascii_case(b"X-ABLABEL");
            let content = self.content(*line).filter(|_| !is_label)?;
            Some(content.text(self.version()))
        };
        Some(Canonical {
            value: self.canonical_value(&content, name, line),
            is_preferred: content.is_preferred(),
            label: label.filter(|_| name != "ANNIVERSARY"),
            types,
            parameters,
            companions: companions.iter().filter_map(companion).collect(),
            name: name.to_owned(),
        })
    }

    fn canonical_value(&self, content: &Content<'_>, name: &str, line: usize) -> Vec<Vec<u8>> {
        let version = self.version();
        let text = || content.text(version);
        let one = |text: String| vec![text.into_bytes()];
        match name {
            "N" | "ADR" | "ORG" | "GENDER" => {
                let mut parts = content.pieces(b';', usize::MAX, version);
                while parts.last().is_some_and(String::is_empty) {
                    parts.pop();
                }
                parts.into_iter().map(String::into_bytes).collect()
            }
            "NICKNAME" | "CATEGORIES" => {
                let items = content.pieces(b',', usize::MAX, version);
                let mut items: Vec<_> = items
                    .iter()
                    .map(|item| item.trim().as_bytes().to_vec())
                    .collect();
                items.sort();
                items
            }
            "BDAY" | "ANNIVERSARY" | "DEATHDATE" | "X-ABDATE" => one(date::normal(
                &text(),
                content.parameter("X-APPLE-OMIT-YEAR"),
            )),
            "GEO" => one(text().trim_start_matches("geo:").replace(';', ",")),
            "TEL" => {
                let text = text();
                one(text
                    .strip_prefix("tel:")
                    .map_or(text.clone(), str::to_owned))
            }
            "KIND" => one(text().to_ascii_lowercase()),
            "AGENT" => {
                let mut lines = vec![content.raw().to_vec()];
                for inner in self.inner(line) {
                    lines.push(self.unfolded(inner).trim_ascii().to_vec());
                }
                lines
            }
            _ if is_file(name) => match self.read_photo(content) {
                Some(Photo::Embedded { bytes, .. }) => vec![Sha256::digest(&bytes).to_vec()],
                Some(Photo::Url(url)) => one(url),
                None => vec![content.raw().to_vec()],
            },
            _ => one(text()),
        }
    }

    /// The lines of the card that an `AGENT` holds.
    pub(crate) fn inner(&self, line: usize) -> impl Iterator<Item = usize> + '_ {
        let is_inner = |line: &usize| matches!(self.lines()[*line].kind, Kind::Inner | Kind::Blank);
        let holds = self
            .lines()
            .get(line + 1)
            .is_some_and(|next| next.kind == Kind::Inner);
        let behind = if holds {
            line + 1..self.lines().len()
        } else {
            0..0
        };
        behind.take_while(is_inner)
    }
}

/// Properties whose values are files.
pub(crate) fn is_file(name: &str) -> bool {
    matches!(name, "PHOTO" | "LOGO" | "SOUND" | "KEY")
}

/// Properties whose values have parts.
pub(crate) fn is_structured(name: &str) -> bool {
    matches!(name, "N" | "ADR" | "ORG" | "GENDER" | "GEO")
}
