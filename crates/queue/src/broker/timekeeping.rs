//! Waits after the clock of the machine was set back.
//!
//! A row waits until a time by that clock, because waits outlive the process. After the clock was set back, a wait
//! that began before would last longer by as much. A wait that began in what is now the future begins anew, and it
//! is over where it was due already. A wait that began earlier goes on, and so does a wait that began after the
//! clock was set back: their rows look the same. The rows alone decide, so that each start does this, and several
//! processes at once, without harm.

use std::time::Duration;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::ClockWatch;
use kith_runtime::ErrorLatch;

use super::Broker;
use super::LEASE;
use super::Result;
use super::accept::DEDUPLICATION_WINDOW_MS;
use super::schedules;
use crate::inbox;
use crate::outbox;
use crate::time::deadline_ms;

/// How often the broker looks at the clock.
const CLOCK_INTERVAL: Duration = Duration::from_secs(1);

/// Waits that began in what is now the future begin anew at `$1`.
const BEGIN_ANEW: Sql = Sql::each(
    "UPDATE messages SET
         due_at = $1 + max(due_at - updated_at, 0),
         not_before = iif(state = 'created', $1 + max(due_at - updated_at, 0), not_before),
         updated_at = $1
     WHERE finished_at IS NULL AND own IN (FALSE, TRUE) AND due_at > $1 AND updated_at > $1
         AND iif(state = 'created' AND json_valid(spec),
                 spec ->> '$.notBefore' IS NULL OR spec ->> '$.delay' IS NOT NULL,
                 state <> 'active')",
    "UPDATE messages SET
         due_at = $1 + greatest(due_at - updated_at, 0),
         not_before = CASE WHEN state = 'created' THEN $1 + greatest(due_at - updated_at, 0)
                           ELSE not_before END,
         updated_at = $1
     WHERE finished_at IS NULL AND own IN (FALSE, TRUE) AND due_at > $1 AND updated_at > $1
         AND CASE WHEN state = 'created'
                  THEN json_field(spec, 'notBefore') IS NULL OR json_field(spec, 'delay') IS NOT NULL
                  ELSE state <> 'active' END",
);

impl Broker {
    pub(super) async fn watch_clock(self) {
        let latch = ErrorLatch::default();
        let start = self.now();
        let mut watch = ClockWatch::new(start);
        // What the clock showed before it was set back, until the rows are rebased. The clock may have been set
        // back before the start as well.
        let mut set_back = Some(start);
        loop {
            let now = self.now();
            if let Some(before) = watch.observe(now) {
                let seconds = before.duration_since(now).as_secs();
                tracing::warn!(
                    seconds,
                    "the clock was set back; what waits is due accordingly"
                );
                set_back = set_back.max(Some(before));
            }
            if let Some(before) = set_back {
                let rebased = self.rebase(before).await;
                if latch
                    .check("what waits may wait too long", rebased)
                    .is_some()
                {
                    set_back = None;
                    self.wake();
                }
            }
            if !self.0.tasks.sleep(CLOCK_INTERVAL).await {
                return;
            }
        }
    }

    /// Shortens the waits that would last too long, after the clock had shown `before`.
    pub(super) async fn rebase(&self, before: Timestamp) -> Result<()> {
        let mut tx = self.0.database.write().await?;
        // After the wait for other writers, so that their rows are not taken for rows from the future.
        let now = self.now();
        rebase_messages(&mut tx, now, before).await?;
        schedules::rebase(&mut tx, now).await?;
        let at = now.as_millisecond();
        query("UPDATE deduplications SET expires_at = $1 WHERE expires_at > $1")
            .bind(at.saturating_add(DEDUPLICATION_WINDOW_MS))
            .execute(&mut tx)
            .await?;
        inbox::rebase(&mut tx, now).await?;
        outbox::rebase(&mut tx, now, before).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn rebase_messages(tx: &mut Connection, now: Timestamp, before: Timestamp) -> Result<()> {
    let at = now.as_millisecond();
    // A message that was due is due. A message under way is left to its process until the lease ends. A message
    // that was written since the clock was set back has a wait of its own, and so has one that another process
    // has rebased.
    query(
        "UPDATE messages SET due_at = CASE WHEN state = 'active' THEN $1 ELSE $2 END
         WHERE finished_at IS NULL AND own IN (FALSE, TRUE)
             AND CASE WHEN state = 'active' THEN due_at > $1
                      ELSE due_at > $2 AND due_at <= $3 AND updated_at > $2 END",
    )
    .bind(deadline_ms(now, LEASE))
    .bind(at)
    .bind(before.as_millisecond())
    .execute(&mut *tx)
    .await?;
    // A time that a publisher has named stays.
    query(BEGIN_ANEW).bind(at).execute(&mut *tx).await?;
    Ok(())
}
