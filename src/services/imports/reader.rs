//! [`FileReader`]: reads a file that is kept in the database, chunk by chunk.

use std::io;
use std::io::BufRead;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use kith_database::Database;
use tokio::runtime::Handle;

use super::store;

/// Reads from a thread that may block. It holds one chunk in memory.
pub struct FileReader {
    runtime: Handle,
    database: Database,
    import: i64,
    next: i64,
    chunk: Vec<u8>,
    at: usize,
    consumed: Arc<AtomicU64>,
}

impl FileReader {
    /// Begins with the first byte. `consumed` counts the bytes that are read.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(database: Database, import: i64, consumed: Arc<AtomicU64>) -> Self {
        Self {
            runtime: Handle::current(),
            database,
            import,
            next: 0,
            chunk: Vec::new(),
            at: 0,
            consumed,
        }
    }
}

impl BufRead for FileReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.chunk.len() {
            let chunk = store::chunk(&self.database, self.import, self.next);
            let chunk = self.runtime.block_on(chunk).map_err(io::Error::other)?;
            if let Some(chunk) = chunk {
                self.next += 1;
                self.chunk = chunk;
                self.at = 0;
            }
        }
        Ok(&self.chunk[self.at..])
    }

    fn consume(&mut self, bytes: usize) {
        self.at += bytes;
        self.consumed.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}
