//! Adding a contact, once for any number of the same requests.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::TransactionStep;
use serde_json::Map;

use super::insert::Addition;
use super::insert::Occasion;
use super::insert::insert;
use super::replay;
use super::row::rfc3339;
use super::row::set_summary;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::activity::Event;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::store::Creation;
use crate::services::contacts::store::IdempotentRequest;
use crate::services::contacts::store::StoreError;

/// A contact that is being created, with what comes along.
pub struct NewContact {
    pub book: BookKey,
    pub id: ContactId,
    pub card: ContactCard,
    pub now: Timestamp,
    /// Requests that are older than this are not recognised any more, in milliseconds.
    pub outdated: i64,
    pub idempotency: Option<IdempotentRequest>,
    pub step: Option<TransactionStep>,
}

impl NewContact {
    /// Writes it, unless the request is a repeated one.
    pub async fn write(&self, tx: &mut Connection) -> Result<Creation, StoreError> {
        let contact = self.contact()?;
        if let Some(request) = &self.idempotency
            && let Some(first) = self.claim(tx, request, &contact).await?
        {
            return Ok(Creation {
                contact: first,
                replayed: true,
            });
        }
        self.insert(tx, &contact).await?;
        if let Some(step) = &self.step {
            step(tx).await?;
        }
        Ok(Creation {
            contact,
            replayed: false,
        })
    }

    /// The contact as it will be.
    fn contact(&self) -> Result<Contact, StoreError> {
        let now = rfc3339(self.now.as_millisecond())?;
        let mut contact = Contact {
            id: self.id,
            name: String::new(),
            email: None,
            phone: None,
            company: None,
            notes: None,
            fields: Map::new(),
            photo: None,
            created_at: now.clone(),
            updated_at: now,
            version: 1,
        };
        set_summary(&mut contact, self.card.summary());
        Ok(contact)
    }

    /// Takes the key of the request for this contact, or finds the contact that an earlier request has taken it for.
    ///
    /// The key comes before the contact. Of two requests at once, the second one waits for the key until the first one
    /// commits, and has written nothing by then that others wait for.
    async fn claim(
        &self,
        tx: &mut Connection,
        request: &IdempotentRequest,
        contact: &Contact,
    ) -> Result<Option<Contact>, StoreError> {
        if let Some(form) = &request.form {
            replay::lock_form(tx, form).await?;
        }
        if !replay::claim(tx, request, contact, self.now, self.outdated).await? {
            let first = replay::find(tx, request, contact, self.outdated).await?;
            return Ok(Some(first));
        }
        if let Some(form) = &request.form
            && let Some(contact) = replay::find_by_form(tx, form, self.outdated).await?
        {
            return Err(StoreError::AlreadyCreated(Box::new(contact)));
        }
        Ok(None)
    }

    /// Writes the contact.
    async fn insert(&self, tx: &mut Connection, contact: &Contact) -> Result<(), StoreError> {
        let occasion = Occasion {
            book: self.book,
            now: self.now.as_millisecond(),
            event: &Event::Created,
            outdated: self.outdated,
        };
        let addition = Addition::new(tx.engine(), self.book, contact, &self.card);
        insert(tx, occasion, vec![addition]).await
    }
}
