//! Photos of contacts.

use std::io::Cursor;

use image::ImageFormat;
use image::Rgb;
use image::RgbImage;
use kith_photo::Prepared;

use super::*;
use crate::services::audit_log::Actor;
use crate::services::contacts::activity::Event;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::photo::PhotoKey;
use crate::services::contacts::photo::Picture;
use crate::services::contacts::photo::Size;

/// The pictures of a PNG in one colour.
pub fn prepared(color: [u8; 3]) -> Prepared {
    let mut file = Cursor::new(Vec::new());
    let image = RgbImage::from_pixel(120, 120, Rgb(color));
    image
        .write_to(&mut file, ImageFormat::Png)
        .expect("there is memory");
    kith_photo::prepare(file.get_ref(), None).expect("it is a picture")
}

/// The key of the photo that an address of a contact names.
pub fn key_of(contact: &Contact) -> PhotoKey {
    let address = contact.photo.as_deref().expect("it has a photo");
    PhotoKey::in_address(address).expect("it names the key")
}

/// Gives a contact a card with this line in it.
pub async fn add_line(store: &Store, contact: &Contact, line: &str) -> Contact {
    let (_, card) = store.card(contact.id).await.expect("it has a card");
    let text = String::from_utf8_lossy(card.bytes()).replace("END:", &format!("{line}\r\nEND:"));
    let card = ContactCard::parse(text).expect("it is a card");
    let replaced = store
        .replace_card(contact.id, &card, None, at(1), &Actor::operator())
        .await;
    replaced.expect("it is there")
}

async fn card(store: &Store, contact: &Contact) -> String {
    let (_, card) = store.card(contact.id).await.expect("it has a card");
    String::from_utf8_lossy(card.bytes()).into_owned()
}

async fn last_event(store: &Store, contact: &Contact) -> Event {
    let mut activities = store.activities(contact.id).await.expect("it is open");
    activities.pop().expect("something has happened").event
}

pub async fn a_photo_is_set_and_removed_in_the_card_alone(store: Store) {
    let ada = add(&store, "Ada").await;
    let ada = add_line(&store, &ada, "X-KEPT;x=\"1\":as it is").await;
    let before = card(&store, &ada).await;
    let red = prepared([200, 0, 0]);
    let set = store
        .set_photo(ada.id, Some(&red), None, at(2), &Actor::operator())
        .await;
    let set = set.expect("it is there");
    assert_eq!(key_of(&set), PhotoKey::of(&red.large.bytes));
    assert_eq!(set.version, ada.version + 1);
    assert_eq!(store.get(ada.id).await.expect("it is there"), set);
    let listed = list(&store, &query("", "name", 10, None)).await;
    assert_eq!(listed.contacts, std::slice::from_ref(&set));
    let photo_changed = Event::Changed {
        fields: vec!["photo".to_owned()],
    };
    assert_eq!(last_event(&store, &ada).await, photo_changed);
    let (_, saved) = store.card(ada.id).await.expect("it has a card");
    assert_eq!(saved.photo(), Some(red.large.bytes.clone()));

    let again = store
        .set_photo(ada.id, Some(&red), None, at(3), &Actor::operator())
        .await;
    assert_eq!(again.expect("it is there"), set);
    let removed = store
        .set_photo(ada.id, None, None, at(4), &Actor::operator())
        .await;
    let removed = removed.expect("it is there");
    assert_eq!((&removed.photo, removed.version), (&None, set.version + 1));
    assert_eq!(card(&store, &ada).await, before);
    assert_eq!(last_event(&store, &ada).await, photo_changed);
}

pub async fn a_photo_expects_a_version(store: Store) {
    let ada = add(&store, "Ada").await;
    let red = prepared([200, 0, 0]);
    let refused = store
        .set_photo(ada.id, Some(&red), Some(9), at(1), &Actor::operator())
        .await;
    assert!(matches!(refused, Err(StoreError::Changed(now)) if *now == ada));
    let set = store
        .set_photo(ada.id, Some(&red), Some(1), at(1), &Actor::operator())
        .await;
    let set = set.expect("it is at this version");
    let actor = Actor::of_address("203.0.113.7".parse().expect("an address"));
    let deleted = store.delete(ada.id, None, at(2), &actor).await;
    deleted.expect("it is there");
    let in_trash = store
        .set_photo(ada.id, None, None, at(3), &Actor::operator())
        .await;
    assert!(matches!(in_trash, Err(StoreError::NotFound)));
    let hidden = store.picture(ada.id, &key_of(&set), Size::Large).await;
    assert!(matches!(hidden, Err(StoreError::NotFound)));
    let in_trash = store.get_deleted(ada.id).await.expect("it is in there");
    assert_eq!(in_trash.photo, None);
    let restored = store.restore(ada.id, at(4)).await.expect("it was in there");
    assert_eq!(restored.photo, set.photo);
}

pub async fn the_pictures_of_a_photo_are_kept_as_long_as_it_is(store: Store) {
    let ada = add(&store, "Ada").await;
    let picture = async |key: &PhotoKey, size| store.picture(ada.id, key, size).await;
    let red = prepared([200, 0, 0]);
    let set = store
        .set_photo(ada.id, Some(&red), None, at(1), &Actor::operator())
        .await;
    let first = key_of(&set.expect("it is there"));
    for (size, jpeg) in [
        (Size::Large, &red.large.bytes),
        (Size::Small, &red.small.bytes),
    ] {
        let found = picture(&first, size).await.expect("it has this photo");
        assert_eq!(found, Picture::Made(jpeg.clone()));
    }
    // A change of something else is none of the photo.
    let updated = add_line(&store, &ada, "X-OTHER:1").await;
    assert_eq!(key_of(&updated), first);
    let kept = picture(&first, Size::Small)
        .await
        .expect("it has this photo");
    assert_eq!(kept, Picture::Made(red.small.bytes.clone()));

    let blue = prepared([0, 0, 200]);
    let set = store
        .set_photo(ada.id, Some(&blue), None, at(3), &Actor::operator())
        .await;
    let second = key_of(&set.expect("it is there"));
    let gone = picture(&first, Size::Large).await;
    assert!(matches!(gone, Err(StoreError::NotFound)));
    // Pictures that come too late are those of no photo any more.
    let late = store.keep_pictures(ada.id, &first, Some(&red)).await;
    late.expect("there is room");
    let found = picture(&second, Size::Large)
        .await
        .expect("it has this photo");
    assert_eq!(found, Picture::Made(blue.large.bytes));
    let unknown = store.picture(new_id(), &second, Size::Large).await;
    assert!(matches!(unknown, Err(StoreError::NotFound)));
}

pub async fn a_photo_that_cannot_be_decoded_is_remembered(store: Store) {
    let ada = add(&store, "Ada").await;
    let ada = add_line(&store, &ada, "PHOTO;ENCODING=b;TYPE=JPEG:AAAA").await;
    let key = key_of(&ada);
    assert_eq!(key, PhotoKey::of(&[0; 3]));
    let picture = async || {
        let found = store.picture(ada.id, &key, Size::Small).await;
        found.expect("it has this photo")
    };
    assert_eq!(picture().await, Picture::NotMade);
    for made in [None, Some(&prepared([1, 2, 3])), None] {
        let kept = store.keep_pictures(ada.id, &key, made).await;
        kept.expect("there is room");
        let expected = match made {
            Some(made) => Picture::Made(made.small.bytes.clone()),
            None => Picture::Undecodable,
        };
        assert_eq!(picture().await, expected);
    }
}

pub async fn a_photo_is_set_beside_what_others_write(store: Store) {
    let ada = add(&store, "Ada").await;
    let red = prepared([200, 0, 0]);
    let edit = async || loop {
        let (contact, mut card) = store.card(ada.id).await.expect("it is there");
        card.apply(&fields("Ada Lovelace", "ada@example.com"));
        let read = Some(contact.version);
        match store
            .replace_card(ada.id, &card, read, at(1), &Actor::operator())
            .await
        {
            Err(StoreError::Changed(_)) => {}
            edited => break edited.expect("it is there"),
        }
    };
    let actor = Actor::operator();
    let (set, _) = tokio::join!(
        store.set_photo(ada.id, Some(&red), None, at(1), &actor),
        edit()
    );
    set.expect("it is there");
    let both = store.get(ada.id).await.expect("it is there");
    assert_eq!((both.name.as_str(), both.version), ("Ada Lovelace", 3));
    assert_eq!(key_of(&both), PhotoKey::of(&red.large.bytes));
}

pub async fn a_photo_elsewhere_is_none(store: Store) {
    let ada = add(&store, "Ada").await;
    for line in [
        "PHOTO;VALUE=uri:https://example.com/ada.jpg",
        "PHOTO:http://192.0.2.1/x",
        "PHOTO:file:///etc/passwd",
    ] {
        let changed = add_line(&store, &ada, line).await;
        assert_eq!(changed.photo, None, "{line}");
        let bare = store
            .set_photo(ada.id, None, None, at(2), &Actor::operator())
            .await;
        assert_eq!(bare.expect("it is there").photo, None);
        assert!(!card(&store, &ada).await.contains("PHOTO"));
    }
}
