//! Deleting, restoring, and deleting for ever.

use super::*;
use crate::services::audit_log::Actor;
use crate::services::contacts::store::IdempotentRequest;

pub async fn a_deleted_contact_is_only_in_the_trash(store: Store) {
    let kept = add(&store, "Ada Kept").await;
    let gone = add(&store, "Ada Gone").await;

    store
        .delete(gone.id, None, at(7), &Actor::operator())
        .await
        .expect("it is there");

    let new = fields("New", "new@example.com");
    assert!(matches!(
        store.get(gone.id).await,
        Err(StoreError::NotFound)
    ));
    assert!(matches!(
        store.update(gone.id, &new, None, at(8)).await,
        Err(StoreError::NotFound)
    ));
    assert!(matches!(
        store.delete(gone.id, None, at(8), &Actor::operator()).await,
        Err(StoreError::NotFound)
    ));
    assert!(matches!(
        store.get_deleted(kept.id).await,
        Err(StoreError::NotFound)
    ));
    let deleted = store
        .get_deleted(gone.id)
        .await
        .expect("it is in the trash");
    assert_eq!((deleted.version, deleted.name.as_str()), (2, "Ada Gone"));
    assert_eq!(deleted.updated_at, "2026-11-22T05:29:00.007Z");

    for search in ["", "ada", "ad", "ada k", "example"] {
        assert_eq!(found(&store, search).await, ["Ada Kept"], "{search:?}");
    }
    for search in ["", "ada", "ad", "ada g", "gone example"] {
        assert_eq!(
            found_in(&store, Scope::Trash, search).await,
            ["Ada Gone"],
            "{search:?}"
        );
    }
    assert_eq!(
        found_in(&store, Scope::Trash, "kept").await,
        Vec::<String>::new()
    );
}

pub async fn a_restored_contact_is_back(store: Store) {
    let contact = add(&store, "Ada").await;
    store
        .delete(contact.id, None, at(1), &Actor::operator())
        .await
        .expect("it is there");

    let restored = store
        .restore(contact.id, at(2))
        .await
        .expect("it is in the trash");

    let expected = Contact {
        version: 3,
        updated_at: "2026-11-22T05:29:00.002Z".to_owned(),
        ..contact
    };
    assert_eq!(restored, expected);
    assert_eq!(store.get(expected.id).await.expect("it is there"), expected);
    assert_eq!(found(&store, "ada").await, ["Ada"]);
    assert_eq!(found(&store, "ad").await, ["Ada"]);
    assert_eq!(
        found_in(&store, Scope::Trash, "").await,
        Vec::<String>::new()
    );

    let again = store
        .restore(expected.id, at(3))
        .await
        .expect("it is there");
    assert_eq!(again, expected);
}

pub async fn a_deletion_expects_a_version(store: Store) {
    let contact = add(&store, "Ada").await;
    let stale = store
        .delete(contact.id, Some(2), at(1), &Actor::operator())
        .await;
    assert!(matches!(stale, Err(StoreError::Changed(current)) if *current == contact));
    store
        .delete(contact.id, Some(1), at(1), &Actor::operator())
        .await
        .expect("it is expected");
    // What is in the trash is not there for those who expect something of it either.
    assert!(matches!(
        store
            .delete(contact.id, Some(1), at(2), &Actor::operator())
            .await,
        Err(StoreError::NotFound)
    ));
}

async fn delete(store: &Store, id: ContactId, millis: i64) {
    let deleted = store.delete(id, None, at(millis), &Actor::operator()).await;
    deleted.expect("it is there");
}

async fn erase(store: &Store, id: ContactId) -> Result<(), StoreError> {
    store.erase(id, at(9), &Actor::operator()).await
}

pub async fn an_erased_contact_is_gone(store: Store) {
    let kept = add(&store, "Ada Kept").await;
    let gone = add(&store, "Ada Gone").await;
    let in_trash = add(&store, "Ada Deleted").await;
    assert!(matches!(
        erase(&store, gone.id).await,
        Err(StoreError::NotFound)
    ));
    assert_eq!(store.get(gone.id).await.expect("it is there"), gone);

    delete(&store, gone.id, 1).await;
    delete(&store, in_trash.id, 2).await;
    erase(&store, gone.id).await.expect("it is in the trash");

    for nowhere in [
        store.get(gone.id).await,
        store.get_deleted(gone.id).await,
        store.restore(gone.id, at(10)).await,
    ] {
        assert!(matches!(nowhere, Err(StoreError::NotFound)), "{nowhere:?}");
    }
    assert!(matches!(
        erase(&store, gone.id).await,
        Err(StoreError::NotFound)
    ));
    let activities = store.activities(gone.id).await.expect("it is open");
    assert_eq!(activities, []);
    let totals = store.totals().await.expect("it is open");
    assert_eq!((totals.contacts, totals.trash), (1, 1));
    assert_eq!(found_in(&store, Scope::Trash, "").await, ["Ada Deleted"]);
    assert_eq!(store.get(kept.id).await.expect("it is there"), kept);
    // The next contact may get the number of the one that is gone.
    add(&store, "Bob").await;
    assert_eq!(found(&store, "gone").await, Vec::<String>::new());
    assert_eq!(found(&store, "bob").await, ["Bob"]);
}

pub async fn no_answer_holds_an_erased_contact(store: Store) {
    let request = IdempotentRequest::new(b"key", &ContactInput::default(), None);
    let request = request.expect("the key is valid");
    let other = IdempotentRequest::new(b"other", &ContactInput::default(), None);
    let other = other.expect("the key is valid");
    let create = async |request| {
        let fields = fields("Ada", "ada@example.com");
        let created = store.create(new_id(), &fields, at(0), Some(request), None);
        created.await.expect("it can be created")
    };
    let first = create(&request).await;
    let kept = create(&other).await;
    delete(&store, first.contact.id, 1).await;
    assert!(create(&request).await.replayed);

    erase(&store, first.contact.id)
        .await
        .expect("it is in the trash");
    let second = create(&request).await;
    assert!(!second.replayed, "{second:?}");
    assert_ne!(second.contact.id, first.contact.id);
    let again = create(&other).await;
    assert!(again.replayed, "{again:?}");
    assert_eq!(again.contact, kept.contact);
}

pub async fn the_oldest_of_the_trash_are_erased_first(store: Store) {
    for (name, millis) in [("Ada", 30), ("Bob", 10), ("Cem", 20)] {
        let contact = add(&store, name).await;
        delete(&store, contact.id, millis).await;
    }
    add(&store, "Kept").await;
    let erase_before = async |millis: i64| {
        let erased = store.erase_some(Some(at(millis)), None).await;
        erased.expect("it is open")
    };
    assert_eq!(erase_before(10).await, 0);
    assert_eq!(erase_before(30).await, 2);
    assert_eq!(erase_before(30).await, 0);
    assert_eq!(found_in(&store, Scope::Trash, "").await, ["Ada"]);
    assert_eq!(found(&store, "").await, ["Kept"]);
}

pub async fn a_full_trash_is_erased_in_several_steps(store: Store) {
    for number in 0..205 {
        let contact = add(&store, &format!("Ada {number}")).await;
        delete(&store, contact.id, number).await;
    }
    add(&store, "Kept").await;
    let mut steps = Vec::new();
    loop {
        let erased = store.erase_some(None, None).await.expect("it is open");
        steps.push(erased);
        if erased == 0 {
            break;
        }
    }
    assert_eq!(steps, [200, 5, 0]);
    assert_eq!(
        found_in(&store, Scope::Trash, "").await,
        Vec::<String>::new()
    );
    assert_eq!(found(&store, "").await, ["Kept"]);
}
