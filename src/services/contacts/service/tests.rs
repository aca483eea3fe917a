//! The use cases, over a store on disk and a clock that stands still.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use kith_cache::Cache;
use kith_card::Entry;
use kith_runtime::Clock;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::*;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::location::ListFilter;
use crate::services::client::Caller;
use crate::services::client::Client;
use crate::services::client::Identity;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::fields::Required;
use crate::services::contacts::query::ContactQuery;
use crate::services::contacts::store::IdempotentRequest;
use crate::services::contacts::store::conformance::Update;
use crate::services::contacts::store::conformance::parsed;
use crate::services::contacts::store::sql::SqlStore;
use crate::services::contacts::trash_rule::TrashRule;
use crate::services::database;

mod pairs;

struct Service {
    all: ContactService,
    service: Contacts,
    _directory: TempDir,
}

impl std::ops::Deref for Service {
    type Target = Contacts;

    fn deref(&self) -> &Contacts {
        &self.service
    }
}

async fn service() -> Service {
    let now: Timestamp = "2026-11-22T05:29:00Z".parse().expect("it is RFC 3339");
    service_by(|_| Arc::new(move || now)).await
}

/// A service over a store and a clock that may know that store.
async fn service_by(clock: impl FnOnce(SqlStore) -> Arc<dyn Clock>) -> Service {
    let directory = TempDir::new().expect("there is room for a directory");
    let database = database::open(&directory.path().join("kith.db"), NonZeroU32::MIN)
        .await
        .expect("it can be created");
    let store = SqlStore::new(database, Duration::from_secs(60));
    let settings = Settings {
        default_page_size: NonZeroU32::new(2).expect("it is not 0"),
        max_page_size: NonZeroU32::new(3).expect("it is not 0"),
        fresh_for: Duration::from_secs(60),
        stale_for: Duration::from_secs(60),
        absent_for: Duration::from_secs(60),
    };
    let cache = Cache::new(kith_cache::Options {
        tags: vec![CONTACTS],
        generations: Box::new(store.clone()),
        redis: None,
        prefix: "kith".to_owned(),
        local_bytes: 1 << 20,
    });
    let clock = clock(store.clone());
    let service = ContactService::new(Options {
        store: Arc::new(store),
        cache,
        clock,
        redis: None,
        settings,
        trash_rule: TrashRule::FOR_EVER,
        creation_hook: None,
    });
    let client = Client {
        address: Ipv4Addr::LOCALHOST.into(),
        is_certain: true,
    };
    let caller = Caller::without_account(client, Identity::Local);
    Service {
        service: service.of(caller, None),
        all: service,
        _directory: directory,
    }
}

fn draft(name: &str) -> ContactInput {
    ContactInput::default()
        .with(Field::Name, name.to_owned())
        .with(Field::Emails, "ada@example.com")
        .with(Field::Phones, "112")
}

fn with_email(email: &str) -> ContactInput {
    draft("Ada").with(Field::Emails, email.to_owned())
}

async fn create(service: &Contacts, name: &str) -> Contact {
    service
        .create(&draft(name), Required::NameAndEmail, None, None)
        .await
        .expect("the draft is valid")
        .contact
}

async fn names(service: &Contacts, query: ContactQuery) -> Vec<String> {
    let page = service.list(query).await.expect("it can be listed");
    page.contacts
        .iter()
        .map(|contact| contact.name.clone())
        .collect()
}

#[tokio::test]
async fn a_contact_has_the_time_of_the_clock_in_its_times_and_its_id() {
    let service = service().await;
    let contact = create(&service, " Ada  Lovelace ").await;
    assert_eq!(contact.name, "Ada Lovelace");
    assert_eq!(contact.created_at, "2026-11-22T05:29:00.000Z");
    let id = contact.id.as_uuid();
    assert_eq!(id.get_version_num(), 7);
    let (seconds, _) = id.get_timestamp().expect("a UUIDv7 has a time").to_unix();
    assert_eq!(seconds, 1_795_325_340);
    assert_eq!(service.get(contact.id).await, Ok(contact));
}

#[tokio::test]
async fn contacts_of_the_same_instant_are_listed_in_the_order_of_their_creation() {
    let service = service().await;
    for name in ["c", "a", "b"] {
        create(&service, name).await;
    }
    let query = service
        .query("", Some("created"), None, Some("3"))
        .expect("it is valid");
    assert_eq!(names(&service, query).await, ["c", "a", "b"]);
}

#[tokio::test]
async fn a_draft_with_mistakes_changes_nothing() {
    let service = service().await;
    let contact = create(&service, "Ada").await;
    let invalid = |error: AppError| {
        error
            .fields()
            .iter()
            .map(|error| error.field.clone())
            .collect()
    };

    let refused = service
        .create(&ContactInput::default(), Required::NameAndEmail, None, None)
        .await
        .expect_err("it is empty");
    assert_eq!(refused.to_string(), "Name and email are required");
    let fields: Vec<String> = invalid(refused);
    assert_eq!(fields, ["name", "email"]);
    let refused = service
        .update(contact.id, &draft(""), Required::NameAndEmail, None)
        .await
        .expect_err("it has no name");
    let fields: Vec<String> = invalid(refused);
    assert_eq!(fields, ["name"]);

    assert_eq!(service.get(contact.id).await, Ok(contact));
    let query = service.query("", None, None, None).expect("it is valid");
    assert_eq!(names(&service, query).await, ["Ada"]);
}

#[tokio::test]
async fn a_request_is_done_once() {
    let service = service().await;
    let request = || IdempotentRequest::new(b"key", &draft("Ada"), None).expect("the key is valid");
    let first = service
        .create(&draft("Ada"), Required::NameAndEmail, None, Some(request()))
        .await
        .expect("it is valid");
    let again = service
        .create(&draft("Ada"), Required::NameAndEmail, None, Some(request()))
        .await
        .expect("it is repeated");
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(first.contact, again.contact);

    let other = IdempotentRequest::new(b"key", &draft("Bob"), None).expect("the key is valid");
    assert_eq!(
        service
            .create(&draft("Bob"), Required::NameAndEmail, None, Some(other))
            .await,
        Err(AppError::KeyReused)
    );
}

#[tokio::test]
async fn pages_have_the_configured_sizes() {
    let service = service().await;
    for name in ["a", "b", "c", "d"] {
        create(&service, name).await;
    }
    let usual = service.query("", None, None, None).expect("it is valid");
    let page = service.list(usual).await.expect("it can be listed");
    assert_eq!((page.contacts.len(), page.total), (2, 4));

    let next = page.next.as_ref().map(ToString::to_string);
    let rest = service
        .query("", None, next.as_deref(), Some("3"))
        .expect("it is valid");
    assert_eq!(names(&service, rest).await, ["c", "d"]);

    for limit in [0, 4, u32::MAX] {
        assert_eq!(
            service.query("", None, None, Some(&limit.to_string())),
            Err(AppError::bad_request("The limit is a number from 1 to 3."))
        );
    }
}

#[tokio::test]
async fn a_printed_list_leaves_notes_aside() {
    let service = service().await;
    let noted = draft("Ada").with(Field::Notes, "n".repeat(10_000));
    for _ in 0..2 {
        let created = service
            .create(&noted, Required::NameAndEmail, None, None)
            .await;
        created.expect("the draft is valid");
    }
    let printed = service
        .list_for_printing("", &ListFilter::default(), None)
        .await
        .expect("it can be read");
    assert_eq!(printed.contacts[1].phone.as_deref(), Some("112"));
    let bytes = serde_json::to_vec(&printed).expect("it is JSON").len();
    assert!(bytes < 1000, "{bytes} bytes");
}

#[tokio::test]
async fn the_trash_shows_what_was_deleted_last_first() {
    let service = service().await;
    for name in ["a", "b", "c"] {
        let contact = create(&service, name).await;
        service
            .delete(contact.id, Some(1))
            .await
            .expect("it is there");
        assert_eq!(service.get(contact.id).await, Err(AppError::NotFound));
        let deleted = service
            .get_deleted(contact.id)
            .await
            .expect("it is in the trash");
        assert_eq!(deleted.name, name);
    }
    let query = service.trash_query("", None, None).expect("it is valid");
    let page = service.list(query).await.expect("it can be listed");
    let cursor = page.next.as_ref().expect("there is more").to_string();
    assert_eq!(page.contacts[0].name, "c");
    let rest = service
        .trash_query("", Some(&cursor), None)
        .expect("it is valid");
    assert_eq!(names(&service, rest).await, ["a"]);

    let restored = service
        .restore(page.contacts[0].id)
        .await
        .expect("it is in the trash");
    assert_eq!(service.get(restored.id).await, Ok(restored));
}

#[tokio::test]
async fn an_amendment_changes_what_it_names() {
    let service = service().await;
    let contact = create(&service, "Ada").await;
    let patch = ContactInput::default()
        .with(Field::Phones, "")
        .with(Field::Company, "Engines");
    let patched = service
        .update(contact.id, &patch, Required::NameAndEmail, None)
        .await
        .expect("it is valid");
    let expected = Contact {
        phone: None,
        company: Some("Engines".to_owned()),
        version: 2,
        fields: patched.fields.clone(),
        ..contact
    };
    assert!(!patched.fields.contains_key("phones"));
    assert_eq!(patched, expected);

    let nothing = service
        .update(
            expected.id,
            &ContactInput::default(),
            Required::NameAndEmail,
            Some(2),
        )
        .await;
    assert_eq!(nothing, Ok(expected.clone()));

    let nameless = ContactInput::default().with(Field::Name, "");
    let refused = service
        .update(expected.id, &nameless, Required::NameAndEmail, None)
        .await
        .expect_err("a name is required");
    assert_eq!(refused.to_string(), "Name and email are required");
}

#[tokio::test]
async fn an_amendment_that_expects_another_version_is_refused() {
    let service = service().await;
    let contact = create(&service, "Ada").await;
    let patch = ContactInput::default().with(Field::Name, "Bob");
    for stale in [0, 2] {
        assert_eq!(
            service
                .update(contact.id, &patch, Required::NameAndEmail, Some(stale))
                .await,
            Err(AppError::Changed {
                current: Box::new(contact.clone())
            })
        );
    }
    assert_eq!(service.get(contact.id).await, Ok(contact.clone()));
    service.delete(contact.id, None).await.expect("it is there");
    assert_eq!(
        service
            .update(contact.id, &patch, Required::NameAndEmail, Some(1))
            .await,
        Err(AppError::NotFound)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patches_at_once_are_all_applied() {
    let service = service().await;
    let contact = create(&service, "Ada").await;
    let mut patches = JoinSet::new();
    for patch in [
        ContactInput::default().with(Field::Name, "Ada Lovelace"),
        ContactInput::default().with(Field::Emails, "countess@example.com"),
        ContactInput::default().with(Field::Phones, "110"),
        ContactInput::default().with(Field::Company, "Engines"),
        ContactInput::default().with(Field::Notes, "First programmer"),
    ] {
        let service = service.service.clone();
        patches.spawn(async move {
            service
                .update(contact.id, &patch, Required::NameAndEmail, None)
                .await
        });
    }
    for patched in patches.join_all().await {
        patched.expect("the patch names no version");
    }
    let patched = service.get(contact.id).await.expect("it is there");
    assert_eq!(
        patched,
        Contact {
            name: "Ada Lovelace".to_owned(),
            email: Some("countess@example.com".to_owned()),
            phone: Some("110".to_owned()),
            company: Some("Engines".to_owned()),
            notes: Some("First programmer".to_owned()),
            version: 6,
            fields: patched.fields.clone(),
            ..contact
        }
    );
}

#[tokio::test]
async fn a_closed_service_is_unavailable() {
    let service = service().await;
    assert_eq!(service.all.ping().await, Ok(()));
    service.all.close().await;
    assert_eq!(service.all.ping().await, Err(AppError::Unavailable));
    assert_eq!(
        service
            .create(&draft("Ada"), Required::NameAndEmail, None, None)
            .await,
        Err(AppError::Unavailable)
    );
}

/// Sends a form that was opened when the contact said `base`.
async fn edit(
    service: &Contacts,
    id: ContactId,
    base: &ContactFields,
    typed: ContactInput,
    restore: bool,
) -> Result<Edit, AppError> {
    let edit = FormEdit {
        base: base.clone(),
        typed,
        left: Vec::new(),
        restore,
    };
    service.edit(id, &edit).await
}

async fn fields_of(service: &Contacts, id: ContactId) -> ContactFields {
    let (_, card) = service.card(id).await.expect("it is there");
    card.fields()
}

fn saved(edit: Result<Edit, AppError>) -> (Contact, Vec<Field>) {
    match edit {
        Ok(Edit::Saved(contact, kept)) => (contact, kept),
        other => panic!("expected a saved contact, got {other:?}"),
    }
}

#[tokio::test]
async fn an_edit_saves_what_was_touched_over_what_others_have_saved() {
    let service = service().await;
    let ada = create(&service, "Ada").await;
    let base = fields_of(&service, ada.id).await;
    let theirs = draft("Ada")
        .with(Field::Phones, "113")
        .with(Field::Notes, "Theirs");
    service
        .update(ada.id, &theirs, Required::NameAndEmail, None)
        .await
        .expect("it is valid");
    let mine = draft("Ada").with(Field::Company, " Mine ");
    let (saved, merged) = saved(edit(&service, ada.id, &base, mine, false).await);
    assert_eq!(merged, [Field::Phones, Field::Notes]);
    assert_eq!(saved.company.as_deref(), Some("Mine"));
    assert_eq!(saved.phone.as_deref(), Some("113"));
    assert_eq!(saved.notes.as_deref(), Some("Theirs"));
    assert_eq!(saved.version, 3);
}

#[tokio::test]
async fn two_people_who_add_an_entry_each_have_both() {
    let service = service().await;
    let ada = create(&service, "Ada").await;
    let base = fields_of(&service, ada.id).await;
    let form = |number: &str| {
        let inputs = [
            ("phones.0", "112"),
            ("phones.1", number),
            ("phones.1.label", "work"),
        ];
        let inputs = inputs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        ContactInput::of_form(&inputs)
    };
    saved(edit(&service, ada.id, &base, form("113"), false).await);
    saved(edit(&service, ada.id, &base, form("114"), false).await);
    let now = fields_of(&service, ada.id).await;
    let mut numbers: Vec<&str> = now.get(Field::Phones).iter().map(Entry::value).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["112", "113", "114"]);
}

#[tokio::test]
async fn people_need_one_field_and_programs_name_and_email() {
    let service = service().await;
    let plumber = ContactInput::default().with(Field::Phones, "020 7946 0000");
    let create = |required| service.create(&plumber, required, Some(true), None);
    let refused = create(Required::NameAndEmail).await.expect_err("no name");
    assert_eq!(refused.to_string(), "Name and email are required");
    let created = create(Required::AnyField)
        .await
        .expect("a phone number")
        .contact;
    assert_eq!(created.name, "020 7946 0000");
    assert_eq!(created.email, None);
    assert_eq!(created.detail(), "");
    // A program that changes something else does not have to invent an address.
    let patch = ContactInput::default().with(Field::Company, "Pipes");
    let patched = service
        .update(created.id, &patch, Required::NameAndEmail, None)
        .await;
    assert_eq!(
        patched.expect("it is valid").company.as_deref(),
        Some("Pipes")
    );
    let nothing = service
        .create(&ContactInput::default(), Required::AnyField, None, None)
        .await;
    let nothing = nothing.expect_err("it says nothing");
    assert_eq!(nothing.fields()[0].field, "name");
    assert_eq!(
        nothing.fields()[0].message,
        "Enter a name, or anything else that you know."
    );
}

#[tokio::test]
async fn a_contact_without_a_name_may_be_called_what_it_was_called() {
    let service = service().await;
    let nameless = ContactInput::default().with(Field::Emails, "ada@example.com");
    let create = service.create(&nameless, Required::AnyField, None, None);
    let created = create.await.expect("an address is enough").contact;
    // What an answer says may come back, and is no name.
    let echo = ContactInput::default().with(Field::Name, &created.name);
    let required = Required::AnyField;
    let same = service.update(created.id, &echo, required, None).await;
    assert_eq!(same, Ok(created.clone()));
    let named = echo.with(Field::Emails, "");
    let named = service.update(created.id, &named, required, None).await;
    let named = named.expect("it says its name");
    assert_eq!((named.name, named.email), (created.name, None));
}

#[tokio::test]
async fn a_card_that_another_program_has_written_survives_edits() {
    let service = service().await;
    let ada = create(&service, "Ada").await;
    let card = b"BEGIN:VCARD\nVERSION:4.0\nX-OTHER;P=1:kept\nFN:Ada\nitem1.EMAIL:ada@work.example\nitem1.X-ABLabel:Office\nEND:VCARD\n";
    let replaced = service
        .replace_card(ada.id, card.to_vec(), Some(ada.version))
        .await
        .expect("a card");
    assert_eq!(replaced.email.as_deref(), Some("ada@work.example"));
    let stale = service.replace_card(ada.id, card.to_vec(), Some(1)).await;
    assert!(matches!(stale, Err(AppError::Changed { .. })), "{stale:?}");
    let broken = service.replace_card(ada.id, b"FN:Ada".to_vec(), None).await;
    assert_eq!(
        broken.expect_err("no card").to_string(),
        "This is not a vCard: line 1: a card begins with BEGIN:VCARD."
    );
    let patch = ContactInput::default().with(Field::Emails, "ada@home.example");
    let patched = service
        .update(ada.id, &patch, Required::NameAndEmail, None)
        .await
        .expect("valid");
    let (found, kept) = service.card(ada.id).await.expect("it is there");
    assert_eq!(found, patched);
    let expected = String::from_utf8(card.to_vec()).expect("text");
    let expected = expected.replace("ada@work.example", "ada@home.example");
    assert_eq!(std::str::from_utf8(kept.bytes()), Ok(&*expected));
}

#[tokio::test]
async fn an_edit_does_not_decide_between_two_people() {
    let service = service().await;
    let ada = create(&service, "Ada").await;
    let base = fields_of(&service, ada.id).await;
    let theirs = service
        .update(ada.id, &draft("Theirs"), Required::NameAndEmail, None)
        .await
        .expect("it is valid");
    let conflict = edit(&service, ada.id, &base, draft("Mine"), false).await;
    let Ok(Edit::Conflict {
        fields,
        mine,
        theirs: saved_fields,
        version,
    }) = conflict
    else {
        panic!("expected a conflict, got {conflict:?}");
    };
    assert_eq!(fields, [Field::Name]);
    assert_eq!(mine.text(Field::Name), Some("Mine"));
    assert_eq!(saved_fields.text(Field::Name), Some("Theirs"));
    assert_eq!(version, 2);
    assert_eq!(service.get(ada.id).await, Ok(theirs.clone()));
    // A client that has meant the same has changed nothing.
    let same = edit(&service, ada.id, &base, draft(" Theirs "), false).await;
    assert_eq!(saved(same), (theirs, Vec::new()));
    let too_long = with_email(&"x".repeat(321));
    let invalid = edit(&service, ada.id, &base, too_long, false).await;
    assert_eq!(invalid.expect_err("too long").fields().len(), 1);
}

#[tokio::test]
async fn what_is_left_to_others_stays_as_they_have_saved_it() {
    let service = service().await;
    let ada = create(&service, "Ada").await;
    let base = fields_of(&service, ada.id).await;
    service
        .update(ada.id, &draft("Theirs"), Required::NameAndEmail, None)
        .await
        .expect("it is valid");
    let choice = FormEdit {
        base,
        typed: draft("Mine").with(Field::Company, "Engines"),
        left: vec![Field::Name],
        restore: false,
    };
    let (saved, _) = saved(service.edit(ada.id, &choice).await);
    assert_eq!(saved.name, "Theirs");
    assert_eq!(saved.company.as_deref(), Some("Engines"));
}

#[tokio::test]
async fn edits_of_different_fields_at_once_are_all_kept() {
    let service = service().await;
    let ada = create(&service, "Ada").await;
    let base = fields_of(&service, ada.id).await;
    let mut edits = JoinSet::new();
    let edited = [Field::Phones, Field::Company, Field::Notes, Field::Name];
    for field in edited {
        let (service, id, base) = (service.service.clone(), ada.id, base.clone());
        edits.spawn(async move {
            let typed = draft("Ada").with(field, "114");
            edit(&service, id, &base, typed, false).await
        });
    }
    while let Some(edit) = edits.join_next().await {
        saved(edit.expect("no panic"));
    }
    let now = fields_of(&service, ada.id).await;
    for field in edited {
        assert_eq!(now.text(field), Some("114"), "{field:?}");
    }
}

#[tokio::test]
async fn an_edit_takes_a_contact_out_of_the_trash_only_when_told_to() {
    let service = service().await;
    let ada = create(&service, "Ada").await;
    let base = fields_of(&service, ada.id).await;
    service.delete(ada.id, None).await.expect("it is there");
    let lost = edit(&service, ada.id, &base, draft("Mine"), false).await;
    assert_eq!(lost, Err(AppError::NotFound));
    // A mistake takes nothing out of the trash.
    let too_long = with_email(&"x".repeat(321));
    let invalid = edit(&service, ada.id, &base, too_long, true).await;
    assert!(invalid.is_err());
    assert_eq!(service.get(ada.id).await, Err(AppError::NotFound));
    let (saved, _) = saved(edit(&service, ada.id, &base, draft("Mine"), true).await);
    assert_eq!(saved.name, "Mine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_lose_every_race_are_to_be_tried_again_later() {
    let contact = Arc::new(OnceLock::new());
    let raced = Arc::clone(&contact);
    // A rival writes each time, after the contact was read and before it is written.
    let service = service_by(|store| {
        let rivals = Mutex::new(0);
        let handle = tokio::runtime::Handle::current();
        Arc::new(move || {
            let now = Timestamp::UNIX_EPOCH;
            if let Some(id) = raced.get() {
                let mut rivals = rivals.lock().expect("no panic");
                *rivals += 1;
                let theirs = draft("Ada").with(Field::Phones, format!("{}", 1000 + *rivals));
                let theirs = parsed(&theirs);
                let write = store.update(*id, &theirs, None, now);
                tokio::task::block_in_place(|| handle.block_on(write)).expect("it is there");
            }
            now
        })
    })
    .await;
    let ada = create(&service, "Ada").await;
    contact.set(ada.id).expect("it is set once");
    let base = fields_of(&service, ada.id).await;
    let mine = draft("Ada").with(Field::Company, "Mine");
    let edited = edit(&service, ada.id, &base, mine, false).await;
    assert_eq!(edited, Err(AppError::Unavailable));
    let patch = ContactInput::default().with(Field::Company, "Mine");
    let patched = service
        .update(ada.id, &patch, Required::NameAndEmail, None)
        .await;
    assert_eq!(patched, Err(AppError::Unavailable));
    let now = service.get(ada.id).await.expect("it is there");
    let patched = service
        .update(ada.id, &patch, Required::NameAndEmail, Some(now.version))
        .await;
    assert!(
        matches!(patched, Err(AppError::Changed { .. })),
        "{patched:?}"
    );
}
