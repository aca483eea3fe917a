//! Figures match what happened, on two instances and across a restart, with Redis and without.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use kith::services::config::Config;
use kith::services::metrics::Metrics;
use kith::services::metrics::series::Range;
use kith_queue::broker::accept::Provenance;
use kith_queue::message::DeliverySpec;
use kith_queue::message::Publication;
use kith_redis::Redis;
use kith_test_support::redis_server::RedisServer;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::app::header;

async fn figures(app: &TestApp) -> Value {
    let answer = app.get("/api/metrics").await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.expect("JSON")
}

/// Waits until an instance tells these figures, by the paths of their fields, which takes until the
/// others have written theirs down.
async fn until(app: &TestApp, expected: &[(&str, u64)]) {
    let start = Instant::now();
    loop {
        let figures = figures(app).await;
        let told = |path: &str| figures.pointer(path).and_then(Value::as_u64);
        if expected
            .iter()
            .all(|(path, count)| told(path) == Some(*count))
        {
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{figures}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// No server listens there.
const NOBODY: &str = "http://127.0.0.1:9";

async fn figures_match(redis: Option<&RedisServer>) {
    let data = TempDir::new().expect("a directory");
    let limit = 20;
    let beside = |config: &mut Config| {
        config.data.dir = data.path().to_owned();
        config.limits.api.limit = NonZeroU32::new(limit).expect("not 0");
        // A sliding window lets more requests through as it passes.
        config.limits.api.window = Duration::from_secs(24 * 3600);
        config.limits.dashboard.limit = NonZeroU32::MAX;
        config.welcome.enabled = false;
        let url = redis.map(RedisServer::url).unwrap_or_default();
        let variables = [("REDIS_URL", &*url), ("KITH_QUEUE_ALLOW", NOBODY)];
        let variables =
            variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let parsed = Config::load(Some("/dev/null".as_ref()), variables).expect("settings");
        config.queue = parsed.queue;
        if redis.is_some() {
            config.redis = parsed.redis;
            // A machine that is busy has Redis decide as well.
            config.redis.budget = Duration::from_secs(5);
        }
    };
    let mut one = TestApp::with(beside).await;
    let other = TestApp::with(beside).await;
    for app in [&one, &other] {
        if let Some(redis) = &app.part::<Option<Redis>>() {
            redis.wait_until_up().await;
        }
    }
    one.create("Ada", "ada@example.com").await;
    other.create("Bob", "bob@example.com").await;
    let mut refused = 0;
    for _ in 0..30 {
        let answer = one.get("/api/contacts").await;
        refused += u64::from(answer.status() == StatusCode::TOO_MANY_REQUESTS);
    }
    // On Redis both instances' requests count against one limit.
    assert_eq!(refused, if redis.is_some() { 12 } else { 11 });
    // All reads but the first found what that one had fetched.
    let reads = [
        ("/cache/misses", 1),
        ("/cache/hits", 30 - refused - 1),
        ("/cache/stale", 0),
    ];
    for app in [&one, &other] {
        until(app, &reads).await;
    }
    // No receiver accepts these: two are given up at once, one after another attempt.
    let nobody = |retries| Publication {
        destination: format!("{NOBODY}/hook"),
        delivery: DeliverySpec {
            retries: Some(retries),
            retry_delay: Some("10".to_owned()),
            ..DeliverySpec::default()
        },
        ..Publication::default()
    };
    let messages = [nobody(0), nobody(0), nobody(1)];
    let broker = one.broker();
    let published = broker.publish(&messages, Provenance::default()).await;
    published.expect("they are taken");
    assert_eq!(other.get("/contacts").await.status(), StatusCode::OK);
    assert_eq!(other.get("/healthz").await.status(), StatusCode::OK);
    let happened = [
        ("/totalRequests", 33),
        ("/newContacts", 2),
        ("/rateLimitHits", refused),
        ("/queue/deadLetters", 3),
        ("/queue/failures", 3),
        ("/queue/retries", 1),
        ("/queue/deliveries", 0),
        ("/mails", 0),
    ];
    for app in [&one, &other] {
        until(app, &happened).await;
    }
    if let Some(redis) = redis {
        // Figures are not what a Redis may forget.
        assert_eq!(redis.command("FLUSHALL").trim(), "+OK");
    }
    one.stop().await;
    let again = TestApp::with(beside).await;
    until(&again, &happened).await;
    let figures = figures(&again).await;
    assert!(figures["uptime"].as_u64().is_some_and(|uptime| uptime < 60));
    // The chart of the hour has the same, and latencies of what was answered.
    let metrics = again.part::<Metrics>();
    let series = metrics.series(Range::Hour, Timestamp::now());
    let series = series.await.expect("a series");
    assert_eq!(
        (series.sum().requests(), series.sum().refusals()),
        (33, refused)
    );
    assert_eq!(series.latency().count(), 33 - refused);
}

#[tokio::test]
async fn figures_match_what_happened() {
    figures_match(None).await;
}

#[tokio::test]
async fn figures_match_what_happened_with_a_redis() {
    let redis = RedisServer::start();
    figures_match(Some(&redis)).await;
}

#[tokio::test]
async fn a_dashboard_never_trips_its_limit_and_others_do() {
    let app = TestApp::start().await;
    // One question every five seconds, in a minute.
    for _ in 0..12 {
        figures(&app).await;
    }
    let mut last = StatusCode::OK;
    for _ in 0..60 {
        last = app.get("/api/metrics").await.status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn prometheus_reads_the_same() {
    let app = TestApp::with(|config| {
        config.welcome.enabled = false;
        config.limits.dashboard.limit = NonZeroU32::MAX;
    })
    .await;
    app.create("Ada", "ada@example.com").await;
    app.get("/api/contacts").await;
    app.get("/api/contacts").await;
    // What is told has been written down, so that it never falls.
    let start = Instant::now();
    let (kind, text) = loop {
        let answer = app.get("/metrics").await;
        let expected = r#"kith_shared_requests_total{policy="api",outcome="allowed"} 3"#;
        let kind = header(&answer, "content-type").to_owned();
        let text = answer.text().await.expect("text");
        if text.contains(expected) {
            break (kind, text);
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{text}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(kind.starts_with("text/plain; version=0.0.4"));
    for expected in [
        "# TYPE kith_requests_total counter",
        "kith_requests_total{policy=\"api\",outcome=\"allowed\"} 3",
        "kith_requests_total{policy=\"ui\",outcome=\"refused\"} 0",
        "kith_contacts_created_total 1",
        "# TYPE kith_shared_requests_total counter",
        "kith_shared_contacts_created_total 1",
        "kith_cache_reads_total{tag=\"contacts\",result=\"hit\"} 1",
        "kith_cache_reads_total{tag=\"contacts\",result=\"miss\"} 1",
        "kith_shared_queue_messages{state=\"dead\"} 0",
        "kith_cache_entries 1",
    ] {
        assert!(
            text.lines().any(|line| line == expected),
            "{expected} in\n{text}"
        );
    }
    // Every sample belongs to a metric that is described.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().expect("a name");
        // A histogram is described once for its three kinds of samples.
        let name = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        assert!(text.contains(&format!("# TYPE {name} ")), "{line}");
    }
}
