//! Work that joins a transaction.

use std::error::Error;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::connection::Connection;

/// Why a [`TransactionStep`] failed.
pub type StepError = Box<dyn Error + Send + Sync>;

/// What one module does in the transaction of another, so that both are done or neither: the unit of work
/// of a use case. It runs once for each attempt to commit, and undoes nothing itself.
pub type TransactionStep =
    Arc<dyn for<'c> Fn(&'c mut Connection) -> BoxFuture<'c, Result<(), StepError>> + Send + Sync>;
