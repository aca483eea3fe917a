//! Creating, reading and updating.

use tokio::task::JoinSet;

use super::*;
use crate::services::audit_log::Actor;

pub async fn a_created_contact_can_be_read(store: Store) {
    let typed = ContactInput::default()
        .with(
            Field::Name,
            "Zoë \"Z\" O'Neill; DROP TABLE contacts".to_owned(),
        )
        .with(Field::Emails, "zoë@exämple.com")
        .with(Field::Phones, "+44 20 7946 0000")
        .with(Field::Company, "Ünïcode & Sons")
        .with(Field::Notes, "first line\nsecond\tline 👩\u{200D}💻");
    let fields = parsed(&typed);
    let id = new_id();

    let creation = store
        .create(id, &fields, at(0), None, None)
        .await
        .expect("it can be added");

    assert!(!creation.replayed);
    assert_eq!(creation.contact.id, id);
    assert_eq!(creation.contact.version, 1);
    assert_eq!(creation.contact.created_at, creation.contact.updated_at);
    let read = store.get(id).await.expect("it is there");
    assert_eq!(read, creation.contact);
    assert_eq!(input_of(&read), typed);

    let plain = add(&store, "Ada").await;
    let read = store.get(plain.id).await.expect("it is there");
    assert_eq!((read.phone, read.company, read.notes), (None, None, None));
}

pub async fn times_have_milliseconds_in_utc(store: Store) {
    let now: Timestamp = "2026-11-22T06:29:00.1239999+01:00"
        .parse()
        .expect("it is RFC 3339");
    let creation = store
        .create(new_id(), &fields("Ada", "ada@example.com"), now, None, None)
        .await;
    let contact = creation.expect("it can be added").contact;
    assert_eq!(contact.created_at, "2026-11-22T05:29:00.123Z");

    let whole = add_at(&store, "Bob", 0).await;
    assert_eq!(whole.created_at, "2026-11-22T05:29:00.000Z");
}

pub async fn an_unknown_contact_is_not_found(store: Store) {
    let id = new_id();
    let new = fields("Ada", "ada@example.com");
    assert!(matches!(store.get(id).await, Err(StoreError::NotFound)));
    assert!(matches!(
        store.get_deleted(id).await,
        Err(StoreError::NotFound)
    ));
    assert!(matches!(
        store.update(id, &new, None, at(0)).await,
        Err(StoreError::NotFound)
    ));
    assert!(matches!(
        store.update(id, &new, Some(1), at(0)).await,
        Err(StoreError::NotFound)
    ));
    assert!(matches!(
        store.delete(id, None, at(0), &Actor::operator()).await,
        Err(StoreError::NotFound)
    ));
    assert!(matches!(
        store.restore(id, at(0)).await,
        Err(StoreError::NotFound)
    ));
}

pub async fn an_update_replaces_every_field(store: Store) {
    let full = parsed(
        &ContactInput::default()
            .with(Field::Name, "Ada")
            .with(Field::Emails, "ada@example.com")
            .with(Field::Phones, "112")
            .with(Field::Company, "Engines")
            .with(Field::Notes, "notes"),
    );
    let created = store
        .create(new_id(), &full, at(0), None, None)
        .await
        .expect("it can be added");

    let new = fields("Ada Lovelace", "countess@example.com");
    let updated = store
        .update(created.contact.id, &new, None, at(5))
        .await
        .expect("it is there");

    let expected = Contact {
        name: "Ada Lovelace".to_owned(),
        email: Some("countess@example.com".to_owned()),
        phone: None,
        company: None,
        notes: None,
        fields: updated.fields.clone(),
        updated_at: "2026-11-22T05:29:00.005Z".to_owned(),
        version: 2,
        ..created.contact
    };
    assert_eq!(updated, expected);
    let emails = &updated.fields["emails"];
    assert_eq!(emails.as_array().map(Vec::len), Some(1));
    assert_eq!(emails[0]["value"], "countess@example.com");
    assert_eq!(store.get(expected.id).await.expect("it is there"), expected);
}

pub async fn an_update_of_nothing_changes_nothing(store: Store) {
    let contact = add(&store, "Ada").await;
    let same = fields("Ada", "someone@example.com");
    let updated = store
        .update(contact.id, &same, Some(1), at(5))
        .await
        .expect("it is there");
    assert_eq!(updated, contact);
    assert_eq!(store.get(contact.id).await.expect("it is there"), contact);
    // A client that expected another version still has to look.
    let stale = store.update(contact.id, &same, Some(2), at(5)).await;
    assert!(matches!(stale, Err(StoreError::Changed(current)) if *current == contact));
}

pub async fn of_two_writers_one_learns_what_the_other_wrote(store: Store) {
    let read = add(&store, "Ada").await;
    let first = fields("First", "first@example.com");
    let second = fields("Second", "second@example.com");

    let won = store
        .update(read.id, &first, Some(read.version), at(1))
        .await
        .expect("it is there");
    let lost = store
        .update(read.id, &second, Some(read.version), at(2))
        .await;

    assert!(matches!(lost, Err(StoreError::Changed(current)) if *current == won));
    assert_eq!(store.get(read.id).await.expect("it is there"), won);
    let again = store
        .update(read.id, &second, Some(won.version), at(3))
        .await;
    assert_eq!(again.expect("it is expected").version, 3);
}

pub async fn of_many_writers_at_once_one_wins(store: Store) {
    let read = add(&store, "Ada").await;
    let mut writers = JoinSet::new();
    for number in 0..20 {
        let store = Arc::clone(&store);
        let fields = fields(&format!("Writer {number}"), "writer@example.com");
        writers.spawn(async move { store.update(read.id, &fields, Some(1), at(1)).await });
    }
    let (won, lost): (Vec<_>, Vec<_>) = writers
        .join_all()
        .await
        .into_iter()
        .partition(Result::is_ok);

    assert_eq!(won.len(), 1);
    let won = won.into_iter().flatten().next().expect("one has won");
    assert_eq!(store.get(read.id).await.expect("it is there"), won);
    for lost in lost {
        assert!(matches!(lost, Err(StoreError::Changed(current)) if *current == won));
    }
}

pub async fn times_never_go_backwards(store: Store) {
    let contact = add_at(&store, "Ada", 1000).await;
    let new = fields("Ada Lovelace", "ada@example.com");
    let updated = store
        .update(contact.id, &new, None, at(0))
        .await
        .expect("it is there");
    assert_eq!(updated.updated_at, contact.created_at);
    store
        .delete(contact.id, None, at(-1000), &Actor::operator())
        .await
        .expect("it is there");
    let restored = store
        .restore(contact.id, at(-2000))
        .await
        .expect("it is in the trash");
    assert_eq!(restored.updated_at, contact.created_at);
}

pub async fn nothing_is_done_after_closing(store: Store) {
    let contact = add(&store, "Ada").await;
    store.ping().await.expect("it is open");

    store.close().await;

    let new = fields("Bob", "bob@example.com");
    assert!(matches!(
        store.ping().await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(matches!(
        store.get(contact.id).await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(matches!(
        store.create(new_id(), &new, at(0), None, None).await,
        Err(StoreError::Unavailable(_))
    ));
}
