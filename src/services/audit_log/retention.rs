//! [`AuditLog`]: removes entries that are too old or too many.

use std::sync::Arc;
use std::time::Duration;

use kith_database::Database;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::Clock;
use kith_runtime::ErrorLatch;
use kith_runtime::Tasks;

use super::Record;
use super::Selection;
use super::store;
use crate::services::database::milliseconds;

/// How often an instance looks for entries to remove.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// The most entries that one transaction removes, so that other writers need not wait for long.
const BATCH: i64 = 500;

/// The most entries. Those beyond it are removed, the oldest first.
const MAX_ENTRIES: i64 = 500_000;

/// The most failed sign-ins. Clients without an account can cause them, so they take no room from other entries.
const MAX_FAILURES: i64 = 20_000;

/// Removes entries from before a time. The oldest ones are looked at, which needs no index by time.
const REMOVE_OLD: Sql = Sql::each(
    "DELETE FROM audit_log WHERE at < $1
         AND seq IN (SELECT seq FROM audit_log ORDER BY seq LIMIT $2)",
    "DELETE FROM audit_log WHERE seq IN (
         SELECT seq FROM audit_log WHERE at < $1
             AND seq IN (SELECT seq FROM audit_log ORDER BY seq LIMIT $2)
         FOR UPDATE SKIP LOCKED)",
);

/// Removes the oldest entries beyond a number.
const REMOVE_EXCESS: Sql = Sql::each(
    "DELETE FROM audit_log WHERE seq IN (
         SELECT seq FROM audit_log
         WHERE seq <= (SELECT seq FROM audit_log ORDER BY seq DESC LIMIT 1 OFFSET $1)
         ORDER BY seq LIMIT $2)",
    "DELETE FROM audit_log WHERE seq IN (
         SELECT seq FROM audit_log
         WHERE seq <= (SELECT seq FROM audit_log ORDER BY seq DESC LIMIT 1 OFFSET $1)
         ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED)",
);

/// Removes the oldest failed sign-ins beyond a number.
const REMOVE_FAILURES: Sql = Sql::each(
    "DELETE FROM audit_log WHERE seq IN (
         SELECT seq FROM audit_log
         WHERE kind = 'sign_in_failed' AND seq <= (
             SELECT seq FROM audit_log WHERE kind = 'sign_in_failed'
             ORDER BY seq DESC LIMIT 1 OFFSET $1)
         ORDER BY seq LIMIT $2)",
    "DELETE FROM audit_log WHERE seq IN (
         SELECT seq FROM audit_log
         WHERE kind = 'sign_in_failed' AND seq <= (
             SELECT seq FROM audit_log WHERE kind = 'sign_in_failed'
             ORDER BY seq DESC LIMIT 1 OFFSET $1)
         ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED)",
);

/// Reads the audit log and keeps it from growing without end. Cheap to clone.
#[derive(Clone)]
pub struct AuditLog {
    options: Arc<Options>,
    tasks: Tasks,
}

/// What an [`AuditLog`] is made of.
pub struct Options {
    pub database: Database,
    /// How long entries are kept.
    pub keep: Duration,
    /// Tells how old entries are.
    pub clock: Arc<dyn Clock>,
}

impl AuditLog {
    pub fn new(options: Options) -> Self {
        Self {
            options: Arc::new(options),
            tasks: Tasks::default(),
        }
    }

    /// Removes entries in the background until [`close`](Self::close).
    pub fn start(&self) {
        let own = self.clone();
        self.tasks.spawn(async move {
            let latch = ErrorLatch::default();
            loop {
                latch.check("old entries of the audit log stay", own.sweep().await);
                if !own.tasks.sleep(SWEEP_INTERVAL).await {
                    break;
                }
            }
        });
    }

    pub async fn close(&self) {
        self.tasks.close().await;
    }

    /// A page of entries; see [`read`](super::read).
    ///
    /// # Errors
    /// Those of the database.
    pub async fn read(
        &self,
        selection: Selection,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Record>, sqlx::Error> {
        store::read(&self.options.database, selection, before, limit).await
    }

    /// Removes all entries that are too old or too many, as long as the tasks are not told to end.
    async fn sweep(&self) -> Result<(), sqlx::Error> {
        let keep = milliseconds(self.options.keep);
        let now = self.options.clock.now().as_millisecond();
        for (statement, bound) in [
            (REMOVE_OLD, now.saturating_sub(keep)),
            (REMOVE_FAILURES, MAX_FAILURES),
            (REMOVE_EXCESS, MAX_ENTRIES),
        ] {
            self.remove(statement, bound).await?;
        }
        Ok(())
    }

    async fn remove(&self, statement: Sql, bound: i64) -> Result<(), sqlx::Error> {
        loop {
            let mut tx = self.options.database.write().await?;
            let removed = query(statement).bind(bound).bind(BATCH).execute(&mut tx);
            let removed = removed.await?;
            tx.commit().await?;
            if removed == 0 || self.tasks.is_stopped() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kith_runtime::SystemClock;

    use super::super::Actor;
    use super::super::Entry;
    use super::super::Kind;
    use super::super::record;
    use super::*;
    use crate::services::database::testing::TestDatabase;
    use crate::services::database::testing::on_each_engine;

    const HOUR: Duration = Duration::from_secs(3600);

    on_each_engine! {
        old_entries_are_removed_and_later_ones_kept
        failures_beyond_a_number_are_removed_and_nothing_else
    }

    fn log(database: &TestDatabase) -> AuditLog {
        AuditLog::new(Options {
            database: (**database).clone(),
            keep: HOUR,
            clock: Arc::new(SystemClock),
        })
    }

    async fn add(database: &TestDatabase, kind: Kind, at: Timestamp, times: usize) {
        let actor = Actor::operator();
        let mut tx = database.write().await.expect("a turn");
        for _ in 0..times {
            let entry = Entry::new(&actor, kind);
            record(&mut tx, &entry, at).await.expect("room");
        }
        tx.commit().await.expect("room");
    }

    async fn kinds(log: &AuditLog) -> Vec<String> {
        let records = log.read(Selection::All, None, u32::MAX).await;
        let records = records.expect("it is open");
        records.into_iter().map(|record| record.kind).collect()
    }

    async fn old_entries_are_removed_and_later_ones_kept(database: TestDatabase) {
        let log = log(&database);
        let now = Timestamp::now();
        // More than one batch.
        add(&database, Kind::SignIn, now - 2 * HOUR, 1200).await;
        add(&database, Kind::SignOut, now, 2).await;
        log.sweep().await.expect("it is open");
        assert_eq!(kinds(&log).await, ["sign_out", "sign_out"]);
    }

    async fn failures_beyond_a_number_are_removed_and_nothing_else(database: TestDatabase) {
        let log = log(&database);
        let now = Timestamp::now();
        add(&database, Kind::SignIn, now, 2).await;
        add(&database, Kind::SignInFailed, now, 5).await;
        add(&database, Kind::SignOut, now, 1).await;
        log.remove(REMOVE_FAILURES, 2).await.expect("it is open");
        let failed = "sign_in_failed";
        let expected = ["sign_out", failed, failed, "sign_in", "sign_in"];
        assert_eq!(kinds(&log).await, expected);
        log.remove(REMOVE_EXCESS, 3).await.expect("it is open");
        assert_eq!(kinds(&log).await, expected[..3]);
        log.sweep().await.expect("it is open");
        assert_eq!(kinds(&log).await, expected[..3]);
    }
}
