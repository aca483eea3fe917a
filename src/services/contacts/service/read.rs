//! Reading one contact, and counting all.

use kith_cache::Cached;
use kith_cache::Key;
use kith_cache::Policy;

use super::Contacts;
use super::caching::AUDIENCE;
use super::shared::Shared;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::Book;
use crate::services::book::BookRole;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::Totals;

impl Contacts {
    /// # Errors
    /// [`AppError::NotFound`], also for a contact in the trash.
    pub async fn get(&self, id: ContactId) -> Result<Contact, AppError> {
        let found = self.find(id).await?;
        (*found).clone().ok_or(AppError::NotFound)
    }

    /// A contact, or the knowledge that there is none or that it is in the trash.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a contact in none of several books; [`AppError::Unavailable`], [`AppError::Internal`].
    #[tracing::instrument(level = "debug", skip_all, fields(contact = %id))]
    pub async fn find(&self, id: ContactId) -> Result<Cached<Option<Contact>>, AppError> {
        let book = self.book_of(id, BookRole::Viewer).await?;
        let found = self.find_in(book, id).await?;
        if found.is_some() || self.caller.books().len() == 1 {
            return Ok(found);
        }
        // It may have been moved meanwhile.
        let now = self.book_of(id, BookRole::Viewer).await?;
        if now.key == book.key {
            return Ok(found);
        }
        self.find_in(now, id).await
    }

    /// The same in a book of the caller.
    pub(super) async fn find_in(
        &self,
        book: &Book,
        id: ContactId,
    ) -> Result<Cached<Option<Contact>>, AppError> {
        let Shared {
            cache, settings, ..
        } = &*self.shared;
        let store = self.store(book);
        let fetch = move || async move {
            match store.get(id).await {
                Err(StoreError::NotFound) => Ok(None),
                found => Ok(Some(found?)),
            }
        };
        // The last release keeps a hash under `contact {id}`, which this one could not read.
        let key = Key::new(
            CONTACTS.part(book.key.0),
            AUDIENCE,
            &format!("contact/{id}"),
        );
        cache.get(key, settings.exact(), fetch).await
    }

    /// How many contacts the book has: now, or a moment ago.
    ///
    /// # Errors
    /// [`AppError::Unavailable`], [`AppError::Internal`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn totals(&self) -> Result<Cached<Totals>, AppError> {
        let Shared {
            cache, settings, ..
        } = &*self.shared;
        let policy = Policy {
            stale_for: settings.stale_for,
            allow_stale_generation: true,
            ..settings.exact()
        };
        let book = self.book()?;
        let store = self.store(book);
        let fetch = move || async move { Ok(store.totals().await?) };
        // The number of a removed book comes back, and stale totals are served: its id does not.
        let name = format!("totals/{}", book.id);
        let key = Key::new(CONTACTS.part(book.key.0), AUDIENCE, &name);
        cache.get(key, policy, fetch).await
    }
}
