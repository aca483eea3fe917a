//! Writing the cards of contacts that an earlier release has made.
//!
//! Each batch is a transaction of its own, so a process that is killed has lost no batch that was committed, and the next
//! one goes on. Instances that start at the same time wait for each other, and none serves before all cards are there.

use kith_card::Entry;
use kith_database::Connection;
use kith_database::Database;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use serde_json::Value;
use serde_json::json;

use super::row::read_id;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::store::StoreError;

/// The contacts of one transaction.
const BATCH: u32 = 500;

const WITHOUT_CARD: Sql = Sql::each(
    "SELECT seq, id, name, email, phone, company, notes FROM contacts WHERE card IS NULL ORDER BY seq LIMIT $1",
    "SELECT seq, id, name, email, phone, company, notes FROM contacts WHERE card IS NULL ORDER BY seq LIMIT $1
     FOR UPDATE",
);

const LEFT: &str =
    "SELECT count(*) FROM (SELECT 1 FROM contacts WHERE card IS NULL LIMIT 1) AS remaining";

/// All cards of a batch in one statement. They are text, because Kith has made them.
const WRITE: Sql = Sql::each(
    "UPDATE contacts SET uid = made.value ->> 'uid', card = CAST(made.value ->> 'card' AS BLOB)
     FROM json_each($1) AS made WHERE seq = made.value ->> 'seq'",
    "UPDATE contacts SET uid = made.value ->> 'uid', card = convert_to(made.value ->> 'card', 'UTF8')
     FROM json_array_elements($1::json) AS made(value) WHERE seq = (made.value ->> 'seq')::bigint",
);

/// Writes all cards that are missing. Returns how many there were.
///
/// # Errors
/// [`StoreError::Unavailable`], [`StoreError::Internal`].
pub async fn write_missing_cards(database: &Database) -> Result<u64, StoreError> {
    let mut written = 0;
    // Another instance may have written a batch for which this one has waited, so a batch can be empty before the end.
    while is_any_left(database).await? {
        let mut tx = database.write().await?;
        written += write_batch(&mut tx).await?;
        tx.commit().await?;
        tracing::info!(written, "cards of contacts are written");
    }
    Ok(written)
}

async fn is_any_left(database: &Database) -> Result<bool, StoreError> {
    let mut reader = database.reader().await?;
    let left: i64 = query(LEFT).fetch_one(&mut reader).await?;
    Ok(left > 0)
}

async fn write_batch(connection: &mut Connection) -> Result<u64, StoreError> {
    let rows: Vec<Row> = query(WITHOUT_CARD)
        .bind(BATCH)
        .fetch_all(&mut *connection)
        .await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let count = rows.len() as u64;
    let made = rows.iter().map(made).collect::<Result<Vec<_>, _>>()?;
    query(WRITE)
        .bind(Value::Array(made).to_string())
        .execute(connection)
        .await?;
    Ok(count)
}

fn made(row: &Row) -> Result<Value, StoreError> {
    let seq: i64 = row.get("seq")?;
    let id = read_id(row)?;
    let text = |column: &str| -> Result<Option<String>, StoreError> { Ok(row.get(column)?) };
    let mut fields = ContactFields::default();
    for (field, column) in [
        (Field::Name, "name"),
        (Field::Emails, "email"),
        (Field::Phones, "phone"),
        (Field::Company, "company"),
        (Field::Notes, "notes"),
    ] {
        // It was valid when it was written.
        let said = text(column)?.filter(|text| !text.is_empty());
        fields.set(field, said.into_iter().map(Entry::text).collect());
    }
    let card = ContactCard::new(id, &fields);
    let text =
        std::str::from_utf8(card.bytes()).map_err(|error| StoreError::Internal(error.into()))?;
    Ok(json!({ "seq": seq, "uid": card.uid(), "card": text }))
}
