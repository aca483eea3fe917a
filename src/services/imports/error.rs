//! [`ImportError`]: why an import cannot be begun, read or undone.

use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::config::ByteSize;
use crate::services::contacts::store::StoreError;
use crate::services::format;

/// Each is a sentence for people that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    App(#[from] AppError),
    /// There is no such import, or the caller does not see its address book.
    #[error("{}", t!("There is no such import. Reports are kept for 30 days."))]
    NoImport,
    #[error(
        "{}",
        t!(
            "The file is larger than Kith imports at once, which is {most}. Divide it into several files, or raise import.max_file in the configuration of Kith.",
            most = format::bytes(.0.bytes() as u64),
        )
    )]
    TooLarge(ByteSize),
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

impl From<sqlx::Error> for ImportError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}
