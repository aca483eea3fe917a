//! The outbox: messages that belong to a change of the data and are written in its transaction, so
//! that there is either both or neither. A dispatcher hands them over, in order, at least once.
//!
//! With the broker in this process, handing over is one more transaction, and exactly once. QStash is
//! given the message's own id to recognise it by, and takes it once as long as it remembers that.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::broker::Broker;
use super::broker::BrokerError;
use super::broker::UNREADABLE_WAIT;
use super::broker::accept::Source;
use super::broker::accept::accept;
use super::delay::LONGEST_RETRY;
use super::message::Publication;
use super::qstash::PublishError;
use super::qstash::QStash;
use crate::time::deadline_ms;
use kith_database::Database;
use kith_runtime::Clock;

/// Messages in one go.
const BATCH: i64 = 100;

/// For how long a process is believed to hand over what it took: longer than QStash may take to answer
/// for all of it.
const LEASE: Duration = Duration::from_secs(60);

/// Messages that are published to QStash in one go, all at the same time.
const REQUESTS: i64 = 8;

/// The longest wait before a message is handed over again.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Who delivers what the outbox hands over.
#[derive(Clone)]
pub enum Publisher {
    Broker(Broker),
    QStash(QStash),
}

/// A message on its way out, named by whoever writes it.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub id: String,
    pub publication: Publication,
}

/// Writes a message, in the transaction of what it belongs to.
pub async fn insert(
    tx: &mut SqliteConnection,
    message: &Outgoing,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let spec = serde_json::to_string(&message.publication)
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query("INSERT INTO outbox (id, spec, body, created_at, due_at) VALUES (?, ?, ?, ?, ?)")
        .bind(&message.id)
        .bind(spec)
        .bind(&message.publication.body)
        .bind(now.as_millisecond())
        .bind(now.as_millisecond())
        .execute(tx)
        .await?;
    Ok(())
}

struct Waiting {
    seq: i64,
    attempts: u32,
    message: Outgoing,
}

impl Waiting {
    fn read(row: &SqliteRow) -> Result<Self, BrokerError> {
        let mut publication: Publication = serde_json::from_str(row.try_get("spec")?)?;
        publication.body = row.try_get("body")?;
        let id: String = row.try_get("id")?;
        publication.deduplication = Some(id.clone());
        let created_at: i64 = row.try_get("created_at")?;
        if let Some(delay) = publication.delivery.delay {
            // From when it was written, not from when it is handed over.
            publication.not_before = Some(created_at.saturating_add_unsigned(delay));
        }
        Ok(Self {
            seq: row.try_get("seq")?,
            attempts: row.try_get("attempts")?,
            message: Outgoing { id, publication },
        })
    }
}

/// What came of looking into the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispatched {
    /// There may be more.
    Full,
    /// Nothing is left that is due.
    Empty,
}

/// Hands over what is due.
///
/// # Errors
/// Those of the database. A publisher that does not take a message is not one: the message stays, and
/// is handed over again later.
pub async fn dispatch(
    database: &Database,
    publisher: &Publisher,
    clock: &dyn Clock,
) -> Result<Dispatched, BrokerError> {
    let mut connection = database.reader().await?;
    let any: Option<i64> = sqlx::query_scalar("SELECT seq FROM outbox WHERE due_at <= ? LIMIT 1")
        .bind(clock.now().as_millisecond())
        .fetch_optional(&mut *connection)
        .await?;
    drop(connection);
    if any.is_none() {
        return Ok(Dispatched::Empty);
    }
    let mut tx = database.write().await?;
    let now = clock.now();
    // Due again once the lease is over, if nobody has removed it by then.
    let most = match publisher {
        Publisher::Broker(_) => BATCH,
        Publisher::QStash(_) => REQUESTS,
    };
    let taken = sqlx::query(
        "UPDATE outbox SET due_at = ?, attempts = attempts + 1
         WHERE seq IN (SELECT seq FROM outbox WHERE due_at <= ? ORDER BY seq LIMIT ?)
         RETURNING *",
    )
    .bind(deadline_ms(now, LEASE))
    .bind(now.as_millisecond())
    .bind(most)
    .fetch_all(&mut *tx)
    .await?;
    let full = taken.len() == most as usize;
    let mut rows = Vec::with_capacity(taken.len());
    for row in &taken {
        match Waiting::read(row) {
            Ok(waiting) => rows.push(waiting),
            Err(error) => put_off(&mut tx, row.try_get("seq")?, &error, now).await?,
        }
    }
    rows.sort_by_key(|row| row.seq);
    match publisher {
        Publisher::Broker(broker) => {
            for Waiting {
                seq, mut message, ..
            } in rows
            {
                // In one transaction it is handed over once anyway.
                message.publication.deduplication = None;
                let destinations = broker.destinations();
                let source = Source::default();
                match accept(&mut tx, destinations, &message.publication, source, now).await {
                    // It stays, and comes up again when the lease is over.
                    Err(BrokerError::Rejected(rejection)) => {
                        tracing::error!(
                            id = message.id,
                            "a message stays in the outbox: {rejection}"
                        );
                    }
                    accepted => {
                        accepted?;
                        remove(&mut tx, seq).await?;
                    }
                }
            }
            tx.commit().await?;
            broker.wake();
        }
        Publisher::QStash(qstash) => {
            tx.commit().await?;
            publish(database, qstash, rows, clock).await?;
        }
    }
    Ok(if full {
        Dispatched::Full
    } else {
        Dispatched::Empty
    })
}

/// Hands over soon what would wait longer, because the clock, which has told `before`, was set back: at
/// once what nobody has taken yet, and the rest when whoever took it last is not believed to be at it any
/// more.
///
/// A row does not say when its wait began. Where this process has not noticed that the clock was set back,
/// as at its start, it shortens the wait of a row that was written in what is now the future, and a wait
/// that is longer than any. Other waits are as long as QStash has asked for.
///
/// # Errors
/// Those of the database.
pub async fn rebase(
    tx: &mut SqliteConnection,
    now: Timestamp,
    before: Timestamp,
) -> Result<(), sqlx::Error> {
    let longest = if before > now { LEASE } else { LONGEST_RETRY };
    sqlx::query(
        "UPDATE outbox SET created_at = min(created_at, ?1),
             due_at = min(due_at, iif(attempts = 0, ?1, ?2))
         WHERE due_at > ?1 AND (created_at > ?1 OR due_at > ?3)",
    )
    .bind(now.as_millisecond())
    .bind(deadline_ms(now, LEASE))
    .bind(deadline_ms(now, longest))
    .execute(tx)
    .await?;
    Ok(())
}

/// Publishes to QStash, all at once, and writes down what came of it, one by one.
async fn publish(
    database: &Database,
    qstash: &QStash,
    rows: Vec<Waiting>,
    clock: &dyn Clock,
) -> Result<(), BrokerError> {
    let mut published: FuturesUnordered<_> = rows
        .into_iter()
        .map(|row| async {
            let result = qstash.publish(&row.message).await;
            (row, result)
        })
        .collect();
    while let Some((row, result)) = published.next().await {
        let id = &row.message.id;
        let mut tx = database.write().await?;
        match result {
            Ok(message_id) => {
                tracing::info!(id, message = message_id, "published to QStash");
                remove(&mut tx, row.seq).await?;
            }
            Err(PublishError { said, wait }) => {
                let wait = wait.unwrap_or_else(|| usual_wait(row.attempts));
                let wait_seconds = wait.as_secs();
                let attempt = row.attempts;
                tracing::warn!(
                    id,
                    attempt,
                    wait_seconds,
                    "QStash did not take a message: {said}"
                );
                sqlx::query("UPDATE outbox SET due_at = ? WHERE seq = ?")
                    .bind(deadline_ms(clock.now(), wait))
                    .bind(row.seq)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Puts off a message that cannot be read; see [`UNREADABLE_WAIT`].
async fn put_off(
    tx: &mut SqliteConnection,
    seq: i64,
    error: &BrokerError,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    tracing::error!(seq, "{error}, and stays in the outbox");
    sqlx::query("UPDATE outbox SET due_at = ? WHERE seq = ?")
        .bind(deadline_ms(now, UNREADABLE_WAIT))
        .bind(seq)
        .execute(tx)
        .await?;
    Ok(())
}

async fn remove(tx: &mut SqliteConnection, seq: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM outbox WHERE seq = ?")
        .bind(seq)
        .execute(tx)
        .await?;
    Ok(())
}

/// Doubles from a second on, somewhere in the upper half, so that many do not come back at once.
fn usual_wait(attempts: u32) -> Duration {
    let longest = Duration::from_secs(1 << attempts.clamp(1, 10)).min(LONGEST_WAIT);
    longest.mul_f64(rand::random_range(0.5..1.0))
}
