//! Marks against what SQLite says, over commits, checkpoints, recovery and kills.

use std::collections::HashMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;

use super::*;
use crate::Database;
use crate::query;
use crate::tests::options;

const CHANGE: &str = "UPDATE generations SET generation = random()";

async fn database(directory: &TempDir) -> Database {
    let database = Database::open(options(directory)).await.expect("it opens");
    // The mark of a log without a commit tells nothing.
    write(&database, CHANGE).await;
    database
}

async fn write(database: &Database, statement: &'static str) {
    let mut tx = database.write().await.expect("it is open");
    query(statement)
        .execute(&mut tx)
        .await
        .expect("it is valid");
    tx.commit().await.expect("there is room");
}

/// A connection that the database does not know, as another process has it.
async fn stranger(directory: &TempDir) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(directory.path().join("test.db"));
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("it is there");
    // Only a connection that has read has the index open.
    execute(&mut connection, "SELECT * FROM generations").await;
    connection
}

async fn execute(connection: &mut SqliteConnection, statement: &str) {
    sqlx::query(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .expect("it is valid");
}

async fn generation(database: &Database) -> i64 {
    let query = query("SELECT generation FROM generations");
    let rows = database.fetch_dedicated::<i64>(query).await;
    rows.expect("it is open")[0]
}

#[tokio::test]
async fn a_mark_changes_with_every_commit_and_not_with_reads() {
    let directory = TempDir::new().expect("a directory");
    let database = database(&directory).await;
    let mut other = stranger(&directory).await;
    let mark = || database.commit_mark().expect("a mark");

    let first = mark();
    generation(&database).await;
    drop(database.write().await.expect("it is open"));
    execute(&mut other, "BEGIN IMMEDIATE").await;
    execute(&mut other, CHANGE).await;
    assert_eq!(mark(), first, "nothing is committed");

    execute(&mut other, "COMMIT").await;
    let second = mark();
    assert_ne!(second, first, "another process has committed");
    execute(&mut other, "PRAGMA wal_checkpoint(PASSIVE)").await;
    assert_eq!(mark(), second, "a checkpoint changes no data");

    // The log begins again with the next commit.
    execute(&mut other, "PRAGMA wal_checkpoint(RESTART)").await;
    let restarted = mark();
    write(&database, CHANGE).await;
    let third = mark();
    assert!(![first, second, restarted].contains(&third));
    execute(&mut other, "PRAGMA wal_checkpoint(TRUNCATE)").await;
    write(&database, CHANGE).await;
    assert!(![first, second, restarted, third].contains(&mark()));

    database.close().await;
    assert_eq!(database.commit_mark(), None);
}

#[test]
fn a_header_gives_a_mark_when_both_copies_agree_and_a_commit_was_counted() {
    let header = |version: u32, commits: u32| {
        let mut header = [commits as u8; HEADER_BYTES];
        header[VERSION_AT..VERSION_AT + 4].copy_from_slice(&version.to_ne_bytes());
        header[COMMITS_AT..COMMITS_AT + 4].copy_from_slice(&commits.to_ne_bytes());
        header
    };
    let read = |first: [u8; HEADER_BYTES], second: [u8; HEADER_BYTES]| {
        let copies = [first, second].concat();
        CommitMark::read(&copies.try_into().expect("two headers"))
    };
    let (one, two) = (header(VERSION, 1), header(VERSION, 2));
    assert_eq!(read(one, one), Some(CommitMark(one)));
    assert_eq!(read(one, two), None, "a commit is being written");
    let torn = [&two[..20], &one[20..]].concat();
    let torn = torn.try_into().expect("a header");
    assert_eq!(read(torn, two), None, "the first copy is being written");
    let recovered = header(VERSION, 0);
    assert_eq!(read(recovered, recovered), None);
    let unknown = header(VERSION + 1, 1);
    assert_eq!(read(unknown, unknown), None);
}

#[tokio::test]
async fn a_header_that_recovery_has_written_gives_no_mark_until_the_next_commit() {
    let directory = TempDir::new().expect("a directory");
    let database = database(&directory).await;
    let before = database.commit_mark().expect("a mark");
    // What a process leaves that is killed while it writes the header: the second copy is new, and no reader
    // accepts it.
    let path = directory.path().join("test.db-shm");
    // Kept open: closing it would drop SQLite's locks.
    let index = fs::OpenOptions::new().write(true).open(path);
    let index = std::mem::ManuallyDrop::new(index.expect("it is there"));
    let at = (HEADER_BYTES + COMMITS_AT) as u64;
    index.write_all_at(&[0xee; 4], at).expect("it is writable");
    assert_eq!(database.commit_mark(), None);

    generation(&database).await;
    assert_eq!(
        database.commit_mark(),
        None,
        "SQLite has recovered the index"
    );
    write(&database, CHANGE).await;
    let after = database.commit_mark().expect("a mark");
    assert_ne!(after, before);
}

/// The locks of this process on a file, by the system's own list.
#[cfg(target_os = "linux")]
fn locks(path: &Path) -> usize {
    use std::os::unix::fs::MetadataExt;
    let file = fs::metadata(path).expect("it is there");
    let (process, inode) = (std::process::id().to_string(), file.ino().to_string());
    let locks = fs::read_to_string("/proc/locks").expect("Linux has it");
    let is_ours = |line: &&str| {
        let mut words = line.split_ascii_whitespace().skip(4);
        let is_process = words.next() == Some(&process);
        let mut place = words.next().unwrap_or_default().split(':');
        is_process && place.next_back() == Some(&inode)
    };
    locks.lines().filter(is_ours).count()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_database_that_is_closed_leaves_the_locks_of_another_on_the_same_file() {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("test.db-shm");
    let (first, second) = (database(&directory).await, database(&directory).await);
    assert!(locks(&path) > 0);
    first.close().await;
    assert!(locks(&path) > 0, "SQLite has lost its locks");
    let mark = second.commit_mark().expect("a mark");
    write(&second, CHANGE).await;
    assert_ne!(second.commit_mark(), Some(mark));
    // A connection that is not counted, such as one of a database that is being opened.
    let other = stranger(&directory).await;
    second.close().await;
    assert!(locks(&path) > 0, "SQLite has lost its locks");
    other.close().await.expect("it is open");
    assert!(!path.exists());
}

/// Names the directory to the process of the next test.
const DIRECTORY: &str = "KITH_TEST_DIRECTORY";

fn writing_process(directory: &TempDir) -> Child {
    let test = "database::wal_index::tests::a_process_that_writes_until_it_is_killed";
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// Commits, and now and then begins the log again.
#[tokio::test]
#[ignore = "the test below runs it in processes of their own"]
async fn a_process_that_writes_until_it_is_killed() {
    let path = std::env::var(DIRECTORY).expect("the directory");
    let options = SqliteConnectOptions::new()
        .filename(Path::new(&path).join("test.db"))
        .busy_timeout(Duration::from_secs(30));
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("it is there");
    for commits in 1_u64.. {
        execute(&mut connection, CHANGE).await;
        if commits.is_multiple_of(50) {
            execute(&mut connection, "PRAGMA wal_checkpoint(TRUNCATE)").await;
        }
        if commits == 1 {
            println!("writing");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_marks_mean_equal_data_while_processes_write_and_are_killed() {
    const KILLS: usize = 15;
    let directory = TempDir::new().expect("a directory");
    let database = database(&directory).await;
    let mut known: HashMap<[u8; HEADER_BYTES], i64> = HashMap::new();
    let mut looks = 0;
    for kill in 0..KILLS {
        let mut process = writing_process(&directory);
        // The first line tells that it writes.
        let mut output = process.stdout.take().expect("its output");
        let mut line = [0; 64];
        let _ = output.read(&mut line).expect("it says that it writes");
        let end = Instant::now() + Duration::from_millis(20 + 13 * kill as u64);
        while Instant::now() < end {
            let before = database.commit_mark();
            let seen = generation(&database).await;
            let Some(mark) = before.filter(|mark| database.commit_mark() == Some(*mark)) else {
                continue;
            };
            looks += 1;
            let first = *known.entry(*mark.bytes()).or_insert(seen);
            assert_eq!(seen, first, "one mark, two states");
        }
        process.kill().expect("it runs");
        process.wait().expect("it has ended");
        drop(output);
    }
    assert!(looks > 0 && known.len() > KILLS, "{looks} looks");
    // SQLite goes on after the last kill, and so do the marks.
    generation(&database).await;
    write(&database, CHANGE).await;
    let mark = database.commit_mark();
    write(&database, CHANGE).await;
    assert!(mark.is_some() && database.commit_mark() != mark);
}
