//! Changing what a contact says, which is its card.

use jiff::Timestamp;
use kith_database::Sql;
use kith_database::Tx;
use kith_database::query;
use kith_photo::Prepared;

use super::activities;
use super::dates;
use super::labels;
use super::photos;
use super::row::Place;
use super::row::Stored;
use super::row::fields_json;
use super::row::find_expected;
use super::row::find_with_card;
use super::row::photo_key;
use super::row::rfc3339;
use super::row::set_summary;
use super::search;
use super::versions;
use super::versions::Succession;
use crate::model::contact::Contact;
use crate::services::audit_log::Actor;
use crate::services::book::BookKey;
use crate::services::contacts::activity::Event;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::catalogue;
use crate::services::contacts::dates::dates_in;
use crate::services::contacts::history;
use crate::services::contacts::labels::is_favourite;
use crate::services::contacts::labels::labels_of;
use crate::services::contacts::photo::PhotoKey;
use crate::services::contacts::search_document::document;
use crate::services::contacts::sort_keys::SortKeys;
use crate::services::contacts::store::StoreError;

/// When a card changes, who changes it, and which version is expected.
pub struct Occasion<'a> {
    pub expected: Option<u32>,
    pub now: Timestamp,
    pub actor: &'a Actor,
    /// The most former cards of a contact.
    pub max_versions: u32,
}

/// See [`ContactStore::replace_card`](crate::services::contacts::store::ContactStore::replace_card). Commits.
pub async fn replace_card(
    mut tx: Tx,
    place: Place,
    card: &ContactCard,
    occasion: Occasion<'_>,
) -> Result<Contact, StoreError> {
    let (stored, saved) = find_with_card(&mut tx, place, occasion.expected).await?;
    if card.bytes() == saved.bytes() {
        return Ok(stored.contact);
    }
    let contact = write(&mut tx, &stored, [&saved, card], &occasion).await?;
    tx.commit().await?;
    Ok(contact)
}

/// See [`ContactStore::set_photo`](crate::services::contacts::store::ContactStore::set_photo). Commits.
pub async fn set_photo(
    mut tx: Tx,
    place: Place,
    photo: Option<&Prepared>,
    occasion: Occasion<'_>,
) -> Result<Contact, StoreError> {
    let (stored, saved) = find_with_card(&mut tx, place, occasion.expected).await?;
    let mut card = saved.clone();
    card.set_photo(photo.map(|photo| &photo.large));
    if card.bytes() == saved.bytes() {
        return Ok(stored.contact);
    }
    let contact = write(&mut tx, &stored, [&saved, &card], &occasion).await?;
    if let Some(made) = photo {
        let key = PhotoKey::of(&made.large.bytes);
        photos::keep(&mut tx, place.id, &key, Some(made)).await?;
    }
    tx.commit().await?;
    Ok(contact)
}

/// Writes the second card in the place of the first one, which the transaction has locked, and what follows from it.
async fn write(
    tx: &mut Tx,
    stored: &Stored,
    [before, card]: [&ContactCard; 2],
    occasion: &Occasion<'_>,
) -> Result<Contact, StoreError> {
    let mut contact = stored.contact.clone();
    set_summary(&mut contact, card.summary());
    let updated_at = stored.updated_at.max(occasion.now.as_millisecond());
    contact.updated_at = rfc3339(updated_at)?;
    contact.version = contact.version.saturating_add(1);

    let keys = SortKeys::of(&contact);
    query(
        "UPDATE contacts SET version = $1, updated_at = $2, search_key = $3,
             name = $4, email = $5, phone = $6, company = $7, notes = $8, uid = $9, card = $10,
             fields = $11, favourite = $12, fingerprint = $13, photo = $14, family_key = $15,
             company_key = $16
         WHERE seq = $17",
    )
    .bind(contact.version)
    .bind(updated_at)
    .bind(keys.name)
    .bind(&contact.name)
    .bind(&contact.email)
    .bind(&contact.phone)
    .bind(&contact.company)
    .bind(&contact.notes)
    .bind(card.uid())
    .bind(card.bytes())
    .bind(fields_json(&contact.fields)?)
    .bind(is_favourite(&contact.fields))
    .bind(card.fingerprint().to_vec())
    .bind(photo_key(&contact))
    .bind(keys.family)
    .bind(keys.company)
    .bind(stored.seq)
    .execute(&mut *tx)
    .await?;
    let found_by = document(&contact);
    if found_by != document(&stored.contact) {
        let entry = search::Entry {
            seq: stored.seq,
            in_trash: stored.in_trash,
            document: found_by,
        };
        search::write(tx, &[entry]).await?;
    }
    let succession = Succession {
        stored,
        before,
        after: card,
        at: updated_at,
        actor: occasion.actor,
    };
    versions::keep(tx, succession, occasion.max_versions).await?;
    write_labels_and_dates(tx, stored, &contact).await?;
    let fields = history::differing(&before.fields(), &card.fields());
    let mut names: Vec<&str> = fields.iter().map(|field| field.spec().name).collect();
    if contact.photo != stored.contact.photo {
        names.push(catalogue::PHOTO);
    }
    let fields = names.into_iter().map(str::to_owned).collect();
    let changed = Event::Changed { fields };
    activities::record(tx, contact.id, updated_at, &changed).await?;
    Ok(contact)
}

/// Gives a contact the labels and the dates that it says now, where it has said others.
async fn write_labels_and_dates(
    tx: &mut Tx,
    stored: &Stored,
    contact: &Contact,
) -> Result<(), StoreError> {
    let named = labels_of(contact);
    if labels_of(&stored.contact) != named {
        let book = BookKey::of_contact(stored.seq);
        labels::remove(tx, stored.seq).await?;
        labels::add(tx, book, contact.id, &named).await?;
    }
    let dates = dates_in(&contact.fields);
    if dates_in(&stored.contact.fields) != dates {
        dates::remove(tx, stored.seq).await?;
        dates::add(tx, &[(contact.id, dates)]).await?;
    }
    Ok(())
}

/// See [`ContactStore::move_to`](crate::services::contacts::store::ContactStore::move_to). Commits.
pub async fn move_to(
    mut tx: Tx,
    place: Place,
    book: BookKey,
    now: Timestamp,
) -> Result<Contact, StoreError> {
    let mut stored = find_expected(&mut tx, place, None).await?;
    if place.book == book {
        return Ok(stored.contact);
    }
    let updated_at = stored.updated_at.max(now.as_millisecond());
    search::remove(&mut tx, stored.seq).await?;
    labels::remove(&mut tx, stored.seq).await?;
    dates::remove(&mut tx, stored.seq).await?;
    let seq: i64 = query(MOVE)
        .bind(book.0)
        .bind(updated_at)
        .bind(stored.seq)
        .fetch_one(&mut tx)
        .await?;
    stored.seq = seq;
    search::write(&mut tx, &[search::Entry::of(&stored)]).await?;
    labels::add(&mut tx, book, place.id, &labels_of(&stored.contact)).await?;
    dates::add(&mut tx, &[(place.id, dates_in(&stored.contact.fields))]).await?;
    activities::record(&mut tx, place.id, updated_at, &Event::Moved).await?;
    tx.commit().await?;
    stored.contact.updated_at = rfc3339(updated_at)?;
    stored.contact.version = stored.contact.version.saturating_add(1);
    Ok(stored.contact)
}

/// The contact gets a number of its new book: the next one in a file, and one of the sequence on a server, where
/// moves do not wait for each other.
const MOVE: Sql = Sql::each(
    "UPDATE contacts SET version = version + 1, updated_at = $2, seq = (
         SELECT coalesce(max(seq), ($1 - 1) << 40) + 1 FROM contacts WHERE seq > ($1 - 1) << 40 AND seq < $1 << 40)
     WHERE seq = $3 RETURNING seq",
    "UPDATE contacts SET version = version + 1, updated_at = $2,
         seq = (($1::bigint - 1) << 40) + nextval(pg_get_serial_sequence('contacts', 'seq'))
     WHERE seq = $3 RETURNING seq",
);
