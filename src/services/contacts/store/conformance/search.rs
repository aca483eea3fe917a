//! Searches.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use kith_search::Part;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;

use super::*;
use crate::services::contacts::fold::fold;
use crate::services::contacts::query::Sort;
use crate::services::contacts::query::parse_search;
use crate::services::contacts::search_document::document;

/// Adds a contact with this text in its name, or in another field and with a name that no search finds.
async fn add_with(store: &Store, part: Part, text: &str) -> Contact {
    let mut said = match part {
        Part::Email => json!({ "emails": [{ "value": text }] }),
        Part::Phone => json!({ "phones": [{ "value": text }] }),
        Part::Website => json!({ "websites": [{ "value": text }] }),
        Part::City => json!({ "addresses": [{ "city": text }] }),
        Part::Label => json!({ "labels": [text] }),
        Part::Company => json!({ "company": text }),
        Part::Other => json!({ "title": text }),
        Part::Note => json!({ "notes": text }),
        Part::Name => json!({ "name": text }),
        Part::Has => panic!("no person writes what a contact has"),
    };
    if part != Part::Name {
        said["name"] = "☎".into();
    }
    let input = ContactInput::of_json(said.as_object().expect("an object").clone());
    let input = input.expect("fields").with(Field::Nicknames, "☎");
    let fields = ContactFields::parse(&input, &ContactFields::default(), Required::AnyField);
    let fields = fields.expect("they are valid");
    let created = store.create(new_id(), &fields, at(0), None, None).await;
    created.expect("it is new").contact
}

pub async fn a_search_finds_what_people_mean(store: Store) {
    let mut cases = kith_search::table::cases();
    // What a contact has follows from its fields here; see the filters below.
    let is_of_fields = |search: &str| search.contains("has:") || search.contains("no:");
    cases.retain(|case| case.part != Part::Has && !is_of_fields(case.search));
    let mut known: BTreeMap<(Part, &str), ContactId> = BTreeMap::new();
    for case in &cases {
        if let Entry::Vacant(entry) = known.entry((case.part, case.text)) {
            entry.insert(add_with(&store, case.part, case.text).await.id);
        }
        // Where a search finds something, no typing error is forgiven.
        if !case.found {
            add_with(&store, Part::Note, case.search).await;
        }
    }
    for case in cases {
        let query = scoped_query(Scope::Live, case.search, "relevance", 10_000, None);
        let id = known[&(case.part, case.text)];
        let found = list(&store, &query).await.contacts;
        let found = found.iter().any(|contact| contact.id == id);
        assert_eq!(found, case.found, "{case:?}");
    }
}

pub async fn the_best_matches_come_first(store: Store) {
    add(&store, "Granada").await;
    for (part, text) in [
        (Part::Note, "saw ada"),
        (Part::Company, "Ada Engines"),
        (Part::Label, "canada"),
    ] {
        add_with(&store, part, text).await;
    }
    for name in ["Zoe Ada", "Adam", "Bob"] {
        add(&store, name).await;
    }
    for limit in [1, 2, 100] {
        let pages = all_pages(&store, Scope::Live, "ada", "relevance", limit).await;
        let names: Vec<&str> = pages.iter().map(|contact| contact.name.as_str()).collect();
        assert_eq!(names, ["Zoe Ada", "Adam", "Granada", "☎", "☎", "☎"]);
        assert!(pages[5].notes.is_some(), "a note comes last");
    }
    let first = stretch(&store, &query("ada", "relevance", 4, None)).await;
    assert_eq!((first.offset, first.page.total), (0, 6));
    let next = first.page.next.expect("there are more");
    let second = stretch(&store, &query("ada", "relevance", 4, Some(&next))).await;
    assert_eq!((second.offset, second.page.contacts.len()), (4, 2));
    let back = second.previous.expect("there were some");
    let again = stretch(&store, &query("ada", "relevance", 4, Some(&back))).await;
    assert_eq!(again.page.contacts, first.page.contacts);
    let last = second.page.contacts[1].id;
    let around = query("ada", "relevance", 4, None).around(Some(last));
    assert_eq!(stretch(&store, &around).await.page, second.page);
}

pub async fn a_whole_name_comes_before_names_that_only_begin_alike(store: Store) {
    for name in [
        "Anna Annabel Meyerson",
        "Anna Bea Meyer",
        "Anna Meyer",
        "Annabel Meyer",
        "Meyer Anna",
    ] {
        add(&store, name).await;
    }
    for (search, best) in [
        ("anna meyer", ["Anna Meyer", "Meyer Anna"]),
        ("Meyer, Anna", ["Anna Meyer", "Meyer Anna"]),
        ("anna", ["Anna Annabel Meyerson", "Anna Bea Meyer"]),
        ("meyer", ["Anna Bea Meyer", "Anna Meyer"]),
    ] {
        let query = query(search, "relevance", 100, None);
        let found = list(&store, &query).await.contacts;
        let names = found.iter().take(2).map(|contact| contact.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), best, "{search}");
    }
}

pub async fn one_typing_error_is_forgiven_where_nothing_is_found(store: Store) {
    for name in [
        "Lukas Meier",
        "Łukasz Wójcik",
        "Joachim Löw",
        "王小明",
        "Lukas Ochsle",
        "Eva Koch",
    ] {
        add(&store, name).await;
    }
    for (search, names) in [
        (
            "lukaz",
            &["Lukas Meier", "Lukas Ochsle", "Łukasz Wójcik"][..],
        ),
        ("ulkas", &["Lukas Meier", "Lukas Ochsle", "Łukasz Wójcik"]),
        ("lukaz meier", &["Lukas Meier"]),
        ("meyer", &["Lukas Meier"]),
        ("joahim", &["Joachim Löw"]),
        ("wojick", &["Łukasz Wójcik"]),
        // Two errors are too many.
        ("lvkaz", &[]),
        // A word that is found has no error.
        ("lukas", &["Lukas Meier", "Lukas Ochsle", "Łukasz Wójcik"]),
        ("lukas x", &[]),
        ("evva koch", &["Eva Koch"]),
        ("lukaz koch", &[]),
        ("lukas koch", &[]),
        ("label:work koch", &[]),
    ] {
        assert_eq!(found(&store, search).await, names, "{search:?}");
    }
    let corrected = stretch(&store, &query("evva koch", "relevance", 10, None)).await;
    assert_eq!(corrected.corrected.as_deref(), Some("eva koch"));
}

pub async fn filters_narrow_a_search_down(store: Store) {
    let said = json!({
        "name": "Ada Lovelace", "company": "Acme Corp", "phone": "+44 20 7946 0000",
        "addresses": [{ "street": "12 Berlin Road", "city": "London" }], "labels": ["Work", "VIP"],
    });
    let input = ContactInput::of_json(said.as_object().expect("an object").clone());
    let fields = ContactFields::parse(
        &input.expect("fields"),
        &ContactFields::default(),
        Required::AnyField,
    );
    let fields = fields.expect("they are valid");
    let ada = store.create(new_id(), &fields, at(0), None, None).await;
    ada.expect("it is new");
    add(&store, "Bob Acme").await;
    for (search, names) in [
        ("acme", &["Ada Lovelace", "Bob Acme"][..]),
        ("company:acme", &["Ada Lovelace"]),
        ("company:\"acme corp\"", &["Ada Lovelace"]),
        ("city:london", &["Ada Lovelace"]),
        ("city:berlin", &[]),
        ("label:vip ada", &["Ada Lovelace"]),
        ("has:phone", &["Ada Lovelace"]),
        ("no:phone", &["Bob Acme"]),
        ("no:email", &["Ada Lovelace"]),
        ("acme no:email", &["Ada Lovelace"]),
        ("no:email no:phone", &[]),
        ("company: acme", &["Ada Lovelace", "Bob Acme"]),
        ("has:", &["Ada Lovelace", "Bob Acme"]),
    ] {
        assert_eq!(found(&store, search).await, names, "{search:?}");
    }
}

pub async fn a_search_is_paged_in_every_order(store: Store) {
    for number in 0..30 {
        let name = format!("{} {}", ["Smith", "Smyth"][number % 2], number % 7);
        add_at(&store, &name, number as i64 / 4).await;
    }
    for search in [
        "smith",
        "smi th",
        "sm",
        "s",
        "smith 3",
        "3 sm",
        "example smi",
    ] {
        for sort in Sort::ALL {
            let sort = sort.as_str();
            let whole = all_pages(&store, Scope::Live, search, sort, 100).await;
            assert!(!whole.is_empty());
            let paged = all_pages(&store, Scope::Live, search, sort, 4).await;
            assert_eq!(ids(&paged), ids(&whole), "{search:?} by {sort}");
        }
    }
}

pub async fn a_search_sees_changes_at_once(store: Store) {
    let contact = add(&store, "Ada Byron").await;
    let married = fields("Ada Lovelace", "countess@example.com");
    store
        .update(contact.id, &married, None, at(1))
        .await
        .expect("it is there");
    for (search, names) in [
        ("byron", &[][..]),
        ("by", &[]),
        ("someone", &[]),
        ("lovelace", &["Ada Lovelace"]),
        ("lo", &["Ada Lovelace"]),
        ("countess", &["Ada Lovelace"]),
        ("ada", &["Ada Lovelace"]),
    ] {
        assert_eq!(found(&store, search).await, names, "{search:?}");
    }
}

pub async fn any_text_can_be_searched_for(store: Store) {
    let mut contacts = Vec::new();
    for name in ["Ada \"Lovelace\"", "100% Wool", "王小明", "O’Brien (NEAR)"] {
        contacts.push(add(&store, name).await);
    }
    let texts = prop_oneof![
        any::<String>(),
        "[a-c\"'*^():{}+%_\\\\ \0\u{1}-]{0,12}",
        "(AND|OR|NOT|NEAR|names|has|no|label|city|[\"*:( )]){0,6}",
    ];
    let runtime = tokio::runtime::Handle::current();
    let searched = tokio::task::spawn_blocking(move || {
        TestRunner::default().run(&texts, |text| {
            // Too long is the only reason not to search.
            let Ok(search) = parse_search(&text) else {
                return Ok(());
            };
            let found = runtime.block_on(found(&store, &text));
            let matching = contacts
                .iter()
                .filter(|contact| search.tier(&document(contact)).is_some());
            let mut expected: Vec<&str> = matching.map(|contact| contact.name.as_str()).collect();
            expected.sort_by_key(|name| fold(name));
            prop_assert!(
                found == expected || expected.is_empty(),
                "{} finds {:?}",
                text,
                found
            );
            Ok(())
        })
    });
    searched
        .await
        .expect("it does not panic")
        .expect("every search is answered");
}
