//! Opening: new files, files that are there, and files that cannot be used.

use std::error::Error;
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

use crate::database::open::is_recent;
use crate::database::sqlite::pool;
use crate::*;

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "tables",
        sql: "CREATE TABLE contact_counts (in_trash INTEGER PRIMARY KEY, contacts INTEGER NOT NULL) STRICT;
              INSERT INTO contact_counts VALUES (0, 0), (1, 0);
              CREATE TABLE generations (tag TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT;
              INSERT INTO generations VALUES ('contacts', 1);
              CREATE TABLE idempotency_keys (key TEXT PRIMARY KEY) STRICT;",
    },
    Migration {
        version: 2,
        name: "more tables",
        sql: "CREATE TABLE actions (at INTEGER, who TEXT, what TEXT) STRICT;
              CREATE TABLE figures (
                  step INTEGER, start INTEGER, name TEXT, value INTEGER,
                  PRIMARY KEY (step, start, name)
              ) STRICT;",
    },
];

/// A database in a directory, with one reader.
pub(crate) fn options(directory: &TempDir) -> Options {
    at(&directory.path().join("test.db"))
}

fn at(path: &Path) -> Options {
    let mut options = Options::new(path, MIGRATIONS);
    options.readers = NonZeroU32::MIN;
    options.path_setting = "KITH_DATA_DIR";
    options
}

fn directory() -> TempDir {
    TempDir::new().expect("there is room for a directory")
}

async fn execute(database: &Database, sql: &'static str) {
    let mut tx = database.write().await.expect("it is open");
    query(sql)
        .execute(&mut tx)
        .await
        .expect("the statement is valid");
    tx.commit().await.expect("there is room");
}

/// What the operator reads.
async fn refused(path: &Path) -> OpenError {
    match Database::open(at(path)).await {
        Err(error) => {
            assert!(
                error.to_string().contains(&path.display().to_string()),
                "{error}"
            );
            error
        }
        Ok(_) => panic!("expected {} to be refused", path.display()),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_many_instances_create_at_once_is_created_once() {
    for _ in 0..5 {
        let directory = directory();
        let path = directory.path().join("new").join("test.db");
        let mut opening = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let path = path.clone();
            opening.spawn(async move { Database::open(at(&path)).await });
        }
        let databases: Vec<Database> = opening
            .join_all()
            .await
            .into_iter()
            .map(|opened| opened.expect("it opens"))
            .collect();

        execute(&databases[0], "UPDATE contact_counts SET contacts = 7").await;
        for database in &databases {
            let mut reader = database.reader().await.expect("it is open");
            let seen: i64 = query("SELECT max(contacts) FROM contact_counts")
                .fetch_one(&mut reader)
                .await
                .expect("there are counts");
            assert_eq!(seen, 7);
        }
    }
}

#[tokio::test]
async fn closing_leaves_one_file_and_its_lock() {
    let directory = directory();
    let path = directory.path().join("test.db");
    let database = Database::open(at(&path)).await.expect("it can be created");
    execute(&database, "UPDATE contact_counts SET contacts = 7").await;

    database.close().await;

    let mut files: Vec<_> = fs::read_dir(directory.path())
        .expect("it is a directory")
        .map(|entry| entry.expect("it can be read").file_name())
        .collect();
    files.sort();
    // The lock is an empty file, which keeps programs apart while the database is replaced.
    assert_eq!(files, ["test.db", "test.db-lock"]);
    let database = Database::open(at(&path))
        .await
        .expect("it can be opened again");
    let mut reader = database.reader().await.expect("it is open");
    let seen: i64 = query("SELECT max(contacts) FROM contact_counts")
        .fetch_one(&mut reader)
        .await
        .expect("there are counts");
    assert_eq!(seen, 7);
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_of_a_database_are_open_to_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;

    let directory = directory();
    let path = directory.path().join("a/b/test.db");
    let database = Database::open(at(&path)).await.expect("it can be created");
    execute(&database, "UPDATE contact_counts SET contacts = 7").await;

    let mode = |name: &str| {
        let metadata = fs::metadata(directory.path().join(name)).expect("it is there");
        metadata.permissions().mode() & 0o777
    };
    assert_eq!((mode("a"), mode("a/b")), (0o700, 0o700));
    for file in ["a/b/test.db", "a/b/test.db-wal", "a/b/test.db-shm"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_created_is_named() {
    let directory = directory();
    let file = directory.path().join("file");
    fs::write(&file, "").expect("there is room");
    let error = match Database::open(at(&file.join("data").join("test.db"))).await {
        Err(error) => error,
        Ok(_) => panic!("a file is no directory"),
    };
    assert!(matches!(error, OpenError::Directory { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "cannot create the data directory {}: create it yourself, or set KITH_DATA_DIR to one \
             that this user may write to",
            file.join("data").display()
        )
    );
}

#[tokio::test]
async fn files_that_are_no_database_are_named() {
    let directory = directory();
    let path = directory.path().join("test.db");
    fs::write(&path, "Dear diary, this is not a database. ".repeat(100)).expect("there is room");
    let error = refused(&path).await;
    assert!(matches!(error, OpenError::Unusable { .. }), "{error:?}");
    assert!(
        error
            .source()
            .is_some_and(|source| source.to_string().contains("not a database"))
    );
    // It is the diary of another application.
    assert!(
        fs::read_to_string(&path)
            .expect("it is there")
            .starts_with("Dear diary")
    );

    assert!(matches!(
        refused(directory.path()).await,
        OpenError::Unusable { .. }
    ));
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    let directory = directory();
    let path = directory.path().join("test.db");
    let database = Database::open(at(&path)).await.expect("it can be created");
    execute(
        &database,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', TRUE, x'00', 0)",
    )
    .await;
    database.close().await;

    let error = refused(&path).await;
    assert!(
        matches!(
            error,
            OpenError::NewerSchema {
                migration: 9999,
                ..
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_migration_that_fails_changes_nothing() {
    let directory = directory();
    let path = directory.path().join("test.db");
    let foreign = pool(1)
        .connect_with(
            SqliteConnectOptions::new()
                .filename(&path)
                .create_if_missing(true),
        )
        .await
        .expect("it can be created");
    // In the way of the last table of the first migration.
    sqlx::query("CREATE TABLE idempotency_keys (mine)")
        .execute(&foreign)
        .await
        .expect("the statement is valid");

    let error = refused(&path).await;

    assert!(matches!(error, OpenError::Migration { .. }), "{error:?}");
    let tables: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema")
        .fetch_all(&foreign)
        .await
        .expect("there is a table");
    assert_eq!(tables, ["idempotency_keys"]);
}

#[tokio::test]
async fn a_writer_that_waits_too_long_may_try_again() {
    let directory = directory();
    let path = directory.path().join("test.db");
    let database = Database::open(at(&path)).await.expect("it can be created");
    let _writing = database.write().await.expect("nobody else writes");

    // Another process, in a hurry.
    let other = pool(1)
        .connect_with(
            SqliteConnectOptions::new()
                .filename(&path)
                .busy_timeout(Duration::ZERO),
        )
        .await
        .expect("it is there");
    let busy = other
        .begin_with("BEGIN IMMEDIATE")
        .await
        .expect_err("somebody else writes");

    assert_eq!(error::primary_code(&busy), Some(error::BUSY));
    assert!(is_transient(&busy));
}

#[test]
fn old_versions_of_sqlite_are_known() {
    for version in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
        assert!(is_recent(version), "{version}");
    }
    for version in ["3.51.2", "3.50.4", "3.9.9", "2.99.99", "", "x"] {
        assert!(!is_recent(version), "{version}");
    }
}
