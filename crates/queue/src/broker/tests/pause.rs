//! A queue that is paused.

use std::time::Duration;

use kith_database::Engine;
use kith_database::Sql;

use super::rig::DELIVERED;
use super::rig::Rig;
use super::rig::publication;
use super::rig::receiver;
use crate::broker::Options;
use crate::broker::accept::Provenance;
use crate::dispatcher::dispatch;
use crate::test_database::on_both_engines;

on_both_engines![
    a_paused_queue_delivers_nothing_until_it_is_resumed,
    a_schedule_does_not_make_up_for_times_at_which_the_queue_was_paused,
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
    // The broker looks at once, and again each second.
    tokio::time::sleep(Duration::from_millis(1500)).await;
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
