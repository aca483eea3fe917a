//! The cards of contacts, as programs read and replace them.

use std::sync::Arc;

use super::Contacts;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::location::ListFilter;
use crate::services::book::BookRole;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::query::Filter;
use crate::services::contacts::query::parse_search;
use crate::services::contacts::store::CardsOf;
use crate::services::contacts::store::ContactStore;

/// The vCards of a book, page by page.
pub struct Export {
    store: Arc<dyn ContactStore>,
    of: CardsOf,
    last: i64,
}

impl Export {
    /// The next cards, one behind the other; empty behind the last one.
    ///
    /// # Errors
    /// [`AppError::Unavailable`], [`AppError::Internal`].
    pub async fn next_page(&mut self) -> Result<Vec<u8>, AppError> {
        let page = self.store.cards(&self.of, self.last).await?;
        self.last = page.last;
        Ok(page.bytes)
    }
}

impl Contacts {
    /// A contact with its vCard, byte for byte as it was written.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for a contact in the trash.
    #[tracing::instrument(level = "debug", skip_all, fields(contact = %id))]
    pub async fn card(&self, id: ContactId) -> Result<(Contact, ContactCard), AppError> {
        let read = |store: Arc<dyn ContactStore>| async move { store.card(id).await };
        self.in_book_of(id, BookRole::Viewer, read).await
    }

    /// The vCards of the book that the search and the filter leave, byte for byte. The audit log says that they were read.
    ///
    /// # Errors
    /// [`AppError::BadRequest`], [`AppError::NoBook`], [`AppError::Unavailable`], [`AppError::Internal`].
    #[tracing::instrument(skip_all)]
    pub async fn export(&self, search: &str, filter: &ListFilter) -> Result<Export, AppError> {
        let of = CardsOf {
            search: parse_search(search)?,
            filter: Filter::of(filter)?,
        };
        let book = self.book()?;
        let store = self.store(book);
        let now = self.shared.clock.now();
        store
            .begin_export(book.id, now, &self.caller.actor())
            .await?;
        Ok(Export { store, of, last: 0 })
    }

    /// Gives a contact another vCard. With `expected`, only if the contact is still at that version.
    ///
    /// # Errors
    /// [`AppError::BadRequest`] for a text that is no vCard; [`AppError::Forbidden`], [`AppError::NotFound`],
    /// [`AppError::Changed`].
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn replace_card(
        &self,
        id: ContactId,
        card: Vec<u8>,
        expected: Option<u32>,
    ) -> Result<Contact, AppError> {
        let card = ContactCard::parse(card)
            .map_err(|error| AppError::bad_request(format!("This is not a vCard: {error}.")))?;
        let (card, now, actor) = (&card, self.shared.clock.now(), &self.caller.actor());
        let replace = |store: Arc<dyn ContactStore>| async move {
            store.replace_card(id, card, expected, now, actor).await
        };
        self.in_book_of(id, BookRole::Editor, replace).await
    }
}
