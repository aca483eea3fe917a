//! What has happened around a contact, and the contact as a page shows it with that.

use kith_database::TransactionStep;

use super::ContactService;
use super::Contacts;
use crate::model::contact::Activities;
use crate::model::contact::Contact;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::Book;
use crate::services::book::BookRole;
use crate::services::contacts::activity::ActivityRecord;
use crate::services::contacts::activity::Event;
use crate::services::contacts::labels::labels_of;
use crate::services::contacts::store::StoreError;

impl Contacts {
    /// What has happened around a contact, the first thing first.
    ///
    /// # Errors
    /// [`AppError::Unavailable`], [`AppError::Internal`].
    pub async fn activities(&self, id: ContactId) -> Result<Vec<ActivityRecord>, AppError> {
        let book = self.book_of(id, BookRole::Viewer).await?;
        Ok(self.store(book).activities(id).await?)
    }

    /// A contact as a page shows it.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn details(&self, id: ContactId) -> Result<ContactDetails, AppError> {
        let book = self.book_of(id, BookRole::Viewer).await?;
        let found = self.find_in(book, id).await?;
        let contact = (*found).clone().ok_or(AppError::NotFound)?;
        let records = self.store(book).activities(id).await?;
        let activities = Activities::of(&contact, records);
        Ok(self.shown(book, &contact, activities).await)
    }

    /// The same of a contact that is at hand. It is worth showing without its activities, which the
    /// page then asks for again.
    pub async fn detail(&self, contact: Contact) -> ContactDetails {
        let activities = match self.activities(contact.id).await {
            Ok(records) => Activities::of(&contact, records),
            Err(_) => Activities {
                list: Vec::new(),
                pending: true,
            },
        };
        match self.book_of(contact.id, BookRole::Viewer).await {
            Ok(book) => self.shown(book, &contact, activities).await,
            Err(_) => ContactDetails::of(&contact, activities),
        }
    }

    /// A contact of this book. Where its labels cannot be read, they are no links.
    async fn shown(
        &self,
        book: &Book,
        contact: &Contact,
        activities: Activities,
    ) -> ContactDetails {
        let labels = match labels_of(contact).is_empty() {
            true => Vec::new(),
            false => {
                let labels = self.labels_of_book(book).await;
                labels.map_or_else(|_| Vec::new(), |labels| labels.labels.clone())
            }
        };
        let begins_here = self
            .caller
            .book(None)
            .is_ok_and(|first| first.key == book.key);
        let id = if begins_here {
            String::new()
        } else {
            book.id.to_string()
        };
        let details = ContactDetails {
            row: self.row_of(contact),
            ..ContactDetails::of(contact, activities)
        };
        details.with_lists(&labels, &id)
    }
}

/// For jobs, which have no caller and know the id of a contact.
impl ContactService {
    /// A contact of any book.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for a contact in the trash.
    pub async fn find_for_job(&self, id: ContactId) -> Result<Contact, AppError> {
        let store = &self.shared.store;
        let store = store.in_book(store.book_of(id).await?);
        Ok(store.get(id).await?)
    }

    /// What has happened around a contact of any book; nothing where there is none.
    ///
    /// # Errors
    /// [`AppError::Unavailable`], [`AppError::Internal`].
    pub async fn activities_for_job(&self, id: ContactId) -> Result<Vec<ActivityRecord>, AppError> {
        let store = &self.shared.store;
        match store.book_of(id).await {
            Ok(book) => Ok(store.in_book(book).activities(id).await?),
            Err(StoreError::NotFound) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// A step that writes what happened around a contact, for the transaction of a job.
    pub fn recording(&self, id: ContactId, event: Event) -> TransactionStep {
        let now = self.shared.clock.now();
        self.shared.store.recording(id, event, now)
    }
}
