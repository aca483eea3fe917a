//! The connections to the file.
//!
//! [`open`]: how the file is opened. [`change`]: changes that share a commit. [`fault`]: what keeps the file from
//! working, as its connections and the paths of its [`files`] show.

mod change;
pub(crate) mod fault;
mod files;
pub(crate) mod open;
pub(crate) mod transaction;
pub(crate) mod wal_index;

use std::path::Path;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kith_runtime::Tasks;
use sqlx::ConnectOptions;
use sqlx::Connection as _;
use sqlx::SqliteConnection;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::sqlite::SqliteSynchronous;

use self::change::Changes;
use self::fault::Faults;
use self::files::Files;
use self::open::OpenError;
use self::open::Options;
use self::transaction::Reader;
use self::transaction::Tx;
use self::wal_index::CommitMark;
use self::wal_index::WalIndex;
use crate::connection::Connection;
use crate::connection::Driver;
use crate::connection::Handle;
use crate::connection::Observer;
use crate::query::query;
use crate::row::FromRow;
use crate::statement::Engine;
use crate::statement::Sql;

/// How long a writer waits for its turn, and a reader for a connection.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Memory that each connection keeps pages in, in KiB. The system keeps the file in its memory as well, from where a
/// page is copied in a microsecond.
const PAGE_CACHE_KIB: u32 = 1024;

/// The same for the connection that writes: a transaction that changes more writes to the log before its commit.
const WRITER_PAGE_CACHE_KIB: u32 = 4 * 1024;

/// SQLite cuts the log back to this many bytes after it had to grow.
const MAX_LOG_BYTES: u32 = 64 * 1024 * 1024;

/// A SQLite file: one connection that writes, and several that read. Cheap to clone.
///
/// Several processes may share the file. Every write is one `BEGIN IMMEDIATE` transaction, so writers take
/// turns, in this process and between processes.
#[derive(Clone, Debug)]
pub struct Database {
    pub(crate) writer: SqlitePool,
    readers: SqlitePool,
    /// In no pool, which would check the connection each time. `None` once the database is closed.
    dedicated: Arc<tokio::sync::Mutex<Option<SqliteConnection>>>,
    /// `None` once the database is closed, and where the index does not show commits.
    wal_index: Arc<RwLock<Option<WalIndex>>>,
    pub(crate) changes: Arc<Changes>,
    pub(crate) commits: Arc<AtomicU64>,
    pub(crate) monitor: Arc<Monitor>,
}

/// The health of the database, and the task that probes the database while it has a fault.
#[derive(Debug)]
pub(crate) struct Monitor {
    pub(crate) files: Arc<Files>,
    pub(crate) faults: Faults,
    pub(crate) tasks: Tasks,
}

impl Database {
    /// Opens the file, creates it if it is not there, and brings its tables up to date.
    ///
    /// # Errors
    /// [`OpenError`], which says what the operator can do.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let path = options.path.as_path();
        open::create(&options)?;
        let unusable = |source: sqlx::Error| OpenError::unusable(path, source);

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
        open::prepare(&mut connection, &options).await?;
        drop(connection);

        let read_only = connect_options(path).read_only(true);
        let dedicated = read_only.connect().await.map_err(unusable)?;
        let readers = pool_of(&files, options.readers.get());
        let readers = readers.connect_with(read_only).await.map_err(unusable)?;
        files
            .remember()
            .map_err(|source| unusable(sqlx::Error::Io(source)))?;
        let mut wal_index = WalIndex::open(files.log_index());
        if let Some(index) = &wal_index
            && !index.shows_commits(&writer).await.unwrap_or(false)
        {
            wal_index = None;
        }
        Ok(Self {
            writer,
            readers,
            wal_index: Arc::new(RwLock::new(wal_index)),
            dedicated: Arc::new(tokio::sync::Mutex::new(Some(dedicated))),
            changes: Arc::default(),
            commits: Arc::default(),
            monitor: Arc::new(Monitor {
                files,
                faults: Faults::default(),
                tasks: Tasks::default(),
            }),
        })
    }

    /// The engine behind it.
    pub fn engine(&self) -> Engine {
        Engine::Sqlite
    }

    /// Begins a transaction that writes. No other begins until it ends. Dropping it undoes it.
    ///
    /// # Errors
    /// Those of SQLite; [`is_transient`](crate::is_transient) tells which may pass.
    pub async fn write(&self) -> Result<Tx, sqlx::Error> {
        self.check_files()?;
        let begun = self.writer.begin_with("BEGIN IMMEDIATE").await;
        let transaction = begun.inspect_err(|error| self.record_error(error))?;
        Ok(self.transaction(transaction))
    }

    /// How many transactions that write were committed since the database was opened. Changes that share a
    /// commit count once.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Names the last commit to the database, whichever process made it, without asking SQLite. Equal marks mean
    /// that nothing was committed in between, so what was read between the two looks is still true.
    ///
    /// `None` where the mark cannot be told at the moment: ask the database itself then.
    pub fn commit_mark(&self) -> Option<CommitMark> {
        let index = self.wal_index.read();
        let index = index.unwrap_or_else(PoisonError::into_inner);
        index.as_ref()?.mark()
    }

    /// Begins a transaction that reads: a view of one instant, for several reads.
    ///
    /// # Errors
    /// Those of SQLite; [`sqlx::Error::PoolTimedOut`] when no connection is free for 5 seconds.
    pub async fn read(&self) -> Result<Tx, sqlx::Error> {
        let transaction = self.readers.begin().await?;
        Ok(self.transaction(transaction))
    }

    /// A connection for a single read.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub async fn reader(&self) -> Result<Reader, sqlx::Error> {
        let connection = self.readers.acquire().await?;
        Ok(Reader(self.connection(connection)))
    }

    /// All rows of a short query that many callers wait for, on a connection of its own: it waits behind
    /// no search. Callers take turns.
    ///
    /// # Errors
    /// Those of SQLite; [`sqlx::Error::PoolClosed`] once the database is closed.
    pub async fn fetch_dedicated<T: FromRow>(
        &self,
        sql: impl Into<Sql>,
    ) -> Result<Vec<T>, sqlx::Error> {
        let mut connection = self.dedicated.lock().await;
        let connection = connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        query(sql)
            .fetch_all_on(Driver::Sqlite(connection))
            .await
            .inspect_err(|error| self.record_error(error))
    }

    fn connection(&self, handle: impl Into<Handle>) -> Connection {
        Connection::new(handle, Arc::new(self.clone()))
    }

    fn transaction(&self, handle: impl Into<Handle>) -> Tx {
        Tx {
            connection: self.connection(handle),
            database: self.clone(),
        }
    }

    /// Closes every connection. The last process to close a file writes the log back into it and removes
    /// the log. SQLite needs a connection that may write for that, so the writer is closed last.
    pub async fn close(&self) {
        self.monitor.tasks.close().await;
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
    }
}

/// Whether a connection that comes back has no transaction left. When SQLite undoes one by itself, as on
/// a full disk, its end fails, and the next could never begin.
async fn is_usable(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
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
