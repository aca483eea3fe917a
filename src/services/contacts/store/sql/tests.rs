//! The conformance tests, and what is particular to `SQLite`.

use std::num::NonZeroU32;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kith_database::primary_code;
use kith_database::query;
use tempfile::TempDir;

use super::SqlStore;
use super::create::NewContact;
use crate::model::contact::ContactDraft;
use crate::model::contact::ContactId;
use crate::model::contact::Field;
use crate::services::contacts::activity::Event;
use crate::services::contacts::activity::welcome_is_pending;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::query::Scope;
use crate::services::contacts::store::IdempotentRequest;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::conformance;
use crate::services::contacts::store::conformance::Store;
use crate::services::contacts::store::conformance::at;
use crate::services::contacts::store::conformance::fields;
use crate::services::contacts::store::conformance::found;
use crate::services::contacts::store::conformance::new_id;
use crate::services::database;

conformance::conformance_tests!(Opened::new());

const READERS: NonZeroU32 = NonZeroU32::new(2).expect("it is not 0");

/// A store in a directory of its own, which goes with it.
pub struct Opened {
    pub sql: SqlStore,
    store: Store,
    _directory: TempDir,
}

impl Opened {
    pub async fn new() -> Self {
        let directory = TempDir::new().expect("there is room for a directory");
        let database = database::open(&directory.path().join("kith.db"), READERS)
            .await
            .expect("it can be created");
        let sql = SqlStore::new(database, conformance::IDEMPOTENCY_TTL);
        Self {
            store: Arc::new(sql.clone()),
            sql,
            _directory: directory,
        }
    }

    /// Adds many contacts in one transaction.
    pub async fn fill(&self, names: impl Iterator<Item = String>) {
        let mut tx = self.sql.database.write().await.expect("nobody else writes");
        for (number, name) in names.enumerate() {
            let fields = fields(&name, &format!("p{number}@example.com"));
            let new = NewContact {
                id: new_id(),
                fields,
                now: at(number as i64),
                outdated: 0,
                idempotency: None,
                step: None,
            };
            new.write(&mut tx).await.expect("it is new");
        }
        tx.commit().await.expect("there is room");
    }

    /// Asserts what must be true of the tables between any two transactions.
    pub async fn assert_consistent(&self) {
        let mut tx = self.sql.database.read().await.expect("it is open");
        for (what, sql) in [
            (
                "the counts are right",
                "SELECT (SELECT contacts FROM contact_counts WHERE in_trash = 0) =
                            (SELECT count(*) FROM contacts WHERE deleted_at IS NULL)
                    AND (SELECT contacts FROM contact_counts WHERE in_trash = 1) =
                            (SELECT count(*) FROM contacts WHERE deleted_at IS NOT NULL)",
            ),
            (
                "the trigrams are of the contacts outside the trash",
                "SELECT NOT EXISTS (SELECT rowid FROM contact_trigrams EXCEPT
                            SELECT seq FROM contacts WHERE deleted_at IS NULL)
                    AND NOT EXISTS (SELECT seq FROM contacts WHERE deleted_at IS NULL EXCEPT
                            SELECT rowid FROM contact_trigrams)",
            ),
            (
                "the grams are of the contacts outside the trash",
                "SELECT NOT EXISTS (SELECT rowid FROM contact_grams EXCEPT
                            SELECT seq FROM contacts WHERE deleted_at IS NULL)
                    AND NOT EXISTS (SELECT seq FROM contacts WHERE deleted_at IS NULL EXCEPT
                            SELECT rowid FROM contact_grams)",
            ),
        ] {
            let holds: bool = query(sql).fetch_one(&mut tx).await.expect(what);
            assert!(holds, "{what}");
        }
        let check: String = query("PRAGMA integrity_check")
            .fetch_one(&mut tx)
            .await
            .expect("it can be checked");
        assert_eq!(check, "ok");
    }
}

impl Deref for Opened {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

#[tokio::test]
async fn commits_are_durable_on_every_connection() {
    let opened = Opened::new().await;
    let mut writer = opened.sql.database.write().await.expect("it is open");
    let mut reader = opened.sql.database.read().await.expect("it is open");
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
    let opened = Opened::new().await;
    let mut reader = opened.sql.database.read().await.expect("it is open");
    let written = query("DELETE FROM contacts").execute(&mut reader).await;
    assert_eq!(
        primary_code(&written.expect_err("it may not")),
        Some(8),
        "SQLITE_READONLY"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_are_consistent_after_every_kind_of_change() {
    let opened = Opened::new().await;
    conformance::any_sequence_of_changes_leaves_what_it_should(Arc::clone(&opened)).await;
    opened.assert_consistent().await;
}

/// As when a client goes away, or a time limit ends a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_given_up_is_done_or_not_begun() {
    let opened = Opened::new().await;
    let kept = conformance::add(&opened, "Kept").await;
    for polls in 0..60 {
        let fields = fields(&format!("Gone {polls}"), "gone@example.com");
        let write = opened.create(new_id(), &fields, at(polls), None, None);
        let patience = Duration::from_micros(polls.unsigned_abs() * 40);
        let _ = tokio::time::timeout(patience, write).await;
    }
    let new = fields("Kept", "kept@example.com");
    opened
        .update(kept.id, &new, Some(1), at(100))
        .await
        .expect("the writer is free");
    opened.assert_consistent().await;
}

#[tokio::test]
async fn a_full_disk_passes() {
    let opened = Opened::new().await;
    let mut writer = opened.sql.database.write().await.expect("it is open");
    let pages: i64 = query("PRAGMA page_count")
        .fetch_one(&mut writer)
        .await
        .expect("it has pages");
    let limit: &str = format!("PRAGMA max_page_count = {}", pages + 1).leak();
    query(limit)
        .execute(&mut writer)
        .await
        .expect("it can be limited");
    writer.commit().await.expect("nothing was written");

    let long = crate::model::contact::ContactDraft {
        notes: "n".repeat(10_000),
        ..conformance::add(&opened, "Fits").await.into()
    };
    let long = ContactFields::parse(long).expect("the draft is valid");
    let refused = opened.create(new_id(), &long, at(0), None, None).await;
    assert!(
        matches!(refused, Err(StoreError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(found(&opened, "").await, ["Fits"]);

    let mut writer = opened.sql.database.write().await.expect("it is open");
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

#[tokio::test]
async fn outdated_keys_are_cleared_away_bit_by_bit() {
    let opened = Opened::new().await;
    let day = i64::try_from(conformance::IDEMPOTENCY_TTL.as_millis()).expect("it is a day");
    for number in 0..40 {
        let key = format!("key-{number}");
        let request = IdempotentRequest::new(key.as_bytes(), &ContactDraft::default(), None)
            .expect("the key is valid");
        let new = fields("Ada", "ada@example.com");
        opened
            .create(new_id(), &new, at(0), Some(&request), None)
            .await
            .expect("it is new");
    }
    let mut left = Vec::new();
    for _ in 0..3 {
        // Any creation clears, also one without a key.
        opened
            .create(
                new_id(),
                &fields("Bob", "bob@example.com"),
                at(day),
                None,
                None,
            )
            .await
            .expect("it is new");
        let mut reader = opened.sql.database.reader().await.expect("it is open");
        left.push(
            query("SELECT count(*) FROM idempotency_keys")
                .fetch_one::<i64>(&mut reader)
                .await
                .expect("it can be counted"),
        );
    }
    assert_eq!(left, [8, 0, 0]);
}

#[tokio::test]
async fn a_key_of_a_release_that_compared_bytes_is_still_known() {
    let opened = Opened::new().await;
    let request = || {
        let request = IdempotentRequest::new(b"key", &ContactDraft::default(), None);
        request.expect("the key is valid")
    };
    let ada = fields("Ada", "ada@example.com");
    let create = async |fields: &ContactFields| {
        let request = request();
        opened
            .create(new_id(), fields, at(1), Some(&request), None)
            .await
    };
    let first = create(&ada).await.expect("it is new");
    let mut tx = opened
        .sql
        .database
        .write()
        .await
        .expect("nobody else writes");
    // What that release wrote: a SHA-256 of a body.
    query("UPDATE idempotency_keys SET fingerprint = $1")
        .bind([0x5a; 32].as_slice())
        .execute(&mut tx)
        .await
        .expect("it is there");
    tx.commit().await.expect("there is room");

    let again = create(&ada).await.expect("it is the same contact");
    assert!(again.replayed);
    assert_eq!(again.contact, first.contact);
    let other = fields("Ada", "lovelace@example.com");
    let other = create(&other).await;
    assert!(matches!(other, Err(StoreError::KeyReused)), "{other:?}");
}

#[tokio::test]
async fn failed_attempts_leave_changes_in_view() {
    let opened = Opened::new().await;
    let ada = conformance::add(&opened, "Ada").await;
    let new = fields("Ada Lovelace", "ada@example.com");
    let changed = opened.update(ada.id, &new, None, at(1)).await;
    changed.expect("it is there");
    for attempt in 1..=120 {
        let why = "The mail server refuses connections.".to_owned();
        let failed = Event::WelcomeFailed { attempt, why };
        record(&opened, ada.id, &failed, at(1 + i64::from(attempt))).await;
    }
    let events = events(&opened, ada.id).await;
    let fields = vec![Field::Name, Field::Email];
    assert_eq!(
        events[..2],
        [Event::Created, Event::Changed { fields }],
        "{events:?}"
    );
    assert!(
        matches!(
            events.last(),
            Some(Event::WelcomeFailed { attempt: 120, .. })
        ),
        "{events:?}"
    );
    assert_eq!(events.len(), 52, "the latest attempts are kept");
}

#[tokio::test]
async fn ten_thousand_contacts() {
    let opened = Opened::new().await;
    opened
        .fill((0..10_000).map(|number| format!("Person {} {number}", number % 100)))
        .await;

    let everyone = conformance::all_pages(&opened, Scope::Live, "", "name", 200).await;
    assert_eq!(everyone.len(), 10_000);
    let mut once = conformance::ids(&everyone);
    once.sort();
    once.dedup();
    assert_eq!(once.len(), 10_000);

    for (search, total) in [
        ("", 10_000),
        ("person", 10_000),
        ("9999", 1),
        ("person 9 99", 280),
    ] {
        let page =
            conformance::list(&opened, &conformance::query(search, "-updated", 50, None)).await;
        assert_eq!(page.total, total, "{search:?}");
    }
    opened.assert_consistent().await;
}

/// Writes what came of a delivery of a contact's welcome email.
async fn record(opened: &Opened, contact: ContactId, event: &Event, now: Timestamp) {
    let step = opened.recording(contact, event.clone(), now);
    let mut tx = opened.sql.database.write().await.expect("it is open");
    step(&mut tx).await.expect("written");
    tx.commit().await.expect("there is room");
}

async fn events(opened: &Opened, contact: ContactId) -> Vec<Event> {
    let activities = opened.activities(contact).await.expect("it is open");
    activities.into_iter().map(|one| one.event).collect()
}

#[tokio::test]
async fn activities_keep_their_order_when_the_clock_is_set_back() {
    let opened = Opened::new().await;
    let hour = 3_600_000;
    let ada = conformance::add_at(&opened, "Ada", hour).await;
    record(&opened, ada.id, &Event::WelcomeQueued, at(hour)).await;
    record(&opened, ada.id, &Event::WelcomeSent, at(5000)).await;
    let expected = [Event::Created, Event::WelcomeQueued, Event::WelcomeSent];
    assert_eq!(events(&opened, ada.id).await, expected);
    let activities = opened.activities(ada.id).await.expect("it is open");
    assert!(!welcome_is_pending(&activities));
}
