//! How much contacts are used.

use super::*;
use crate::services::audit_log::Actor;
use crate::services::contacts::frecency::Frecency;
use crate::services::contacts::store::Used;

/// A score in seconds after a time that is long ago.
pub fn score(seconds: i64) -> Frecency {
    Frecency(1_800_000_000_000 + 1000 * seconds)
}

async fn most_used(store: &Store) -> Vec<ContactId> {
    let used = store.most_used(10).await.expect("they can be read");
    used.iter().map(|used| used.contact).collect()
}

pub async fn the_contacts_that_are_used_most_come_first(store: Store) {
    let [ada, bob, cyd, dan] = [0, 1, 2, 3].map(|_| new_id());
    for id in [ada, bob, cyd, dan] {
        let fields = fields("Someone", "someone@example.com");
        let created = store.create(id, &fields, at(0), None, None).await;
        created.expect("it is new");
    }
    let before = store.get(ada).await.expect("it is there");
    let uses = [(ada, score(1)), (bob, score(2)), (cyd, score(1))];
    let written = store.add_uses(&uses).await.expect("they can be written");
    assert_eq!(written.written.len(), 3);
    assert_eq!(written.held, []);
    // Of equal ones, the contact with the higher id; and none that was not used.
    assert_eq!(most_used(&store).await, [bob, cyd, ada]);
    let first = store.most_used(1).await.expect("they can be read");
    let expected = Used {
        contact: bob,
        frecency: score(2),
        ..first[0]
    };
    assert_eq!(first, [expected]);
    // A use is no change.
    assert_eq!(store.get(ada).await.expect("it is there"), before);

    let more = store.add_uses(&[(ada, score(1))]).await;
    let more = more.expect("they can be written").written[0].frecency;
    assert_eq!(more, score(1).plus(score(1)));
    assert_eq!(most_used(&store).await, [ada, bob, cyd]);
    let listed = list(&store, &query("", "frequent", 10, None)).await;
    assert_eq!(ids(&listed.contacts), [ada, bob, cyd, dan]);
}

pub async fn what_is_in_the_trash_is_not_used(store: Store) {
    let [ada, bob] = [0, 1].map(|_| new_id());
    for id in [ada, bob] {
        let fields = fields("Someone", "someone@example.com");
        let created = store.create(id, &fields, at(0), None, None).await;
        created.expect("it is new");
    }
    let uses = [(ada, score(1)), (bob, score(2))];
    store.add_uses(&uses).await.expect("they can be written");
    let deleted = store.delete(bob, None, at(1), &Actor::operator()).await;
    deleted.expect("it is there");
    assert_eq!(most_used(&store).await, [ada]);
    let uses = [(bob, score(3)), (new_id(), score(3))];
    let written = store.add_uses(&uses).await.expect("they can be written");
    assert_eq!((written.written, written.held), (vec![], vec![]));
    store.restore(bob, at(2)).await.expect("it is there");
    let used = store.most_used(1).await.expect("they can be read");
    assert_eq!((used[0].contact, used[0].frecency), (bob, score(2)));
}
