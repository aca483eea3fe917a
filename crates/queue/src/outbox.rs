//! The outbox: messages that QStash is to deliver. A message is written in the transaction of what it belongs
//! to, so that there is either both or neither. The [dispatcher](crate::dispatcher) publishes it afterwards,
//! at least once.

use std::time::Duration;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;

use crate::broker::BrokerError;
use crate::broker::UNREADABLE_WAIT;
use crate::delay::MAX_RETRY_DELAY;
use crate::message::Publication;
use crate::time::deadline_ms;

/// How long a dispatcher holds the rows that it took: longer than QStash may take to answer for all of them.
pub(crate) const LEASE_DURATION: Duration = Duration::from_secs(60);

/// A message in the outbox.
#[derive(Clone, Debug)]
pub struct OutboxMessage {
    /// Names the message for ever, so that publishing it twice makes it no second one.
    pub id: String,
    /// What is published.
    pub publication: Publication,
}

/// Writes a message, in the transaction of what it belongs to. A message whose id is in the outbox already is the
/// same message, and is not written again.
///
/// # Errors
/// Those of the database.
pub async fn insert(
    tx: &mut Connection,
    message: &OutboxMessage,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let spec = serde_json::to_string(&message.publication)
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    query(
        "INSERT INTO outbox (id, spec, body, created_at, due_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(&message.id)
    .bind(spec)
    .bind(&message.publication.body)
    .bind(now.as_millisecond())
    .bind(now.as_millisecond())
    .execute(tx)
    .await?;
    Ok(())
}

/// A row that a dispatcher holds.
pub(crate) struct OutboxRow {
    pub(crate) seq: i64,
    /// How often the message was taken, this time included.
    pub(crate) attempts: u32,
    pub(crate) message: OutboxMessage,
}

impl OutboxRow {
    fn read(row: &Row) -> Result<Self, BrokerError> {
        let mut publication: Publication = serde_json::from_str(row.get("spec")?)?;
        publication.body = row.get("body")?;
        let id: String = row.get("id")?;
        publication.deduplication = Some(id.clone());
        let created_at: i64 = row.get("created_at")?;
        if let Some(delay) = publication.delivery.delay {
            // From when it was written, not from when it is published.
            publication.not_before = Some(created_at.saturating_add_unsigned(delay));
        }
        Ok(Self {
            seq: row.get("seq")?,
            attempts: row.get("attempts")?,
            message: OutboxMessage { id, publication },
        })
    }
}

/// The row that has been due for the longest. Without the order, PostgreSQL may read the whole table when no row is
/// due.
pub(crate) const DUE: &str = "SELECT seq FROM outbox WHERE due_at <= $1 ORDER BY due_at LIMIT 1";

/// The rows that [`take`] has made the caller's.
pub(crate) struct Taken {
    /// In the order in which they were written.
    pub(crate) rows: Vec<OutboxRow>,
    /// Whether there may be more.
    pub(crate) is_full: bool,
}

/// PostgreSQL has several writers at a time. Each passes over the rows that another is taking. `ARRAY` is evaluated once,
/// and `IN` perhaps for each row.
const TAKE: Sql = Sql::each(
    "UPDATE outbox SET due_at = $1, attempts = attempts + 1
     WHERE seq IN (SELECT seq FROM outbox WHERE due_at <= $2 ORDER BY seq LIMIT $3)
     RETURNING *",
    "UPDATE outbox SET due_at = $1, attempts = attempts + 1
     WHERE seq = ANY (ARRAY(SELECT seq FROM outbox WHERE due_at <= $2 ORDER BY seq LIMIT $3
                            FOR UPDATE SKIP LOCKED))
     RETURNING *",
);

/// Takes at most `limit` rows that are due. Each is due again after [`LEASE_DURATION`], unless it is removed.
pub(crate) async fn take(
    tx: &mut Connection,
    limit: i64,
    now: Timestamp,
) -> Result<Taken, BrokerError> {
    let found = query(TAKE)
        .bind(deadline_ms(now, LEASE_DURATION))
        .bind(now.as_millisecond())
        .bind(limit)
        .fetch_all(&mut *tx)
        .await?;
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        match OutboxRow::read(row) {
            Ok(row) => rows.push(row),
            Err(error) => {
                let seq: i64 = row.get("seq")?;
                tracing::error!(seq, "{error}, and stays in the outbox");
                snooze(tx, seq, UNREADABLE_WAIT, now).await?;
            }
        }
    }
    rows.sort_by_key(|row| row.seq);
    let is_full = found.len() as i64 == limit;
    Ok(Taken { rows, is_full })
}

/// Makes a row due again after `wait`.
pub(crate) async fn snooze(
    tx: &mut Connection,
    seq: i64,
    wait: Duration,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    query("UPDATE outbox SET due_at = $1 WHERE seq = $2")
        .bind(deadline_ms(now, wait))
        .bind(seq)
        .execute(tx)
        .await?;
    Ok(())
}

/// Removes a row that was published.
pub(crate) async fn remove(tx: &mut Connection, seq: i64) -> Result<(), sqlx::Error> {
    query("DELETE FROM outbox WHERE seq = $1")
        .bind(seq)
        .execute(tx)
        .await?;
    Ok(())
}

/// Removes what was written until then, before it is published. Returns how many messages that were.
pub(crate) async fn cancel(tx: &mut Connection, until: Timestamp) -> Result<u64, sqlx::Error> {
    query("DELETE FROM outbox WHERE created_at <= $1")
        .bind(until.as_millisecond())
        .execute(tx)
        .await
}

/// Shortens waits after the clock, which has told `before`, was set back: rows that no dispatcher has taken
/// are due at once, the others when the lease of their dispatcher has ended.
///
/// A row does not say when its wait began. Where this process has not noticed that the clock was set back,
/// as at its start, it shortens the wait of a row that was written in what is now the future, and a wait
/// that is longer than any. Other waits are as long as QStash has asked for.
pub(crate) async fn rebase(
    tx: &mut Connection,
    now: Timestamp,
    before: Timestamp,
) -> Result<(), sqlx::Error> {
    let longest = if before > now {
        LEASE_DURATION
    } else {
        MAX_RETRY_DELAY
    };
    query(
        "UPDATE outbox SET
             created_at = CASE WHEN created_at < $1 THEN created_at ELSE $1 END,
             due_at = CASE WHEN attempts > 0 AND due_at < $2 THEN due_at
                           WHEN attempts > 0 THEN $2 ELSE $1 END
         WHERE due_at > $1 AND (created_at > $1 OR due_at > $3)",
    )
    .bind(now.as_millisecond())
    .bind(deadline_ms(now, LEASE_DURATION))
    .bind(deadline_ms(now, longest))
    .execute(tx)
    .await?;
    Ok(())
}
