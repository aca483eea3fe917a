//! Address books, and what a caller may do in one.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::model::error::AppError;
use crate::model::language::t;

/// The number of a book in the database. It never leaves the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BookKey(pub i64);

/// How many bits of the number of a contact count the contacts of a book. The bits above them say which book it is in.
const BITS_OF_CONTACTS: u32 = 40;

impl BookKey {
    /// The book of a Kith without accounts, which the first admin takes over.
    pub const FIRST: Self = Self(1);

    /// The bits of the number of a contact that count the contacts of its book.
    pub const COUNTING_BITS: i64 = (1 << BITS_OF_CONTACTS) - 1;

    /// The book of the contact with this number.
    pub fn of_contact(seq: i64) -> Self {
        Self((seq >> BITS_OF_CONTACTS) + 1)
    }

    /// The numbers of its contacts. No contact has the first one.
    pub fn contacts(self) -> Range<i64> {
        (self.0 - 1) << BITS_OF_CONTACTS..self.0 << BITS_OF_CONTACTS
    }
}

/// Identifies a book permanently, also when it is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Uuid)]
pub struct BookId(pub Uuid);

impl BookId {
    /// The id of [`BookKey::FIRST`], which its migration gives it.
    pub const FIRST: Self = Self(Uuid::from_u128(0x7000_8000_0000_0000_0001));
}

impl fmt::Display for BookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for BookId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// What an account may do in a book. Each role includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BookRole {
    /// Sees the contacts.
    Viewer,
    /// Changes them.
    Editor,
    /// Shares, renames and deletes the book.
    Owner,
}

impl BookRole {
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Owner];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }
}

/// The text names no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("takes viewer, editor or owner")]
pub struct UnknownBookRole;

impl FromStr for BookRole {
    type Err = UnknownBookRole;

    fn from_str(text: &str) -> Result<Self, UnknownBookRole> {
        let mut all = Self::ALL.into_iter();
        all.find(|role| role.as_str() == text)
            .ok_or(UnknownBookRole)
    }
}

/// A book that a caller may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    pub key: BookKey,
    pub id: BookId,
    pub name: String,
    /// What the caller may do in it.
    pub role: BookRole,
    /// The name of the account that has shared it with the caller; `None` for a book of their own.
    pub shared_by: Option<String>,
}

impl Book {
    /// The book of a Kith without accounts.
    pub fn first() -> Self {
        Self {
            key: BookKey::FIRST,
            id: BookId::FIRST,
            name: "Contacts".to_owned(),
            role: BookRole::Owner,
            shared_by: None,
        }
    }

    /// The name, and who has shared the book.
    pub fn label(&self) -> String {
        match &self.shared_by {
            Some(name) => t!("{book}, shared by {name}", book = self.name, name = name),
            None => self.name.clone(),
        }
    }

    /// Checks that the caller may do what takes this role.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub fn require(&self, role: BookRole) -> Result<(), AppError> {
        if self.role >= role {
            return Ok(());
        }
        let detail = match role {
            BookRole::Owner => {
                t!(
                    "Only an owner of this address book may do that. Ask the person who has shared it with you."
                )
            }
            BookRole::Editor | BookRole::Viewer => {
                t!(
                    "You may read this address book and not change it. Ask the person who has shared it with you."
                )
            }
        };
        Err(AppError::Forbidden {
            detail: detail.to_owned(),
        })
    }
}

/// The books that a caller may see. The first one is shown where none is asked for.
pub type Books = Arc<[Book]>;
