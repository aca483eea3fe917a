//! Why there is no backup, or why it is not restored.

use std::io;
use std::path::PathBuf;

use kith_database::sqlite_file::CopyError;

use crate::services::database::OpenError;

/// Why a command fails. Each says what the operator can do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("there is no database at {}, so there is nothing to back up: check KITH_DATA_DIR", path.display())]
    NoDatabase { path: PathBuf },
    #[error("{} is there already, and nothing was written: choose another name, or delete it", path.display())]
    Exists { path: PathBuf },
    #[error("another `kith backup` is writing {}: wait until it has ended, or choose another name", path.display())]
    Busy { path: PathBuf },
    #[error("there is no room left for {}: make room on its disk. Nothing has changed", path.display())]
    Full { path: PathBuf },
    #[error(
        "cannot write {}: check that its folder exists, that this user may write there, and that no quota or limit on the \
         size of files is reached. Nothing has changed",
        path.display()
    )]
    Write { path: PathBuf, source: io::Error },
    #[error("there is no backup {}: check the path", path.display())]
    Missing { path: PathBuf },
    #[error("{} is no backup of Kith. Nothing has changed; name a file that `kith backup` has made", path.display())]
    NotKith { path: PathBuf },
    #[error("{} is damaged. Nothing has changed; use an older backup", path.display())]
    Damaged { path: PathBuf },
    #[error("the database {} is damaged, so no backup was made: restore an older one with `kith restore`", path.display())]
    DamagedDatabase { path: PathBuf },
    #[error("cannot read {}: check that this user may read it. Nothing has changed", path.display())]
    Read { path: PathBuf, source: sqlx::Error },
    #[error(
        "{} was made by a newer version of Kith. Nothing has changed; restore it with that version",
        path.display()
    )]
    Newer { path: PathBuf },
    #[error(
        "the data of {} was being moved to {to}, or has moved there. Nothing has changed; use a backup from before, or \
         one of that database",
        path.display()
    )]
    Moved { path: PathBuf, to: String },
    #[error("{} is the database itself: name a backup of it", path.display())]
    Itself { path: PathBuf },
    #[error("{} is a symbolic link, which is not replaced: name the file itself in DATABASE_URL", path.display())]
    Link { path: PathBuf },
    #[error(
        "a process uses the database {}: stop every Kith, and wait for other commands. Nothing has changed",
        path.display()
    )]
    InUse { path: PathBuf },
    #[error("the database {} is being restored: wait until `kith restore` has ended", path.display())]
    BeingRestored { path: PathBuf },
    #[error("the backup cannot be prepared. Nothing has changed")]
    Prepare(#[source] OpenError),
    #[error("the backup cannot be prepared. Nothing has changed")]
    Change(#[source] sqlx::Error),
    #[error(
        "cannot put the backup in the place of {}: the database there is whole; see what the system says, and restore again",
        path.display()
    )]
    Replace { path: PathBuf, source: io::Error },
    #[error("the database cannot be opened")]
    Open(#[from] kith_database::OpenError),
    /// The database is on a server. The text has the commands to run.
    #[error("{0}")]
    Server(String),
}

impl BackupError {
    /// What a failed copy of the database means.
    pub(super) fn of_backup(error: CopyError) -> Self {
        match error {
            CopyError::Missing { path } => Self::NoDatabase { path },
            CopyError::Damaged { path } | CopyError::NoDatabase { path } => {
                Self::DamagedDatabase { path }
            }
            error => Self::of_copy(error),
        }
    }

    /// What a failed copy of a backup means.
    pub(super) fn of_copy(error: CopyError) -> Self {
        match error {
            CopyError::Missing { path } => Self::Missing { path },
            CopyError::Exists { path } => Self::Exists { path },
            CopyError::Busy { path } => Self::Busy { path },
            CopyError::NoDatabase { path } => Self::NotKith { path },
            CopyError::Damaged { path } => Self::Damaged { path },
            CopyError::Full { path } => Self::Full { path },
            CopyError::Write { path, source } => Self::Write { path, source },
            CopyError::Read { path, source } => Self::Read { path, source },
        }
    }
}
