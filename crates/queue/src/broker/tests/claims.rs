//! Claims, their leases, and the permits that origins share.

use std::num::NonZeroU32;
use std::time::Duration;

use kith_database::Engine;

use super::rig::DELIVERED;
use super::rig::Rig;
use super::rig::frozen;
use super::rig::publication;
use super::rig::receiver;
use crate::broker::Broker;
use crate::broker::LEASE;
use crate::broker::Options;
use crate::broker::accept::Provenance;
use crate::broker::claim::Claimed;
use crate::broker::lane::LaneKind;
use crate::message::Publication;
use crate::test_database::on_both_engines;

on_both_engines![
    a_process_that_renews_its_leases_keeps_its_messages,
    receivers_that_never_answer_hold_up_no_webhook,
    receivers_that_never_answer_hold_up_no_other_origin,
    receivers_that_never_answer_and_hold_every_permit_leave_one_at_a_timeout,
    one_origin_behind_many_messages_to_another_is_claimed_at_once,
];

async fn a_process_that_renews_its_leases_keeps_its_messages(engine: Engine) {
    let rig = Rig::new(engine).await;
    let (one, other) = (
        rig.broker("http://127.0.0.1:1"),
        rig.broker("http://127.0.0.1:1"),
    );
    let taken = one
        .publish(&[publication("/hooks/a")], Provenance::default())
        .await;
    taken.expect("taken");
    let claimed = async |broker: &Broker| match broker.claim(LaneKind::Webhooks).await {
        Ok(Claimed::Messages(messages)) => Some(messages),
        _ => None,
    };
    let _prefetched = claimed(&one).await.expect("it is due");
    for _ in 0..3 {
        rig.pass(LEASE * 2 / 3);
        assert!(claimed(&other).await.is_none());
        one.renew(LaneKind::Webhooks).await.expect("renewed");
    }
    rig.pass(LEASE);
    assert!(claimed(&other).await.is_some());
}

#[tokio::test]
async fn a_claim_that_is_reported_as_failed_ends_with_its_lease() {
    let rig = Rig::new(Engine::Sqlite).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let publish = async || {
        broker
            .publish(&[publication("/hooks/a")], Provenance::default())
            .await
            .expect("taken");
    };
    publish().await;
    // The file is moved away while the claim is committed.
    let path = rig.place.directory();
    let others = rig.database.write().await.expect("it is open");
    let (claimed, ()) = tokio::join!(broker.claim(LaneKind::Webhooks), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        std::fs::rename(path.join("queue.db"), path.join("away")).expect("it is there");
        drop(others);
    });
    assert!(claimed.is_err());
    std::fs::rename(path.join("away"), path.join("queue.db")).expect("it is there");
    assert_eq!(
        rig.count("SELECT count(*) FROM messages WHERE state = 'active'")
            .await,
        1
    );
    // Other messages keep the process busy.
    publish().await;
    let Ok(Claimed::Messages(_other)) = broker.claim(LaneKind::Webhooks).await else {
        panic!("there is another");
    };
    for _ in 0..3 {
        rig.pass(LEASE / 3);
        broker.renew(LaneKind::Webhooks).await.expect("renewed");
    }
    let Ok(Claimed::Messages(again)) = broker.claim(LaneKind::Webhooks).await else {
        panic!("the lease is over");
    };
    assert_eq!(again.len(), 1);
}

async fn receivers_that_never_answer_hold_up_no_webhook(engine: Engine) {
    let rig = Rig::new(engine).await;
    let (frozen, _listener) = frozen();
    let broker = rig.broker_to(&receiver().await, &[&frozen]);
    let frozen = vec![publication(&frozen); 100];
    broker
        .publish(&frozen, Provenance::default())
        .await
        .expect("taken");
    broker.start();
    rig.until(
        "SELECT count(*) FROM (SELECT 1 FROM messages WHERE state = 'active' LIMIT 1) AS first",
        1,
    )
    .await;
    let webhook = [publication("/hooks/a")];
    broker
        .publish(&webhook, Provenance::default())
        .await
        .expect("taken");
    rig.until(DELIVERED, 1).await;
    assert_eq!(
        rig.count("SELECT count(*) FROM messages WHERE state = 'failed'")
            .await,
        0
    );
}

/// Publishes many more messages than there are permits.
async fn publish_200_to_each(broker: &Broker, origins: &[String]) {
    let to = |origin: &String| {
        let origin = origin.clone();
        (0..200).map(move |number| publication(&format!("{origin}/{number}")))
    };
    let messages: Vec<Publication> = origins.iter().flat_map(to).collect();
    let taken = broker.publish(&messages, Provenance::default()).await;
    taken.expect("taken");
}

async fn receivers_that_never_answer_hold_up_no_other_origin(engine: Engine) {
    let rig = Rig::new(engine).await;
    let (origins, _listeners): (Vec<_>, Vec<_>) = (0..3).map(|_| frozen()).unzip();
    let fine = receiver().await;
    let allowed: Vec<&str> = origins.iter().chain([&fine]).map(String::as_str).collect();
    // No attempt times out, so that only permits that the three origins leave can deliver the rest.
    let broker = rig.broker_with(Options {
        concurrency: NonZeroU32::new(16).expect("not 0"),
        timeout: Duration::from_secs(3600),
        ..rig.options("http://127.0.0.1:1", &allowed)
    });
    publish_200_to_each(&broker, &origins).await;
    broker.start();
    rig.until(
        "SELECT count(DISTINCT origin) FROM messages WHERE state = 'active'",
        3,
    )
    .await;
    for number in 0..20 {
        let unrelated = [publication(&format!("{fine}/{number}"))];
        broker
            .publish(&unrelated, Provenance::default())
            .await
            .expect("taken");
    }
    rig.until(DELIVERED, 20).await;
}

async fn receivers_that_never_answer_and_hold_every_permit_leave_one_at_a_timeout(engine: Engine) {
    let rig = Rig::new(engine).await;
    let (origins, _listeners): (Vec<_>, Vec<_>) = (0..3).map(|_| frozen()).unzip();
    let fine = receiver().await;
    let allowed: Vec<&str> = origins.iter().chain([&fine]).map(String::as_str).collect();
    // Three origins hold all of four permits. Their 600 messages take 750 s, so that a broker that sends them
    // first is too late for this test.
    let broker = rig.broker_to("http://127.0.0.1:1", &allowed);
    publish_200_to_each(&broker, &origins).await;
    broker.start();
    rig.until(
        "SELECT count(DISTINCT origin) FROM messages WHERE state = 'active'",
        3,
    )
    .await;
    let unrelated = [publication(&fine)];
    broker
        .publish(&unrelated, Provenance::default())
        .await
        .expect("taken");
    rig.until(DELIVERED, 1).await;
}

async fn one_origin_behind_many_messages_to_another_is_claimed_at_once(engine: Engine) {
    let rig = Rig::new(engine).await;
    let (busy, other) = ("https://busy.example", "https://other.example");
    let broker = rig.broker_to("http://127.0.0.1:1", &[busy, other]);
    for (origin, count) in [(busy, 1000), (other, 1)] {
        let messages = vec![publication(&format!("{origin}/a")); count];
        broker
            .publish(&messages, Provenance::default())
            .await
            .expect("taken");
    }
    let Ok(Claimed::Messages(claimed)) = broker.claim(LaneKind::External).await else {
        panic!("there are some");
    };
    let of = |origin: &str| {
        let same = claimed
            .iter()
            .filter(|(message, _)| message.origin == origin);
        same.count()
    };
    assert_eq!(
        (of(busy), of(other)),
        (16, 1),
        "half of what it claims in all"
    );
    // The busy one gets no more until some of these are settled.
    assert!(matches!(
        broker.claim(LaneKind::External).await,
        Ok(Claimed::NothingUntil(_))
    ));
    drop(claimed);
    let Ok(Claimed::Messages(claimed)) = broker.claim(LaneKind::External).await else {
        panic!("there are more");
    };
    assert_eq!(claimed.len(), 16);
}
