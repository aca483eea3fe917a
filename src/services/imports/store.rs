//! The tables of imports.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Database;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::hex;
use serde_json::Value;
use serde_json::json;
use uuid::Uuid;

use super::import::Import;
use super::import::ImportId;
use super::import::ImportState;
use super::import::Problem;
use super::parts::BrokenPart;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::sql::rfc3339;

/// The chunks of a file that one transaction removes.
const CHUNKS: i64 = 8;

/// The links to contacts that one transaction removes.
const LINKS: i64 = 5_000;

/// A query for rows that [`read`] can read.
macro_rules! select_imports {
    ($rest:literal) => {
        concat!(
            "SELECT seq, id, book, state, file, actor, welcome, received, processed, parts, added, known, broken, \
             removed, kept, why, created_at, finished_at FROM imports ",
            $rest
        )
    };
}

const BY_ID: &str = select_imports!("WHERE id = $1");
const OF_BOOK: &str =
    select_imports!("WHERE book = $1 AND state <> 'receiving' ORDER BY seq DESC LIMIT $2");
const AT_WORK: &str = select_imports!("WHERE state IN ('running', 'undoing') ORDER BY seq LIMIT 1");

const LINK: Sql = Sql::each(
    "INSERT INTO import_contacts (contact, import) SELECT unhex(value), $1 FROM json_each($2)",
    "INSERT INTO import_contacts (contact, import)
     SELECT decode(value, 'hex'), $1 FROM json_array_elements_text($2::json) AS contacts (value)",
);

/// The bodies come behind each other, because they need not be UTF-8.
const ADD_PROBLEMS: Sql = Sql::each(
    "INSERT INTO import_problems (import, place, line, reason, body)
     SELECT $1, value ->> 'place', value ->> 'line', value ->> 'reason',
         substr($3, value ->> 'start', value ->> 'bytes')
     FROM json_each($2)",
    "INSERT INTO import_problems (import, place, line, reason, body)
     SELECT $1, place, line, reason, substring($3::bytea FROM start FOR bytes)
     FROM json_to_recordset($2::json) AS problems (place BIGINT, line BIGINT, reason TEXT, start INT4, bytes INT4)",
);

/// Locks the import until the transaction ends.
const LOCK: Sql = Sql::each(
    "SELECT state, parts FROM imports WHERE seq = $1",
    "SELECT state, parts FROM imports WHERE seq = $1 FOR UPDATE",
);

const UNCHANGED: Sql = Sql::each(
    "SELECT contacts.seq FROM import_contacts CROSS JOIN contacts ON contacts.id = contact
     WHERE import = $1 AND version = 1 LIMIT $2",
    "SELECT contacts.seq FROM import_contacts JOIN contacts ON contacts.id = contact
     WHERE import = $1 AND version = 1 LIMIT $2 FOR UPDATE OF contacts",
);

const REMOVE_LINKS: &str = "DELETE FROM import_contacts WHERE contact IN (
     SELECT contact FROM import_contacts WHERE import = $1 LIMIT $2)";

const REMOVE_CHUNKS: &str = "DELETE FROM import_chunks WHERE import = $1 AND place IN (
     SELECT place FROM import_chunks WHERE import = $1 ORDER BY place LIMIT $2)";

/// Imports whose reports are over, and files that have not arrived.
const OUTDATED: &str = "SELECT seq FROM imports
     WHERE (state NOT IN ('running', 'undoing') AND created_at < $1) OR (state = 'receiving' AND created_at < $2)";

/// Imports that are over and whose files are still there.
const WITH_FILES: &str = "SELECT seq FROM imports
     WHERE state NOT IN ('receiving', 'running') AND EXISTS (SELECT 1 FROM import_chunks WHERE import = seq)";

/// Whose file it is and where it goes.
pub struct NewImport<'a> {
    pub id: ImportId,
    pub book: BookKey,
    pub file: &'a str,
    pub actor: &'a str,
    pub now: Timestamp,
}

/// Adds an import whose file is arriving. Returns its number.
pub async fn add(tx: &mut Connection, new: &NewImport<'_>) -> Result<i64, StoreError> {
    let seq = query(
        "INSERT INTO imports (id, book, state, file, actor, welcome, created_at)
         VALUES ($1, $2, 'receiving', $3, $4, $5, $6) RETURNING seq",
    )
    .bind(new.id.0.as_bytes().to_vec())
    .bind(new.book.0)
    .bind(new.file)
    .bind(new.actor)
    .bind(false)
    .bind(new.now.as_millisecond())
    .fetch_one(tx)
    .await?;
    Ok(seq)
}

/// Adds a chunk to a file that is arriving. Whether the import is still there.
pub async fn add_chunk(
    tx: &mut Connection,
    import: i64,
    place: i64,
    bytes: &[u8],
) -> Result<bool, StoreError> {
    let counted =
        query("UPDATE imports SET received = received + $1 WHERE seq = $2 AND state = 'receiving'")
            .bind(i64::try_from(bytes.len()).unwrap_or(i64::MAX))
            .bind(import)
            .execute(tx)
            .await?;
    if counted == 0 {
        return Ok(false);
    }
    query("INSERT INTO import_chunks (import, place, body) VALUES ($1, $2, $3)")
        .bind(import)
        .bind(place)
        .bind(bytes)
        .execute(tx)
        .await?;
    Ok(true)
}

/// A chunk of a file; `None` behind the last one.
pub async fn chunk(
    database: &Database,
    import: i64,
    place: i64,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let mut reader = database.reader().await?;
    query("SELECT body FROM import_chunks WHERE import = $1 AND place = $2")
        .bind(import)
        .bind(place)
        .fetch_optional(&mut reader)
        .await
}

/// The file has arrived: the import waits for its turn. Whether it is still there.
pub async fn release(tx: &mut Connection, import: i64, welcome: bool) -> Result<bool, StoreError> {
    let released = query(
        "UPDATE imports SET state = 'running', welcome = $1 WHERE seq = $2 AND state = 'receiving'",
    )
    .bind(welcome)
    .bind(import)
    .execute(tx)
    .await?;
    Ok(released > 0)
}

pub async fn find(connection: &mut Connection, id: ImportId) -> Result<Option<Import>, StoreError> {
    let row: Option<Row> = query(BY_ID)
        .bind(id.0.as_bytes().to_vec())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The imports into a book, the latest first.
pub async fn of_book(
    connection: &mut Connection,
    book: BookKey,
    limit: u32,
) -> Result<Vec<Import>, StoreError> {
    let rows: Vec<Row> = query(OF_BOOK)
        .bind(book.0)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(read).collect()
}

/// The import that is worked off next.
pub async fn next_at_work(database: &Database) -> Result<Option<Import>, StoreError> {
    let mut reader = database.reader().await?;
    let row: Option<Row> = query(AT_WORK).fetch_optional(&mut reader).await?;
    row.as_ref().map(read).transpose()
}

/// The state of an import, and how many parts of its file are worked off. Both stay until the transaction ends.
pub async fn lock(
    tx: &mut Connection,
    import: i64,
) -> Result<Option<(ImportState, u64)>, StoreError> {
    let found: Option<(String, i64)> = query(LOCK).bind(import).fetch_optional(tx).await?;
    let Some((state, parts)) = found else {
        return Ok(None);
    };
    Ok(Some((state_of(&state)?, number(parts))))
}

/// What one batch has come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Up to which byte the file is read.
    pub processed: u64,
    pub parts: u64,
    pub added: u64,
    pub known: u64,
    pub broken: u64,
}

/// Adds what a batch has come to.
pub async fn advance(
    tx: &mut Connection,
    import: i64,
    progress: Progress,
) -> Result<(), StoreError> {
    let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    query(
        "UPDATE imports SET processed = $1, parts = parts + $2, added = added + $3, known = known + $4,
             broken = broken + $5
         WHERE seq = $6",
    )
    .bind(bound(progress.processed))
    .bind(bound(progress.parts))
    .bind(bound(progress.added))
    .bind(bound(progress.known))
    .bind(bound(progress.broken))
    .bind(import)
    .execute(tx)
    .await?;
    Ok(())
}

/// Remembers which contacts an import has added.
pub async fn link(
    tx: &mut Connection,
    import: i64,
    contacts: &[ContactId],
) -> Result<(), StoreError> {
    let ids = contacts.iter().map(|id| hex(id.as_uuid().as_bytes()));
    query(LINK)
        .bind(import)
        .bind(json!(ids.collect::<Vec<_>>()).to_string())
        .execute(tx)
        .await?;
    Ok(())
}

/// Remembers what could not be read.
pub async fn add_problems(
    tx: &mut Connection,
    import: i64,
    problems: Vec<BrokenPart>,
) -> Result<(), StoreError> {
    let mut bodies: Vec<u8> = Vec::new();
    let mut rows = Vec::new();
    for problem in problems {
        rows.push(json!({
            "place": problem.place,
            "line": problem.line,
            "reason": problem.reason,
            "start": bodies.len() + 1,
            "bytes": problem.body.len(),
        }));
        bodies.extend_from_slice(&problem.body);
    }
    query(ADD_PROBLEMS)
        .bind(import)
        .bind(Value::Array(rows).to_string())
        .bind(bodies)
        .execute(tx)
        .await?;
    Ok(())
}

/// Gives an import another state, if it has one of these. Whether it had.
pub async fn change_state(
    tx: &mut Connection,
    import: i64,
    from: ImportState,
    to: ImportState,
) -> Result<bool, StoreError> {
    let changed = query("UPDATE imports SET state = $1 WHERE seq = $2 AND state = $3")
        .bind(to.name())
        .bind(import)
        .bind(from.name())
        .execute(tx)
        .await?;
    Ok(changed > 0)
}

/// How an import has ended.
pub struct End {
    pub from: ImportState,
    pub to: ImportState,
    pub why: Option<String>,
    pub now: Timestamp,
}

/// Ends an import, if it has the state that it is ended from.
pub async fn finish(tx: &mut Connection, import: i64, end: &End) -> Result<bool, StoreError> {
    let finished = query(
        "UPDATE imports SET state = $1, why = $2, finished_at = $3 WHERE seq = $4 AND state = $5",
    )
    .bind(end.to.name())
    .bind(&end.why)
    .bind(end.now.as_millisecond())
    .bind(import)
    .bind(end.from.name())
    .execute(tx)
    .await?;
    Ok(finished > 0)
}

/// The numbers of some contacts that an import has added and that were not changed since, locked.
pub async fn unchanged(
    tx: &mut Connection,
    import: i64,
    limit: i64,
) -> Result<Vec<i64>, StoreError> {
    let seqs = query(UNCHANGED).bind(import).bind(limit);
    Ok(seqs.fetch_all(tx).await?)
}

/// Counts contacts that an undo has removed.
pub async fn count_removed(
    tx: &mut Connection,
    import: i64,
    contacts: usize,
) -> Result<(), StoreError> {
    query("UPDATE imports SET removed = removed + $1 WHERE seq = $2")
        .bind(i64::try_from(contacts).unwrap_or(i64::MAX))
        .bind(import)
        .execute(tx)
        .await?;
    Ok(())
}

/// Counts the contacts that an undo leaves.
pub async fn count_kept(tx: &mut Connection, import: i64) -> Result<(), StoreError> {
    query(
        "UPDATE imports SET kept = (SELECT count(*) FROM import_contacts WHERE import = $1) WHERE seq = $1",
    )
    .bind(import)
    .execute(tx)
    .await?;
    Ok(())
}

/// The first parts of a file that could not be read.
pub async fn problems(
    connection: &mut Connection,
    import: i64,
    limit: u32,
) -> Result<Vec<Problem>, StoreError> {
    let rows: Vec<(i64, String)> =
        query("SELECT line, reason FROM import_problems WHERE import = $1 ORDER BY place LIMIT $2")
            .bind(import)
            .bind(limit)
            .fetch_all(connection)
            .await?;
    let problem = |(line, reason)| Problem {
        line: number(line),
        reason,
    };
    Ok(rows.into_iter().map(problem).collect())
}

/// The place and the text of the first part behind a place that could not be read.
pub async fn problem_behind(
    connection: &mut Connection,
    import: i64,
    place: i64,
) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    let found = query(
        "SELECT place, body FROM import_problems WHERE import = $1 AND place > $2 ORDER BY place LIMIT 1",
    );
    let found = found.bind(import).bind(place);
    Ok(found.fetch_optional(connection).await?)
}

/// Removes the file of an import, some chunks in a transaction, so that other writers need not wait for long.
pub async fn remove_file(database: &Database, import: i64) -> Result<(), StoreError> {
    remove_some(database, REMOVE_CHUNKS, import, CHUNKS).await
}

async fn remove_some(
    database: &Database,
    statement: &'static str,
    import: i64,
    limit: i64,
) -> Result<(), StoreError> {
    loop {
        let mut tx = database.write().await?;
        let remove = query(statement).bind(import).bind(limit);
        let removed = remove.execute(&mut tx).await?;
        tx.commit().await?;
        if removed == 0 {
            return Ok(());
        }
    }
}

/// Removes an import with all that is kept of it. Its contacts stay.
pub async fn remove(database: &Database, import: i64) -> Result<(), StoreError> {
    remove_file(database, import).await?;
    remove_some(database, REMOVE_LINKS, import, LINKS).await?;
    let mut tx = database.write().await?;
    query("DELETE FROM imports WHERE seq = $1")
        .bind(import)
        .execute(&mut tx)
        .await?;
    Ok(tx.commit().await?)
}

/// Removes imports from before `reports`, files that have begun to arrive before `arrivals`, and the files of imports that
/// are over.
pub async fn sweep(
    database: &Database,
    reports: Timestamp,
    arrivals: Timestamp,
) -> Result<(), StoreError> {
    let mut reader = database.reader().await?;
    let outdated: Vec<i64> = query(OUTDATED)
        .bind(reports.as_millisecond())
        .bind(arrivals.as_millisecond())
        .fetch_all(&mut reader)
        .await?;
    let with_files: Vec<i64> = query(WITH_FILES).fetch_all(&mut reader).await?;
    drop(reader);
    for import in outdated {
        remove(database, import).await?;
    }
    for import in with_files {
        remove_file(database, import).await?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<Import, StoreError> {
    let id =
        Uuid::from_slice(row.get("id")?).map_err(|error| StoreError::Internal(error.into()))?;
    let count = |column: &str| -> Result<u64, StoreError> { Ok(number(row.get(column)?)) };
    let finished_at: Option<i64> = row.get("finished_at")?;
    Ok(Import {
        seq: row.get("seq")?,
        id: ImportId(id),
        book: BookKey(row.get("book")?),
        state: state_of(row.get("state")?)?,
        file: row.get("file")?,
        actor: row.get("actor")?,
        welcome: row.get("welcome")?,
        bytes: count("received")?,
        processed: count("processed")?,
        read: count("parts")?,
        added: count("added")?,
        known: count("known")?,
        broken: count("broken")?,
        removed: count("removed")?,
        kept: count("kept")?,
        why: row.get("why")?,
        created_at: rfc3339(row.get("created_at")?)?,
        finished_at: finished_at.map(rfc3339).transpose()?,
    })
}

fn state_of(name: &str) -> Result<ImportState, StoreError> {
    ImportState::of_name(name).ok_or_else(|| StoreError::Internal("an unknown state".into()))
}

fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
