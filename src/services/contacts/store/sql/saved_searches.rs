//! Searches that people keep.

use kith_database::Connection;
use kith_database::Sql;
use kith_database::query;

use crate::services::book::BookKey;
use crate::services::contacts::saved_search::MAX_SAVED_SEARCHES;
use crate::services::contacts::saved_search::SavedSearch;
use crate::services::contacts::store::StoreError;

const LIST: &str = "SELECT search FROM saved_searches WHERE book = $1 ORDER BY search";

const KEEP: Sql = Sql::new(
    "INSERT INTO saved_searches (book, search)
     SELECT $1, CAST($2 AS TEXT) WHERE (SELECT count(*) FROM saved_searches WHERE book = $1) < $3
     ON CONFLICT DO NOTHING",
);

const FIND: &str = "SELECT search FROM saved_searches WHERE book = $1 AND search = $2";

const FORGET: &str = "DELETE FROM saved_searches WHERE book = $1 AND search = $2";

pub async fn list(connection: &mut Connection, book: BookKey) -> Result<Vec<String>, StoreError> {
    Ok(query(LIST).bind(book.0).fetch_all(connection).await?)
}

/// See [`ContactStore::keep_search`](crate::services::contacts::store::ContactStore::keep_search).
pub async fn keep(
    tx: &mut Connection,
    book: BookKey,
    search: &SavedSearch,
) -> Result<bool, StoreError> {
    query(KEEP)
        .bind(book.0)
        .bind(search.as_str())
        .bind(i64::from(MAX_SAVED_SEARCHES))
        .execute(&mut *tx)
        .await?;
    let found: Option<String> = query(FIND)
        .bind(book.0)
        .bind(search.as_str())
        .fetch_optional(tx)
        .await?;
    Ok(found.is_some())
}

pub async fn forget(
    tx: &mut Connection,
    book: BookKey,
    search: &SavedSearch,
) -> Result<(), StoreError> {
    query(FORGET)
        .bind(book.0)
        .bind(search.as_str())
        .execute(tx)
        .await?;
    Ok(())
}
