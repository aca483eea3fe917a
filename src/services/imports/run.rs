//! Working off an import: a thread reads its file, and a task writes what the thread has read.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::sync::mpsc;

use super::import::Import;
use super::import::ImportState;
use super::parts::Batch;
use super::parts::Reading;
use super::parts::Stop;
use super::reader::FileReader;
use super::service::ImportService;
use super::store;
use super::store::End;
use super::store::Progress;
use crate::model::contact::ContactId;
use crate::services::contacts::activity::Event;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::sql::insert::Occasion;
use crate::services::contacts::store::sql::known::insert_unknown;
use crate::services::format;

impl ImportService {
    /// Reads the rest of the file of an import and writes its contacts, unless the import is ended meanwhile.
    pub(super) async fn run(&self, import: &Import) -> Result<(), StoreError> {
        let consumed = Arc::new(AtomicU64::new(0));
        let file = FileReader::new(self.database().clone(), import.seq, consumed.clone());
        let reading = Reading {
            engine: self.database().engine(),
            book: import.book,
            limits: self.limits(),
            skipped: import.read,
            consumed,
            now: self.now(),
        };
        // One batch is written while the next one is read.
        let (sender, mut batches) = mpsc::channel(1);
        let reading = tokio::task::spawn_blocking(move || reading.read_file(file, &sender));
        let mut parts = import.read;
        while let Some(batch) = batches.recv().await {
            let more = batch.parts;
            if !self.goes_on().await? || !self.write(import, parts, batch).await? {
                return Ok(());
            }
            parts += more;
        }
        let end = |to, why| End {
            from: ImportState::Running,
            to,
            why,
            now: self.now(),
        };
        let end = match reading.await {
            Ok(Ok(())) => end(ImportState::Done, None),
            Ok(Err(Stop::TooMany)) => {
                let most = format::number(self.limits().max_cards.get().into());
                let why = format!(
                    "The file has more than {most} cards, which is the most that Kith imports at once. Divide it into several files."
                );
                end(ImportState::Failed, Some(why))
            }
            Ok(Err(Stop::Unreadable)) => return Err(StoreError::Unavailable("a file".into())),
            Ok(Err(Stop::NotWanted)) => return Ok(()),
            Err(panic) => return Err(StoreError::Internal(panic.into())),
        };
        self.end(import, &end).await
    }

    /// Ends an import and removes its file.
    pub(super) async fn end(&self, import: &Import, end: &End) -> Result<(), StoreError> {
        let mut tx = self.database().write().await?;
        let is_ended = store::finish(&mut tx, import.seq, end).await?;
        tx.commit().await?;
        if is_ended {
            tracing::info!(import = %import.id, state = end.to.name(), "an import has ended");
        }
        store::remove_file(self.database(), import.seq).await
    }

    /// Writes a batch behind so many parts of the file. Returns whether the import goes on: another instance may have
    /// written the batch, or a person may have ended the import.
    async fn write(&self, import: &Import, parts: u64, batch: Batch) -> Result<bool, StoreError> {
        let mut tx = self.database().write().await?;
        let expected = Some((ImportState::Running, parts));
        if store::lock(&mut tx, import.seq).await? != expected {
            return Ok(false);
        }
        let read = batch.additions.len() as u64;
        let occasion = Occasion {
            book: import.book,
            now: self.now().as_millisecond(),
            event: &Event::Imported,
            // The keys of requests are those of creations.
            outdated: i64::MIN,
        };
        let added = insert_unknown(&mut tx, occasion, batch.additions).await?;
        let ids: Vec<ContactId> = added.iter().map(|one| one.id).collect();
        let progress = Progress {
            processed: batch.processed,
            parts: batch.parts,
            added: ids.len() as u64,
            known: read - ids.len() as u64,
            broken: batch.broken.len() as u64,
        };
        if !ids.is_empty() {
            store::link(&mut tx, import.seq, &ids).await?;
        }
        if !batch.broken.is_empty() {
            store::add_problems(&mut tx, import.seq, batch.broken).await?;
        }
        let hook = self.creation_hook();
        let mut steps = 0;
        if let Some(hook) = hook.filter(|_| import.welcome) {
            for welcomed in added.iter().filter(|one| one.has_email) {
                if let Some(step) = hook.step(welcomed.id, Some(true)) {
                    step(&mut tx).await?;
                    steps += 1;
                }
            }
        }
        store::advance(&mut tx, import.seq, progress).await?;
        tx.commit().await?;
        if let Some(hook) = hook {
            for number in 0..ids.len() {
                hook.created(number < steps);
            }
        }
        Ok(true)
    }
}
