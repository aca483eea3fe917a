//! Pages of contacts in `SQLite`.
//!
//! Without a search, a page is read from the index of its order, from the cursor on, and the
//! total is known. With one, there are two ways, and the total decides between them:
//!
//! - Few contacts match: ask the search table for all of them, and sort those.
//! - Many match: walk the index of the order and look at each contact; the page is full soon.
//!
//! The trash is not in the search tables; it is always walked.

use sqlx::QueryBuilder;
use sqlx::Sqlite;
use sqlx::SqliteConnection;

use super::Stored;
use super::id_bytes;
use super::search;
use super::search::Lookup;
use super::select_contacts;
use crate::server::contacts::query::ContactQuery;
use crate::server::contacts::query::Cursor;
use crate::server::contacts::query::Position;
use crate::server::contacts::query::Scope;
use crate::server::contacts::query::Sort;
use crate::server::contacts::query::SortBy;
use crate::server::contacts::store::ContactPage;
use crate::server::contacts::store::StoreError;

/// Up to this many matches are all looked up and sorted. Measured with 50 000 contacts: looking
/// one up takes 2.5 µs, walking past one 0.3 µs, so both ways take 10 ms at most on either side.
const FEW: u64 = 4096;

/// The connection should be in a transaction.
pub async fn page(
    connection: &mut SqliteConnection,
    query: &ContactQuery,
) -> Result<ContactPage, StoreError> {
    let total: i64 = count_matches(query)
        .build_query_scalar()
        .fetch_one(&mut *connection)
        .await?;
    let total = u64::try_from(total).map_err(|error| StoreError::Internal(error.into()))?;
    if total == 0 {
        return Ok(ContactPage {
            contacts: Vec::new(),
            next: None,
            total,
        });
    }

    let rows = find_page(query, total)
        .build()
        .fetch_all(connection)
        .await?;
    let mut page: Vec<Stored> = rows.iter().map(Stored::read).collect::<Result<_, _>>()?;
    // One contact more than asked for tells whether there is another page.
    let limit = usize::try_from(query.limit().get()).unwrap_or(usize::MAX);
    let next = if page.len() > limit {
        page.truncate(limit);
        page.last().map(|last| behind(last, query.sort()))
    } else {
        None
    };
    let contacts = page.into_iter().map(|stored| stored.contact).collect();
    Ok(ContactPage {
        contacts,
        next,
        total,
    })
}

fn behind(last: &Stored, sort: Sort) -> Cursor {
    let position = match sort.by {
        SortBy::Name => Position::Name(last.search_key.clone()),
        SortBy::Created => Position::Created(last.created_at),
        SortBy::Updated => Position::Updated(last.updated_at),
    };
    Cursor::new(position, sort.descending, last.contact.id)
}

/// How many contacts match, over all pages.
fn count_matches(query: &ContactQuery) -> QueryBuilder<Sqlite> {
    if query.search().is_empty() {
        let mut sql = QueryBuilder::new("SELECT contacts FROM contact_counts WHERE in_trash = ");
        sql.push(in_trash(query.scope()));
        return sql;
    }
    let mut sql = QueryBuilder::new("SELECT count(*) FROM ");
    match query.scope() {
        Scope::Live => {
            let lookup = search::lookup(query.search().words());
            if lookup.left.is_empty() {
                push_match(&mut sql, &lookup);
            } else {
                push_matching_contacts(&mut sql, &lookup);
            }
        }
        Scope::Trash => {
            sql.push("contacts");
            push_walk(&mut sql, SortBy::Name, query);
        }
    }
    sql
}

/// The contacts of a page and one more, in order.
fn find_page(query: &ContactQuery, total: u64) -> QueryBuilder<Sqlite> {
    if query.search().is_empty() || query.scope() == Scope::Trash || total > FEW {
        let mut sql = QueryBuilder::new(select_contacts!(""));
        push_walk(&mut sql, query.sort().by, query);
        push_after(&mut sql, query);
        push_order(&mut sql, query.sort());
        push_limit(&mut sql, query);
        sql
    } else {
        // Two steps, so that only the contacts of the page are read with their notes.
        let mut sql = QueryBuilder::new(select_contacts!(" WHERE seq IN (SELECT seq FROM "));
        push_matching_contacts(&mut sql, &search::lookup(query.search().words()));
        push_after(&mut sql, query);
        push_order(&mut sql, query.sort());
        push_limit(&mut sql, query);
        sql.push(")");
        push_order(&mut sql, query.sort());
        sql
    }
}

/// Behind `contacts`: along the index of an order, looking at every search key.
fn push_walk(sql: &mut QueryBuilder<Sqlite>, order: SortBy, query: &ContactQuery) {
    let index = match order {
        SortBy::Name => "contacts_by_name",
        SortBy::Created => "contacts_by_created",
        SortBy::Updated => "contacts_by_updated",
    };
    sql.push(" INDEXED BY ").push(index);
    sql.push(" WHERE in_trash = ").push(in_trash(query.scope()));
    for word in query.search().words() {
        push_contains(sql, word);
    }
}

/// Behind `FROM`: what a search table finds.
fn push_match(sql: &mut QueryBuilder<Sqlite>, lookup: &Lookup<'_>) {
    sql.push(lookup.table);
    push_match_condition(sql, lookup);
}

/// Behind `FROM`: the contacts that a search table finds, less those that lack a word which it
/// could not look for. The cross join has `SQLite` ask the search table first.
fn push_matching_contacts(sql: &mut QueryBuilder<Sqlite>, lookup: &Lookup<'_>) {
    sql.push(lookup.table)
        .push(" CROSS JOIN contacts ON seq = ")
        .push(lookup.table)
        .push(".rowid");
    push_match_condition(sql, lookup);
    for word in &lookup.left {
        push_contains(sql, word);
    }
}

fn push_match_condition(sql: &mut QueryBuilder<Sqlite>, lookup: &Lookup<'_>) {
    sql.push(" WHERE ")
        .push(lookup.table)
        .push(" MATCH ")
        .push_bind(lookup.expression.clone());
}

fn push_contains(sql: &mut QueryBuilder<Sqlite>, word: &str) {
    sql.push(" AND instr(search_key, ")
        .push_bind(word.to_owned())
        .push(")");
}

/// Behind the cursor, in the direction of the order.
fn push_after(sql: &mut QueryBuilder<Sqlite>, query: &ContactQuery) {
    let Some(after) = query.after() else {
        return;
    };
    let beyond = if query.sort().descending { "<" } else { ">" };
    sql.push(" AND (")
        .push(sort_column(query.sort().by))
        .push(", id) ")
        .push(beyond)
        .push(" (");
    match after.position() {
        Position::Name(key) => sql.push_bind(key.clone()),
        Position::Created(millis) | Position::Updated(millis) => sql.push_bind(*millis),
    };
    sql.push(", ").push_bind(id_bytes(after.id())).push(")");
}

fn push_order(sql: &mut QueryBuilder<Sqlite>, sort: Sort) {
    let direction = if sort.descending { " DESC" } else { "" };
    sql.push(" ORDER BY ")
        .push(sort_column(sort.by))
        .push(direction);
    sql.push(", id").push(direction);
}

fn push_limit(sql: &mut QueryBuilder<Sqlite>, query: &ContactQuery) {
    sql.push(" LIMIT ")
        .push_bind(i64::from(query.limit().get()) + 1);
}

fn sort_column(by: SortBy) -> &'static str {
    match by {
        SortBy::Name => "search_key",
        SortBy::Created => "created_at",
        SortBy::Updated => "updated_at",
    }
}

fn in_trash(scope: Scope) -> &'static str {
    match scope {
        Scope::Live => "0",
        Scope::Trash => "1",
    }
}

#[cfg(test)]
mod tests;
