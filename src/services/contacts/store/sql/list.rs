//! Pages of contacts.
//!
//! Without a search, a page is read from the index of its order, from the cursor on, and the
//! total is known. With one, there are two ways, and the total decides between them:
//!
//! - Few contacts match: ask the search table for all of them, and sort those.
//! - Many match: walk the index of the order and look at each contact; the page is full soon.
//!
//! A label or the favourites narrow this down in the same two ways: few of them are looked up and sorted, and of many
//! the order is walked.
//!
//! The trash is not in the search tables; it is always walked.

use kith_database::Connection;
use kith_database::Engine;
use kith_database::Query;
use kith_database::QueryBuilder;
use kith_database::Sql;
use kith_database::query;

use super::labels;
use super::row;
use super::row::FOR_LISTS;
use super::row::Place;
use super::row::Stored;
use super::row::WHOLE;
use super::row::id_bytes;
use super::search;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::labels::is_favourite;
use crate::services::contacts::query::ContactQuery;
use crate::services::contacts::query::Cursor;
use crate::services::contacts::query::Filter;
use crate::services::contacts::query::Position;
use crate::services::contacts::query::Scope;
use crate::services::contacts::query::Sort;
use crate::services::contacts::query::SortBy;
use crate::services::contacts::store::ContactPage;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::Stretch;

/// What names the state of the contacts of a book on a server, and on a replica that has the same: the generation without
/// what depends on the server. A list takes long enough for a replica to be worth this. One contact does not.
pub fn state(book: BookKey) -> Query<'static> {
    query("SELECT tag, bit_xor(generation) FROM generation_slots WHERE tag = $1 GROUP BY tag")
        .bind(CONTACTS.part(book.0).to_string())
}

/// A page of a list of one book.
pub struct List {
    book: BookKey,
    query: ContactQuery,
}

/// Up to this many matches are all looked up and sorted. Measured with 50 000 contacts: looking
/// one up takes 2.5 µs, walking past one 0.3 µs, so both ways take 10 ms at most on either side.
const MAX_SORTED_MATCHES: u64 = 4096;

impl List {
    pub fn new(book: BookKey, query: ContactQuery) -> Self {
        Self { book, query }
    }

    /// The connection should be in a transaction.
    pub async fn page(&self, connection: &mut Connection) -> Result<ContactPage, StoreError> {
        let total = fetch_count(connection, count_matches(connection.engine(), self)).await?;
        let found = find(connection, WHOLE, self, total, 0).await?;
        Ok(found.into_page(&self.query, total))
    }

    /// The connection should be in a transaction.
    pub async fn stretch(&self, connection: &mut Connection) -> Result<Stretch, StoreError> {
        stretch(connection, self).await
    }
}

async fn stretch(connection: &mut Connection, list: &List) -> Result<Stretch, StoreError> {
    let query = &list.query;
    let total = fetch_count(connection, count_matches(connection.engine(), list)).await?;
    let skipped = match query.contact() {
        Some(id) => before_page_of(connection, list, total, id).await?,
        None => 0,
    };
    let mut found = find(connection, FOR_LISTS, list, total, skipped).await?;
    let start = match (found.contacts.first(), query.cursor()) {
        (Some(first), _) => Some(edge(first, query.sort()).before()),
        // Nothing is left on this side of the cursor: the page is empty, and stands at the cursor.
        (None, Some(cursor)) if cursor.is_backward() => Some(cursor.clone()),
        (None, cursor) => cursor.map(Cursor::turned),
    };
    let offset = match (&start, query.cursor()) {
        (Some(start), Some(_)) => {
            fetch_count(
                connection,
                count_before(connection.engine(), list, total, start),
            )
            .await?
        }
        _ => skipped,
    };
    found.more = offset + (found.contacts.len() as u64) < total;
    Ok(Stretch {
        page: found.into_page(query, total),
        offset,
        previous: start.filter(|_| offset > 0),
    })
}

/// How many contacts stand before the page that a contact is on; none before the first page, which
/// is that of a contact that does not match.
async fn before_page_of(
    connection: &mut Connection,
    list: &List,
    total: u64,
    id: ContactId,
) -> Result<u64, StoreError> {
    let query = &list.query;
    let matches = |stored: &Stored| {
        let mut words = query.search().words().iter();
        stored.in_trash == (query.scope() == Scope::Trash)
            && words.all(|word| stored.search_key.contains(word.as_str()))
            && (!query.filter().favourites || is_favourite(&stored.contact.fields))
    };
    let Some(stored) = row::find(
        connection,
        Place {
            book: list.book,
            id,
        },
    )
    .await?
    .filter(matches) else {
        return Ok(0);
    };
    if let Some(label) = query.filter().label
        && !labels::has(connection, label, stored.seq).await?
    {
        return Ok(0);
    }
    let place = edge(&stored, query.sort()).before();
    let before = fetch_count(
        connection,
        count_before(connection.engine(), list, total, &place),
    )
    .await?;
    Ok(before - before % u64::from(query.limit().get()))
}

async fn fetch_count(
    connection: &mut Connection,
    sql: QueryBuilder<'_>,
) -> Result<u64, StoreError> {
    let count: i64 = sql.build().fetch_one(connection).await?;
    u64::try_from(count).map_err(|error| StoreError::Internal(error.into()))
}

/// The contacts of a page, in order, and whether others come behind them.
struct Found {
    contacts: Vec<Stored>,
    more: bool,
}

impl Found {
    fn into_page(self, query: &ContactQuery, total: u64) -> ContactPage {
        let end = match self.contacts.last() {
            Some(last) => Some(edge(last, query.sort())),
            None => query.cursor().map(Cursor::turned),
        };
        ContactPage {
            next: end.filter(|_| self.more),
            contacts: self
                .contacts
                .into_iter()
                .map(|stored| stored.contact)
                .collect(),
            total,
        }
    }
}

async fn find(
    connection: &mut Connection,
    select: &'static str,
    list: &List,
    total: u64,
    skipped: u64,
) -> Result<Found, StoreError> {
    let query = &list.query;
    if total == 0 {
        return Ok(Found {
            contacts: Vec::new(),
            more: false,
        });
    }
    let rows = find_page(connection.engine(), select, list, total, skipped)
        .build()
        .fetch_all(connection)
        .await?;
    let mut contacts: Vec<Stored> = rows.iter().map(Stored::read).collect::<Result<_, _>>()?;
    // One contact more than asked for tells whether there is another page.
    let limit = usize::try_from(query.limit().get()).unwrap_or(usize::MAX);
    let beyond = contacts.len() > limit;
    contacts.truncate(limit);
    let backward = is_backward(query);
    if backward {
        contacts.reverse();
    }
    Ok(Found {
        // A page that was found from behind does not show whether the contact is still there that it
        // was found from; only `stretch` counts.
        more: beyond || backward,
        contacts,
    })
}

fn is_backward(query: &ContactQuery) -> bool {
    query.cursor().is_some_and(Cursor::is_backward)
}

/// The place behind a contact.
fn edge(contact: &Stored, sort: Sort) -> Cursor {
    let position = match sort.by {
        SortBy::Name => Position::Name(contact.search_key.clone()),
        SortBy::Created => Position::Created(contact.created_at),
        SortBy::Updated => Position::Updated(contact.updated_at),
    };
    Cursor::new(position, sort.descending, contact.contact.id)
}

/// How many contacts match, over all pages.
fn count_matches(engine: Engine, list: &List) -> QueryBuilder<'static> {
    let query = &list.query;
    if query.search().is_empty() && *query.filter() != Filter::ALL {
        let mut sql = QueryBuilder::new(engine, "SELECT count(*) FROM ");
        match query.filter() {
            Filter {
                label: Some(label),
                favourites: false,
            } => {
                sql.push("contact_labels WHERE label = ");
                labels::push_label(&mut sql, list.book, *label);
            }
            _ => push_filtered(&mut sql, list),
        }
        return sql;
    }
    if query.search().is_empty() {
        // A book without contacts may have no count.
        let select = "SELECT coalesce(max(contacts), 0) FROM contact_counts WHERE in_trash = ";
        let mut sql = QueryBuilder::new(engine, select);
        sql.push(in_trash(query.scope()))
            .push(" AND book = ")
            .push_bind(list.book.0);
        return sql;
    }
    let mut sql = QueryBuilder::new(engine, "SELECT count(*) FROM ");
    match query.scope() {
        Scope::Live => {
            push_found(&mut sql, list);
        }
        Scope::Trash => {
            sql.push("contacts");
            push_walk(&mut sql, SortBy::Name, list);
        }
    }
    sql
}

/// How many of the contacts that match stand before the contact of a backward cursor.
fn count_before(engine: Engine, list: &List, total: u64, cursor: &Cursor) -> QueryBuilder<'static> {
    let query = &list.query;
    let mut sql = QueryBuilder::new(engine, "SELECT count(*) FROM ");
    if is_walked(query, total) {
        sql.push("contacts");
        push_walk(&mut sql, query.sort().by, list);
    } else {
        push_few(&mut sql, list);
    }
    push_beyond(&mut sql, cursor);
    sql
}

fn is_walked(query: &ContactQuery, total: u64) -> bool {
    let is_whole = query.search().is_empty() && *query.filter() == Filter::ALL;
    is_whole || query.scope() == Scope::Trash || total > MAX_SORTED_MATCHES
}

/// The contacts of a page and one more, in order; from the last to the first where the page is
/// found from behind.
fn find_page(
    engine: Engine,
    select: &'static str,
    list: &List,
    total: u64,
    skipped: u64,
) -> QueryBuilder<'static> {
    let query = &list.query;
    let sort = Sort {
        descending: query.sort().descending != is_backward(query),
        ..query.sort()
    };
    let push_page = |sql: &mut QueryBuilder<'_>| {
        if let Some(cursor) = query.cursor() {
            push_beyond(sql, cursor);
        }
        push_order(sql, sort);
        push_limit(sql, query, skipped);
    };
    let mut sql = QueryBuilder::new(engine, select);
    if is_walked(query, total) {
        push_walk(&mut sql, sort.by, list);
        push_page(&mut sql);
    } else {
        // Two steps, so that only the contacts of the page are read with their notes.
        sql.push(" WHERE seq IN (SELECT seq FROM ");
        push_few(&mut sql, list);
        push_page(&mut sql);
        sql.push(")");
        push_order(&mut sql, sort);
    }
    sql
}

/// Behind `contacts`: along the index of an order, looking at every search key. PostgreSQL takes that index by
/// itself.
fn push_walk(sql: &mut QueryBuilder<'_>, order: SortBy, list: &List) {
    let query = &list.query;
    sql.push(match order {
        SortBy::Name => Sql::each(" INDEXED BY contacts_by_name", ""),
        SortBy::Created => Sql::each(" INDEXED BY contacts_by_created", ""),
        SortBy::Updated => Sql::each(" INDEXED BY contacts_by_updated", ""),
    });
    sql.push(" WHERE book = ")
        .push_bind(list.book.0)
        .push(" AND in_trash = ")
        .push(in_trash(query.scope()));
    for word in query.search().words() {
        sql.push(" AND ");
        search::push_contains(sql, word);
    }
    labels::push_filter(sql, list.book, list.query.filter());
}

/// Behind `FROM`: the contacts of a list that has few.
fn push_few(sql: &mut QueryBuilder<'_>, list: &List) {
    let query = &list.query;
    if query.search().is_empty() {
        push_filtered(sql, list);
    } else {
        search::tables(sql.engine()).push_contacts(sql, list.book, query.search().words());
        labels::push_filter(sql, list.book, list.query.filter());
    }
}

/// Behind `FROM`: rows of which each is a contact that the search finds, and the filter lets through.
fn push_found(sql: &mut QueryBuilder<'_>, list: &List) {
    let (words, filter) = (list.query.search().words(), list.query.filter());
    let tables = search::tables(sql.engine());
    if *filter == Filter::ALL {
        tables.push_matches(sql, list.book, words);
    } else {
        tables.push_contacts(sql, list.book, words);
        labels::push_filter(sql, list.book, list.query.filter());
    }
}

/// Behind `FROM`: the contacts that the filter lets through, by an index of its own.
fn push_filtered(sql: &mut QueryBuilder<'_>, list: &List) {
    let filter = list.query.filter();
    if filter.favourites {
        sql.push(Sql::each(
            "contacts INDEXED BY contacts_favourites",
            "contacts",
        ))
        .push(" WHERE book = ")
        .push_bind(list.book.0)
        .push(" AND in_trash = FALSE");
        labels::push_filter(sql, list.book, list.query.filter());
    } else if let Some(label) = filter.label {
        // The cross join has SQLite ask the labels first.
        sql.push(Sql::each(
            "contact_labels CROSS JOIN contacts ON contacts.seq = contact",
            "contact_labels JOIN contacts ON contacts.seq = contact",
        ))
        .push(" WHERE label = ");
        labels::push_label(sql, list.book, label);
    }
}

/// On the cursor's side of its contact.
fn push_beyond(sql: &mut QueryBuilder<'_>, cursor: &Cursor) {
    let sort = cursor.sort();
    let beyond = if sort.descending == cursor.is_backward() {
        ">"
    } else {
        "<"
    };
    sql.push(" AND (")
        .push(match sort.by {
            SortBy::Name => Sql::each("search_key", "left(search_key, 250), search_key"),
            SortBy::Created => "created_at".into(),
            SortBy::Updated => "updated_at".into(),
        })
        .push(", id) ")
        .push(beyond)
        .push(" (");
    match cursor.position() {
        Position::Name(key) => {
            if sql.engine() == Engine::Postgres {
                sql.push("left(").push_bind(key.clone()).push(", 250), ");
            }
            sql.push_bind(key.clone());
        }
        Position::Created(millis) | Position::Updated(millis) => {
            sql.push_bind(*millis);
        }
    }
    sql.push(", ").push_bind(id_bytes(cursor.id())).push(")");
}

/// PostgreSQL has the first characters of a search key in its index, and sorts by the rest what begins alike. See
/// `migrations/postgres/0001_contacts.sql`.
fn push_order(sql: &mut QueryBuilder<'_>, sort: Sort) {
    let direction = if sort.descending { " DESC" } else { "" };
    sql.push(" ORDER BY ");
    match sort.by {
        SortBy::Name => {
            if sql.engine() == Engine::Postgres {
                sql.push("left(search_key, 250)").push(direction).push(", ");
            }
            sql.push("search_key")
        }
        SortBy::Created => sql.push("created_at"),
        SortBy::Updated => sql.push("updated_at"),
    };
    sql.push(direction).push(", id").push(direction);
}

fn push_limit(sql: &mut QueryBuilder<'_>, query: &ContactQuery, skipped: u64) {
    sql.push(" LIMIT ")
        .push_bind(i64::from(query.limit().get()) + 1);
    if skipped > 0 {
        sql.push(" OFFSET ")
            .push_bind(i64::try_from(skipped).unwrap_or(i64::MAX));
    }
}

fn in_trash(scope: Scope) -> &'static str {
    match scope {
        Scope::Live => "FALSE",
        Scope::Trash => "TRUE",
    }
}

#[cfg(test)]
mod tests;
