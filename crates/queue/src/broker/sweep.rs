//! Removing old rows, a few at a time, so that other writers do not wait.

use std::time::Duration;

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
            (
                "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages
                 WHERE state IN ('delivered', 'failed', 'canceled') AND finished_at < $1 LIMIT $2)",
                kept_since,
            ),
            (
                "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE at < $1 LIMIT $2)",
                kept_since,
            ),
            (
                "DELETE FROM deduplications WHERE id IN
                 (SELECT id FROM deduplications WHERE expires_at < $1 LIMIT $2)",
                now,
            ),
            (
                "DELETE FROM used_signatures WHERE id IN
                 (SELECT id FROM used_signatures WHERE expires_at < $1 LIMIT $2)",
                now,
            ),
            (
                "DELETE FROM consumptions WHERE key IN
                 (SELECT key FROM consumptions WHERE lease_until < $1 LIMIT $2)",
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
