//! SQLite files as a whole: copied while they are in use, checked, and replaced while they are not.
//!
//! - [`Lock`]: processes that use a file keep a process out that replaces it, and the other way round.
//! - [`copy`]: a copy of one instant, made while others write.
//! - [`replace`]: another file in the place of one, which is kept aside.

mod copy;
mod lock;
mod replace;

use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;

pub use self::copy::CopyError;
pub use self::copy::Pages;
pub use self::copy::copy;
pub use self::copy::newest_migration;
pub use self::lock::Lock;
pub use self::lock::LockError;
pub use self::replace::ReplaceError;
pub use self::replace::kept_path;
pub use self::replace::replace;

/// The ends of the names of the files that SQLite keeps beside a file.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Those of them that hold data. The third is an index, which SQLite makes anew.
const LOGS: [&str; 2] = ["-wal", "-journal"];

/// The path with more at its end.
pub(crate) fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(end);
    PathBuf::from(path)
}

/// Removes a file, and the files that SQLite and the lock keep beside it. Files that are missing are no error.
///
/// # Errors
/// Those of the system.
pub fn remove(path: &Path) -> io::Result<()> {
    for end in BESIDE.iter().chain(&[lock::END, ""]) {
        remove_if_there(&with_end(path, end))?;
    }
    Ok(())
}

/// Whether two paths lead to one file, by names, links or hard links.
pub fn is_same(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(of_one), Ok(of_other)) if cfg!(unix) => is_one_file(&of_one, &of_other),
        (Ok(_), Ok(_)) => fs::canonicalize(one).ok() == fs::canonicalize(other).ok(),
        _ => false,
    }
}

#[cfg(unix)]
fn is_one_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Other systems do not tell.
#[cfg(not(unix))]
fn is_one_file(_one: &fs::Metadata, _other: &fs::Metadata) -> bool {
    true
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Brings the names in the folder of this path to the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    // Other systems open no folder, and keep names by themselves.
    if cfg!(unix) {
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
