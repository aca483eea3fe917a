//! Settling deliveries: writing down their outcomes, many in one transaction. (The word is that of AMQP 1.0.)

use std::time::Duration;

use kith_database::Connection;
use kith_database::query;
use kith_runtime::ErrorLatch;
use tokio::sync::mpsc;

use super::Broker;
use super::Counters;
use super::Result;
use super::attempt::Attempt;
use super::attempt::NextState;
use super::attempt::Outcome;
use super::events::Detail;
use super::events::State;
use super::events::record;
use super::messages::Stored;
use super::permits::Permit;
use super::response::Response;

/// The most deliveries that are settled in one transaction.
pub(super) const MAX_BATCH: usize = 256;

/// How long to wait before a batch that could not be settled is tried again.
const SETTLE_RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// A message that was sent, its outcome, and its permit.
pub(super) type Sent = (Stored, Outcome, Permit);

impl Broker {
    /// Settles deliveries, many at a time, until the last sender of `outcomes` is gone.
    pub(super) async fn settle_all(self, mut outcomes: mpsc::Receiver<Sent>) {
        let mut batch = Vec::new();
        let latch = ErrorLatch::default();
        while outcomes.recv_many(&mut batch, MAX_BATCH).await > 0 {
            // A batch that is not settled would be delivered again, so settling is retried.
            let mut tries_after_stop = 5;
            while latch
                .check(
                    "deliveries cannot be written down",
                    self.settle_batch(&mut batch).await,
                )
                .is_none()
            {
                if self.0.tasks.is_stopped() {
                    tries_after_stop -= 1;
                }
                if tries_after_stop == 0 {
                    break;
                }
                tokio::time::sleep(SETTLE_RETRY_INTERVAL).await;
            }
            batch.clear();
            self.wake();
        }
    }

    pub(super) async fn settle_batch(&self, batch: &mut [Sent]) -> Result<()> {
        // In the order in which cancelling locks messages, so that no two transactions wait for each other.
        batch.sort_unstable_by_key(|(message, ..)| message.seq);
        let mut done = Counters::default();
        let is_completed = |(_, outcome, _): &&Sent| *outcome == Outcome::Completed;
        let completed = batch.iter().filter(is_completed).count();
        done.delivered += completed as u64;
        if completed == batch.len() {
            self.count(done);
            return Ok(());
        }
        let mut tx = self.0.database.write().await?;
        let now = self.now();
        for (message, outcome, _) in batch.iter().filter(|sent| !is_completed(sent)) {
            let attempt = Attempt::new(message, outcome, now);
            if self.update(&mut tx, &attempt).await? {
                count(&mut done, &attempt.next);
                record_failure(&mut tx, &attempt).await?;
                if !matches!(attempt.next, NextState::Requeued { .. }) {
                    self.enqueue_callbacks(&mut tx, &attempt).await?;
                }
            } else {
                let message = &message.id;
                tracing::debug!(message, "another process has this message by now");
            }
        }
        tx.commit().await?;
        self.count(done);
        Ok(())
    }

    /// Moves a message on. `false` where it is not this process' own any more.
    async fn update(&self, tx: &mut Connection, attempt: &Attempt<'_>) -> Result<bool> {
        let Attempt { message, next, .. } = attempt;
        let at = attempt.ended_at.as_millisecond();
        let (state, due_at, finished_at) = match next {
            NextState::Delivered => ("delivered", at, Some(at)),
            NextState::Requeued { due_at } | NextState::Retry { due_at } => {
                ("retry", *due_at, None)
            }
            NextState::Dead { .. } => ("failed", at, Some(at)),
        };
        let retried = match next {
            NextState::Retry { .. } => message.retried + 1,
            _ => message.retried,
        };
        let response = attempt.response();
        let updated = query(
            "UPDATE messages SET state = $1, updated_at = $2, due_at = $3, retried = $4, finished_at = $5,
                 dead_letter_id = $6, response = $7, response_status = $8, owner = NULL
             WHERE seq = $9 AND state = 'active' AND owner = $10 AND retried = $11",
        )
        .bind(state)
        .bind(at)
        .bind(due_at)
        .bind(retried)
        .bind(finished_at)
        .bind(attempt.dead_letter_id())
        .bind(response.map(serde_json::to_string).transpose()?)
        .bind(response.and_then(Response::status))
        .bind(message.seq)
        .bind(&self.0.owner)
        .bind(message.retried)
        .execute(tx)
        .await?;
        Ok(updated == 1)
    }
}

fn count(done: &mut Counters, next: &NextState) {
    match next {
        NextState::Delivered => done.delivered += 1,
        NextState::Requeued { .. } => {}
        NextState::Retry { .. } => done.retried += 1,
        NextState::Dead { .. } => done.dead += 1,
    }
}

/// Records the events of a delivery that has failed, and logs it. The database itself records the others.
async fn record_failure(tx: &mut Connection, attempt: &Attempt<'_>) -> Result<()> {
    let Outcome::Failed { error, .. } = attempt.outcome else {
        return Ok(());
    };
    let id = &attempt.message.id;
    let failure = Detail {
        error: Some(error.clone()),
        next_delivery_time: None,
        response: attempt.response().cloned(),
    };
    record(tx, id, State::Error, attempt.ended_at, &failure).await?;
    let (state, next_delivery_time) = match attempt.next {
        NextState::Retry { due_at } => (State::Retry, Some(due_at)),
        _ => (State::Failed, None),
    };
    let consequence = Detail {
        error: Some(error.clone()),
        next_delivery_time,
        response: None,
    };
    record(tx, id, state, attempt.ended_at, &consequence).await?;
    tracing::info!(
        message = id,
        attempt = attempt.message.retried + 1,
        error,
        dead = attempt.dead_letter_id().is_some(),
        "a delivery failed"
    );
    Ok(())
}
