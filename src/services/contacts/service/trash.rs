//! Moving a contact to the trash, looking at what is in there, and taking it out.

use std::sync::Arc;

use super::Contacts;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::BookRole;
use crate::services::contacts::query::ContactQuery;
use crate::services::contacts::query::Scope;
use crate::services::contacts::query::Sort;
use crate::services::contacts::query::SortBy;
use crate::services::contacts::store::ContactStore;

impl Contacts {
    /// Moves a contact to the trash. With `expected`, only if it is still at that version.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for a contact in the trash; [`AppError::Changed`].
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn delete(&self, id: ContactId, expected: Option<u32>) -> Result<(), AppError> {
        let now = self.shared.clock.now();
        let actor = &self.caller.actor();
        let delete = |store: Arc<dyn ContactStore>| async move {
            store.delete(id, expected, now, actor).await
        };
        self.in_book_of(id, BookRole::Editor, delete).await
    }

    /// A page of the trash, what was deleted last first.
    ///
    /// # Errors
    /// [`AppError::BadRequest`] for a cursor of another list.
    pub fn trash_query(&self, cursor: Option<&str>) -> Result<ContactQuery, AppError> {
        // Nothing in the trash changes, so the last change was the deletion.
        let sort = Sort {
            by: SortBy::Updated,
            descending: true,
        };
        let limit = self.shared.settings.default_page_size;
        ContactQuery::parse("", Some(sort.as_str()), cursor, limit, Scope::Trash)
    }

    /// A contact in the trash.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for a contact that is not in there.
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn get_deleted(&self, id: ContactId) -> Result<Contact, AppError> {
        let get = |store: Arc<dyn ContactStore>| async move { store.get_deleted(id).await };
        self.in_book_of(id, BookRole::Viewer, get).await
    }

    /// Takes a contact out of the trash. One that is not in there stays as it is.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn restore(&self, id: ContactId) -> Result<Contact, AppError> {
        let now = self.shared.clock.now();
        let restore = |store: Arc<dyn ContactStore>| async move { store.restore(id, now).await };
        self.in_book_of(id, BookRole::Editor, restore).await
    }
}
