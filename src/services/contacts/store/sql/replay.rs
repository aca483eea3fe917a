//! The responses to requests that a client may send again.
//!
//! Answers from the millisecond `outdated`, or before it, no longer count.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Engine;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;

use crate::model::contact::Contact;
use crate::services::contacts::store::IdempotentRequest;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::idempotency::is_of_bytes;

/// How many old keys one new contact deletes: more than it adds, so that none are left in the end, and few enough to
/// cost nothing.
pub const MAX_SWEPT_KEYS: u32 = 32;

/// Makes requests of the same form take turns until the transaction ends. They may have different contents and
/// then different keys, so on a server no row would make them wait for each other. In a file, changes take turns.
pub async fn lock_form(connection: &mut Connection, form: &str) -> Result<(), StoreError> {
    if connection.engine() == Engine::Postgres {
        query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind(form)
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Keeps the response to a first request, also in the place of an outdated one. Returns whether this is the first
/// request under its key.
///
/// A row that is kept is locked until the transaction ends, so [`find`] finds it.
pub async fn claim(
    connection: &mut Connection,
    request: &IdempotentRequest,
    contact: &Contact,
    now: Timestamp,
    outdated: i64,
) -> Result<bool, StoreError> {
    let contact =
        serde_json::to_string(contact).map_err(|error| StoreError::Internal(error.into()))?;
    let written = query(
        "INSERT INTO idempotency_keys (key, fingerprint, contact, created_at)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint,
             contact = excluded.contact, created_at = excluded.created_at
         WHERE idempotency_keys.created_at <= $5",
    )
    .bind(request.key.as_str())
    .bind(&request.fingerprint[..])
    .bind(contact)
    .bind(now.as_millisecond())
    .bind(outdated)
    .execute(connection)
    .await?;
    Ok(written > 0)
}

/// The contact that the first request under this key got. `new` is the one that the request would create.
pub async fn find(
    connection: &mut Connection,
    request: &IdempotentRequest,
    new: &Contact,
    outdated: i64,
) -> Result<Contact, StoreError> {
    let first: Row = query(
        "SELECT fingerprint, contact FROM idempotency_keys WHERE key = $1 AND created_at > $2",
    )
    .bind(request.key.as_str())
    .bind(outdated)
    .fetch_one(connection)
    .await?;
    let contact = contact(&first)?;
    let fingerprint: &[u8] = first.get("fingerprint")?;
    // An older release compared bytes. The contact that it has created shows what the request has asked for.
    let is_the_same = fingerprint == request.fingerprint
        || (is_of_bytes(fingerprint) && says_the_same(new, &contact));
    is_the_same.then_some(contact).ok_or(StoreError::KeyReused)
}

fn says_the_same(one: &Contact, other: &Contact) -> bool {
    let said = |contact: &Contact| {
        let Contact {
            name,
            email,
            phone,
            company,
            notes,
            ..
        } = contact.clone();
        (name, email, phone, company, notes)
    };
    said(one) == said(other)
}

/// The contact that a form has created before, even with other contents, if it is still there. The contact of a
/// key that was just claimed is not there yet.
pub async fn find_by_form(
    connection: &mut Connection,
    form: &str,
    outdated: i64,
) -> Result<Option<Contact>, StoreError> {
    // Keys that begin with `form` stand from it up to where its last byte, a dot, is a slash.
    let end = format!("{}/", form.strip_suffix('.').unwrap_or(form));
    let found = query(FIND_BY_FORM)
        .bind(form)
        .bind(end)
        .bind(outdated)
        .fetch_optional(connection)
        .await?;
    found.as_ref().map(contact).transpose()
}

/// MATERIALIZED has PostgreSQL read the keys of the form first. For the sake of the limit it would otherwise walk
/// all keys, the latest one first.
const FIND_BY_FORM: Sql = Sql::each(
    "SELECT idempotency_keys.contact FROM idempotency_keys
     JOIN contacts ON contacts.id = unhex(replace(idempotency_keys.contact ->> 'id', '-', ''))
     WHERE key > $1 AND key < $2 AND idempotency_keys.created_at > $3
         AND contacts.deleted_at IS NULL
     ORDER BY idempotency_keys.created_at DESC LIMIT 1",
    "WITH first AS MATERIALIZED (
         SELECT contact, created_at FROM idempotency_keys
         WHERE key > $1 AND key < $2 AND created_at > $3
     )
     SELECT first.contact FROM first
     JOIN contacts
         ON contacts.id = decode(replace(first.contact::json ->> 'id', '-', ''), 'hex')
     WHERE contacts.deleted_at IS NULL
     ORDER BY first.created_at DESC LIMIT 1",
);

/// The contact in a row.
fn contact(row: &Row) -> Result<Contact, StoreError> {
    // The parser's error would quote it.
    serde_json::from_str(row.get("contact")?)
        .map_err(|_| StoreError::Internal("the contact under a key is not JSON".into()))
}
