//! What a contact says: the entries of its fields, cleaned.
//!
//! Only [`ContactFields::parse`] makes them of what people and programs write, and
//! [`ContactCard::fields`](super::card::ContactCard::fields) of a card. Every text is in Unicode NFC, within the limit of
//! its field, and free of control and invisible characters (see [`text`](super::text)); cleaning a clean text changes
//! nothing. No text is refused for its form: what is no email address or no phone number is kept, and marked where it is
//! shown. Limits count Unicode scalar values.

mod date;
mod email;
mod entry;
mod input;
mod json;
mod label_words;
mod number;

use std::collections::BTreeMap;

use kith_card::Entry;
use kith_card::Label;
use unicode_normalization::char::is_combining_mark;

use super::catalogue::Field;
use super::catalogue::Kind;
use super::catalogue::MAX_ENTRIES;
use super::catalogue::MAX_LABEL_CHARS;
use super::text;
use super::text::ControlCharacter;
use crate::model::contact::FieldError;
use crate::model::error::AppError;
use crate::model::language::t;

pub use email::EmailAddress;
pub use entry::InputEntry;
pub use entry::InputError;
pub use entry::entry_name;
pub use input::ContactInput;
pub use input::joined;
pub use json::VISIBLE;
pub use json::schema;
pub use label_words::shown_label;
pub use number::dialled;

/// Everything that a contact says. A field without entries says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactFields(BTreeMap<Field, Vec<Entry>>);

/// What a contact must say at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    /// What programs have been told since the first release, unless they send a list of `emails`. A contact that was
    /// saved without one of them may stay so.
    NameAndEmail,
    /// What people are asked for.
    AnyField,
}

impl ContactFields {
    pub fn get(&self, field: Field) -> &[Entry] {
        self.0.get(&field).map_or(&[], Vec::as_slice)
    }

    /// The fields that say something, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &[Entry])> {
        let fields = self.0.iter();
        fields.map(|(field, entries)| (*field, entries.as_slice()))
    }

    /// The text of the [first](first_of) entry.
    pub fn text(&self, field: Field) -> Option<&str> {
        let entries = self.get(field);
        first_of(entries).map(|first| entries[first].value())
    }

    pub fn set(&mut self, field: Field, entries: Vec<Entry>) {
        if entries.is_empty() {
            self.0.remove(&field);
        } else {
            self.0.insert(field, entries);
        }
    }

    /// Replaces the text of the [first](first_of) entry, and leaves the others.
    fn set_first(&mut self, field: Field, text: Option<String>) {
        let mut entries = self.0.remove(&field).unwrap_or_default();
        match (first_of(&entries), text) {
            (Some(first), Some(text)) => entries[first].parts = vec![text],
            (Some(first), None) => drop(entries.remove(first)),
            (None, Some(text)) => entries.push(Entry::text(text)),
            (None, None) => {}
        }
        self.set(field, entries);
    }

    /// Makes of what a client says, and of what is `saved` already, what the contact says then. People hear of everything
    /// that needs another look at once.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with one message for each refused input, in the order of the form.
    pub fn parse(input: &ContactInput, saved: &Self, required: Required) -> Result<Self, AppError> {
        let mut fields = saved.clone();
        let mut refused = Vec::new();
        for &field in Field::ALL {
            if let Some(entries) = input.entries(field) {
                fields.set(field, clean_all(field, entries, &mut refused));
            }
            if let Some(first) = input.first(field) {
                let first = clean_first(field, first, &mut refused);
                fields.take_first(field, first, saved, input.entries(field).is_some());
            }
        }
        fields.name_by_address(input);
        if refused.is_empty() {
            fields.require(input, saved, required, &mut refused);
        }
        if refused.is_empty() {
            Ok(fields)
        } else {
            Err(invalid(refused))
        }
    }

    /// Takes the text that a client gives to the first entry. Beside a list of entries, it says which one is preferred,
    /// and the text that is saved already says nothing.
    fn take_first(&mut self, field: Field, text: Option<String>, saved: &Self, has_list: bool) {
        if !has_list {
            return self.set_first(field, text);
        }
        let Some(text) = text.filter(|text| saved.text(field) != Some(text)) else {
            return;
        };
        let mut entries = self.get(field).to_vec();
        let position = entries.iter().position(|entry| entry.value() == text);
        let position = match position {
            Some(position) => position,
            None if saved.get(field).is_empty() => {
                entries.insert(0, Entry::text(text));
                0
            }
            None => return self.set_first(field, Some(text)),
        };
        for (place, entry) in entries.iter_mut().enumerate() {
            entry.preferred = place == position;
        }
        self.set(field, entries);
    }

    /// Calls a contact without a name what stands before an address that was pasted with it: `Ada <ada@example.com>`.
    fn name_by_address(&mut self, input: &ContactInput) {
        if !self.get(Field::Name).is_empty() || !self.get(Field::NameParts).is_empty() {
            return;
        }
        let listed = input.entries(Field::Emails).unwrap_or_default().iter();
        let texts = listed
            .map(InputEntry::text)
            .chain(input.first(Field::Emails));
        let names = texts.filter_map(|text| Some(email::named_address(text)?.0));
        let name = names
            .filter_map(|name| clean(Field::Name, &name).ok())
            .next();
        self.set(Field::Name, name.into_iter().map(Entry::text).collect());
    }

    fn require(
        &self,
        input: &ContactInput,
        saved: &Self,
        required: Required,
        refused: &mut Vec<(String, Refusal)>,
    ) {
        if required == Required::NameAndEmail && input.entries(Field::Emails).is_none() {
            let is_new = saved == &Self::default();
            for field in [Field::Name, Field::Emails] {
                let spec = field.spec();
                if self.get(field).is_empty() && (is_new || !saved.get(field).is_empty()) {
                    let name = spec.first.unwrap_or(spec.name);
                    refused.push((name.to_owned(), Refusal::Missing(field)));
                }
            }
        } else if self.0.is_empty() {
            let name = Field::Name.spec().name;
            refused.push((name.to_owned(), Refusal::Nothing));
        }
    }
}

/// Where the preferred entry of a field stands, otherwise its first one.
pub fn first_of(entries: &[Entry]) -> Option<usize> {
    let preferred = entries.iter().position(|entry| entry.preferred);
    preferred.or_else(|| (!entries.is_empty()).then_some(0))
}

/// The entries of a field that say something.
fn clean_all(
    field: Field,
    entries: &[InputEntry],
    refused: &mut Vec<(String, Refusal)>,
) -> Vec<Entry> {
    let mut cleaned = Vec::new();
    for entry in entries {
        match clean_entry(field, entry) {
            Ok(Some(_)) if cleaned.len() == MAX_ENTRIES => {
                refused.push((entry.name.clone(), Refusal::TooMany));
                break;
            }
            Ok(entry) => cleaned.extend(entry),
            Err((part, refusal)) => refused.push(([&entry.name, part.as_str()].concat(), refusal)),
        }
    }
    cleaned
}

/// One entry; `None` where it is blank. An error has what stands behind its name.
fn clean_entry(field: Field, entry: &InputEntry) -> Result<Option<Entry>, (String, Refusal)> {
    let spec = field.spec();
    let mut parts = Vec::with_capacity(entry.parts.len());
    for (index, part) in entry.parts.iter().enumerate() {
        let name = match spec.kind {
            Kind::Parts(parts) => format!(".{}", parts[index].name),
            _ => String::new(),
        };
        match clean(field, part) {
            Ok(text) => parts.push(text),
            Err(Refusal::Blank) => parts.push(String::new()),
            Err(refusal) => return Err((name, refusal)),
        }
    }
    if parts.iter().all(String::is_empty) {
        return Ok(None);
    }
    let label = match text::single_line(&entry.label) {
        Ok(label) if label.chars().count() > MAX_LABEL_CHARS => {
            let length = label.chars().count();
            let limit = MAX_LABEL_CHARS;
            return Err((".label".to_owned(), Refusal::TooLong { length, limit }));
        }
        Ok(label) => (!label.is_empty() && field.has_labels()).then(|| Label::of_words(&label)),
        Err(control) => return Err((".label".to_owned(), control.into())),
    };
    Ok(Some(Entry {
        parts,
        label,
        preferred: entry.preferred && field.has_labels(),
    }))
}

/// The text of the first entry, which a client gives by a name of its own.
fn clean_first(field: Field, text: &str, refused: &mut Vec<(String, Refusal)>) -> Option<String> {
    match clean(field, text) {
        Ok(text) => Some(text),
        Err(Refusal::Blank) => None,
        Err(refusal) => {
            let name = field.spec().first.unwrap_or_default();
            refused.push((name.to_owned(), refusal));
            None
        }
    }
}

/// A text as its field keeps it.
pub fn clean(field: Field, typed: &str) -> Result<String, Refusal> {
    let spec = field.spec();
    let limit = spec.max_chars;
    refuse_far_over(limit, typed.chars().count())?;
    let text = match spec.kind {
        Kind::Text => text::multi_line(typed)?,
        _ => text::single_line(typed)?,
    };
    let text = understood(field, text);
    match text.chars().count() {
        0 => Err(Refusal::Blank),
        length if length > limit => Err(Refusal::TooLong { length, limit }),
        _ => Ok(text),
    }
}

/// A clean text as it is meant in its field.
pub fn understood(field: Field, text: String) -> String {
    // Marks alone have no letter to stand on.
    if text.chars().all(is_combining_mark) {
        return String::new();
    }
    match field.spec().kind {
        Kind::Email => email::understood(&text),
        Kind::Date => date::understood(text),
        Kind::Flag => flag(&text),
        _ => text,
    }
}

fn flag(text: &str) -> String {
    match text {
        "true" | "on" | "1" => "true".to_owned(),
        _ => String::new(),
    }
}

/// How many times its limit a text may have before it is cleaned. Cleaning removes blanks and invisible
/// characters and composes others, but Kith does not clean a megabyte to find a name in it.
const MAX_LENGTH_BEFORE_CLEANING: usize = 8;

fn refuse_far_over(limit: usize, length: usize) -> Result<(), Refusal> {
    if length > limit * MAX_LENGTH_BEFORE_CLEANING {
        return Err(Refusal::TooLong { length, limit });
    }
    Ok(())
}

fn invalid(refused: Vec<(String, Refusal)>) -> AppError {
    let is_missing = |(_, refusal): &(String, Refusal)| matches!(refusal, Refusal::Missing(_));
    let says_what_is_required = refused.iter().any(is_missing);
    let fields: Vec<FieldError> = refused
        .into_iter()
        .map(|(field, refusal)| FieldError {
            field,
            message: refusal.message(),
        })
        .collect();
    // Programs look for exactly these words.
    let detail = if says_what_is_required {
        "Name and email are required".to_owned()
    } else if let [only] = fields.as_slice() {
        only.message.clone()
    } else {
        t!("Some fields need another look.").to_owned()
    };
    AppError::Invalid { detail, fields }
}

/// Why an input was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing is left of it once blanks and invisible characters are gone.
    Blank,
    /// It has `length` of at most `limit` characters.
    TooLong {
        length: usize,
        limit: usize,
    },
    ControlCharacter(char),
    /// The field has as many entries as it may have.
    TooMany,
    /// A program has to send this.
    Missing(Field),
    /// The contact would say nothing at all.
    Nothing,
}

impl Refusal {
    /// One sentence for the person who typed it, saying what to do.
    pub fn message(self) -> String {
        match self {
            Self::TooLong { length, limit } => {
                t!(
                    "Use at most {limit} characters; this has {length}.",
                    limit = limit,
                    length = length,
                )
            }
            Self::ControlCharacter(c) => t!(
                "Remove the control character {code}.",
                code = format!("U+{:04X}", u32::from(c)),
            ),
            Self::TooMany => t!("Use at most {limit} of these.", limit = MAX_ENTRIES),
            Self::Nothing => t!("Enter a name, or anything else that you know.").to_owned(),
            Self::Missing(Field::Emails) => {
                t!("Enter an email address, like ada@example.com.").to_owned()
            }
            Self::Blank | Self::Missing(_) => t!("Enter a name.").to_owned(),
        }
    }
}

impl From<ControlCharacter> for Refusal {
    fn from(ControlCharacter(c): ControlCharacter) -> Self {
        Self::ControlCharacter(c)
    }
}

#[cfg(test)]
mod tests;
