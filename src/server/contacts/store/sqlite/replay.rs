//! The answers to requests that may be sent again.
//!
//! Answers from the millisecond `outdated`, or before it, no longer count.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::SqliteConnection;

use crate::contact::Contact;
use crate::server::contacts::store::IdempotentRequest;
use crate::server::contacts::store::StoreError;

/// How many old keys one write clears away: more than it adds, so that they run out, and few
/// enough to cost it nothing.
const SWEEP: u32 = 32;

/// The contact that the first request under this key got, if there was one that still counts.
pub async fn find(
    connection: &mut SqliteConnection,
    request: &IdempotentRequest,
    outdated: i64,
) -> Result<Option<Contact>, StoreError> {
    let first = sqlx::query(
        "SELECT fingerprint, contact FROM idempotency_keys WHERE key = ? AND created_at > ?",
    )
    .bind(request.key.as_str())
    .bind(outdated)
    .fetch_optional(connection)
    .await?;
    let Some(first) = first else {
        return Ok(None);
    };
    if first.try_get::<&[u8], _>("fingerprint")? != request.fingerprint {
        return Err(StoreError::KeyReused);
    }
    // The parser's error would quote the contact.
    let contact = serde_json::from_str(first.try_get("contact")?)
        .map_err(|_| StoreError::Internal("the contact under a key is not JSON".into()))?;
    Ok(Some(contact))
}

/// Keeps the answer to a first request, in the place of an outdated one.
pub async fn remember(
    connection: &mut SqliteConnection,
    request: &IdempotentRequest,
    contact: &Contact,
    now: Timestamp,
) -> Result<(), StoreError> {
    let contact =
        serde_json::to_string(contact).map_err(|error| StoreError::Internal(error.into()))?;
    sqlx::query(
        "INSERT OR REPLACE INTO idempotency_keys (key, fingerprint, contact, created_at)
         VALUES (?, ?, ?, ?)",
    )
    .bind(request.key.as_str())
    .bind(&request.fingerprint[..])
    .bind(contact)
    .bind(now.as_millisecond())
    .execute(connection)
    .await?;
    Ok(())
}

/// Clears away some of the keys that no longer count.
pub async fn sweep(connection: &mut SqliteConnection, outdated: i64) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM idempotency_keys WHERE key IN (
             SELECT key FROM idempotency_keys WHERE created_at <= ? ORDER BY created_at LIMIT ?
         )",
    )
    .bind(outdated)
    .bind(SWEEP)
    .execute(connection)
    .await?;
    Ok(())
}
