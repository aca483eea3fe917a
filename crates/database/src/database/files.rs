//! The files of the database, known by their place on the disk.
//!
//! A file that is deleted, moved or replaced stays open, and SQLite goes on writing to a file that has no
//! path any more. So this module checks where the paths lead. It calls `stat` alone: if it opened one of the
//! files and closed it again, the system would drop the locks that SQLite holds on it for this process.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::OnceLock;

use crate::database::fault::Fault;

/// The database, its log and the index of that.
#[derive(Debug)]
pub(crate) struct Files {
    paths: [PathBuf; 3],
    known: OnceLock<[Place; 3]>,
}

/// The device and the number of the file on it.
pub(super) type Place = (u64, u64);

impl Files {
    pub(crate) fn new(database: &Path) -> Self {
        let beside = |end: &str| {
            let mut path = database.as_os_str().to_owned();
            path.push(end);
            PathBuf::from(path)
        };
        Self {
            paths: [database.to_owned(), beside("-wal"), beside("-shm")],
            known: OnceLock::new(),
        }
    }

    pub(crate) fn database(&self) -> &Path {
        &self.paths[0]
    }

    pub(crate) fn log_index(&self) -> &Path {
        &self.paths[2]
    }

    /// Takes the files that are there for those that are open. SQLite keeps each until the last
    /// connection is closed.
    pub(crate) fn remember(&self) -> io::Result<()> {
        let [database, log, index] = &self.paths;
        let places = [place(database)?, place(log)?, place(index)?];
        self.known.get_or_init(|| places);
        Ok(())
    }

    /// What is wrong if a path leads to another file than at first, or to none.
    pub(crate) fn gone(&self) -> Option<Fault> {
        let known = self.known.get()?;
        let mut paths = self.paths.iter().zip(known);
        let moved = paths.position(|(path, known)| place(path).ok() != Some(*known))?;
        Some(if moved == 0 {
            Fault::FileGone
        } else {
            Fault::LogGone
        })
    }
}

#[cfg(unix)]
pub(super) fn place(path: &Path) -> io::Result<Place> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Other systems tell only whether there is a file.
#[cfg(not(unix))]
pub(super) fn place(path: &Path) -> io::Result<Place> {
    fs::metadata(path).map(|_| (0, 0))
}
