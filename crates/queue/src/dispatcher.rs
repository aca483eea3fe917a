//! The dispatcher: it hands the messages of the outbox to the broker in order, or to QStash several at a time.
//!
//! QStash is given the message's own id, by which it recognises a copy for as long as it remembers the id.
//! With the broker in this process nothing new comes into the outbox; the dispatcher moves what an older
//! release, or a configuration with QStash, has left there, in one transaction and so exactly once.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kith_runtime::Backoff;

use crate::broker::Broker;
use crate::broker::BrokerError;
use crate::broker::accept::Provenance;
use crate::broker::accept::accept;
use crate::outbox;
use crate::outbox::OutboxRow;
use crate::outbox::Taken;
use crate::qstash::PublishError;
use crate::qstash::QStash;

/// Messages that one transaction moves to the broker.
const BROKER_BATCH: i64 = 100;

/// Messages that are published to QStash at the same time.
const QSTASH_BATCH: i64 = 8;

/// Waits after QStash did not take a message and named no wait.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(600));

/// What a look into the outbox found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dispatched {
    /// There may be more.
    Full,
    /// Nothing is left that is due.
    Empty,
}

/// Hands over what is due: to QStash where it is used, and otherwise to the broker. A message that is not
/// taken is no error: it stays, and is handed over again later. While the queue is paused, everything stays.
pub(crate) async fn dispatch(
    broker: &Broker,
    qstash: Option<&QStash>,
) -> Result<Dispatched, BrokerError> {
    let mut connection = broker.database().reader().await?;
    let due: Option<i64> = broker
        .unless_paused(outbox::DUE)
        .build()
        .bind(broker.clock().now().as_millisecond())
        .fetch_optional(&mut connection)
        .await?;
    drop(connection);
    if due.is_none() {
        return Ok(Dispatched::Empty);
    }
    let is_full = match qstash {
        Some(qstash) => publish_to_qstash(broker, qstash).await?,
        None => move_to_broker(broker).await?,
    };
    Ok(match is_full {
        true => Dispatched::Full,
        false => Dispatched::Empty,
    })
}

/// Whether there may be more.
async fn move_to_broker(broker: &Broker) -> Result<bool, BrokerError> {
    let mut tx = broker.database().write().await?;
    let now = broker.clock().now();
    let Taken { rows, is_full } = outbox::take(&mut tx, BROKER_BATCH, now).await?;
    for OutboxRow {
        seq, mut message, ..
    } in rows
    {
        // The transaction moves it once anyway.
        message.publication.deduplication = None;
        let (destinations, provenance) = (broker.destinations(), Provenance::default());
        match accept(&mut tx, destinations, &message.publication, provenance, now).await {
            // It stays, and is due again when the lease is over.
            Err(BrokerError::Rejected(rejection)) => {
                tracing::error!(
                    id = message.id,
                    "a message stays in the outbox: {rejection}"
                );
            }
            accepted => {
                accepted?;
                outbox::remove(&mut tx, seq).await?;
            }
        }
    }
    tx.commit().await?;
    broker.wake();
    Ok(is_full)
}

/// Publishes what is due, all at once, and writes what came of it, one by one. Whether there may be more.
async fn publish_to_qstash(broker: &Broker, qstash: &QStash) -> Result<bool, BrokerError> {
    let (database, clock) = (broker.database(), broker.clock());
    let mut tx = database.write().await?;
    let Taken { rows, is_full } = outbox::take(&mut tx, QSTASH_BATCH, clock.now()).await?;
    tx.commit().await?;
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
                outbox::remove(&mut tx, row.seq).await?;
            }
            Err(PublishError { reason, wait }) => {
                let attempt = row.attempts;
                let wait = wait.unwrap_or_else(|| BACKOFF.equal_jitter(attempt.saturating_sub(1)));
                let wait_seconds = wait.as_secs();
                tracing::warn!(
                    id,
                    attempt,
                    wait_seconds,
                    "QStash did not take a message: {reason}"
                );
                outbox::snooze(&mut tx, row.seq, wait, clock.now()).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(is_full)
}
