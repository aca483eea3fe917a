//! That Kith cannot decide at the moment.

use kith_database::is_transient;

use crate::model::error::AppError;

/// Why Kith cannot decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// The database does not answer, or something unexpected, which was logged.
    #[error("the database does not respond at the moment")]
    Database,
    /// More passwords wait to be compared than Kith has time for.
    #[error("too many passwords are being compared at the moment")]
    Busy,
}

impl From<sqlx::Error> for Unavailable {
    fn from(error: sqlx::Error) -> Self {
        match is_transient(&error) {
            true => tracing::warn!(%error, "accounts cannot be reached"),
            false => tracing::error!(%error, "the database answered something unexpected"),
        }
        Self::Database
    }
}

impl From<Unavailable> for AppError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}
