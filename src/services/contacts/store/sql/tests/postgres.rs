//! All tests of a store, and what is particular to PostgreSQL: transactions that meet.

use std::collections::HashSet;

use kith_cache::Generation;
use kith_cache::Generations;
use kith_database::Engine;
use kith_database::query;

use super::Opened;
use super::SqlStore;
use super::engine_tests;
use crate::model::contact::Contact;
use crate::services::audit_log::Actor;
use crate::services::book::BookKey;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::PAGES;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::store::Chain;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::store::Creation;
use crate::services::contacts::store::IdempotentRequest;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::conformance;
use crate::services::contacts::store::conformance::Update;
use crate::services::contacts::store::conformance::add;
use crate::services::contacts::store::conformance::at;
use crate::services::contacts::store::conformance::fields;
use crate::services::contacts::store::conformance::found;
use crate::services::contacts::store::conformance::new_id;

conformance::conformance_tests!(Opened::new(Engine::Postgres));
engine_tests!(Engine::Postgres);

/// Two stores, as two instances have them, on one server.
struct Instances {
    one: Opened,
    other: SqlStore,
}

impl Instances {
    async fn new() -> Self {
        let one = Opened::new(Engine::Postgres).await;
        let database = one.database.open_again().await;
        let other = SqlStore::new(database, conformance::IDEMPOTENCY_TTL);
        Self { one, other }
    }
}

/// Keeps contacts from being added.
const NO_NEW_CONTACTS: &str = "LOCK TABLE contacts IN SHARE ROW EXCLUSIVE MODE";

/// Keeps contacts from being locked and changed.
const NO_CHANGES: &str = "SELECT FROM contacts FOR UPDATE";

fn request(name: &str) -> IdempotentRequest {
    let draft = ContactInput::default().with(Field::Name, name.to_owned());
    IdempotentRequest::new(b"key", &draft, None).expect("the key is valid")
}

fn form(name: &str) -> IdempotentRequest {
    let draft = ContactInput::default().with(Field::Name, name.to_owned());
    IdempotentRequest::of_form("key", &draft).expect("the key is valid")
}

async fn create(
    store: &dyn ContactStore,
    name: &str,
    request: &IdempotentRequest,
) -> Result<Creation, StoreError> {
    let fields = fields(name, "someone@example.com");
    store
        .create(new_id(), &fields, at(0), Some(request), None)
        .await
}

#[tokio::test]
async fn of_two_requests_with_one_key_at_once_one_is_a_replay() {
    let instances = Instances::new().await;
    let request = request("Ada");
    let gate = instances.one.database.gate(NO_NEW_CONTACTS).await;
    let (one, other, ()) = tokio::join!(
        create(&**instances.one, "Ada", &request),
        create(&instances.other, "Ada", &request),
        instances.one.database.open_gate(gate, 2),
    );
    let (one, other) = (one.expect("answered"), other.expect("answered"));
    assert_ne!(one.replayed, other.replayed);
    assert_eq!(one.contact, other.contact);
    assert_eq!(found(&instances.one, "").await, ["Ada"]);
    instances.one.assert_consistent().await;
}

#[tokio::test]
async fn of_two_requests_with_one_key_for_different_contacts_one_is_refused() {
    let instances = Instances::new().await;
    let (ada, bob) = (request("Ada"), request("Bob"));
    let gate = instances.one.database.gate(NO_NEW_CONTACTS).await;
    let (one, other, ()) = tokio::join!(
        create(&**instances.one, "Ada", &ada),
        create(&instances.other, "Bob", &bob),
        instances.one.database.open_gate(gate, 2),
    );
    let is_refused = |answer: &Result<_, _>| matches!(answer, Err(StoreError::KeyReused));
    assert_ne!(is_refused(&one), is_refused(&other), "{one:?} {other:?}");
    assert!(one.is_ok() || other.is_ok(), "{one:?} {other:?}");
    assert_eq!(found(&instances.one, "").await.len(), 1);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_at_once_creates_one_contact() {
    let instances = Instances::new().await;
    let (ada, bob) = (form("Ada"), form("Bob"));
    let gate = instances.one.database.gate(NO_NEW_CONTACTS).await;
    let (one, other, ()) = tokio::join!(
        create(&**instances.one, "Ada", &ada),
        create(&instances.other, "Bob", &bob),
        instances.one.database.open_gate(gate, 2),
    );
    let (created, refused) = if one.is_ok() {
        (one, other)
    } else {
        (other, one)
    };
    let created = created.expect("one is created").contact;
    assert!(
        matches!(&refused, Err(StoreError::AlreadyCreated(contact)) if **contact == created),
        "{refused:?}"
    );
    assert_eq!(found(&instances.one, "").await, [created.name]);
}

async fn rename(
    store: &dyn ContactStore,
    contact: &Contact,
    name: &str,
) -> Result<Contact, StoreError> {
    let fields = fields(name, "someone@example.com");
    store.update(contact.id, &fields, Some(1), at(1)).await
}

#[tokio::test]
async fn of_two_updates_of_one_version_at_once_one_wins() {
    let instances = Instances::new().await;
    let ada = add(&instances.one, "Ada").await;
    let gate = instances.one.database.gate(NO_CHANGES).await;
    let (one, other, ()) = tokio::join!(
        rename(&**instances.one, &ada, "One"),
        rename(&instances.other, &ada, "Other"),
        instances.one.database.open_gate(gate, 2),
    );
    let (won, lost) = if one.is_ok() {
        (one, other)
    } else {
        (other, one)
    };
    let won = won.expect("one wins");
    assert!(
        matches!(&lost, Err(StoreError::Changed(current)) if **current == won),
        "{lost:?}"
    );
    assert_eq!(found(&instances.one, &won.name).await, [won.name]);
    instances.one.assert_consistent().await;
}

#[tokio::test]
async fn of_an_update_and_a_deletion_at_once_one_wins() {
    let instances = Instances::new().await;
    let ada = add(&instances.one, "Ada").await;
    let gate = instances.one.database.gate(NO_CHANGES).await;
    let actor = Actor::operator();
    let (updated, deleted, ()) = tokio::join!(
        rename(&**instances.one, &ada, "Bob"),
        instances.other.delete(ada.id, Some(1), at(1), &actor),
        instances.one.database.open_gate(gate, 2),
    );
    match (&updated, &deleted) {
        (Ok(won), Err(StoreError::Changed(current))) => assert_eq!(won, &**current),
        (Err(StoreError::NotFound), Ok(())) => {}
        both => panic!("{both:?}"),
    }
    instances.one.assert_consistent().await;
}

#[tokio::test]
async fn a_contact_that_is_restored_twice_at_once_is_restored_once() {
    let instances = Instances::new().await;
    let ada = add(&instances.one, "Ada").await;
    let deleted = instances
        .one
        .delete(ada.id, None, at(1), &Actor::operator())
        .await;
    deleted.expect("it is there");
    let gate = instances.one.database.gate(NO_CHANGES).await;
    let (one, other, ()) = tokio::join!(
        instances.one.restore(ada.id, at(2)),
        instances.other.restore(ada.id, at(2)),
        instances.one.database.open_gate(gate, 2),
    );
    let (one, other) = (one.expect("it is there"), other.expect("it is there"));
    assert_eq!((one.version, &one), (3, &other));
    instances.one.assert_consistent().await;
}

async fn generations(store: &SqlStore) -> Vec<(String, Generation)> {
    let tags = [CONTACTS, PAGES].map(|tag| tag.part(BookKey::FIRST.0));
    let mut all = store.read(&tags).await.expect("they can be read");
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_generation_comes_back_after_a_commit() {
    let instances = Instances::new().await;
    let reader = SqlStore::new(instances.one.database.clone(), conformance::IDEMPOTENCY_TTL);
    let writers = (0..4).map(|number| {
        let store = match number % 2 {
            0 => reader.clone(),
            _ => instances.other.clone(),
        };
        let reader = reader.clone();
        tokio::spawn(async move {
            let mut seen = HashSet::new();
            for turn in 0..25 {
                let before = generations(&reader).await;
                assert_eq!(before.len(), 2, "contacts and pages");
                seen.extend(before.iter().map(|(tag, of)| (tag.clone(), of.0)));
                let fields = fields(&format!("{number} {turn}"), "someone@example.com");
                let created = store.create(new_id(), &fields, at(turn), None, None).await;
                created.expect("it is new");
                for (tag, generation) in generations(&reader).await {
                    assert!(!seen.contains(&(tag, generation.0)), "turn {turn}");
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("it does not panic");
    }
    let (contacts, pages) = {
        let before = generations(&reader).await;
        assert!(reader.replace(PAGES).await);
        let after = generations(&instances.other).await;
        (before[0] == after[0], before[1] == after[1])
    };
    assert!(contacts && !pages, "only that of pages is replaced");
}

#[tokio::test]
async fn what_is_logged_of_an_error_quotes_no_row() {
    let opened = Opened::new(Engine::Postgres).await;
    add(&opened, "Secret").await;
    for statement in [
        "UPDATE contacts SET email = ''",
        "UPDATE contacts SET name = NULL",
        "INSERT INTO contacts (id, version, created_at, updated_at, search_key, name, email)
         SELECT id, version, created_at, updated_at, search_key, name, email FROM contacts",
    ] {
        let mut tx = opened.database.write().await.expect("it is open");
        let failed = query(statement).execute(&mut tx).await;
        let error = failed.expect_err("a constraint refuses it");
        let known = format!("{error:?}").to_lowercase();
        assert!(known.contains("secret") || known.contains("key (id)"));
        let StoreError::Internal(cause) = StoreError::from(error) else {
            panic!("it does not pass");
        };
        let logged = Chain(cause.as_ref()).to_string().to_lowercase();
        assert!(logged.contains("constraint"), "{logged}");
        assert!(
            !logged.contains("secret") && !logged.contains("key ("),
            "{logged}"
        );
    }
}
