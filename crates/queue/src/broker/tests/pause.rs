//! A queue that is paused.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use kith_database::Engine;
use kith_database::Sql;
use kith_test_support::postgres_server::LOG_STATEMENTS;
use kith_test_support::postgres_server::PostgresServer;
use tokio::net::TcpListener;

use super::rig::DELIVERED;
use super::rig::Rig;
use super::rig::publication;
use super::rig::receiver;
use crate::broker::Broker;
use crate::broker::Options;
use crate::broker::accept::Provenance;
use crate::broker::claim::Claimed;
use crate::broker::claim::POLL_INTERVAL;
use crate::broker::lane::LaneKind;
use crate::dispatcher::dispatch;
use crate::qstash::QStash;
use crate::queue::Queue;
use crate::test_database::on_both_engines;

on_both_engines![
    a_paused_queue_delivers_nothing_until_it_is_resumed,
    a_schedule_does_not_make_up_for_times_at_which_the_queue_was_paused,
    nothing_leaves_for_qstash_while_the_queue_is_paused,
];

async fn paused(engine: Engine) -> (Rig, Options) {
    let rig = Rig::new(engine).await;
    rig.execute("CREATE TABLE pause (since BIGINT NOT NULL)")
        .await;
    rig.execute("INSERT INTO pause (since) VALUES (1)").await;
    let options = Options {
        paused: Some(Sql::new("SELECT since FROM pause")),
        ..rig.options(&receiver().await, &[])
    };
    (rig, options)
}

async fn a_paused_queue_delivers_nothing_until_it_is_resumed(engine: Engine) {
    let (rig, options) = paused(engine).await;
    let broker = rig.broker_with(options);
    rig.write_outgoing("from-the-outbox", "/hooks/a").await;
    let message = publication("/hooks/b");
    let published = broker.publish(&[message], Provenance::default()).await;
    published.expect("a paused queue accepts messages");
    broker.start();
    dispatch(&broker, None).await.expect("it looks");
    let claimed = broker.claim(LaneKind::Webhooks).await;
    let waits = match claimed.expect("it looks") {
        Claimed::NothingUntil(time) => Some(time),
        Claimed::Messages(_) => None,
    };
    assert_eq!(waits, Some(POLL_INTERVAL));
    for (sql, count) in [
        (DELIVERED, 0),
        ("SELECT count(*) FROM events WHERE state <> 'CREATED'", 0),
        ("SELECT count(*) FROM outbox", 1),
        ("SELECT count(*) FROM messages", 1),
    ] {
        assert_eq!(rig.count(sql).await, count, "{sql}");
    }
    rig.execute("DELETE FROM pause").await;
    broker.wake();
    dispatch(&broker, None).await.expect("it looks");
    rig.until(DELIVERED, 2).await;
    broker.close().await;
}

async fn a_schedule_does_not_make_up_for_times_at_which_the_queue_was_paused(engine: Engine) {
    let (rig, options) = paused(engine).await;
    let broker = rig.broker_with(options);
    let message = publication("/hooks/a");
    let put = broker.schedule(Some("a".to_owned()), "*/5 * * * *", &message, None);
    put.await.expect("a schedule");
    let fired = async |pass: Duration| {
        rig.pass(pass);
        broker.fire().await.expect("fired");
        rig.count("SELECT count(*) FROM messages").await
    };
    assert_eq!(fired(Duration::from_secs(3600)).await, 0);
    rig.execute("DELETE FROM pause").await;
    let mut tx = rig.database.write().await.expect("it is open");
    broker.skip_missed(&mut tx).await.expect("resumed");
    tx.commit().await.expect("there is room");
    assert_eq!(fired(Duration::ZERO).await, 0);
    assert_eq!(fired(Duration::from_secs(300)).await, 1);
    broker.close().await;
}

/// A stand-in for QStash, and the paths that were asked for.
async fn qstash(broker: &Broker) -> (QStash, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let router = axum::Router::new().fallback({
        let asked = asked.clone();
        async move |uri: axum::http::Uri| {
            asked.lock().expect("no panic").push(uri.path().to_owned());
            r#"{"messageId":"1","scheduleId":"1"}"#
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    let destinations = broker.destinations().clone();
    (QStash::new(&origin, "token", destinations), asked)
}

async fn nothing_leaves_for_qstash_while_the_queue_is_paused(engine: Engine) {
    let (rig, options) = paused(engine).await;
    let broker = rig.broker_with(options);
    let (qstash, asked) = qstash(&broker).await;
    let queue = Queue::new(broker.clone(), Some(qstash.clone()));
    let schedule = async || {
        let message = publication("/hooks/b");
        queue.schedule("daily", "0 6 * * *", &message).await
    };
    rig.write_outgoing("before", "/hooks/old").await;
    let since = rig.now();
    rig.pass(Duration::from_secs(1));
    rig.write_outgoing("after", "/hooks/new").await;
    for _ in 0..2 {
        let dispatched = dispatch(&broker, Some(&qstash)).await;
        dispatched.expect("it looks");
        schedule().await.expect_err("the queue is paused");
    }
    assert_eq!(asked.lock().expect("no panic").len(), 0);
    let cancelled = broker.cancel_outgoing(since).await;
    assert_eq!(cancelled.expect("cancelled"), 1);

    rig.execute("DELETE FROM pause").await;
    let dispatched = dispatch(&broker, Some(&qstash)).await;
    dispatched.expect("it looks");
    schedule().await.expect("QStash takes it");
    let asked = asked.lock().expect("no panic").clone();
    let [published, scheduled] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert!(published.ends_with("/hooks/new"), "{published}");
    assert!(scheduled.ends_with("/hooks/b"), "{scheduled}");
}

#[tokio::test]
async fn a_claim_asks_for_the_pause_in_no_statement_of_its_own() {
    let (rig, options) = paused(Engine::Postgres).await;
    rig.execute("DELETE FROM pause").await;
    rig.execute(LOG_STATEMENTS).await;
    let broker = Broker::new(rig.place.open().await, rig.clock(), options);
    let logged_before_claim = async || {
        let message = publication("/hooks/a");
        let published = broker.publish(&[message], Provenance::default()).await;
        published.expect("taken");
        let logged = PostgresServer::shared().log().len();
        let claimed = broker.claim(LaneKind::Webhooks).await;
        assert!(matches!(claimed, Ok(Claimed::Messages(_))));
        logged
    };
    // The first statements of a connection prepare others.
    logged_before_claim().await;
    let before = logged_before_claim().await;
    let found = PostgresServer::shared().statements(before);
    let expected = ["SELECT * FROM (", "BEGIN", "UPDATE messages", "COMMIT"];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
}
