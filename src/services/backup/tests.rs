//! Backups on schedule, and backups that are refused.

use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use kith_database::Database;
use kith_database::Engine;
use kith_database::query;
use kith_database::sqlite_file;
use kith_database::sqlite_file::CopyError;
use kith_runtime::Clock;
use tempfile::TempDir;

use super::error::BackupError;
use super::record::LastBackup;
use super::restore::restore;
use super::schedule::Attempts;
use super::*;
use crate::services::database;
use crate::services::database::DatabaseUrl;
use crate::services::database::installation::Installation;
use crate::services::database::installation::State;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;
use crate::services::lease::Lease;
use crate::services::pause;

on_each_engine! {
    the_last_backup_is_known
}

async fn the_last_backup_is_known(database: TestDatabase) {
    let options = |interval| Options {
        clock: database.clock(),
        database: database.clone(),
        file: Some("kith.db".into()),
        folder: "backups".into(),
        interval,
        keep: 1,
    };
    let backups = |interval| Backups::new(options(interval));
    let day = Duration::from_secs(24 * 3600);
    let status = async |interval| backups(interval).status().await.expect("it is open");
    assert_eq!(status(Duration::ZERO).await.warning(), None);
    let none = status(day).await.warning().expect("a warning");
    assert!(none.contains("no backup yet"), "{none}");
    for (age, is_overdue) in [(day, false), (3 * day, true)] {
        let last = LastBackup::new(Timestamp::now() - age, 7, "kith-1.db".to_owned());
        last.write(&database).await.expect("there is room");
        let found = status(day).await;
        assert_eq!((found.is_overdue, found.last), (is_overdue, Some(last)));
        assert_eq!(status(Duration::ZERO).await.warning(), None);
    }
    let server = Options {
        file: None,
        ..options(day)
    };
    let found = Backups::new(server).status().await.expect("it is open");
    assert!(!found.is_possible && !found.is_overdue);
}

fn file(database: &TestDatabase) -> std::path::PathBuf {
    match database.place() {
        DatabaseUrl::File(path) => path,
        DatabaseUrl::Server(_) => panic!("a file"),
    }
}

async fn backup_of(database: &TestDatabase, to: &Path) {
    let copied = sqlite_file::copy(&file(database), to, |_| {}).await;
    copied.expect("a copy");
}

/// Restores into a new folder that has a database, which stays as it is.
async fn refused(backup: &Path) -> BackupError {
    let folder = TempDir::new().expect("a directory");
    let path = folder.path().join("kith.db");
    fs::write(&path, "untouched").expect("there is room");
    let refused = restore(backup, &path, Timestamp::now(), |_| {}).await;
    let refused = refused.expect_err("it is refused");
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "untouched");
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .expect("it is there")
        .map(|entry| entry.expect("it is there").file_name())
        .collect();
    names.retain(|name| name != "kith.db-lock");
    assert_eq!(names, ["kith.db"], "nothing else is left");
    refused
}

#[tokio::test]
async fn what_is_no_backup_of_an_installation_in_use_is_refused() {
    let folder = TempDir::new().expect("a directory");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("text"), "some text".repeat(1000)).expect("there is room");
    fs::write(at("empty"), "").expect("there is room");
    for name in ["text", "empty"] {
        let error = refused(&at(name)).await;
        assert!(matches!(error, BackupError::NotKith { .. }), "{error:?}");
    }
    let error = refused(&at("absent")).await;
    assert!(matches!(error, BackupError::Missing { .. }), "{error:?}");

    let database = TestDatabase::new(Engine::Sqlite).await;
    for (name, state) in [
        (
            "moving",
            State::Moving {
                to: "sqlite:///srv/new.db".to_owned(),
            },
        ),
        (
            "moved",
            State::Moved {
                to: "sqlite:///srv/new.db".to_owned(),
            },
        ),
    ] {
        let mut tx = database.write().await.expect("it is open");
        state.write(&mut tx).await.expect("it is valid");
        tx.commit().await.expect("there is room");
        backup_of(&database, &at(name)).await;
        let error = refused(&at(name)).await;
        assert!(error.to_string().contains("/srv/new.db"), "{error}");
    }
    let mut tx = database.write().await.expect("it is open");
    State::Open.write(&mut tx).await.expect("it is valid");
    tx.commit().await.expect("there is room");
    backup_of(&database, &at("damaged")).await;
    let mut bytes = fs::read(at("damaged")).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 16384].fill(0x55);
    fs::write(at("damaged"), bytes).expect("there is room");
    let error = refused(&at("damaged")).await;
    assert!(matches!(error, BackupError::Damaged { .. }), "{error:?}");

    let newer = database.update("CREATE TABLE newer (x INTEGER) STRICT");
    newer.await.expect("it updates").close().await;
    // An older instance backs it up all the same.
    backup_of(&database, &at("newer")).await;
    let error = refused(&at("newer")).await;
    assert!(matches!(error, BackupError::Newer { .. }), "{error:?}");
}

#[tokio::test]
async fn a_restored_database_is_paused_and_has_no_processes() {
    let folder = TempDir::new().expect("a directory");
    let at = |name: &str| folder.path().join(name);
    let database = TestDatabase::new(Engine::Sqlite).await;
    assert!(
        Lease::new(database.clone(), "backup.lease")
            .take(Timestamp::now())
            .await
            .expect("open")
    );
    backup_of(&database, &at("backup.db")).await;
    // A machine without data, and what a restore has left there that was killed.
    let path = at("new/kith.db");
    fs::create_dir(at("new")).expect("there is room");
    for end in ["", "-wal", ".partial"] {
        fs::write(at(&format!("new/kith.db.restoring{end}")), "half").expect("there is room");
    }
    let now = Timestamp::from_second(1_800_000_000).expect("a time");
    let kept = restore(&at("backup.db"), &path, now, |_| {}).await;
    assert_eq!(kept.expect("restored"), None);
    let restored = open(&path).await;
    let mut reader = restored.reader().await.expect("it is open");
    let pause = pause::read(&mut reader).await.expect("it is open");
    assert_eq!(pause.expect("a pause").since, now);
    let of_others: i64 = query("SELECT count(*) FROM settings WHERE name LIKE '%.lease'")
        .fetch_one(&mut reader)
        .await
        .expect("a number");
    assert_eq!(of_others, 0);
    let id = Installation::read(&mut reader)
        .await
        .expect("it is open")
        .id;
    let mut original = database.reader().await.expect("it is open");
    assert_eq!(
        id,
        Installation::read(&mut original).await.expect("open").id
    );
    drop(reader);
    // Kith has it.
    let refused = restore(&at("backup.db"), &path, now, |_| {}).await;
    assert!(matches!(refused, Err(BackupError::InUse { .. })));
    restored.close().await;
    let kept = restore(&at("backup.db"), &path, now, |_| {}).await;
    let kept = kept.expect("restored").expect("the old one");
    assert_eq!(kept, at("new/kith.db.replaced-20270115T080000Z"));
    open(&kept).await.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn no_name_of_the_database_itself_is_restored_or_written() {
    let folder = TempDir::new().expect("a directory");
    let at = |name: &str| folder.path().join(name);
    open(&at("kith.db")).await.close().await;
    fs::hard_link(at("kith.db"), at("hard")).expect("a link");
    std::os::unix::fs::symlink("kith.db", at("soft")).expect("a link");
    for name in ["kith.db", "hard", "soft"] {
        let refused = restore(&at(name), &at("kith.db"), Timestamp::now(), |_| {}).await;
        assert!(matches!(refused, Err(BackupError::Itself { .. })), "{name}");
        let refused = sqlite_file::copy(&at("kith.db"), &at(name), |_| {}).await;
        assert!(matches!(refused, Err(CopyError::Exists { .. })), "{name}");
    }
    open(&at("kith.db")).await.close().await;
}

async fn open(path: &Path) -> Database {
    let opened = database::open(path, NonZeroU32::MIN).await;
    opened.expect("it opens")
}

/// Backups into a folder each hour, by a clock that the test moves. Two are kept.
fn hourly(database: &TestDatabase, instance: Database, folder: &Path, hours: &Hours) -> Backups {
    Backups::new(Options {
        database: instance,
        clock: hours.clock(),
        file: Some(file(database)),
        folder: folder.to_owned(),
        interval: HOUR,
        keep: 2,
    })
}

const HOUR: Duration = Duration::from_secs(3600);

/// How many hours have passed.
#[derive(Clone, Default)]
struct Hours(Arc<AtomicI64>);

impl Hours {
    fn clock(&self) -> Arc<dyn Clock> {
        let Self(hours) = self.clone();
        let begin = Timestamp::now();
        Arc::new(move || begin + HOUR * hours.load(Ordering::SeqCst) as u32)
    }

    fn pass_one(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("a file").file_name();
    let mut names: Vec<_> = entries
        .map(|entry| name(entry).into_string().expect("text"))
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_make_one_scheduled_backup_and_keep_the_newest() {
    let folder = TempDir::new().expect("a directory");
    let database = TestDatabase::new(Engine::Sqlite).await;
    let other = database.open_again().await;
    let (folder, hours) = (folder.path().join("backups"), Hours::default());
    let [one, two] = [(*database).clone(), other.clone()]
        .map(|instance| hourly(&database, instance, &folder, &hours));
    let path = file(&database);
    let mut all = Vec::new();
    for _ in 0..4 {
        let (mut of_one, mut of_two) = (Attempts::default(), Attempts::default());
        tokio::join!(
            one.attempt(&path, &mut of_one),
            two.attempt(&path, &mut of_two)
        );
        let new: Vec<_> = names(&folder)
            .into_iter()
            .filter(|name| !all.contains(name))
            .collect();
        assert_eq!(new.len(), 1, "{new:?}");
        all.extend(new);
        hours.pass_one();
    }
    assert_eq!(names(&folder), all[2..]);
    // The same by the tasks that work in the background.
    for backups in [&one, &two] {
        backups.start();
    }
    let is_made = async || {
        let last = one.status().await.expect("it is open").last;
        last.is_some_and(|last| !all.contains(&last.file))
    };
    while !is_made().await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for backups in [one, two] {
        backups.close().await;
    }
    other.close().await;
}

#[tokio::test]
async fn a_scheduled_backup_that_fails_waits_and_tells_once_when_it_begins_and_ends() {
    let folder = TempDir::new().expect("a directory");
    let folder = folder.path().join("backups");
    fs::write(&folder, "no folder").expect("there is room");
    let (log, _guard) = kith_test_support::log::Log::capture();
    let database = TestDatabase::new(Engine::Sqlite).await;
    let hours = Hours::default();
    let backups = hourly(&database, (*database).clone(), &folder, &hours);
    let (path, mut attempts) = (file(&database), Attempts::default());
    let mut attempt = async || backups.attempt(&path, &mut attempts).await;
    let before = database.commits();
    let first = attempt().await;
    // An attempt takes the lease and gives it back.
    assert_eq!(database.commits() - before, 2);
    let second = attempt().await;
    let minute = Duration::from_secs(60);
    assert!(
        first >= minute / 2 && second >= minute,
        "{first:?}, {second:?}"
    );

    fs::remove_file(&folder).expect("it is there");
    for made in 1..=2 {
        assert!(attempt().await <= minute / 2);
        assert_eq!(names(&folder).len(), made);
        hours.pass_one();
    }
    let lines = log.lines();
    let of_schedule = |line: &&String| line.contains("scheduled backups");
    let of_schedule: Vec<_> = lines.iter().filter(of_schedule).collect();
    let [begins, ends] = of_schedule.as_slice() else {
        panic!("{lines:?}");
    };
    assert!(begins.starts_with("WARN"), "{begins}");
    assert_eq!(*ends, "INFO scheduled backups are not made: no longer");
}
