//! How much contacts are used: the column `frecency`.

use std::collections::HashMap;

use kith_database::Connection;
use kith_database::Row;
use kith_database::Sql;
use kith_database::Tx;
use kith_database::query;
use kith_runtime::hex;
use serde_json::json;

use super::row::read_id;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::frecency::Frecency;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::Used;
use crate::services::contacts::store::WrittenUses;

/// The contacts of these ids outside the trash. On a server, other transactions write to many contacts in other orders,
/// so this one waits for none of them.
const HOLD: Sql = Sql::each(
    "SELECT id, book, frecency FROM contacts
     WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND in_trash = FALSE",
    "SELECT id, book, frecency FROM contacts
     WHERE id = ANY (ARRAY(SELECT decode(value, 'hex') FROM json_array_elements_text($1::json) AS ids(value)))
         AND in_trash = FALSE FOR NO KEY UPDATE SKIP LOCKED",
);

/// Those of them that there are.
const FIND: Sql = Sql::each(
    "SELECT id FROM contacts WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND in_trash = FALSE",
    "SELECT id FROM contacts
     WHERE id = ANY (ARRAY(SELECT decode(value, 'hex') FROM json_array_elements_text($1::json) AS ids(value)))
         AND in_trash = FALSE",
);

/// This statement must write to no other column: only then it replaces no generation.
const WRITE: Sql = Sql::each(
    "UPDATE contacts SET frecency = used.value ->> 'frecency' FROM json_each($1) AS used
     WHERE contacts.id = unhex(used.value ->> 'id')",
    "UPDATE contacts SET frecency = used.frecency
     FROM json_to_recordset($1::json) AS used (id TEXT, frecency BIGINT) WHERE contacts.id = decode(used.id, 'hex')",
);

const MOST_USED: Sql = Sql::each(
    "SELECT id, book, frecency FROM contacts INDEXED BY contacts_by_frecency
     WHERE book = $1 AND in_trash = FALSE AND frecency > 0 ORDER BY frecency DESC, id DESC LIMIT $2",
    "SELECT id, book, frecency FROM contacts
     WHERE book = $1 AND in_trash = FALSE AND frecency > 0 ORDER BY frecency DESC, id DESC LIMIT $2",
);

/// See [`ContactStore::add_uses`](crate::services::contacts::store::ContactStore::add_uses).
pub async fn add(mut tx: Tx, uses: &[(ContactId, Frecency)]) -> Result<WrittenUses, StoreError> {
    let uses: HashMap<ContactId, Frecency> = uses.iter().copied().collect();
    let there: Vec<Used> = query(HOLD)
        .bind(hex_ids(uses.keys()))
        .fetch_all::<Row>(&mut tx)
        .await?
        .iter()
        .map(read)
        .collect::<Result<_, _>>()?;
    let written: Vec<Used> = (there.iter())
        .map(|used| Used {
            frecency: uses[&used.contact].plus(used.frecency),
            ..*used
        })
        .collect();
    let scores = written.iter().map(|used| {
        let id = hex(used.contact.as_uuid().as_bytes());
        json!({ "id": id, "frecency": used.frecency.0 })
    });
    let scores = serde_json::Value::from_iter(scores).to_string();
    query(WRITE).bind(scores).execute(&mut tx).await?;
    let missed: Vec<&ContactId> = (uses.keys())
        .filter(|id| !written.iter().any(|used| used.contact == **id))
        .collect();
    let held = match missed.is_empty() {
        true => Vec::new(),
        false => find(&mut tx, &missed).await?,
    };
    tx.commit().await?;
    Ok(WrittenUses { written, held })
}

async fn find(tx: &mut Connection, ids: &[&ContactId]) -> Result<Vec<ContactId>, StoreError> {
    let found: Vec<Row> = query(FIND)
        .bind(hex_ids(ids.iter().copied()))
        .fetch_all(tx)
        .await?;
    found.iter().map(read_id).collect()
}

/// See [`ContactStore::most_used`](crate::services::contacts::store::ContactStore::most_used).
pub async fn most_used(
    connection: &mut Connection,
    book: BookKey,
    limit: u32,
) -> Result<Vec<Used>, StoreError> {
    let used: Vec<Row> = query(MOST_USED)
        .bind(book.0)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    used.iter().map(read).collect()
}

fn hex_ids<'a>(ids: impl Iterator<Item = &'a ContactId>) -> String {
    let ids = ids.map(|id| hex(id.as_uuid().as_bytes()));
    serde_json::Value::from_iter(ids).to_string()
}

fn read(row: &Row) -> Result<Used, StoreError> {
    Ok(Used {
        book: BookKey(row.get("book")?),
        contact: read_id(row)?,
        frecency: Frecency(row.get("frecency")?),
    })
}

#[cfg(test)]
mod tests {
    use kith_cache::Generations;
    use kith_database::Engine;

    use super::*;
    use crate::services::contacts::CONTACTS;
    use crate::services::contacts::store::conformance::IDEMPOTENCY_TTL;
    use crate::services::contacts::store::conformance::Update;
    use crate::services::contacts::store::conformance::at;
    use crate::services::contacts::store::conformance::fields;
    use crate::services::contacts::store::conformance::new_id;
    use crate::services::contacts::store::conformance::score;
    use crate::services::contacts::store::sql::SqlStore;
    use crate::services::contacts::store::sql::tests::Opened;

    async fn add_contact(opened: &Opened) -> ContactId {
        let id = new_id();
        let fields = fields("Ada", "ada@example.com");
        let created = opened.create(id, &fields, at(0), None, None).await;
        created.expect("it is new");
        id
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_use_replaces_no_generation() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let opened = Opened::new(engine).await;
            let ids = [add_contact(&opened).await, add_contact(&opened).await];
            let generation = async || {
                let tag = CONTACTS.part(BookKey::FIRST.0);
                let store = SqlStore::new(opened.database.clone(), IDEMPOTENCY_TTL);
                let read = store.read(&[tag]).await;
                read.expect("it can be read")[0].1
            };
            let before = generation().await;
            let uses = ids.map(|id| (id, score(1)));
            let written = opened.add_uses(&uses).await.expect("it is open").written;
            assert_eq!(written.len(), 2);
            assert_eq!(generation().await, before, "{engine:?}");
            // A change of a contact that was used does.
            let changed = fields("Bob", "bob@example.com");
            let updated = opened.update(ids[0], &changed, None, at(1)).await;
            updated.expect("it is there");
            assert_ne!(generation().await, before, "{engine:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_contact_that_another_writer_holds_is_used_later() {
        let opened = Opened::new(Engine::Postgres).await;
        let (held, free) = (add_contact(&opened).await, add_contact(&opened).await);
        let mut writer = opened.database.write().await.expect("it is open");
        let change = query("UPDATE contacts SET version = version WHERE id = $1");
        let change = change.bind(held.as_uuid().as_bytes().to_vec());
        change.execute(&mut writer).await.expect("it is there");
        let uses = [(held, score(1)), (free, score(1))];
        let written = opened.add_uses(&uses).await.expect("it does not wait");
        assert_eq!(written.held, [held]);
        assert_eq!(written.written.len(), 1);
        writer.commit().await.expect("it is open");
        let written = opened.add_uses(&uses[..1]).await.expect("it is open");
        assert_eq!(written.written.len(), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn those_that_are_used_most_are_read_from_their_index() {
        let opened = Opened::new(Engine::Sqlite).await;
        let mut view = opened.database.read().await.expect("it is open");
        let explain = format!("EXPLAIN QUERY PLAN {}", MOST_USED.text(Engine::Sqlite));
        let explain: &str = explain.replace("$1", "1").replace("$2", "8").leak();
        let steps: Vec<Row> = query(explain).fetch_all(&mut view).await.expect("valid");
        let steps: Vec<String> = steps
            .iter()
            .map(|step| step.get("detail").expect("a step"))
            .collect();
        assert_eq!(
            steps,
            [
                "SEARCH contacts USING INDEX contacts_by_frecency (book=? AND in_trash=? AND frecency>?)"
            ]
        );
    }
}
