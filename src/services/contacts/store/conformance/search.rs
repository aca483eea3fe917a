//! Searches.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;
use crate::services::contacts::query::Search;
use crate::services::contacts::query::Sort;

pub async fn a_search_finds_what_people_mean(store: Store) {
    for (name, email) in [
        ("Álvaro Núñez", "alvaro@correo.example"),
        ("Łukasz Wójcik", "lw@example.pl"),
        ("Søren Straße", "s@example.dk"),
        ("王小明", "wang@example.cn"),
        ("Ada Lovelace", "ada.lovelace@example.com"),
        ("Al", "al@b.example"),
    ] {
        let fields = fields(name, email);
        store
            .create(new_id(), &fields, at(0), None, None)
            .await
            .expect("it can be added");
    }
    let everyone = [
        "Ada Lovelace",
        "Al",
        "Álvaro Núñez",
        "Łukasz Wójcik",
        "Søren Straße",
        "王小明",
    ];
    for (search, names) in [
        ("", &everyone[..]),
        ("   ", &everyone),
        ("alvaro", &["Álvaro Núñez"]),
        ("ÁLVARO", &["Álvaro Núñez"]),
        ("A\u{301}lv", &["Álvaro Núñez"]),
        ("nunez", &["Álvaro Núñez"]),
        ("lukasz", &["Łukasz Wójcik"]),
        ("STRASSE", &["Søren Straße"]),
        ("soren", &["Søren Straße"]),
        // Within a word, at its end, and in the address.
        ("velac", &["Ada Lovelace"]),
        ("ász", &["Łukasz Wójcik"]),
        ("a.love", &["Ada Lovelace"]),
        ("correo", &["Álvaro Núñez"]),
        // One and two characters.
        ("王", &["王小明"]),
        ("小明", &["王小明"]),
        ("王小明", &["王小明"]),
        ("al", &["Al", "Álvaro Núñez"]),
        ("ń", &["Álvaro Núñez", "Søren Straße", "王小明"]),
        ("@", &everyone),
        // Every word, anywhere, in any order.
        ("lovelace ada", &["Ada Lovelace"]),
        ("ada example.com", &["Ada Lovelace"]),
        ("lo e ad", &["Ada Lovelace"]),
        ("al b.", &["Al"]),
        ("al b", &["Al"]),
        ("alvaro lovelace", &[]),
        ("ada x", &["Ada Lovelace"]),
        ("ada z", &[]),
        // Never across the two fields, and never across words.
        ("lovelaceada", &[]),
        ("alal", &[]),
        ("nobody", &[]),
        ("q", &[]),
        ("qq", &[]),
    ] {
        assert_eq!(found(&store, search).await, names, "{search:?}");
    }
}

pub async fn every_character_is_searched_for_as_it_is(store: Store) {
    let names = [
        "100% Wool",
        "a_b",
        "back\\slash",
        "NEAR(fire, 2)",
        "say \"hi\"",
        "star*",
        "O’Brien",
        "-dash",
        "col:on",
        "a+b",
        "^hat",
        "{curly}",
        "AND OR NOT",
    ];
    for name in names {
        add(&store, name).await;
    }
    for (search, name) in [
        ("100%", "100% Wool"),
        ("0%", "100% Wool"),
        ("%", "100% Wool"),
        ("a_b", "a_b"),
        ("_", "a_b"),
        ("k\\s", "back\\slash"),
        ("\\", "back\\slash"),
        ("near(", "NEAR(fire, 2)"),
        ("fire, 2)", "NEAR(fire, 2)"),
        ("say \"hi\"", "say \"hi\""),
        ("\"hi\"", "say \"hi\""),
        ("\"", "say \"hi\""),
        ("“hi”", "say \"hi\""),
        ("star*", "star*"),
        ("*", "star*"),
        ("o'brien", "O’Brien"),
        ("o'", "O’Brien"),
        ("-das", "-dash"),
        ("-d", "-dash"),
        ("col:on", "col:on"),
        ("a+b", "a+b"),
        ("^hat", "^hat"),
        ("^", "^hat"),
        ("{curly}", "{curly}"),
        ("and or not", "AND OR NOT"),
        ("NOT", "AND OR NOT"),
    ] {
        assert_eq!(found(&store, search).await, [name], "{search:?}");
    }
    for search in [
        "%%%",
        "a%b",
        "___",
        "s*r",
        "sta**",
        "\"\"",
        "'; --",
        "dash OR wool",
        "key:dash",
    ] {
        assert_eq!(
            found(&store, search).await,
            Vec::<String>::new(),
            "{search:?}"
        );
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
        "i 3 sm",
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
    let names = ["Ada \"Lovelace\"", "100% Wool", "王小明", "O’Brien (NEAR)"];
    for name in names {
        add(&store, name).await;
    }
    let texts = prop_oneof![
        any::<String>(),
        "[a-c\"'*^():{}+%_\\\\ \0\u{1}-]{0,12}",
        "(AND|OR|NOT|NEAR|key|grams|[\"*:( )]){0,6}",
    ];
    let runtime = tokio::runtime::Handle::current();
    let searched = tokio::task::spawn_blocking(move || {
        TestRunner::default().run(&texts, |text| {
            // Too long is the only reason not to search.
            if let Ok(search) = Search::parse(&text) {
                let names = runtime.block_on(found(&store, &text));
                prop_assert!(!search.is_empty() || names.len() == 4);
            }
            Ok(())
        })
    });
    searched
        .await
        .expect("it does not panic")
        .expect("every search is answered");
}
