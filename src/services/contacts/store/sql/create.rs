//! Adding a contact, once for any number of the same requests.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::TransactionStep;
use kith_database::query;

use super::activities;
use super::replay;
use super::row::id_bytes;
use super::row::rfc3339;
use super::row::set_fields;
use super::search;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::services::contacts::activity::Event;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fold::search_key;
use crate::services::contacts::store::Creation;
use crate::services::contacts::store::IdempotentRequest;
use crate::services::contacts::store::StoreError;

/// A contact that is being created, with what comes along.
pub struct NewContact {
    pub id: ContactId,
    pub fields: ContactFields,
    pub now: Timestamp,
    /// Requests that are older than this are not recognised any more, in milliseconds.
    pub outdated: i64,
    pub idempotency: Option<IdempotentRequest>,
    pub step: Option<TransactionStep>,
}

impl NewContact {
    /// Writes it, unless the request is a repeated one.
    pub async fn write(&self, tx: &mut Connection) -> Result<Creation, StoreError> {
        if let Some(request) = &self.idempotency {
            let found = replay::find(tx, request, &self.fields, self.outdated).await?;
            if let Some(contact) = found {
                return Ok(Creation {
                    contact,
                    replayed: true,
                });
            }
            if let Some(form) = &request.form
                && let Some(contact) = replay::find_by_form(tx, form, self.outdated).await?
            {
                return Err(StoreError::AlreadyCreated(Box::new(contact)));
            }
        }
        let contact = insert(tx, self.id, &self.fields, self.now, self.outdated).await?;
        if let Some(step) = &self.step {
            step(tx).await?;
        }
        if let Some(request) = &self.idempotency {
            replay::remember(tx, request, &contact, self.now).await?;
        }
        Ok(Creation {
            contact,
            replayed: false,
        })
    }
}

/// Everything that a new contact consists of, and the removal of old keys, in one query: each query of its own would
/// cost two switches between threads.
const INSERT: &str = "
    INSERT INTO contacts
        (id, version, created_at, updated_at, search_key, name, email, phone, company, notes)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);
    INSERT INTO contact_trigrams (rowid, key) VALUES (last_insert_rowid(), $11);
    INSERT INTO contact_grams (rowid, grams) VALUES (last_insert_rowid(), $12);
    INSERT INTO activities (contact, at, event) VALUES ($13, $14, $15);
    DELETE FROM idempotency_keys WHERE key IN
        (SELECT key FROM idempotency_keys WHERE created_at <= $16 ORDER BY created_at LIMIT $17)";

/// Writes a contact with its search keys and its first activity, and removes some of the keys of requests that are
/// `outdated`.
pub async fn insert(
    connection: &mut Connection,
    id: ContactId,
    fields: &ContactFields,
    now: Timestamp,
    outdated: i64,
) -> Result<Contact, StoreError> {
    let now = now.as_millisecond();
    let mut contact = Contact {
        id,
        name: String::new(),
        email: String::new(),
        phone: None,
        company: None,
        notes: None,
        created_at: rfc3339(now)?,
        updated_at: rfc3339(now)?,
        version: 1,
    };
    set_fields(&mut contact, fields);
    let key = search_key(&contact.name, &contact.email);
    let grams = search::grams(&key);
    query(INSERT)
        .bind(id_bytes(id))
        .bind(contact.version)
        .bind(now)
        .bind(now)
        .bind(&key)
        .bind(&contact.name)
        .bind(&contact.email)
        .bind(&contact.phone)
        .bind(&contact.company)
        .bind(&contact.notes)
        .bind(&key)
        .bind(grams)
        .bind(id_bytes(id))
        .bind(now)
        .bind(activities::json(&Event::Created)?)
        .bind(outdated)
        .bind(replay::MAX_SWEPT_KEYS)
        .execute(connection)
        .await?;
    Ok(contact)
}
