//! Claiming messages that are due, and renewing the leases of those that this process delivers.

use std::time::Duration;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::ErrorLatch;

use super::Broker;
use super::BrokerError;
use super::LEASE;
use super::Result;
use super::UNREADABLE_WAIT;
use super::lane::LaneKind;
use super::messages::Stored;
use super::permits::Permit;
use crate::time::deadline_ms;

/// How often the broker looks for messages that other processes have left. Its own publications and retries wake
/// it in time.
pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How long a process waits that wanted to claim messages and found that another process had been faster.
const LOST_RACE_INTERVAL: Duration = Duration::from_millis(10);

/// When the next message to a webhook is due.
pub(super) const NEXT_OF_WEBHOOKS: &str = "SELECT '', min(due_at) FROM messages
     WHERE finished_at IS NULL AND origin = '' HAVING min(due_at) IS NOT NULL";

/// When the next message to each other origin is due. The query goes from one origin to the next (a loose index
/// scan) and does not read all messages that wait.
pub(super) const NEXT_OF_OTHERS: &str = "WITH RECURSIVE origins (origin) AS (
         SELECT min(origin) FROM messages WHERE finished_at IS NULL AND origin > ''
         UNION ALL
         SELECT (SELECT min(m.origin) FROM messages m
                 WHERE m.finished_at IS NULL AND m.origin > o.origin)
         FROM origins o WHERE o.origin IS NOT NULL
     )
     SELECT o.origin, (SELECT min(m.due_at) FROM messages m
                       WHERE m.finished_at IS NULL AND m.origin = o.origin)
     FROM origins o WHERE o.origin IS NOT NULL";

/// Claims the messages to an origin that have been due for the longest. In PostgreSQL, where several processes claim at a
/// time, each passes over what another is claiming. `ARRAY` is evaluated once, and `IN` perhaps for each row.
const CLAIM: Sql = Sql::each(
    "UPDATE messages SET state = 'active', owner = $1, due_at = $2, updated_at = $3
     WHERE seq IN (SELECT seq FROM messages
                   WHERE finished_at IS NULL AND origin = $4 AND due_at <= $5
                   ORDER BY due_at, seq LIMIT $6)
     RETURNING *",
    "UPDATE messages SET state = 'active', owner = $1, due_at = $2, updated_at = $3
     WHERE seq = ANY (ARRAY(SELECT seq FROM messages
                            WHERE finished_at IS NULL AND origin = $4 AND due_at <= $5
                            ORDER BY due_at, seq LIMIT $6 FOR UPDATE SKIP LOCKED))
     RETURNING *",
);

/// Renews leases. In PostgreSQL it passes over a message that is being settled, completed or cancelled at the moment,
/// because waiting for several could make two transactions wait for each other. Such a lease has two thirds left.
const RENEW: Sql = Sql::each(
    "UPDATE messages SET due_at = $1
     WHERE state = 'active' AND owner = $2 AND seq IN (SELECT value FROM json_each($3))",
    "UPDATE messages SET due_at = $1
     WHERE seq = ANY (ARRAY(SELECT seq FROM messages
                            WHERE state = 'active' AND owner = $2 AND seq = ANY ($3)
                            FOR UPDATE SKIP LOCKED))",
);

/// The result of a claim.
pub(super) enum Claimed {
    Messages(Vec<(Stored, Permit)>),
    NothingUntil(Duration),
}

impl Broker {
    /// Claims messages that are due, as many as the lane has permits for.
    pub(super) async fn claim(&self, kind: LaneKind) -> Result<Claimed> {
        let origins = self.origins_with_permits(kind).await?;
        let now = self.now().as_millisecond();
        let due = origins.partition_point(|(_, due_at)| *due_at <= now);
        if due == 0 {
            let until_next = origins.first().map_or(POLL_INTERVAL, |(_, due_at)| {
                Duration::from_millis(u64::try_from(due_at - now).unwrap_or(0))
            });
            return Ok(Claimed::NothingUntil(until_next.min(POLL_INTERVAL)));
        }
        if self.0.tasks.is_stopped() {
            return Ok(Claimed::NothingUntil(POLL_INTERVAL));
        }
        let mut tx = self.0.database.write().await?;
        let now = self.now();
        let mut messages = Vec::new();
        for (origin, _) in &origins[..due] {
            let permits = self.lane(kind).prefetched.acquire_all(origin);
            messages.extend(self.claim_of(&mut tx, origin, permits, now).await?);
        }
        messages.sort_by_key(|(message, _)| message.seq);
        tx.commit().await?;
        if messages.is_empty() {
            return Ok(Claimed::NothingUntil(LOST_RACE_INTERVAL));
        }
        Ok(Claimed::Messages(messages))
    }

    /// The origins that messages of a lane go to and that can get more permits, each with the time in Unix
    /// milliseconds at which its next message is due. The earliest is first. None while the queue is paused.
    async fn origins_with_permits(&self, kind: LaneKind) -> Result<Vec<(String, i64)>> {
        let mut connection = self.0.database.reader().await?;
        let next = self.unless_paused(match kind {
            LaneKind::External => NEXT_OF_OTHERS,
            LaneKind::Webhooks => NEXT_OF_WEBHOOKS,
        });
        let mut origins: Vec<(String, i64)> = next.build().fetch_all(&mut connection).await?;
        drop(connection);
        // Several at a time, so that a transaction serves many. An origin that holds no permit does not
        // wait for that.
        let batch = self.0.options.concurrency.get() as usize;
        let prefetched = &self.lane(kind).prefetched;
        origins.retain(|(origin, _)| {
            let (held, more) = prefetched.share(origin);
            more >= batch || (more > 0 && held == 0)
        });
        origins.sort_by_key(|(_, due_at)| *due_at);
        Ok(origins)
    }

    /// Claims at most one message for each of `permits`.
    async fn claim_of(
        &self,
        tx: &mut Connection,
        origin: &str,
        mut permits: Vec<Permit>,
        now: Timestamp,
    ) -> Result<Vec<(Stored, Permit)>> {
        let rows = query(CLAIM)
            .bind(&self.0.owner)
            .bind(deadline_ms(now, LEASE))
            .bind(now.as_millisecond())
            .bind(origin)
            .bind(now.as_millisecond())
            .bind(permits.len() as i64)
            .fetch_all(&mut *tx)
            .await?;
        let mut messages = Vec::with_capacity(rows.len());
        for row in &rows {
            match Stored::read(row) {
                Ok(message) => {
                    let permit = permits.pop().map(|permit| permit.assign(message.seq));
                    messages.extend(permit.map(|permit| (message, permit)));
                }
                Err(error) => snooze(tx, row.get("seq")?, &error, now).await?,
            }
        }
        Ok(messages)
    }

    /// Renews the leases of the lane until the broker has ended and settled its messages.
    pub(super) async fn renew_all(self, kind: LaneKind) {
        let lane = self.lane(kind);
        let until_done = async {
            self.0.tasks.stopped().await;
            // Nothing new is claimed, so this process has settled all its messages then.
            lane.prefetched.idle().await;
        };
        let renew = async {
            let latch = ErrorLatch::default();
            loop {
                tokio::time::sleep(LEASE / 3).await;
                latch.check("messages may be delivered twice", self.renew(kind).await);
            }
        };
        tokio::select! {
            () = until_done => {}
            () = renew => {}
        }
    }

    /// Renews the leases of the prefetched messages, and of no others: the commit of a claim may have failed for
    /// this process and still be on the disk. The leases of those messages must end.
    pub(super) async fn renew(&self, kind: LaneKind) -> Result<()> {
        let messages = self.lane(kind).prefetched.messages();
        if messages.is_empty() {
            return Ok(());
        }
        let mut tx = self.0.database.write().await?;
        query(RENEW)
            .bind(deadline_ms(self.now(), LEASE))
            .bind(&self.0.owner)
            .bind(messages)
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Snoozes a message that cannot be read; see [`UNREADABLE_WAIT`].
async fn snooze(tx: &mut Connection, seq: i64, error: &BrokerError, now: Timestamp) -> Result<()> {
    tracing::error!(seq, "{error}, and waits");
    query("UPDATE messages SET state = 'retry', owner = NULL, due_at = $1 WHERE seq = $2")
        .bind(deadline_ms(now, UNREADABLE_WAIT))
        .bind(seq)
        .execute(tx)
        .await?;
    Ok(())
}
