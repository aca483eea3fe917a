//! Moving a contact to the trash, looking at what is in there, taking it out, and deleting it for ever.

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
use crate::services::contacts::store::Emptying;
use crate::services::contacts::trash_rule::TrashRule;

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

    /// What of the trash to list, what was deleted last first. The parameters are those of [`query`](Self::query).
    ///
    /// # Errors
    /// [`AppError::BadRequest`], saying what is understood.
    pub fn trash_query(
        &self,
        search: &str,
        cursor: Option<&str>,
        limit: Option<&str>,
    ) -> Result<ContactQuery, AppError> {
        // Nothing in the trash changes, so the last change was the deletion.
        let sort = Sort {
            by: SortBy::Updated,
            descending: true,
        };
        let limit = self.page_size(limit)?;
        ContactQuery::parse(search, Some(sort.as_str()), cursor, limit, Scope::Trash)
    }

    /// How long contacts stay in the trash.
    pub fn trash_rule(&self) -> TrashRule {
        self.shared.trash_rule
    }

    /// In how many days Kith deletes a contact of the trash for ever; see [`TrashRule::days_left`].
    pub fn days_left(&self, deleted: &Contact) -> Option<u32> {
        let now = self.shared.clock.now();
        let deleted_at = deleted.updated_at.parse().unwrap_or(now);
        self.shared.trash_rule.days_left(deleted_at, now)
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

    /// Deletes a contact of the trash for ever.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for a contact that is not in there.
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn erase(&self, id: ContactId) -> Result<(), AppError> {
        let (now, actor) = (self.shared.clock.now(), &self.caller.actor());
        let erase = |store: Arc<dyn ContactStore>| async move { store.erase(id, now, actor).await };
        self.in_book_of(id, BookRole::Editor, erase).await
    }

    /// Deletes all contacts of the trash of the book for ever. This goes on when the caller hangs up.
    ///
    /// # Errors
    /// [`AppError::NoBook`]; [`AppError::Unavailable`], also if Kith is stopped before the trash is empty.
    #[tracing::instrument(skip_all)]
    pub async fn empty_trash(&self) -> Result<(), AppError> {
        let book = self.book()?;
        book.require(BookRole::Editor)?;
        let (store, tasks) = (self.store(book), self.shared.tasks.clone());
        let (actor, book, now) = (self.caller.actor(), book.id, self.shared.clock.now());
        let emptied = self.shared.tasks.run_to_end(async move {
            let actor = &actor;
            let mut emptying = Some(Emptying { actor, book, now });
            while store.erase_some(None, emptying.take().as_ref()).await? > 0 {
                if tasks.is_stopped() {
                    return Err(AppError::Unavailable);
                }
            }
            Ok(())
        });
        emptied.await.unwrap_or(Err(AppError::Internal))
    }
}
