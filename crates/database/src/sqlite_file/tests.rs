//! Copies and replacements of real files.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use tempfile::TempDir;

use super::*;
use crate::Database;
use crate::Migration;
use crate::OpenError;
use crate::Options;
use crate::query;

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "numbers",
    sql: "CREATE TABLE numbers (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT",
}];

async fn open(path: &Path) -> Database {
    let opened = Database::open(Options::new(path, MIGRATIONS)).await;
    opened.expect("it opens")
}

async fn add(database: &Database, number: i64) {
    let mut tx = database.write().await.expect("it is open");
    query("INSERT INTO numbers (number, text) VALUES ($1, hex(randomblob(500)))")
        .bind(number)
        .execute(&mut tx)
        .await
        .expect("it is new");
    tx.commit().await.expect("there is room");
}

async fn numbers(path: &Path) -> i64 {
    let database = open(path).await;
    let mut reader = database.reader().await.expect("it is open");
    let count = query("SELECT count(*) FROM numbers").fetch_one(&mut reader);
    let count = count.await.expect("a number");
    drop(reader);
    database.close().await;
    count
}

async fn copy_of(from: &Path, to: &Path) -> Result<u64, CopyError> {
    copy(from, to, |_| {}).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_under_write_load_has_every_commit_before_it() {
    let folder = TempDir::new().expect("a directory");
    let (path, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    let database = open(&path).await;
    let (written, is_done) = (
        Arc::new(AtomicI64::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let writer = tokio::spawn({
        let (database, written, is_done) = (database.clone(), written.clone(), is_done.clone());
        async move {
            while !is_done.load(Ordering::SeqCst) {
                let number = written.load(Ordering::SeqCst) + 1;
                add(&database, number).await;
                written.store(number, Ordering::SeqCst);
            }
        }
    });
    while written.load(Ordering::SeqCst) < 50 {
        tokio::task::yield_now().await;
    }
    for _ in 0..3 {
        let before = written.load(Ordering::SeqCst);
        copy_of(&path, &to).await.expect("a copy");
        let copied = numbers(&to).await;
        assert!(copied >= before, "{copied} of {before}");
        remove(&to).expect("it is there");
    }
    is_done.store(true, Ordering::SeqCst);
    writer.await.expect("its end");
    database.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_copy_is_for_its_owner_alone_and_replaces_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().expect("a directory");
    let at = |name: &str| folder.path().join(name);
    let database = open(&at("a.db")).await;
    add(&database, 1).await;
    // What a copy leaves that was killed.
    fs::write(at("b.db.partial"), "half").expect("there is room");
    fs::set_permissions(at("b.db.partial"), fs::Permissions::from_mode(0o644)).expect("mine");
    let mut seen = None;
    let bytes = copy(&at("a.db"), &at("b.db"), |pages| seen = Some(pages)).await;
    let found = fs::metadata(at("b.db")).expect("it is there");
    assert_eq!(bytes.expect("a copy"), found.len());
    assert_eq!(found.permissions().mode() & 0o777, 0o600);
    let seen = seen.expect("progress");
    assert!(seen.done > 0 && seen.total > 0);
    assert!(!at("b.db.partial").exists());

    let before = fs::read(at("b.db")).expect("a file");
    std::os::unix::fs::symlink("nowhere", at("link.db")).expect("a link");
    std::os::unix::fs::symlink("b.db", at("c.db.partial")).expect("a link");
    for name in ["a.db", "b.db", "link.db", "c.db"] {
        let refused = copy_of(&at("a.db"), &at(name)).await;
        assert!(matches!(refused, Err(CopyError::Exists { .. })), "{name}");
    }
    assert_eq!(fs::read(at("b.db")).expect("a file"), before);
    database.close().await;
}

#[tokio::test]
async fn a_copy_that_cannot_be_made_says_why_and_leaves_nothing() {
    let folder = TempDir::new().expect("a directory");
    let at = |name: &str| folder.path().join(name);
    fs::write(
        at("text"),
        "no database at all, but as long as the header of one".repeat(50),
    )
    .expect("there is room");
    let refused = copy_of(&at("text"), &at("b.db")).await;
    assert!(
        matches!(refused, Err(CopyError::NoDatabase { .. })),
        "{refused:?}"
    );
    let refused = copy_of(&at("absent"), &at("b.db")).await;
    assert!(
        matches!(refused, Err(CopyError::Missing { .. })),
        "{refused:?}"
    );

    let database = open(&at("a.db")).await;
    for number in 0..200 {
        add(&database, number).await;
    }
    database.close().await;
    let refused = copy_of(&at("a.db"), &at("absent/b.db")).await;
    assert!(
        matches!(refused, Err(CopyError::Write { .. })),
        "{refused:?}"
    );
    let mut bytes = fs::read(at("a.db")).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x55);
    fs::write(at("a.db"), bytes).expect("there is room");
    let refused = copy_of(&at("a.db"), &at("b.db")).await;
    assert!(
        matches!(refused, Err(CopyError::Damaged { .. })),
        "{refused:?}"
    );
    assert!(!at("b.db").exists() && !at("b.db.partial").exists());
}

#[tokio::test]
async fn two_copies_to_one_path_are_not_made_at_once() {
    let folder = TempDir::new().expect("a directory");
    let at = |name: &str| folder.path().join(name);
    open(&at("a.db")).await.close().await;
    let other = lock::private().open(at("b.db.partial")).expect("a file");
    other.try_lock().expect("it is free");
    let refused = copy_of(&at("a.db"), &at("b.db")).await;
    assert!(
        matches!(refused, Err(CopyError::Busy { .. })),
        "{refused:?}"
    );
    drop(other);
    copy_of(&at("a.db"), &at("b.db")).await.expect("a copy");
}

#[tokio::test]
async fn no_database_is_opened_while_its_file_is_replaced() {
    let folder = TempDir::new().expect("a directory");
    let path = folder.path().join("a.db");
    let database = open(&path).await;
    assert!(matches!(Lock::exclusive(&path), Err(LockError::Taken)));
    database.close().await;
    let lock = Lock::exclusive(&path).expect("it is free");
    assert!(matches!(Lock::exclusive(&path), Err(LockError::Taken)));
    let refused = Database::open(Options::new(&path, MIGRATIONS)).await;
    assert!(matches!(refused, Err(OpenError::BeingReplaced { .. })));
    drop(lock);
    open(&path).await.close().await;
}

#[tokio::test]
async fn a_file_is_replaced_without_its_log_and_kept_with_all_it_has() {
    let folder = TempDir::new().expect("a directory");
    let at = |name: &str| folder.path().join(name);
    let database = open(&at("new.db")).await;
    add(&database, 1).await;
    database.close().await;
    let database = open(&at("a.db")).await;
    for number in 0..5 {
        add(&database, number).await;
    }
    // As after a kill: the file with a log that holds everything.
    for end in ["", "-wal", "-shm"] {
        fs::copy(with_end(&at("a.db"), end), with_end(&at("b.db"), end)).expect("a copy");
    }
    let lock = Lock::exclusive(&at("b.db")).expect("it is free");
    let kept = kept_path(&at("b.db"), "now");
    let replaced = replace(&at("b.db"), &at("new.db"), &kept, &lock).await;
    assert!(replaced.expect("it is not used"));
    drop(lock);
    for end in ["-wal", "-shm"] {
        assert!(!with_end(&at("b.db"), end).exists(), "{end}");
    }
    assert_eq!(kept, at("b.db.replaced-now"));
    assert!(!with_end(&kept, "-wal").exists(), "the file holds the log");
    assert_eq!(numbers(&kept).await, 5);
    assert_eq!(numbers(&at("b.db")).await, 1);
    assert_eq!(kept_path(&at("b.db"), "now"), at("b.db.replaced-now-2"));
    database.close().await;
}

#[tokio::test]
async fn a_file_that_sqlite_cannot_read_is_replaced_and_kept_with_its_log() {
    let folder = TempDir::new().expect("a directory");
    let at = |name: &str| folder.path().join(name);
    open(&at("new.db")).await.close().await;
    fs::write(at("a.db"), "damage".repeat(1000)).expect("there is room");
    fs::write(at("a.db-wal"), "log").expect("there is room");
    let lock = Lock::exclusive(&at("a.db")).expect("it is free");
    let kept = at("kept");
    let replaced = replace(&at("a.db"), &at("new.db"), &kept, &lock).await;
    assert!(replaced.expect("it is not used"));
    assert!(!at("a.db-wal").exists());
    assert_eq!(
        fs::read_to_string(at("kept")).expect("text"),
        "damage".repeat(1000)
    );
    assert_eq!(fs::read_to_string(at("kept-wal")).expect("text"), "log");
    drop(lock);
    assert_eq!(numbers(&at("a.db")).await, 0);
}

#[tokio::test]
async fn a_file_that_an_older_program_uses_is_not_replaced() {
    let folder = TempDir::new().expect("a directory");
    let at = |name: &str| folder.path().join(name);
    open(&at("new.db")).await.close().await;
    let database = open(&at("a.db")).await;
    add(&database, 1).await;
    // An older program has no lock.
    fs::remove_file(at("a.db-lock")).expect("it is there");
    let lock = Lock::exclusive(&at("a.db")).expect("it is free");
    let replaced = replace(&at("a.db"), &at("new.db"), &at("kept"), &lock).await;
    assert!(matches!(replaced, Err(ReplaceError::InUse)), "{replaced:?}");
    assert!(!at("kept").exists() && !at("kept-wal").exists() && at("new.db").exists());
    add(&database, 2).await;
    database.close().await;
    drop(lock);
    assert_eq!(numbers(&at("a.db")).await, 2);
}

#[tokio::test]
async fn a_database_is_opened_as_it_is_though_a_newer_program_has_changed_it() {
    const NEWER: &[Migration] = &[
        MIGRATIONS[0],
        Migration {
            version: 2,
            name: "newer",
            sql: "CREATE TABLE newer (x INTEGER) STRICT",
        },
    ];
    let folder = TempDir::new().expect("a directory");
    let (path, to) = (folder.path().join("a.db"), folder.path().join("b.db"));
    let newer = Database::open(Options::new(&path, NEWER))
        .await
        .expect("it opens");
    let options = Options {
        changes_tables: false,
        ..Options::new(&path, MIGRATIONS)
    };
    let database = Database::open(options).await.expect("it opens");
    add(&database, 1).await;
    copy_of(&path, &to)
        .await
        .expect("a copy is whole whatever its tables are");
    assert_eq!(newest_migration(&to).await.expect("it is there"), Some(2));
    database.close().await;
    newer.close().await;
}
