//! The table that searches read, `contact_search`, and its indexes.
//!
//! The table has a text for each [`Column`] of a contact. Each engine has an index of its own over three characters in a
//! row: SQLite a full-text table ([`sqlite`]), PostgreSQL arrays ([`postgres`]). The indexes have the contacts outside the
//! trash.

mod postgres;
mod sqlite;

use std::collections::BTreeMap;

use kith_database::Connection;
use kith_database::Engine;
use kith_database::QueryBuilder;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use kith_search::Column;
use kith_search::Document;
use kith_search::Mistyped;
use kith_search::Probe;
use kith_search::Search;
use kith_search::Term;
use kith_search::Tier;
use serde_json::Map;
use serde_json::Value;

use self::postgres::GramArrays;
use self::sqlite::FullTextTable;
use super::row::Stored;
use super::row::WHOLE;
use crate::services::book::BookKey;
use crate::services::contacts::search_document::CONTACT;
use crate::services::contacts::search_document::document_with;
use crate::services::contacts::store::StoreError;

/// The contacts that [`add_page`] adds.
const PAGE: i64 = 500;

/// With the keys that the contacts have.
const ADD: Sql = Sql::each(
    "INSERT INTO contact_search (contact, in_trash, search_key, id, names, joined, companies, cities, labels, phones, others,
         notes, has)
     SELECT seq, value ->> 'in_trash', search_key, contacts.id, value ->> 'names', value ->> 'joined',
         value ->> 'companies', value ->> 'cities', value ->> 'labels', value ->> 'phones', value ->> 'others',
         value ->> 'notes', value ->> 'has'
     FROM json_each($1) CROSS JOIN contacts ON seq = value ->> 'contact'",
    "INSERT INTO contact_search (contact, in_trash, search_key, id, names, joined, companies, cities, labels, phones, others,
         notes, has, grams)
     SELECT seq, texts.in_trash, search_key, id, names, joined, companies, cities, labels, phones, others, texts.notes, has,
         grams::int4[]
     FROM json_to_recordset($1::json) AS texts (contact BIGINT, in_trash BOOLEAN, names TEXT, joined TEXT, companies TEXT,
         cities TEXT, labels TEXT, phones TEXT, others TEXT, notes TEXT, has TEXT, grams TEXT)
         JOIN contacts ON seq = contact",
);

const REMOVE: Sql = Sql::each(
    "DELETE FROM contact_search WHERE contact IN (SELECT value FROM json_each($1))",
    "DELETE FROM contact_search WHERE contact = ANY ($1::bigint[])",
);

/// Texts hold no line feed, and keys come last. The id of a contact never changes.
const ENTRIES: Sql = Sql::each(
    "SELECT contact, in_trash || '
' || names || '
' || joined || '
' || companies || '
' || cities || '
' || labels || '
' || phones || '
' || others || '
' || notes || '
' || has || '
' || search_key FROM contact_search WHERE contact > $1 AND contact <= $2",
    "SELECT contact, in_trash::int4 || '
' || names || '
' || joined || '
' || companies || '
' || cities || '
' || labels || '
' || phones || '
' || others || '
' || notes || '
' || has || '
' || grams::text || '
' || search_key FROM contact_search WHERE contact > $1 AND contact <= $2",
);

/// What the table has of a contact.
pub struct Entry {
    pub seq: i64,
    pub in_trash: bool,
    pub document: Document,
}

impl Entry {
    pub fn of(stored: &Stored) -> Self {
        Self {
            seq: stored.seq,
            in_trash: stored.in_trash,
            document: document_with(&stored.contact, stored.has_photo),
        }
    }

    fn to_json(&self, engine: Engine) -> Value {
        let mut columns = columns(engine, BookKey::of_contact(self.seq), &self.document);
        columns.insert("contact".to_owned(), self.seq.into());
        columns.insert("in_trash".to_owned(), self.in_trash.into());
        columns.into()
    }
}

/// The text that [`entries`] has of a contact.
pub fn entry_text(engine: Engine, entry: &Entry, search_key: &str) -> String {
    let mut lines = vec![if entry.in_trash { "1" } else { "0" }];
    lines.extend(Column::ALL.map(|column| entry.document.text(column)));
    let grams = index(engine).grams(BookKey::of_contact(entry.seq), &entry.document);
    lines.extend(grams.as_deref());
    lines.push(search_key);
    lines.join("\n")
}

/// The columns of a document, and the array of grams of an engine that has one.
pub fn columns(engine: Engine, book: BookKey, document: &Document) -> Map<String, Value> {
    let mut columns = Map::new();
    for column in Column::ALL {
        columns.insert(column.as_str().to_owned(), document.text(column).into());
    }
    if let Some(grams) = index(engine).grams(book, document) {
        columns.insert("grams".to_owned(), grams.into());
    }
    columns
}

/// Which contacts a search finds: those of a tier.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'q> {
    pub search: &'q Search,
    pub tier: Tier,
    /// Contacts of this tier are left out.
    pub without: Option<Tier>,
}

impl<'q> Wanted<'q> {
    /// All that the search finds.
    pub fn all(search: &'q Search) -> Self {
        Self::of(search, Tier::Note)
    }

    /// All of a tier, also what is of a better one.
    pub fn of(search: &'q Search, tier: Tier) -> Self {
        Self {
            search,
            tier,
            without: None,
        }
    }
}

/// What is read of the contacts that a search finds, for its first page.
#[derive(Clone, Copy, Debug)]
pub struct Matches<'q> {
    pub search: &'q Search,
    /// Whether the tiers are told apart. Otherwise the place of each is 0.
    pub is_ranked: bool,
    /// How many are read.
    pub most: i64,
}

/// How an engine finds contacts.
pub trait SearchIndex: Sync {
    /// The grams of a contact, if the table keeps them.
    fn grams(&self, book: BookKey, document: &Document) -> Option<String>;

    /// Appends, behind `FROM`, rows of which each is a contact of the book.
    fn push_matches(&self, sql: &mut QueryBuilder<'_>, book: BookKey, wanted: Wanted<'_>);

    /// Appends a query for how many contacts of the book each tier has: a number in a column of its own for each.
    fn push_counts(
        &self,
        sql: &mut QueryBuilder<'_>,
        book: BookKey,
        search: &Search,
        tiers: &[Tier],
    );

    /// Appends, behind `WITH`, `matches (seq, tier, search_key, id)`: the contacts of the book that the search finds, with
    /// the places of their tiers in [`Tier::ALL`]. If more than [`Matches::most`] match, or may match, it has one more, or
    /// none.
    fn push_all(&self, sql: &mut QueryBuilder<'_>, book: BookKey, matches: Matches<'_>);

    /// Appends, behind `FROM`, the contacts of [`push_matches`](Self::push_matches) with their columns. Further conditions can follow, each after
    /// `AND`.
    fn push_contacts(&self, sql: &mut QueryBuilder<'_>, book: BookKey, wanted: Wanted<'_>);

    /// Appends, behind `FROM`, the rows of `contact_search` of the book that have one of these probes.
    fn push_candidates(&self, sql: &mut QueryBuilder<'_>, book: BookKey, probes: &[Probe]);
}

/// The index of this engine.
pub fn index(engine: Engine) -> &'static dyn SearchIndex {
    match engine {
        Engine::Sqlite => &FullTextTable,
        Engine::Postgres => &GramArrays,
    }
}

/// Writes contacts, which the table may have.
pub async fn write(connection: &mut Connection, entries: &[Entry]) -> Result<(), sqlx::Error> {
    let numbers: Vec<i64> = entries.iter().map(|entry| entry.seq).collect();
    query(REMOVE)
        .bind(numbers)
        .execute(&mut *connection)
        .await?;
    let engine = connection.engine();
    let rows = entries.iter().map(|entry| entry.to_json(engine)).collect();
    query(ADD)
        .bind(Value::Array(rows).to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes a contact.
pub async fn remove(connection: &mut Connection, seq: i64) -> Result<(), sqlx::Error> {
    query(REMOVE).bind(vec![seq]).execute(connection).await?;
    Ok(())
}

/// Moves a contact to the trash or out of it.
pub async fn set_in_trash(
    connection: &mut Connection,
    seq: i64,
    in_trash: bool,
) -> Result<(), sqlx::Error> {
    query("UPDATE contact_search SET in_trash = $1 WHERE contact = $2")
        .bind(in_trash)
        .bind(seq)
        .execute(connection)
        .await?;
    Ok(())
}

/// What the table has of contacts, by their numbers: from behind `after` to `last`.
pub async fn entries(
    connection: &mut Connection,
    after: i64,
    last: i64,
) -> Result<BTreeMap<i64, String>, sqlx::Error> {
    let entries: Vec<(i64, String)> = query(ENTRIES)
        .bind(after)
        .bind(last)
        .fetch_all(connection)
        .await?;
    Ok(entries.into_iter().collect())
}

/// Adds the first contacts whose `seq` is above `after`. Returns the last `seq` and how many contacts there were, or `None`
/// if there was none.
///
/// # Errors
/// [`StoreError::Unavailable`], [`StoreError::Internal`].
pub async fn add_page(
    connection: &mut Connection,
    after: i64,
) -> Result<Option<(i64, u64)>, StoreError> {
    let mut sql = QueryBuilder::new(connection.engine(), WHOLE);
    sql.push(" WHERE seq > ")
        .push_bind(after)
        .push(" ORDER BY seq LIMIT ")
        .push_bind(PAGE);
    let rows = sql.build().fetch_all(&mut *connection).await?;
    let stored: Vec<Stored> = rows.iter().map(Stored::read).collect::<Result<_, _>>()?;
    let Some(last) = stored.last().map(|last| last.seq) else {
        return Ok(None);
    };
    let entries: Vec<Entry> = stored.iter().map(Entry::of).collect();
    write(connection, &entries).await?;
    Ok(Some((last, entries.len() as u64)))
}

/// The documents of contacts that have one of these probes, at most `limit`, with the columns where near words are looked for.
pub async fn candidates(
    connection: &mut Connection,
    book: BookKey,
    probes: &[Probe],
    limit: u32,
) -> Result<Vec<Document>, StoreError> {
    let mut sql = QueryBuilder::new(connection.engine(), "SELECT ");
    let columns = Mistyped::COLUMNS.map(Column::as_str);
    for (number, column) in columns.into_iter().enumerate() {
        sql.push(if number == 0 { "" } else { ", " }).push(column);
    }
    sql.push(" FROM ");
    index(connection.engine()).push_candidates(&mut sql, book, probes);
    sql.push(" LIMIT ").push_bind(limit);
    let rows: Vec<Row> = sql.build().fetch_all(connection).await?;
    let document = |row: &Row| -> Result<Document, StoreError> {
        let mut texts = Vec::new();
        for (at, column) in Mistyped::COLUMNS.into_iter().enumerate() {
            let text: String = row.get(at)?;
            texts.push((column, text));
        }
        Ok(Document::of_texts(texts))
    };
    rows.iter().map(document).collect()
}

/// Whether the search finds a contact of the book.
pub async fn finds(
    connection: &mut Connection,
    book: BookKey,
    search: &Search,
) -> Result<bool, StoreError> {
    let engine = connection.engine();
    let mut sql = QueryBuilder::new(engine, "SELECT count(*) FROM (SELECT 1 FROM ");
    index(engine).push_matches(&mut sql, book, Wanted::all(search));
    sql.push(" LIMIT 1) AS found");
    let found: i64 = sql.build().fetch_one(connection).await?;
    Ok(found > 0)
}

/// Appends to conditions on `contacts`, after `AND`, that a contact is wanted.
pub fn push_filter(sql: &mut QueryBuilder<'_>, wanted: Wanted<'_>) {
    if wanted.search.is_empty() {
        return;
    }
    sql.push(" AND EXISTS (SELECT 1 FROM contact_search WHERE contact_search.contact = contacts.seq AND ");
    push_condition(sql, wanted);
    sql.push(")");
}

/// Appends the condition that a row of `contact_search` is wanted.
fn push_condition(sql: &mut QueryBuilder<'_>, wanted: Wanted<'_>) {
    push_tier(sql, wanted.search, wanted.tier);
    if let Some(better) = wanted.without {
        sql.push(" AND NOT (");
        push_tier(sql, wanted.search, better);
        sql.push(")");
    }
}

fn push_tier(sql: &mut QueryBuilder<'_>, search: &Search, tier: Tier) {
    for (number, term) in search.terms().iter().enumerate() {
        if number > 0 {
            sql.push(" AND ");
        }
        if term.is_negated() {
            sql.push("NOT ");
        }
        push_probes(sql, &term.probes(tier));
    }
}

/// Appends the columns of [`SearchIndex::push_all`] of a row of `contact_search` that the search finds.
fn push_match_columns(sql: &mut QueryBuilder<'_>, matches: Matches<'_>) {
    sql.push("contact, CAST(");
    if matches.is_ranked {
        sql.push("CASE");
        for (place, tier) in (0_i64..).zip(Tier::ALL) {
            sql.push(" WHEN ");
            if tier == Tier::Note {
                // All that a search finds is of the last tier.
                sql.push("TRUE");
            } else {
                push_tier(sql, matches.search, tier);
            }
            sql.push(" THEN ").push_bind(place);
        }
        sql.push(" END");
    } else {
        sql.push("0");
    }
    sql.push(" AS BIGINT), search_key, id");
}

/// Appends the condition that a row of `contact_search` has one of these probes.
fn push_probes(sql: &mut QueryBuilder<'_>, probes: &[Probe]) {
    sql.push("(");
    for (number, probe) in probes.iter().enumerate() {
        if number > 0 {
            sql.push(" OR ");
        }
        sql.push(Sql::each("instr(", "strpos("))
            .push("contact_search.")
            .push(probe.column.as_str())
            .push(", ")
            .push_bind(probe.text.clone())
            .push(") > 0");
    }
    sql.push(")");
}

/// Appends the condition that the number in this column of a table is that of a contact of the book.
fn push_bounds(sql: &mut QueryBuilder<'_>, column: &'static str, book: BookKey) {
    let numbers = book.contacts();
    sql.push(" AND ")
        .push(column)
        .push(" > ")
        .push_bind(numbers.start)
        .push(" AND ")
        .push(column)
        .push(" < ")
        .push_bind(numbers.end);
}

/// A probe that each contact has.
fn every_contact() -> Probe {
    Probe {
        column: Column::Has,
        text: format!("  {CONTACT}  "),
    }
}

/// The terms that a contact must have.
fn positive(search: &Search) -> impl Iterator<Item = &Term> {
    search.terms().iter().filter(|term| !term.is_negated())
}
