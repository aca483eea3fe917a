//! What is read of a page.

use kith_database::Row;
use kith_search::Search;
use kith_search::Tier;

use crate::model::contact::Contact;
use crate::services::contacts::letters::LetterOrder;
use crate::services::contacts::letters::heading;
use crate::services::contacts::query::ContactQuery;
use crate::services::contacts::query::Cursor;
use crate::services::contacts::query::Position;
use crate::services::contacts::query::Scope;
use crate::services::contacts::query::Sort;
use crate::services::contacts::query::SortBy;
use crate::services::contacts::search_marks::Marked;
use crate::services::contacts::search_marks::Marker;
use crate::services::contacts::store::ContactPage;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::Stretch;
use crate::services::contacts::store::sql::row::Columns;
use crate::services::contacts::store::sql::row::Rest;
use crate::services::contacts::store::sql::row::Stored;
use crate::services::contacts::store::sql::row::read_contact;

/// A contact of a list, and where it stands there.
pub struct Listed {
    position: Position,
    contact: Contact,
    /// What a search may have found besides what the list shows.
    rest: Option<Rest>,
}

impl Listed {
    /// From a row whose column `place` is the one that the list is sorted by.
    pub fn read(
        row: &Row,
        query: &ContactQuery,
        columns: Columns,
        tier: Tier,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            position: read_position(row, query.sort(), tier)?,
            contact: read_contact(row, columns, query.scope() == Scope::Trash)?,
            rest: match columns {
                Columns::ForMarks => Some(Rest::read(row)?),
                Columns::All | Columns::ForLists => None,
            },
        })
    }

    pub fn of(stored: Stored, sort: Sort, tier: Tier) -> Self {
        let position = match sort.by {
            SortBy::Name => Position::Name(stored.keys.name),
            SortBy::Family => Position::Family(stored.keys.family),
            SortBy::Company => Position::Company(stored.keys.company),
            SortBy::Created => Position::Created(stored.created_at),
            SortBy::Updated => Position::Updated(stored.updated_at),
            SortBy::Frequent => Position::Frequent(stored.frecency),
            SortBy::Relevance => Position::Relevance(tier, stored.keys.name),
        };
        Self {
            position,
            contact: stored.contact,
            rest: None,
        }
    }

    /// The place behind the contact.
    pub fn edge(&self, sort: Sort) -> Cursor {
        Cursor::new(self.position.clone(), sort.descending, self.contact.id)
    }
}

/// The position of a row by its column `place`.
pub fn read_position(row: &Row, sort: Sort, tier: Tier) -> Result<Position, StoreError> {
    Ok(match sort.by {
        SortBy::Name => Position::Name(row.get("place")?),
        SortBy::Family => Position::Family(row.get("place")?),
        SortBy::Company => Position::Company(row.get("place")?),
        SortBy::Created => Position::Created(row.get("place")?),
        SortBy::Updated => Position::Updated(row.get("place")?),
        SortBy::Frequent => Position::Frequent(row.get("place")?),
        SortBy::Relevance => Position::Relevance(tier, row.get("place")?),
    })
}

/// Where a page stands in its list.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// How many contacts stand before it.
    pub offset: u64,
    /// How many contacts the list has.
    pub total: u64,
}

/// The contacts of a page, in order, and whether others come behind them.
pub struct Found {
    contacts: Vec<Listed>,
    more: bool,
}

impl Found {
    /// How many rows are read: one contact more than asked for tells whether there is another page.
    pub fn most_rows(query: &ContactQuery) -> u64 {
        u64::from(query.limit().get()) + 1
    }

    /// From the contacts on the side of the cursor, of which one more than asked for may have been read.
    pub fn new(query: &ContactQuery, mut contacts: Vec<Listed>) -> Self {
        let limit = usize::try_from(query.limit().get()).unwrap_or(usize::MAX);
        let beyond = contacts.len() > limit;
        contacts.truncate(limit);
        if query.is_backward() {
            contacts.reverse();
        }
        Self {
            // A page that was found from behind does not show whether the contact is still there that it
            // was found from; only `into_stretch` counts.
            more: beyond || query.is_backward(),
            contacts,
        }
    }

    pub fn len(&self) -> u64 {
        self.contacts.len() as u64
    }

    /// The place before the first contact.
    pub fn start(&self, sort: Sort) -> Option<Cursor> {
        let first = self.contacts.first();
        first.map(|first| first.edge(sort).before())
    }

    /// Says where a search has found the contacts.
    fn marked(&self, search: &Search) -> Result<Vec<Marked>, StoreError> {
        let marker = Marker::new(search);
        let marked = self.contacts.iter().filter_map(|listed| {
            let rest = listed.rest.as_ref()?;
            let contact = &listed.contact;
            Some(marker.marked(contact, || rest.fields(contact)))
        });
        marked.collect()
    }

    /// See [`Stretch::headings`].
    fn headings(&self, sort: Sort) -> Vec<String> {
        if LetterOrder::of(sort).is_none() {
            return Vec::new();
        }
        let headings = self.contacts.iter().map(|listed| {
            let first = listed.position.key().and_then(|key| key.chars().next());
            first.and_then(heading).unwrap_or_default()
        });
        headings.collect()
    }

    /// The page. It begins at `start`, before its first contact.
    pub fn into_stretch(
        mut self,
        query: &ContactQuery,
        start: Option<Cursor>,
        Standing { offset, total }: Standing,
    ) -> Result<Stretch, StoreError> {
        let marked = self.marked(query.search())?;
        let headings = self.headings(query.sort());
        self.more = offset + self.len() < total;
        Ok(Stretch {
            page: self.into_page(query, total),
            offset,
            previous: start.filter(|_| offset > 0),
            marked,
            headings,
            corrected: None,
        })
    }

    pub fn into_page(self, query: &ContactQuery, total: u64) -> ContactPage {
        let end = match self.contacts.last() {
            Some(last) => Some(last.edge(query.sort())),
            None => query.cursor().map(Cursor::turned),
        };
        let contacts = self.contacts.into_iter();
        ContactPage {
            next: end.filter(|_| self.more),
            contacts: contacts.map(|listed| listed.contact).collect(),
            total,
        }
    }
}
