//! The header of the write-ahead log's index, which tells whether anything was committed.
//!
//! Every commit of every process writes a new header into the file `-shm` before SQLite acknowledges it
//! (<https://www.sqlite.org/walformat.html>, section 2.1). The header has 48 bytes and stands there twice. It
//! counts the commits, and it holds the number and the checksum of the last frame and the salts of the log. So
//! two equal headers mean that nothing was committed between the two looks:
//!
//! - **Torn reads.** SQLite writes the second copy, then the first. A look while a header is being written finds
//!   two copies that differ, and gives no mark. Such a commit is not acknowledged yet.
//! - **Checkpoints** change no data. One that restarts the log writes a header with salt 1 incremented and a random
//!   salt 2, so the mark changes without a commit. That costs one read of the database.
//! - **Recovery**, after a process was killed while it wrote the header, reads the log from its beginning, and
//!   counts from 0. After the recovery of an empty log the salts are 0 as well, so two such headers can be equal. A
//!   header with the count 0 therefore gives no mark.
//! - **A file that is replaced or deleted** stays open here as it does in SQLite, which goes on using it.
//!   [`Files`](super::files::Files) notices that.
//!
//! Reading shows what SQLite has written to its memory only where the file system keeps the two alike. That is
//! tried with a commit when the file is opened; without it there are no marks.
//!
//! A process that closes a file loses all locks that it has on this file, also those that SQLite holds through
//! another descriptor. So a file is opened once, and all databases of the process share the descriptor. It is closed
//! when no database uses it and the file is gone from its path: SQLite removes the file with its last connection.
//! Otherwise it stays open for the next database.

#[cfg(all(test, unix))]
mod tests;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use sqlx::AssertSqlSafe;
use sqlx::SqlitePool;

use super::files::Place;
use super::files::place;

/// The bytes of one header.
const HEADER_BYTES: usize = 48;

/// The format of the index that this module knows: the first four bytes of a header, in the order of the machine.
const VERSION: u32 = 3_007_000;

/// Where the version stands in a header.
const VERSION_AT: usize = 0;

/// Where the count of commits stands in a header.
const COMMITS_AT: usize = 8;

/// Names the last commit to a database, whichever process made it. Equal marks mean that nothing was committed
/// in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitMark([u8; HEADER_BYTES]);

impl CommitMark {
    /// The mark in two copies of a header; `None` where they tell nothing.
    fn read(copies: &[u8; 2 * HEADER_BYTES]) -> Option<Self> {
        let (copies, _) = copies.as_chunks::<HEADER_BYTES>();
        let [first, second] = copies else {
            return None;
        };
        let number = |at: usize| {
            let bytes = first.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_ne_bytes(bytes))
        };
        let is_current = number(VERSION_AT)? == VERSION && number(COMMITS_AT)? != 0;
        (is_current && first == second).then_some(Self(*first))
    }

    /// The bytes of the mark. They have no meaning but equality.
    pub fn bytes(&self) -> &[u8; HEADER_BYTES] {
        &self.0
    }
}

/// The index of a log, open for reading.
#[derive(Debug)]
pub(crate) struct WalIndex {
    file: Arc<File>,
    path: PathBuf,
    place: Place,
}

/// A descriptor, and how many databases use it.
struct OpenFile {
    file: Arc<File>,
    databases: usize,
}

/// The descriptors of this process.
static OPEN_FILES: Mutex<BTreeMap<Place, OpenFile>> = Mutex::new(BTreeMap::new());

fn open_files() -> MutexGuard<'static, BTreeMap<Place, OpenFile>> {
    OPEN_FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl WalIndex {
    /// Opens the index at `path`, which SQLite has open. `None` where the system does not show in a file what
    /// was written to its memory, or the file cannot be opened: then SQLite has to be asked each time.
    pub(crate) fn open(path: &Path) -> Option<Self> {
        if !cfg!(any(target_os = "linux", target_os = "macos")) {
            return None;
        }
        let mut open = open_files();
        let place = place(path).ok()?;
        let known = match open.entry(place) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(OpenFile {
                file: Arc::new(File::open(path).ok()?),
                databases: 0,
            }),
        };
        known.databases += 1;
        let file = known.file.clone();
        let path = path.to_owned();
        Some(Self { file, path, place })
    }

    /// Whether a commit shows in the index. It need not on every file system: SQLite writes to mapped memory, and
    /// this module reads the file.
    pub(crate) async fn shows_commits(&self, writer: &SqlitePool) -> Result<bool, sqlx::Error> {
        let before = self.mark();
        let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
        let version: i64 = sqlx::query_scalar("PRAGMA user_version")
            .fetch_one(&mut *tx)
            .await?;
        // This writes a page and changes nothing.
        sqlx::query(AssertSqlSafe(format!("PRAGMA user_version = {version}")))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        let after = self.mark();
        Ok(after.is_some() && after != before)
    }

    /// The last commit; `None` where the index does not tell, and SQLite has to be asked.
    pub(crate) fn mark(&self) -> Option<CommitMark> {
        let mut copies = [0; 2 * HEADER_BYTES];
        read_at_start(&self.file, &mut copies).ok()?;
        CommitMark::read(&copies)
    }

    /// Gives up the file. Call this when all connections of the database are closed.
    pub(crate) fn close(self) {
        let mut open = open_files();
        let Entry::Occupied(mut known) = open.entry(self.place) else {
            return;
        };
        known.get_mut().databases -= 1;
        // While the file is there, another connection of this process may have locks on it.
        let is_gone = place(&self.path).ok() != Some(self.place);
        if known.get().databases == 0 && is_gone {
            known.remove();
        }
    }
}

#[cfg(unix)]
fn read_at_start(file: &File, buffer: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, 0)
}

#[cfg(not(unix))]
fn read_at_start(_file: &File, _buffer: &mut [u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
