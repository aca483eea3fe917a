//! The tables that searches ask: which contacts outside the trash have a word in their search key.
//!
//! Each engine has its own. SQLite brings full-text indexes ([`sqlite`]), PostgreSQL indexes of arrays
//! ([`postgres`]). Both find words of any length, at any place of a word of the search key.

mod postgres;
mod sqlite;

use std::collections::BTreeMap;

use kith_database::Connection;
use kith_database::Engine;
use kith_database::Query;
use kith_database::QueryBuilder;
use kith_database::Sql;
use kith_database::Value;
use kith_database::query;

use self::postgres::GramArrays;
use self::sqlite::FullTextTables;
use crate::services::book::BookKey;
use crate::services::contacts::store::StoreError;

/// The contacts that [`add_page`] adds.
const PAGE: i64 = 500;

/// The tables of an engine.
pub trait SearchTables: Sync {
    /// The grams of a search key in a book, as the tables keep them.
    fn grams(&self, book: BookKey, search_key: &str) -> Value<'static>;

    /// Statements that add a contact.
    fn additions<'q>(&self, seq: i64, search_key: &'q str) -> Vec<Query<'q>>;

    /// Statements that remove a contact.
    fn removals(&self, seq: i64) -> Vec<Query<'static>>;

    /// A statement for what the tables have of the contacts whose numbers are above the first parameter and up to the
    /// second: the number, and a text about its entry.
    fn entries(&self) -> &'static str;

    /// The text of [`entries`](Self::entries) for a contact.
    fn entry(&self, seq: i64, search_key: &str) -> String;

    /// Appends, behind `FROM`, rows of which each is a contact of the book that has all these words.
    fn push_matches(&self, sql: &mut QueryBuilder<'_>, book: BookKey, words: &[String]);

    /// Appends, behind `FROM`, the same contacts with their columns. Further conditions can follow, each after
    /// `AND`.
    fn push_contacts(&self, sql: &mut QueryBuilder<'_>, book: BookKey, words: &[String]);
}

/// The tables of this engine.
pub fn tables(engine: Engine) -> &'static dyn SearchTables {
    match engine {
        Engine::Sqlite => &FullTextTables,
        Engine::Postgres => &GramArrays,
    }
}

/// Adds a contact to the tables.
pub async fn add(
    connection: &mut Connection,
    seq: i64,
    search_key: &str,
) -> Result<(), sqlx::Error> {
    for statement in tables(connection.engine()).additions(seq, search_key) {
        statement.execute(connection).await?;
    }
    Ok(())
}

/// What the tables have of contacts, by their numbers: from behind `after` to `last`.
pub async fn entries(
    connection: &mut Connection,
    after: i64,
    last: i64,
) -> Result<BTreeMap<i64, String>, sqlx::Error> {
    let entries: Vec<(i64, String)> = query(tables(connection.engine()).entries())
        .bind(after)
        .bind(last)
        .fetch_all(connection)
        .await?;
    Ok(entries.into_iter().collect())
}

/// Adds the first contacts outside the trash whose `seq` is above `after`, to tables that do not have them. Returns the
/// last `seq` and how many contacts there were, or `None` if there was none.
///
/// # Errors
/// Those of the engine.
pub async fn add_page(
    connection: &mut Connection,
    after: i64,
) -> Result<Option<(i64, u64)>, sqlx::Error> {
    let contacts: Vec<(i64, String)> = query(
        "SELECT seq, search_key FROM contacts WHERE deleted_at IS NULL AND seq > $1
         ORDER BY seq LIMIT $2",
    )
    .bind(after)
    .bind(PAGE)
    .fetch_all(connection)
    .await?;
    for (seq, search_key) in &contacts {
        add(connection, *seq, search_key).await?;
    }
    let last = contacts.last().map(|(seq, _)| *seq);
    Ok(last.map(|last| (last, contacts.len() as u64)))
}

/// Removes a contact from the tables.
pub async fn remove(connection: &mut Connection, seq: i64) -> Result<(), StoreError> {
    for statement in tables(connection.engine()).removals(seq) {
        statement.execute(connection).await?;
    }
    Ok(())
}

/// Appends the condition that the number in this column of a table is that of a contact of the book.
fn push_bounds(sql: &mut QueryBuilder<'_>, [table, column]: [&'static str; 2], book: BookKey) {
    let numbers = book.contacts();
    sql.push(" AND ")
        .push(table)
        .push(column)
        .push(" > ")
        .push_bind(numbers.start)
        .push(" AND ")
        .push(table)
        .push(column)
        .push(" < ")
        .push_bind(numbers.end);
}

/// Appends the condition that a search key holds a word.
pub fn push_contains(sql: &mut QueryBuilder<'_>, word: &str) {
    sql.push(Sql::each("instr(search_key, ", "strpos(search_key, "))
        .push_bind(word.to_owned())
        .push(") > 0");
}
