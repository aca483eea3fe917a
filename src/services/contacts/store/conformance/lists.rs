//! Orders and pages.

use kith_card::Entry;

use super::*;
use crate::services::audit_log::Actor;
use crate::services::contacts::frecency::Frecency;
use crate::services::contacts::letters::Letter;
use crate::services::contacts::letters::LetterOrder;
use crate::services::contacts::letters::MAX_LETTERS;
use crate::services::contacts::query::Sort;
use crate::services::contacts::query::SortBy;
use crate::services::contacts::sort_keys::SortKeys;

pub async fn an_empty_store_has_an_empty_list(store: Store) {
    for scope in [Scope::Live, Scope::Trash] {
        for search in ["", "a", "ada"] {
            let page = list(&store, &scoped_query(scope, search, "name", 10, None)).await;
            assert_eq!(
                page,
                ContactPage {
                    contacts: Vec::new(),
                    next: None,
                    total: 0
                }
            );
        }
    }
}

/// Contacts of few names, few addresses, few companies and few times, so that every order has ties.
async fn add_with_ties(store: &Store) -> Vec<Contact> {
    let mut contacts = Vec::new();
    for number in 0..23_i64 {
        let name = ["Ada", "ada", "Ádá", "Bob"][number as usize % 4];
        let email = ["x@example.com", "y@example.com"][number as usize / 4 % 2];
        let mut fields = fields(name, email);
        if number % 5 < 2 {
            let company = ["Acme", "Éclair"][number as usize % 2];
            fields.set(Field::Company, vec![Entry::text(company)]);
        }
        let created = store
            .create(new_id(), &fields, at(number / 5), None, None)
            .await;
        let contact = created.expect("it can be added").contact;
        contacts.push(if number % 3 == 0 {
            let noted = parsed(&input_of(&contact).with(Field::Notes, "changed"));
            let changed = store
                .update(contact.id, &noted, None, at(100 + number / 6))
                .await;
            changed.expect("it is there")
        } else {
            contact
        });
    }
    let used = contacts.iter().map(|contact| (contact.id, used(contact)));
    let used: Vec<_> = used.filter(|(_, score)| score.0 > 0).collect();
    store.add_uses(&used).await.expect("they are there");
    contacts
}

/// How much a contact of [`add_with_ties`] is used.
fn used(contact: &Contact) -> Frecency {
    match contact.id.as_uuid().as_bytes()[15] % 4 {
        0 => Frecency::default(),
        some => score(i64::from(some)),
    }
}

/// The order that a list promises.
fn sort_by_promise(contacts: &mut [Contact], sort: Sort) {
    contacts.sort_by_key(|contact| {
        let value = match sort.by {
            SortBy::Name | SortBy::Relevance => SortKeys::of(contact).name,
            SortBy::Family => SortKeys::of(contact).family,
            SortBy::Company => SortKeys::of(contact).company,
            // RFC 3339 of one length sorts as the times do.
            SortBy::Created => contact.created_at.clone(),
            SortBy::Updated => contact.updated_at.clone(),
            SortBy::Frequent => format!("{:020}", used(contact).0),
        };
        (value, *contact.id.as_uuid().as_bytes())
    });
    if sort.descending {
        contacts.reverse();
    }
}

pub async fn every_order_is_paged_without_gaps_and_doubles(store: Store) {
    let mut contacts = add_with_ties(&store).await;
    for sort in Sort::ALL {
        sort_by_promise(&mut contacts, sort);
        for limit in [1, 5, 22, 23, 24] {
            let listed = all_pages(&store, Scope::Live, "", sort.as_str(), limit).await;
            assert_eq!(ids(&listed), ids(&contacts), "by {sort}, {limit} a page");
        }
    }

    for contact in &contacts {
        store
            .delete(contact.id, None, at(500), &Actor::operator())
            .await
            .expect("it is there");
    }
    for sort in [Sort::ALL[0], Sort::ALL[1], Sort::ALL[2], Sort::ALL[3]] {
        sort_by_promise(&mut contacts, sort);
        let listed = all_pages(&store, Scope::Trash, "", sort.as_str(), 5).await;
        assert_eq!(ids(&listed), ids(&contacts), "the trash by {sort}");
    }
}

pub async fn pages_stay_right_while_contacts_come(store: Store) {
    let before = add_with_ties(&store).await;
    for sort in Sort::ALL {
        let mut seen = Vec::new();
        let mut after = None;
        for turn in 0.. {
            let page = list(&store, &query("", sort.as_str(), 4, after.as_ref())).await;
            seen.extend(ids(&page.contacts));
            let Some(next) = page.next else { break };
            after = Some(next);
            // A tie with contacts that were shown and with others that were not.
            if turn < 10 {
                add_at(&store, ["Ada", "Bob"][turn % 2], turn as i64 / 2).await;
            }
        }
        let mut once = seen.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), seen.len(), "by {sort}, nothing is shown twice");
        for contact in &before {
            assert!(once.contains(&contact.id), "by {sort}, nothing is left out");
        }
    }
}

pub async fn a_page_may_begin_behind_a_contact_that_is_gone(store: Store) {
    for name in ["Ada", "Bob", "Cyd"] {
        add(&store, name).await;
    }
    let page = list(&store, &query("", "name", 2, None)).await;
    assert_eq!(page.total, 3);
    store
        .delete(page.contacts[1].id, None, at(1), &Actor::operator())
        .await
        .expect("it is there");

    let rest = list(&store, &query("", "name", 2, page.next.as_ref())).await;

    assert_eq!(rest.total, 2);
    assert_eq!(rest.next, None);
    assert_eq!(rest.contacts.len(), 1);
    assert_eq!(rest.contacts[0].name, "Cyd");
}

pub async fn names_are_in_the_order_of_people(store: Store) {
    let names = [
        "Łukasz", "zoe", "Lukas", "Émile", "Luke", "emil", "Zoë Ann", "王", "Юрий",
    ];
    for name in names {
        add(&store, name).await;
    }
    assert_eq!(
        found(&store, "").await,
        [
            "emil", "Émile", "Lukas", "Łukasz", "Luke", "zoe", "Zoë Ann", "Юрий", "王"
        ]
    );
}

pub async fn letters_are_those_that_names_begin_with(store: Store) {
    let first = |order| store.first_letters(order);
    assert_eq!(first(LetterOrder::Name).await.ok(), Some(vec![]));
    let names = [
        "1st Aid",
        "Émile Zola",
        "emil",
        "王小明",
        "佐藤",
        "김유나",
        "박지민",
        "Юрий",
        "_",
        "Zoe",
    ];
    for name in names {
        add(&store, name).await;
    }
    let trashed = add(&store, "Quinn").await;
    store
        .delete(trashed.id, None, at(1), &Actor::operator())
        .await
        .expect("it is there");
    let expected = ["1", "e", "z", "ю", "佐", "김"];
    let letters = first(LetterOrder::Name).await.expect("it is open");
    let texts: Vec<String> = letters.iter().map(char::to_string).collect();
    assert_eq!(texts, expected);
    let by_family = first(LetterOrder::Family).await.expect("it is open");
    assert_eq!(
        by_family[..3],
        ['_', 'a', 'e'],
        "aid and zola are last names"
    );
    let without_company = first(LetterOrder::Company).await.expect("it is open");
    assert!(
        without_company
            .iter()
            .all(|first| Letter::of(LetterOrder::Company, *first).is_none())
    );

    // Each leads to its first contact.
    let mut begins = Vec::new();
    for first in letters {
        let letter = Letter::of(LetterOrder::Name, first).expect("a heading");
        let page = list(&store, &query("", "name", 1, letter.cursor.as_ref())).await;
        begins.push(page.contacts[0].name.clone());
    }
    assert_eq!(begins, ["1st Aid", "emil", "Zoe", "Юрий", "佐藤", "김유나"]);

    // Each contact stands under one.
    let headings = stretch(&store, &query("", "name", 20, None)).await.headings;
    assert_eq!(
        headings,
        ["#", "#", "E", "E", "Z", "Ю", "漢", "漢", "한", "한"]
    );
    let by_company = stretch(&store, &query("", "company", 20, None)).await;
    assert!(by_company.headings.iter().all(String::is_empty));
    let newest = stretch(&store, &query("", "-created", 20, None)).await;
    assert_eq!(newest.headings.len(), 0);
}

pub async fn letters_have_an_end(store: Store) {
    for number in 0..=MAX_LETTERS {
        let letter = char::from_u32(0x1200 + number).expect("a letter");
        add(&store, &letter.to_string()).await;
    }
    let letters = store.first_letters(LetterOrder::Name).await;
    assert_eq!(
        letters.map(|letters| letters.len() as u32).ok(),
        Some(MAX_LETTERS)
    );
}

/// The list from one contact on to both ends, page by page.
async fn both_ways(store: &Store, sort: Sort, limit: u32, contact: ContactId) -> Vec<ContactId> {
    let around = query("", sort.as_str(), limit, None).around(Some(contact));
    let start = stretch(store, &around).await;
    assert!(ids(&start.page.contacts).contains(&contact), "by {sort}");
    let mut listed = ids(&start.page.contacts);
    let (mut offset, mut previous) = (start.offset, start.previous);
    while let Some(cursor) = previous {
        let before = stretch(store, &query("", sort.as_str(), limit, Some(&cursor))).await;
        let page = ids(&before.page.contacts);
        assert!(
            !page.is_empty() && page.len() <= limit as usize,
            "by {sort}"
        );
        assert_eq!(before.offset + page.len() as u64, offset, "by {sort}");
        // From there the way leads on to where it came from.
        let next = query("", sort.as_str(), limit, before.page.next.as_ref());
        assert_eq!(list(store, &next).await.contacts[0].id, listed[0]);
        listed.splice(0..0, page);
        (offset, previous) = (before.offset, before.previous);
    }
    assert_eq!(offset, 0, "by {sort}");
    let mut next = start.page.next;
    while let Some(cursor) = next {
        let after = stretch(store, &query("", sort.as_str(), limit, Some(&cursor))).await;
        assert_eq!(after.offset, listed.len() as u64, "by {sort}");
        listed.extend(ids(&after.page.contacts));
        next = after.page.next;
    }
    listed
}

pub async fn pages_around_a_contact_lead_to_both_ends(store: Store) {
    let mut contacts = add_with_ties(&store).await;
    for sort in Sort::ALL {
        sort_by_promise(&mut contacts, sort);
        for limit in [1, 5, 23, 24] {
            for place in [0, 4, 5, 11, 22] {
                let listed = both_ways(&store, sort, limit, contacts[place].id).await;
                assert_eq!(listed, ids(&contacts), "by {sort}, {limit} a page");
            }
        }
    }
}

pub async fn a_page_around_a_contact_is_one_of_the_pages_from_the_first(store: Store) {
    let mut contacts = add_with_ties(&store).await;
    let sort = Sort::default();
    sort_by_promise(&mut contacts, sort);
    for (place, first) in [(0, 0), (4, 0), (5, 5), (9, 5), (20, 20), (22, 20)] {
        let around = query("", "name", 5, None).around(Some(contacts[place].id));
        let found = stretch(&store, &around).await;
        assert_eq!(found.offset, first as u64);
        let page: Vec<ContactId> = ids(&contacts[first..]).into_iter().take(5).collect();
        assert_eq!(ids(&found.page.contacts), page);
        assert_eq!(found.page.total, 23);
        assert_eq!(found.previous.is_none(), first == 0);
        assert_eq!(found.page.next.is_none(), first == 20);
        let at = query("", "name", 5, None).at(Some(place as u64));
        assert_eq!(stretch(&store, &at).await, found);
    }
    let last = query("", "name", 5, None).at(Some(22));
    for behind in [23, 1000, u64::MAX] {
        let at = query("", "name", 5, None).at(Some(behind));
        assert_eq!(stretch(&store, &at).await, stretch(&store, &last).await);
    }
    let nobody = stretch(&store, &query("nobody", "name", 5, None).at(Some(7))).await;
    assert_eq!((nobody.page.contacts.len(), nobody.offset), (0, 0));
}

pub async fn a_contact_outside_of_the_list_asks_for_the_first_page(store: Store) {
    for name in ["Ada", "Bob", "Cyd", "Dan"] {
        add(&store, name).await;
    }
    let gone = add(&store, "Eve").await;
    store
        .delete(gone.id, None, at(1), &Actor::operator())
        .await
        .expect("it is there");
    let dan = list(&store, &query("dan", "name", 1, None)).await.contacts[0].id;
    for (search, contact, first) in [
        ("", gone.id, "Ada"),
        ("", new_id(), "Ada"),
        ("b", dan, "Bob"),
        ("bob", dan, "Bob"),
    ] {
        let around = query(search, "name", 2, None).around(Some(contact));
        let found = stretch(&store, &around).await;
        assert_eq!(found.page.contacts[0].name, first, "{search:?}");
        assert_eq!((found.offset, found.previous), (0, None));
    }
}

pub async fn a_page_around_a_contact_counts_what_a_search_finds(store: Store) {
    for number in 0..12 {
        add(
            &store,
            &format!("{} {number:02}", ["Ada", "Bob"][number % 2]),
        )
        .await;
    }
    for search in ["bob", "bo", "b"] {
        let all = list(&store, &query(search, "name", 100, None))
            .await
            .contacts;
        assert_eq!(all.len(), 6, "{search:?}");
        let around = query(search, "name", 2, None).around(Some(all[3].id));
        let found = stretch(&store, &around).await;
        assert_eq!(found.offset, 2, "{search:?}");
        assert_eq!(ids(&found.page.contacts), ids(&all[2..4]), "{search:?}");
    }
}

pub async fn a_page_around_a_contact_leaves_notes_aside(store: Store) {
    let ada = input_of(&add(&store, "Ada").await);
    let long = parsed(&ada.with(Field::Notes, "n".repeat(10_000)));
    for _ in 0..50 {
        let created = store.create(new_id(), &long, at(0), None, None).await;
        created.expect("it can be added");
    }
    for search in ["", "ada"] {
        let page = stretch(&store, &query(search, "name", 50, None)).await.page;
        let bytes = serde_json::to_vec(&page).expect("it is JSON").len();
        assert!(bytes < 20_000, "{search:?}: {bytes} bytes");
        let page = list(&store, &query(search, "-name", 1, None)).await;
        assert!(page.contacts[0].notes.is_some(), "programs read them");
    }
}

pub async fn a_cursor_comes_before_a_contact(store: Store) {
    let ada = add(&store, "Ada").await;
    add(&store, "Bob").await;
    let first = list(&store, &query("", "name", 1, None)).await;
    let behind = query("", "name", 1, first.next.as_ref()).around(Some(ada.id));
    let found = stretch(&store, &behind).await;
    assert_eq!(found.page.contacts[0].name, "Bob");
    assert_eq!(found.offset, 1);
}

/// The names on a page.
fn names(page: &Stretch) -> Vec<&str> {
    let contacts = page.page.contacts.iter();
    contacts.map(|contact| &*contact.name).collect()
}

pub async fn a_page_that_lost_its_contacts_leads_back_to_the_others(store: Store) {
    for sort in ["name", "-name"] {
        let pages = |cursor| query("", sort, 2, cursor);
        let mut added = Vec::new();
        for name in ["Ada", "Bob", "Cyd", "Dan"] {
            added.push(add(&store, name).await);
        }
        if sort == "-name" {
            added.reverse();
        }
        let first = stretch(&store, &pages(None)).await;
        let second = stretch(&store, &pages(first.page.next.as_ref())).await;
        for gone in &added[2..] {
            store
                .delete(gone.id, None, at(1), &Actor::operator())
                .await
                .expect("it is there");
        }

        let empty = stretch(&store, &pages(first.page.next.as_ref())).await;
        assert_eq!((names(&empty).len(), empty.offset), (0, 2), "by {sort}");
        assert_eq!(empty.page.next, None);
        let back = empty.previous.expect("two contacts stand before it");
        let back = stretch(&store, &pages(Some(&back))).await;
        assert_eq!(names(&back), names(&first), "by {sort}");
        assert_eq!((back.offset, back.previous), (0, None));
        assert_eq!(back.page.next, None, "nothing is left behind it");

        for (before, after) in added[..2].iter().zip(&added[2..]) {
            store
                .delete(before.id, None, at(2), &Actor::operator())
                .await
                .expect("it is there");
            store
                .restore(after.id, at(3))
                .await
                .expect("it is in the trash");
        }
        let start = second.previous.as_ref().expect("it was the second page");
        let empty = stretch(&store, &pages(Some(start))).await;
        assert_eq!((names(&empty).len(), empty.offset), (0, 0), "by {sort}");
        assert_eq!(empty.previous, None);
        let on = empty.page.next.expect("two contacts stand behind it");
        let on = stretch(&store, &pages(Some(&on))).await;
        assert_eq!(names(&on), names(&second), "by {sort}");
        for left in &added[2..] {
            store
                .delete(left.id, None, at(4), &Actor::operator())
                .await
                .expect("it is there");
        }
        let nothing = stretch(&store, &pages(Some(start))).await;
        assert_eq!((nothing.page.next, nothing.previous), (None, None));
    }
}
