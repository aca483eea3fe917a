//! The card of a contact: a vCard whose bytes are the truth. The columns of the database are derived from it.
//!
//! An edit changes only the lines of what it touches. What Kith does not know stays as it came, byte for byte.

use kith_card::Card;
use kith_card::Entry;
use kith_card::Mapping;
use kith_card::ParseError;
use kith_card::Source;

use super::fields::Company;
use super::fields::ContactFields;
use super::fields::EmailAddress;
use super::fields::Name;
use super::fields::Notes;
use super::fields::Phone;
use super::text;
use crate::model::contact::ContactId;

const DISPLAY_NAME: Mapping = Mapping::text("FN");
/// Family name, given name, further names, prefix, suffix.
const NAME_PARTS: Mapping = Mapping::structured("N", 5);
const NICKNAMES: Mapping = Mapping::list("NICKNAME");
const EMAILS: Mapping = Mapping::entries(&[Source::new("EMAIL")]);
const PHONES: Mapping = Mapping::entries(&[Source::new("TEL")]);
const COMPANY: Mapping = Mapping::component("ORG", 0);
const NOTES: Mapping = Mapping::text("NOTE");

/// The longest email address and phone number that a column has, in characters. The card has all of it.
const MAX_ADDRESS_CHARS: usize = 320;

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

    /// What the card is known by in other programs. Kith knows none by a longer text than an index can hold.
    pub fn uid(&self) -> Option<String> {
        self.0.uid().filter(|uid| uid.len() <= MAX_UID_BYTES)
    }

    /// What the columns say.
    pub fn summary(&self) -> Summary {
        let first = |mapping: &Mapping| self.first(mapping);
        let email = first(&EMAILS).map(|email| shortened(&email, MAX_ADDRESS_CHARS));
        let phone = first(&PHONES).map(|phone| {
            let number = phone.strip_prefix("tel:").unwrap_or(&phone);
            shortened(number, MAX_ADDRESS_CHARS)
        });
        let company = first(&COMPANY).map(|company| shortened(&company, Company::MAX_CHARS));
        let name = first(&DISPLAY_NAME)
            .or_else(|| self.name_of_parts())
            .or_else(|| first(&NICKNAMES))
            .or_else(|| company.clone())
            .or_else(|| email.clone())
            .or_else(|| phone.clone())
            .unwrap_or_else(|| NAMELESS.to_owned());
        Summary {
            name: shortened(&name, Name::MAX_CHARS),
            email,
            phone,
            company,
            notes: self.notes(),
        }
    }

    /// Changes what differs from these fields.
    pub fn apply(&mut self, fields: &ContactFields) {
        let saved = self.summary();
        let name = fields.name.as_ref().map(Name::as_str);
        if name != Some(saved.name.as_str()) {
            self.set_name(name);
        }
        let email = fields.email.as_ref().map(EmailAddress::as_str);
        let phone = fields.phone.as_ref().map(Phone::as_str);
        let company = fields.company.as_ref().map(Company::as_str);
        let notes = fields.notes.as_ref().map(Notes::as_str);
        for (mapping, text, saved) in [
            (&EMAILS, email, saved.email),
            (&PHONES, phone, saved.phone),
            (&COMPANY, company, saved.company),
            (&NOTES, notes, saved.notes),
        ] {
            if text != saved.as_deref() {
                self.set_first(mapping, text);
            }
        }
    }

    /// The text of the [first](first_of) entry of a field, on one line.
    fn first(&self, mapping: &Mapping) -> Option<String> {
        let entries = self.0.entries(mapping);
        first_of(&entries).map(|first| line(entries[first].value()))
    }

    /// All that the notes say.
    fn notes(&self) -> Option<String> {
        let entries = self.0.entries(&NOTES);
        let notes = text::multi_line(&without_control(entries.first()?.value())).ok()?;
        Some(notes).filter(|notes| !notes.is_empty())
    }

    /// For example `Dr. Ada King Lovelace, PhD`.
    fn name_of_parts(&self) -> Option<String> {
        let entries = self.0.entries(&NAME_PARTS);
        let [family, given, further, prefix, suffix] = entries.first()?.parts.as_slice() else {
            return None;
        };
        let name = line(
            &[prefix, given, further, family, suffix]
                .map(String::as_str)
                .join(" "),
        );
        Some(name).filter(|name| !name.is_empty())
    }

    /// Sets the name as it is shown, and its parts, which vCard 3.0 requires and phones show.
    fn set_name(&mut self, name: Option<&str>) {
        self.set_first(&DISPLAY_NAME, name);
        let parts = name.map(|name| Entry {
            parts: parts_of(name).into(),
            ..Entry::default()
        });
        self.0.set_entries(&NAME_PARTS, parts.as_slice());
    }

    /// Replaces the text of the [first](first_of) entry, and leaves the others.
    fn set_first(&mut self, mapping: &Mapping, text: Option<&str>) {
        let mut entries = self.0.entries(mapping);
        match (first_of(&entries), text) {
            (Some(first), Some(text)) => entries[first].parts = vec![text.to_owned()],
            (Some(first), None) => drop(entries.remove(first)),
            (None, Some(text)) => entries.push(Entry::text(text)),
            (None, None) => {}
        }
        self.0.set_entries(mapping, &entries);
    }
}

/// Where the preferred entry of a field stands, otherwise its first one. Blank ones are none.
fn first_of(entries: &[Entry]) -> Option<usize> {
    let is_filled = |entry: &Entry| !line(entry.value()).is_empty();
    let preferred = |entry: &Entry| entry.preferred && is_filled(entry);
    let position = entries.iter().position(preferred);
    position.or_else(|| entries.iter().position(is_filled))
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
fn parts_of(name: &str) -> [String; 5] {
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
