//! A connection to a PostgreSQL server that knows whether it is in a transaction.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::Error;
use sqlx::PgConnection;
use sqlx::PgPool;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use tokio::runtime::Handle;

use crate::error;

/// How long a dropped transaction may take to end.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection of a pool. Dropping it undoes its transaction. A connection that failed is closed instead of going
/// back to the pool.
#[derive(Debug)]
pub(crate) struct PostgresHandle {
    /// `None` only while it is replaced or dropped.
    connection: Option<PoolConnection<Postgres>>,
    pool: PgPool,
    in_transaction: bool,
    /// PostgreSQL has ended the transaction, because a statement in it failed.
    is_aborted: bool,
    /// Shared with the streams of rows, which borrow the connection.
    is_broken: Arc<AtomicBool>,
}

impl PostgresHandle {
    /// A connection of the pool.
    pub(crate) async fn acquire(pool: &PgPool) -> Result<Self, Error> {
        Ok(Self {
            connection: Some(pool.acquire().await?),
            pool: pool.clone(),
            in_transaction: false,
            is_aborted: false,
            is_broken: Arc::default(),
        })
    }

    /// Where a stream of rows says that the connection has failed.
    pub(crate) fn is_broken(&self) -> Arc<AtomicBool> {
        self.is_broken.clone()
    }

    pub(crate) fn is_in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Replaces the connection by one that answers, after it has failed. Whether there is one. A transaction cannot go
    /// on with another connection.
    pub(crate) async fn replace(&mut self) -> bool {
        if self.in_transaction {
            return false;
        }
        // A server that was restarted has ended every connection of the pool.
        for _ in 0..=self.pool.options().get_max_connections() {
            if let Some(mut failed) = self.connection.take() {
                failed.close_on_drop();
            }
            let Ok(connection) = self.pool.acquire().await else {
                return false;
            };
            if self.connection.insert(connection).ping().await.is_ok() {
                self.is_broken.store(false, Ordering::Relaxed);
                return true;
            }
        }
        false
    }

    /// Begins a transaction with this statement.
    pub(crate) async fn begin(mut self, statement: &'static str) -> Result<Self, Error> {
        let begun = self.execute(statement).await;
        begun.inspect_err(|error| self.fail(error))?;
        self.in_transaction = true;
        Ok(self)
    }

    /// # Errors
    /// The connection has failed and could not be replaced.
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, Error> {
        let connection = self.connection.as_deref_mut();
        connection.ok_or_else(|| Error::Io(io::ErrorKind::NotConnected.into()))
    }

    /// Executes a statement without values.
    async fn execute(&mut self, statement: &'static str) -> Result<(), Error> {
        let executed = sqlx::raw_sql(statement).execute(self.connection()?).await;
        executed.map(drop)
    }

    /// Remembers what an error means for the connection.
    pub(crate) fn fail(&mut self, error: &Error) {
        self.is_aborted = self.in_transaction;
        note_disconnection(&self.is_broken, error);
    }

    /// Ends the transaction, and keeps or undoes what it has changed.
    pub(crate) async fn end(mut self, keep: bool) -> Result<(), Error> {
        if !self.in_transaction {
            return Ok(());
        }
        // PostgreSQL answers COMMIT without an error and undoes the transaction then.
        if keep && self.is_aborted {
            let text = "a statement of the transaction failed, so it cannot be committed";
            return Err(Error::InvalidArgument(text.to_owned()));
        }
        let statement = if keep { "COMMIT" } else { "ROLLBACK" };
        // Until it has ended, only its connection knows whether it has.
        self.is_broken.store(true, Ordering::Relaxed);
        self.execute(statement).await?;
        self.is_broken.store(false, Ordering::Relaxed);
        self.in_transaction = false;
        Ok(())
    }
}

/// Remembers that the connection is of no use any more, if that is what an error means.
pub(crate) fn note_disconnection(is_broken: &AtomicBool, error: &Error) {
    if error::is_disconnection(error) {
        is_broken.store(true, Ordering::Relaxed);
    }
}

impl Drop for PostgresHandle {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let runtime = Handle::try_current();
        if self.is_broken.load(Ordering::Relaxed) || (self.in_transaction && runtime.is_err()) {
            connection.close_on_drop();
            return;
        }
        if !self.in_transaction {
            return;
        }
        if let Ok(runtime) = runtime {
            runtime.spawn(async move {
                let rollback = sqlx::raw_sql("ROLLBACK").execute(&mut *connection);
                let ended = tokio::time::timeout(ROLLBACK_TIMEOUT, rollback).await;
                if !matches!(ended, Ok(Ok(_))) {
                    connection.close_on_drop();
                }
            });
        }
    }
}
