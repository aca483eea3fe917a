//! Faults of SQLite itself, noticed wherever they are met, and healed.

use std::fs;
use std::path::PathBuf;

use sqlx::AssertSqlSafe;
use tempfile::TempDir;

use super::*;
use crate::database::sqlite::SqliteFile;
use crate::is_transient;
use crate::query::query;
use crate::row::Row;
use crate::tests::options;

/// How long healing may take on a busy machine.
const HEALING_TIMEOUT: Duration = Duration::from_secs(60);

async fn database() -> (Database, TempDir) {
    let directory = TempDir::new().expect("a directory");
    let database = Database::open(options(&directory)).await;
    (database.expect("it opens"), directory)
}

fn sqlite(database: &Database) -> &SqliteFile {
    match &database.shared.backend {
        Backend::Sqlite(file) => file,
        Backend::Postgres(_) => panic!("the database is a file"),
    }
}

/// Sets something of the connection that writes.
async fn set(database: &Database, pragma: &'static str) {
    let mut writer = sqlite(database).writer.acquire().await.expect("it is open");
    sqlx::query(pragma)
        .execute(&mut *writer)
        .await
        .expect("it is valid");
}

async fn fill_up(database: &Database) {
    let mut writer = sqlite(database).writer.acquire().await.expect("it is open");
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
        .fetch_one(&mut *writer)
        .await
        .expect("it counts");
    sqlx::query(AssertSqlSafe(format!("PRAGMA max_page_count = {pages}")))
        .execute(&mut *writer)
        .await
        .expect("it is valid");
}

const MUCH: &str = "INSERT INTO actions (at, who, what) VALUES (0, 'test', hex(zeroblob(100000)))";
const LITTLE: &str = "UPDATE generations SET generation = random()";

/// In a transaction of its own.
async fn write(database: &Database, statement: &'static str) -> Result<(), sqlx::Error> {
    let mut tx = database.write().await?;
    query(statement).execute(&mut tx).await?;
    tx.commit().await
}

/// In a transaction that others may share.
async fn change(database: &Database, statement: &'static str) -> Result<(), sqlx::Error> {
    database
        .change(move |tx| Box::pin(async move { query(statement).execute(tx).await.map(drop) }))
        .await
}

async fn until(database: &Database, fault: Option<Fault>) -> ComponentHealth<Fault> {
    let start = Instant::now();
    loop {
        let health = database.health();
        if health.failure == fault {
            return health;
        }
        assert!(
            start.elapsed() < HEALING_TIMEOUT,
            "{health:?} is not {fault:?}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_full_database_heals_by_itself_once_there_is_room() {
    let (database, _directory) = database().await;
    let before = database.health();
    assert_eq!(before.failure, None);
    fill_up(&database).await;
    let refused = write(&database, MUCH).await.expect_err("it is full");
    assert!(is_transient(&refused));
    let full = until(&database, Some(Fault::Full)).await;
    assert!(full.since >= before.since);
    // A write that needs no room says nothing about one that does.
    write(&database, LITTLE).await.expect("it needs no room");
    assert_eq!(database.health(), full);

    set(&database, "PRAGMA max_page_count = 1000000").await;
    let well = until(&database, None).await;
    assert!(well.since > full.since);
    write(&database, MUCH).await.expect("there is room");
    let mut reader = database.reader().await.expect("it is open");
    let left: i64 = query("SELECT count(*) FROM sqlite_schema WHERE name = 'write_probe'")
        .fetch_one(&mut reader)
        .await
        .expect("it counts");
    assert_eq!(left, 0, "no probe stays");
}

#[tokio::test]
async fn a_change_that_shares_its_transaction_tells_what_it_met_as_well() {
    let (database, _directory) = database().await;
    fill_up(&database).await;
    assert!(change(&database, MUCH).await.is_err());
    assert_eq!(database.health().failure, Some(Fault::Full));
}

#[tokio::test]
async fn a_database_that_may_not_be_written_heals_once_it_may() {
    let (database, _directory) = database().await;
    set(&database, "PRAGMA query_only = 1").await;
    let refused = write(&database, LITTLE).await.expect_err("it is read-only");
    assert!(is_transient(&refused));
    until(&database, Some(Fault::ReadOnly)).await;
    set(&database, "PRAGMA query_only = 0").await;
    until(&database, None).await;
}

#[tokio::test]
async fn errors_of_a_statement_are_no_faults_and_what_is_well_is_not_probed() {
    let (database, _directory) = database().await;
    let twice = "INSERT INTO generations (tag, generation) SELECT tag, 0 FROM generations";
    assert!(write(&database, twice).await.is_err());
    assert!(change(&database, twice).await.is_err());
    assert!(
        write(&database, "INSERT INTO nothing VALUES (1)")
            .await
            .is_err()
    );
    drop(database.write().await.expect("a turn"));
    write(&database, LITTLE).await.expect("it works");
    // Whatever was dropped is back.
    drop(database.write().await.expect("a turn"));
    assert_eq!(database.health().failure, None);
    assert_eq!(database.shared.tasks.len(), 0);
}

#[tokio::test]
async fn a_reader_that_meets_damage_tells() {
    let (database, directory) = database().await;
    let path = directory.path().join("test.db");
    write(&database, MUCH).await.expect("there is room");
    let mut reader = database.reader().await.expect("it is open");
    let root: i64 = query("SELECT rootpage FROM sqlite_schema WHERE name = 'actions'")
        .fetch_one(&mut reader)
        .await
        .expect("there is such a table");
    drop(reader);
    database.close().await;
    let mut bytes = fs::read(&path).expect("it is there");
    let start = (root as usize - 1) * 4096;
    bytes[start..start + 4096].fill(0xAA);
    fs::write(&path, bytes).expect("there is room");

    let database = Database::open(options(&directory)).await;
    let database = database.expect("it opens");
    for read in 0..2 {
        let query = query("SELECT what FROM actions");
        let found = if read == 0 {
            let mut reader = database.reader().await.expect("it is open");
            query.fetch_all::<Row>(&mut reader).await.map(drop)
        } else {
            let mut view = database.read().await.expect("it is open");
            query.fetch_all::<Row>(&mut view).await.map(drop)
        };
        assert!(found.is_err());
        until(&database, Some(Fault::Damaged)).await;
        // A write says nothing about the damage, and the file is still damaged.
        write(&database, LITTLE).await.expect("it is elsewhere");
        assert!(!sqlite(&database).is_whole().await.unwrap_or(false));
    }
}

/// The files of a database, and where they are moved to.
fn files(directory: &TempDir, name: &str) -> (PathBuf, PathBuf) {
    let file = directory.path().join(name);
    let moved = directory.path().join(format!("moved-{name}"));
    (file, moved)
}

#[tokio::test]
async fn a_commit_into_a_file_that_is_gone_is_not_acknowledged() {
    for (name, fault) in [
        ("test.db", Fault::FileGone),
        ("test.db-wal", Fault::LogGone),
        ("test.db-shm", Fault::LogGone),
    ] {
        let (database, directory) = database().await;
        let (file, moved) = files(&directory, name);
        let mut tx = database.write().await.expect("a turn");
        query(LITTLE).execute(&mut tx).await.expect("it works");
        fs::rename(&file, &moved).expect("it can be moved");
        let refused = tx.commit().await.expect_err("the file is gone");
        assert!(is_transient(&refused), "{refused}");
        assert_eq!(database.health().failure, Some(fault));
        for refused in [
            write(&database, LITTLE).await,
            change(&database, LITTLE).await,
        ] {
            assert!(is_transient(&refused.expect_err("the file is gone")));
        }

        fs::rename(&moved, &file).expect("it can be moved back");
        until(&database, None).await;
        write(&database, LITTLE).await.expect("it is back");
        database.close().await;
    }
}

#[tokio::test]
async fn a_connection_that_is_made_later_leads_to_the_same_file() {
    let (database, directory) = database().await;
    let (file, moved) = files(&directory, "test.db");
    fs::rename(&file, &moved).expect("it can be moved");
    fs::copy(&moved, &file).expect("there is room");
    let gone = sqlite(&database).files.gone();
    assert_eq!(gone, Some(Fault::FileGone));
    // The pool has no connection left and makes another, which it must not use.
    let connection = sqlite(&database)
        .writer
        .acquire()
        .await
        .expect("it is open");
    connection.close().await.expect("it closes");
    let other = tokio::time::timeout(
        Duration::from_millis(500),
        sqlite(&database).writer.acquire(),
    )
    .await;
    assert!(!matches!(other, Ok(Ok(_))), "it leads to another file");
}

#[test]
fn a_fault_is_only_an_error_that_the_next_request_would_meet() {
    assert_eq!(Fault::of(&sqlx::Error::PoolTimedOut), Some(Fault::Slow));
    for error in [
        sqlx::Error::PoolClosed,
        sqlx::Error::RowNotFound,
        sqlx::Error::WorkerCrashed,
    ] {
        assert_eq!(Fault::of(&error), None, "{error}");
    }
}

#[test]
fn a_long_probe_delays_the_next_one_of_a_file_only() {
    let seconds = Duration::from_secs;
    for (engine, took, pause) in [
        (Engine::Sqlite, Duration::ZERO, seconds(1)),
        (Engine::Sqlite, seconds(5), seconds(100)),
        (Engine::Postgres, Duration::ZERO, seconds(1)),
        (Engine::Postgres, seconds(25), seconds(1)),
    ] {
        assert_eq!(probe_interval(engine, took), pause, "{engine:?} {took:?}");
    }
}
