//! That Kith cannot decide at the moment.

use kith_database::is_transient;

use crate::model::error::AppError;

/// The database does not answer, or something unexpected, which was logged. Or more passwords wait to be compared than
/// Kith has time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the database does not respond at the moment")]
pub struct Unavailable;

impl From<sqlx::Error> for Unavailable {
    fn from(error: sqlx::Error) -> Self {
        match is_transient(&error) {
            true => tracing::warn!(%error, "accounts cannot be reached"),
            false => tracing::error!(%error, "the database answered something unexpected"),
        }
        Self
    }
}

impl From<Unavailable> for AppError {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}
