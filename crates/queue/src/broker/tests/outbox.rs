//! The outbox hands over messages, and the inbox executes them once.

use std::time::Duration;

use kith_database::Engine;
use kith_database::query;

use super::rig::HALF_A_DAY;
use super::rig::Rig;
use crate::dispatcher::Dispatched;
use crate::dispatcher::dispatch;
use crate::inbox;
use crate::inbox::Claim;
use crate::inbox::Lease;
use crate::qstash::QStash;
use crate::test_database::on_both_engines;

on_both_engines![
    the_outbox_is_handed_over_in_order_and_what_may_not_go_stays,
    a_message_is_executed_once,
    a_wait_of_the_outbox_outlasts_a_start,
    a_message_that_qstash_does_not_take_waits_by_the_clock_of_the_broker,
];

async fn the_outbox_is_handed_over_in_order_and_what_may_not_go_stays(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    for (id, path) in [("1", "/hooks/a"), ("2", "/elsewhere"), ("3", "/hooks/c")] {
        rig.write_outgoing(id, path).await;
    }
    for _ in 0..2 {
        let dispatched = dispatch(&broker, None).await;
        assert_eq!(dispatched.expect("handed over"), Dispatched::Empty);
    }
    let mut connection = rig.database.reader().await.expect("it is open");
    let handed_over: Vec<String> = query("SELECT destination FROM messages ORDER BY seq")
        .fetch_all(&mut connection)
        .await
        .expect("they are there");
    assert_eq!(handed_over, ["/hooks/a", "/hooks/c"]);
    drop(connection);
    assert_eq!(rig.count("SELECT count(*) FROM outbox").await, 1);
}

async fn a_message_is_executed_once(engine: Engine) {
    let rig = Rig::new(engine).await;
    let claim = async || {
        let mut tx = rig.database.write().await.expect("it is open");
        let claim = inbox::claim(&mut tx, "message", rig.now()).await;
        tx.commit().await.expect("there is room");
        claim.expect("a claim")
    };
    let end = async |lease: Lease, is_done: bool| {
        let mut tx = rig.database.write().await.expect("it is open");
        let ended = match is_done {
            true => inbox::complete(&mut tx, &lease, rig.now()).await,
            false => inbox::release(&mut tx, &lease).await,
        };
        tx.commit().await.expect("there is room");
        ended.expect("written")
    };
    let Claim::Granted(first) = claim().await else {
        panic!("the message has no lease");
    };
    assert_eq!(claim().await, Claim::Busy(inbox::LEASE_DURATION));
    // The next consumer gets a released claim at once.
    assert!(end(first, false).await);
    let Claim::Granted(second) = claim().await else {
        panic!("it was given back");
    };
    // A consumer that is too slow has lost its lease.
    rig.pass(inbox::LEASE_DURATION);
    let Claim::Granted(third) = claim().await else {
        panic!("the lease is over");
    };
    assert!(!end(second, true).await);
    assert!(end(third, true).await);
    rig.pass(Duration::from_secs(24 * 3600));
    assert_eq!(claim().await, Claim::Done);
}

/// When what stands in the outbox is due, in milliseconds from the time at which tests begin.
const HANDED_OVER: &str = "SELECT due_at - 1000000000000 FROM outbox";

async fn a_wait_of_the_outbox_outlasts_a_start(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    rig.write_outgoing("1", "/hooks/a").await;
    // QStash has asked for an hour.
    rig.execute("UPDATE outbox SET attempts = 1, due_at = due_at + 3600000")
        .await;
    broker.rebase(rig.now()).await.expect("rebased");
    assert_eq!(rig.count(HANDED_OVER).await, 3_600_000);
    // This process has noticed that the clock was set back.
    let before = rig.now() + HALF_A_DAY;
    broker.rebase(before).await.expect("rebased");
    assert_eq!(rig.count(HANDED_OVER).await, 60_000);
    // No wait is longer than a day, so that this one began by a clock that was ahead.
    rig.execute("UPDATE outbox SET due_at = due_at + 86400000")
        .await;
    broker.rebase(rig.now()).await.expect("rebased");
    assert_eq!(rig.count(HANDED_OVER).await, 60_000);
}

async fn a_message_that_qstash_does_not_take_waits_by_the_clock_of_the_broker(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let destinations = broker.destinations().clone();
    let qstash = QStash::new("http://127.0.0.1:1", "token", destinations);
    rig.write_outgoing("1", "/hooks/a").await;
    let dispatched = dispatch(&broker, Some(&qstash)).await;
    dispatched.expect("put off");
    let due = rig.count(HANDED_OVER).await;
    assert!((1..=2000).contains(&due), "{due}");
}
