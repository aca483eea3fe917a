//! What came of running a job.

use std::time::Duration;

use kith_database::TransactionStep;

/// A delivery of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The same for every delivery of the message.
    pub message_id: String,
    /// Counted from 1.
    pub number: u32,
}

/// Why a job was not executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It may work later: the queue delivers the message again, after this long if it is known.
    Retry(Option<Duration>),
    /// It never will: the message is a dead letter at once.
    Permanent,
}

/// What came of running a job, and what is written about it.
pub struct Outcome {
    pub(crate) result: Result<(), Failure>,
    pub(crate) step: Option<TransactionStep>,
}

impl Outcome {
    /// The job was executed, and will not be executed again.
    pub fn done() -> Self {
        Self {
            result: Ok(()),
            step: None,
        }
    }

    /// The job was not executed.
    pub fn failed(failure: Failure) -> Self {
        Self {
            result: Err(failure),
            step: None,
        }
    }

    /// Writes `step` in the transaction that ends the claim of the message.
    #[must_use]
    pub fn with_step(self, step: TransactionStep) -> Self {
        Self {
            step: Some(step),
            ..self
        }
    }
}
