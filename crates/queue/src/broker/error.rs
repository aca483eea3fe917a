//! Why the broker cannot do what its caller asks.

use kith_runtime::ErrorLatch;

use crate::rejection::Rejection;

/// Why the broker cannot do what its caller asks. `Display` holds no text of the database.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The request is wrong.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The database cannot answer now. The caller may try again.
    #[error("the database of the queue cannot answer")]
    Database(#[from] sqlx::Error),
    /// This version cannot read a stored message: it has a defect, or the file is damaged.
    #[error("a message cannot be read")]
    Unreadable(#[from] serde_json::Error),
}

/// A result whose error is a [`BrokerError`].
pub type Result<T> = std::result::Result<T, BrokerError>;

/// Logs the errors of a task in the background: an error that lasts is logged once.
#[derive(Default)]
pub(crate) struct LogOnce(ErrorLatch);

impl LogOnce {
    /// The value of `result`. An error is logged after `what` if the last result was none.
    pub(crate) fn check<T>(&self, what: &'static str, result: Result<T>) -> Option<T> {
        self.0.check(result, |error| {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::warn!(cause, "{what}: {error}");
        })
    }
}
