//! Schedules and named times.

use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use kith_database::Engine;

use super::rig::HALF_A_DAY;
use super::rig::Rig;
use super::rig::publication;
use crate::broker::filter::Filter;
use crate::test_database::on_both_engines;

on_both_engines![
    a_clock_that_is_set_back_stops_no_schedule,
    a_schedule_that_has_no_next_time_gets_one_when_it_is_put_again,
    a_time_that_a_publisher_names_is_at_most_a_year_ahead_of_the_clock_of_the_broker,
    a_paused_schedule_fires_once_it_is_resumed,
];

async fn a_clock_that_is_set_back_stops_no_schedule(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let next = async |id: &str| {
        let schedule = broker.find_schedule(id).await.expect("it is there");
        let at = schedule["nextScheduleTime"].as_i64().expect("a time");
        Timestamp::from_millisecond(at).expect("a time").to_string()
    };
    // It is 2001-09-09T01:46:40Z.
    for (id, cron) in [
        ("interval", "*/5 * * * *"),
        ("fired", "0 2 * * *"),
        ("waits", "30 20 * * *"),
    ] {
        let id = Some(id.to_owned());
        broker
            .schedule(id, cron, &publication("/hooks/a"), None)
            .await
            .expect("a schedule");
    }
    rig.pass(Duration::from_secs(30 * 60));
    broker.fire().await.expect("fired");
    assert_eq!(next("interval").await, "2001-09-09T02:20:00Z");
    assert_eq!(next("fired").await, "2001-09-10T02:00:00Z");
    assert_eq!(next("waits").await, "2001-09-09T20:30:00Z");

    let before = rig.now();
    rig.set_back(HALF_A_DAY);
    broker.start();
    let start = Instant::now();
    // It is 2001-09-08T14:16:40Z.
    while next("interval").await != "2001-09-08T14:20:00Z" {
        assert!(start.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // A fixed time comes again only if it has not fired before.
    assert_eq!(next("waits").await, "2001-09-08T20:30:00Z");
    assert_eq!(next("fired").await, "2001-09-10T02:00:00Z");
    broker.close().await;

    // What has fired by a clock that was wrong by weeks does not count.
    rig.set_back(Duration::from_secs(30 * 24 * 3600));
    broker.rebase(before).await.expect("rebased");
    assert_eq!(next("interval").await, "2001-08-09T14:20:00Z");
    assert_eq!(next("fired").await, "2001-08-10T02:00:00Z");
    // Before 1970 as well.
    rig.clock.store(-1_000_000_000, Ordering::SeqCst);
    broker.rebase(before).await.expect("rebased");
    assert_eq!(next("interval").await, "1969-12-20T10:15:00Z");
}

async fn a_schedule_that_has_no_next_time_gets_one_when_it_is_put_again(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let put = async || {
        let id = Some("a".to_owned());
        broker
            .schedule(id, "0 9 * * *", &publication("/hooks/a"), None)
            .await
            .expect("a schedule");
    };
    put().await;
    // As a release leaves a schedule whose expression it cannot read.
    rig.execute("UPDATE schedules SET next_at = NULL").await;
    put().await;
    let schedule = broker.find_schedule("a").await.expect("it is there");
    assert!(schedule["nextScheduleTime"].is_i64(), "{schedule}");
}

async fn a_time_that_a_publisher_names_is_at_most_a_year_ahead_of_the_clock_of_the_broker(
    engine: Engine,
) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let year = 365 * 24 * 3600;
    for (ahead, taken) in [(year, true), (year + 1, false)] {
        let at = rig.now().as_second() + ahead;
        let header = ("upstash-not-before".to_owned(), at.to_string());
        let retried = broker
            .retry_dead_letters(&Filter::default(), &[header])
            .await;
        assert_eq!(retried.is_ok(), taken, "{ahead}");
    }
}

async fn a_paused_schedule_fires_once_it_is_resumed(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let message = publication("/hooks/a");
    let put = broker.schedule(Some("a".to_owned()), "*/5 * * * *", &message, None);
    put.await.expect("a schedule");
    let fired = async || {
        rig.pass(Duration::from_secs(600));
        broker.fire().await.expect("fired");
        rig.count("SELECT count(*) FROM messages").await
    };
    broker.pause_schedule("a", true).await.expect("paused");
    assert_eq!(fired().await, 0);
    broker.pause_schedule("a", false).await.expect("resumed");
    assert_eq!(fired().await, 1);
    let schedules = broker.schedules().await.expect("a list");
    assert_eq!(schedules.len(), 1);
    assert!(schedules[0]["lastScheduleStates"].is_object());
    broker.delete_schedule("a").await.expect("deleted");
    assert!(broker.find_schedule("a").await.is_err());
}
