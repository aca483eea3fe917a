//! The pause of the queue: a row of the table `settings`, which the brokers of all instances obey.
//!
//! A database that was restored from a backup has messages that were delivered after the backup was made. Its queue is
//! paused until an admin has looked and resumes it, so that no old mail is sent again.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Sql;
use kith_database::query;

/// Finds a row while the queue is paused.
pub const PAUSED: Sql =
    Sql::new("SELECT value, changed_at FROM settings WHERE name = 'queue.paused'");

const PAUSE: &str = "INSERT INTO settings (name, value, changed_at) VALUES ('queue.paused', $1, $2)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at";

const RESUME: &str = "DELETE FROM settings WHERE name = 'queue.paused'";

/// Why and since when the queue is paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    pub since: Timestamp,
    /// A sentence for admins.
    pub why: String,
}

/// The pause that stands, if there is one.
///
/// # Errors
/// Those of the database.
pub async fn read(connection: &mut Connection) -> Result<Option<Pause>, sqlx::Error> {
    let found: Option<(String, i64)> = query(PAUSED).fetch_optional(connection).await?;
    Ok(found.map(|(value, since)| Pause {
        since: Timestamp::from_millisecond(since).unwrap_or_default(),
        // An operator who has written the row by hand may have written anything.
        why: serde_json::from_str(&value).unwrap_or(value),
    }))
}

/// Pauses the queue.
///
/// # Errors
/// Those of the database.
pub async fn begin(tx: &mut Connection, why: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    query(PAUSE)
        .bind(serde_json::Value::from(why).to_string())
        .bind(now.as_millisecond())
        .execute(tx)
        .await?;
    Ok(())
}

/// Ends the pause. Whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn end(tx: &mut Connection) -> Result<bool, sqlx::Error> {
    Ok(query(RESUME).execute(tx).await? > 0)
}
