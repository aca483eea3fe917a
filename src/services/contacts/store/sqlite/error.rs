//! Errors of the database as those of a store.

use crate::services::contacts::store::StoreError;
use crate::services::database::may_pass;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if may_pass(&error) {
            Self::Unavailable(error.into())
        } else {
            Self::Internal(error.into())
        }
    }
}
