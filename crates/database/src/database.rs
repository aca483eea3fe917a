//! The connections to the database.
//!
//! [`sqlite`]: a file. [`postgres`](crate::postgres): a server, [`replica`]: one that follows it, [`watch`]: what changes
//! at a server while it is used, and [`notify`]: what its clients tell each other. [`open`]: how it is opened.
//! [`change`]: changes that share a commit. [`fault`]: what keeps the database from working, as its connections and the
//! paths of its [`files`] show.

mod change;
pub(crate) mod fault;
mod files;
pub(crate) mod notify;
pub(crate) mod open;
mod replica;
pub(crate) mod sqlite;
pub(crate) mod transaction;
pub(crate) mod wal_index;
mod watch;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use kith_runtime::Clock;
use kith_runtime::Tasks;
use tokio::sync::Semaphore;
use tokio::sync::SemaphorePermit;
use tokio::sync::watch::Receiver;
use tokio::sync::watch::Sender;

use self::change::Changes;
use self::fault::Faults;
use self::open::OpenError;
use self::open::Options;
use self::replica::Replica;
use self::sqlite::SqliteFile;
use self::transaction::Reader;
use self::transaction::Tx;
use self::wal_index::CommitMark;
use crate::clock::DatabaseClock;
use crate::connection::Connection;
use crate::connection::Handle;
use crate::connection::Observer;
use crate::connection::turn;
use crate::postgres::PostgresServer;
use crate::query::Query;
use crate::row::FromRow;
use crate::statement::Engine;
use crate::warning::Warning;
use crate::warning::Warnings;

/// A database. Cheap to clone.
///
/// Several processes may share it. In a SQLite file every write is one `BEGIN IMMEDIATE` transaction, so writers take
/// turns, in this process and between processes. A PostgreSQL server has many writers at a time, which wait for each
/// other where they change the same rows.
#[derive(Clone, Debug)]
pub struct Database {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) backend: Backend,
    pub(crate) changes: Changes,
    /// A turn for each read that may take long.
    pub(crate) long_reads: Semaphore,
    pub(crate) commits: Sender<u64>,
    pub(crate) faults: Faults,
    pub(crate) warnings: Arc<Warnings>,
    pub(crate) replica: Option<Arc<Replica>>,
    pub(crate) clock: DatabaseClock,
    /// The version of the last migration that this program knows.
    pub(crate) known_schema: i64,
    /// The probe that runs while there is a fault.
    pub(crate) tasks: Tasks,
}

/// What an engine keeps open.
#[derive(Debug)]
pub(crate) enum Backend {
    Sqlite(SqliteFile),
    Postgres(Box<PostgresServer>),
}

impl Database {
    /// Opens the file and creates it if it is not there, or connects to the server. Brings the tables up to date.
    ///
    /// # Errors
    /// [`OpenError`], which says what the operator can do.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let backend = match &options.server {
            None => Backend::Sqlite(SqliteFile::open(&options).await?),
            Some(server) => Backend::Postgres(PostgresServer::open(server, &options).await?.into()),
        };
        let connections = match &options.server {
            None => options.readers,
            Some(_) => options.connections,
        };
        let warnings = Arc::<Warnings>::default();
        let replica = match &options.replica {
            Some(address) => {
                let replica = Replica::new(address, options.connections, warnings.clone());
                let setting = options.replica_setting;
                Some(Arc::new(
                    replica.map_err(|error| OpenError::of_server(setting, error))?,
                ))
            }
            None => None,
        };
        let known = options.migrations.iter().map(|migration| migration.version);
        let database = Self {
            shared: Arc::new(Shared {
                backend,
                changes: Changes::default(),
                long_reads: Semaphore::new((connections.get() / 2).max(1) as usize),
                commits: Sender::default(),
                faults: Faults::default(),
                warnings,
                replica,
                clock: DatabaseClock::new(options.clock.clone()),
                known_schema: known.max().unwrap_or(0),
                tasks: Tasks::default(),
            }),
        };
        database.start_watching().await;
        Ok(database)
    }

    /// The time of the database, by which all processes that share it agree: on a server the time of the server, otherwise
    /// that of [`Options::clock`].
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(self.shared.clock.clone())
    }

    /// The version of the last migration that this program knows; 0 without any.
    pub fn schema(&self) -> i64 {
        self.shared.known_schema
    }

    /// The engine behind it.
    pub fn engine(&self) -> Engine {
        match &self.shared.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// What an operator should know of the database beside its [`health`](Self::health).
    pub fn warnings(&self) -> Vec<Warning> {
        self.shared.warnings.all()
    }

    /// Whether [`read_replica`](Self::read_replica) may read another server.
    pub fn has_replica(&self) -> bool {
        self.shared.replica.is_some()
    }

    pub(crate) fn replica(&self) -> Option<&Arc<Replica>> {
        self.shared.replica.as_ref()
    }

    /// Begins a transaction that writes. In a SQLite file no other begins until it ends. Dropping it undoes it.
    ///
    /// # Errors
    /// Those of the engine; [`is_transient`](crate::is_transient) tells which may pass.
    pub fn write(&self) -> BoxFuture<'_, Result<Tx, sqlx::Error>> {
        Box::pin(async move {
            self.check_files()?;
            let begun = match &self.shared.backend {
                Backend::Sqlite(file) => file.write().await.map(Handle::from),
                Backend::Postgres(server) => server.write().await.map(Handle::from),
            };
            Ok(self.transaction(self.recorded(begun)?))
        })
    }

    /// How many transactions that write were committed since the database was opened. Changes that share a
    /// commit count once.
    pub fn commits(&self) -> u64 {
        *self.shared.commits.borrow()
    }

    /// Says when the count of [`commits`](Self::commits) changes. Commits of other processes do not count.
    pub fn watch_commits(&self) -> Receiver<u64> {
        self.shared.commits.subscribe()
    }

    /// Names the last commit to the database, whichever process made it, without asking the engine. Equal marks mean
    /// that nothing was committed in between, so what was read between the two looks is still true.
    ///
    /// `None` where the mark cannot be told at the moment: ask the database itself then.
    pub fn commit_mark(&self) -> Option<CommitMark> {
        match &self.shared.backend {
            Backend::Sqlite(file) => file.commit_mark(),
            Backend::Postgres(_) => None,
        }
    }

    /// Begins a transaction that reads: a view of one instant, for several reads.
    ///
    /// # Errors
    /// Those of the engine; [`sqlx::Error::PoolTimedOut`] when no connection is free for 5 seconds.
    pub fn read(&self) -> BoxFuture<'_, Result<Tx, sqlx::Error>> {
        Box::pin(async move {
            let handle = match &self.shared.backend {
                Backend::Sqlite(file) => file.read().await?.into(),
                Backend::Postgres(server) => self.acquired(server.read().await)?.into(),
            };
            Ok(self.transaction(handle))
        })
    }

    /// A connection for a single read.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn reader(&self) -> BoxFuture<'_, Result<Reader, sqlx::Error>> {
        Box::pin(async move {
            let handle = match &self.shared.backend {
                Backend::Sqlite(file) => file.reader().await?.into(),
                Backend::Postgres(server) => self.acquired(server.reader().await)?.into(),
            };
            Ok(Reader(self.connection(handle)))
        })
    }

    /// Waits until a read that may take long can begin, which is over when the permit is dropped. Such reads have half of the
    /// connections, so that short ones find one.
    ///
    /// # Errors
    /// [`sqlx::Error::PoolTimedOut`] if that takes more than 5 seconds.
    pub async fn long_read(&self) -> Result<SemaphorePermit<'_>, sqlx::Error> {
        turn(&self.shared.long_reads).await
    }

    /// All rows of a short query that many callers wait for, on a connection of its own: it waits behind
    /// no search. Callers take turns.
    ///
    /// # Errors
    /// Those of the engine; [`sqlx::Error::PoolClosed`] once the database is closed.
    pub async fn fetch_dedicated<T: FromRow>(
        &self,
        query: Query<'_>,
    ) -> Result<Vec<T>, sqlx::Error> {
        let fetched: BoxFuture<'_, _> = match &self.shared.backend {
            Backend::Sqlite(file) => Box::pin(file.fetch_dedicated(query)),
            Backend::Postgres(server) => Box::pin(server.fetch_dedicated(query)),
        };
        let rows = fetched.await;
        self.recorded(rows.and_then(|rows| rows.into_iter().map(T::from_row).collect()))
    }

    /// Records the fault behind an error.
    fn recorded<T>(&self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        result.inspect_err(|error| self.record_error(error))
    }

    /// Records why there is no connection for a read. That all are busy is no fault of the database.
    fn acquired<T>(&self, result: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
        match result {
            Err(sqlx::Error::PoolTimedOut) => Err(sqlx::Error::PoolTimedOut),
            result => self.recorded(result),
        }
    }

    fn connection(&self, handle: Handle) -> Connection {
        Connection::new(handle, Arc::new(self.clone()))
    }

    fn transaction(&self, handle: Handle) -> Tx {
        Tx {
            connection: self.connection(handle),
            database: self.clone(),
        }
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.shared.tasks.close().await;
        if let Some(replica) = self.replica() {
            replica.close().await;
        }
        match &self.shared.backend {
            Backend::Sqlite(file) => file.close().await,
            Backend::Postgres(server) => server.close().await,
        }
    }
}
