//! The cards that a contact had before.

use super::*;
use crate::services::audit_log::Actor;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::store::PictureThen;

/// The start of a JPEG file, as base64.
const PICTURES: [&str; 2] = ["/9j/4AAQSkZJRgABAQ==", "/9j/4AAQSkZJRgACAg=="];

fn card(name: &str, picture: Option<&str>) -> ContactCard {
    let picture = picture.map(|data| format!("PHOTO;ENCODING=b;TYPE=JPEG:{data}\r\n"));
    let text = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:ada\r\nFN:{name}\r\n{}END:VCARD\r\n",
        picture.unwrap_or_default()
    );
    ContactCard::parse(text).expect("a card")
}

fn account() -> Actor {
    let address = "203.0.113.7".parse().expect("an address");
    Actor::of_account(Uuid::from_u128(7), "ada", address)
}

async fn replace(store: &Store, id: ContactId, card: &ContactCard, actor: &Actor) -> Contact {
    let replaced = store.replace_card(id, card, None, at(5), actor).await;
    replaced.expect("it is there")
}

/// The versions that are kept, the latest first.
async fn kept(store: &Store, id: ContactId) -> Vec<u32> {
    let page = store.versions(id, None, 1000).await.expect("it is there");
    page.versions.iter().map(|one| one.version).collect()
}

pub async fn each_change_keeps_the_card_before_it_and_who_has_made_it(store: Store) {
    let id = add(&store, "Ada").await.id;
    let (_, first) = store.card(id).await.expect("it is there");
    assert_eq!(kept(&store, id).await, [0_u32; 0]);
    let second = card("Ada King", None);
    replace(&store, id, &second, &account()).await;
    // What changes nothing is no version.
    replace(&store, id, &second, &account()).await;
    // A way through the trash gives the contact two versions, and both have the card.
    store
        .delete(id, None, at(6), &Actor::operator())
        .await
        .expect("it is there");
    store.restore(id, at(7)).await.expect("it is there");
    let third = card("Ada Lovelace", None);
    let contact = replace(&store, id, &third, &Actor::operator()).await;
    assert_eq!(contact.version, 5);

    let page = store.versions(id, None, 50).await.expect("it is there");
    assert_eq!(page.contact, contact);
    assert_eq!(page.after.bytes(), third.bytes());
    assert!(!page.has_more);
    let [latest, earliest] = &page.versions[..] else {
        panic!("{:?}", page.versions);
    };
    assert_eq!((latest.version, earliest.version), (4, 1));
    assert_eq!(latest.card.bytes(), second.bytes());
    assert_eq!(earliest.card.bytes(), first.bytes());
    assert_eq!((latest.account, &latest.name), (None, &None));
    assert_eq!(earliest.account, Some(Uuid::from_u128(7)));
    assert_eq!(earliest.name.as_deref(), Some("ada"));
    assert_eq!(earliest.at, "2026-11-22T05:29:00.005Z");
    assert_eq!(latest.picture, PictureThen::Same);

    for (version, expected) in [
        (1, Some(&first)),
        (4, Some(&second)),
        (5, Some(&third)),
        (2, None),
        (0, None),
    ] {
        let found = store.version(id, version).await.expect("it is there");
        let found = found.as_ref().map(ContactCard::bytes);
        assert_eq!(found, expected.map(ContactCard::bytes), "{version}");
    }
}

pub async fn former_versions_have_pages(store: Store) {
    let id = add(&store, "Ada").await.id;
    for number in 0..5 {
        replace(
            &store,
            id,
            &card(&format!("Ada {number}"), None),
            &account(),
        )
        .await;
    }
    let mut before = None;
    let mut seen = Vec::new();
    for expected in [&[5, 4][..], &[3, 2], &[1]] {
        let page = store.versions(id, before, 2).await.expect("it is there");
        let versions: Vec<u32> = page.versions.iter().map(|one| one.version).collect();
        assert_eq!(versions, expected);
        assert_eq!(page.has_more, expected != [1]);
        seen.extend([page.after]);
        seen.extend(page.versions.into_iter().map(|one| one.card));
        before = versions.last().copied();
    }
    let names = seen.iter().map(|card| card.summary().name);
    let names: Vec<String> = names.collect();
    // Each page begins with the card that came after its first one.
    let expected = [
        "Ada 4", "Ada 3", "Ada 2", "Ada 2", "Ada 1", "Ada 0", "Ada 0", "Ada",
    ];
    assert_eq!(names, expected);
    let beyond = store.versions(id, Some(1), 2).await.expect("it is there");
    assert!(beyond.versions.is_empty() && !beyond.has_more);
}

pub async fn the_oldest_versions_go(store: Store) {
    let id = add(&store, "Ada").await.id;
    for number in 0..60 {
        replace(
            &store,
            id,
            &card(&format!("Ada {number}"), None),
            &account(),
        )
        .await;
    }
    let expected: Vec<u32> = (11..=60).rev().collect();
    assert_eq!(kept(&store, id).await, expected);
    let gone = store.version(id, 10).await.expect("it is there");
    assert!(gone.is_none());
}

pub async fn a_picture_is_kept_once_and_comes_back_with_each_version(store: Store) {
    let id = add(&store, "Ada").await.id;
    let [one, other] = PICTURES.map(Some);
    let cards = [
        card("Without", None),
        card("With", one),
        card("Still", one),
        card("Still there", one),
        card("Another", other),
        card("Another still", other),
    ];
    for card in &cards {
        replace(&store, id, card, &account()).await;
    }
    let page = store.versions(id, None, 50).await.expect("it is there");
    let pictures: Vec<PictureThen> = page.versions.iter().map(|one| one.picture).collect();
    let expected = [
        PictureThen::LeftOut,
        PictureThen::Changed,
        PictureThen::LeftOut,
        PictureThen::LeftOut,
        PictureThen::Changed,
        PictureThen::Same,
    ];
    assert_eq!(pictures, expected);
    for former in &page.versions {
        let text = String::from_utf8_lossy(former.card.bytes());
        let is_there = former.picture == PictureThen::Changed && former.version > 2;
        assert_eq!(
            text.contains("PHOTO"),
            is_there,
            "{}: {text}",
            former.version
        );
    }
    for (place, card) in cards.iter().enumerate() {
        let version = 2 + u32::try_from(place).expect("it is small");
        let found = store.version(id, version).await.expect("it is there");
        let found = found.expect("it is kept");
        assert!(found.has_picture_of(card), "{version}");
        assert_eq!(found.fields(), card.fields());
    }
}

pub async fn what_is_in_the_trash_shows_no_versions(store: Store) {
    let id = add(&store, "Ada").await.id;
    replace(&store, id, &card("Ada King", None), &account()).await;
    store
        .delete(id, None, at(6), &Actor::operator())
        .await
        .expect("it is there");
    let versions = store.versions(id, None, 50).await;
    assert!(matches!(versions, Err(StoreError::NotFound)));
    let version = store.version(id, 1).await;
    assert!(matches!(version, Err(StoreError::NotFound)));
    store.restore(id, at(7)).await.expect("it is there");
    assert_eq!(kept(&store, id).await, [1]);
}
