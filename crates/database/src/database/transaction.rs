//! What a caller gets of the database for a while.

use std::ops::Deref;
use std::ops::DerefMut;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::connection::Connection;
use crate::database::Database;
use crate::query::query;
use crate::statement::Engine;

/// A connection for a single read.
#[derive(Debug)]
pub struct Reader(pub(crate) Connection);

/// A transaction. Dropping it undoes what it has changed.
#[derive(Debug)]
pub struct Tx {
    pub(crate) connection: Connection,
    pub(crate) database: Database,
}

impl Tx {
    /// Lets each later statement of this transaction take this long, instead of 20 seconds. Does nothing in a file, whose
    /// statements have no limit.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn set_statement_timeout(&mut self, timeout: Duration) -> Result<(), sqlx::Error> {
        if self.engine() == Engine::Sqlite {
            return Ok(());
        }
        // As `SET LOCAL`, which takes no parameter.
        let set = query("SELECT set_config('statement_timeout', $1, true)");
        let set = set.bind(format!("{}ms", timeout.as_millis()));
        let _: String = set.fetch_one(&mut self.connection).await?;
        self.connection.set_statement_timeout(timeout);
        Ok(())
    }

    /// Commits: the changes are on the disk, in the file that the path of the database leads to.
    ///
    /// # Errors
    /// When that is not certain: errors of the engine, or the file is gone.
    pub fn commit(self) -> BoxFuture<'static, Result<(), sqlx::Error>> {
        Box::pin(async move {
            self.connection.end(true).await?;
            let commits = &self.database.shared.commits;
            commits.send_modify(|commits| *commits += 1);
            self.database.check_files()
        })
    }

    /// Undoes everything.
    ///
    /// # Errors
    /// Those of the engine. Then the connection is closed.
    pub(crate) fn rollback(self) -> BoxFuture<'static, Result<(), sqlx::Error>> {
        Box::pin(self.connection.end(false))
    }
}

impl Deref for Reader {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

impl Deref for Tx {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}
