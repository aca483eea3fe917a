//! Which contacts have which labels: what their cards say, for contacts outside the trash.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use kith_database::Connection;
use kith_database::QueryBuilder;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::hex;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::labels::Label;
use crate::services::contacts::labels::LabelColour;
use crate::services::contacts::labels::LabelId;
use crate::services::contacts::labels::Labels;
use crate::services::contacts::labels::label_key;
use crate::services::contacts::query::Filter;
use crate::services::contacts::store::StoreError;

/// Labels that a card is the first one to name.
const ADD: Sql = Sql::each(
    "INSERT INTO labels (id, book, name, name_key, colour)
     SELECT randomblob(16), $1, named.value ->> 'name', named.value ->> 'key', 'grey' FROM json_each($2) AS named
     WHERE TRUE ON CONFLICT (book, name_key) DO NOTHING",
    "INSERT INTO labels (id, book, name, name_key, colour)
     SELECT uuid_send(gen_random_uuid()), $1, named.value ->> 'name', named.value ->> 'key', 'grey'
     FROM json_array_elements($2::json) AS named(value)
     ON CONFLICT (book, name_key) DO NOTHING",
);

/// Labels of these names, which stay until the transaction is over. Transactions that give the same label to contacts do not
/// wait for each other.
const HOLD: Sql = Sql::each(
    "SELECT seq FROM labels WHERE book = $1 AND name_key IN (SELECT value FROM json_each($2))",
    "SELECT seq FROM labels WHERE book = $1 AND name_key IN (SELECT json_array_elements_text($2::json))
     ORDER BY name_key FOR KEY SHARE",
);

const GIVE: Sql = Sql::each(
    "INSERT INTO contact_labels (label, contact)
     SELECT labels.seq, contacts.seq FROM json_each($2) AS given
         CROSS JOIN contacts ON contacts.id = unhex(given.value ->> 'contact')
         CROSS JOIN labels ON labels.book = $1 AND labels.name_key = given.value ->> 'key'
     WHERE contacts.book = $1 ON CONFLICT DO NOTHING",
    "INSERT INTO contact_labels (label, contact)
     SELECT labels.seq, contacts.seq FROM json_array_elements($2::json) AS given(value)
         JOIN contacts ON contacts.id = decode(given.value ->> 'contact', 'hex')
         JOIN labels ON labels.book = $1 AND labels.name_key = given.value ->> 'key'
     WHERE contacts.book = $1 ON CONFLICT DO NOTHING",
);

const FAVOURITES: Sql = Sql::each(
    "SELECT count(*) FROM contacts INDEXED BY contacts_favourites
     WHERE book = $1 AND in_trash = FALSE AND favourite = TRUE",
    "SELECT count(*) FROM contacts WHERE book = $1 AND in_trash = FALSE AND favourite = TRUE",
);

/// Caches compare generations, and pages show labels. A server locks generations first: see
/// `migrations/postgres/0001_contacts.sql`.
const TOUCH: Sql = Sql::each(
    "UPDATE generations SET generation = random() WHERE tag = 'contacts/' || $1",
    "SELECT replace_generation('contacts/' || CAST($1::bigint AS TEXT))",
);

/// Gives a contact, which is in this book and not in the trash, the labels that its card names.
pub async fn add(
    tx: &mut Connection,
    book: BookKey,
    contact: ContactId,
    names: &[&str],
) -> Result<(), StoreError> {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    add_many(tx, book, &[(contact, names)]).await
}

/// The same of many contacts.
pub async fn add_many(
    tx: &mut Connection,
    book: BookKey,
    contacts: &[(ContactId, Vec<String>)],
) -> Result<(), StoreError> {
    // In the order of keys, so that of two transactions that add labels one waits for the other, and never both.
    let mut named: BTreeMap<String, &str> = BTreeMap::new();
    let mut given = Vec::new();
    for (contact, names) in contacts {
        for name in names {
            let key = label_key(name);
            given.push(json!({ "contact": hex(contact.as_uuid().as_bytes()), "key": key }));
            named.entry(key).or_insert(name);
        }
    }
    if given.is_empty() {
        return Ok(());
    }
    let keys: Vec<String> = named.keys().cloned().collect();
    let named = named.into_iter();
    let named: Vec<Value> = named
        .map(|(key, name)| json!({ "key": key, "name": name }))
        .collect();
    let named = Value::Array(named).to_string();
    // A label that was there may go before it is locked.
    loop {
        query(ADD)
            .bind(book.0)
            .bind(&named)
            .execute(&mut *tx)
            .await?;
        let there: Vec<i64> = query(HOLD)
            .bind(book.0)
            .bind(json!(keys).to_string())
            .fetch_all(&mut *tx)
            .await?;
        if there.len() == keys.len() {
            break;
        }
    }
    query(GIVE)
        .bind(book.0)
        .bind(Value::Array(given).to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes all labels from a contact.
pub async fn remove(tx: &mut Connection, contact: i64) -> Result<(), sqlx::Error> {
    query("DELETE FROM contact_labels WHERE contact = $1")
        .bind(contact)
        .execute(tx)
        .await?;
    Ok(())
}

/// What the tables say of the labels of contacts, by their numbers: from behind `after` to `last`.
pub async fn entries(
    connection: &mut Connection,
    after: i64,
    last: i64,
) -> Result<BTreeMap<i64, String>, sqlx::Error> {
    let keys: Vec<(i64, String)> = query(
        "SELECT contact, name_key FROM contact_labels JOIN labels ON labels.seq = label
         WHERE contact > $1 AND contact <= $2",
    )
    .bind(after)
    .bind(last)
    .fetch_all(connection)
    .await?;
    let mut of_contacts: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for (contact, key) in keys {
        of_contacts.entry(contact).or_default().insert(key);
    }
    let entries = of_contacts.into_iter();
    Ok(entries
        .filter_map(|(contact, keys)| Some((contact, text_of(keys)?)))
        .collect())
}

/// The text of [`entries`] for a contact whose card names these labels.
pub fn entry(names: &[String]) -> Option<String> {
    text_of(names.iter().map(|name| label_key(name)).collect())
}

fn text_of(keys: BTreeSet<String>) -> Option<String> {
    let keys: Vec<String> = keys.into_iter().collect();
    (!keys.is_empty()).then(|| keys.join("\n"))
}

/// Whether a contact has a label.
pub async fn has(
    connection: &mut Connection,
    label: LabelId,
    contact: i64,
) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = query(
        "SELECT contact FROM contact_labels
         WHERE label = (SELECT seq FROM labels WHERE id = $1) AND contact = $2",
    )
    .bind(label.0.as_bytes().to_vec())
    .bind(contact)
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Appends the conditions of a filter on `contacts`, each after `AND`.
pub fn push_filter(sql: &mut QueryBuilder<'_>, book: BookKey, filter: &Filter) {
    if filter.favourites {
        sql.push(" AND favourite = TRUE");
    }
    if let Some(label) = filter.label {
        sql.push(" AND EXISTS (SELECT 1 FROM contact_labels WHERE label = ");
        push_label(sql, book, label);
        sql.push(" AND contact = contacts.seq)");
    }
}

/// Appends the number of a label of the book.
pub fn push_label(sql: &mut QueryBuilder<'_>, book: BookKey, label: LabelId) {
    sql.push("(SELECT labels.seq FROM labels WHERE labels.book = ")
        .push_bind(book.0)
        .push(" AND labels.id = ")
        .push_bind(label.0.as_bytes().to_vec())
        .push(")");
}

/// Tells caches that the labels of a book have changed. It comes first in its transaction.
pub async fn touch(tx: &mut Connection, book: BookKey) -> Result<(), sqlx::Error> {
    query(TOUCH).bind(book.0).execute(tx).await?;
    Ok(())
}

/// See [`ContactStore::labels`](crate::services::contacts::store::ContactStore::labels).
pub async fn list(connection: &mut Connection, book: BookKey) -> Result<Labels, StoreError> {
    let rows: Vec<Row> = query(
        "SELECT id, name, colour, (SELECT count(*) FROM contact_labels WHERE label = labels.seq) AS contacts
         FROM labels WHERE book = $1 ORDER BY name_key",
    )
    .bind(book.0)
    .fetch_all(&mut *connection)
    .await?;
    let favourites: i64 = query(FAVOURITES).bind(book.0).fetch_one(connection).await?;
    Ok(Labels {
        labels: rows.iter().map(read).collect::<Result<_, _>>()?,
        favourites: favourites.unsigned_abs(),
    })
}

fn read(row: &Row) -> Result<Label, StoreError> {
    let contacts: i64 = row.get("contacts")?;
    Ok(Label {
        id: read_id(row.get("id")?)?,
        name: row.get("name")?,
        colour: LabelColour::of_name(row.get("colour")?),
        contacts: contacts.unsigned_abs(),
    })
}

/// An id as the tables keep it.
pub fn read_id(bytes: &[u8]) -> Result<LabelId, StoreError> {
    let id = Uuid::from_slice(bytes).map_err(|error| StoreError::Internal(error.into()))?;
    Ok(LabelId(id))
}

/// A new label without contacts.
///
/// # Errors
/// [`StoreError::LabelExists`].
pub async fn create(
    tx: &mut Connection,
    book: BookKey,
    name: &str,
    colour: LabelColour,
) -> Result<Label, StoreError> {
    touch(tx, book).await?;
    let label = Label {
        id: LabelId(Uuid::new_v4()),
        name: name.to_owned(),
        colour,
        contacts: 0,
    };
    let added = insert(tx, book, &label).await?;
    match added {
        true => Ok(label),
        false => {
            let existing = find_by_name(tx, book, name).await?;
            let existing = existing.ok_or(StoreError::NoLabel)?;
            Err(StoreError::LabelExists(existing))
        }
    }
}

/// Writes a label, unless there is one of this name. Whether it was written.
pub async fn insert(tx: &mut Connection, book: BookKey, label: &Label) -> Result<bool, StoreError> {
    let added = query(
        "INSERT INTO labels (id, book, name, name_key, colour) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (book, name_key) DO NOTHING",
    )
    .bind(label.id.0.as_bytes().to_vec())
    .bind(book.0)
    .bind(&label.name)
    .bind(label_key(&label.name))
    .bind(label.colour.as_str())
    .execute(tx)
    .await?;
    Ok(added > 0)
}

/// The label of a name that means the same.
pub async fn find_by_name(
    connection: &mut Connection,
    book: BookKey,
    name: &str,
) -> Result<Option<Label>, StoreError> {
    let row: Option<Row> = query(
        "SELECT id, name, colour, (SELECT count(*) FROM contact_labels WHERE label = labels.seq) AS contacts
         FROM labels WHERE book = $1 AND name_key = $2",
    )
    .bind(book.0)
    .bind(label_key(name))
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read).transpose()
}

/// # Errors
/// [`StoreError::NoLabel`].
pub async fn find(
    connection: &mut Connection,
    book: BookKey,
    id: LabelId,
) -> Result<Label, StoreError> {
    let row: Option<Row> = query(
        "SELECT id, name, colour, (SELECT count(*) FROM contact_labels WHERE label = labels.seq) AS contacts
         FROM labels WHERE book = $1 AND id = $2",
    )
    .bind(book.0)
    .bind(id.0.as_bytes().to_vec())
    .fetch_optional(connection)
    .await?;
    read(&row.ok_or(StoreError::NoLabel)?)
}

/// See [`ContactStore::recolour_label`](crate::services::contacts::store::ContactStore::recolour_label).
pub async fn recolour(
    tx: &mut Connection,
    book: BookKey,
    id: LabelId,
    colour: LabelColour,
) -> Result<(), StoreError> {
    touch(tx, book).await?;
    let changed = query("UPDATE labels SET colour = $1 WHERE book = $2 AND id = $3")
        .bind(colour.as_str())
        .bind(book.0)
        .bind(id.0.as_bytes().to_vec())
        .execute(tx)
        .await?;
    match changed {
        0 => Err(StoreError::NoLabel),
        _ => Ok(()),
    }
}
