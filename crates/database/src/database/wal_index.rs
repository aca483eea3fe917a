//! The header of the write-ahead log's index, which tells whether anything was committed.
//!
//! Every commit of every process writes a new header into the file `-shm` before SQLite acknowledges it
//! (<https://www.sqlite.org/walformat.html>, section 2.1). The header has 48 bytes and stands there twice. It
//! counts the commits, and it holds the number and the checksum of the last frame and the salts of the log. So
//! two equal headers mean that nothing was committed between the two looks:
//!
//! - **Torn reads.** SQLite writes the second copy, then the first. A look while a header is being written finds
//!   two copies that differ, and gives no mark. Such a commit is not acknowledged yet.
//! - **Checkpoints** change no data and leave the header. When the log begins again, its salts are new and random.
//! - **Recovery**, after a process was killed while it wrote the header, reads the log from its beginning, and
//!   counts from 0. A header with the count 0 gives no mark: its salts may be those of an empty log.
//! - **A file that is replaced or deleted** stays open here as it does in SQLite, which goes on using it.
//!   [`Files`](super::files::Files) notices that.
//!
//! A process that closes a file loses all locks that it has on this file, also those that SQLite holds through
//! another descriptor. So a file is opened once, all databases of the process share the descriptor, and it is
//! closed when the last of them has closed its connections. A database that is dropped and was not closed leaves
//! the descriptor open.

#[cfg(all(test, unix))]
mod tests;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

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
        Some(Self { file, place })
    }

    /// The last commit; `None` where the index does not tell, and SQLite has to be asked.
    pub(crate) fn mark(&self) -> Option<CommitMark> {
        let mut copies = [0; 2 * HEADER_BYTES];
        read_at_start(&self.file, &mut copies).ok()?;
        CommitMark::read(&copies)
    }

    /// Lets go of the file. All connections of the database must be closed.
    pub(crate) fn close(self) {
        let mut open = open_files();
        let Entry::Occupied(mut known) = open.entry(self.place) else {
            return;
        };
        known.get_mut().databases -= 1;
        if known.get().databases == 0 {
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
