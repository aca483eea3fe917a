//! What is true of the tables on each engine.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kith_database::query;
use tokio::time::timeout;

use super::super::erase;
use super::Opened;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::services::audit_log;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Selection;
use crate::services::book::BookId;
use crate::services::book::BookKey;
use crate::services::contacts::activity::Event;
use crate::services::contacts::activity::welcome_is_pending;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::query::Scope;
use crate::services::contacts::search_document::document;
use crate::services::contacts::store::Emptying;
use crate::services::contacts::store::IdempotentRequest;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::conformance;
use crate::services::contacts::store::conformance::Update;
use crate::services::contacts::store::conformance::at;
use crate::services::contacts::store::conformance::fields;
use crate::services::contacts::store::conformance::new_id;

pub use super::books::*;
pub use super::cards::*;
pub use super::derived::*;
pub use super::photos::*;

pub async fn the_tables_are_consistent_after_every_kind_of_change(opened: Opened) {
    conformance::any_sequence_of_changes_leaves_what_it_should(Arc::clone(&opened)).await;
    opened.assert_consistent().await;
}

/// As when a client goes away, or a time limit ends a request.
pub async fn a_write_that_is_given_up_is_done_or_not_begun(opened: Opened) {
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

pub async fn no_list_waits_for_searches(opened: Opened) {
    conformance::add(&opened, "Ada").await;
    let search = conformance::query("ada", "name", 10, None);
    let list = conformance::query("", "name", 10, None);
    let moment = Duration::from_millis(200);
    let mut searches = Vec::new();
    while let Ok(turn) = timeout(moment, opened.database.long_read()).await {
        searches.push(turn.expect("it is open"));
    }
    let found = timeout(moment, opened.list(&search)).await;
    found.expect_err("it waits for those that are under way");
    let listed = opened.list(&list).await.expect("there is a connection");
    assert_eq!(listed.contacts.len(), 1);
    drop(searches);
    let found = opened.list(&search).await.expect("it is its turn");
    assert_eq!(found.contacts.len(), 1);
}

pub async fn outdated_keys_are_cleared_away_bit_by_bit(opened: Opened) {
    let day = i64::try_from(conformance::IDEMPOTENCY_TTL.as_millis()).expect("it is a day");
    for number in 0..40 {
        let key = format!("key-{number}");
        let request = IdempotentRequest::new(key.as_bytes(), &ContactInput::default(), None)
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
        let mut reader = opened.database.reader().await.expect("it is open");
        left.push(
            query("SELECT count(*) FROM idempotency_keys")
                .fetch_one::<i64>(&mut reader)
                .await
                .expect("it can be counted"),
        );
    }
    assert_eq!(left, [8, 0, 0]);
}

pub async fn a_key_of_a_release_that_compared_bytes_is_still_known(opened: Opened) {
    let request = || {
        let request = IdempotentRequest::new(b"key", &ContactInput::default(), None);
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
    let mut tx = opened.database.write().await.expect("no other writer");
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

pub async fn failed_attempts_leave_changes_in_view(opened: Opened) {
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
    let fields = vec!["name".to_owned(), "emails".to_owned()];
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

pub async fn two_thousand_contacts(opened: Opened) {
    opened
        .fill((0..2000).map(|number| format!("Person {} {number}", number % 100)))
        .await;

    let everyone = conformance::all_pages(&opened, Scope::Live, "", "name", 200).await;
    assert_eq!(everyone.len(), 2000);
    let mut once = conformance::ids(&everyone);
    once.sort();
    once.dedup();
    assert_eq!(once.len(), 2000);

    for search in ["", "person", "1900", "person 99"] {
        let query = conformance::query(search, "-updated", 50, None);
        let page = conformance::list(&opened, &query).await;
        let is_found = |contact: &&Contact| query.search().tier(&document(contact)).is_some();
        let total = everyone.iter().filter(is_found).count() as u64;
        assert!(total > 0 && page.total == total, "{search:?}");
    }
    opened.assert_consistent().await;
}

/// Writes what came of a delivery of a contact's welcome email.
async fn record(opened: &Opened, contact: ContactId, event: &Event, now: Timestamp) {
    let step = opened.recording(contact, event.clone(), now);
    let mut tx = opened.database.write().await.expect("it is open");
    step(&mut tx).await.expect("written");
    tx.commit().await.expect("there is room");
}

async fn events(opened: &Opened, contact: ContactId) -> Vec<Event> {
    let activities = opened.activities(contact).await.expect("it is open");
    activities.into_iter().map(|one| one.event).collect()
}

pub async fn activities_keep_their_order_when_the_clock_is_set_back(opened: Opened) {
    let hour = 3_600_000;
    let ada = conformance::add_at(&opened, "Ada", hour).await;
    record(&opened, ada.id, &Event::WelcomeQueued, at(hour)).await;
    record(&opened, ada.id, &Event::WelcomeSent, at(5000)).await;
    let expected = [Event::Created, Event::WelcomeQueued, Event::WelcomeSent];
    assert_eq!(events(&opened, ada.id).await, expected);
    let activities = opened.activities(ada.id).await.expect("it is open");
    assert!(!welcome_is_pending(&activities));
}

pub async fn a_deleted_contact_is_in_the_audit_log_by_its_id_alone(opened: Opened) {
    let ada = conformance::add(&opened, "Ada").await;
    let actor = Actor::of_address("203.0.113.7".parse().expect("an address"));
    let stale = opened.delete(ada.id, Some(9), at(1), &actor).await;
    stale.expect_err("it has another version");
    let deleted = opened.delete(ada.id, None, at(2), &actor).await;
    deleted.expect("it is there");
    let records = audit_log::read(&opened.database, Selection::All, None, 10).await;
    let records = records.expect("it is open");
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(records[0].kind, "contact_deleted");
    assert_eq!(records[0].subject, Some(ada.id.to_string()));
    assert_eq!(records[0].actor, "203.0.113.7");
    assert_eq!(records[0].action, None);
    assert_eq!(records[0].at, at(2));
}

async fn create_with_a_key(opened: &Opened, key: &str) -> ContactId {
    let request = IdempotentRequest::new(key.as_bytes(), &ContactInput::default(), None);
    let request = request.expect("the key is valid");
    let new = fields("Ada", "ada@example.com");
    let created = opened.create(new_id(), &new, at(0), Some(&request), None);
    created.await.expect("it is new").contact.id
}

async fn count(opened: &Opened, sql: &'static str) -> i64 {
    let mut reader = opened.database.reader().await.expect("it is open");
    query(sql).fetch_one(&mut reader).await.expect("a number")
}

pub async fn the_tables_hold_nothing_of_an_erased_contact(opened: Opened) {
    let actor = Actor::of_address("203.0.113.7".parse().expect("an address"));
    let book = BookId::FIRST;
    let [one, other] = [
        create_with_a_key(&opened, "one").await,
        create_with_a_key(&opened, "other").await,
    ];
    for id in [one, other] {
        let changed = fields("Ada", "countess@example.com");
        let changed = opened.update(id, &changed, None, at(1)).await;
        changed.expect("it is there");
        let deleted = opened.delete(id, None, at(1), &actor).await;
        deleted.expect("it is there");
    }
    opened
        .erase(one, at(2), &actor)
        .await
        .expect("it is in the trash");
    let emptying = Emptying {
        actor: &actor,
        book,
        now: at(3),
    };
    for expected in [1, 0] {
        let erased = opened.erase_some(None, Some(&emptying)).await;
        assert_eq!(erased.expect("it is open"), expected);
    }
    for sql in [
        "SELECT count(*) FROM contacts",
        "SELECT count(*) FROM activities",
        "SELECT count(*) FROM contact_versions",
        "SELECT count(*) FROM idempotency_keys",
    ] {
        assert_eq!(count(&opened, sql).await, 0, "{sql}");
    }
    opened.assert_consistent().await;

    let records = audit_log::read(&opened.database, Selection::All, None, 10).await;
    let records = records.expect("it is open").into_iter();
    let records: Vec<_> = records
        .map(|record| (record.kind, record.subject, record.action))
        .collect();
    let expected = [
        ("trash_emptied", book.to_string()),
        ("contact_deleted_for_ever", one.to_string()),
        ("contact_deleted", other.to_string()),
        ("contact_deleted", one.to_string()),
    ];
    let expected = expected.map(|(kind, subject)| (kind.to_owned(), Some(subject), None));
    assert_eq!(records, expected);
}

pub async fn a_removed_book_leaves_no_answer_behind(opened: Opened) {
    create_with_a_key(&opened, "one").await;
    let mut tx = opened.database.write().await.expect("it is open");
    erase(&mut tx, BookKey::FIRST).await.expect("it is there");
    tx.commit().await.expect("there is room");
    let sql = "SELECT count(*) FROM idempotency_keys";
    assert_eq!(count(&opened, sql).await, 0);
    opened.assert_consistent().await;
}
