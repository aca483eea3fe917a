//! How contacts are used, and which ones are used most.

use futures_util::future::try_join_all;

use super::Contacts;
use crate::model::contact::ContactId;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::frecency::Use;

/// The most contacts that a page shows as frequent.
const MAX_FREQUENT: usize = 8;

impl Contacts {
    /// Counts a use of a contact. Each reader of its book does that by reading, so it is no change.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for a contact in the trash; [`AppError::Unavailable`], [`AppError::Internal`].
    #[tracing::instrument(level = "debug", skip_all, fields(contact = %id))]
    pub async fn record_use(&self, id: ContactId, what: Use) -> Result<(), AppError> {
        if self.find(id).await?.is_none() {
            return Err(AppError::NotFound);
        }
        self.shared.uses.record(id, what);
        Ok(())
    }

    /// The contacts of the book that are used most: a few, the first one first, and none that was never used.
    ///
    /// # Errors
    /// [`AppError::NoBook`], [`AppError::Unavailable`], [`AppError::Internal`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn frequent(&self) -> Result<Vec<ContactRow>, AppError> {
        let book = self.book()?;
        let tag = CONTACTS.part(book.key.0);
        let generation = self.shared.cache.generation(tag).await;
        let most_used = self.shared.uses.most_used(book.key, generation).await?;
        // One that was deleted a moment ago is left out.
        let found = most_used.iter().map(|id| self.find_in(book, *id));
        let found = try_join_all(found).await?;
        let rows = found
            .iter()
            .filter_map(|contact| contact.as_ref().map(ContactRow::from));
        Ok(rows.take(MAX_FREQUENT).collect())
    }
}
