//! Removing old rows, a few at a time, so that other writers do not wait.

use std::time::Duration;

use kith_database::Sql;
use kith_database::query;
use kith_runtime::ErrorLatch;

use super::Broker;
use super::Result;

/// How often the broker looks for old rows.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// The most rows of one kind that are removed in one transaction.
const MAX_BATCH: i64 = 500;

/// How long the inbox remembers that a consumer has executed a message: longer than a message may wait for its
/// first delivery, and than any queue retries.
const CONSUMPTION_RETENTION_MS: i64 = 400 * 24 * 3_600_000;

// In PostgreSQL, where several processes sweep at a time, each passes over what another is removing. The order makes it
// read the index, and end at the first row that stays.

const OLD_MESSAGES: Sql = Sql::each(
    "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages
     WHERE state IN ('delivered', 'failed', 'canceled') AND finished_at < $1 LIMIT $2)",
    "DELETE FROM messages WHERE seq = ANY (ARRAY(SELECT seq FROM messages
     WHERE state IN ('delivered', 'failed', 'canceled') AND finished_at < $1
     ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
);

const OLD_EVENTS: Sql = Sql::each(
    "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE at < $1 LIMIT $2)",
    "DELETE FROM events WHERE seq = ANY (ARRAY(SELECT seq FROM events WHERE at < $1
     ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED))",
);

const OLD_DEDUPLICATIONS: Sql = Sql::each(
    "DELETE FROM deduplications WHERE id IN
     (SELECT id FROM deduplications WHERE expires_at < $1 LIMIT $2)",
    "DELETE FROM deduplications WHERE id = ANY (ARRAY(SELECT id FROM deduplications
     WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
);

const OLD_SIGNATURES: Sql = Sql::each(
    "DELETE FROM used_signatures WHERE id IN
     (SELECT id FROM used_signatures WHERE expires_at < $1 LIMIT $2)",
    "DELETE FROM used_signatures WHERE id = ANY (ARRAY(SELECT id FROM used_signatures
     WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
);

const OLD_CONSUMPTIONS: Sql = Sql::each(
    "DELETE FROM consumptions WHERE key IN
     (SELECT key FROM consumptions WHERE lease_until < $1 LIMIT $2)",
    "DELETE FROM consumptions WHERE key = ANY (ARRAY(SELECT key FROM consumptions
     WHERE lease_until < $1 ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED))",
);

impl Broker {
    pub(super) async fn sweep_all(self) {
        let latch = ErrorLatch::default();
        loop {
            while !self.0.tasks.is_stopped()
                && latch.check("old messages stay", self.sweep().await) == Some(true)
            {
                tokio::task::yield_now().await;
            }
            if !self.0.tasks.sleep(SWEEP_INTERVAL).await {
                return;
            }
        }
    }

    /// Removes a batch of each kind. Returns whether there may be more.
    pub(super) async fn sweep(&self) -> Result<bool> {
        let now = self.now().as_millisecond();
        let retention = i64::try_from(self.0.options.retention.as_millis()).unwrap_or(i64::MAX);
        let kept_since = now.saturating_sub(retention);
        let mut more = false;
        for (statement, before) in [
            (OLD_MESSAGES, kept_since),
            (OLD_EVENTS, kept_since),
            (OLD_DEDUPLICATIONS, now),
            (OLD_SIGNATURES, now),
            (
                OLD_CONSUMPTIONS,
                now.saturating_sub(CONSUMPTION_RETENTION_MS),
            ),
        ] {
            let mut tx = self.0.database.write().await?;
            let removed = query(statement)
                .bind(before)
                .bind(MAX_BATCH)
                .execute(&mut tx)
                .await?;
            if removed > 0 {
                tx.commit().await?;
            }
            more |= removed == MAX_BATCH as u64;
        }
        Ok(more)
    }
}
