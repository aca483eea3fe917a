//! What is kept of photos, and for how long.

use kith_database::query;

use super::Opened;
use crate::services::audit_log::Actor;
use crate::services::book::BookKey;
use crate::services::contacts::photo::Size;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::conformance::add;
use crate::services::contacts::store::conformance::add_line;
use crate::services::contacts::store::conformance::at;
use crate::services::contacts::store::conformance::key_of;
use crate::services::contacts::store::conformance::prepared;
use crate::services::contacts::store::sql::erase;

async fn kept(opened: &Opened) -> i64 {
    let mut reader = opened.database.reader().await.expect("it is open");
    query("SELECT count(*) FROM photos")
        .fetch_one(&mut reader)
        .await
        .expect("a number")
}

pub async fn no_picture_is_left_of_a_photo_that_is_gone(opened: Opened) {
    let actor = Actor::of_address("203.0.113.7".parse().expect("an address"));
    let photo = prepared([0, 200, 0]);
    let ada = add(&opened, "Ada").await;
    let set = async || {
        let set = opened
            .set_photo(ada.id, Some(&photo), None, at(1), &Actor::operator())
            .await;
        let set = set.expect("it is there");
        assert_eq!(kept(&opened).await, 1);
        set
    };
    let first = set().await;
    let removed = opened
        .set_photo(ada.id, None, None, at(2), &Actor::operator())
        .await;
    removed.expect("it is there");
    assert_eq!(kept(&opened).await, 0);
    let late = opened
        .keep_pictures(ada.id, &key_of(&first), Some(&photo))
        .await;
    late.expect("there is room");
    assert_eq!(kept(&opened).await, 0);

    set().await;
    // By a way that knows nothing of pictures.
    add_line(&opened, &ada, "PHOTO;ENCODING=b:AAAA").await;
    let (_, card) = opened.card(ada.id).await.expect("it has a card");
    assert!(card.photo().is_some_and(|file| file == photo.large.bytes));
    let mut bare = card.clone();
    bare.set_photo(None);
    let replaced = opened
        .replace_card(ada.id, &bare, None, at(3), &Actor::operator())
        .await;
    replaced.expect("it is there");
    assert_eq!(kept(&opened).await, 0);

    set().await;
    opened.assert_consistent().await;
    let deleted = opened.delete(ada.id, None, at(4), &actor).await;
    deleted.expect("it is there");
    let erased = opened.erase(ada.id, at(5), &actor).await;
    erased.expect("it is in the trash");
    assert_eq!(kept(&opened).await, 0);

    let bob = add(&opened, "Bob").await;
    let set = opened
        .set_photo(bob.id, Some(&photo), None, at(6), &Actor::operator())
        .await;
    set.expect("it is there");
    let mut tx = opened.database.write().await.expect("it is open");
    erase(&mut tx, BookKey::FIRST).await.expect("it is there");
    tx.commit().await.expect("there is room");
    assert_eq!(kept(&opened).await, 0);
}

pub async fn a_picture_is_found_in_no_other_book(opened: Opened) {
    let photo = prepared([0, 200, 0]);
    let ada = add(&opened, "Ada").await;
    let set = opened
        .set_photo(ada.id, Some(&photo), None, at(1), &Actor::operator())
        .await;
    let key = key_of(&set.expect("it is there"));
    let other = opened.in_book(BookKey(2));
    let found = other.picture(ada.id, &key, Size::Large).await;
    assert!(matches!(found, Err(StoreError::NotFound)));
    let set = other
        .set_photo(ada.id, None, None, at(2), &Actor::operator())
        .await;
    assert!(matches!(set, Err(StoreError::NotFound)));
}
