//! Moving a contact to the trash, and taking it out.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Tx;
use kith_database::query;

use super::activities;
use super::dates;
use super::labels;
use super::row::Place;
use super::row::Stored;
use super::row::find_and_lock;
use super::row::find_expected;
use super::row::find_live;
use super::search;
use crate::model::contact::Contact;
use crate::services::audit_log;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Entry;
use crate::services::audit_log::Kind;
use crate::services::contacts::activity::Event;
use crate::services::contacts::dates::dates_in;
use crate::services::contacts::labels::labels_of;
use crate::services::contacts::store::StoreError;

/// See [`ContactStore::delete`](crate::services::contacts::store::ContactStore::delete). Commits.
pub async fn delete(
    mut tx: Tx,
    place: Place,
    expected: Option<u32>,
    now: Timestamp,
    actor: &Actor,
) -> Result<(), StoreError> {
    let stored = find_expected(&mut tx, place, expected).await?;
    move_over(&mut tx, &stored, now, Some(now)).await?;
    search::set_in_trash(&mut tx, stored.seq, true).await?;
    labels::remove(&mut tx, stored.seq).await?;
    dates::remove(&mut tx, stored.seq).await?;
    let entry = Entry {
        subject: Some(*place.id.as_uuid()),
        ..Entry::new(actor, Kind::ContactDeleted)
    };
    audit_log::record(&mut tx, &entry, now).await?;
    tx.commit().await?;
    Ok(())
}

/// See [`ContactStore::restore`](crate::services::contacts::store::ContactStore::restore). Commits.
pub async fn restore(mut tx: Tx, place: Place, now: Timestamp) -> Result<Contact, StoreError> {
    let stored = find_and_lock(&mut tx, place)
        .await?
        .ok_or(StoreError::NotFound)?;
    if !stored.in_trash {
        return Ok(stored.contact);
    }
    move_over(&mut tx, &stored, now, None).await?;
    search::set_in_trash(&mut tx, stored.seq, false).await?;
    labels::add(&mut tx, place.book, place.id, &labels_of(&stored.contact)).await?;
    dates::add(&mut tx, &[(place.id, dates_in(&stored.contact.fields))]).await?;
    let restored = find_live(&mut tx, place).await?;
    tx.commit().await?;
    Ok(restored.contact)
}

/// To the trash (`deleted_at`) or out of it (`None`).
async fn move_over(
    connection: &mut Connection,
    stored: &Stored,
    now: Timestamp,
    deleted_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let updated_at = stored.updated_at.max(now.as_millisecond());
    query(
        "UPDATE contacts SET deleted_at = $1, updated_at = $2, version = version + 1 WHERE seq = $3",
    )
    .bind(deleted_at.map(Timestamp::as_millisecond))
    .bind(updated_at)
    .bind(stored.seq)
    .execute(&mut *connection)
    .await?;
    let event = match deleted_at {
        Some(_) => Event::Deleted,
        None => Event::Restored,
    };
    activities::record(connection, stored.contact.id, updated_at, &event).await
}
