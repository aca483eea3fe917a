//! A clock that is set back or was ahead.

use std::time::Duration;

use kith_database::Engine;

use super::rig::DELIVERED;
use super::rig::HALF_A_DAY;
use super::rig::Rig;
use super::rig::publication;
use super::rig::receiver;
use crate::broker::LEASE;
use crate::broker::accept::Provenance;
use crate::broker::filter::Filter;
use crate::dispatcher::dispatch;
use crate::inbox;
use crate::inbox::Claim;
use crate::message::DeliverySpec;
use crate::message::Publication;
use crate::outbox;
use crate::outbox::OutboxMessage;
use crate::test_database::on_both_engines;

on_both_engines![
    a_clock_that_is_set_back_holds_up_no_message,
    messages_from_a_clock_that_was_ahead_are_delivered_after_a_start,
    a_clock_that_is_set_back_changes_no_time_that_was_named,
    a_wait_that_began_after_the_clock_was_set_back_goes_on,
    a_clock_that_is_set_back_holds_up_no_outbox_claim_or_deduplication,
];

/// When the waiting message is due, in milliseconds from the start of the test.
const DUE: &str = "SELECT due_at - 1000000000000 FROM messages WHERE finished_at IS NULL";

async fn a_clock_that_is_set_back_holds_up_no_message(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker(&receiver().await);
    broker.start();
    let later = Publication {
        delivery: DeliverySpec {
            delay: Some(60_000),
            ..DeliverySpec::default()
        },
        ..publication("/hooks/a")
    };
    broker
        .publish(&[later], Provenance::default())
        .await
        .expect("taken");
    rig.pass(Duration::from_secs(50));
    rig.set_back(HALF_A_DAY);
    // Its wait of a minute begins anew.
    let due = 50_000 - HALF_A_DAY.as_millis() as i64 + 60_000;
    rig.until(DUE, due).await;
    rig.pass(Duration::from_secs(59));
    broker.wake();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(rig.count(DELIVERED).await, 0);
    rig.pass(Duration::from_secs(1));
    broker.wake();
    rig.until(DELIVERED, 1).await;
    // A message that is published from now on does not wait either.
    broker
        .publish(&[publication("/hooks/b")], Provenance::default())
        .await
        .expect("taken");
    rig.until(DELIVERED, 2).await;
    broker.close().await;
}

async fn messages_from_a_clock_that_was_ahead_are_delivered_after_a_start(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker(&receiver().await);
    for path in [
        "/hooks/created",
        "/hooks/retried",
        "/hooks/abandoned",
        "/hooks/unreadable",
    ] {
        broker
            .publish(&[publication(path)], Provenance::default())
            .await
            .expect("taken");
    }
    rig.execute(
        "UPDATE messages SET state = 'retry', retried = 1, due_at = due_at + 5000
         WHERE destination = '/hooks/retried'",
    )
    .await;
    rig.execute(
        "UPDATE messages SET state = 'active', owner = 'a dead one', due_at = due_at + 9000
         WHERE destination = '/hooks/abandoned'",
    )
    .await;
    rig.execute("UPDATE messages SET spec = 'nonsense' WHERE destination = '/hooks/unreadable'")
        .await;
    rig.set_back(HALF_A_DAY);
    broker.start();
    rig.until(DELIVERED, 1).await;
    rig.pass(LEASE);
    broker.wake();
    rig.until(DELIVERED, 3).await;
    broker.close().await;
}

async fn a_clock_that_is_set_back_changes_no_time_that_was_named(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let noon = rig.now().as_millisecond() + 3_600_000;
    let at_noon = Publication {
        not_before: Some(noon),
        ..publication("/hooks/a")
    };
    broker
        .publish(&[at_noon], Provenance::default())
        .await
        .expect("taken");
    let before = rig.now();
    rig.set_back(HALF_A_DAY);
    broker.rebase(before).await.expect("rebased");
    assert_eq!(rig.count(DUE).await, 3_600_000);
    // A message that was due stays due.
    rig.pass(HALF_A_DAY + Duration::from_secs(7200));
    let before = rig.now();
    rig.set_back(HALF_A_DAY);
    for _ in 0..2 {
        broker.rebase(before).await.expect("rebased");
        assert_eq!(
            rig.count(DUE).await,
            rig.now().as_millisecond() - 1_000_000_000_000
        );
    }
}

async fn a_wait_that_began_after_the_clock_was_set_back_goes_on(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let in_an_hour = async |path: &str| {
        let message = Publication {
            delivery: DeliverySpec {
                delay: Some(3_600_000),
                ..DeliverySpec::default()
            },
            ..publication(path)
        };
        let taken = broker.publish(&[message], Provenance::default()).await;
        taken.expect("taken");
    };
    in_an_hour("/hooks/before").await;
    let before = rig.now();
    rig.set_back(HALF_A_DAY);
    in_an_hour("/hooks/after").await;
    in_an_hour("/hooks/retried").await;
    rig.execute("UPDATE messages SET state = 'retry' WHERE destination = '/hooks/retried'")
        .await;
    // Two processes notice that the clock was set back, one after the other.
    for _ in 0..2 {
        rig.pass(Duration::from_millis(400));
        broker.rebase(before).await.expect("rebased");
        assert_eq!(
            rig.count("SELECT count(*) FROM messages WHERE due_at - updated_at = 3600000")
                .await,
            3
        );
    }
}

#[tokio::test]
async fn a_message_that_waits_for_its_turn_to_be_written_has_the_time_of_that_turn() {
    let rig = Rig::new(Engine::Sqlite).await;
    let broker = rig.broker("http://127.0.0.1:1");
    broker
        .publish(&[publication("/hooks/a")], Provenance::default())
        .await
        .expect("taken");
    rig.execute(
        "UPDATE messages SET state = 'failed', finished_at = due_at, dead_letter_id = 'dead'",
    )
    .await;
    // The clock is set back while the transaction waits for another writer.
    let others = rig.database.write().await.expect("it is open");
    let filter = Filter::default();
    let (sent, ()) = tokio::join!(broker.retry_dead_letters(&filter, &[]), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        rig.set_back(HALF_A_DAY);
        drop(others);
    });
    assert_eq!(sent.expect("sent again").sent.len(), 1);
    assert_eq!(
        rig.count(DUE).await,
        rig.now().as_millisecond() - 1_000_000_000_000
    );
}

async fn a_clock_that_is_set_back_holds_up_no_outbox_claim_or_deduplication(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let once = Publication {
        deduplication: Some("once".to_owned()),
        ..publication("/hooks/a")
    };
    let publish = async || {
        let taken = broker.publish(std::slice::from_ref(&once), Provenance::default());
        taken.await.expect("taken")[0].deduplicated
    };
    assert!(!publish().await);
    let claim = async || {
        let mut tx = rig.database.write().await.expect("it is open");
        let claim = inbox::claim(&mut tx, "message", rig.now()).await;
        tx.commit().await.expect("there is room");
        claim.expect("a claim")
    };
    assert!(matches!(claim().await, Claim::Granted(_)));
    let mut tx = rig.database.write().await.expect("it is open");
    let message = OutboxMessage {
        id: "1".to_owned(),
        publication: Publication {
            delivery: DeliverySpec {
                delay: Some(60_000),
                ..DeliverySpec::default()
            },
            ..publication("/hooks/c")
        },
    };
    outbox::insert(&mut tx, &message, rig.now())
        .await
        .expect("written");
    tx.commit().await.expect("there is room");

    let before = rig.now();
    rig.set_back(HALF_A_DAY);
    broker.rebase(before).await.expect("rebased");
    // What was written with a change of the data goes out, and waits for its minute and no longer.
    dispatch(&broker, None).await.expect("handed over");
    assert_eq!(rig.count("SELECT count(*) FROM outbox").await, 0);
    assert_eq!(
        rig.count("SELECT due_at FROM messages WHERE destination = '/hooks/c'")
            .await,
        rig.now().as_millisecond() + 60_000
    );
    // A dead consumer's claim and a deduplication end when they would have.
    assert_eq!(claim().await, Claim::Busy(inbox::LEASE_DURATION));
    rig.pass(inbox::LEASE_DURATION);
    assert!(matches!(claim().await, Claim::Granted(_)));
    assert!(publish().await, "its window is not over");
    rig.pass(Duration::from_secs(600));
    assert!(!publish().await);
}
