//! Replacing a file that no process uses.

use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnectOptions;

use super::BESIDE;
use super::LOGS;
use super::lock::Lock;
use super::remove_if_there;
use super::sync_folder;
use super::with_end;
use crate::error;
use crate::error::primary_code;

/// Why a file was not replaced. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// A process uses the file that knows nothing of [`Lock`].
    #[error("another process uses the file")]
    InUse,
    /// The system refuses it.
    #[error("the file cannot be replaced")]
    Io(#[from] io::Error),
}

/// Puts the file at `with` in the place of the one at `path`, which is in the same folder. The old one is kept as
/// `kept`, with a log that SQLite could not write back into it. The caller holds the lock of the path. No process uses
/// the new file.
///
/// There is a whole file at `path` at each instant: the old one, or the new one. No log of the old one is left when the
/// new one comes. Returns whether there was an old one.
///
/// # Errors
/// [`ReplaceError`].
pub async fn replace(
    path: &Path,
    with: &Path,
    kept: &Path,
    _lock: &Lock,
) -> Result<bool, ReplaceError> {
    write_log_back(with).await?;
    if with_end(with, "-wal").exists() {
        return Err(io::Error::other("the new file has a log").into());
    }
    File::open(with)?.sync_all()?;
    let was_there = path.exists();
    if was_there {
        keep_logs(path, kept)?;
        match write_log_back(path).await {
            Ok(LogState::WrittenBack) => remove_logs(kept)?,
            Ok(LogState::Unreadable) => {}
            Err(error) => {
                remove_logs(kept)?;
                return Err(error);
            }
        }
        keep(path, kept)?;
        sync_folder(path)?;
    }
    for end in BESIDE {
        remove_if_there(&with_end(path, end))?;
    }
    sync_folder(path)?;
    fs::rename(with, path)?;
    sync_folder(path)?;
    Ok(was_there)
}

/// What became of the log of a file.
enum LogState {
    /// The file holds everything.
    WrittenBack,
    /// SQLite cannot read the file.
    Unreadable,
}

/// Has SQLite write the log back into the file and remove it, for which it needs the file for itself.
async fn write_log_back(path: &Path) -> Result<LogState, ReplaceError> {
    let write_back = async {
        // Without `connect_options`: its settings read the file. A connection whose settings fail is closed by its
        // thread at some later time, and what it removes then may be the log of the new file.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(Duration::ZERO);
        let mut connection = options.connect().await?;
        let switched = sqlx::query("PRAGMA journal_mode = DELETE")
            .execute(&mut connection)
            .await;
        connection.close().await?;
        switched
    };
    match write_back.await {
        Ok(_) => Ok(LogState::WrittenBack),
        Err(error) if matches!(primary_code(&error), Some(error::BUSY | error::LOCKED)) => {
            Err(ReplaceError::InUse)
        }
        Err(_) => Ok(LogState::Unreadable),
    }
}

/// Keeps the logs before SQLite sees them: it removes one in which it finds nothing, also beside a file that it cannot
/// read.
fn keep_logs(path: &Path, kept: &Path) -> io::Result<()> {
    for end in LOGS {
        let log = with_end(path, end);
        if log.exists() {
            keep(&log, &with_end(kept, end))?;
        }
    }
    Ok(())
}

fn remove_logs(kept: &Path) -> io::Result<()> {
    LOGS.iter()
        .try_for_each(|end| remove_if_there(&with_end(kept, end)))
}

/// Gives a file a second name. Where the file system has no such thing, it is copied.
fn keep(path: &Path, kept: &Path) -> io::Result<()> {
    match fs::hard_link(path, kept) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => {
            fs::copy(path, kept)?;
            File::open(kept)?.sync_all()
        }
    }
}

/// The path of a file that is kept, which no other has: `path`, `.replaced-` and `stamp`.
pub fn kept_path(path: &Path, stamp: &str) -> PathBuf {
    let mut kept = with_end(path, &format!(".replaced-{stamp}"));
    let mut number = 1;
    while fs::symlink_metadata(&kept).is_ok() {
        number += 1;
        kept = with_end(path, &format!(".replaced-{stamp}-{number}"));
    }
    kept
}
