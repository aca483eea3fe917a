//! Executing the jobs of messages, once for each.
//!
//! One transaction uses up the signature of a delivery and claims its message. A second ends the claim, and
//! writes what the job wants written. Where the broker in this process has delivered the message, the second
//! transaction also completes the message there.

use std::sync::Arc;
use std::time::Duration;

use kith_database::Database;
use kith_database::StepError;
use kith_database::TransactionStep;
use kith_runtime::Clock;
use kith_runtime::Tasks;
use tokio_util::sync::CancellationToken;

use crate::broker;
use crate::broker::Completion;
use crate::inbox;
use crate::inbox::Claim;
use crate::inbox::Lease;
use crate::job::Attempt;
use crate::job::Failure;
use crate::job::Outcome;
use crate::receiver;
use crate::receiver::Denied;
use crate::receiver::Receiver;
use crate::receiver::Verified;
use crate::signature::Claims;
use crate::signature::SignatureError;

/// How often the end of a claim is written before its message is given back to the queue.
const MAX_WRITE_ATTEMPTS: u32 = 4;

/// The wait between two of these attempts.
const WRITE_RETRY_INTERVAL: Duration = Duration::from_millis(500);

/// What the registry needs to execute jobs.
pub struct RunnerOptions {
    /// Verifies deliveries.
    pub receiver: Receiver,
    /// The database with the tables of the queue.
    pub database: Database,
    /// Tells how long leases last.
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the process is about to end: nothing waits for another consumer any more.
    pub stopping: CancellationToken,
}

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Runner(Arc<Inner>);

struct Inner {
    options: RunnerOptions,
    tasks: Tasks,
}

/// What came of a message.
pub(crate) enum Executed {
    /// The message was executed, now or before. `completed` tells that the broker in this process knows.
    Done { completed: bool },
    /// The message was not executed.
    Failed(Failure),
    /// The delivery was refused.
    Denied(Denied),
}

impl Runner {
    pub(crate) fn new(options: RunnerOptions) -> Self {
        Self(Arc::new(Inner {
            options,
            tasks: Tasks::default(),
        }))
    }

    pub(crate) fn receiver(&self) -> &Receiver {
        &self.0.options.receiver
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.options.clock
    }

    /// Waits for what is under way.
    pub(crate) async fn close(&self) {
        self.0.tasks.close().await;
    }

    /// Uses up the signature of a delivery whose message is never executed.
    pub(crate) async fn redeem(&self, claims: Claims) -> Result<(), Denied> {
        self.receiver().redeem(claims).await
    }

    /// Executes the message that `key` names, unless it was executed before. The work goes on when the queue
    /// hangs up: what the job has done, such as sending a mail, must be written down.
    pub(crate) async fn execute<F>(
        &self,
        verified: Verified,
        key: String,
        run: impl FnOnce(Attempt) -> F + Send + 'static,
    ) -> Executed
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let runner = self.clone();
        let work = async move { runner.execute_claimed(verified, key, run).await };
        let executed = self.0.tasks.run_to_end(work).await;
        executed.unwrap_or(Executed::Failed(Failure::Retry(None)))
    }

    async fn execute_claimed<F: Future<Output = Outcome>>(
        self,
        verified: Verified,
        key: String,
        run: impl FnOnce(Attempt) -> F,
    ) -> Executed {
        let Verified {
            delivery,
            claims,
            path,
            is_from_broker,
        } = verified;
        let lease = match self.claim(claims, key).await {
            Ok(Some(lease)) => lease,
            Ok(None) => return Executed::Done { completed: false },
            Err(executed) => return executed,
        };
        let attempt = Attempt {
            message_id: delivery.message_id.clone(),
            number: delivery.retried.saturating_add(1),
        };
        let Outcome { result, step } = run(attempt).await;
        let completion = is_from_broker.then_some(Completion {
            message_id: delivery.message_id,
            destination: path,
            body: delivery.body,
        });
        let end = End {
            lease,
            is_done: result.is_ok(),
            step,
            completion,
        };
        match (self.end(end).await, result) {
            (Err(failure), _) | (Ok(_), Err(failure)) => Executed::Failed(failure),
            (Ok(completed), Ok(())) => Executed::Done { completed },
        }
    }

    /// Claims a message; `None` when it was executed. Where another consumer holds the message, it may have
    /// died. This waits until its lease would be over: an answer now would be a failed attempt.
    async fn claim(&self, claims: Claims, key: String) -> Result<Option<Lease>, Executed> {
        let mut unused_claims = Some(claims);
        let mut has_waited = false;
        loop {
            let claim = self.try_claim(unused_claims.take(), key.clone()).await;
            let left = match claim.map_err(Executed::Denied)? {
                Claim::Granted(lease) => return Ok(Some(lease)),
                Claim::Done => return Ok(None),
                Claim::Busy(left) => left,
            };
            if has_waited {
                return Err(Executed::Failed(Failure::Retry(Some(left))));
            }
            has_waited = true;
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = self.0.options.stopping.cancelled() => {
                    return Err(Executed::Failed(Failure::Retry(Some(left))));
                }
            }
        }
    }

    /// Uses up a signature and claims a message, in one transaction.
    async fn try_claim(&self, claims: Option<Claims>, key: String) -> Result<Claim, Denied> {
        let RunnerOptions {
            database, clock, ..
        } = &self.0.options;
        let clock = clock.clone();
        let claim = database.change(move |tx| {
            Box::pin(async move {
                if let Some(claims) = claims
                    && !receiver::redeem(tx, &claims).await?
                {
                    return Ok(None);
                }
                inbox::claim(tx, &key, clock.now()).await.map(Some)
            })
        });
        let claim: Result<_, sqlx::Error> = claim.await;
        match claim {
            Ok(Some(claim)) => Ok(claim),
            Ok(None) => Err(SignatureError::Replayed.into()),
            Err(error) => Err(receiver::unavailable(&error)),
        }
    }

    /// Ends a claim, and tries again a few times where the database fails: without it the work would be done
    /// again. Whether the message was completed on the broker.
    async fn end(&self, end: End) -> Result<bool, Failure> {
        let end = Arc::new(end);
        for attempt in 1.. {
            let (end, clock) = (end.clone(), self.0.options.clock.clone());
            let database = &self.0.options.database;
            let written = database
                .change(move |tx| Box::pin(async move { end.write(tx, clock.now()).await }));
            match written.await {
                Ok(completed) => return Ok(completed),
                Err(error) if attempt < MAX_WRITE_ATTEMPTS => {
                    tracing::warn!(%error, "what came of a message cannot be written yet");
                    tokio::time::sleep(WRITE_RETRY_INTERVAL).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "what came of a message cannot be written");
                    break;
                }
            }
        }
        Err(Failure::Retry(None))
    }
}

/// The end of a claim.
struct End {
    lease: Lease,
    is_done: bool,
    step: Option<TransactionStep>,
    /// The message, where the broker in this process has delivered it.
    completion: Option<Completion>,
}

impl End {
    async fn write(
        &self,
        tx: &mut sqlx::SqliteConnection,
        now: jiff::Timestamp,
    ) -> Result<bool, StepError> {
        let is_held = match self.is_done {
            true => inbox::complete(tx, &self.lease, now).await?,
            // The message may be delivered again, once what was wrong has been put right.
            false => inbox::release(tx, &self.lease).await?,
        };
        if !is_held {
            tracing::warn!("the lease of this message has ended");
            return Ok(false);
        }
        if let Some(step) = &self.step {
            step(tx).await?;
        }
        match &self.completion {
            Some(completion) if self.is_done => Ok(broker::complete(tx, completion, now).await?),
            _ => Ok(false),
        }
    }
}
