//! A connection to a PostgreSQL server that knows whether it is in a transaction.

use std::io;
use std::time::Duration;

use sqlx::Error;
use sqlx::PgConnection;
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
    /// `None` only while it is dropped.
    connection: Option<PoolConnection<Postgres>>,
    in_transaction: bool,
    /// PostgreSQL has ended the transaction, because a statement in it failed.
    is_aborted: bool,
    is_broken: bool,
}

const PRESENT: &str = "a connection until it is dropped";

impl PostgresHandle {
    pub(crate) fn new(connection: PoolConnection<Postgres>) -> Self {
        Self {
            connection: Some(connection),
            in_transaction: false,
            is_aborted: false,
            is_broken: false,
        }
    }

    /// Begins a transaction with this statement.
    pub(crate) async fn begin(mut self, statement: &'static str) -> Result<Self, Error> {
        let begun = sqlx::raw_sql(statement).execute(self.connection()).await;
        begun.inspect_err(|error| self.fail(error))?;
        self.in_transaction = true;
        Ok(self)
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect(PRESENT)
    }

    /// Remembers what an error means for the connection.
    pub(crate) fn fail(&mut self, error: &Error) {
        self.is_aborted = self.in_transaction;
        self.is_broken |= error::is_disconnection(error);
    }

    /// Ends the transaction, and keeps or undoes what it has changed.
    pub(crate) async fn end(mut self, keep: bool) -> Result<(), Error> {
        if !self.in_transaction {
            return Ok(());
        }
        // PostgreSQL answers COMMIT without an error and undoes the transaction then.
        if keep && self.is_aborted {
            let text = "a statement of the transaction failed, so it cannot be committed";
            return Err(Error::Io(io::Error::other(text)));
        }
        let statement = if keep { "COMMIT" } else { "ROLLBACK" };
        let ended = sqlx::raw_sql(statement).execute(self.connection()).await;
        match ended {
            Ok(_) => {
                self.in_transaction = false;
                Ok(())
            }
            Err(error) => {
                self.is_broken = true;
                Err(error)
            }
        }
    }
}

impl Drop for PostgresHandle {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let runtime = Handle::try_current();
        if self.is_broken || (self.in_transaction && runtime.is_err()) {
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
