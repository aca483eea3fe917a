//! The lock beside a file.
//!
//! SQLite's own locks belong to the file itself. A process that starts while the file is replaced would take them on
//! the new file, so they keep no process out. This lock belongs to a file beside it, which is never replaced.

use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::path::Path;

use super::with_end;

/// The end of the name of the lock.
pub(super) const END: &str = "-lock";

/// The right to use a file, or to replace it. The system ends it with the process.
#[derive(Debug)]
pub struct Lock {
    _file: Option<File>,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process uses the file, or replaces it.
    #[error("another process has the lock")]
    Taken,
    /// The lock cannot be made.
    #[error("the lock beside the file cannot be used")]
    Io(#[from] io::Error),
}

impl Lock {
    /// The right to use the file at `path`, which many may have. Its folder is there.
    ///
    /// # Errors
    /// [`LockError::Taken`] while a process replaces the file.
    pub fn shared(path: &Path) -> Result<Self, LockError> {
        Self::take(path, File::try_lock_shared)
    }

    /// The right to replace the file at `path`. Its folder is there.
    ///
    /// # Errors
    /// [`LockError::Taken`] while a process uses the file or replaces it.
    pub fn exclusive(path: &Path) -> Result<Self, LockError> {
        Self::take(path, File::try_lock)
    }

    fn take(
        path: &Path,
        lock: impl FnOnce(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, LockError> {
        let file = private().truncate(false).open(with_end(path, END))?;
        match lock(&file) {
            Ok(()) => Ok(Self { _file: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(LockError::Taken),
            // A file system without locks. SQLite has its own.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                Ok(Self { _file: None })
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// Opens a file for writing, and makes it for its owner alone.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
