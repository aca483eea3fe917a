//! A row of `contacts`: what is read of it, and how a contact is found by its id.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use kith_database::Connection;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use serde_json::Map;
use serde_json::Value;
use uuid::Uuid;

use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::card::Summary;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::photo::PhotoKey;
use crate::services::contacts::sort_keys::SortKeys;
use crate::services::contacts::store::StoreError;

/// Where a contact is looked for: in no other book is it found.
#[derive(Clone, Copy)]
pub struct Place {
    pub book: BookKey,
    pub id: ContactId,
}

/// A row of `contacts`.
pub struct Stored {
    /// Says which book the contact is in.
    pub seq: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub in_trash: bool,
    pub has_photo: bool,
    pub frecency: i64,
    pub keys: SortKeys,
    pub contact: Contact,
}

/// The columns of what a list shows of a contact.
macro_rules! columns_for_lists {
    () => {
        "id, version, created_at, updated_at, name, email, phone, company, photo"
    };
}

/// What is read of contacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Columns {
    /// All that they say.
    All,
    /// All but what is shown of one contact only, which may be a hundred times as long as the rest.
    ForLists,
    /// The same, and as a [`Rest`] what a search may have found besides.
    ForMarks,
}

impl Columns {
    /// The columns that [`read_contact`] and [`Rest::read`] read.
    pub fn text(self) -> &'static str {
        match self {
            Self::All | Self::ForMarks => concat!(columns_for_lists!(), ", notes, fields"),
            Self::ForLists => columns_for_lists!(),
        }
    }
}

/// A query for rows that [`Stored::read`] can read.
macro_rules! select_contacts {
    ($rest:literal) => {
        concat!(
            "SELECT seq, in_trash, search_key, family_key, company_key, frecency, ",
            columns_for_lists!(),
            ", ",
            $rest,
            " FROM contacts"
        )
    };
}

/// Contacts with all that they say.
pub const WHOLE: &str = select_contacts!("notes, fields");

impl Stored {
    pub fn read(row: &Row) -> Result<Self, StoreError> {
        let in_trash = row.get("in_trash")?;
        Ok(Self {
            seq: row.get("seq")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            in_trash,
            has_photo: row.get::<Option<String>>("photo")?.is_some(),
            frecency: row.get("frecency")?,
            keys: SortKeys {
                name: row.get("search_key")?,
                family: row.get("family_key")?,
                company: row.get("company_key")?,
            },
            contact: read_contact(row, Columns::All, in_trash)?,
        })
    }
}

/// The contact of a row. In the trash it has no photo.
pub fn read_contact(row: &Row, columns: Columns, in_trash: bool) -> Result<Contact, StoreError> {
    let id = read_id(row)?;
    let (notes, fields) = match columns {
        Columns::All => (row.get("notes")?, read_fields(row.get("fields")?)?),
        Columns::ForLists | Columns::ForMarks => (None, Map::new()),
    };
    Ok(Contact {
        id,
        name: row.get("name")?,
        email: row.get("email")?,
        phone: row.get("phone")?,
        company: row.get("company")?,
        notes,
        fields,
        photo: photo(row, id)?.filter(|_| !in_trash),
        created_at: rfc3339(row.get("created_at")?)?,
        updated_at: rfc3339(row.get("updated_at")?)?,
        version: row.get("version")?,
    })
}

/// What is shown of one contact only, as its row has it.
pub struct Rest {
    notes: Option<String>,
    fields: String,
}

impl Rest {
    pub fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            notes: row.get("notes")?,
            fields: row.get("fields")?,
        })
    }

    /// All that the contact says.
    pub fn fields(&self, contact: &Contact) -> Result<ContactFields, StoreError> {
        let fields = read_fields(&self.fields)?;
        let (company, notes) = (&contact.company, &self.notes);
        Ok(ContactFields::of_columns(&fields, company, notes))
    }
}

/// The id in the column `id`.
pub fn read_id(row: &Row) -> Result<ContactId, StoreError> {
    let id = Uuid::from_slice(row.get("id")?);
    let id = id.map_err(|error| StoreError::Internal(error.into()))?;
    Ok(ContactId::new(id))
}

/// The address of the photo.
pub fn photo(row: &Row, id: ContactId) -> Result<Option<String>, StoreError> {
    let key: Option<String> = row.get("photo")?;
    let key: Option<PhotoKey> = key.and_then(|key| key.parse().ok());
    Ok(key.map(|key| key.address(id)))
}

const TIMES: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// For example `2026-11-22T05:29:00.000Z`.
pub fn rfc3339(millis: i64) -> Result<String, StoreError> {
    let time =
        Timestamp::from_millisecond(millis).map_err(|error| StoreError::Internal(error.into()))?;
    Ok(TIMES.timestamp_to_string(&time))
}

/// An id as the tables keep it.
pub fn id_bytes(id: ContactId) -> Vec<u8> {
    id.as_uuid().as_bytes().to_vec()
}

/// Gives a contact what its card says.
pub fn set_summary(contact: &mut Contact, summary: Summary) {
    contact.name = summary.name;
    contact.email = summary.email;
    contact.phone = summary.phone;
    contact.company = summary.company;
    contact.notes = summary.notes;
    contact.fields = summary.fields;
    contact.photo = summary.photo.map(|key| key.address(contact.id));
}

fn read_fields(json: &str) -> Result<Map<String, Value>, StoreError> {
    // The parser's error would quote it.
    serde_json::from_str(json).map_err(|_| StoreError::Internal("fields are not JSON".into()))
}

/// Fields as the column `fields` has them.
pub fn fields_json(fields: &Map<String, Value>) -> Result<String, StoreError> {
    let json = serde_json::to_string(fields);
    json.map_err(|error| StoreError::Internal(error.into()))
}

/// The key of the photo of a contact, as the column `photo` has it.
pub fn photo_key(contact: &Contact) -> Option<String> {
    let address = contact.photo.as_deref()?;
    PhotoKey::in_address(address).map(|key| key.to_string())
}

/// A contact, in the trash or not.
pub async fn find(connection: &mut Connection, place: Place) -> Result<Option<Stored>, StoreError> {
    fetch(connection, BY_ID.into(), place).await
}

/// The same, locked until the transaction ends: for those who decide by it what they write.
pub async fn find_and_lock(
    connection: &mut Connection,
    place: Place,
) -> Result<Option<Stored>, StoreError> {
    fetch(connection, LOCKED_BY_ID, place).await
}

const BY_ID: &str = concat!(select_contacts!("notes, fields"), " WHERE id = $1");

/// In a file, the transaction is the only one that writes. On a server, NO KEY lets others write activities of the
/// contact.
const LOCKED_BY_ID: Sql = Sql::each(
    BY_ID,
    concat!(
        select_contacts!("notes, fields"),
        " WHERE id = $1 FOR NO KEY UPDATE"
    ),
);

/// The same with the card.
const WITH_CARD: &str = concat!(select_contacts!("notes, fields, card"), " WHERE id = $1");

const LOCKED_WITH_CARD: Sql = Sql::each(
    WITH_CARD,
    concat!(
        select_contacts!("notes, fields, card"),
        " WHERE id = $1 FOR NO KEY UPDATE"
    ),
);

async fn fetch(
    connection: &mut Connection,
    sql: Sql,
    place: Place,
) -> Result<Option<Stored>, StoreError> {
    let found = fetch_row(connection, sql, place).await?;
    Ok(found.map(|(stored, _)| stored))
}

/// The same with the row, for what else stands in it.
async fn fetch_row(
    connection: &mut Connection,
    sql: Sql,
    place: Place,
) -> Result<Option<(Stored, Row)>, StoreError> {
    let row: Option<Row> = query(sql)
        .bind(id_bytes(place.id))
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let stored = Stored::read(&row)?;
    let is_in_place = BookKey::of_contact(stored.seq) == place.book;
    Ok(is_in_place.then_some((stored, row)))
}

/// A contact that is not in the trash.
pub async fn find_live(connection: &mut Connection, place: Place) -> Result<Stored, StoreError> {
    live(find(connection, place).await?)
}

/// A contact that is not in the trash, with its card.
pub async fn find_card(
    connection: &mut Connection,
    place: Place,
) -> Result<(Contact, ContactCard), StoreError> {
    let found = fetch_row(connection, WITH_CARD.into(), place).await?;
    let (stored, row) = found.ok_or(StoreError::NotFound)?;
    let stored = live(Some(stored))?;
    Ok((stored.contact, read_card(row.get("card")?)?))
}

/// A card as a row has it.
pub fn read_card(card: Option<Vec<u8>>) -> Result<ContactCard, StoreError> {
    parse_card(card.ok_or_else(|| StoreError::Internal("a contact has no card".into()))?)
}

/// A card that Kith has kept.
pub fn parse_card(card: Vec<u8>) -> Result<ContactCard, StoreError> {
    // The parser's error would quote it.
    ContactCard::parse(card).map_err(|_| StoreError::Internal("a card cannot be read".into()))
}

/// The same, locked, only if it is at the `expected` version; `None` expects none.
pub async fn find_expected(
    connection: &mut Connection,
    place: Place,
    expected: Option<u32>,
) -> Result<Stored, StoreError> {
    let stored = live(find_and_lock(connection, place).await?)?;
    at_version(stored, expected)
}

/// The same with the card.
pub async fn find_with_card(
    connection: &mut Connection,
    place: Place,
    expected: Option<u32>,
) -> Result<(Stored, ContactCard), StoreError> {
    let found = fetch_row(connection, LOCKED_WITH_CARD, place).await?;
    let (stored, row) = found.ok_or(StoreError::NotFound)?;
    let stored = at_version(live(Some(stored))?, expected)?;
    Ok((stored, read_card(row.get("card")?)?))
}

fn at_version(stored: Stored, expected: Option<u32>) -> Result<Stored, StoreError> {
    match expected {
        Some(version) if version != stored.contact.version => {
            Err(StoreError::Changed(Box::new(stored.contact)))
        }
        _ => Ok(stored),
    }
}

fn live(found: Option<Stored>) -> Result<Stored, StoreError> {
    found
        .filter(|stored| !stored.in_trash)
        .ok_or(StoreError::NotFound)
}
