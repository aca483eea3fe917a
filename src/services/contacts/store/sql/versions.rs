//! The cards that a contact had before: written with each change of its card, read for its history.

use std::borrow::Cow;

use kith_database::Connection;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use uuid::Uuid;

use super::row::Place;
use super::row::Stored;
use super::row::find_card;
use super::row::id_bytes;
use super::row::parse_card;
use super::row::rfc3339;
use crate::services::audit_log::Actor;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::store::FormerVersion;
use crate::services::contacts::store::PictureThen;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::VersionPage;

/// The oldest go.
const PRUNE: &str = "DELETE FROM contact_versions WHERE contact = $1 AND version <= (
         SELECT version FROM contact_versions WHERE contact = $1 ORDER BY version DESC LIMIT 1 OFFSET $2)";

const KEEP_MANY: Sql = Sql::each(
    "INSERT INTO contact_versions (contact, version, at, account, name, picture, card)
     SELECT contacts.id, contacts.version - 1, contacts.updated_at, $2, $3, made.value ->> 'picture', unhex(made.value ->> 'before')
     FROM json_each($1) AS made JOIN contacts ON contacts.seq = made.value ->> 'seq'",
    "INSERT INTO contact_versions (contact, version, at, account, name, picture, card)
     SELECT contacts.id, contacts.version - 1, contacts.updated_at, $2, $3, made.value ->> 'picture',
         decode(made.value ->> 'before', 'hex')
     FROM json_array_elements($1::json) AS made(value) JOIN contacts ON contacts.seq = (made.value ->> 'seq')::bigint",
);

const PRUNE_MANY: Sql = Sql::each(
    "DELETE FROM contact_versions
     WHERE contact IN (SELECT id FROM contacts WHERE seq IN (SELECT value FROM json_each($1)))
         AND version <= (SELECT kept.version FROM contact_versions AS kept
             WHERE kept.contact = contact_versions.contact ORDER BY kept.version DESC LIMIT 1 OFFSET $2)",
    "DELETE FROM contact_versions
     WHERE contact IN (SELECT id FROM contacts WHERE seq = ANY ($1::bigint[]))
         AND version <= (SELECT kept.version FROM contact_versions AS kept
             WHERE kept.contact = contact_versions.contact ORDER BY kept.version DESC LIMIT 1 OFFSET $2)",
);

const PAGE: &str = "SELECT version, at, account, name, picture, card FROM contact_versions
     WHERE contact = $1 AND version < $2 ORDER BY version DESC LIMIT $3";

/// The first card from a version on.
const FROM: &str = "SELECT card FROM contact_versions WHERE contact = $1 AND version >= $2 ORDER BY version LIMIT 1";

const ONE: &str = "SELECT card FROM contact_versions WHERE contact = $1 AND version = $2";

/// The first card from a version on that has its picture.
const WITH_PICTURE: &str = "SELECT card FROM contact_versions
     WHERE contact = $1 AND version >= $2 AND picture <> 'left out' ORDER BY version LIMIT 1";

/// A card in the place of another one.
pub struct Succession<'a> {
    pub stored: &'a Stored,
    pub before: &'a ContactCard,
    pub after: &'a ContactCard,
    /// In milliseconds.
    pub at: i64,
    pub actor: &'a Actor,
}

/// Keeps the former card, and at most so many of a contact. A picture may take a hundred times as much as the rest, so it
/// is kept only with the last card that has it.
pub async fn keep(
    tx: &mut Connection,
    new: Succession<'_>,
    max_versions: u32,
) -> Result<(), StoreError> {
    let contact = id_bytes(new.stored.contact.id);
    if max_versions > 0 {
        let (card, picture) = kept(new.before, new.after);
        let account = new.actor.account();
        query(
            "INSERT INTO contact_versions (contact, version, at, account, name, picture, card)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(contact.clone())
        .bind(new.stored.contact.version)
        .bind(new.at)
        .bind(account.map(|id| id.as_bytes().to_vec()))
        .bind(account.map(|_| new.actor.name()))
        .bind(picture)
        .bind(card.bytes())
        .execute(&mut *tx)
        .await?;
    }
    query(PRUNE)
        .bind(contact)
        .bind(max_versions)
        .execute(tx)
        .await?;
    Ok(())
}

/// The former card as it is kept, and what the column `picture` says of it.
pub fn kept<'a>(
    before: &'a ContactCard,
    after: &ContactCard,
) -> (Cow<'a, ContactCard>, &'static str) {
    match before.without_picture_of(after) {
        Some(without) => (Cow::Owned(without), text(PictureThen::LeftOut)),
        None if before.has_picture_of(after) => (Cow::Borrowed(before), text(PictureThen::Same)),
        None => (Cow::Borrowed(before), text(PictureThen::Changed)),
    }
}

/// Contacts whose cards one statement has replaced.
pub struct Replaced<'a> {
    /// A JSON array of objects with `seq`, the number of the contact, and with `before` and `picture`, which [`kept`] made:
    /// the card in hexadecimal digits.
    pub made: &'a str,
    /// The same numbers.
    pub contacts: &'a [i64],
    /// Who has replaced them, as the columns have it.
    pub account: Option<Vec<u8>>,
    pub name: Option<String>,
}

/// The same as [`keep`] of many contacts, whose rows have the next version already.
pub async fn keep_many(
    tx: &mut Connection,
    replaced: Replaced<'_>,
    max_versions: u32,
) -> Result<(), StoreError> {
    if max_versions > 0 {
        query(KEEP_MANY)
            .bind(replaced.made)
            .bind(replaced.account)
            .bind(replaced.name)
            .execute(&mut *tx)
            .await?;
    }
    query(PRUNE_MANY)
        .bind(replaced.contacts.to_vec())
        .bind(max_versions)
        .execute(tx)
        .await?;
    Ok(())
}

/// See [`ContactStore::versions`](crate::services::contacts::store::ContactStore::versions).
pub async fn page(
    connection: &mut Connection,
    place: Place,
    before: Option<u32>,
    limit: u32,
) -> Result<VersionPage, StoreError> {
    let (contact, present) = find_card(connection, place).await?;
    let before = before.map_or(i64::MAX, i64::from);
    let rows: Vec<Row> = query(PAGE)
        .bind(id_bytes(place.id))
        .bind(before)
        .bind(limit.saturating_add(1))
        .fetch_all(&mut *connection)
        .await?;
    let after = fetch_card(connection, FROM, place, before).await?;
    let has_more = rows.len() > limit as usize;
    let versions = rows.iter().take(limit as usize).map(read);
    Ok(VersionPage {
        contact,
        after: after.unwrap_or(present),
        versions: versions.collect::<Result<_, _>>()?,
        has_more,
    })
}

/// See [`ContactStore::version`](crate::services::contacts::store::ContactStore::version).
pub async fn card(
    connection: &mut Connection,
    place: Place,
    version: u32,
) -> Result<Option<ContactCard>, StoreError> {
    let (contact, present) = find_card(connection, place).await?;
    if version == contact.version {
        return Ok(Some(present));
    }
    let Some(card) = fetch_card(connection, ONE, place, version.into()).await? else {
        return Ok(None);
    };
    let pictured = fetch_card(connection, WITH_PICTURE, place, version.into()).await?;
    Ok(Some(card.with_picture_of(&pictured.unwrap_or(present))))
}

async fn fetch_card(
    connection: &mut Connection,
    sql: &'static str,
    place: Place,
    version: i64,
) -> Result<Option<ContactCard>, StoreError> {
    let card: Option<Vec<u8>> = query(sql)
        .bind(id_bytes(place.id))
        .bind(version)
        .fetch_optional(connection)
        .await?;
    card.map(parse_card).transpose()
}

fn read(row: &Row) -> Result<FormerVersion, StoreError> {
    let account: Option<&[u8]> = row.get("account")?;
    let account = account.map(Uuid::from_slice).transpose();
    Ok(FormerVersion {
        version: row.get("version")?,
        at: rfc3339(row.get("at")?)?,
        account: account.map_err(|error| StoreError::Internal(error.into()))?,
        name: row.get("name")?,
        picture: match row.get("picture")? {
            "same" => PictureThen::Same,
            "left out" => PictureThen::LeftOut,
            _ => PictureThen::Changed,
        },
        card: parse_card(row.get("card")?)?,
    })
}

fn text(picture: PictureThen) -> &'static str {
    match picture {
        PictureThen::Same => "same",
        PictureThen::LeftOut => "left out",
        PictureThen::Changed => "changed",
    }
}
