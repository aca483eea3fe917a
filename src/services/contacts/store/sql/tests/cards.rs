//! The cards of contacts that an earlier release has made.

use kith_database::query;

use super::Opened;
use crate::services::contacts::store::conformance::add;
use crate::services::contacts::store::sql::write_missing_cards;

/// More than one batch.
const CONTACTS: usize = 620;

async fn without_card(opened: &Opened) -> i64 {
    let mut reader = opened.database.reader().await.expect("it is open");
    query("SELECT count(*) FROM contacts WHERE card IS NULL")
        .fetch_one(&mut reader)
        .await
        .expect("it can be read")
}

/// Leaves the contacts as an earlier release has: without cards.
async fn forget_cards(opened: &Opened) {
    let mut tx = opened.database.write().await.expect("it is open");
    query("UPDATE contacts SET card = NULL, uid = NULL")
        .execute(&mut tx)
        .await
        .expect("there is room");
    tx.commit().await.expect("there is room");
}

/// Two instances start at once, after another one was killed between its batches.
pub async fn each_contact_without_a_card_gets_the_one_that_says_the_same(opened: Opened) {
    let mut known = Vec::new();
    for number in 0..CONTACTS {
        known.push(add(&opened, &format!("Ada {number}, \"quoted\"; ü\\n")).await);
    }
    let mut cards = Vec::new();
    for contact in &known {
        let (_, card) = opened.card(contact.id).await.expect("it is there");
        cards.push(card.bytes().to_vec());
    }
    forget_cards(&opened).await;
    let first = opened.database.clone();
    let (one, other) = tokio::join!(
        write_missing_cards(&first),
        write_missing_cards(&opened.database)
    );
    let written = one.expect("there is room") + other.expect("there is room");
    assert_eq!(written, CONTACTS as u64);
    assert_eq!(without_card(&opened).await, 0);
    for (contact, card) in known.iter().zip(&cards) {
        let (kept, found) = opened.card(contact.id).await.expect("it has a card");
        assert_eq!(kept, *contact);
        assert_eq!(found.bytes(), card);
        assert_eq!(opened.get(contact.id).await.as_ref().ok(), Some(contact));
    }
    let again = write_missing_cards(&opened.database).await;
    assert_eq!(again.expect("it is open"), 0);
}
