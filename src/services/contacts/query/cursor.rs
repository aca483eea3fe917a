//! [`Cursor`]: where a page of contacts ends or begins.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kith_search::Tier;
use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use super::Sort;
use super::SortBy;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::language::t;

const BACKWARD: &str = "<";

/// A contact at the edge of a page, by what the list is sorted by and by its id, and to which side
/// of it the next page lies.
///
/// As text it is opaque: base64url without padding. It is not secret and not signed: a client
/// that makes one up starts a page somewhere, which the other parameters allow anyway. It carries
/// folded names, so it belongs in no log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Cursor {
    position: Position,
    descending: bool,
    id: ContactId,
    backward: bool,
}

/// Where a contact stands in a list, by what the list is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// The key of its name; see [`SortKeys`](crate::services::contacts::sort_keys::SortKeys).
    Name(String),
    /// The key of its last name.
    Family(String),
    /// The key of its company.
    Company(String),
    /// When it was created, in milliseconds since the epoch.
    Created(i64),
    /// When it was last changed, in milliseconds since the epoch.
    Updated(i64),
    /// How much it is used; see [`Frecency`](crate::services::contacts::frecency::Frecency).
    Frequent(i64),
    /// How well it matches a search, and its key as in `Name`.
    Relevance(Tier, String),
}

impl Position {
    /// The key, where a list is sorted by keys.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Name(key) | Self::Family(key) | Self::Company(key) | Self::Relevance(_, key) => {
                Some(key)
            }
            Self::Created(_) | Self::Updated(_) | Self::Frequent(_) => None,
        }
    }

    fn sorted_by(&self) -> SortBy {
        match self {
            Self::Name(_) => SortBy::Name,
            Self::Family(_) => SortBy::Family,
            Self::Company(_) => SortBy::Company,
            Self::Created(_) => SortBy::Created,
            Self::Updated(_) => SortBy::Updated,
            Self::Frequent(_) => SortBy::Frequent,
            Self::Relevance(..) => SortBy::Relevance,
        }
    }
}

impl Cursor {
    /// Longer than any cursor that Kith makes: the longest [key](crate::services::contacts::fold::search_key) has 1,000
    /// bytes.
    pub const MAX_TEXT_BYTES: usize = 2 * 1024;

    /// The place behind the contact `id` in a list that is sorted by what `position` says.
    pub fn new(position: Position, descending: bool, id: ContactId) -> Self {
        Self {
            position,
            descending,
            id,
            backward: false,
        }
    }

    /// The place before the same contact.
    pub fn before(self) -> Self {
        Self {
            backward: true,
            ..self
        }
    }

    /// The same place from the other side, where the contact itself comes first. No contact has an id
    /// of only zeros or only ones, so these ids stand before and behind every contact.
    pub fn turned(&self) -> Self {
        let backward = !self.backward;
        let id = if backward == self.descending {
            Uuid::nil()
        } else {
            Uuid::max()
        };
        Self {
            id: ContactId::new(id),
            backward,
            ..self.clone()
        }
    }

    /// # Errors
    /// [`AppError::BadRequest`] for text that is no cursor, or that of a list in another order.
    pub fn parse(text: &str, sort: Sort) -> Result<Self, AppError> {
        let cursor = Self::decode(text).ok_or_else(|| {
            AppError::bad_request(t!("This cursor cannot be read. Start again without it."))
        })?;
        if cursor.sort() != sort {
            return Err(AppError::bad_request(t!(
                "This cursor belongs to another sort. Start again without it."
            )));
        }
        Ok(cursor)
    }

    fn decode(text: &str) -> Option<Self> {
        if text.len() > Self::MAX_TEXT_BYTES {
            return None;
        }
        let lines = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        // Folded text has no NUL, and PostgreSQL takes none.
        if lines.contains('\0') {
            return None;
        }
        let (sort, lines) = lines.split_once('\n')?;
        let (id, value) = lines.split_once('\n')?;
        let (backward, sort) = match sort.strip_prefix(BACKWARD) {
            Some(sort) => (true, sort),
            None => (false, sort),
        };
        let sort = Sort::parse(sort).ok()?;
        let position = match sort.by {
            SortBy::Name => Position::Name(value.to_owned()),
            SortBy::Family => Position::Family(value.to_owned()),
            SortBy::Company => Position::Company(value.to_owned()),
            SortBy::Created => Position::Created(value.parse().ok()?),
            SortBy::Updated => Position::Updated(value.parse().ok()?),
            SortBy::Frequent => Position::Frequent(value.parse().ok()?),
            SortBy::Relevance => {
                let (tier, key) = value.split_once('\n')?;
                let tier: usize = tier.parse().ok()?;
                Position::Relevance(*Tier::ALL.get(tier)?, key.to_owned())
            }
        };
        Some(Self {
            backward,
            ..Self::new(position, sort.descending, id.parse().ok()?)
        })
    }

    /// The order of the list that it belongs to.
    pub fn sort(&self) -> Sort {
        Sort {
            by: self.position.sorted_by(),
            descending: self.descending,
        }
    }

    pub fn position(&self) -> &Position {
        &self.position
    }

    pub fn id(&self) -> ContactId {
        self.id
    }

    /// Whether the page lies before the contact, not behind it.
    pub fn is_backward(&self) -> bool {
        self.backward
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

impl TryFrom<String> for Cursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::decode(&text).ok_or("not a cursor")
    }
}

/// The opaque text: sort, id and value on a line each. The value comes last because a key has a
/// line feed of its own. The sort of a backward cursor begins with [`BACKWARD`].
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.backward { BACKWARD } else { "" };
        let head = format!("{side}{}\n{}\n", self.sort(), self.id);
        let lines = match &self.position {
            Position::Name(key) | Position::Family(key) | Position::Company(key) => head + key,
            Position::Created(number) | Position::Updated(number) | Position::Frequent(number) => {
                head + &number.to_string()
            }
            Position::Relevance(tier, key) => {
                let tier = Tier::ALL.iter().position(|one| one == tier);
                format!("{head}{}\n{key}", tier.unwrap_or_default())
            }
        };
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(lines))
    }
}
