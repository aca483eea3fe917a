//! The `SQLite` file that contacts and the queue are in, and the connections to it.
//!
//! Several processes may share the file. Every write is one `BEGIN IMMEDIATE` transaction, so that
//! writers take turns, in this process and between processes.
//!
//! What keeps it from its work is a [`fault`]. A change is refused, and not acknowledged, when the
//! path no longer leads to the file that is open ([`files`]).

mod change;
pub mod error;
pub mod fault;
mod files;
mod watched;

use std::fs;
use std::io;
use std::num::NonZeroU32;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::SqlSafeStr;
use sqlx::SqliteConnection;
use sqlx::SqlitePool;
use sqlx::migrate::MigrateError;
use sqlx::migrate::Migration;
use sqlx::migrate::MigrationType;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::sqlite::SqliteSynchronous;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::change::Changes;
pub use self::error::may_pass;
use self::fault::Faults;
use self::files::Files;
pub use self::watched::Reader;
pub use self::watched::Tx;
use self::watched::Watched;

/// Every migration, in order. A file in `migrations/` that is missing here fails a test.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        "contacts",
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/migrations/0001_contacts.sql"
        )),
    ),
    (
        2,
        "generations",
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/migrations/0002_generations.sql"
        )),
    ),
    (
        3,
        "queue",
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/migrations/0003_queue.sql"
        )),
    ),
    (
        4,
        "activities",
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/migrations/0004_activities.sql"
        )),
    ),
    (
        5,
        "counters",
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/migrations/0005_counters.sql"
        )),
    ),
    (
        6,
        "figures",
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/migrations/0006_figures.sql"
        )),
    ),
    (
        7,
        "admin",
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/migrations/0007_admin.sql"
        )),
    ),
    (
        8,
        "origins",
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/migrations/0008_origins.sql"
        )),
    ),
];

/// Before it, a writer that restarts the log while another connection checkpoints could corrupt
/// the file: <https://www.sqlite.org/wal.html#walresetbug>.
const OLDEST_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// How long a writer waits for its turn, and a reader for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// Memory that each connection keeps pages in, in KiB. The indexes of 50 000 contacts fit.
const PAGE_CACHE_KIB: u32 = 8 * 1024;

/// The log is cut back to this many bytes after it had to grow.
const LOG_LIMIT: u32 = 64 * 1024 * 1024;

/// One connection that writes and a few that read. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    writer: SqlitePool,
    readers: SqlitePool,
    /// A connection of its own for what every cached read asks for, so that it waits behind no
    /// search. Not in a pool, which would look after the connection each time. `None` once closed.
    generations: Arc<tokio::sync::Mutex<Option<SqliteConnection>>>,
    changes: Arc<Changes>,
    watch: Arc<Watch>,
}

/// How the database is, and the task that finds out while it is not well.
#[derive(Debug)]
struct Watch {
    files: Arc<Files>,
    faults: Faults,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Database {
    pub async fn open(path: &Path, readers: NonZeroU32) -> Result<Self, OpenError> {
        create_directory(path)?;
        create_file(path)?;
        let unusable = |source: sqlx::Error| OpenError::Unusable {
            path: path.to_owned(),
            source,
        };

        let files = Arc::new(Files::new(path));
        let writer = pool_of(&files, 1)
            .after_release(|connection, _| Box::pin(is_usable(connection)))
            .connect_with(connect_options(path).pragma("journal_size_limit", LOG_LIMIT.to_string()))
            .await
            .map_err(unusable)?;
        let mut connection = writer.acquire().await.map_err(unusable)?;
        refuse_old_sqlite(&mut connection)
            .await
            .map_err(unusable)??;
        keep_a_log(&mut connection, path).await?;
        migrate(&mut connection, path).await?;
        drop(connection);

        let read_only = connect_options(path).read_only(true);
        let generations = read_only.connect().await.map_err(unusable)?;
        let readers = pool_of(&files, readers.get()).connect_with(read_only).await;
        let readers = readers.map_err(unusable)?;
        files
            .remember()
            .map_err(|source| unusable(sqlx::Error::Io(source)))?;
        Ok(Self {
            writer,
            readers,
            generations: Arc::new(tokio::sync::Mutex::new(Some(generations))),
            changes: Arc::default(),
            watch: Arc::new(Watch {
                files,
                faults: Faults::default(),
                tasks: TaskTracker::new(),
                stop: CancellationToken::new(),
            }),
        })
    }

    /// Takes the turn to write, which nobody else has until the transaction ends. Dropping it
    /// undoes it.
    pub async fn write(&self) -> Result<Tx, sqlx::Error> {
        self.look()?;
        let begun = self.writer.begin_with("BEGIN IMMEDIATE").await;
        let transaction = begun.inspect_err(|error| self.heed(error))?;
        Ok(Watched::new(transaction, self))
    }

    /// A view of one instant, for several reads.
    pub async fn read(&self) -> Result<Tx, sqlx::Error> {
        let transaction = self.readers.begin().await?;
        Ok(Watched::new(transaction, self))
    }

    /// For a single read.
    pub async fn reader(&self) -> Result<Reader, sqlx::Error> {
        let connection = self.readers.acquire().await?;
        Ok(Watched::new(connection, self))
    }

    /// Every row of `generations`.
    pub async fn generations(&self) -> Result<Vec<(String, i64)>, sqlx::Error> {
        let mut connection = self.generations.lock().await;
        let connection = connection.as_mut().ok_or(sqlx::Error::PoolClosed)?;
        sqlx::query_as("SELECT tag, generation FROM generations")
            .fetch_all(connection)
            .await
            .inspect_err(|error| self.heed(error))
    }

    /// The last process to close writes the log back into the file and removes it. That takes a
    /// connection that may write, so the writer goes last.
    pub async fn close(&self) {
        self.watch.stop.cancel();
        self.watch.tasks.close();
        self.watch.tasks.wait().await;
        if let Some(connection) = self.generations.lock().await.take() {
            // One that cannot be closed is gone all the same.
            let _ = connection.close().await;
        }
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Whether a connection that comes back has no transaction left. When SQLite undoes one by itself, as on
/// a full disk, its end fails, and the next could never begin.
async fn is_usable(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    // Waits for the end that was begun when the transaction was dropped.
    connection.ping().await?;
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

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        // A connection to a file does not go stale.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// What writers and readers have in common. Statistics for the planner are never gathered: the
/// queries say which index they use, and tests hold them to it.
fn connect_options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        // A commit is on the disk before anybody hears of it.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .pragma("temp_store", "MEMORY")
        // Negative: in KiB, not in pages.
        .pragma("cache_size", format!("-{PAGE_CACHE_KIB}"))
}

/// For its owner alone, unless it is there already.
fn create_directory(path: &Path) -> Result<(), OpenError> {
    let Some(directory) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(directory)
        .map_err(|source| OpenError::Directory {
            path: directory.to_owned(),
            source,
        })
}

/// For its owner alone, unless it is there already. `SQLite` gives its log the same permissions.
fn create_file(path: &Path) -> Result<(), OpenError> {
    // Closing any handle of a file drops all locks that this process has on it, SQLite's as well.
    // Nobody in this process may open the file with SQLite while this handle is open.
    static CREATING: Mutex<()> = Mutex::new(());
    let _alone = CREATING.lock().unwrap_or_else(PoisonError::into_inner);

    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(OpenError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

async fn refuse_old_sqlite(
    connection: &mut SqliteConnection,
) -> Result<Result<(), OpenError>, sqlx::Error> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await?;
    Ok(if is_recent(&version) {
        Ok(())
    } else {
        Err(OpenError::OldSqlite { version })
    })
}

/// Whether a version like `3.51.3` is [`OLDEST_SQLITE`] or newer.
fn is_recent(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    (part(), part(), part()) >= OLDEST_SQLITE
}

/// Switches the file to write-ahead logging, where it stays: readers do not wait for writers.
///
/// `SQLite` needs the file for itself for a moment to do so and does not wait for it, so this does.
async fn keep_a_log(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        let switched = sqlx::query_scalar::<_, String>("PRAGMA journal_mode = WAL")
            .fetch_one(&mut *connection)
            .await;
        match switched {
            Ok(mode) if mode.eq_ignore_ascii_case("wal") => return Ok(()),
            Ok(_) => {
                return Err(OpenError::NoLog {
                    path: path.to_owned(),
                });
            }
            Err(source)
                if error::primary_code(&source) == Some(error::BUSY) && waited < PATIENCE =>
            {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            Err(source) => {
                return Err(OpenError::Unusable {
                    path: path.to_owned(),
                    source,
                });
            }
        }
    }
}

/// Brings the tables up to date, all or nothing. A process that comes second finds it done.
async fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let unusable = |source: sqlx::Error| OpenError::Unusable {
        path: path.to_owned(),
        source,
    };
    let mut tx = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(unusable)?;
    // `run` would do the same, but its future cannot be sent to another thread.
    migrator()
        .run_direct(None, &mut *tx, false)
        .await
        .map_err(|error| match error {
            MigrateError::VersionMissing(migration) => OpenError::NewerSchema {
                path: path.to_owned(),
                migration,
            },
            MigrateError::Execute(source) => unusable(source),
            source => OpenError::Migration {
                path: path.to_owned(),
                source,
            },
        })?;
    // A file that was restored from a backup has brought its generations back, and Redis may hold
    // what was made under them later.
    sqlx::query("UPDATE generations SET generation = random()")
        .execute(&mut *tx)
        .await
        .map_err(unusable)?;
    tx.commit().await.map_err(unusable)
}

fn migrator() -> Migrator {
    let migration = |&(version, description, sql): &(i64, &'static str, &'static str)| {
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect())
}

/// Why the database could not be opened. Each says what to do, for whoever starts Kith.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(
        "cannot create the data directory {}: create it yourself, or set KITH_DATA_DIR to one that this user may write to",
        path.display()
    )]
    Directory { path: PathBuf, source: io::Error },

    #[error(
        "cannot create the database {}: let this user write to its directory, or set KITH_DATA_DIR to another one",
        path.display()
    )]
    File { path: PathBuf, source: io::Error },

    #[error(
        "cannot use {}: check that it is a database of Kith and that this user may read and write the file and its directory",
        path.display()
    )]
    Unusable { path: PathBuf, source: sqlx::Error },

    #[error(
        "cannot keep a write-ahead log beside {}: move the data directory to a disk of this machine; network file systems cannot hold it",
        path.display()
    )]
    NoLog { path: PathBuf },

    #[error(
        "SQLite {version} can corrupt a database: build Kith with SQLite {}.{}.{} or newer",
        OLDEST_SQLITE.0, OLDEST_SQLITE.1, OLDEST_SQLITE.2
    )]
    OldSqlite { version: String },

    #[error(
        "{} was written by a newer Kith (migration {migration}): start that version, or restore a backup from before the update",
        path.display()
    )]
    NewerSchema { path: PathBuf, migration: i64 },

    #[error(
        "cannot bring the tables of {} up to date: nothing was changed; start the version that you had and report this",
        path.display()
    )]
    Migration { path: PathBuf, source: MigrateError },
}

#[cfg(test)]
mod tests;
