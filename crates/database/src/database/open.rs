//! Opening a database: its file, its tables, and why that fails.

use std::fs;
use std::io;
use std::num::NonZeroU32;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use kith_runtime::Clock;
use kith_runtime::SystemClock;
use sqlx::Connection;
use sqlx::SqlSafeStr;
use sqlx::SqliteConnection;
use sqlx::migrate::MigrateError;
use sqlx::migrate::MigrationType;
use sqlx::migrate::Migrator;

use crate::connection::BUSY_TIMEOUT;
use crate::error;
use crate::postgres::sqlstate;
use crate::server_address::ServerAddress;
use crate::sqlite_file::Lock;
use crate::sqlite_file::LockError;
use crate::statement::Engine;
use crate::statement::Sql;

/// Before it, a writer that restarts the log while another connection checkpoints could corrupt
/// the file: <https://www.sqlite.org/wal.html#walresetbug>.
const MIN_SQLITE: (u32, u32, u32) = (3, 51, 3);

/// A change of the tables. One that has shipped never changes, since SQLite files remember its checksum.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Migrations run in the order of their versions.
    pub version: i64,
    /// What it is about, in a word.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// What [`Database::open`](crate::Database::open) opens, and how.
#[derive(Clone)]
pub struct Options {
    /// The file. It and its directory are created for their owner alone if they are not there.
    pub path: PathBuf,
    /// A database on a PostgreSQL server, instead of a file; `None` by default.
    pub server: Option<ServerAddress>,
    /// The same database on a server that follows, for [`Database::read_replica`](crate::Database::read_replica); `None`
    /// by default.
    pub replica: Option<ServerAddress>,
    /// How many connections read a file at the same time; 4 by default.
    pub readers: NonZeroU32,
    /// How many connections lead to each server; 10 by default. One more is for what many callers wait for.
    pub connections: NonZeroU32,
    /// Every migration, in order.
    pub migrations: &'static [Migration],
    /// The clock of this machine; [`SystemClock`] by default.
    pub clock: Arc<dyn Clock>,
    /// A statement that runs in the transaction of the migrations each time the file is opened; none by
    /// default.
    pub on_open: Option<&'static str>,
    /// A statement that counts the other processes that work with the database and cannot work with its tables any more.
    /// It runs in the transaction of the migrations. Unless it finds 0, the migrations are undone. None by default.
    pub older_processes: Option<Sql>,
    /// Whether opening a file changes its tables: it runs the migrations and `on_open`. `true` by default. Without, the database
    /// may be of a newer version of the program.
    pub changes_tables: bool,
    /// The setting that names the directory, for errors that tell the operator to change it;
    /// "the path of the database" by default.
    pub path_setting: &'static str,
    /// The setting that names the server, for the same errors; "the address of the database" by default.
    pub url_setting: &'static str,
    /// The setting that names the replica, for the same errors; "the address of the replica" by default.
    pub replica_setting: &'static str,
}

impl Options {
    /// The file at `path` with the tables that `migrations` make, and everything else as usual.
    pub fn new(path: impl Into<PathBuf>, migrations: &'static [Migration]) -> Self {
        Self {
            path: path.into(),
            server: None,
            replica: None,
            readers: NonZeroU32::MIN.saturating_add(3),
            connections: NonZeroU32::MIN.saturating_add(9),
            migrations,
            clock: Arc::new(SystemClock),
            on_open: None,
            older_processes: None,
            changes_tables: true,
            path_setting: "the path of the database",
            url_setting: "the address of the database",
            replica_setting: "the address of the replica",
        }
    }

    /// A database on a PostgreSQL server.
    pub fn server(address: ServerAddress, migrations: &'static [Migration]) -> Self {
        Self {
            server: Some(address),
            ..Self::new(PathBuf::new(), migrations)
        }
    }
}

/// Creates the directory and the file, each for its owner alone, unless they are there already. While the result lives,
/// no process replaces the file.
pub(crate) fn create(options: &Options) -> Result<Lock, OpenError> {
    let (path, setting) = (options.path.as_path(), options.path_setting);
    create_directory(path).map_err(|source| OpenError::Directory {
        path: path.parent().unwrap_or(path).to_owned(),
        setting,
        source,
    })?;
    let refused = |source| OpenError::File {
        path: path.to_owned(),
        setting,
        source,
    };
    let lock = Lock::shared(path).map_err(|error| match error {
        LockError::Taken => OpenError::BeingReplaced {
            path: path.to_owned(),
        },
        LockError::Io(source) => refused(source),
    })?;
    create_file(path).map_err(refused)?;
    Ok(lock)
}

fn create_directory(path: &Path) -> io::Result<()> {
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
    builder.create(directory)
}

/// SQLite gives its log the permissions of the file.
fn create_file(path: &Path) -> io::Result<()> {
    // Closing any handle of a file drops all locks that this process has on it, SQLite's as well.
    // Nothing in this process may open the file with SQLite while this handle is open.
    static CREATING: Mutex<()> = Mutex::new(());
    let _alone = CREATING.lock().unwrap_or_else(PoisonError::into_inner);

    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the file ready for use: its log, and its tables.
pub(crate) async fn prepare(
    connection: &mut SqliteConnection,
    options: &Options,
) -> Result<(), OpenError> {
    let path = options.path.as_path();
    let version: String = sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(&mut *connection)
        .await
        .map_err(|source| OpenError::unusable(path, source))?;
    if !is_recent(&version) {
        return Err(OpenError::OldSqlite { version });
    }
    use_write_ahead_log(connection, path).await?;
    match options.changes_tables {
        true => migrate(connection, options).await,
        false => Ok(()),
    }
}

/// Whether a version like `3.51.3` is [`MIN_SQLITE`] or newer.
pub(crate) fn is_recent(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    (part(), part(), part()) >= MIN_SQLITE
}

/// Switches the file to write-ahead logging, where it stays: readers do not wait for writers.
///
/// SQLite needs the file for itself for a moment to do so and does not wait for it, so this does.
async fn use_write_ahead_log(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), OpenError> {
    const RETRY_INTERVAL: Duration = Duration::from_millis(10);
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
                if error::primary_code(&source) == Some(error::BUSY) && waited < BUSY_TIMEOUT =>
            {
                tokio::time::sleep(RETRY_INTERVAL).await;
                waited += RETRY_INTERVAL;
            }
            Err(source) => return Err(OpenError::unusable(path, source)),
        }
    }
}

/// Brings the tables up to date, all or nothing. A process that comes second finds it done.
async fn migrate(connection: &mut SqliteConnection, options: &Options) -> Result<(), OpenError> {
    let path = options.path.as_path();
    let unusable = |source: sqlx::Error| OpenError::unusable(path, source);
    let mut tx = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(unusable)?;
    // `run` would do the same, but its future cannot be sent to another thread.
    migrator(options.migrations)
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
    if let Some(count) = options.older_processes {
        let count = sqlx::query_scalar(count.text(Engine::Sqlite)).fetch_one(&mut *tx);
        OpenError::check_older_processes(count.await.map_err(unusable)?)?;
    }
    if let Some(statement) = options.on_open {
        let ran = sqlx::query(statement).execute(&mut *tx).await;
        ran.map_err(unusable)?;
    }
    tx.commit().await.map_err(unusable)
}

pub(crate) fn migrator(migrations: &[Migration]) -> Migrator {
    let migration = |migration: &Migration| {
        sqlx::migrate::Migration::new(
            migration.version,
            migration.name.into(),
            MigrationType::Simple,
            migration.sql.into_sql_str(),
            false,
        )
    };
    Migrator::with_migrations(migrations.iter().map(migration).collect())
}

/// Why a database could not be opened. Each says what the operator can do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory is not there and cannot be created.
    #[error(
        "cannot create the data directory {}: create it yourself, or set {setting} to one that this user may write to",
        path.display()
    )]
    Directory {
        /// The directory.
        path: PathBuf,
        /// [`Options::path_setting`].
        setting: &'static str,
        /// What the system said.
        source: io::Error,
    },

    /// The file is not there and cannot be created.
    #[error(
        "cannot create the database {}: let this user write to its directory, or set {setting} to another one",
        path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// [`Options::path_setting`].
        setting: &'static str,
        /// What the system said.
        source: io::Error,
    },

    /// A process replaces the file, such as by a backup.
    #[error(
        "{} is being replaced by another process: start this program again once that has ended",
        path.display()
    )]
    BeingReplaced {
        /// The file.
        path: PathBuf,
    },

    /// The file is no database, or cannot be read or written.
    #[error(
        "cannot use {}: check that it is a database of this program and that this user may read and write the file and its directory",
        path.display()
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: sqlx::Error,
    },

    /// The file system cannot hold a write-ahead log.
    #[error(
        "cannot keep a write-ahead log beside {}: move the data directory to a disk of this machine; network file systems cannot hold it",
        path.display()
    )]
    NoLog {
        /// The file.
        path: PathBuf,
    },

    /// The SQLite that the program was built with has a defect.
    #[error(
        "SQLite {version} can corrupt a database: build this program with SQLite {}.{}.{} or newer",
        MIN_SQLITE.0, MIN_SQLITE.1, MIN_SQLITE.2
    )]
    OldSqlite {
        /// The version of that SQLite.
        version: String,
    },

    /// The file has a migration that this program does not know.
    #[error(
        "{} was written by a newer version of this program (migration {migration}): start that version, or restore a backup from before the update",
        path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The version of the migration.
        migration: i64,
    },

    /// A migration failed. Nothing was changed.
    #[error(
        "cannot bring the tables of {} up to date: nothing was changed; start the version that you had and report this",
        path.display()
    )]
    Migration {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: MigrateError,
    },

    /// Other processes could not work with the tables that the migrations make. Nothing was changed.
    #[error(
        "{count} running process(es) of an older version could not work with the new tables: stop them, and start this \
         version again; one that was killed counts for a few seconds more"
    )]
    OlderProcesses {
        /// How many [`Options::older_processes`] has found.
        count: i64,
    },

    /// The server cannot be used.
    #[error("cannot use the database that {setting} names: {problem}")]
    Server {
        /// [`Options::url_setting`].
        setting: &'static str,
        /// What to change.
        problem: ServerProblem,
        /// What the driver said.
        source: Option<sqlx::Error>,
    },
}

/// Why a server cannot be used. Displayed, it says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerProblem {
    /// The crate was built without its feature `postgres`.
    #[error(
        "this build has no PostgreSQL; build the program with the cargo feature `postgres`, or name a SQLite file"
    )]
    NotBuilt,
    /// Nothing answers at the address.
    #[error("nothing answers there; check the host and the port, and that the server runs")]
    Unreachable,
    /// The server refuses the user, the password or the certificate of the client.
    #[error("the server refuses the user, the password, or the certificate of sslcert")]
    Refused,
    /// A file that the address names cannot be read, or the socket is not there.
    #[error(
        "this user cannot read the file of sslrootcert, sslcert or sslkey, or there is no such socket"
    )]
    Unreadable,
    /// The server has no such database.
    #[error("the server has no database of that name; make one with CREATE DATABASE")]
    NoDatabase,
    /// The server has no connection left.
    #[error("the server has no connection left; raise its max_connections, or ask for fewer here")]
    Full,
    /// The server does not prove its name, or the files of the client are no certificate with its key.
    #[error(
        "the connection is not secure; name the server as its certificate does, name the authority, check the \
         files of sslcert and sslkey, or write sslmode=disable on a network that you trust"
    )]
    Insecure,
    /// The server is too old.
    #[error("the server is older than PostgreSQL 14; update it")]
    Old,
    /// The database keeps text in another encoding.
    #[error("its encoding is not UTF8; make one with ENCODING 'UTF8' TEMPLATE template0")]
    Encoding,
    /// The server may only be read.
    #[error("the server may only be read, as a standby; name the primary")]
    Standby,
    /// The server acknowledges commits that a crash of it would lose.
    #[error(
        "it acknowledges commits before they are on the disk; \
         ALTER DATABASE … SET synchronous_commit = on changes that"
    )]
    AsyncCommit,
    /// The user may not make tables.
    #[error("the user may not make tables; make the user the owner of the database")]
    Forbidden,
    /// There are tables of another program.
    #[error("it has tables of another program; name an empty database")]
    Foreign,
    /// A newer version of the program was here.
    #[error("a newer version of this program has changed its tables; start that version")]
    Newer,
    /// A pooler gives a client another connection for each transaction, where prepared statements are not known.
    #[error("a pooler before the server keeps no statements; add statement-cache-capacity=0")]
    Pooler,
    /// Anything else. The driver's text is the source of the error.
    #[error("the server reports an error")]
    Other,
}

impl ServerProblem {
    /// What an error of the driver means.
    pub(crate) fn of(error: &sqlx::Error) -> Self {
        if !Engine::Postgres.is_built() {
            return Self::NotBuilt;
        }
        match error {
            // rustls reports a certificate that it does not trust in this way.
            sqlx::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                return Self::Insecure;
            }
            sqlx::Error::Io(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
                ) =>
            {
                return Self::Unreadable;
            }
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => return Self::Unreachable,
            // As for a certificate without its key.
            sqlx::Error::Tls(_) | sqlx::Error::Configuration(_) => return Self::Insecure,
            _ => {}
        }
        match sqlstate(error) {
            Some("28000" | "28P01") => Self::Refused,
            Some("3D000") => Self::NoDatabase,
            Some("53300") => Self::Full,
            Some("42501") => Self::Forbidden,
            Some("42P07") => Self::Foreign,
            Some("26000" | "42P05") => Self::Pooler,
            Some(error::READ_ONLY) => Self::Standby,
            Some("57P03") => Self::Unreachable,
            _ => Self::Other,
        }
    }
}

impl OpenError {
    pub(crate) fn server(
        setting: &'static str,
        problem: ServerProblem,
        source: Option<sqlx::Error>,
    ) -> Self {
        Self::Server {
            setting,
            problem,
            source,
        }
    }

    /// What an error of a server means.
    pub(crate) fn of_server(setting: &'static str, source: sqlx::Error) -> Self {
        match ServerProblem::of(&source) {
            // There is no driver that could say more.
            ServerProblem::NotBuilt => Self::server(setting, ServerProblem::NotBuilt, None),
            problem => Self::server(setting, problem, Some(source)),
        }
    }

    /// Refuses migrations that [`Options::older_processes`] cannot live with.
    pub(crate) fn check_older_processes(count: i64) -> Result<(), Self> {
        match count {
            0 => Ok(()),
            count => Err(Self::OlderProcesses { count }),
        }
    }

    pub(crate) fn unusable(path: &Path, source: sqlx::Error) -> Self {
        Self::Unusable {
            path: path.to_owned(),
            source,
        }
    }
}
