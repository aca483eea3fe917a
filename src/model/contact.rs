//! The wire types of contacts, without I/O and without a framework.
//!
//! Outgoing types ([`Contact`], [`ContactDetails`], [`ContactRow`], [`ContactList`]) are built only by the
//! server, from fields that were parsed when they were written. Incoming text is a [`ContactDraft`], which
//! guarantees nothing; `services::contacts::fields` parses it. Only the server parses, because the Unicode
//! tables for that are larger than a page.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::model::wire::Deserialize;
use crate::model::wire::Serialize;

mod merge;

pub use merge::Merge;

/// Identifies a contact permanently, also when it is renamed or in the trash. A `UUIDv7` is ordered by time,
/// so new contacts are adjacent in the index of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "ssr", derive(Serialize, Deserialize), serde(transparent))]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = Uuid))]
pub struct ContactId(Uuid);

#[cfg(not(feature = "ssr"))]
impl Serialize for ContactId {
    fn serialize(&self) -> Option<kith_wire::Value> {
        Some(kith_wire::Value::string(&self.text()))
    }
}

#[cfg(not(feature = "ssr"))]
impl Deserialize for ContactId {
    fn deserialize(value: &kith_wire::Value) -> Option<Self> {
        value.as_string()?.parse().ok()
    }
}

impl ContactId {
    pub fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    pub fn as_uuid(&self) -> &Uuid {
        &self.0
    }

    /// The same as by `to_string`, without the code that formats anything.
    pub fn text(&self) -> String {
        let mut text = [0; Hyphenated::LENGTH];
        self.0.hyphenated().encode_lower(&mut text).to_owned()
    }
}

impl fmt::Display for ContactId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "ssr")]
impl FromStr for ContactId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

/// Reads an id as the server writes it. The parser of `uuid` knows more forms and many errors.
#[cfg(not(feature = "ssr"))]
impl FromStr for ContactId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut number = 0;
        for (index, letter) in text.chars().enumerate() {
            if matches!(index, 8 | 13 | 18 | 23) {
                if letter != '-' {
                    return Err(());
                }
            } else {
                number = number << 4 | u128::from(letter.to_digit(16).ok_or(())?);
            }
        }
        if text.len() == Hyphenated::LENGTH {
            Ok(Self(Uuid::from_u128(number)))
        } else {
            Err(())
        }
    }
}

/// A contact as the pages and the API show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Contact {
    pub id: ContactId,
    /// As it is written, for example `Ada Lovelace`. A contact without a name has here what else it says.
    pub name: String,
    /// The preferred address.
    #[cfg_attr(feature = "ssr", schema(required = true))]
    pub email: Option<String>,
    #[cfg_attr(feature = "ssr", schema(required = true))]
    pub phone: Option<String>,
    #[cfg_attr(feature = "ssr", schema(required = true))]
    pub company: Option<String>,
    /// Free text, possibly of many lines.
    #[cfg_attr(feature = "ssr", schema(required = true))]
    pub notes: Option<String>,
    /// RFC 3339, UTC, milliseconds.
    #[cfg_attr(feature = "ssr", schema(format = DateTime))]
    pub created_at: String,
    /// RFC 3339, UTC, milliseconds.
    #[cfg_attr(feature = "ssr", schema(format = DateTime))]
    pub updated_at: String,
    /// 1 when created, one more with every change. The `ETag` is this number in quotes.
    #[cfg_attr(feature = "ssr", schema(minimum = 1))]
    pub version: u32,
}

impl Contact {
    /// What tells people of the same name apart: the address, otherwise the phone number or the company. Blank if there
    /// is none, or if it is all that the contact is called by.
    pub fn detail(&self) -> &str {
        let details = [&self.email, &self.phone, &self.company];
        let mut details = details.into_iter().flatten();
        details
            .find(|detail| **detail != self.name)
            .map_or("", String::as_str)
    }
}

/// What the page of a contact shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactDetails {
    pub contact: Contact,
    pub activities: Activities,
    /// After an edit: the fields that others had changed meanwhile and that the edit has kept.
    pub merged: Vec<Field>,
}

/// The activities of a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activities {
    /// The oldest first.
    pub list: Vec<Activity>,
    /// Whether more activities are expected.
    pub pending: bool,
}

/// Something that has happened to a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// RFC 3339, UTC, milliseconds.
    pub at: String,
    /// A text for the page, for example `Welcome email queued`.
    pub text: String,
}

/// What a list shows of a contact.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContactRow {
    pub id: ContactId,
    pub name: String,
    /// See [`Contact::detail`].
    pub detail: String,
}

impl From<&Contact> for ContactRow {
    fn from(contact: &Contact) -> Self {
        Self {
            id: contact.id,
            name: contact.name.clone(),
            detail: contact.detail().to_owned(),
        }
    }
}

/// A part of a list of contacts: one page, or the pages that a browser has loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactList {
    pub rows: Vec<ContactRow>,
    /// How many contacts of the list come before these.
    pub offset: u64,
    /// The cursor of the previous page; absent on the first.
    pub previous_cursor: Option<String>,
    /// The cursor of the next page; absent on the last.
    pub next_cursor: Option<String>,
    /// How many contacts match on all pages.
    pub total: u64,
}

/// A contact as it was typed, unparsed. An empty field is an empty string.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactDraft {
    pub name: String,
    pub email: String,
    pub phone: String,
    pub company: String,
    pub notes: String,
}

impl ContactDraft {
    pub fn get(&self, field: Field) -> &str {
        match field {
            Field::Name => &self.name,
            Field::Email => &self.email,
            Field::Phone => &self.phone,
            Field::Company => &self.company,
            Field::Notes => &self.notes,
        }
    }

    pub fn get_mut(&mut self, field: Field) -> &mut String {
        match field {
            Field::Name => &mut self.name,
            Field::Email => &mut self.email,
            Field::Phone => &mut self.phone,
            Field::Company => &mut self.company,
            Field::Notes => &mut self.notes,
        }
    }
}

impl From<Contact> for ContactDraft {
    fn from(contact: Contact) -> Self {
        Self {
            name: contact.name,
            email: contact.email.unwrap_or_default(),
            phone: contact.phone.unwrap_or_default(),
            company: contact.company.unwrap_or_default(),
            notes: contact.notes.unwrap_or_default(),
        }
    }
}

/// A field of a contact. Its name is the same in a form, in JSON and in an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum Field {
    Name,
    Email,
    Phone,
    Company,
    Notes,
}

impl Field {
    /// In the order of the form.
    pub const ALL: [Self; 5] = [
        Self::Name,
        Self::Email,
        Self::Phone,
        Self::Company,
        Self::Notes,
    ];

    /// The name in forms and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Company => "company",
            Self::Notes => "notes",
        }
    }
}

/// The error of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldError {
    pub field: Field,
    /// A sentence that says what to do, for example `Enter a name.`
    pub message: String,
}
