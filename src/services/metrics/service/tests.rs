//! Metrics that are written down, added up and read again.

use std::num::NonZeroU32;
use std::path::Path;

use kith_database::Engine;
use kith_database::query;
use kith_queue::broker;
use kith_queue::destination::Destinations;
use kith_runtime::SystemClock;
use kith_test_support::postgres_server::PostgresServer;

use super::*;
use crate::services::config::Config;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::store::sql::SqlStore;
use crate::services::database;
use crate::services::database::DatabaseUrl;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;
use crate::services::policies::RequestClass;

async fn open(database: &TestDatabase) -> Metrics {
    open_with(database, Arc::new(SystemClock)).await
}

/// The metrics of another instance.
async fn open_with(database: &TestDatabase, clock: Arc<dyn Clock>) -> Metrics {
    metrics_of(database.open_again().await, clock)
}

fn metrics_of(database: Database, clock: Arc<dyn Clock>) -> Metrics {
    kith_runtime::install_crypto_provider();
    let config = Config::default();
    Metrics::new(Options {
        cache: Cache::new(kith_cache::Options {
            tags: vec![CONTACTS],
            generations: Box::new(SqlStore::new(database.clone(), Duration::from_secs(1))),
            redis: None,
            prefix: "kith".to_owned(),
            local_bytes: 1 << 16,
        }),
        broker: Broker::new(
            database.clone(),
            Arc::new(SystemClock),
            broker::Options {
                destinations: Destinations {
                    origin: "http://127.0.0.1".to_owned(),
                    reached_at: "http://127.0.0.1".to_owned(),
                    webhooks: "/api/webhooks/",
                    allowed: Vec::new(),
                    allow_setting: "queue.allow",
                },
                concurrency: NonZeroU32::MIN,
                timeout: Duration::from_secs(1),
                retention: Duration::from_secs(1),
                paused: None,
            },
        ),
        mailer: Mailer::new(&config.mail, Path::new("")),
        database,
        clock,
    })
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

on_each_engine! {
    counts_belong_to_the_day_that_the_clock_shows
    counts_of_a_day_add_up_over_processes_and_restarts
    what_cannot_be_written_down_stays_counted
    a_range_shows_when_things_happened
    an_idle_process_writes_once_a_minute
}

/// The server commits the transaction and closes the connection before it answers.
#[tokio::test]
async fn a_batch_whose_commit_is_not_answered_counts_once() {
    let server = PostgresServer::start();
    let url: DatabaseUrl = server.database().url().parse().expect("an address");
    let connections = NonZeroU32::new(6).expect("it is not 0");
    let database = database::open(url, connections).await.expect("it opens");
    let metrics = metrics_of(database, Arc::new(SystemClock));
    metrics.count(API);
    metrics.flush(Timestamp::now()).await.expect("room");
    // Nothing answers for this standby. A transaction is committed, and waits to say so.
    let wait_for_standby = |name: &str| {
        server.query(&format!(
            "ALTER SYSTEM SET synchronous_standby_names = '{name}'"
        ));
        server.query("SELECT pg_reload_conf()");
    };
    wait_for_standby("missing");
    metrics.count(API);
    let committing = tokio::spawn({
        let metrics = metrics.clone();
        async move { metrics.flush(Timestamp::now()).await }
    });
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    while server.query(end).trim() == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(committing.await.expect("no panic").is_err());
    wait_for_standby("");
    let totals = metrics.totals().await.expect("metrics");
    assert_eq!(totals.counts.requests(), 2);
    metrics.count(API);
    metrics.flush(Timestamp::now()).await.expect("room");
    let totals = metrics.totals().await.expect("metrics");
    assert_eq!(
        (totals.written.requests(), totals.counts.requests()),
        (3, 3)
    );
}

const API: Counter = Counter::Requests(RequestClass::Api);

async fn counts_belong_to_the_day_that_the_clock_shows(database: TestDatabase) {
    let metrics = open_with(&database, Arc::new(|| at("2026-11-24T23:59:59Z"))).await;
    assert_eq!(metrics.started_at(), at("2026-11-24T23:59:59Z"));
    metrics.count(API);
    metrics.close().await;
    for (date, requests) in [("2026-11-24", 1), ("2026-11-25", 0)] {
        let values = metrics.day(date.parse().expect("a date")).await;
        assert_eq!(values.expect("metrics").requests(), requests, "{date}");
    }
}

async fn counts_of_a_day_add_up_over_processes_and_restarts(database: TestDatabase) {
    let day: Date = "2026-11-24".parse().expect("a date");

    let (one, other) = (open(&database).await, open(&database).await);
    for (metrics, time) in [
        (&one, "2026-11-23T23:59:59Z"),
        (&one, "2026-11-24T00:00:00Z"),
        (&other, "2026-11-24T00:00:30Z"),
        (&other, "2026-11-24T23:59:59Z"),
        (&one, "2026-11-25T00:00:00Z"),
    ] {
        metrics.count(API);
        metrics.flush(at(time)).await.expect("room");
    }
    other.count(Counter::NewContacts);
    other.count(Counter::Requests(RequestClass::Dashboard));
    other.flush(at("2026-11-24T12:00:00Z")).await.expect("room");

    let values = one.day(day).await.expect("metrics");
    let told = (values.requests(), values.new_contacts(), values.refusals());
    assert_eq!(told, (3, 1, 0));
    other.count(API);
    let totals = other.totals().await.expect("metrics").counts;
    assert_eq!(
        (totals.requests(), totals.new_contacts()),
        (6, 1),
        "not written down yet"
    );
    other.flush(at("2026-11-25T00:00:00Z")).await.expect("room");

    // Old days are added up, and nothing is lost of the sum.
    for _ in 0..2 {
        one.remove_old(at("2027-11-25T12:00:00Z"))
            .await
            .expect("room");
        let totals = one.totals().await.expect("metrics").counts;
        assert_eq!((totals.requests(), totals.new_contacts()), (6, 1));
    }
    let mut reader = one.0.options.database.reader().await.expect("it is open");
    let steps: Vec<i64> = query("SELECT DISTINCT step FROM figures")
        .fetch_all(&mut reader)
        .await
        .expect("rows");
    assert_eq!(steps, [1440], "minutes and hours are gone");
    drop(reader);
    // A report is only read.
    let again = open(&database).await;
    let today = again.day("2026-11-25".parse().expect("a date")).await;
    assert_eq!(today.expect("metrics").requests(), 2);
}

async fn what_cannot_be_written_down_stays_counted(database: TestDatabase) {
    let metrics = open(&database).await;
    metrics.count(API);
    metrics.0.options.database.close().await;
    assert!(metrics.flush(Timestamp::now()).await.is_err());
    assert_eq!(metrics.0.written.lock().await.counts, [0; Counter::COUNT]);
}

async fn a_range_shows_when_things_happened(database: TestDatabase) {
    let metrics = open(&database).await;
    let first = at("2026-11-24T11:31:20Z");
    metrics.count(API);
    metrics.observe("/api/contacts", Duration::from_millis(3));
    metrics.flush(first).await.expect("room");
    metrics.count(API);
    metrics.count(Counter::Refusals(RequestClass::Api));
    metrics.observe("/contacts", Duration::from_millis(100));
    metrics.observe("/contacts", Duration::from_millis(100));
    metrics
        .flush(at("2026-11-24T12:30:00Z"))
        .await
        .expect("room");

    let now = at("2026-11-24T12:30:30Z");
    for (range, points, places) in [
        (Range::Hour, 60, vec![0, 59]),
        (Range::Day, 24, vec![22, 23]),
        (Range::Month, 30, vec![29]),
        (Range::Year, 52, vec![51]),
    ] {
        let series = metrics.series(range, now).await.expect("a series");
        assert_eq!(series.points.len(), points);
        let busy = series.points.iter().enumerate();
        let busy = busy.filter(|(_, point)| point.values.requests() > 0);
        assert_eq!(busy.map(|(place, _)| place).collect::<Vec<_>>(), places);
        assert_eq!((series.sum().requests(), series.sum().refusals()), (2, 1));
        assert_eq!(series.latency().count(), 3);
        assert_eq!(series.routes[0].0, "/contacts");
        let median = series.routes[0].1.percentile(0.5).expect("some");
        assert!((90.0..128.1).contains(&median), "{median}");
    }
    // A minute later the first is out of sight.
    let later = at("2026-11-24T12:31:00Z");
    let series = metrics.series(Range::Hour, later).await.expect("a series");
    assert_eq!(series.sum().requests(), 1);
}

async fn an_idle_process_writes_once_a_minute(database: TestDatabase) {
    let metrics = open(&database).await;
    let written = async || {
        let mut reader = metrics
            .0
            .options
            .database
            .reader()
            .await
            .expect("it is open");
        let rows: i64 = query("SELECT count(*) FROM figures WHERE step = 1")
            .fetch_one(&mut reader)
            .await
            .expect("a count");
        rows
    };
    metrics
        .flush(at("2026-11-24T12:00:00Z"))
        .await
        .expect("room");
    assert_eq!(written().await, Gauge::ALL.len() as i64);
    let mut tx = metrics.0.options.database.write().await.expect("a turn");
    query("DELETE FROM figures")
        .execute(&mut tx)
        .await
        .expect("room");
    tx.commit().await.expect("room");
    metrics
        .flush(at("2026-11-24T12:00:59Z"))
        .await
        .expect("room");
    assert_eq!(written().await, 0);
    metrics
        .flush(at("2026-11-24T12:01:00Z"))
        .await
        .expect("room");
    assert_eq!(written().await, Gauge::ALL.len() as i64);
}

#[tokio::test]
async fn two_instances_that_add_old_days_up_at_once_add_them_once() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let (one, other) = (open(&database).await, open(&database).await);
    for (day, counts) in [("2024-11-24", 100), ("2024-11-25", 5), ("2024-11-26", 7)] {
        for _ in 0..counts {
            one.count(API);
        }
        one.flush(at(&format!("{day}T12:00:00Z")))
            .await
            .expect("room");
        if counts == 100 {
            one.remove_old(at("2026-11-24T12:00:00Z"))
                .await
                .expect("room");
        }
    }
    let gate = database
        .gate("SELECT FROM figures WHERE step = 1440 AND start = 0 FOR UPDATE")
        .await;
    let later = at("2026-11-24T12:00:00Z");
    let (one_removed, other_removed, ()) = tokio::join!(
        one.remove_old(later),
        other.remove_old(later),
        database.open_gate(gate, 2),
    );
    one_removed.expect("room");
    other_removed.expect("room");
    let totals = one.totals().await.expect("metrics").counts;
    assert_eq!(totals.requests(), 112);
}
