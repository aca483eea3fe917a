//! Why the broker cannot do what its caller asks.

use kith_database::is_conflict;

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

impl BrokerError {
    /// Whether a transaction failed because it met another one, so that the next attempt may succeed.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if is_conflict(error))
    }
}

/// A result whose error is a [`BrokerError`].
pub type Result<T> = std::result::Result<T, BrokerError>;
