//! Connections that report the faults of their statements to the database.
//!
//! Statements run on the connection itself, and their errors go to the caller. But SQLite remembers the
//! error of the last statement, and a caller does not commit after an error. So a connection that comes back
//! without a commit is asked for its last error.

use std::ops::Deref;
use std::ops::DerefMut;
use std::sync::atomic::Ordering;

use sqlx::Executor;
use sqlx::Sqlite;
use sqlx::SqliteConnection;
use sqlx::Transaction;
use sqlx::pool::PoolConnection;
use tokio::runtime::Handle;

use crate::database::Database;
use crate::database::fault;

/// A connection, or a transaction on one, that reports what its statements meet.
#[derive(Debug)]
pub struct Monitored<C>
where
    C: DerefMut<Target = SqliteConnection> + Send + 'static,
{
    /// `None` only while it is dropped.
    connection: Option<C>,
    database: Database,
}

/// A connection for a single read.
pub type Reader = Monitored<PoolConnection<Sqlite>>;

/// A transaction. Dropping it undoes what it has changed.
pub type Tx = Monitored<Transaction<'static, Sqlite>>;

impl<C> Monitored<C>
where
    C: DerefMut<Target = SqliteConnection> + Send + 'static,
{
    pub(crate) fn new(connection: C, database: &Database) -> Self {
        Self {
            connection: Some(connection),
            database: database.clone(),
        }
    }
}

impl Tx {
    /// Commits: the changes are on the disk, in the file that the path of the database leads to.
    ///
    /// # Errors
    /// When that is not certain: errors of SQLite, or the file is gone.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        if let Some(transaction) = self.connection.take() {
            let committed = transaction.commit().await;
            committed.inspect_err(|error| self.database.record_error(error))?;
            self.database.commits.fetch_add(1, Ordering::Relaxed);
        }
        self.database.check_files()
    }

    /// Undoes everything.
    ///
    /// # Errors
    /// Those of SQLite. Then the connection is closed.
    pub(crate) async fn rollback(mut self) -> Result<(), sqlx::Error> {
        match self.connection.take() {
            Some(transaction) => transaction.rollback().await,
            None => Ok(()),
        }
    }
}

const PRESENT: &str = "a connection until it is dropped";

impl<C> Deref for Monitored<C>
where
    C: DerefMut<Target = SqliteConnection> + Send + 'static,
{
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().expect(PRESENT)
    }
}

impl<C> DerefMut for Monitored<C>
where
    C: DerefMut<Target = SqliteConnection> + Send + 'static,
{
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect(PRESENT)
    }
}

impl<C> Drop for Monitored<C>
where
    C: DerefMut<Target = SqliteConnection> + Send + 'static,
{
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let database = self.database.clone();
        runtime.spawn(async move {
            if let Some(fault) = fault::last_fault(&mut connection).await {
                database.record_fault(fault);
                // The next caller must not find this error again.
                let _ = (&mut *connection).execute("SELECT 1").await;
            }
        });
    }
}
