//! A SQLite file: one connection that writes, and several that read.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::RwLock;

use sqlx::ConnectOptions;
use sqlx::Connection as _;
use sqlx::Error;
use sqlx::Sqlite;
use sqlx::SqliteConnection;
use sqlx::SqlitePool;
use sqlx::Transaction;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::sqlite::SqliteSynchronous;

use super::files::Files;
use super::open;
use super::open::OpenError;
use super::open::Options;
use super::wal_index::CommitMark;
use super::wal_index::WalIndex;
use crate::connection::BUSY_TIMEOUT;
use crate::connection::Driver;
use crate::query::Query;
use crate::row::Row;
use crate::sqlite_file::Lock;

/// Memory that each connection keeps pages in, in KiB. The system keeps the file in its memory as well, from where a
/// page is copied in a microsecond.
const PAGE_CACHE_KIB: u32 = 1024;

/// The same for the connection that writes: a transaction that changes more writes to the log before its commit.
const WRITER_PAGE_CACHE_KIB: u32 = 4 * 1024;

/// SQLite cuts the log back to this many bytes after it had to grow.
const MAX_LOG_BYTES: u32 = 64 * 1024 * 1024;

/// How many bytes a probe writes: more pages than adding a contact takes.
const PROBE_BYTES: u32 = 64 * 1024;

/// The connections to a file.
#[derive(Debug)]
pub(crate) struct SqliteFile {
    pub(crate) writer: SqlitePool,
    readers: SqlitePool,
    /// In no pool, which would check the connection each time. `None` once the database is closed.
    dedicated: tokio::sync::Mutex<Option<SqliteConnection>>,
    /// `None` once the database is closed, and where the index does not show commits.
    wal_index: RwLock<Option<WalIndex>>,
    pub(crate) files: Arc<Files>,
    /// `None` once the database is closed.
    lock: Mutex<Option<Lock>>,
}

impl SqliteFile {
    /// Opens the file, creates it if it is not there, and brings its tables up to date.
    pub(crate) async fn open(options: &Options) -> Result<Self, OpenError> {
        let path = options.path.as_path();
        let lock = open::create(options)?;
        let unusable = |source: Error| OpenError::unusable(path, source);

        let files = Arc::new(Files::new(path));
        let log_limit = MAX_LOG_BYTES.to_string();
        let writer = pool_of(&files, 1)
            .after_release(|connection, _| Box::pin(is_usable(connection)))
            .connect_with(
                connect_options(path)
                    .pragma("journal_size_limit", log_limit)
                    .pragma("cache_size", format!("-{WRITER_PAGE_CACHE_KIB}")),
            )
            .await
            .map_err(unusable)?;
        let mut connection = writer.acquire().await.map_err(unusable)?;
        open::prepare(&mut connection, options).await?;
        drop(connection);

        let read_only = connect_options(path).read_only(true);
        let dedicated = read_only.connect().await.map_err(unusable)?;
        let readers = pool_of(&files, options.readers.get());
        let readers = readers.connect_with(read_only).await.map_err(unusable)?;
        files
            .remember()
            .map_err(|source| unusable(Error::Io(source)))?;
        let mut wal_index = WalIndex::open(files.log_index());
        if let Some(index) = &wal_index
            && !index.shows_commits(&writer).await.unwrap_or(false)
        {
            wal_index = None;
        }
        Ok(Self {
            writer,
            readers,
            wal_index: RwLock::new(wal_index),
            dedicated: tokio::sync::Mutex::new(Some(dedicated)),
            files,
            lock: Mutex::new(Some(lock)),
        })
    }

    /// A transaction that writes. No other begins until it ends.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        self.readers.begin().await
    }

    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>, Error> {
        self.readers.acquire().await
    }

    pub(crate) fn commit_mark(&self) -> Option<CommitMark> {
        let index = self.wal_index.read();
        let index = index.unwrap_or_else(PoisonError::into_inner);
        index.as_ref()?.mark()
    }

    pub(crate) async fn fetch_dedicated(&self, query: Query<'_>) -> Result<Vec<Row>, Error> {
        let mut connection = self.dedicated.lock().await;
        let connection = connection.as_mut().ok_or(Error::PoolClosed)?;
        query.fetch_all_on(Driver::Sqlite(connection)).await
    }

    /// The last process to close a file writes the log back into it and removes the log. SQLite needs a connection
    /// that may write for that, so the writer is closed last.
    pub(crate) async fn close(&self) {
        if let Some(connection) = self.dedicated.lock().await.take() {
            // A connection that cannot be closed is gone all the same.
            let _ = connection.close().await;
        }
        self.readers.close().await;
        self.writer.close().await;
        // Last, because closing the file drops the locks that connections hold.
        let index = self.wal_index.write();
        if let Some(index) = index.unwrap_or_else(PoisonError::into_inner).take() {
            index.close();
        }
        let lock = self.lock.lock();
        drop(lock.unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Writes as much as a change does, and changes nothing.
    pub(crate) async fn probe(&self) -> Result<(), Error> {
        // No other transaction ever sees the table.
        let mut tx = self.write().await?;
        sqlx::query("CREATE TABLE write_probe (bytes BLOB NOT NULL) STRICT")
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO write_probe (bytes) VALUES (zeroblob(?))")
            .bind(PROBE_BYTES)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DROP TABLE write_probe")
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// Whether SQLite finds no damage in what is on the disk, rather than in what a connection
    /// remembers of it.
    pub(crate) async fn is_whole(&self) -> Result<bool, Error> {
        let path = self.files.database();
        let mut connection = connect_options(path).read_only(true).connect().await?;
        let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok(found == "ok")
    }

    /// Writes what was acknowledged from a log that has no path any more into the database file, which is
    /// still in its place.
    pub(crate) async fn save_log(&self) -> Result<(), Error> {
        let mut writer = self.writer.acquire().await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut *writer)
            .await?;
        Ok(())
    }
}

/// Whether a connection that comes back has no transaction left. When SQLite undoes one by itself, as on
/// a full disk, its end fails, and the next could never begin.
async fn is_usable(connection: &mut SqliteConnection) -> Result<bool, Error> {
    if connection.is_in_transaction() {
        // Waits for the end that was begun when the transaction was dropped.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// A pool whose later connections lead to the same files as the first.
fn pool_of(files: &Arc<Files>, connections: u32) -> SqlitePoolOptions {
    let files = files.clone();
    pool(connections).after_connect(move |_, _| {
        let gone = files.gone();
        Box::pin(async move { gone.map_or(Ok(()), |fault| Err(fault.into())) })
    })
}

pub(crate) fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(BUSY_TIMEOUT)
        // A connection to a file does not go stale.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// What writers and readers have in common. Statistics for the planner are never gathered: queries say
/// which index they use.
pub(crate) fn connect_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        // A commit is on the disk before a caller hears of it.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .pragma("temp_store", "MEMORY")
        // Negative: in KiB, not in pages.
        .pragma("cache_size", format!("-{PAGE_CACHE_KIB}"))
}
