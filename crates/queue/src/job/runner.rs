//! Executing the jobs of messages, once for each.
//!
//! One transaction uses up the signature of a delivery and claims its message. A second ends the claim, and
//! writes what the job wants written. Where the broker in this process has delivered the message, the second
//! transaction also completes the message there.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::StepError;
use kith_database::TransactionStep;
use kith_runtime::Tasks;
use tokio_util::sync::CancellationToken;

use crate::broker;
use crate::broker::Broker;
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

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Runner(Arc<Inner>);

struct Inner {
    receiver: Receiver,
    /// Cancelled when the process is about to end: nothing waits for another consumer any more.
    stopping: CancellationToken,
    tasks: Tasks,
}

/// A message that was executed, now or before.
pub(crate) struct Executed {
    /// Whether this delivery has completed the message on the broker in this process; otherwise the broker
    /// completes it after the answer.
    pub(crate) completed: bool,
}

/// Why a message was not executed.
pub(crate) enum NotExecuted {
    /// The job failed, or what came of it could not be written.
    Failed(Failure),
    /// It was not begun: another consumer holds the message, for at most this long.
    Postponed(Duration),
    /// The delivery was refused.
    Denied(Denied),
}

impl From<Failure> for NotExecuted {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Denied> for NotExecuted {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied)
    }
}

impl Runner {
    pub(crate) fn new(receiver: Receiver, stopping: CancellationToken) -> Self {
        Self(Arc::new(Inner {
            receiver,
            stopping,
            tasks: Tasks::default(),
        }))
    }

    pub(crate) fn receiver(&self) -> &Receiver {
        &self.0.receiver
    }

    pub(crate) fn broker(&self) -> &Broker {
        self.0.receiver.broker()
    }

    /// Waits for what is under way.
    pub(crate) async fn close(&self) {
        self.0.tasks.close().await;
    }

    /// Executes the message that `key` names, unless it was executed before. The work goes on when the queue
    /// hangs up: what the job has done, such as sending a mail, must be written down.
    pub(crate) async fn execute<F>(
        &self,
        verified: Verified,
        key: String,
        run: impl FnOnce(Attempt) -> F + Send + 'static,
    ) -> Result<Executed, NotExecuted>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let runner = self.clone();
        let work = async move { runner.execute_claimed(verified, key, run).await };
        let executed = self.0.tasks.run_to_end(work).await;
        executed.unwrap_or(Err(Failure::Retry(None).into()))
    }

    async fn execute_claimed<F: Future<Output = Outcome>>(
        self,
        verified: Verified,
        key: String,
        run: impl FnOnce(Attempt) -> F,
    ) -> Result<Executed, NotExecuted> {
        let Verified {
            delivery,
            claims,
            path,
            is_from_broker,
        } = verified;
        let claimed = if is_from_broker {
            self.claim(claims, key).await?
        } else {
            self.claim_in_time(claims, key).await?
        };
        let Some(lease) = claimed else {
            return Ok(Executed { completed: false });
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
        let completed = self.end(end).await?;
        result?;
        Ok(Executed { completed })
    }

    /// Claims a message; `None` when it was executed. Where another consumer holds the message, it may have
    /// died, and the message waits until its lease would be over.
    async fn claim(&self, claims: Claims, key: String) -> Result<Option<Lease>, NotExecuted> {
        match self.try_claim(Some(claims), key).await? {
            Claim::Granted(lease) => Ok(Some(lease)),
            Claim::Done => Ok(None),
            Claim::Busy(left) => Err(NotExecuted::Postponed(left)),
        }
    }

    /// The same for a delivery of QStash, which counts every answer but success as a failed attempt. So this waits
    /// itself for the end of the other lease.
    async fn claim_in_time(
        &self,
        claims: Claims,
        key: String,
    ) -> Result<Option<Lease>, NotExecuted> {
        let left = match self.try_claim(Some(claims), key.clone()).await? {
            Claim::Granted(lease) => return Ok(Some(lease)),
            Claim::Done => return Ok(None),
            Claim::Busy(left) => left,
        };
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            () = self.0.stopping.cancelled() => return Err(NotExecuted::Postponed(left)),
        }
        match self.try_claim(None, key).await? {
            Claim::Granted(lease) => Ok(Some(lease)),
            Claim::Done => Ok(None),
            Claim::Busy(left) => Err(NotExecuted::Postponed(left)),
        }
    }

    /// Uses up a signature and claims a message, in one transaction.
    async fn try_claim(&self, claims: Option<Claims>, key: String) -> Result<Claim, Denied> {
        let clock = self.broker().clock().clone();
        let what = Arc::new((claims, key));
        let claim = self.broker().database().change(move |tx| {
            let (what, clock) = (what.clone(), clock.clone());
            Box::pin(async move {
                let (claims, key) = &*what;
                if let Some(claims) = claims
                    && !receiver::redeem(tx, claims).await?
                {
                    return Ok(None);
                }
                inbox::claim(tx, key, clock.now()).await.map(Some)
            })
        });
        let claim: Result<_, sqlx::Error> = claim.await;
        let claim = self.receiver().of_database(claim)?;
        claim.ok_or(SignatureError::Replayed.into())
    }

    /// Ends a claim, and tries again a few times where the database fails: without it the work would be done
    /// again. Whether the message was completed on the broker.
    async fn end(&self, end: End) -> Result<bool, Failure> {
        let end = Arc::new(end);
        for attempt in 1.. {
            let (end, clock) = (end.clone(), self.broker().clock().clone());
            let written = self.broker().database().change(move |tx| {
                let (end, clock) = (end.clone(), clock.clone());
                Box::pin(async move { end.write(tx, clock.now()).await })
            });
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
        // The job has run, so its attempt counts: the queue must not run it without end.
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
    async fn write(&self, tx: &mut Connection, now: Timestamp) -> Result<bool, StepError> {
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
