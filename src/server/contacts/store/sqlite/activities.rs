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

/// The latest changes to a contact that are kept. There are no more than so many deliveries of its
/// welcome email that all that is kept is shown.
const CHANGES_KEPT: i64 = 50;

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

/// Writes down that somebody has changed a contact, at the time that it says itself, and forgets the
/// oldest of many such changes: a program may change a contact all day.
pub async fn insert_change(
    tx: &mut SqliteConnection,
    contact: ContactId,
    at: i64,
    event: &Event,
) -> Result<(), StoreError> {
    let at = Timestamp::from_millisecond(at).map_err(|error| StoreError::Internal(error.into()))?;
    insert(tx, contact, at, event).await?;
    sqlx::query(
        "DELETE FROM activities WHERE seq IN (
             SELECT seq FROM activities
             WHERE contact = ? AND event NOT GLOB '*\"Welcome*' AND event <> '\"Created\"'
             ORDER BY seq DESC LIMIT -1 OFFSET ?)",
    )
    .bind(id_bytes(contact))
    .bind(CHANGES_KEPT)
    .execute(tx)
    .await?;
    Ok(())
}

/// The activities of a contact, the first one first: in the order in which they were written, because
/// the clock may have been set back in between.
pub async fn of(
    connection: &mut SqliteConnection,
    contact: ContactId,
) -> Result<Vec<Happened>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT at, event FROM activities WHERE contact = ? ORDER BY seq DESC LIMIT ?",
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
