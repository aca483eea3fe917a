//! What the books of one database know of each other: nothing.

use std::sync::Arc;

use kith_cache::Generations;
use kith_database::query;

use super::Opened;
use crate::model::contact::ContactId;
use crate::services::audit_log::Actor;
use crate::services::book::BookKey;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::PAGES;
use crate::services::contacts::activity::Event;
use crate::services::contacts::query::Scope;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::conformance;
use crate::services::contacts::store::conformance::Store;
use crate::services::contacts::store::conformance::Update;
use crate::services::contacts::store::conformance::add;
use crate::services::contacts::store::conformance::at;
use crate::services::contacts::store::conformance::fields;
use crate::services::contacts::store::sql::SqlStore;

/// Another book of the database.
async fn add_book(opened: &Opened, seq: i64) -> Store {
    let mut tx = opened.database.write().await.expect("it is open");
    query("INSERT INTO books (seq, id, name, created_at) VALUES ($1, $2, 'Other', 1)")
        .bind(seq)
        .bind([u8::try_from(seq).expect("it is small"); 16].as_slice())
        .execute(&mut tx)
        .await
        .expect("it is new");
    tx.commit().await.expect("there is room");
    opened.in_book(BookKey(seq))
}

/// The generations of contacts and of pages in a book.
async fn generations(opened: &Opened, book: i64) -> Vec<String> {
    let store = SqlStore::new(opened.database.clone(), conformance::IDEMPOTENCY_TTL);
    let tags = [CONTACTS, PAGES].map(|tag| tag.part(book));
    let mut found = store.read(&tags).await.expect("they can be read");
    found.sort_by(|one, other| one.0.cmp(&other.0));
    let found = found
        .iter()
        .map(|(tag, state)| format!("{tag} {}", state.0));
    found.collect()
}

/// Each book is held against a map of its own, while the other one changes as well.
pub async fn two_books_that_change_at_once_know_nothing_of_each_other(opened: Opened) {
    let other = add_book(&opened, 2).await;
    tokio::join!(
        conformance::any_sequence_of_changes_leaves_what_it_should(Arc::clone(&opened)),
        conformance::any_sequence_of_changes_leaves_what_it_should(other),
    );
    opened.assert_consistent().await;
}

pub async fn a_contact_takes_its_dates_to_another_book(opened: Opened) {
    let other = add_book(&opened, 2).await;
    let born = conformance::born("Ada", "1815-12-10");
    let created = opened.create(conformance::new_id(), &born, at(0), None, None);
    let ada = created.await.expect("it is new").contact;
    let moved = opened.move_to(ada.id, BookKey(2), at(1)).await;
    moved.expect("it is there");
    assert_eq!(conformance::all_dates(&opened).await, Vec::<String>::new());
    assert_eq!(
        conformance::all_dates(&other).await,
        ["Ada 12-10 Birthday 1815"]
    );
    opened.assert_consistent().await;
}

pub async fn a_contact_is_found_in_no_other_book(opened: Opened) {
    let other = add_book(&opened, 2).await;
    let ada = add(&opened, "Ada").await.id;
    let before = generations(&opened, 1).await;
    let refused = [
        other.get(ada).await.err(),
        other.get_deleted(ada).await.err(),
        other.restore(ada, at(1)).await.err(),
        other
            .update(ada, &fields("Eve", "eve@example.com"), None, at(1))
            .await
            .err(),
        other
            .delete(ada, None, at(1), &Actor::operator())
            .await
            .err(),
        other.move_to(ada, BookKey(2), at(1)).await.err(),
    ];
    for (number, refused) in refused.into_iter().enumerate() {
        assert!(
            matches!(refused, Some(StoreError::NotFound)),
            "{number}: {refused:?}"
        );
    }
    assert_eq!(other.activities(ada).await.expect("it is open"), []);
    assert_eq!(
        other.book_of(ada).await.expect("it is there"),
        BookKey::FIRST
    );
    for search in ["", "ad", "ada"] {
        let found = conformance::list(&other, &conformance::query(search, "name", 9, None)).await;
        assert_eq!(found.total, 0, "{search:?}");
    }
    let bob = add(&other, "Bob").await.id;
    other
        .delete(bob, None, at(2), &Actor::operator())
        .await
        .expect("it is there");
    assert_eq!(
        generations(&opened, 1).await,
        before,
        "the other book has changed"
    );
    let totals = opened.totals().await.expect("it is open");
    assert_eq!((totals.contacts, totals.trash), (1, 0));
    let totals = other.totals().await.expect("it is open");
    assert_eq!((totals.contacts, totals.trash), (0, 1));
}

pub async fn a_contact_moves_with_all_that_has_happened_around_it(opened: Opened) {
    let other = add_book(&opened, 2).await;
    let ada = add(&opened, "Ada").await;
    let king = fields("Ada King", "someone@example.com");
    let ada = opened.update(ada.id, &king, None, at(1)).await;
    let ada = ada.expect("it is there");
    add(&other, "Bob").await;
    let before = [generations(&opened, 1).await, generations(&opened, 2).await];
    let moved = opened
        .move_to(ada.id, BookKey(2), at(7))
        .await
        .expect("it is there");
    assert_eq!((moved.version, moved.name.as_str()), (3, "Ada King"));
    for (book, before) in [(1, &before[0]), (2, &before[1])] {
        let after = generations(&opened, book).await;
        assert!(
            after.iter().all(|state| !before.contains(state)),
            "{after:?}"
        );
    }
    assert!(matches!(
        opened.get(ada.id).await,
        Err(StoreError::NotFound)
    ));
    assert_eq!(other.get(ada.id).await.expect("it is there"), moved);
    for (store, expected) in [(&*opened, 0), (&other, 1)] {
        for search in ["ad", "ada"] {
            let query = conformance::query(search, "name", 9, None);
            assert_eq!(conformance::list(store, &query).await.total, expected);
        }
    }
    let changed = Event::Changed {
        fields: vec!["name".to_owned()],
    };
    assert_eq!(
        events(&other, ada.id).await,
        [Event::Created, changed, Event::Moved]
    );
    let versions = other.versions(ada.id, None, 9).await.expect("it is there");
    assert_eq!(versions.versions.len(), 1);
    assert!(matches!(
        opened.versions(ada.id, None, 9).await,
        Err(StoreError::NotFound)
    ));
    opened.assert_consistent().await;

    // And back, where the next contact has a number of its own.
    let back = other
        .move_to(ada.id, BookKey::FIRST, at(8))
        .await
        .expect("it is there");
    assert_eq!(back.version, 4);
    add(&opened, "Cem").await;
    let names = conformance::all_pages(&opened, Scope::Live, "", "name", 2).await;
    assert_eq!(names.len(), 2);
    opened.assert_consistent().await;
}

async fn events(store: &Store, contact: ContactId) -> Vec<Event> {
    let activities = store.activities(contact).await.expect("it is open");
    activities.into_iter().map(|one| one.event).collect()
}

pub async fn a_book_with_contacts_is_not_removed(opened: Opened) {
    let other = add_book(&opened, 2).await;
    add(&other, "Bob").await;
    let mut tx = opened.database.write().await.expect("it is open");
    let removed = query("DELETE FROM books WHERE seq = 2")
        .execute(&mut tx)
        .await;
    removed.expect_err("it has a contact");
}
