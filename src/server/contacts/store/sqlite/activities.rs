//! What has happened around a contact.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::id_bytes;
use super::rfc3339;
use crate::contact::ContactId;
use crate::server::contacts::activity::Event;
use crate::server::contacts::activity::Happened;
use crate::server::contacts::store::StoreError;

/// The latest activities of a contact that are shown.
const SHOWN: i64 = 100;

/// Writes down what happened, in the transaction of what it belongs to. Of a contact that is gone for
/// good, nothing is written.
pub async fn insert(
    tx: &mut SqliteConnection,
    contact: ContactId,
    now: Timestamp,
    event: &Event,
) -> Result<(), StoreError> {
    let event = serde_json::to_string(event).map_err(|error| StoreError::Internal(error.into()))?;
    sqlx::query(
        "INSERT INTO activities (contact, at, event)
         SELECT id, ?, ? FROM contacts WHERE id = ?",
    )
    .bind(now.as_millisecond())
    .bind(event)
    .bind(id_bytes(contact))
    .execute(tx)
    .await?;
    Ok(())
}

/// The activities of a contact, the first one first.
pub async fn of(
    connection: &mut SqliteConnection,
    contact: ContactId,
) -> Result<Vec<Happened>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT at, event FROM activities WHERE contact = ? ORDER BY at DESC, seq DESC LIMIT ?",
    )
    .bind(id_bytes(contact))
    .bind(SHOWN)
    .fetch_all(connection)
    .await?;
    let happened = |(at, event): (i64, String)| {
        let event =
            serde_json::from_str(&event).map_err(|error| StoreError::Internal(error.into()))?;
        Ok(Happened {
            at: rfc3339(at)?,
            event,
        })
    };
    rows.into_iter().rev().map(happened).collect()
}
