//! Removing contacts for good: one of the trash, many of it, or all of a book.
//!
//! With a contact goes what finds it, what has happened around it, and the answers to requests that hold it. What finds
//! it is gone as soon as it is in the trash.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Sql;
use kith_database::Tx;
use kith_database::query;

use super::row::Place;
use super::row::find_and_lock;
use crate::services::audit_log;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Entry;
use crate::services::audit_log::Kind;
use crate::services::book::BookKey;
use crate::services::contacts::store::Emptying;
use crate::services::contacts::store::StoreError;

/// The most contacts that one transaction removes, so that other writers need not wait for long.
pub const BATCH: i64 = 200;

/// The answers that hold a contact of a book. An answer is as old as its contact, which an index knows.
const FORGET_BOOK: Sql = Sql::each(
    "DELETE FROM idempotency_keys WHERE key IN (
         SELECT answers.key FROM contacts
         JOIN idempotency_keys AS answers ON answers.created_at = contacts.created_at
             AND unhex(replace(answers.contact ->> 'id', '-', '')) = contacts.id
         WHERE seq > $1 AND seq < $2)",
    "DELETE FROM idempotency_keys WHERE key IN (
         SELECT answers.key FROM contacts
         JOIN idempotency_keys AS answers ON answers.created_at = contacts.created_at
             AND decode(replace(answers.contact::json ->> 'id', '-', ''), 'hex') = contacts.id
         WHERE seq > $1 AND seq < $2)",
);

/// The same of some contacts, by their numbers.
const FORGET_SOME: Sql = Sql::each(
    "DELETE FROM idempotency_keys WHERE key IN (
         SELECT answers.key FROM contacts
         JOIN idempotency_keys AS answers ON answers.created_at = contacts.created_at
             AND unhex(replace(answers.contact ->> 'id', '-', '')) = contacts.id
         WHERE seq IN (SELECT value FROM json_each($1)))",
    "DELETE FROM idempotency_keys WHERE key IN (
         SELECT answers.key FROM contacts
         JOIN idempotency_keys AS answers ON answers.created_at = contacts.created_at
             AND decode(replace(answers.contact::json ->> 'id', '-', ''), 'hex') = contacts.id
         WHERE seq = ANY ($1::bigint[]))",
);

const ERASE_SOME: Sql = Sql::each(
    "DELETE FROM contacts WHERE seq IN (SELECT value FROM json_each($1))",
    "DELETE FROM contacts WHERE seq = ANY ($1::bigint[])",
);

/// The contacts that have been in the trash for longest. Nothing in the trash changes, so the last change was the
/// deletion, which an index knows.
const OLDEST_OF_TRASH: Sql = Sql::each(
    "SELECT seq FROM contacts INDEXED BY contacts_by_updated
     WHERE book = $1 AND in_trash = TRUE AND updated_at < $2 ORDER BY updated_at, id LIMIT $3",
    "SELECT seq FROM contacts
     WHERE book = $1 AND in_trash = TRUE AND updated_at < $2 ORDER BY updated_at, id LIMIT $3 FOR UPDATE",
);

/// Removes the contacts of a book, those in its trash as well.
///
/// # Errors
/// Those of the engine.
pub async fn erase(tx: &mut Connection, book: BookKey) -> Result<(), sqlx::Error> {
    // What finds a contact goes with it.
    let statements = [
        FORGET_BOOK,
        "DELETE FROM contacts WHERE seq > $1 AND seq < $2".into(),
    ];
    let numbers = book.contacts();
    for statement in statements {
        query(statement)
            .bind(numbers.start)
            .bind(numbers.end)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// See [`ContactStore::erase`](crate::services::contacts::store::ContactStore::erase). Commits.
pub async fn erase_one(
    mut tx: Tx,
    place: Place,
    now: Timestamp,
    actor: &Actor,
) -> Result<(), StoreError> {
    let stored = find_and_lock(&mut tx, place)
        .await?
        .filter(|stored| stored.in_trash)
        .ok_or(StoreError::NotFound)?;
    erase_these(&mut tx, &[stored.seq]).await?;
    let entry = Entry {
        subject: Some(*place.id.as_uuid()),
        ..Entry::new(actor, Kind::ContactErased)
    };
    audit_log::record(&mut tx, &entry, now).await?;
    Ok(tx.commit().await?)
}

/// See [`ContactStore::erase_some`](crate::services::contacts::store::ContactStore::erase_some). Commits.
pub async fn erase_some(
    mut tx: Tx,
    book: BookKey,
    deleted_before: Option<Timestamp>,
    emptying: Option<&Emptying<'_>>,
) -> Result<u64, StoreError> {
    let before = deleted_before.map_or(i64::MAX, Timestamp::as_millisecond);
    let seqs: Vec<i64> = query(OLDEST_OF_TRASH)
        .bind(book.0)
        .bind(before)
        .bind(BATCH)
        .fetch_all(&mut tx)
        .await?;
    if seqs.is_empty() {
        return Ok(0);
    }
    erase_these(&mut tx, &seqs).await?;
    if let Some(Emptying { actor, book, now }) = emptying {
        let entry = Entry {
            subject: Some(book.0),
            ..Entry::new(actor, Kind::TrashEmptied)
        };
        audit_log::record(&mut tx, &entry, *now).await?;
    }
    tx.commit().await?;
    Ok(seqs.len() as u64)
}

/// Removes contacts that the transaction has locked.
///
/// # Errors
/// Those of the engine.
pub async fn erase_these(tx: &mut Connection, seqs: &[i64]) -> Result<(), sqlx::Error> {
    for statement in [FORGET_SOME, ERASE_SOME] {
        query(statement).bind(seqs.to_vec()).execute(tx).await?;
    }
    Ok(())
}
