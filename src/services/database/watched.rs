//! Connections that tell the database what their statements met.
//!
//! Statements run on a connection itself, and their errors go to whoever asked. But SQLite remembers
//! the error of the last one, and after an error nobody commits: so what was not committed is looked
//! at before the connection goes back.

use std::ops::Deref;
use std::ops::DerefMut;

use sqlx::Executor;
use sqlx::Sqlite;
use sqlx::SqliteConnection;
use sqlx::Transaction;
use sqlx::pool::PoolConnection;
use tokio::runtime::Handle;

use super::Database;
use super::fault;

/// A connection, or a transaction on one.
#[derive(Debug)]
pub struct Watched<C>
where
    C: DerefMut<Target = SqliteConnection> + Send + 'static,
{
    /// `None` only at the end.
    connection: Option<C>,
    database: Database,
}

/// For a single read.
pub type Reader = Watched<PoolConnection<Sqlite>>;

/// A transaction. Dropping it undoes what it has changed.
pub type Tx = Watched<Transaction<'static, Sqlite>>;

impl<C> Watched<C>
where
    C: DerefMut<Target = SqliteConnection> + Send + 'static,
{
    pub(super) fn new(connection: C, database: &Database) -> Self {
        Self {
            connection: Some(connection),
            database: database.clone(),
        }
    }
}

impl Tx {
    /// Ends it, with its changes on the disk in the file that the database's path leads to.
    ///
    /// # Errors
    /// When that is not certain: those of the database, or the file is gone.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        if let Some(transaction) = self.connection.take() {
            let committed = transaction.commit().await;
            committed.inspect_err(|error| self.database.heed(error))?;
        }
        self.database.look()
    }
}

const UNTIL_THE_END: &str = "it is there until the end";

impl<C> Deref for Watched<C>
where
    C: DerefMut<Target = SqliteConnection> + Send + 'static,
{
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().expect(UNTIL_THE_END)
    }
}

impl<C> DerefMut for Watched<C>
where
    C: DerefMut<Target = SqliteConnection> + Send + 'static,
{
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect(UNTIL_THE_END)
    }
}

impl<C> Drop for Watched<C>
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
                database.meet(fault);
                // So that the next to look does not find it again.
                let _ = (&mut *connection).execute("SELECT 1").await;
            }
        });
    }
}
