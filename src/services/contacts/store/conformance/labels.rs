//! Labels and favourites.

use kith_card::Entry;

use super::*;
use crate::services::audit_log::Actor;
use crate::services::contacts::activity::Event;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::labels::Label;
use crate::services::contacts::labels::LabelChangeKind;
use crate::services::contacts::labels::LabelColour;
use crate::services::contacts::labels::LabelEdit;
use crate::services::contacts::labels::LabelId;
use crate::services::contacts::labels::LabelName;
use crate::services::contacts::query::Filter;
use crate::services::contacts::query::Sort;
use crate::services::contacts::query::parse_search;
use crate::services::contacts::store::CardsOf;
use crate::services::contacts::store::PictureThen;

/// Fields of a contact with these labels.
fn labelled(name: &str, labels: &[&str]) -> ContactFields {
    let mut fields = fields(name, "someone@example.com");
    let labels = labels.iter().copied().map(Entry::text);
    fields.set(Field::Labels, labels.collect());
    fields
}

async fn add_labelled(store: &Store, name: &str, labels: &[&str]) -> Contact {
    let created = store
        .create(new_id(), &labelled(name, labels), at(0), None, None)
        .await;
    created.expect("it is new").contact
}

/// Each label with the number of its contacts.
async fn counts(store: &Store) -> Vec<(String, u64)> {
    let labels = store.labels().await.expect("they can be listed").labels;
    let labels = labels.into_iter();
    labels.map(|label| (label.name, label.contacts)).collect()
}

async fn label(store: &Store, name: &str) -> Label {
    let labels = store.labels().await.expect("they can be listed").labels;
    let mut labels = labels.into_iter();
    labels
        .find(|label| label.name == name)
        .unwrap_or_else(|| panic!("there is no {name}"))
}

/// The names of the contacts that have a label, by the list.
async fn having(store: &Store, name: &str) -> Vec<String> {
    let filter = Filter {
        label: Some(label(store, name).await.id),
        favourites: false,
    };
    let page = list(store, &query("", "name", 1000, None).within(filter)).await;
    assert_eq!(page.total, page.contacts.len() as u64);
    let contacts = page.contacts.into_iter();
    contacts.map(|contact| contact.name).collect()
}

fn name(typed: &str) -> LabelName {
    LabelName::parse(typed).expect("a name")
}

fn rename(to: &str, merge: bool) -> LabelEdit {
    let to = name(to);
    LabelEdit::Rename { to, merge }
}

async fn finish(store: &Store) {
    while store.step_label_change(at(9)).await.expect("it can go on") {}
}

async fn labels_of_card(store: &Store, id: ContactId) -> Vec<String> {
    let (_, card) = store.card(id).await.expect("it is there");
    let fields = card.fields();
    let labels = fields.get(Field::Labels).iter();
    labels.map(|entry| entry.value().to_owned()).collect()
}

pub async fn labels_are_what_cards_outside_the_trash_name(store: Store) {
    let ada = add_labelled(&store, "Ada", &["VIP", "Family"]).await;
    add_labelled(&store, "Bob", &["vip", "VÍP"]).await;
    add(&store, "Cyd").await;
    let expected = [("Family".to_owned(), 1), ("VIP".to_owned(), 2)];
    assert_eq!(counts(&store).await, expected);
    assert_eq!(having(&store, "VIP").await, ["Ada", "Bob"]);

    store
        .delete(ada.id, None, at(1), &Actor::operator())
        .await
        .expect("it is there");
    let expected = [("Family".to_owned(), 0), ("VIP".to_owned(), 1)];
    assert_eq!(counts(&store).await, expected, "a label stays");
    store.restore(ada.id, at(2)).await.expect("it is there");
    assert_eq!(counts(&store).await[1].1, 2);

    let fields = labelled("Ada", &["Press"]);
    let changed = store.update(ada.id, &fields, None, at(3)).await;
    changed.expect("it is there");
    let expected = [("Family", 0), ("Press", 1), ("VIP", 1)];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(counts(&store).await, expected);
    let (_, mut card) = store.card(ada.id).await.expect("it is there");
    card.apply(&self::fields("Ada", "someone@example.com"));
    let replaced = store
        .replace_card(ada.id, &card, None, at(4), &Actor::operator())
        .await;
    replaced.expect("it is there");
    assert_eq!(counts(&store).await[1], ("Press".to_owned(), 0));
    assert!(having(&store, "Press").await.is_empty());
}

/// Every page of a list, from the first one on and from a contact on to both ends.
async fn pages(store: &Store, search: &str, sort: Sort, filter: Filter) -> Vec<ContactId> {
    let ask =
        |limit, cursor: Option<&Cursor>| query(search, sort.as_str(), limit, cursor).within(filter);
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = list(store, &ask(3, after.as_ref())).await;
        listed.extend(ids(&page.contacts));
        match page.next {
            Some(next) => after = Some(next),
            None => {
                assert_eq!(page.total, listed.len() as u64);
                break;
            }
        }
    }
    for (place, id) in listed.iter().enumerate() {
        let around = stretch(store, &ask(3, None).around(Some(*id))).await;
        assert_eq!(around.offset, place as u64 / 3 * 3);
        assert!(ids(&around.page.contacts).contains(id));
        if let Some(cursor) = around.previous {
            let before = stretch(store, &ask(3, Some(&cursor))).await;
            assert_eq!(before.offset + 3, around.offset);
            assert_eq!(
                ids(&before.page.contacts),
                listed[place / 3 * 3 - 3..place / 3 * 3]
            );
        }
    }
    listed
}

pub async fn a_list_of_a_label_or_of_favourites_is_paged_in_every_order(store: Store) {
    for number in 0..40 {
        let labels: &[&str] = match number % 4 {
            0 => &["Family", "VIP"],
            1 | 2 => &["VIP"],
            _ => &[],
        };
        let mut fields = labelled(["Ada", "Bob", "Ada King"][number % 3], labels);
        if number % 5 < 2 {
            fields.set(Field::Favourite, vec![Entry::text("true")]);
        }
        let at = at(number as i64 / 3);
        let created = store.create(new_id(), &fields, at, None, None).await;
        created.expect("it is new");
    }
    let vip = label(&store, "VIP").await.id;
    let filters = [
        (Some(vip), false, 30),
        (None, true, 16),
        (Some(vip), true, 12),
        (Some(label(&store, "Family").await.id), false, 10),
    ];
    for (label, favourites, expected) in filters {
        let filter = Filter { label, favourites };
        for (index, sort) in Sort::ALL.into_iter().enumerate() {
            for search in ["", ["ad", "king", "a"][index % 3]] {
                let all = all_pages(&store, Scope::Live, search, sort.as_str(), 100).await;
                let has = |contact: &&Contact| {
                    let labels = contact.fields.get("labels").map(ToString::to_string);
                    let labels = labels.unwrap_or_default();
                    let has_label = match label {
                        None => true,
                        Some(id) if id == vip => labels.contains("VIP"),
                        Some(_) => labels.contains("Family"),
                    };
                    has_label && (!favourites || contact.fields.contains_key("favourite"))
                };
                let wanted: Vec<ContactId> =
                    all.iter().filter(has).map(|contact| contact.id).collect();
                let listed = pages(&store, search, sort, filter).await;
                assert_eq!(listed, wanted, "{search} by {sort}");
                if search.is_empty() {
                    assert_eq!(listed.len(), expected);
                }
            }
        }
    }
    assert_eq!(store.labels().await.expect("they are there").favourites, 16);
    let nothing = Filter {
        label: Some(LabelId(Uuid::nil())),
        favourites: false,
    };
    assert_eq!(pages(&store, "", Sort::default(), nothing).await, []);
}

pub async fn the_cards_of_a_label_are_read(store: Store) {
    add_labelled(&store, "Ada", &["VIP"]).await;
    add_labelled(&store, "Bob", &["VIP"]).await;
    add(&store, "Ada").await;
    let of = CardsOf {
        search: parse_search("ada").expect("words"),
        filter: Filter {
            label: Some(label(&store, "VIP").await.id),
            favourites: false,
        },
    };
    let page = store.cards(&of, 0).await.expect("they can be read");
    let text = String::from_utf8(page.bytes).expect("text");
    assert_eq!(text.matches("BEGIN:VCARD").count(), 1);
    assert!(
        text.contains("FN:Ada") && text.contains("CATEGORIES:VIP"),
        "{text}"
    );
}

pub async fn a_label_is_added_and_colored(store: Store) {
    let added = store.add_label(&name("Press"), LabelColour::Teal).await;
    let added = added.expect("it is new");
    assert_eq!(added, label(&store, "Press").await);
    let again = store.add_label(&name("PRESS"), LabelColour::Red).await;
    assert!(matches!(again, Err(StoreError::LabelExists(label)) if label == added));
    store
        .recolour_label(added.id, LabelColour::Pink)
        .await
        .expect("it is there");
    add_labelled(&store, "Ada", &["press"]).await;
    let found = label(&store, "Press").await;
    assert_eq!((found.colour, found.contacts), (LabelColour::Pink, 1));
    let other = LabelId(Uuid::nil());
    let unknown = store.recolour_label(other, LabelColour::Pink).await;
    assert!(matches!(unknown, Err(StoreError::NoLabel)));
    let unknown = store
        .begin_label_change(other, &LabelEdit::Remove, at(8), &Actor::operator())
        .await;
    assert!(matches!(unknown, Err(StoreError::NoLabel)));
}

pub async fn a_label_is_renamed_in_the_cards_of_its_contacts(store: Store) {
    let card =
        "BEGIN:VCARD\nVERSION:3.0\nX-OTHER;a=b: kept \nFN:Ada\nCATEGORIES:Work,vip\nEND:VCARD\n";
    let ada = add_labelled(&store, "Ada", &["VIP"]).await;
    let card = ContactCard::parse(card.as_bytes()).expect("a card");
    let saved = store
        .replace_card(ada.id, &card, None, at(1), &Actor::operator())
        .await;
    let before = saved.expect("it is there");
    let bob = add_labelled(&store, "Bob", &["Work"]).await;
    store
        .delete(bob.id, None, at(1), &Actor::operator())
        .await
        .expect("it is there");
    let cyd = add_labelled(&store, "Cyd", &["Work"]).await;
    let vip = label(&store, "VIP").await;

    let begun = store
        .begin_label_change(vip.id, &rename("Best", false), at(8), &Actor::operator())
        .await
        .expect("the name is free");
    assert_eq!(begun.total, 1);
    let busy = store
        .begin_label_change(vip.id, &LabelEdit::Remove, at(8), &Actor::operator())
        .await;
    assert!(matches!(busy, Err(StoreError::LabelsBusy)));
    let listed = store.label_changes().await.expect("they can be listed");
    assert_eq!((listed[0].left, listed[0].is_finished), (1, false));
    finish(&store).await;

    assert_eq!(
        label(&store, "Best").await.id,
        vip.id,
        "links still lead to it"
    );
    let expected = [("Best".to_owned(), 1), ("Work".to_owned(), 2)];
    assert_eq!(counts(&store).await, expected);
    let (contact, card) = store.card(ada.id).await.expect("it is there");
    assert_eq!(contact.version, before.version + 1);
    assert_eq!(
        contact.fields["labels"],
        serde_json::json!(["Work", "Best"])
    );
    let text = String::from_utf8(card.bytes().to_vec()).expect("text");
    assert!(text.contains("\nX-OTHER;a=b: kept \n"), "{text}");
    assert!(text.contains("CATEGORIES:Work,Best"), "{text}");
    let activities = store.activities(ada.id).await.expect("they can be read");
    let fields = vec!["labels".to_owned()];
    let last = &activities.last().expect("an activity").event;
    assert_eq!(*last, Event::Changed { fields });
    assert_eq!(activities.len(), 3, "one for the change");
    assert!(
        store
            .label_changes()
            .await
            .expect("they can be listed")
            .is_empty()
    );

    // Another way to write the same name.
    let work = label(&store, "Work").await;
    let begun = store
        .begin_label_change(work.id, &rename("WORK", false), at(8), &Actor::operator())
        .await;
    begun.expect("it is its own name");
    finish(&store).await;
    assert_eq!(labels_of_card(&store, cyd.id).await, ["WORK"]);
    assert_eq!(label(&store, "WORK").await.id, work.id);
}

pub async fn labels_are_merged(store: Store) {
    let ada = add_labelled(&store, "Ada", &["VIP", "Best"]).await;
    let bob = add_labelled(&store, "Bob", &["VIP"]).await;
    let (vip, best) = (label(&store, "VIP").await, label(&store, "Best").await);
    let refused = store
        .begin_label_change(vip.id, &rename("best", false), at(8), &Actor::operator())
        .await;
    assert!(matches!(refused, Err(StoreError::LabelExists(label)) if label == best));
    let begun = store
        .begin_label_change(vip.id, &rename("Best", true), at(8), &Actor::operator())
        .await;
    begun.expect("they are merged");
    finish(&store).await;
    assert_eq!(counts(&store).await, [("Best".to_owned(), 2)]);
    assert_eq!(label(&store, "Best").await.id, best.id);
    assert_eq!(labels_of_card(&store, ada.id).await, ["Best"]);
    assert_eq!(labels_of_card(&store, bob.id).await, ["Best"]);
    assert_eq!(having(&store, "Best").await, ["Ada", "Bob"]);
}

pub async fn a_removed_label_can_be_given_back(store: Store) {
    let ada = add_labelled(&store, "Ada", &["VIP", "Work"]).await;
    let bob = add_labelled(&store, "Bob", &["vip"]).await;
    let vip = label(&store, "VIP").await;
    store
        .recolour_label(vip.id, LabelColour::Blue)
        .await
        .expect("it is there");
    let begun = store
        .begin_label_change(vip.id, &LabelEdit::Remove, at(8), &Actor::operator())
        .await;
    let removed = begun.expect("it is there");
    finish(&store).await;
    assert_eq!(counts(&store).await, [("Work".to_owned(), 1)]);
    assert_eq!(labels_of_card(&store, ada.id).await, ["Work"]);
    let changes = store.label_changes().await.expect("they can be listed");
    assert_eq!(changes[0].kind, LabelChangeKind::Remove);
    assert_eq!((changes[0].total, changes[0].is_finished), (2, true));
    let cyd = add_labelled(&store, "Cyd", &["Work"]).await;
    store
        .delete(bob.id, None, at(10), &Actor::operator())
        .await
        .expect("it is there");

    let begun = store
        .undo_label_change(removed.id, at(8), &Actor::operator())
        .await;
    assert_eq!(begun.expect("it can be undone").total, 2);
    finish(&store).await;
    let back = label(&store, "VIP").await;
    assert_eq!(
        (back.id, back.colour, back.contacts),
        (vip.id, LabelColour::Blue, 1)
    );
    assert_eq!(labels_of_card(&store, ada.id).await, ["Work", "VIP"]);
    assert_eq!(labels_of_card(&store, cyd.id).await, ["Work"]);
    let again = store
        .undo_label_change(removed.id, at(8), &Actor::operator())
        .await;
    assert!(matches!(again, Err(StoreError::NoLabel)));
}

pub async fn a_change_of_many_contacts_goes_on_where_it_was(store: Store) {
    const CONTACTS: u32 = 520;
    let mut contacts = Vec::new();
    for number in 0..CONTACTS {
        let name = format!("Ada {number}");
        contacts.push(add_labelled(&store, &name, &["VIP"]).await.id);
    }
    let vip = label(&store, "VIP").await;
    let begun = store
        .begin_label_change(vip.id, &rename("Best", false), at(8), &Actor::operator())
        .await;
    assert_eq!(begun.expect("the name is free").total, u64::from(CONTACTS));
    assert!(store.step_label_change(at(1)).await.expect("it goes on"));
    let changes = store.label_changes().await.expect("they can be listed");
    assert_eq!(changes[0].left, 20);
    let expected = [("Best".to_owned(), 500), ("VIP".to_owned(), 20)];
    assert_eq!(
        counts(&store).await,
        expected,
        "the tables say what cards say"
    );
    // Meanwhile, an edit of one that is left, one that is deleted, and a new one.
    let fields = labelled("Edited", &["VIP", "Work"]);
    let edited = contacts[510];
    let update = store.update(edited, &fields, None, at(2)).await;
    update.expect("it is there");
    store
        .delete(contacts[511], None, at(2), &Actor::operator())
        .await
        .expect("it is there");
    add_labelled(&store, "Late", &["VIP"]).await;
    finish(&store).await;
    let expected = [("Best", 519), ("VIP", 1), ("Work", 1)];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    assert_eq!(counts(&store).await, expected);
    assert_eq!(labels_of_card(&store, edited).await, ["Best", "Work"]);
    assert_eq!(having(&store, "VIP").await, ["Late"]);
    for id in [contacts[0], contacts[519]] {
        let contact = store.get(id).await.expect("it is there");
        assert_eq!(contact.version, 2, "it is changed once");
    }
}

pub async fn a_change_of_a_label_is_in_the_history_of_each_contact(store: Store) {
    let account = Actor::of_account(
        Uuid::from_u128(7),
        "ada",
        "203.0.113.7".parse().expect("an address"),
    );
    let ada = add_labelled(&store, "Ada", &["VIP"]).await.id;
    let bob = add_labelled(&store, "Bob", &["VIP", "Best"]).await.id;
    let picture = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nCATEGORIES:VIP\r\n\
                   PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ==\r\nEND:VCARD\r\n";
    let pictured = ContactCard::parse(picture).expect("a card");
    store
        .replace_card(ada, &pictured, None, at(1), &Actor::operator())
        .await
        .expect("it is there");
    let vip = label(&store, "VIP").await.id;
    let operator = Actor::operator();
    let removal = LabelEdit::Remove;
    let edits = [
        (&rename("Press", false), &account, "Press"),
        (&rename("Best", true), &operator, "Best"),
    ];
    for (edit, actor, _) in edits {
        let id = match label_named(&store, "Press").await {
            Some(press) => press.id,
            None => vip,
        };
        let begun = store.begin_label_change(id, edit, at(8), actor).await;
        assert_eq!(begun.expect("it is there").total, 2);
        finish(&store).await;
    }
    let best = label(&store, "Best").await.id;
    let removed = store
        .begin_label_change(best, &removal, at(8), &account)
        .await;
    let removed = removed.expect("it is there").id;
    finish(&store).await;
    let undone = store.undo_label_change(removed, at(8), &operator).await;
    assert_eq!(undone.expect("it can be undone").total, 2);
    finish(&store).await;

    for (id, first) in [(ada, 2), (bob, 1)] {
        let page = store.versions(id, None, 50).await.expect("it is there");
        let versions = page.versions.iter().filter(|one| one.version >= first);
        let said: Vec<_> = versions
            .map(|one| {
                let labels = one.card.fields();
                let labels = labels.get(Field::Labels).iter();
                let labels: Vec<_> = labels.map(|label| label.value().to_owned()).collect();
                (one.version - first, one.name.clone(), labels.join(","))
            })
            .collect();
        let by_ada = Some("ada".to_owned());
        let (press, vip) = match id == ada {
            true => ("Press", "VIP"),
            false => ("Press,Best", "VIP,Best"),
        };
        let expected = [
            (3, None, String::new()),
            (2, by_ada.clone(), "Best".to_owned()),
            (1, None, press.to_owned()),
            (0, by_ada, vip.to_owned()),
        ];
        assert_eq!(said, expected);
        assert_eq!(page.versions[0].account, None);
        assert_eq!(page.versions[1].account, Some(Uuid::from_u128(7)));
        assert_eq!(page.versions[0].at, "2026-11-22T05:29:00.009Z");
        assert_eq!(page.contact.version, first + 4);
        let activities = store.activities(id).await.expect("they can be read");
        assert_eq!(activities.len() as u32, first + 4, "one for each change");
    }
    // A picture is kept with the present card only, and comes back with a former one.
    let page = store.versions(ada, None, 1).await.expect("it is there");
    assert_eq!(page.versions[0].picture, PictureThen::LeftOut);
    let former = store.version(ada, 2).await.expect("it is there");
    let former = former.expect("it is kept");
    assert!(former.has_picture_of(&pictured));
}

async fn label_named(store: &Store, name: &str) -> Option<Label> {
    let labels = store.labels().await.expect("they can be listed").labels;
    labels.into_iter().find(|label| label.name == name)
}

pub async fn writers_at_once_give_a_label_while_it_is_removed(store: Store) {
    const WRITERS: usize = 6;
    const CONTACTS: usize = 15;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            let mut added = Vec::new();
            for number in 0..CONTACTS {
                let labels: &[&str] = match (writer + number) % 2 {
                    0 => &["VIP", "Best"],
                    _ => &["best", "vip"],
                };
                let name = format!("Ada {writer} {number}");
                added.push(add_labelled(&store, &name, labels).await.id);
            }
            added
        });
    }
    let remover = Arc::clone(&store);
    let removals = tokio::spawn(async move {
        for _ in 0..WRITERS * CONTACTS {
            for label in remover.labels().await.expect("they can be listed").labels {
                let by = &Actor::operator();
                let begun = remover
                    .begin_label_change(label.id, &LabelEdit::Remove, at(8), by)
                    .await;
                begun.expect("there is no other change");
                finish(&remover).await;
            }
        }
    });
    let added = writers.join_all().await;
    removals.await.expect("it has ended");
    let mut expected = std::collections::BTreeMap::new();
    for id in added.into_iter().flatten() {
        for name in labels_of_card(&store, id).await {
            *expected.entry(name.to_lowercase()).or_insert(0) += 1;
        }
    }
    let counts = counts(&store).await.into_iter();
    let counts = counts.map(|(name, count)| (name.to_lowercase(), count));
    let counts = counts.filter(|(_, count)| *count > 0);
    let counts: std::collections::BTreeMap<String, u64> = counts.collect();
    assert_eq!(counts, expected, "the tables say what the cards say");
}

pub async fn a_label_whose_id_is_taken_comes_back_under_another_one(store: Store) {
    let ada = add_labelled(&store, "Ada", &["VIP"]).await.id;
    let vip = label(&store, "VIP").await.id;
    let by = Actor::operator();
    let begun = store
        .begin_label_change(vip, &LabelEdit::Remove, at(8), &by)
        .await;
    let removed = begun.expect("it is there").id;
    add_labelled(&store, "Bob", &["VIP"]).await;
    finish(&store).await;
    let begun = store
        .begin_label_change(vip, &rename("Best", false), at(8), &by)
        .await;
    begun.expect("Bob has it");
    finish(&store).await;
    let undone = store.undo_label_change(removed, at(8), &by).await;
    undone.expect("it can be undone");
    finish(&store).await;
    assert_eq!(labels_of_card(&store, ada).await, ["VIP"]);
    let expected = [("Best".to_owned(), 1), ("VIP".to_owned(), 1)];
    assert_eq!(counts(&store).await, expected);
    assert_eq!(label(&store, "Best").await.id, vip);
}

pub async fn a_card_may_name_labels_of_any_length(store: Store) {
    let ada = add(&store, "Ada").await.id;
    let long: String = (0..8_000_u32)
        .map(|number| char::from_u32(0x4e00 + number.wrapping_mul(2_654_435_761) % 20_000))
        .map(|letter| letter.unwrap_or('x'))
        .collect();
    let text =
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\nCATEGORIES:{long},VIP\r\nEND:VCARD\r\n");
    let card = ContactCard::parse(text).expect("a card");
    store
        .replace_card(ada, &card, None, at(1), &Actor::operator())
        .await
        .expect("it is there");
    assert_eq!(having(&store, "VIP").await, ["Ada"]);
}
