//! The card of a contact: a vCard whose bytes are the truth. The columns of the database are derived from it.
//!
//! An edit changes only the lines of what it touches. What Kith does not know stays as it came, byte for byte.

use kith_card::Card;
use kith_card::Entry;
use kith_card::Mapping;
use kith_card::ParseError;
use kith_card::Photo;
use kith_card::Version;
use kith_card::fingerprint;
use kith_card::merge;
use kith_photo::Picture;
use serde_json::Map;
use serde_json::Value;

use super::catalogue::Field;
use super::catalogue::Kind;
use super::catalogue::MAX_ENTRIES;
use super::catalogue::MAX_LABEL_CHARS;
use super::fields::ContactFields;
use super::fields::understood;
use super::labels::Relabelling;
use super::photo::PhotoKey;
use super::text;
use crate::model::contact::ContactId;

const UID: Mapping = Mapping::text("UID");

/// The longest UID that a column has.
const MAX_UID_BYTES: usize = 1_000;

/// What a contact without any of them is called.
const NAMELESS: &str = "No name";

/// The card of a contact.
#[derive(Clone, Debug)]
pub struct ContactCard(Card);

/// What the columns of a contact say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What the contact is called in lists: its name, or else the first other thing that it says.
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub company: Option<String>,
    pub notes: Option<String>,
    /// What it says in other fields, by their names.
    pub fields: Map<String, Value>,
    /// Of the photo that is in the card itself.
    pub photo: Option<PhotoKey>,
}

impl ContactCard {
    /// The card of a new contact.
    pub fn new(id: ContactId, fields: &ContactFields) -> Self {
        let mut card = Self(Card::new(&format!("urn:uuid:{id}")));
        card.apply(fields);
        card
    }

    /// # Errors
    /// The text is not one vCard.
    pub fn parse(bytes: impl Into<Vec<u8>>) -> Result<Self, ParseError> {
        Card::parse(bytes).map(Self)
    }

    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    /// What the card is known by in other programs. Kith knows none by a longer text than an index can hold, and none by
    /// one with a NUL, which no column of a text takes.
    pub fn uid(&self) -> Option<String> {
        let is_kept = |uid: &String| uid.len() <= MAX_UID_BYTES && !uid.contains('\0');
        self.0.uid().filter(is_kept)
    }

    /// Equal for cards that say the same, in whatever way they are written.
    pub fn fingerprint(&self) -> [u8; 32] {
        kith_card::fingerprint(&self.0)
    }

    /// Gives the card the UID of another one.
    pub fn take_uid_of(&mut self, other: &Self) {
        if self.0.uid() != other.0.uid() {
            self.0.set_entries(&UID, &other.0.entries(&UID));
        }
    }

    /// Whether both have the same picture, or none.
    pub fn has_picture_of(&self, other: &Self) -> bool {
        self.0.photo() == other.0.photo()
    }

    /// The card without its picture, if the other one has the same, and brings it back:
    /// [`with_picture_of`](Self::with_picture_of).
    pub fn without_picture_of(&self, other: &Self) -> Option<Self> {
        if !matches!(self.0.photo(), Some(Photo::Embedded { .. })) || !self.has_picture_of(other) {
            return None;
        }
        let mut card = self.clone();
        card.0.set_photo(None);
        let again = card.clone().with_picture_of(other);
        (fingerprint(&again.0) == fingerprint(&self.0)).then_some(card)
    }

    /// The card with the picture of another one, unless it has one itself.
    pub fn with_picture_of(mut self, other: &Self) -> Self {
        if let (None, Some(Photo::Embedded { media_type, bytes })) =
            (self.0.photo(), other.0.photo())
        {
            let media_type = media_type.unwrap_or_default();
            self.0.set_photo(Some((&media_type, &bytes)));
        }
        self
    }

    /// What the columns say.
    pub fn summary(&self) -> Summary {
        let fields = self.fields();
        let first = |field: Field| fields.text(field).map(str::to_owned);
        let (email, phone) = (first(Field::Emails), first(Field::Phones));
        let company = first(Field::Company);
        let name = first(Field::Name)
            .or_else(|| first(Field::Nicknames))
            .or_else(|| company.clone())
            .or_else(|| email.clone())
            .or_else(|| phone.clone())
            .unwrap_or_else(|| NAMELESS.to_owned());
        let mut said = fields.to_json();
        said.retain(|name, _| Field::of_name(name).is_some_and(|field| !has_column(field)));
        Summary {
            name: shortened(&name, Field::Name.spec().max_chars),
            email,
            phone,
            company,
            notes: first(Field::Notes),
            fields: said,
            photo: self.photo().map(|file| PhotoKey::of(&file)),
        }
    }

    /// The file of the photo, if it is in the card itself. Kith looks for none elsewhere.
    pub fn photo(&self) -> Option<Vec<u8>> {
        match self.0.photo()? {
            Photo::Embedded { bytes, .. } => Some(bytes.into_owned()),
            Photo::Url(_) => None,
        }
    }

    /// Makes a picture the only photo, or takes all photos away.
    pub fn set_photo(&mut self, picture: Option<&Picture>) {
        let file = picture.map(|picture| (picture.media_type, picture.bytes.as_slice()));
        self.0.set_photo(file);
    }

    /// What the card says, cleaned as [`ContactFields::parse`] does it. A text over the limit of its field is shortened,
    /// and entries beyond [`MAX_ENTRIES`] are left out; the card has all of it.
    pub fn fields(&self) -> ContactFields {
        let mut fields = ContactFields::default();
        for &field in Field::ALL {
            let shown = self.shown(field).into_iter();
            fields.set(field, shown.map(|(_, entry)| entry).collect());
        }
        if fields.get(Field::Name).is_empty() {
            let name = fields.get(Field::NameParts).first().map(joined);
            let name = name.map(|name| shortened(&name, Field::Name.spec().max_chars));
            fields.set(Field::Name, name.into_iter().map(Entry::text).collect());
        }
        fields
    }

    /// The entries of a field that say something, cleaned, each with its place in the card.
    fn shown(&self, field: Field) -> Vec<(usize, Entry)> {
        let entries = self.0.entries(&field.spec().mapping).into_iter();
        let shown = entries.enumerate().filter_map(|(place, entry)| {
            let parts = entry.parts.iter().map(|part| self.read(field, part));
            let parts: Vec<String> = parts.collect();
            let label = entry.label.filter(|label| {
                let words = label.words();
                !line(words).is_empty() && words.chars().count() <= MAX_LABEL_CHARS
            });
            let entry = Entry {
                parts,
                label: label.filter(|_| field.has_labels()),
                preferred: entry.preferred && field.has_labels(),
            };
            let is_blank = entry.parts.iter().all(String::is_empty);
            (!is_blank).then_some((place, entry))
        });
        shown.take(MAX_ENTRIES).collect()
    }

    /// A text of the card as its field shows it.
    fn read(&self, field: Field, text: &str) -> String {
        let spec = field.spec();
        let text = match spec.kind {
            Kind::Text => text::multi_line(&without_control(text)).unwrap_or_default(),
            // A number of 4.0 is a URI.
            Kind::Phone if self.0.version() == Version::V4_0 => {
                line(text.strip_prefix("tel:").unwrap_or(text))
            }
            _ => line(text),
        };
        shortened(&understood(field, text), spec.max_chars)
    }

    /// Writes what these fields say differently.
    pub fn apply(&mut self, fields: &ContactFields) {
        let saved = self.fields();
        let mut fields = fields.clone();
        settle_name(&mut fields, &saved);
        for &field in Field::ALL {
            let entries = fields.get(field);
            if entries != saved.get(field) {
                self.write(field, entries);
            }
        }
    }

    /// Edits the labels. Returns those that it has then; `None` if nothing changes.
    pub fn relabel(&mut self, edit: &Relabelling) -> Option<Vec<String>> {
        let shown = self.shown(Field::Labels);
        let names: Vec<&str> = shown.iter().map(|(_, entry)| entry.value()).collect();
        let changed = edit.apply(&names);
        if changed == names {
            return None;
        }
        let changed: Vec<String> = changed.into_iter().map(str::to_owned).collect();
        let entries: Vec<Entry> = changed.iter().map(Entry::text).collect();
        self.write(Field::Labels, &entries);
        Some(changed)
    }

    /// Replaces the entries of a field. What is only shown in another form than it has stays as it is.
    fn write(&mut self, field: Field, entries: &[Entry]) {
        let mapping = &field.spec().mapping;
        let present = self.0.entries(mapping);
        let shown = self.shown(field);
        let mut written: Vec<Entry> = Vec::with_capacity(entries.len());
        for entry in entries {
            let known = shown.iter().find(|(_, known)| known.parts == entry.parts);
            let parts = known.map(|(place, _)| present[*place].parts.clone());
            written.push(Entry {
                parts: parts.unwrap_or_else(|| entry.parts.clone()),
                ..entry.clone()
            });
        }
        if shown.len() == MAX_ENTRIES {
            let last = shown.last().map_or(0, |(place, _)| place + 1);
            written.extend_from_slice(&present[last..]);
        }
        self.0.set_entries(mapping, &written);
    }

    /// Merges two edits of this card: what only one of them has changed is taken. Returns the card, and the fields that
    /// both have changed in two ways, of which the card has `mine`.
    pub fn merge(&self, mine: &Self, theirs: &Self) -> (Self, Vec<Field>) {
        let mappings: Vec<Mapping> = Field::ALL
            .iter()
            .map(|field| field.spec().mapping)
            .collect();
        let merged = merge(&mappings, &self.0, &mine.0, &theirs.0);
        let conflicts = merged.conflicts.into_iter().map(|place| Field::ALL[place]);
        (Self(merged.card), conflicts.collect())
    }
}

/// Whether a field has columns of its own.
fn has_column(field: Field) -> bool {
    matches!(field, Field::Name | Field::Company | Field::Notes)
}

/// The name and its parts say the same: where only one of them is new, the other one follows.
fn settle_name(fields: &mut ContactFields, saved: &ContactFields) {
    let is_new = |field: Field| fields.get(field) != saved.get(field);
    let (has_new_name, has_new_parts) = (is_new(Field::Name), is_new(Field::NameParts));
    if !has_new_name && !has_new_parts {
        return;
    }
    let has_no_parts = fields.get(Field::NameParts).is_empty();
    // A person has chosen a name that differs from its parts. New parts do not change it.
    let parts_of_saved = saved.get(Field::NameParts).first().map(joined);
    let follows = saved.text(Field::Name) == parts_of_saved.as_deref();
    if has_no_parts || (has_new_name && !has_new_parts) {
        let parts = fields.text(Field::Name).map(|name| Entry {
            parts: parts_of(name).into(),
            ..Entry::default()
        });
        fields.set(Field::NameParts, parts.into_iter().collect());
    } else if !has_new_name && has_new_parts && follows {
        let name = fields.get(Field::NameParts).first().map(joined);
        fields.set(Field::Name, name.into_iter().map(Entry::text).collect());
    }
}

/// The parts of a name as they are said, for example `Dr. Ada King Lovelace PhD`.
fn joined(name: &Entry) -> String {
    joined_parts(Field::NameParts, name, " ")
}

/// The parts of an entry in the order of a text for people.
pub fn joined_parts(field: Field, entry: &Entry, between: &str) -> String {
    let Kind::Parts(parts) = field.spec().kind else {
        return entry.value().to_owned();
    };
    let mut said: Vec<(u8, &str)> = parts
        .iter()
        .zip(&entry.parts)
        .filter(|(_, text)| !text.is_empty())
        .map(|(part, text)| (part.place, text.as_str()))
        .collect();
    said.sort_by_key(|(place, _)| *place);
    let texts: Vec<&str> = said.into_iter().map(|(_, text)| text).collect();
    texts.join(between)
}

/// A text of a card on one line.
fn line(text: &str) -> String {
    text::single_line(&without_control(text)).unwrap_or_default()
}

/// A text of a card, whose control characters show nothing.
fn without_control(text: &str) -> String {
    text.replace(
        |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'),
        " ",
    )
}

/// At most so many characters. What is left out is marked by an ellipsis.
fn shortened(text: &str, max_chars: usize) -> String {
    if text.chars().count() <= max_chars {
        return text.to_owned();
    }
    let kept: String = text.chars().take(max_chars - 1).collect();
    format!("{}…", kept.trim_end())
}

/// The parts of a name that came in one piece, in the order of `N`: the last word is the family name, and in scripts of
/// East Asia the first one.
pub fn parts_of(name: &str) -> [String; 5] {
    let is_east_asian = |c: char| matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}');
    let (family, given) = if name.chars().next().is_some_and(is_east_asian) {
        name.split_once(' ').unwrap_or((name, ""))
    } else {
        let split = name.rsplit_once(' ');
        split.map_or(("", name), |(given, family)| (family, given))
    };
    [family, given, "", "", ""].map(str::to_owned)
}

#[cfg(test)]
mod tests;
