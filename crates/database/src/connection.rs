//! Connections: what statements run on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::Error;
use sqlx::Sqlite;
use sqlx::SqliteConnection;
use sqlx::Transaction;
use sqlx::pool::PoolConnection;
use tokio::sync::Semaphore;
use tokio::sync::SemaphorePermit;
use tokio::time::timeout;

use crate::error;
use crate::postgres::PostgresDriver;
use crate::postgres::PostgresHandle;
use crate::statement::Engine;

/// How long a writer waits for its turn, and a reader for a connection.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits for one of these permits as long as for a connection.
pub(crate) async fn turn(permits: &Semaphore) -> Result<SemaphorePermit<'_>, Error> {
    let turn = timeout(BUSY_TIMEOUT, permits.acquire()).await;
    let turn = turn.map_err(|_| Error::PoolTimedOut)?;
    turn.map_err(|_| Error::PoolClosed)
}

/// A connection to the database. It reports the errors that its statements meet.
pub struct Connection {
    handle: Handle,
    observer: Arc<dyn Observer>,
    /// Whether a statement has met another transaction, see [`error::is_conflict`].
    has_met_another: bool,
}

/// Hears of the errors of connections.
pub(crate) trait Observer: Send + Sync {
    fn record_error(&self, error: &Error);
}

/// A connection of a pool, in a transaction or not.
pub(crate) enum Handle {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTransaction(Transaction<'static, Sqlite>),
    Postgres(PostgresHandle),
}

/// The connection of a driver.
pub(crate) enum Driver<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(PostgresDriver<'c>),
}

impl Connection {
    pub(crate) fn new(handle: Handle, observer: Arc<dyn Observer>) -> Self {
        Self {
            handle,
            observer,
            has_met_another: false,
        }
    }

    /// The engine behind it.
    pub fn engine(&self) -> Engine {
        match self.handle {
            Handle::Sqlite(_) | Handle::SqliteTransaction(_) => Engine::Sqlite,
            Handle::Postgres(_) => Engine::Postgres,
        }
    }

    /// # Errors
    /// There is no connection to the server any more.
    pub(crate) fn driver(&mut self) -> Result<Driver<'_>, Error> {
        Ok(match &mut self.handle {
            Handle::Sqlite(connection) => Driver::Sqlite(connection),
            Handle::SqliteTransaction(transaction) => Driver::Sqlite(transaction),
            Handle::Postgres(handle) => Driver::Postgres(handle.driver()?),
        })
    }

    /// Waits this long for statements of a server.
    pub(crate) fn set_statement_timeout(&mut self, timeout: Duration) {
        if let Handle::Postgres(handle) = &mut self.handle {
            handle.set_statement_timeout(timeout);
        }
    }

    /// Replaces a connection that a read has failed on. Whether the read may be made again.
    pub(crate) async fn replace(&mut self) -> bool {
        match &mut self.handle {
            Handle::Sqlite(_) | Handle::SqliteTransaction(_) => false,
            Handle::Postgres(handle) => handle.replace().await,
        }
    }

    /// Whether [`replace`](Self::replace) can help.
    pub(crate) fn is_replaceable(&self) -> bool {
        matches!(&self.handle, Handle::Postgres(handle) if !handle.is_in_transaction())
    }

    /// Reports the errors of a stream of rows, which borrows the connection.
    pub(crate) fn observer_of_stream(&self) -> impl Fn(&Error) + Send + use<> {
        let observer = self.observer.clone();
        let state = match &self.handle {
            Handle::Postgres(handle) => Some(handle.state().clone()),
            Handle::Sqlite(_) | Handle::SqliteTransaction(_) => None,
        };
        move |error| {
            observer.record_error(error);
            if let Some(state) = &state {
                state.fail(error);
            }
        }
    }

    /// Reports the error of a statement.
    pub(crate) fn observe<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        if let Handle::Postgres(handle) = &mut self.handle {
            handle.finish();
            if let Err(error) = &result {
                handle.state().fail(error);
            }
        }
        if let Err(error) = &result {
            self.observer.record_error(error);
            self.has_met_another |= error::is_conflict(error);
        }
        result
    }

    /// Whether a statement of the transaction has met another one in a way that the next attempt need not.
    pub(crate) fn has_met_another(&self) -> bool {
        self.has_met_another
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
            Handle::Postgres(handle) => handle.end(keep).await,
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

impl From<PostgresHandle> for Handle {
    fn from(handle: PostgresHandle) -> Self {
        Self::Postgres(handle)
    }
}
