//! The table `instances`.

use std::time::Duration;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;

use super::Figures;
use crate::services::database::milliseconds;

/// The time of the database, in milliseconds since the Unix epoch.
const NOW: Sql = Sql::each(
    "SELECT CAST(1000 * unixepoch('subsec') AS INTEGER)",
    "SELECT CAST(1000 * extract(epoch FROM clock_timestamp()) AS BIGINT)",
);

/// A process that works with the database.
#[derive(Clone, Debug)]
pub struct Instance {
    pub id: String,
    pub started_at: Timestamp,
    pub uptime: Duration,
    /// How long ago it has written its row.
    pub unseen: Duration,
    pub version: String,
    /// The address that it listens at.
    pub address: String,
    /// Two instances with the same settings have the same hash.
    pub config_hash: String,
    pub figures: Figures,
}

/// What an instance writes.
#[derive(Clone)]
pub struct Entry {
    pub id: String,
    pub version: &'static str,
    /// The newest migration that the process knows.
    pub schema: i64,
    pub address: String,
    pub config_hash: String,
    pub figures: String,
}

impl Entry {
    pub async fn write(&self, tx: &mut Connection) -> Result<(), sqlx::Error> {
        let now = now(tx).await?;
        query(
            "INSERT INTO instances
                 (id, started_at, seen_at, version, schema, address, config_hash, figures)
             VALUES ($1, $2, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, figures = excluded.figures",
        )
        .bind(&self.id)
        .bind(now)
        .bind(self.version)
        .bind(self.schema)
        .bind(&self.address)
        .bind(&self.config_hash)
        .bind(&self.figures)
        .execute(tx)
        .await?;
        Ok(())
    }
}

pub async fn remove(tx: &mut Connection, id: &str) -> Result<(), sqlx::Error> {
    query("DELETE FROM instances WHERE id = $1")
        .bind(id)
        .execute(tx)
        .await?;
    Ok(())
}

/// Removes the rows that were not written for so long.
pub async fn remove_unseen_for(tx: &mut Connection, time: Duration) -> Result<(), sqlx::Error> {
    let before = now(tx).await? - milliseconds(time);
    query("DELETE FROM instances WHERE seen_at < $1")
        .bind(before)
        .execute(tx)
        .await?;
    Ok(())
}

/// The instances that have written their rows within this time, the oldest first.
pub async fn seen_within(
    connection: &mut Connection,
    time: Duration,
) -> Result<Vec<Instance>, sqlx::Error> {
    let now = now(connection).await?;
    let rows: Vec<Row> = query(
        "SELECT id, started_at, version, address, config_hash, figures, seen_at FROM instances
         WHERE seen_at >= $1 ORDER BY started_at, id",
    )
    .bind(now - milliseconds(time))
    .fetch_all(connection)
    .await?;
    let instance = |row: &Row| {
        let started_at = row.get(1)?;
        let seen_at = row.get(6)?;
        Ok(Instance {
            id: row.get(0)?,
            started_at: Timestamp::from_millisecond(started_at).unwrap_or_default(),
            uptime: between(started_at, now),
            unseen: between(seen_at, now),
            version: row.get(2)?,
            address: row.get(3)?,
            config_hash: row.get(4)?,
            figures: Figures::from_json(row.get(5)?),
        })
    };
    rows.iter().map(instance).collect()
}

async fn now(connection: &mut Connection) -> Result<i64, sqlx::Error> {
    query(NOW).fetch_one(connection).await
}

/// The time from one to the other, in milliseconds; none if a clock was set back.
fn between(start: i64, end: i64) -> Duration {
    Duration::from_millis(u64::try_from(end.saturating_sub(start)).unwrap_or(0))
}
