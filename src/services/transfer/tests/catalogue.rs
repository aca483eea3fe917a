//! The description of the tables against the catalogues of the engines.

use std::collections::BTreeSet;

use kith_database::Engine;
use kith_database::Sql;

use super::*;
use crate::services::database::testing::on_each_engine;
use crate::services::transfer::tables::Kind;

on_each_engine! {
    every_table_is_copied_or_left_out_for_a_reason
    descriptions_are_those_of_the_catalogue
}

/// The tables whose rows are not copied, each with the reason.
const LEFT_OUT: &[(&str, &str)] = &[
    (
        "installation",
        "its one row is written by itself: the number comes along, and the state does not",
    ),
    ("photos", "pictures are made again of the cards"),
    ("instances", "no process works with either database"),
    ("contact_counts", "triggers count the contacts (SQLite)"),
    (
        "contact_count_slots",
        "triggers count the contacts (PostgreSQL)",
    ),
    ("pending_sign_ins", "a sign-in that waits begins again"),
    ("generations", "they are drawn anew (SQLite)"),
    ("generation_slots", "they are drawn anew (PostgreSQL)"),
    ("contact_search", "what searches read is made anew"),
    (
        "contact_texts",
        "triggers keep the index of searches (SQLite)",
    ),
    ("_sqlx_migrations", "each engine has migrations of its own"),
];

/// The tables that are no part of another one.
const NAMES: Sql = Sql::each(
    "SELECT name FROM pragma_table_list
     WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
     WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'",
);

/// The columns with their types and their places in the primary key, which are 0 elsewhere. Columns that the
/// engine computes are left out.
const COLUMNS: Sql = Sql::each(
    "SELECT name, type, pk FROM pragma_table_xinfo($1) WHERE hidden = 0 ORDER BY cid",
    "SELECT CAST(a.attname AS TEXT), format_type(a.atttypid, NULL),
         CAST(coalesce(array_position(i.indkey, a.attnum) + 1, 0) AS BIGINT)
     FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
     WHERE a.attrelid = CAST($1 AS regclass) AND a.attnum > 0 AND NOT a.attisdropped
         AND a.attgenerated = '' ORDER BY a.attnum",
);

fn kind(engine: Engine, name: &str) -> Kind {
    match (engine, name) {
        (Engine::Sqlite, "INTEGER") | (Engine::Postgres, "bigint") => Kind::Integer,
        (Engine::Postgres, "boolean") => Kind::Boolean,
        (Engine::Sqlite, "TEXT") | (Engine::Postgres, "text") => Kind::Text,
        (Engine::Sqlite, "BLOB") | (Engine::Postgres, "bytea") => Kind::Bytes,
        other => panic!("{other:?} cannot be copied"),
    }
}

async fn every_table_is_copied_or_left_out_for_a_reason(database: TestDatabase) {
    let mut reader = database.reader().await.expect("it is open");
    let names: Vec<String> = query(NAMES).fetch_all(&mut reader).await.expect("names");
    let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let copied: BTreeSet<&str> = TABLES.iter().map(|table| table.name).collect();
    let left_out: BTreeSet<&str> = LEFT_OUT.iter().map(|(name, _)| *name).collect();
    assert!(copied.is_subset(&names) && copied.is_disjoint(&left_out));
    let unknown: Vec<&&str> = names
        .difference(&copied)
        .filter(|name| !left_out.contains(**name))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?} would not move");
}

async fn descriptions_are_those_of_the_catalogue(database: TestDatabase) {
    let engine = database.engine();
    let mut reader = database.reader().await.expect("it is open");
    for table in TABLES {
        let columns: Vec<(String, String, i64)> = query(COLUMNS)
            .bind(table.name)
            .fetch_all(&mut reader)
            .await
            .expect("columns");
        let mut found: Vec<(&str, Kind)> = Vec::new();
        let mut key = Vec::new();
        for (name, kind_name, place) in &columns {
            found.push((name, kind(engine, kind_name)));
            if *place > 0 {
                key.push((*place, name.as_str()));
            }
        }
        let mut described: Vec<(&str, Kind)> = Vec::new();
        for column in table.columns {
            described.push((column.name, column.kind));
        }
        if engine == Engine::Sqlite {
            for (_, kind) in &mut described {
                if *kind == Kind::Boolean {
                    *kind = Kind::Integer;
                }
            }
        }
        found.sort_by_key(|(name, _)| *name);
        described.sort_by_key(|(name, _)| *name);
        assert_eq!(described, found, "{}", table.name);
        key.sort_unstable();
        let key: Vec<&str> = key.into_iter().map(|(_, name)| name).collect();
        let described: Vec<&str> = table.columns[..table.key]
            .iter()
            .map(|one| one.name)
            .collect();
        assert_eq!(described, key, "{}", table.name);
    }
}
