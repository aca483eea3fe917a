//! Requests that are sent again.

use tokio::task::JoinSet;

use super::*;
use crate::services::audit_log::Actor;
use crate::services::contacts::store::Creation;
use crate::services::contacts::store::IdempotentRequest;

fn request(key: &str, name: &str) -> IdempotentRequest {
    let draft = ContactInput::default().with(Field::Name, name.to_owned());
    IdempotentRequest::new(key.as_bytes(), &draft, None).expect("the key is valid")
}

async fn create(
    store: &Store,
    request: &IdempotentRequest,
    now: Timestamp,
) -> Result<Creation, StoreError> {
    store
        .create(
            new_id(),
            &fields("Ada", "ada@example.com"),
            now,
            Some(request),
            None,
        )
        .await
}

fn ttl() -> i64 {
    i64::try_from(IDEMPOTENCY_TTL.as_millis()).expect("it is a day")
}

pub async fn a_repeated_request_gets_the_first_answer(store: Store) {
    let request = request("key", "body");
    let first = create(&store, &request, at(0))
        .await
        .expect("it can be added");
    assert!(!first.replayed);
    let expected = Creation {
        replayed: true,
        ..first.clone()
    };

    let again = create(&store, &request, at(1))
        .await
        .expect("it is repeated");
    assert_eq!(again, expected);

    // Whatever has become of the contact.
    let new = fields("Bob", "bob@example.com");
    store
        .update(first.contact.id, &new, None, at(2))
        .await
        .expect("it is there");
    assert_eq!(
        create(&store, &request, at(3))
            .await
            .expect("it is repeated"),
        expected
    );
    store
        .delete(first.contact.id, None, at(4), &Actor::operator())
        .await
        .expect("it is there");
    assert_eq!(
        create(&store, &request, at(5))
            .await
            .expect("it is repeated"),
        expected
    );
    assert_eq!(found(&store, "").await, Vec::<String>::new());
}

pub async fn a_key_is_for_one_request(store: Store) {
    create(&store, &request("key", "body"), at(0))
        .await
        .expect("it can be added");
    let other = create(&store, &request("key", "another body"), at(1)).await;
    assert!(matches!(other, Err(StoreError::KeyReused)));
    // Another key is another request, whatever it asks for.
    let other = create(&store, &request("KEY", "body"), at(1))
        .await
        .expect("it can be added");
    assert!(!other.replayed);
    assert_eq!(found(&store, "").await.len(), 2);
}

pub async fn of_the_same_requests_at_once_one_adds_a_contact(store: Store) {
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let store = Arc::clone(&store);
        requests.spawn(async move { create(&store, &request("key", "body"), at(0)).await });
    }
    let answers: Vec<Creation> = requests
        .join_all()
        .await
        .into_iter()
        .map(|answer| answer.expect("it is answered"))
        .collect();

    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(
        answers
            .iter()
            .all(|answer| answer.contact == answers[0].contact)
    );
    assert_eq!(found(&store, "").await, ["Ada"]);
}

pub async fn a_request_that_failed_can_be_sent_again(store: Store) {
    let taken = add(&store, "Bob").await;
    let new = fields("Ada", "ada@example.com");
    let request = request("key", "body");
    let failed = store
        .create(taken.id, &new, at(0), Some(&request), None)
        .await;
    assert!(
        matches!(failed, Err(StoreError::Internal(_))),
        "an id is used once"
    );

    let again = create(&store, &request, at(1))
        .await
        .expect("it can be added");

    assert!(!again.replayed);
    assert_eq!(found(&store, "").await, ["Ada", "Bob"]);
}

pub async fn an_outdated_key_is_free_again(store: Store) {
    let first = create(&store, &request("key", "body"), at(0))
        .await
        .expect("it can be added");
    let last_moment = create(&store, &request("key", "body"), at(ttl() - 1)).await;
    assert!(last_moment.expect("it is repeated").replayed);

    let other = create(&store, &request("key", "another body"), at(ttl())).await;

    let other = other.expect("the key is free");
    assert!(!other.replayed);
    assert_ne!(other.contact.id, first.contact.id);
    // From here on the key stands for the other request.
    let again = create(&store, &request("key", "another body"), at(2 * ttl() - 1)).await;
    assert_eq!(again.expect("it is repeated").contact, other.contact);
    let first_again = create(&store, &request("key", "body"), at(2 * ttl() - 1)).await;
    assert!(matches!(first_again, Err(StoreError::KeyReused)));
}

pub async fn a_form_creates_one_contact_whatever_it_says(store: Store) {
    let create = async |name: &str, millis| {
        let draft = ContactInput::default().with(Field::Name, name.to_owned());
        let request = IdempotentRequest::of_form("form", &draft).expect("the key is valid");
        let fields = fields(name, "someone@example.com");
        let now = at(millis);
        store
            .create(new_id(), &fields, now, Some(&request), None)
            .await
    };
    let is_refused_for = |answer: &Result<Creation, StoreError>, contact: &Contact| matches!(answer, Err(StoreError::AlreadyCreated(created)) if **created == *contact);
    let ada = create("Ada", 0).await.expect("it can be added");
    let again = create("Ada", 1).await.expect("it is repeated");
    assert!(again.replayed && again.contact == ada.contact);
    let other = create("Bob", 1).await;
    assert!(is_refused_for(&other, &ada.contact), "{other:?}");

    // The form may be used again for what takes the place of a contact that is gone.
    let deleted = store
        .delete(ada.contact.id, None, at(2), &Actor::operator())
        .await;
    deleted.expect("it is there");
    let bob = create("Bob", 3).await.expect("it can be added");
    assert!(!bob.replayed);
    let third = create("Eve", 4).await;
    assert!(is_refused_for(&third, &bob.contact), "{third:?}");
    let replay = create("Ada", 4).await.expect("it is repeated");
    assert!(replay.replayed && replay.contact == ada.contact);
    let later = create("Eve", ttl() + 3)
        .await
        .expect("the form is forgotten");
    assert!(!later.replayed);
    assert_eq!(found(&store, "").await, ["Bob", "Eve"]);
}
