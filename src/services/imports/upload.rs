//! [`Upload`]: a file as it arrives.

use super::error::ImportError;
use super::import::ImportId;
use super::service::ImportService;
use super::store;
use super::store::NewImport;
use crate::services::audit_log;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Entry;
use crate::services::audit_log::Kind;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::services::book::BookRole;

/// How much of a file is written at a time.
const CHUNK: usize = 1 << 20;

/// The longest name of a file that is kept, in characters.
const MAX_NAME_CHARS: usize = 200;

/// A file that arrives. One that is dropped before it is [finished](Self::finish) leaves nothing behind.
pub struct Upload {
    imports: ImportService,
    import: i64,
    id: ImportId,
    book: BookId,
    actor: Actor,
    chunk: Vec<u8>,
    chunks: i64,
    received: usize,
    is_finished: bool,
}

impl ImportService {
    /// Takes in a file of this name for a book. `file` is empty where there is no name.
    ///
    /// # Errors
    /// [`AppError::Forbidden`](crate::model::error::AppError::Forbidden) for a book that the caller may only read.
    pub async fn begin(
        &self,
        book: &Book,
        actor: Actor,
        file: &str,
    ) -> Result<Upload, ImportError> {
        book.require(BookRole::Editor)?;
        let id = ImportId(uuid::Uuid::now_v7());
        let mut tx = self.database().write().await?;
        let new = NewImport {
            id,
            book: book.key,
            file: &shown_name(file),
            actor: actor.name(),
            now: self.now(),
        };
        let import = store::add(&mut tx, &new).await?;
        tx.commit().await?;
        Ok(Upload {
            imports: self.clone(),
            import,
            id,
            book: book.id,
            actor,
            chunk: Vec::new(),
            chunks: 0,
            received: 0,
            is_finished: false,
        })
    }
}

impl Upload {
    /// Whether nothing has arrived yet.
    pub fn is_empty(&self) -> bool {
        self.received == 0
    }

    /// Keeps what has arrived.
    ///
    /// # Errors
    /// [`ImportError::TooLarge`].
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), ImportError> {
        let most = self.imports.limits().max_file;
        self.received += bytes.len();
        if self.received > most.bytes() {
            return Err(ImportError::TooLarge(most));
        }
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.chunk.len()));
            self.chunk.extend_from_slice(now);
            bytes = later;
            if self.chunk.len() == CHUNK {
                self.write_chunk().await?;
            }
        }
        Ok(())
    }

    async fn write_chunk(&mut self) -> Result<(), ImportError> {
        let mut tx = self.imports.database().write().await?;
        if !store::add_chunk(&mut tx, self.import, self.chunks, &self.chunk).await? {
            // The book is gone.
            return Err(ImportError::NoImport);
        }
        tx.commit().await?;
        self.chunks += 1;
        self.chunk.clear();
        Ok(())
    }

    /// Begins the import once the whole file has arrived, and records that in the audit log.
    ///
    /// # Errors
    /// [`ImportError::NoImport`] if the book is gone.
    pub async fn finish(mut self, welcome: bool) -> Result<ImportId, ImportError> {
        if !self.chunk.is_empty() {
            self.write_chunk().await?;
        }
        self.chunk = Vec::new();
        let mut tx = self.imports.database().write().await?;
        if !store::release(&mut tx, self.import, welcome).await? {
            return Err(ImportError::NoImport);
        }
        let entry = Entry {
            subject: Some(self.book.0),
            ..Entry::new(&self.actor, Kind::ContactsImported)
        };
        audit_log::record(&mut tx, &entry, self.imports.now()).await?;
        tx.commit().await?;
        self.is_finished = true;
        self.imports.wake();
        Ok(self.id)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.is_finished {
            self.imports.forget(self.import);
        }
    }
}

/// The name of a file without what shows nothing.
fn shown_name(file: &str) -> String {
    let shown = file.chars().filter(|c| !c.is_control());
    shown.take(MAX_NAME_CHARS).collect()
}
