//! What a caller gets of the database for a while.

use std::ops::Deref;
use std::ops::DerefMut;

use crate::connection::Connection;
use crate::database::Database;

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
    /// Commits: the changes are on the disk, in the file that the path of the database leads to.
    ///
    /// # Errors
    /// When that is not certain: errors of the engine, or the file is gone.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.connection.end(true).await?;
        self.database
            .shared
            .commits
            .send_modify(|commits| *commits += 1);
        self.database.check_files()
    }

    /// Undoes everything.
    ///
    /// # Errors
    /// Those of the engine. Then the connection is closed.
    pub(crate) async fn rollback(self) -> Result<(), sqlx::Error> {
        self.connection.end(false).await
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
