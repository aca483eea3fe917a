//! The wire types of contacts, without I/O and without a framework.
//!
//! Only the server builds them, and only the server knows which fields a contact has: the browser shows
//! [`ContactDetails`] and forms ([`form`](super::form)) as the server has drawn them.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::model::wire::Deserialize;
use crate::model::wire::Serialize;

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
    /// What it says in other fields, by their names. Only the server knows fields.
    #[cfg(feature = "ssr")]
    #[serde(flatten)]
    pub fields: serde_json::Map<String, serde_json::Value>,
    /// The address of a square JPEG of the photo; null without one, and in the trash. With `?small` behind it, the
    /// address is that of a smaller one. Another photo has another address.
    #[cfg_attr(feature = "ssr", schema(required = true))]
    pub photo: Option<String>,
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
    pub row: ContactRow,
    pub version: u32,
    /// What stands below the name, for example `Analyst · Analytical Engines`.
    pub subtitle: String,
    /// Whether it is one of the favourites.
    pub favourite: bool,
    /// What can be done with the contact, the commonest first.
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub links: Vec<DetailAction>,
    /// The same, as the server has drawn it.
    pub actions: String,
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub fields: Vec<DetailField>,
    /// The fields without an entry that the page offers to add: their names, and what people call them.
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub missing: Vec<(&'static str, &'static str)>,
    /// When the contact was changed, in RFC 3339; blank if it never was.
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub changed_at: String,
    /// The fields, as the server has drawn them.
    pub html: String,
    pub activities: Activities,
    /// After an edit: the fields that others had changed meanwhile and that the edit has kept, as a list in words; blank
    /// where there are none.
    pub merged: String,
}

/// A link that does something, such as a call.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailAction {
    pub kind: Action,
    pub href: String,
}

/// What can be done with a contact.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Call,
    Message,
    Mail,
    Map,
    /// The others of the company.
    Colleagues,
}

/// A field of a contact, as people read it.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailField {
    /// The name of the field in forms.
    pub name: &'static str,
    /// The title of the part of the page that it is in.
    pub section: &'static str,
    pub label: String,
    pub entries: Vec<DetailEntry>,
}

/// An entry of a field.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetailEntry {
    /// What it is called, for example `work`; blank if nothing.
    pub label: String,
    /// Its text, in pieces: some of them lead somewhere.
    pub pieces: Vec<Piece>,
    /// Whether readers copy it by itself.
    pub is_copied: bool,
    /// A remark of Kith, for example that a text is no phone number; blank if there is none.
    pub remark: String,
}

/// A piece of a text.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// Where it leads; blank for plain text.
    pub href: String,
    /// The search that finds the contacts which have it as well.
    pub search: Option<String>,
    /// How it looks, if it is a label.
    pub label: Option<LabelLook>,
}

/// How a label looks.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelLook {
    /// The number of its hue in the style sheet; grey has none.
    pub hue: Option<u8>,
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
    /// See [`Contact::photo`]. Compression makes it short, because the markup of the page holds the same address.
    pub photo: Option<String>,
    /// What a search has found.
    pub marked: Option<MarkedRow>,
    /// The heading of the list that the contact stands under, such as `A`; empty in an order without headings.
    pub heading: String,
}

/// A row in which the words of a search are marked, as HTML.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MarkedRow {
    pub name: String,
    pub detail: String,
}

impl ContactRow {
    /// Whether both say the same of a contact, apart from what a search has found.
    pub fn says_the_same(&self, other: &Self) -> bool {
        (&self.name, &self.detail, &self.photo) == (&other.name, &other.detail, &other.photo)
    }
}

impl From<&Contact> for ContactRow {
    fn from(contact: &Contact) -> Self {
        Self {
            id: contact.id,
            name: contact.name.clone(),
            detail: contact.detail().to_owned(),
            photo: contact.photo.clone(),
            marked: None,
            heading: String::new(),
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
    /// What was looked for instead of a search that finds nothing: the same with one typing error less.
    pub corrected: Option<String>,
}

/// The error of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The name of its input, for example `name` or `emails.0`.
    pub field: String,
    /// A sentence that says what to do, for example `Enter a name.`
    pub message: String,
}
