//! Writing contacts that are new: one that is created, or many that are imported. This is the only place that names the
//! columns of a new contact.

use kith_database::Connection;
use kith_database::Engine;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::hex;
use serde_json::json;

use super::activities;
use super::dates;
use super::labels;
use super::replay;
use super::row::photo_key;
use super::search;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::activity::Event;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::dates::ContactDate;
use crate::services::contacts::dates::dates_in;
use crate::services::contacts::labels::is_favourite;
use crate::services::contacts::labels::labels_of;
use crate::services::contacts::search_document::document;
use crate::services::contacts::sort_keys::SortKeys;
use crate::services::contacts::store::StoreError;

/// A contact that is about to be written. All that takes long is done: a transaction only writes it.
#[derive(Debug)]
pub struct Addition {
    pub id: ContactId,
    pub uid: Option<String>,
    /// In hexadecimal digits.
    pub fingerprint: String,
    pub has_email: bool,
    labels: Vec<String>,
    dates: Vec<ContactDate>,
    /// The columns but for the card.
    columns: serde_json::Value,
    card: Vec<u8>,
}

/// What all contacts of a statement have in common.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    pub book: BookKey,
    /// In milliseconds.
    pub now: i64,
    /// The first activity of each contact.
    pub event: &'a Event,
    /// Requests that are older than this are not recognised any more, in milliseconds.
    pub outdated: i64,
}

impl Addition {
    /// A contact of this book, as its card says.
    pub fn new(engine: Engine, book: BookKey, contact: &Contact, card: &ContactCard) -> Self {
        let keys = SortKeys::of(contact);
        let uid = card.uid();
        let fingerprint = hex(&card.fingerprint());
        let columns = json!({
            "id": hex(contact.id.as_uuid().as_bytes()),
            "search_key": keys.name,
            "family_key": keys.family,
            "company_key": keys.company,
            "name": contact.name,
            "email": contact.email,
            "phone": contact.phone,
            "company": contact.company,
            "notes": contact.notes,
            "fields": json!(contact.fields).to_string(),
            "photo": photo_key(contact),
            "favourite": is_favourite(&contact.fields),
            "uid": uid,
            "fingerprint": fingerprint,
            "texts": search::columns(engine, book, &document(contact)),
        });
        Self {
            id: contact.id,
            uid,
            fingerprint,
            has_email: contact.email.is_some(),
            labels: labels_of(contact).into_iter().map(str::to_owned).collect(),
            dates: dates_in(&contact.fields),
            columns,
            card: card.bytes().to_vec(),
        }
    }
}

/// Writes contacts with what searches read of them and their first activities, in their order, and removes some of the keys of
/// requests that are outdated.
///
/// # Errors
/// Those of the engine.
pub async fn insert(
    tx: &mut Connection,
    occasion: Occasion<'_>,
    additions: Vec<Addition>,
) -> Result<(), StoreError> {
    // The cards need not be UTF-8, so they come behind each other, beside the JSON.
    let mut cards = Vec::with_capacity(additions.iter().map(|one| one.card.len()).sum());
    let mut rows = Vec::with_capacity(additions.len());
    let mut labelled = Vec::new();
    let mut dated = Vec::new();
    for addition in additions {
        let mut columns = addition.columns;
        columns["card_start"] = (cards.len() + 1).into();
        columns["card_bytes"] = addition.card.len().into();
        rows.push(columns);
        cards.extend_from_slice(&addition.card);
        labelled.push((addition.id, addition.labels));
        dated.push((addition.id, addition.dates));
    }
    query(INSERT)
        .bind(occasion.book.0)
        .bind(occasion.now)
        .bind(serde_json::Value::Array(rows).to_string())
        .bind(cards)
        .bind(activities::json(occasion.event)?)
        .bind(occasion.outdated)
        .bind(replay::MAX_SWEPT_KEYS)
        .execute(&mut *tx)
        .await?;
    labels::add_many(tx, occasion.book, &labelled).await?;
    dates::add(tx, &dated).await
}

/// Everything that new contacts consist of, and the removal of old keys, in one query: each query of its own would cost
/// two switches between threads, or a round trip to the server.
///
/// A server takes one statement in a query. There, a creation leaves keys aside that another one is removing.
const INSERT: Sql = Sql::each(
    "INSERT INTO contacts (seq, id, version, created_at, updated_at, search_key, family_key, company_key, name,
             email, phone, company, notes,
         fields, photo, favourite, uid, fingerprint, card)
     SELECT (SELECT coalesce(max(seq), ($1 - 1) << 40) FROM contacts WHERE seq > ($1 - 1) << 40 AND seq < $1 << 40)
             + 1 + key,
         unhex(value ->> 'id'), 1, $2, $2, value ->> 'search_key', value ->> 'family_key', value ->> 'company_key',
         value ->> 'name', value ->> 'email', value ->> 'phone', value ->> 'company', value ->> 'notes', value ->> 'fields', value ->> 'photo', value ->> 'favourite',
         value ->> 'uid', unhex(value ->> 'fingerprint'),
         substr($4, value ->> 'card_start', value ->> 'card_bytes')
     FROM json_each($3);
     INSERT INTO contact_search (contact, in_trash, search_key, id, names, joined, companies, cities, labels, phones, others,
         notes, has)
     SELECT contacts.seq, FALSE, contacts.search_key, contacts.id, texts.value ->> 'names', texts.value ->> 'joined', texts.value ->> 'companies',
         texts.value ->> 'cities', texts.value ->> 'labels', texts.value ->> 'phones', texts.value ->> 'others',
         texts.value ->> 'notes', texts.value ->> 'has'
     FROM (SELECT value ->> 'id' AS id, value -> 'texts' AS value FROM json_each($3)) AS texts
         CROSS JOIN contacts ON contacts.id = unhex(texts.id);
     INSERT INTO activities (contact, at, event) SELECT unhex(value ->> 'id'), $2, $5 FROM json_each($3);
     DELETE FROM idempotency_keys WHERE key IN
         (SELECT key FROM idempotency_keys WHERE created_at <= $6 ORDER BY created_at LIMIT $7)",
    "WITH additions AS MATERIALIZED (
         SELECT decode(id, 'hex') AS id, search_key, family_key, company_key, name, email, phone, company, notes, fields, photo, favourite, uid,
             decode(fingerprint, 'hex') AS fingerprint, substring($4::bytea FROM card_start FOR card_bytes) AS card,
             texts
         FROM json_to_recordset($3::json) AS columns (id TEXT, search_key TEXT, family_key TEXT,
             company_key TEXT, name TEXT, email TEXT, phone TEXT,
             company TEXT, notes TEXT, fields TEXT, photo TEXT, favourite BOOLEAN, uid TEXT,
             fingerprint TEXT, card_start INT4, card_bytes INT4, texts JSON)
     ), added AS (
         INSERT INTO contacts (seq, id, version, created_at, updated_at, search_key, family_key, company_key, name,
             email, phone, company, notes,
             fields, photo, favourite, uid, fingerprint, card)
         SELECT (($1::bigint - 1) << 40) + nextval(pg_get_serial_sequence('contacts', 'seq')), id, 1, $2, $2, search_key,
             family_key, company_key, name, email, phone, company, notes, fields, photo, favourite, uid, fingerprint, card
         FROM additions RETURNING seq, id
     ), searched AS (
         INSERT INTO contact_search (contact, in_trash, search_key, id, names, joined, companies, cities, labels, phones,
             others, notes, has, grams)
         SELECT seq, FALSE, search_key, id, texts ->> 'names', texts ->> 'joined', texts ->> 'companies', texts ->> 'cities',
             texts ->> 'labels', texts ->> 'phones', texts ->> 'others', texts ->> 'notes', texts ->> 'has',
             (texts ->> 'grams')::int4[]
         FROM added JOIN additions USING (id)
     ), activity AS (
         INSERT INTO activities (contact, at, event) SELECT id, $2, $5 FROM additions
     ), swept AS (
         DELETE FROM idempotency_keys WHERE key = ANY (ARRAY(
             SELECT key FROM idempotency_keys WHERE created_at <= $6
             ORDER BY created_at LIMIT $7 FOR UPDATE SKIP LOCKED))
     )
     SELECT count(*) FROM added",
);
