//! Any sequence of changes, compared with a store that is a map.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::services::audit_log::Actor;
use crate::services::contacts::fold::search_key;
use crate::services::contacts::query::parse_search;
use crate::services::contacts::search_document::document;

/// A change to the contact at a place in the order of creation, or a new one.
#[derive(Clone, Debug)]
enum Change {
    Create {
        name: String,
    },
    Update {
        place: usize,
        name: String,
        expected: Option<u32>,
    },
    Delete {
        place: usize,
        expected: Option<u32>,
    },
    Restore {
        place: usize,
    },
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let name = || "[a-cáł王]{1,3}( [a-c]{1,4})?";
    let place = 0..8_usize;
    let expected = || proptest::option::of(1..4_u32);
    let change = prop_oneof![
        3 => name().prop_map(|name| Change::Create { name }),
        3 => (place.clone(), name(), expected())
            .prop_map(|(place, name, expected)| Change::Update { place, name, expected }),
        2 => (place.clone(), expected())
            .prop_map(|(place, expected)| Change::Delete { place, expected }),
        2 => place.prop_map(|place| Change::Restore { place }),
    ];
    proptest::collection::vec(change, 400)
}

/// What the map says of a contact.
#[derive(Clone, Debug)]
struct Known {
    name: String,
    version: u32,
    in_trash: bool,
}

pub async fn any_sequence_of_changes_leaves_what_it_should(store: Store) {
    let mut runner = TestRunner::deterministic();
    let changes = changes()
        .new_tree(&mut runner)
        .expect("there are changes")
        .current();
    let mut known: BTreeMap<ContactId, Known> = BTreeMap::new();
    let mut order: Vec<ContactId> = Vec::new();
    for (number, change) in changes.into_iter().enumerate() {
        let now = at(number as i64);
        // Mostly the latest contacts, so that they meet several changes.
        let contact_at = |place: usize| order.iter().rev().nth(place).copied();
        match change.clone() {
            Change::Create { name } => {
                let contact = add_at(&store, &name, number as i64).await;
                order.push(contact.id);
                known.insert(
                    contact.id,
                    Known {
                        name,
                        version: 1,
                        in_trash: false,
                    },
                );
            }
            Change::Update {
                place,
                name,
                expected,
            } => {
                let Some(id) = contact_at(place) else {
                    continue;
                };
                let entry = known.get_mut(&id).expect("it is known");
                let new = fields(&name, "someone@example.com");
                match store.update(id, &new, expected, now).await {
                    Ok(contact) => {
                        assert!(!entry.in_trash, "{change:?}");
                        assert!(expected.is_none_or(|version| version == entry.version));
                        entry.version += u32::from(entry.name != name);
                        entry.name = name;
                        assert_eq!(contact.version, entry.version, "{change:?}");
                    }
                    Err(error) => assert_refused(&error, entry, expected),
                }
            }
            Change::Delete { place, expected } => {
                let Some(id) = contact_at(place) else {
                    continue;
                };
                let entry = known.get_mut(&id).expect("it is known");
                match store.delete(id, expected, now, &Actor::operator()).await {
                    Ok(()) => {
                        assert!(!entry.in_trash, "{change:?}");
                        assert!(expected.is_none_or(|version| version == entry.version));
                        entry.version += 1;
                        entry.in_trash = true;
                    }
                    Err(error) => assert_refused(&error, entry, expected),
                }
            }
            Change::Restore { place } => {
                let Some(id) = contact_at(place) else {
                    continue;
                };
                let entry = known.get_mut(&id).expect("it is known");
                let contact = store
                    .restore(id, now)
                    .await
                    .expect("it is there or in the trash");
                entry.version += u32::from(entry.in_trash);
                entry.in_trash = false;
                assert_eq!(contact.version, entry.version, "{change:?}");
            }
        }
    }

    for search in [
        "",
        "a",
        "á",
        "王",
        "ab",
        "abc",
        "a b",
        "l abc",
        "b王",
        "some abc",
        "no:phone ab",
    ] {
        for (scope, in_trash) in [(Scope::Live, false), (Scope::Trash, true)] {
            let question = parse_search(search).expect("it is short");
            let contacts = all_pages(&store, scope, "", "name", 100).await;
            let of_scope = known.values().filter(|known| known.in_trash == in_trash);
            assert_eq!(contacts.len(), of_scope.count());
            let found = contacts.iter().filter(|contact| {
                assert_eq!(contact.name, known[&contact.id].name);
                question.tier(&document(contact)).is_some()
            });
            let mut expected: Vec<(String, ContactId)> = found
                .map(|contact| {
                    (
                        search_key(&contact.name, Some("someone@example.com")),
                        contact.id,
                    )
                })
                .collect();
            expected.sort();
            let expected: Vec<ContactId> = expected.into_iter().map(|(_, id)| id).collect();
            let listed = all_pages(&store, scope, search, "name", 7).await;
            assert_eq!(ids(&listed), expected, "{search:?} in {scope:?}");
            let page = list(&store, &scoped_query(scope, search, "name", 7, None)).await;
            assert_eq!(page.total, expected.len() as u64, "{search:?} in {scope:?}");
        }
    }
}

fn assert_refused(error: &StoreError, entry: &Known, expected: Option<u32>) {
    match error {
        StoreError::NotFound => assert!(entry.in_trash),
        StoreError::Changed(current) => {
            assert_eq!(
                (current.version, &current.name),
                (entry.version, &entry.name)
            );
            assert_ne!(expected, Some(entry.version));
        }
        other => panic!("{other}"),
    }
}
