//! A connection to a PostgreSQL server that knows whether it is in a transaction, and whether it can be used again.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::Error;
use sqlx::PgConnection;
use tokio::runtime::Handle;

use super::driver::PostgresDriver;
use super::driver::STATEMENT_TIMEOUT;
use super::driver::in_time;
use super::pool::PooledConnection;
use super::pool::PostgresPool;
use crate::error;

/// How long a connection that was given up in the middle of something may take to come to its end.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection of a pool. Dropping it undoes its transaction. A connection that failed is closed instead of going
/// back to the pool. If it was lost, so are those that wait in the pool, which lead to the same server.
#[derive(Debug)]
pub(crate) struct PostgresHandle {
    /// `None` only while it is replaced or dropped.
    connection: Option<PooledConnection>,
    pool: Arc<PostgresPool>,
    in_transaction: bool,
    /// A statement is under way. If it stays so, its caller has given up.
    is_busy: bool,
    /// How long a statement may take.
    statement_timeout: Duration,
    /// Shared with streams of rows, which borrow the connection.
    state: Arc<State>,
}

/// What errors have shown of a connection.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// PostgreSQL has ended the transaction, because a statement in it failed.
    is_aborted: AtomicBool,
    /// It has ended, or leads to a server that may only be read. So do those that wait in the pool.
    is_lost: AtomicBool,
    /// Whether a transaction has ended is not known.
    is_uncertain: AtomicBool,
}

impl State {
    /// Remembers what an error means for the connection.
    pub(crate) fn fail(&self, error: &Error) {
        self.is_aborted.store(true, Ordering::Relaxed);
        if error::is_disconnection(error) {
            self.is_lost.store(true, Ordering::Relaxed);
        }
    }
}

impl PostgresHandle {
    /// A connection of the pool.
    pub(crate) async fn acquire(pool: &Arc<PostgresPool>) -> Result<Self, Error> {
        Ok(Self {
            connection: Some(pool.acquire().await?),
            pool: pool.clone(),
            in_transaction: false,
            is_busy: false,
            statement_timeout: STATEMENT_TIMEOUT,
            state: Arc::default(),
        })
    }

    /// Waits this long for statements. The server has its own limit.
    pub(crate) fn set_statement_timeout(&mut self, timeout: Duration) {
        self.statement_timeout = timeout;
    }

    pub(crate) fn state(&self) -> &Arc<State> {
        &self.state
    }

    pub(crate) fn is_in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// Replaces the connection by a new one, after it has failed. Whether there is one. A transaction cannot go on with
    /// another connection.
    pub(crate) async fn replace(&mut self) -> bool {
        if self.in_transaction {
            return false;
        }
        let Some(failed) = self.connection.take() else {
            return false;
        };
        let Ok(new) = self.pool.replace(failed).await else {
            return false;
        };
        self.connection = Some(new);
        self.state = Arc::default();
        self.is_busy = false;
        true
    }

    /// Begins a transaction with this statement. A server that was restarted has ended the connections of the pool, so a
    /// connection that turns out to have ended is replaced.
    pub(crate) async fn begin(mut self, statement: &'static str) -> Result<Self, Error> {
        match self.try_begin(statement).await {
            Err(error) if error::may_be_made_again(&error) && self.replace().await => {
                self.try_begin(statement).await?;
            }
            begun => begun?,
        }
        Ok(self)
    }

    async fn try_begin(&mut self, statement: &'static str) -> Result<(), Error> {
        // A caller may give up before the answer, and the server begins all the same.
        self.in_transaction = true;
        let begun = self.execute(statement).await;
        begun.inspect_err(|_| {
            self.state.is_uncertain.store(true, Ordering::Relaxed);
            self.in_transaction = false;
        })
    }

    /// The connection, for a statement. [`finish`](Self::finish) says that it is over.
    ///
    /// # Errors
    /// The connection has failed and could not be replaced.
    pub(crate) fn driver(&mut self) -> Result<PostgresDriver<'_>, Error> {
        Ok(PostgresDriver {
            keeps_statements: self.pool.keeps_statements(),
            statement_timeout: self.statement_timeout,
            connection: self.connection()?,
        })
    }

    fn connection(&mut self) -> Result<&mut PgConnection, Error> {
        self.is_busy = true;
        let connection = self.connection.as_deref_mut();
        connection.ok_or_else(|| Error::Io(io::ErrorKind::NotConnected.into()))
    }

    pub(crate) fn finish(&mut self) {
        self.is_busy = false;
    }

    /// Executes statements without values.
    async fn execute(&mut self, statements: &'static str) -> Result<(), Error> {
        let timeout = self.statement_timeout;
        let executing = sqlx::raw_sql(statements).execute(self.connection()?);
        let executed = in_time(timeout, executing).await;
        self.finish();
        executed
            .map(drop)
            .inspect_err(|error| self.state.fail(error))
    }

    /// Ends the transaction, and keeps or undoes what it has changed.
    pub(crate) async fn end(mut self, keep: bool) -> Result<(), Error> {
        if !self.in_transaction {
            return Ok(());
        }
        // PostgreSQL answers COMMIT without an error and undoes the transaction then.
        if keep && self.state.is_aborted.load(Ordering::Relaxed) {
            let text = "a statement of the transaction failed, so it cannot be committed";
            return Err(Error::InvalidArgument(text.to_owned()));
        }
        let statement = if keep { "COMMIT" } else { "ROLLBACK" };
        // Until it has ended, only its connection knows whether it has.
        self.state.is_uncertain.store(true, Ordering::Relaxed);
        self.execute(statement).await?;
        self.state.is_uncertain.store(false, Ordering::Relaxed);
        self.in_transaction = false;
        Ok(())
    }
}

impl Drop for PostgresHandle {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        if self.state.is_lost.load(Ordering::Relaxed) {
            self.pool.forget(connection.opened());
            return;
        }
        if self.state.is_uncertain.load(Ordering::Relaxed) {
            return;
        }
        if !self.in_transaction && !self.is_busy {
            self.pool.release(connection);
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let (pool, in_transaction) = (self.pool.clone(), self.in_transaction);
        runtime.spawn(async move {
            let end = async {
                match in_transaction {
                    true => sqlx::raw_sql("ROLLBACK")
                        .execute(&mut *connection)
                        .await
                        .map(drop),
                    false => connection.ping().await,
                }
            };
            if let Ok(Ok(())) = tokio::time::timeout(END_TIMEOUT, end).await {
                pool.release(connection);
            }
        });
    }
}
