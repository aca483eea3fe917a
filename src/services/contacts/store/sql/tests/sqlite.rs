//! All tests of a store, and what is particular to `SQLite`.

use kith_database::Engine;
use kith_database::primary_code;
use kith_database::query;

use super::Opened;
use super::engine_tests;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::conformance;
use crate::services::contacts::store::conformance::at;
use crate::services::contacts::store::conformance::found;
use crate::services::contacts::store::conformance::new_id;

conformance::conformance_tests!(Opened::new(Engine::Sqlite));
engine_tests!(Engine::Sqlite);

#[tokio::test]
async fn commits_are_durable_on_every_connection() {
    let opened = Opened::new(Engine::Sqlite).await;
    let mut writer = opened.database.write().await.expect("it is open");
    let mut reader = opened.database.read().await.expect("it is open");
    for connection in [&mut *writer, &mut *reader] {
        for (pragma, expected) in [
            ("journal_mode", "wal"),
            ("synchronous", "2"), // FULL
            ("foreign_keys", "1"),
            ("busy_timeout", "5000"),
            ("temp_store", "2"), // MEMORY
        ] {
            let sql: &str = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}").leak();
            let value = match pragma {
                // Its column is called differently from the pragma.
                "busy_timeout" => query("SELECT CAST(timeout AS TEXT) FROM pragma_busy_timeout")
                    .fetch_one::<String>(&mut *connection),
                _ => query(sql).fetch_one::<String>(&mut *connection),
            };
            assert_eq!(
                value.await.expect("there is such a pragma"),
                expected,
                "{pragma}"
            );
        }
    }
}

#[tokio::test]
async fn readers_cannot_write() {
    let opened = Opened::new(Engine::Sqlite).await;
    let mut reader = opened.database.read().await.expect("it is open");
    let written = query("DELETE FROM contacts").execute(&mut reader).await;
    assert_eq!(
        primary_code(&written.expect_err("it may not")),
        Some(8),
        "SQLITE_READONLY"
    );
}

#[tokio::test]
async fn a_full_disk_passes() {
    let opened = Opened::new(Engine::Sqlite).await;
    let mut writer = opened.database.write().await.expect("it is open");
    let pages: i64 = query("PRAGMA page_count")
        .fetch_one(&mut writer)
        .await
        .expect("it has pages");
    // A migration that drops a table has left a free page.
    let limit: &str = format!("PRAGMA max_page_count = {pages}").leak();
    query(limit)
        .execute(&mut writer)
        .await
        .expect("it can be limited");
    writer.commit().await.expect("nothing was written");

    let fits = conformance::input_of(&conformance::add(&opened, "Fits").await);
    let long = conformance::parsed(&fits.with(Field::Notes, "n".repeat(10_000)));
    let refused = opened.create(new_id(), &long, at(0), None, None).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(found(&opened, "").await, ["Fits"]);

    let mut writer = opened.database.write().await.expect("it is open");
    query("PRAGMA max_page_count = 1000000")
        .execute(&mut writer)
        .await
        .expect("it can be limited");
    writer.commit().await.expect("nothing was written");
    opened
        .create(new_id(), &long, at(0), None, None)
        .await
        .expect("there is room again");
    opened.assert_consistent().await;
}
