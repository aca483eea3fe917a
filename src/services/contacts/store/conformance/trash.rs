//! Deleting and restoring.

use super::*;
use crate::services::audit_log::Actor;

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
