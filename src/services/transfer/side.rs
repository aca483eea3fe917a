//! What the source and the target of a move are asked.

use kith_database::Connection;
use kith_database::Database;
use kith_database::Engine;
use kith_database::QueryBuilder;
use kith_database::Tx;
use kith_database::query;

use super::copy;
use super::tables::TABLES;
use super::tables::Table;
use super::tables::push_quoted;
use crate::services::database::installation::Installation;

/// Begins a transaction in which no other process writes.
///
/// # Errors
/// Those of the engine.
pub async fn lock(database: &Database) -> Result<Tx, sqlx::Error> {
    let mut tx = database.write().await?;
    if database.engine() == Engine::Postgres {
        // A side waits while rows are written to the other.
        query("SET LOCAL idle_in_transaction_session_timeout = 0")
            .execute(&mut tx)
            .await?;
        // A move that is interrupted hangs up. The server would go on with a long statement, and keep its locks.
        query("SET LOCAL client_connection_check_interval = '2s'")
            .execute(&mut tx)
            .await?;
        let names = TABLES.iter().map(|table| table.name);
        let names = names.chain(["installation", "instances"]);
        let mut sql = QueryBuilder::new(Engine::Postgres, "LOCK TABLE ");
        sql.push_each(", ", names, push_quoted);
        sql.push(" IN EXCLUSIVE MODE");
        sql.build().execute(&mut tx).await?;
    }
    Ok(tx)
}

/// The installation that a database belongs to.
///
/// # Errors
/// Those of the engine.
pub async fn installation(database: &Database) -> Result<Installation, sqlx::Error> {
    let mut reader = database.reader().await?;
    Installation::read(&mut reader).await
}

/// The first table that has rows.
///
/// # Errors
/// Those of the engine.
pub async fn first_filled(
    connection: &mut Connection,
) -> Result<Option<&'static Table>, sqlx::Error> {
    for table in TABLES {
        if !copy::is_empty(table, connection).await? {
            return Ok(Some(table));
        }
    }
    Ok(None)
}
