//! Connections: what statements run on.

use std::fmt;
use std::sync::Arc;

use sqlx::Error;
use sqlx::Sqlite;
use sqlx::SqliteConnection;
use sqlx::Transaction;
use sqlx::pool::PoolConnection;

use crate::statement::Engine;

/// A connection to the database. It reports the errors that its statements meet.
pub struct Connection {
    handle: Handle,
    observer: Arc<dyn Observer>,
}

/// Hears of the errors of connections.
pub(crate) trait Observer: Send + Sync {
    fn record_error(&self, error: &Error);
}

/// A connection of a pool, in a transaction or not.
pub(crate) enum Handle {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTransaction(Transaction<'static, Sqlite>),
}

/// The connection of a driver.
pub(crate) enum Driver<'c> {
    Sqlite(&'c mut SqliteConnection),
}

impl Connection {
    pub(crate) fn new(handle: impl Into<Handle>, observer: Arc<dyn Observer>) -> Self {
        Self {
            handle: handle.into(),
            observer,
        }
    }

    /// The engine behind it.
    pub fn engine(&self) -> Engine {
        match self.handle {
            Handle::Sqlite(_) | Handle::SqliteTransaction(_) => Engine::Sqlite,
        }
    }

    pub(crate) fn driver(&mut self) -> Driver<'_> {
        match &mut self.handle {
            Handle::Sqlite(connection) => Driver::Sqlite(connection),
            Handle::SqliteTransaction(transaction) => Driver::Sqlite(transaction),
        }
    }

    /// Reports the error of a statement.
    pub(crate) fn observe<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        result.inspect_err(|error| self.observer.record_error(error))
    }

    /// Ends the transaction, and keeps or undoes what it has changed.
    ///
    /// # Errors
    /// Those of the engine.
    pub(crate) async fn end(self, keep: bool) -> Result<(), Error> {
        let ended = match self.handle {
            Handle::Sqlite(_) => Ok(()),
            Handle::SqliteTransaction(transaction) if keep => transaction.commit().await,
            Handle::SqliteTransaction(transaction) => transaction.rollback().await,
        };
        ended.inspect_err(|error| self.observer.record_error(error))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Connection");
        shown
            .field("engine", &self.engine())
            .finish_non_exhaustive()
    }
}

impl From<PoolConnection<Sqlite>> for Handle {
    fn from(connection: PoolConnection<Sqlite>) -> Self {
        Self::Sqlite(connection)
    }
}

impl From<Transaction<'static, Sqlite>> for Handle {
    fn from(transaction: Transaction<'static, Sqlite>) -> Self {
        Self::SqliteTransaction(transaction)
    }
}
