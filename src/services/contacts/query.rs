//! What a list of contacts is asked for: search, order, page.
//!
//! [`ContactQuery::parse`] is the only way from text to a query, so REST and pages understand
//! the same parameters and refuse the rest in the same words. A list is paged by keyset: each
//! page names the last contact that it showed ([`Cursor`]) and the next one starts behind it, so
//! contacts that come or go in between are neither shown twice nor make others be left out. A page
//! can also name its first contact, so that the page before it is found the same way.

mod cursor;

use std::fmt;
use std::num::NonZeroU32;

use kith_search::Search;
use kith_search::SearchError;

use super::labels::LabelId;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::model::location::ListFilter;

pub use cursor::Cursor;
pub use cursor::Position;

/// Where a page begins that has no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the beginning of the list.
    First,
    /// So that it holds this contact.
    Around(ContactId),
    /// So that it holds the contact that has so many others before it.
    At(u64),
}

/// One page of contacts to ask a store for. The cursor always belongs to the sort, and the limit
/// is never 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactQuery {
    search: Search,
    filter: Filter,
    sort: Sort,
    cursor: Option<Cursor>,
    start: Start,
    limit: NonZeroU32,
    scope: Scope,
}

impl ContactQuery {
    /// From text as a client has sent it. A blank sort or cursor counts as none, because forms send their
    /// empty fields.
    ///
    /// # Errors
    /// [`AppError::BadRequest`], saying what is understood.
    pub fn parse(
        search: &str,
        sort: Option<&str>,
        cursor: Option<&str>,
        limit: NonZeroU32,
        scope: Scope,
    ) -> Result<Self, AppError> {
        let search = parse_search(search)?;
        let sort = match sort.map(str::trim) {
            None | Some("") => Sort::RELEVANCE,
            Some(sort) => Sort::parse(sort)?,
        };
        let is_ranked = !search.is_empty() && scope == Scope::Live;
        let sort = match sort.by {
            SortBy::Relevance if !is_ranked => Sort::default(),
            _ => sort,
        };
        let cursor = match cursor.map(str::trim) {
            None | Some("") => None,
            Some(cursor) => Some(Cursor::parse(cursor, sort)?),
        };
        Ok(Self {
            search,
            filter: Filter::default(),
            sort,
            cursor,
            start: Start::First,
            limit,
            scope,
        })
    }

    /// Only the contacts that the filter lets through.
    pub fn within(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// The page that this contact stands on, when pages are counted from the first contact. A
    /// cursor says more exactly where to begin and comes first; a contact that is not in the list
    /// asks for nothing.
    pub fn around(self, contact: Option<ContactId>) -> Self {
        self.starting(contact.map(Start::Around))
    }

    /// The page with the contact that has so many others before it; behind the end, the last page. Pages are counted from
    /// the first contact, and a cursor comes first, as with [`around`](Self::around).
    pub fn at(self, index: Option<u64>) -> Self {
        self.starting(index.map(Start::At))
    }

    fn starting(self, start: Option<Start>) -> Self {
        match start {
            Some(start) if self.cursor.is_none() => Self { start, ..self },
            _ => self,
        }
    }

    /// A text that begins with `kind`: the same for the same question, and for no other of this kind.
    pub fn name(&self, kind: &str) -> String {
        let scope = match self.scope {
            Scope::Live => "live",
            Scope::Trash => "trash",
        };
        let start = match (&self.cursor, self.start) {
            (Some(cursor), _) => cursor.to_string(),
            // No cursor begins like these.
            (None, Start::Around(contact)) => format!("@{contact}"),
            (None, Start::At(index)) => format!("#{index}"),
            (None, Start::First) => String::new(),
        };
        // A cursor has no blank in it, and a search may have some.
        let words = self.search.key();
        let mut limit = itoa::Buffer::new();
        let limit = limit.format(self.limit.get());
        // Every read names its question, and `format!` takes several times as long.
        let named = [kind, scope, self.sort.as_str(), limit, &start, words].join(" ");
        match self.filter {
            Filter::ALL => named,
            // No search has a line feed in it.
            Filter { label, favourites } => {
                let label = label.map(|label| label.to_string());
                format!("{named}\n{} {favourites}", label.unwrap_or_default())
            }
        }
    }

    pub fn search(&self) -> &Search {
        &self.search
    }

    /// The same list for another search.
    pub fn searching(&self, search: Search) -> Self {
        Self {
            search,
            ..self.clone()
        }
    }

    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// The page begins behind the contact of this cursor, or ends before it.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// Whether the page ends before the contact of the cursor.
    pub fn is_backward(&self) -> bool {
        self.cursor.as_ref().is_some_and(Cursor::is_backward)
    }

    /// Without a cursor: where the page begins.
    pub fn start(&self) -> Start {
        self.start
    }

    /// How many contacts the page has at most.
    pub fn limit(&self) -> NonZeroU32 {
        self.limit
    }

    pub fn scope(&self) -> Scope {
        self.scope
    }
}

/// What to look for, from text as a client has sent it.
///
/// # Errors
/// [`AppError::BadRequest`] when there is too much to look for.
pub fn parse_search(text: &str) -> Result<Search, AppError> {
    Search::parse(text).map_err(|error| {
        AppError::bad_request(match error {
            SearchError::TooLong => t!(
                "Search for at most {most} characters.",
                most = Search::MAX_CHARS,
            ),
            SearchError::TooManyTerms => {
                t!("Search for at most {most} words.", most = Search::MAX_TERMS,)
            }
        })
    })
}

/// What the contacts of a list have in common, apart from a search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// They have this label. No contact has one that does not exist.
    pub label: Option<LabelId>,
    /// They are favourites.
    pub favourites: bool,
}

impl Filter {
    /// Every contact.
    pub const ALL: Self = Self {
        label: None,
        favourites: false,
    };

    /// From text as a client has sent it; blank text asks for nothing.
    ///
    /// # Errors
    /// [`AppError::BadRequest`], saying what is understood.
    pub fn parse(label: &str, favourites: &str) -> Result<Self, AppError> {
        let label = match label {
            "" => None,
            id => Some(id.parse().map_err(|_| {
                AppError::bad_request(t!("A label is named by its id, as /api/labels has it."))
            })?),
        };
        let favourites = match favourites {
            "" | "0" => false,
            "1" => true,
            _ => {
                return Err(AppError::bad_request(t!(
                    "Favourites are asked for by 1 or 0."
                )));
            }
        };
        Ok(Self { label, favourites })
    }

    /// The filter of a page.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub fn of(filter: &ListFilter) -> Result<Self, AppError> {
        let favourites = if filter.favourites { "1" } else { "" };
        Self::parse(&filter.label, favourites)
    }
}

/// Which contacts a list is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Scope {
    #[default]
    Live,
    /// Deleted contacts that can be restored.
    Trash,
}

/// The order of a list. Ties are broken by id, in the same direction, so the order is total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sort {
    pub by: SortBy,
    pub descending: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SortBy {
    /// By folded name, then by folded address. The order of scripts is that of Unicode.
    #[default]
    Name,
    /// By last name; see [`SortKeys`](super::sort_keys::SortKeys).
    Family,
    Company,
    Created,
    Updated,
    /// By [`Frecency`](super::frecency::Frecency); only backwards, the contacts that are used most first.
    Frequent,
    /// The best matches of a search first, and by name those that match equally well. Without a search, by name.
    Relevance,
}

impl Sort {
    pub const RELEVANCE: Self = Self {
        by: SortBy::Relevance,
        descending: false,
    };

    pub const FREQUENT: Self = Self {
        by: SortBy::Frequent,
        descending: true,
    };

    pub const ALL: [Self; 12] = [
        Self::RELEVANCE,
        Self {
            by: SortBy::Name,
            descending: false,
        },
        Self {
            by: SortBy::Name,
            descending: true,
        },
        Self {
            by: SortBy::Family,
            descending: false,
        },
        Self {
            by: SortBy::Family,
            descending: true,
        },
        Self {
            by: SortBy::Company,
            descending: false,
        },
        Self {
            by: SortBy::Company,
            descending: true,
        },
        Self {
            by: SortBy::Created,
            descending: false,
        },
        Self {
            by: SortBy::Created,
            descending: true,
        },
        Self {
            by: SortBy::Updated,
            descending: false,
        },
        Self {
            by: SortBy::Updated,
            descending: true,
        },
        Self::FREQUENT,
    ];

    /// # Errors
    /// [`AppError::BadRequest`] with the choices.
    pub fn parse(text: &str) -> Result<Self, AppError> {
        Self::ALL
            .into_iter()
            .find(|sort| sort.as_str() == text)
            .ok_or_else(|| {
                let choices = Self::ALL.map(Self::as_str).join(", ");
                AppError::bad_request(t!("Sort by one of: {choices}.", choices = choices))
            })
    }

    /// As in `sort=`.
    pub fn as_str(self) -> &'static str {
        match (self.by, self.descending) {
            (SortBy::Name, false) => "name",
            (SortBy::Name, true) => "-name",
            (SortBy::Family, false) => "family",
            (SortBy::Family, true) => "-family",
            (SortBy::Company, false) => "company",
            (SortBy::Company, true) => "-company",
            (SortBy::Created, false) => "created",
            (SortBy::Created, true) => "-created",
            (SortBy::Updated, false) => "updated",
            (SortBy::Updated, true) => "-updated",
            (SortBy::Frequent, _) => "frequent",
            (SortBy::Relevance, _) => "relevance",
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
