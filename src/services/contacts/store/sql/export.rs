//! The cards of a book, page by page.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::QueryBuilder;
use kith_database::Tx;

use super::labels;
use super::search;
use super::search::Wanted;
use crate::services::audit_log;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Entry;
use crate::services::audit_log::Kind;
use crate::services::book::BookId;
use crate::services::book::BookKey;
use crate::services::contacts::store::CardPage;
use crate::services::contacts::store::CardsOf;
use crate::services::contacts::store::StoreError;

/// The contacts of a page.
const PAGE: u32 = 100;

/// See [`ContactStore::begin_export`](crate::services::contacts::store::ContactStore::begin_export). Commits.
pub async fn begin(
    mut tx: Tx,
    book: BookId,
    now: Timestamp,
    actor: &Actor,
) -> Result<(), StoreError> {
    let entry = Entry {
        subject: Some(book.0),
        ..Entry::new(actor, Kind::ContactsExported)
    };
    audit_log::record(&mut tx, &entry, now).await?;
    Ok(tx.commit().await?)
}

/// See [`ContactStore::cards`](crate::services::contacts::store::ContactStore::cards).
pub async fn cards(
    connection: &mut Connection,
    book: BookKey,
    of: &CardsOf,
    after: i64,
) -> Result<CardPage, StoreError> {
    let numbers = book.contacts();
    let mut sql = QueryBuilder::new(
        connection.engine(),
        "SELECT seq, card FROM contacts WHERE seq > ",
    );
    sql.push_bind(after.max(numbers.start))
        .push(" AND seq < ")
        .push_bind(numbers.end)
        .push(" AND deleted_at IS NULL");
    search::push_filter(&mut sql, Wanted::all(&of.search));
    labels::push_filter(&mut sql, book, &of.filter);
    sql.push(" ORDER BY seq LIMIT ").push_bind(PAGE);
    let rows: Vec<(i64, Vec<u8>)> = sql.build().fetch_all(connection).await?;
    let last = rows.last().map_or(after, |(seq, _)| *seq);
    let mut bytes = Vec::new();
    for (_, card) in rows {
        bytes.extend_from_slice(&card);
        if !card.ends_with(b"\n") {
            bytes.extend_from_slice(b"\r\n");
        }
    }
    Ok(CardPage { bytes, last })
}
