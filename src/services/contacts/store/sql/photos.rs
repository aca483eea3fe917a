//! The pictures of the photos of contacts. They are made again from the cards, so they may be lost.

use kith_database::Connection;
use kith_database::Sql;
use kith_database::query;
use kith_photo::Prepared;

use super::row::Place;
use super::row::id_bytes;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::photo::PhotoKey;
use crate::services::contacts::photo::Picture;
use crate::services::contacts::photo::Size;
use crate::services::contacts::store::StoreError;

const LARGE: &str = "SELECT contacts.seq, photos.contact IS NOT NULL, large FROM contacts
     LEFT JOIN photos ON photos.contact = contacts.id AND photos.key = contacts.photo
     WHERE contacts.id = $1 AND contacts.photo = $2 AND deleted_at IS NULL";

const SMALL: &str = "SELECT contacts.seq, photos.contact IS NOT NULL, small FROM contacts
     LEFT JOIN photos ON photos.contact = contacts.id AND photos.key = contacts.photo
     WHERE contacts.id = $1 AND contacts.photo = $2 AND deleted_at IS NULL";

/// Nothing is kept of a photo that is no longer that of the contact. On a server, the lock lets a transaction that
/// replaces the photo commit first, or wait: its trigger then finds what is kept here.
const KEEP: Sql = Sql::each(
    "INSERT INTO photos (contact, key, small, large)
     SELECT id, photo, $3, $4 FROM contacts WHERE id = $1 AND photo = $2
     ON CONFLICT (contact) DO UPDATE SET key = excluded.key, small = excluded.small, large = excluded.large",
    "INSERT INTO photos (contact, key, small, large)
     SELECT id, photo, $3::bytea, $4::bytea FROM contacts WHERE id = $1 AND photo = $2 FOR SHARE
     ON CONFLICT (contact) DO UPDATE SET key = excluded.key, small = excluded.small, large = excluded.large",
);

/// See [`ContactStore::photo`](crate::services::contacts::store::ContactStore::photo).
pub async fn find(
    connection: &mut Connection,
    place: Place,
    key: &PhotoKey,
    size: Size,
) -> Result<Picture, StoreError> {
    let sql = match size {
        Size::Large => LARGE,
        Size::Small => SMALL,
    };
    let found: Option<(i64, bool, Option<Vec<u8>>)> = query(sql)
        .bind(id_bytes(place.id))
        .bind(key.as_str())
        .fetch_optional(connection)
        .await?;
    let found = found.filter(|(seq, ..)| BookKey::of_contact(*seq) == place.book);
    Ok(match found.ok_or(StoreError::NotFound)? {
        (_, true, Some(jpeg)) => Picture::Made(jpeg),
        (_, true, None) => Picture::Undecodable,
        (_, false, _) => Picture::NotMade,
    })
}

/// Keeps the pictures of a photo; `None` for one that cannot be decoded.
pub async fn keep(
    connection: &mut Connection,
    id: ContactId,
    key: &PhotoKey,
    made: Option<&Prepared>,
) -> Result<(), StoreError> {
    query(KEEP)
        .bind(id_bytes(id))
        .bind(key.as_str())
        .bind(made.map(|made| made.small.bytes.as_slice()))
        .bind(made.map(|made| made.large.bytes.as_slice()))
        .execute(connection)
        .await?;
    Ok(())
}
