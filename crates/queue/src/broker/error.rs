//! Why the broker cannot do what its caller asks.

use kith_runtime::ErrorLatch;

use crate::rejection::Rejection;

/// Why the broker could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("the database of the queue cannot answer")]
    Database(#[from] sqlx::Error),
    /// A defect, or of the file that messages are kept in.
    #[error("a message cannot be read")]
    Unreadable(#[from] serde_json::Error),
}

pub type Result<T> = std::result::Result<T, BrokerError>;

/// Logs what went wrong in the background, once for as long as it goes on.
#[derive(Default)]
pub(crate) struct Trouble(ErrorLatch);

impl Trouble {
    pub(crate) fn heed<T>(&self, what: &'static str, result: Result<T>) -> Option<T> {
        self.0.check(result, |error| {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::warn!(cause, "{what}: {error}");
        })
    }
}
