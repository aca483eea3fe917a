//! Going back to a backup.
//!
//! | killed | at the path of the database is | left beside it is |
//! |---|---|---|
//! | while the backup is copied and prepared | the old database | `kith.db.restoring…`, which the next restore replaces |
//! | while the old database is kept | the old database | the same, and `kith.db.replaced-…` |
//! | after the rename | the backup | `kith.db.replaced-…` |
//!
//! The lock keeps every Kith out for the whole time. The same command works again after each of these.

use std::fs;
use std::fs::DirBuilder;
use std::io;
use std::num::NonZeroU32;
use std::path::Path;
use std::path::PathBuf;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Database;
use kith_database::query;
use kith_database::sqlite_file;
use kith_database::sqlite_file::Lock;
use kith_database::sqlite_file::LockError;
use kith_database::sqlite_file::Pages;
use kith_database::sqlite_file::ReplaceError;

use super::error::BackupError;
use super::names;
use crate::services::database;
use crate::services::database::OpenError;
use crate::services::database::installation::Installation;
use crate::services::database::installation::State;
use crate::services::pause;

/// The end of the name of a backup that is being prepared.
const RESTORING: &str = ".restoring";

/// Why the queue waits afterwards.
const WHY: &str = "The database was restored from a backup, so messages that were delivered after the backup was made \
                   are in the queue again.";

/// Puts a backup in the place of the database at `path`. `progress` hears how far its copy is. Returns the path at which
/// the old database is kept, if there was one.
///
/// # Errors
/// [`BackupError`]. The database is as it was.
pub async fn restore(
    backup: &Path,
    path: &Path,
    now: Timestamp,
    progress: impl FnMut(Pages),
) -> Result<Option<PathBuf>, BackupError> {
    check_paths(backup, path)?;
    let write = |source| BackupError::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        make_folder(folder).map_err(write)?;
    }
    let lock = Lock::exclusive(path).map_err(|error| match error {
        LockError::Taken => BackupError::InUse {
            path: path.to_owned(),
        },
        LockError::Io(source) => write(source),
    })?;
    let mut restoring = path.as_os_str().to_owned();
    restoring.push(RESTORING);
    let restoring = PathBuf::from(restoring);
    // A restore that was killed may have left them.
    sqlite_file::remove(&restoring).map_err(write)?;
    let replaced = async {
        sqlite_file::copy(backup, &restoring, progress)
            .await
            .map_err(BackupError::of_copy)?;
        prepare(backup, &restoring, now).await?;
        replace(path, &restoring, now, &lock).await
    };
    let replaced = replaced.await;
    // What cannot be removed is replaced by the next restore.
    let _ = sqlite_file::remove(&restoring);
    replaced
}

fn check_paths(backup: &Path, path: &Path) -> Result<(), BackupError> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
        return Err(BackupError::Link {
            path: path.to_owned(),
        });
    }
    let found = fs::metadata(backup);
    if !found.is_ok_and(|found| found.is_file()) {
        return Err(BackupError::Missing {
            path: backup.to_owned(),
        });
    }
    // Another name of the database has no log beside it, so it would be read without the last commits.
    if sqlite_file::is_same(backup, path) {
        return Err(BackupError::Itself {
            path: path.to_owned(),
        });
    }
    Ok(())
}

/// Makes a folder for its owner alone, unless it is there.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Prepares a copy of a backup for the start of Kith: checks the installation, runs the migrations, pauses the queue, and
/// ends sessions, tokens and processes.
async fn prepare(backup: &Path, copy: &Path, now: Timestamp) -> Result<(), BackupError> {
    let newest = sqlite_file::newest_migration(copy).await;
    let newest = newest.map_err(|source| BackupError::Read {
        path: backup.to_owned(),
        source,
    })?;
    if newest.is_none() {
        return Err(BackupError::NotKith {
            path: backup.to_owned(),
        });
    }
    let opened = database::connect(copy, NonZeroU32::MIN, None).await;
    let database = opened.map_err(|error| refused(backup, error))?;
    let changed = change(backup, &database, now).await;
    database.close().await;
    changed
}

fn refused(backup: &Path, error: kith_database::OpenError) -> BackupError {
    let path = backup.to_owned();
    match error {
        kith_database::OpenError::NewerSchema { .. } => BackupError::Newer { path },
        // The tables of another program.
        kith_database::OpenError::Migration { .. } => BackupError::NotKith { path },
        error => BackupError::Prepare(OpenError::Database(error)),
    }
}

async fn change(backup: &Path, database: &Database, now: Timestamp) -> Result<(), BackupError> {
    let path = backup.to_owned();
    let mut tx = database.write().await.map_err(BackupError::Change)?;
    let installation = Installation::hold(&mut tx).await;
    let installation = installation.map_err(BackupError::Change)?;
    match (&installation.state, installation.check(database)) {
        (State::Moving { to } | State::Moved { to }, _) => {
            let to = to.clone();
            return Err(BackupError::Moved { path, to });
        }
        (State::Open, Err(_)) => return Err(BackupError::Newer { path }),
        (State::Open, Ok(())) => {}
    }
    let change = async {
        pause::begin(&mut tx, WHY, now).await?;
        end_sessions(&mut tx).await?;
        end_processes(&mut tx).await?;
        tx.commit().await
    };
    change.await.map_err(BackupError::Change)
}

/// Ends the sessions, the tokens and the links of the backup: a person may have signed out since, or lost a right. Each of their
/// tables has a line in the list.
pub const OF_PEOPLE: [&str; 5] = [
    "DELETE FROM sessions",
    "DELETE FROM api_tokens",
    "DELETE FROM known_browsers",
    "DELETE FROM setup_codes",
    "DELETE FROM account_links",
];

async fn end_sessions(tx: &mut Connection) -> Result<(), sqlx::Error> {
    for statement in OF_PEOPLE {
        query(statement).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Removes the rows of processes that worked with the database when the backup was made.
async fn end_processes(tx: &mut Connection) -> Result<(), sqlx::Error> {
    query("DELETE FROM instances").execute(&mut *tx).await?;
    query("DELETE FROM settings WHERE name LIKE '%.lease'")
        .execute(&mut *tx)
        .await?;
    Ok(())
}

async fn replace(
    path: &Path,
    with: &Path,
    now: Timestamp,
    lock: &Lock,
) -> Result<Option<PathBuf>, BackupError> {
    let kept = sqlite_file::kept_path(path, &names::stamp(now));
    let path = path.to_owned();
    match sqlite_file::replace(&path, with, &kept, lock).await {
        Ok(was_there) => Ok(was_there.then_some(kept)),
        Err(ReplaceError::InUse) => Err(BackupError::InUse { path }),
        Err(ReplaceError::Io(source)) => Err(BackupError::Replace { path, source }),
    }
}
