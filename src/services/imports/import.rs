//! [`Import`]: a file that is imported, and what has become of it.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::services::book::BookKey;

/// Identifies an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Uuid)]
pub struct ImportId(pub Uuid);

impl fmt::Display for ImportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ImportId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// Where an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImportState {
    /// The file is arriving.
    Receiving,
    /// It waits for its turn, or is under way.
    Running,
    /// The whole file was read.
    Done,
    /// It has ended early. What it has added stays.
    Failed,
    /// A person has ended it. What it has added stays.
    Cancelled,
    /// What it has added is being removed.
    Undoing,
    /// What it has added is removed, but for what was changed since.
    Undone,
}

impl ImportState {
    const ALL: [Self; 7] = [
        Self::Receiving,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Undoing,
        Self::Undone,
    ];

    /// As the database has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether Kith still works on it.
    pub fn is_at_work(self) -> bool {
        matches!(self, Self::Receiving | Self::Running | Self::Undoing)
    }

    /// Whether what it has added is still there.
    pub fn can_be_undone(self) -> bool {
        matches!(
            self,
            Self::Running | Self::Done | Self::Failed | Self::Cancelled
        )
    }
}

/// A file that is imported. Its JSON is what the API answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Import {
    #[serde(skip)]
    pub seq: i64,
    pub id: ImportId,
    #[serde(skip)]
    pub book: BookKey,
    pub state: ImportState,
    /// The name of the file; empty if a program has sent it.
    pub file: String,
    /// Who has sent it: the name of an account, or an address.
    pub actor: String,
    /// Whether each new contact gets a welcome email.
    pub welcome: bool,
    /// The size of the file in bytes.
    pub bytes: u64,
    /// How many of these bytes are read.
    pub processed: u64,
    /// How many cards are read, together with what could not be read.
    pub read: u64,
    /// How many contacts it has added.
    pub added: u64,
    /// How many cards the address book had already.
    pub known: u64,
    /// How many cards could not be read, together with what is no card.
    pub broken: u64,
    /// How many contacts an undo has removed.
    pub removed: u64,
    /// How many contacts an undo has left, because they were changed since.
    pub kept: u64,
    /// Why it has ended early; null otherwise.
    #[schema(required = true)]
    pub why: Option<String>,
    /// RFC 3339, UTC, milliseconds.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// The same; null while it is under way.
    #[schema(required = true, format = DateTime)]
    pub finished_at: Option<String>,
}

/// A part of a file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Its first line in the file, or the line that is wrong, counted from 1.
    pub line: u64,
    /// What is wrong, in plain words.
    pub reason: String,
}
