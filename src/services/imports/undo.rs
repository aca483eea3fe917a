//! Undoing an import.

use super::import::Import;
use super::import::ImportState;
use super::service::ImportService;
use super::store;
use super::store::End;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::sql::erase;

impl ImportService {
    /// Removes for good what an import has added and what was not changed since, some contacts in a transaction. What was
    /// changed, moved or deleted stays where it is.
    pub(super) async fn remove_added(&self, import: &Import) -> Result<(), StoreError> {
        store::remove_file(self.database(), import.seq).await?;
        loop {
            if !self.goes_on().await? {
                return Ok(());
            }
            let mut tx = self.database().write().await?;
            let state = store::lock(&mut tx, import.seq).await?;
            if state.is_none_or(|(state, _)| state != ImportState::Undoing) {
                return Ok(());
            }
            let contacts = store::unchanged(&mut tx, import.seq, erase::BATCH).await?;
            if contacts.is_empty() {
                store::count_kept(&mut tx, import.seq).await?;
                tx.commit().await?;
                break;
            }
            erase::erase_these(&mut tx, &contacts).await?;
            store::count_removed(&mut tx, import.seq, contacts.len()).await?;
            tx.commit().await?;
        }
        let end = End {
            from: ImportState::Undoing,
            to: ImportState::Undone,
            why: None,
            now: self.now(),
        };
        self.end(import, &end).await
    }
}
