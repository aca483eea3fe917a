//! Going on when the clock of the machine is set back.
//!
//! Everything that waits does so for a time by that clock, which outlives the process. Once the clock is
//! set back, a wait that began before would last longer by as much. A wait that began in what is now the
//! future begins anew, and is over where it was due already. A wait that began earlier goes on, and so does
//! one that began after the clock was set back: by what the rows say, they look the same. What each row says
//! is enough to tell, so that this is done at every start, and by several processes at once, without harm.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::Broker;
use super::LEASE;
use super::LogOnce;
use super::Result;
use super::accept::DEDUPLICATION_WINDOW_MS;
use super::schedules;
use crate::inbox;
use crate::outbox;
use crate::time::deadline_ms;
use kith_runtime::ClockWatch;

/// How often the clock is looked at.
const CLOCK_INTERVAL: Duration = Duration::from_secs(1);

impl Broker {
    pub(super) async fn watch_clock(self) {
        let log_once = LogOnce::default();
        let start = self.now();
        let mut watch = ClockWatch::new(start);
        // What the clock told before it was set back, until that is dealt with. Before the start, nobody
        // knows.
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
                if log_once
                    .check("what waits may wait too long", rebased)
                    .is_some()
                {
                    set_back = None;
                    self.wake();
                }
            }
            if self.pause(CLOCK_INTERVAL).await {
                return;
            }
        }
    }

    /// Sees to it that nothing waits longer than it should, now that the clock has told `before`.
    pub(super) async fn rebase(&self, before: Timestamp) -> Result<()> {
        let mut tx = self.0.database.write().await?;
        // After the wait for the turn to write: what others have written meanwhile is not from the future.
        let now = self.now();
        rebase_messages(&mut tx, now, before).await?;
        schedules::rebase(&mut tx, now).await?;
        let at = now.as_millisecond();
        sqlx::query("UPDATE deduplications SET expires_at = ?1 WHERE expires_at > ?1")
            .bind(at.saturating_add(DEDUPLICATION_WINDOW_MS))
            .execute(&mut *tx)
            .await?;
        inbox::rebase(&mut tx, now).await?;
        outbox::rebase(&mut tx, now, before).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn rebase_messages(
    tx: &mut SqliteConnection,
    now: Timestamp,
    before: Timestamp,
) -> Result<()> {
    let at = now.as_millisecond();
    // What was due is due. What is being delivered is left to whoever does that, for as long as they are
    // believed to. A message that was written since the clock was set back has a wait of its own, and so
    // has one that another process has dealt with here.
    sqlx::query(
        "UPDATE messages SET due_at = iif(state = 'active', ?1, ?2)
         WHERE finished_at IS NULL AND own IN (0, 1)
             AND iif(state = 'active', due_at > ?1,
                     due_at > ?2 AND due_at <= ?3 AND updated_at > ?2)",
    )
    .bind(deadline_ms(now, LEASE))
    .bind(at)
    .bind(before.as_millisecond())
    .execute(&mut *tx)
    .await?;
    // A publisher who has named a time means that time.
    sqlx::query(
        "UPDATE messages SET
             due_at = ?1 + max(due_at - updated_at, 0),
             not_before = iif(state = 'created', ?1 + max(due_at - updated_at, 0), not_before),
             updated_at = ?1
         WHERE finished_at IS NULL AND own IN (0, 1) AND due_at > ?1 AND updated_at > ?1
             AND iif(state = 'created' AND json_valid(spec),
                     spec ->> '$.notBefore' IS NULL OR spec ->> '$.delay' IS NOT NULL,
                     state <> 'active')",
    )
    .bind(at)
    .execute(&mut *tx)
    .await?;
    Ok(())
}
