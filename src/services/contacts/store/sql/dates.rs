//! Which contacts have which dates: what their cards say, for contacts outside the trash.

use std::collections::BTreeMap;

use kith_database::Connection;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::hex;
use serde_json::Value;
use serde_json::json;

use super::row::id_bytes;
use super::row::photo;
use super::row::read_id;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::dates::ContactDate;
use crate::services::contacts::dates::DateCursor;
use crate::services::contacts::dates::DateKind;
use crate::services::contacts::dates::DateOfContact;
use crate::services::contacts::dates::DayOfYear;
use crate::services::contacts::store::StoreError;

const ADD: Sql = Sql::each(
    "INSERT INTO contact_dates (contact, place, kind, label, month, day, year)
     SELECT contacts.seq, added.value ->> 'place', added.value ->> 'kind', added.value ->> 'label',
         added.value ->> 'month', added.value ->> 'day', added.value ->> 'year'
     FROM json_each($1) AS added CROSS JOIN contacts ON contacts.id = unhex(added.value ->> 'contact')",
    "INSERT INTO contact_dates (contact, place, kind, label, month, day, year)
     SELECT contacts.seq, place, kind, label, month, day, year
     FROM json_to_recordset($1::json) AS added (contact TEXT, place BIGINT, kind TEXT, label TEXT, month BIGINT,
         day BIGINT, year BIGINT)
         JOIN contacts ON contacts.id = decode(added.contact, 'hex')",
);

/// The index leads from day to day, and only the dates of one day are sorted at a time.
const PAGE: &str =
    "SELECT contacts.id, contacts.name, contacts.photo, contacts.updated_at, place, kind, label, month, day, year
     FROM contact_dates JOIN contacts ON contacts.seq = contact_dates.contact
     WHERE contact_dates.book = $1 AND (month, day) >= ($2, $3) AND (month, day) < ($4, $5)
         AND (month, day, contacts.id, place) > ($6, $7, $8, $9)
     ORDER BY month, day, contacts.id, place LIMIT $10";

/// Gives contacts, which are not in the trash, the dates that their cards say.
pub async fn add(
    tx: &mut Connection,
    contacts: &[(ContactId, Vec<ContactDate>)],
) -> Result<(), StoreError> {
    let dates = contacts.iter().flat_map(|(contact, dates)| {
        let contact = hex(contact.as_uuid().as_bytes());
        dates.iter().map(move |date| to_json(&contact, date))
    });
    let dates: Vec<Value> = dates.collect();
    if dates.is_empty() {
        return Ok(());
    }
    query(ADD)
        .bind(Value::Array(dates).to_string())
        .execute(tx)
        .await?;
    Ok(())
}

fn to_json(contact: &str, date: &ContactDate) -> Value {
    json!({
        "contact": contact,
        "place": date.place,
        "kind": date.kind.as_str(),
        "label": date.label,
        "month": date.on.month,
        "day": date.on.day,
        "year": date.year,
    })
}

/// Takes all dates from a contact.
pub async fn remove(tx: &mut Connection, contact: i64) -> Result<(), sqlx::Error> {
    query("DELETE FROM contact_dates WHERE contact = $1")
        .bind(contact)
        .execute(tx)
        .await?;
    Ok(())
}

/// What the table says of the dates of contacts, by their numbers: from behind `after` to `last`.
pub async fn entries(
    connection: &mut Connection,
    after: i64,
    last: i64,
) -> Result<BTreeMap<i64, String>, StoreError> {
    let rows: Vec<Row> = query(
        "SELECT contact, place, kind, label, month, day, year FROM contact_dates
         WHERE contact > $1 AND contact <= $2 ORDER BY contact, place",
    )
    .bind(after)
    .bind(last)
    .fetch_all(connection)
    .await?;
    let mut of_contacts: BTreeMap<i64, Vec<ContactDate>> = BTreeMap::new();
    for row in &rows {
        let dates = of_contacts.entry(row.get("contact")?).or_default();
        dates.push(read_date(row)?);
    }
    let entries = of_contacts.into_iter();
    Ok(entries
        .filter_map(|(contact, dates)| Some((contact, entry(&dates)?)))
        .collect())
}

/// The text of [`entries`] for a contact whose card says these dates.
pub fn entry(dates: &[ContactDate]) -> Option<String> {
    let dates: Value = dates.iter().map(|date| to_json("", date)).collect();
    (dates != json!([])).then(|| dates.to_string())
}

/// The dates from a day to one before another, in the order of days, then of contacts.
pub async fn page(
    connection: &mut Connection,
    book: BookKey,
    [first, end]: [DayOfYear; 2],
    after: Option<&DateCursor>,
    limit: u32,
) -> Result<Vec<DateOfContact>, StoreError> {
    let from = after.map_or(first, |cursor| cursor.on);
    let (contact, place) = match after {
        Some(cursor) => (id_bytes(cursor.contact), i64::from(cursor.place)),
        // Before all of the day.
        None => (Vec::new(), 0),
    };
    let rows: Vec<Row> = query(PAGE)
        .bind(book.0)
        .bind(i64::from(from.month))
        .bind(i64::from(from.day))
        .bind(i64::from(end.month))
        .bind(i64::from(end.day))
        .bind(i64::from(from.month))
        .bind(i64::from(from.day))
        .bind(contact)
        .bind(place)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<DateOfContact, StoreError> {
    let contact = read_id(row)?;
    Ok(DateOfContact {
        contact,
        name: row.get("name")?,
        photo: photo(row, contact)?,
        updated_at: row.get("updated_at")?,
        date: read_date(row)?,
    })
}

/// A date as its columns have it.
fn read_date(row: &Row) -> Result<ContactDate, StoreError> {
    let outside = |error: std::num::TryFromIntError| StoreError::Internal(error.into());
    let number = |column: &str| -> Result<i64, StoreError> { Ok(row.get(column)?) };
    let year: Option<i64> = row.get("year")?;
    Ok(ContactDate {
        place: number("place")?.try_into().map_err(outside)?,
        kind: DateKind::of_name(row.get("kind")?),
        label: row.get("label")?,
        on: DayOfYear {
            month: number("month")?.try_into().map_err(outside)?,
            day: number("day")?.try_into().map_err(outside)?,
        },
        year: year.map(i16::try_from).transpose().map_err(outside)?,
    })
}
