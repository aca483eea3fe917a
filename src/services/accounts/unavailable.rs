//! That the database cannot be asked.

use kith_database::is_transient;

use crate::model::error::AppError;

/// The database does not answer, or something unexpected. The cause has been logged.
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
