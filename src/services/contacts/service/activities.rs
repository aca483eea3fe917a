//! What has happened around a contact, and the contact as a page shows it with that.

use kith_database::TransactionStep;

use super::ContactService;
use crate::model::contact::Activities;
use crate::model::contact::Contact;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::contacts::activity::ActivityRecord;
use crate::services::contacts::activity::Event;

impl ContactService {
    /// What has happened around a contact, the first thing first.
    ///
    /// # Errors
    /// [`AppError::Unavailable`], [`AppError::Internal`].
    pub async fn activities(&self, id: ContactId) -> Result<Vec<ActivityRecord>, AppError> {
        Ok(self.shared.store.activities(id).await?)
    }

    /// A contact as a page shows it.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn details(&self, id: ContactId) -> Result<ContactDetails, AppError> {
        let contact = self.get(id).await?;
        Ok(ContactDetails {
            activities: Activities::of(&contact, self.activities(id).await?),
            contact,
            merged: Vec::new(),
        })
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
        ContactDetails {
            contact,
            activities,
            merged: Vec::new(),
        }
    }

    /// A step that writes what happened around a contact, for the transaction of a job.
    pub fn recording(&self, id: ContactId, event: Event) -> TransactionStep {
        let now = self.shared.clock.now();
        self.shared.store.recording(id, event, now)
    }
}
