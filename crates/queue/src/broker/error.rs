//! Why the broker cannot do what its caller asks.

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
