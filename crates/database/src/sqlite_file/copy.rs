//! Copying a file while it is in use.

use std::fs;
use std::fs::File;
use std::fs::TryLockError;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::SqliteConnection;

use super::is_one_file;
use super::lock::private;
use super::remove_if_there;
use super::sync_folder;
use super::with_end;
use crate::database::sqlite::connect_options;
use crate::error;
use crate::error::primary_code;

/// The end of the name that a copy has until it is whole and on the disk.
const PARTIAL: &str = ".partial";

/// How often the caller hears how far a copy is.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// How far a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// How many pages were written.
    pub done: u64,
    /// How many the original has. The copy may have fewer, since it leaves out empty ones.
    pub total: u64,
}

/// Why there is no copy. Nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The original is not there.
    #[error("there is no file {}", path.display())]
    Missing {
        /// The original.
        path: PathBuf,
    },
    /// There is a file in the place of the copy.
    #[error("{} is there already", path.display())]
    Exists {
        /// The copy.
        path: PathBuf,
    },
    /// Another process makes the same copy.
    #[error("another process is writing {}", path.display())]
    Busy {
        /// The copy.
        path: PathBuf,
    },
    /// The original is no SQLite file.
    #[error("{} is no SQLite file", path.display())]
    NoDatabase {
        /// The original.
        path: PathBuf,
    },
    /// SQLite finds damage in the original or in the copy.
    #[error("{} is damaged", path.display())]
    Damaged {
        /// The original.
        path: PathBuf,
    },
    /// The disk of the copy is full.
    #[error("there is no room left for {}", path.display())]
    Full {
        /// The copy.
        path: PathBuf,
    },
    /// The copy cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The copy.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The original cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The original.
        path: PathBuf,
        /// What SQLite said.
        source: sqlx::Error,
    },
}

/// Copies a SQLite file, also while others write to it: the copy holds what was committed before the copy began. It is
/// one file for its owner alone, without a log. It has its name only once it is checked and on the disk. Returns its
/// size in bytes.
///
/// # Errors
/// [`CopyError`]. A copy that was killed leaves a file whose name ends with `.partial`; the next one to the same path
/// replaces it.
pub async fn copy(from: &Path, to: &Path, progress: impl FnMut(Pages)) -> Result<u64, CopyError> {
    let (from, to) = (absolute(from), absolute(to));
    if !from.exists() {
        return Err(CopyError::Missing { path: from });
    }
    let partial = Partial::begin(&to)?;
    let copied = copy_to(&from, &partial, progress).await;
    let finished = match copied {
        Ok(()) => partial.finish(&to),
        Err(error) => Err(error),
    };
    if finished.is_err() {
        // What cannot be removed is replaced by the next copy.
        let _ = remove_if_there(&partial.path);
    }
    finished
}

/// SQLite takes a path that begins with `file:` for something else.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A copy that is not whole.
struct Partial {
    file: File,
    path: PathBuf,
}

impl Partial {
    /// Makes the file, or empties the one that a copy has left that was killed.
    fn begin(to: &Path) -> Result<Self, CopyError> {
        let failed = |source| write_error(to, source);
        require_absent(to)?;
        let path = with_end(to, PARTIAL);
        if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(CopyError::Exists { path });
        }
        let file = private().truncate(false).open(&path).map_err(failed)?;
        let busy = || CopyError::Busy {
            path: to.to_owned(),
        };
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
                return Err(failed(error));
            }
            _ => {}
        }
        // Another copy may have given its name to this file since.
        if !leads_to(&path, &file).map_err(failed)? {
            return Err(busy());
        }
        file.set_len(0).map_err(failed)?;
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .map_err(failed)?;
        Ok(Self { file, path })
    }

    /// Gives the copy its name.
    fn finish(&self, to: &Path) -> Result<u64, CopyError> {
        let finish = || {
            self.file.sync_all()?;
            let bytes = self.file.metadata()?.len();
            fs::rename(&self.path, to)?;
            sync_folder(to)?;
            Ok(bytes)
        };
        require_absent(to)?;
        finish().map_err(|source| write_error(to, source))
    }
}

/// A link that leads nowhere counts as well.
fn require_absent(to: &Path) -> Result<(), CopyError> {
    match fs::symlink_metadata(to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(write_error(to, source)),
        Ok(_) => Err(CopyError::Exists {
            path: to.to_owned(),
        }),
    }
}

fn leads_to(path: &Path, file: &File) -> io::Result<bool> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        named => Ok(is_one_file(&named?, &file.metadata()?)),
    }
}

fn write_error(to: &Path, source: io::Error) -> CopyError {
    let path = to.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => CopyError::Full { path },
        _ => CopyError::Write { path, source },
    }
}

async fn copy_to(
    from: &Path,
    partial: &Partial,
    progress: impl FnMut(Pages),
) -> Result<(), CopyError> {
    let failed = |source| read_error(from, &partial.path, source);
    let mut original = open(from).await.map_err(failed)?;
    // A copy of a damaged file would leave out what cannot be read, and be whole in itself.
    let copied = match is_whole(&mut original).await {
        Ok(true) => vacuum(&mut original, &partial.path, progress)
            .await
            .map(|()| true),
        damaged => damaged,
    };
    // A connection that cannot be closed is gone all the same.
    let _ = original.close().await;
    let is_copied = copied.map_err(failed)?;
    if is_copied && is_whole_copy(&partial.path).await.map_err(failed)? {
        return Ok(());
    }
    Err(CopyError::Damaged {
        path: from.to_owned(),
    })
}

/// Opens a file that may be in use. A medium that cannot be written holds no log that would have to be read.
async fn open(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = connect_options(path).read_only(true).connect().await?;
    let read = sqlx::query("SELECT count(*) FROM sqlite_schema").execute(&mut connection);
    match read.await {
        Ok(_) => Ok(connection),
        Err(error)
            if matches!(
                primary_code(&error),
                Some(error::CANTOPEN | error::READONLY)
            ) && !with_end(path, "-wal").exists() =>
        {
            let options = connect_options(path).read_only(true).immutable(true);
            options.connect().await
        }
        Err(error) => Err(error),
    }
}

async fn vacuum(
    original: &mut SqliteConnection,
    to: &Path,
    mut progress: impl FnMut(Pages),
) -> Result<(), sqlx::Error> {
    let text = to.to_str().ok_or_else(|| {
        sqlx::Error::Io(io::Error::new(
            io::ErrorKind::InvalidFilename,
            "the path is not UTF-8",
        ))
    })?;
    let total: i64 = sqlx::query_scalar("PRAGMA page_count")
        .fetch_one(&mut *original)
        .await?;
    let page: i64 = sqlx::query_scalar("PRAGMA page_size")
        .fetch_one(&mut *original)
        .await?;
    let (total, page) = (total.max(0) as u64, page.max(1) as u64);
    let pages = || fs::metadata(to).map_or(0, |copy| copy.len() / page);
    let mut vacuum = std::pin::pin!(
        sqlx::query("VACUUM INTO ?")
            .bind(text)
            .execute(&mut *original)
    );
    loop {
        let done = tokio::time::timeout(PROGRESS_INTERVAL, vacuum.as_mut()).await;
        progress(Pages {
            done: pages(),
            total,
        });
        if let Ok(done) = done {
            return done.map(drop);
        }
    }
}

/// Whether SQLite finds no damage.
async fn is_whole(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
        .fetch_one(connection)
        .await?;
    Ok(found == "ok")
}

async fn is_whole_copy(path: &Path) -> Result<bool, sqlx::Error> {
    let options = connect_options(path).read_only(true).immutable(true);
    let mut connection = options.connect().await?;
    let is_whole = is_whole(&mut connection).await?;
    connection.close().await?;
    Ok(is_whole)
}

/// The version of the newest migration of a file that no process uses; `None` without the table of migrations.
///
/// # Errors
/// Those of SQLite.
pub async fn newest_migration(path: &Path) -> Result<Option<i64>, sqlx::Error> {
    let options = connect_options(path).read_only(true).immutable(true);
    let mut connection = options.connect().await?;
    let tables: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_sqlx_migrations'",
    )
    .fetch_one(&mut connection)
    .await?;
    let newest = match tables {
        0 => None,
        _ => {
            sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
                .fetch_one(&mut connection)
                .await?
        }
    };
    connection.close().await?;
    Ok(newest)
}

fn read_error(from: &Path, partial: &Path, source: sqlx::Error) -> CopyError {
    let path = from.to_owned();
    match primary_code(&source) {
        Some(error::NOTADB) => CopyError::NoDatabase { path },
        Some(error::CORRUPT) => CopyError::Damaged { path },
        Some(error::FULL) => CopyError::Full {
            path: partial.with_extension(""),
        },
        _ if error::is_failed_write(&source) => CopyError::Write {
            path: partial.with_extension(""),
            source: io::Error::other(source),
        },
        _ => CopyError::Read { path, source },
    }
}
