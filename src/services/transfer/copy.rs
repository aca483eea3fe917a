//! Copying the rows of a table, and reading them again.

use kith_database::Connection;
use kith_database::Engine;
use kith_database::QueryBuilder;
use kith_database::Row;
use kith_database::Value;

use super::fingerprint::Fingerprint;
use super::progress::Progress;
use super::tables::Table;
use crate::services::book::BookKey;

/// The most rows that one statement inserts. SQLite looks through the names of all parameters for each of them.
const INSERTED: usize = 50;

/// What a database has failed at.
pub enum Failed {
    Reading(sqlx::Error),
    Writing(sqlx::Error),
}

/// Copies all rows. What triggers of the target have written into the table goes away.
pub async fn copy(
    table: &Table,
    source: &mut Connection,
    target: &mut Connection,
    progress: &mut Progress,
) -> Result<Fingerprint, Failed> {
    empty(table, target).await.map_err(Failed::Writing)?;
    let mut fingerprint = Fingerprint::default();
    let mut pages = Pages::of(table);
    while let Some(mut rows) = pages.next(source).await.map_err(Failed::Reading)? {
        progress.advance(rows.len() as u64);
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(INSERTED));
            for row in &rows {
                fingerprint.add(row);
            }
            let inserted = insert(table, rows, target).await;
            inserted.map_err(Failed::Writing)?;
            rows = rest;
        }
    }
    number_on(table, target).await.map_err(Failed::Writing)?;
    Ok(fingerprint)
}

/// The fingerprint of the rows that a table has.
///
/// # Errors
/// Those of the engine.
pub async fn fingerprint(
    table: &Table,
    connection: &mut Connection,
    progress: &mut Progress,
) -> Result<Fingerprint, sqlx::Error> {
    let mut fingerprint = Fingerprint::default();
    let mut pages = Pages::of(table);
    while let Some(rows) = pages.next(connection).await? {
        progress.advance(rows.len() as u64);
        for row in &rows {
            fingerprint.add(row);
        }
    }
    Ok(fingerprint)
}

/// How many rows a table has.
///
/// # Errors
/// Those of the engine.
pub async fn count(table: &Table, connection: &mut Connection) -> Result<u64, sqlx::Error> {
    let mut sql = QueryBuilder::new(connection.engine(), "SELECT count(*) FROM ");
    table.push_name(&mut sql);
    let rows: i64 = sql.build().fetch_one(connection).await?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

/// Whether a table has no rows but those of a new database: its first book.
///
/// # Errors
/// Those of the engine.
pub async fn is_empty(table: &Table, connection: &mut Connection) -> Result<bool, sqlx::Error> {
    let mut sql = QueryBuilder::new(connection.engine(), "SELECT NOT EXISTS (SELECT 1 FROM ");
    table.push_name(&mut sql);
    sql.push(if table.name == "books" {
        " WHERE seq <> 1)"
    } else {
        ")"
    });
    sql.build().fetch_one(connection).await
}

/// The rows of a table in the order of its primary key, some at a time.
struct Pages<'t> {
    table: &'t Table,
    /// The key of the last row.
    after: Option<Vec<Value<'static>>>,
    is_over: bool,
}

impl<'t> Pages<'t> {
    fn of(table: &'t Table) -> Self {
        Self {
            table,
            after: None,
            is_over: false,
        }
    }

    /// The next rows; `None` after the last.
    async fn next(
        &mut self,
        connection: &mut Connection,
    ) -> Result<Option<Vec<Vec<Value<'static>>>>, sqlx::Error> {
        if self.is_over {
            return Ok(None);
        }
        let mut sql = QueryBuilder::new(connection.engine(), "SELECT ");
        self.table.push_values(&mut sql);
        sql.push(" FROM ");
        self.table.push_name(&mut sql);
        if let Some(after) = self.after.take() {
            sql.push(" WHERE (");
            self.table.push_key(&mut sql);
            sql.push(") > ").push_list(after);
        }
        sql.push(" ORDER BY ");
        self.table.push_key(&mut sql);
        sql.push(" LIMIT ").push_bind(self.table.page());
        let rows: Vec<Row> = sql.build().fetch_all(connection).await?;
        let rows = rows.iter().map(|row| self.table.read(row));
        let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        self.after = rows.last().map(|row| row[..self.table.key].to_vec());
        self.is_over = self.after.is_none();
        Ok(Some(rows).filter(|_| !self.is_over))
    }
}

async fn empty(table: &Table, target: &mut Connection) -> Result<(), sqlx::Error> {
    let mut sql = QueryBuilder::new(target.engine(), "DELETE FROM ");
    table.push_name(&mut sql);
    sql.build().execute(target).await.map(drop)
}

async fn insert(
    table: &Table,
    rows: Vec<Vec<Value<'static>>>,
    target: &mut Connection,
) -> Result<(), sqlx::Error> {
    let mut sql = QueryBuilder::new(target.engine(), "INSERT INTO ");
    table.push_name(&mut sql);
    sql.push(" (");
    table.push_columns(&mut sql);
    sql.push(") VALUES ");
    sql.push_each(", ", rows, |sql, row| {
        sql.push_list(row);
    });
    sql.build().execute(target).await.map(drop)
}

/// Lets a server number new rows behind those that were copied. SQLite does so by itself.
async fn number_on(table: &Table, target: &mut Connection) -> Result<(), sqlx::Error> {
    if target.engine() != Engine::Postgres || !table.has_sequence() {
        return Ok(());
    }
    let mut sql = QueryBuilder::new(target.engine(), "SELECT setval(pg_get_serial_sequence('");
    // The numbers of contacts begin with that of their book.
    sql.push(table.name)
        .push("', 'seq'), (SELECT max(seq & ")
        .push_bind(BookKey::COUNTING_BITS)
        .push(") FROM ");
    table.push_name(&mut sql);
    // For an empty table there is no maximum, and nothing happens.
    sql.push("))");
    let _: Option<i64> = sql.build().fetch_one(target).await?;
    Ok(())
}
