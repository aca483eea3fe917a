//! Adding a contact, once for any number of the same requests.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Sql;
use kith_database::TransactionStep;
use kith_database::query;
use serde_json::Map;

use super::activities;
use super::replay;
use super::row::fields_json;
use super::row::id_bytes;
use super::row::is_favourite;
use super::row::rfc3339;
use super::row::set_summary;
use super::search;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::activity::Event;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::fold::search_key;
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

    /// Writes a contact with its search keys and its first activity, and removes some of the keys of requests that
    /// are outdated.
    async fn insert(&self, tx: &mut Connection, contact: &Contact) -> Result<(), StoreError> {
        let now = self.now.as_millisecond();
        let key = search_key(&contact.name, contact.email.as_deref());
        let grams = search::tables(tx.engine()).grams(self.book, &key);
        query(INSERT)
            .bind(id_bytes(self.id))
            .bind(contact.version)
            .bind(now)
            .bind(now)
            .bind(&key)
            .bind(&contact.name)
            .bind(&contact.email)
            .bind(&contact.phone)
            .bind(&contact.company)
            .bind(&contact.notes)
            .bind(grams)
            .bind(activities::json(&Event::Created)?)
            .bind(self.outdated)
            .bind(replay::MAX_SWEPT_KEYS)
            .bind(self.book.0)
            .bind(self.card.uid())
            .bind(self.card.bytes())
            .bind(fields_json(contact)?)
            .bind(is_favourite(contact))
            .execute(tx)
            .await?;
        Ok(())
    }
}

/// Everything that a new contact consists of, and the removal of old keys, in one query: each query of its own would
/// cost two switches between threads, or a round trip to the server.
///
/// A server takes one statement in a query. There, a creation leaves keys aside that another one is removing.
const INSERT: Sql = Sql::each(
    "INSERT INTO contacts
        (seq, id, version, created_at, updated_at, search_key, name, email, phone, company, notes, fields, favourite, uid, card)
        SELECT coalesce(max(seq), ($15 - 1) << 40) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $18, $19, $16, $17
        FROM contacts WHERE seq > ($15 - 1) << 40 AND seq < $15 << 40;
    INSERT INTO contact_trigrams (rowid, key) VALUES (last_insert_rowid(), $5);
    INSERT INTO contact_grams (rowid, grams) VALUES (last_insert_rowid(), $11);
    INSERT INTO activities (contact, at, event) VALUES ($1, $3, $12);
    DELETE FROM idempotency_keys WHERE key IN
        (SELECT key FROM idempotency_keys WHERE created_at <= $13 ORDER BY created_at LIMIT $14)",
    "WITH contact AS (
        INSERT INTO contacts
            (seq, id, version, created_at, updated_at, search_key, name, email, phone, company, notes, fields, favourite, uid, card)
            VALUES ((($15::bigint - 1) << 40) + nextval(pg_get_serial_sequence('contacts', 'seq')),
                $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $18, $19, $16, $17) RETURNING seq
    ), grams AS (
        INSERT INTO contact_grams (seq, search_key, grams)
        SELECT seq, $5, $11::bigint[]::int4[] FROM contact
    ), activity AS (
        INSERT INTO activities (contact, at, event) VALUES ($1, $3, $12)
    ), swept AS (
        DELETE FROM idempotency_keys WHERE key = ANY (ARRAY(
            SELECT key FROM idempotency_keys WHERE created_at <= $13
            ORDER BY created_at LIMIT $14 FOR UPDATE SKIP LOCKED))
    )
    SELECT seq FROM contact",
);
