//! The limiter as clients meet it, without Redis and with a real one.

use std::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use kith::services::config::Config;
use kith::services::config::LimitsConfig;
use kith_redis::Redis;
use kith_test_support::redis_server::RedisServer;
use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::app::TestApp;
use crate::app::header;
use crate::app::problem;
use crate::app::send;
use crate::html::Page;

/// The limits that Kith comes with.
fn as_shipped(config: &mut Config) {
    config.limits = LimitsConfig::default();
}

/// The settings of an instance that shares `redis`. The budget leaves room for a busy machine.
pub fn with_redis(config: &mut Config, redis: &RedisServer, budget: Duration) {
    with_redis_at(config, &redis.url(), budget);
}

pub fn with_redis_at(config: &mut Config, url: &str, budget: Duration) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let text = format!("[redis]\nurl = \"{url}\"\n");
    std::fs::write(file.path(), text).expect("a configuration");
    let no_env = std::iter::empty::<(String, String)>();
    let read = Config::load(Some(file.path()), no_env).expect("a valid configuration");
    config.redis = read.redis;
    config.redis.budget = budget;
}

async fn statuses(app: &TestApp, path: &str, requests: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..requests {
        statuses.push(app.get(path).await.status().as_u16());
    }
    statuses
}

/// The statuses of so many requests that are sent together over one connection.
async fn pipelined(app: &TestApp, requests: usize) -> Vec<u16> {
    let host = app.origin.strip_prefix("http://").expect("an origin");
    let mut stream = TcpStream::connect(host).await.expect("a connection");
    let (mut answers, mut sending) = stream.split();
    let send = async {
        for request in 1..=requests {
            let last = if request == requests {
                "close"
            } else {
                "keep-alive"
            };
            let text =
                format!("GET /api/contacts HTTP/1.1\r\nHost: {host}\r\nConnection: {last}\r\n\r\n");
            sending
                .write_all(text.as_bytes())
                .await
                .expect("a request sent");
        }
    };
    let mut received = String::new();
    let receive = answers.read_to_string(&mut received);
    let (_, received_all) = tokio::join!(send, receive);
    received_all.expect("answers of text");
    let status = |answer: &str| answer.get(..3)?.parse().ok();
    received.split("HTTP/1.1 ").filter_map(status).collect()
}

/// Windows begin at full minutes, and a test that counts must not see two of them.
async fn well_within_a_minute() {
    while jiff::Timestamp::now().as_second() % 60 > 55 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn number(response: &Response, name: &str) -> u64 {
    header(response, name).parse().expect("a number")
}

#[tokio::test]
async fn the_rate_limit_lets_ten_quick_requests_pass_and_refuses_two() {
    well_within_a_minute().await;
    let app = TestApp::with(as_shipped).await;
    for remaining in (0..10).rev() {
        let allowed = app.get("/api/contacts").await;
        assert_eq!(allowed.status(), StatusCode::OK);
        assert_eq!(number(&allowed, "x-ratelimit-limit"), 10);
        assert_eq!(number(&allowed, "x-ratelimit-remaining"), remaining);
        assert_eq!(header(&allowed, "ratelimit-policy"), "\"api\";q=10;w=60");
        assert_eq!(
            header(&allowed, "ratelimit"),
            format!("\"api\";r={remaining}")
        );
    }
    for _ in 0..2 {
        let refused = app.get("/api/contacts").await;
        assert_eq!(number(&refused, "x-ratelimit-remaining"), 0);
        let retry_after = number(&refused, "retry-after");
        assert!((1..=120).contains(&retry_after));
        let rate_limit = format!("\"api\";r=0;t={retry_after}");
        assert_eq!(header(&refused, "ratelimit"), rate_limit);
        let now = u64::try_from(jiff::Timestamp::now().as_second()).expect("after 1970");
        assert!((now..now + 121).contains(&number(&refused, "x-ratelimit-reset")));
        let problem = problem(refused, StatusCode::TOO_MANY_REQUESTS).await;
        assert_eq!(
            problem["error"],
            "Too many requests. Please try again later."
        );
    }
    // Health is not limited, and pages have a policy of theirs.
    for path in ["/healthz", "/readyz"] {
        assert!(
            header(&app.get(path).await, "x-ratelimit-limit").is_empty(),
            "{path}"
        );
    }
    let page = app.get("/contacts").await;
    assert_eq!(number(&page, "x-ratelimit-limit"), 60);
}

#[tokio::test]
async fn a_client_that_obeys_retry_after_is_not_refused_by_a_rate_limit() {
    let app = TestApp::with(|config| {
        as_shipped(config);
        config.limits.api.limit = 3.try_into().expect("a limit");
        config.limits.api.window = Duration::from_secs(2);
    })
    .await;
    for _ in 0..3 {
        let refused = loop {
            let response = app.get("/api/contacts").await;
            if response.status() == StatusCode::TOO_MANY_REQUESTS {
                break response;
            }
        };
        tokio::time::sleep(Duration::from_secs(number(&refused, "retry-after"))).await;
        assert_eq!(app.get("/api/contacts").await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn paths_and_methods_that_do_not_exist_are_charged_once() {
    well_within_a_minute().await;
    let app = TestApp::with(as_shipped).await;
    let missing = app.get("/api/nothing").await;
    assert_eq!(number(&missing, "x-ratelimit-remaining"), 9);
    let wrong = send(app.request(Method::PUT, "/api/contacts")).await;
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(number(&wrong, "x-ratelimit-remaining"), 8);
    let page = app.get("/nothing").await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert_eq!(number(&page, "x-ratelimit-remaining"), 59);
}

#[tokio::test]
async fn a_client_cannot_choose_its_bucket() {
    well_within_a_minute().await;
    let forwarded = |app: &TestApp, client: String| {
        let request = app.request(Method::GET, "/api/contacts");
        send(request.header("x-forwarded-for", client))
    };
    let app = TestApp::with(as_shipped).await;
    for client in 0..10 {
        let response = forwarded(&app, format!("198.51.100.{client}")).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
    let response = forwarded(&app, "198.51.100.99".to_owned()).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);

    // Behind a proxy that is trusted, each client has its own, whatever it claims itself.
    let app = TestApp::with(|config| {
        as_shipped(config);
        config.server.trusted_proxies.0 = vec!["127.0.0.1/32".parse().expect("a network")];
    })
    .await;
    for client in 0..12 {
        let response = forwarded(&app, format!("198.51.100.{client}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        let spoofed = forwarded(&app, format!("203.0.113.{client}, 198.51.100.99")).await;
        let expected = if client < 10 { 200 } else { 429 };
        assert_eq!(spoofed.status(), expected);
    }
}

#[tokio::test]
async fn a_denied_network_is_refused() {
    let app = TestApp::with(|config| {
        config.limits.deny.0 = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    problem(app.get("/api/contacts").await, StatusCode::FORBIDDEN).await;
    problem(app.get("/qstash/v2/keys").await, StatusCode::FORBIDDEN).await;
    assert_eq!(app.get("/healthz").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn pages_and_server_functions_are_refused_in_their_own_form() {
    let app = TestApp::with(|config| {
        as_shipped(config);
        config.limits.ui.limit = 1.try_into().expect("a limit");
    })
    .await;
    assert_eq!(app.get("/contacts").await.status(), StatusCode::OK);
    // A browser asks like this and accepts a compressed answer.
    let page = send(
        app.request(Method::GET, "/contacts")
            .header("accept", "text/html")
            .header("accept-encoding", "gzip, br"),
    )
    .await;
    assert_eq!(header(&page, "content-encoding"), "");
    assert_eq!(page.status(), StatusCode::TOO_MANY_REQUESTS);
    let retry_after = header(&page, "retry-after").to_owned();
    let page = Page::read(page).await;
    assert_eq!(page.attributes("[data-wait]", "data-wait"), [retry_after]);

    let list = json!({"search": "", "filter": {"label": "", "favourites": false}, "cursor": null, "around": null});
    let request = app.request(Method::POST, "/fn/contacts/list").json(&list);
    let request = request.header("accept", "application/json");
    let refused = send(request.header("accept-encoding", "gzip, br")).await;
    assert_eq!(header(&refused, "content-encoding"), "");
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let error: Value = refused.json().await.expect("an error");
    assert!(
        error["too_many_requests"]["retry_after"]
            .as_u64()
            .expect("seconds")
            >= 1
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_let_exactly_the_limit_through() {
    const LIMIT: u32 = 100;
    let redis = RedisServer::start();
    let data = tempfile::tempdir().expect("a directory");
    let instance = async || {
        let app = TestApp::with(|config| {
            as_shipped(config);
            config.data.dir = data.path().to_owned();
            config.limits.api.limit = LIMIT.try_into().expect("a limit");
            config.limits.api.window = Duration::from_secs(3600);
            with_redis(config, &redis, Duration::from_secs(20));
        })
        .await;
        app.part::<Option<Redis>>()
            .as_ref()
            .expect("a Redis")
            .wait_until_up()
            .await;
        app
    };
    let apps = [instance().await, instance().await];
    // All on their way at once, a quarter of them on each of four connections.
    let quarter = (0..4).map(|connection| pipelined(&apps[connection % 2], 250));
    let answers: Vec<u16> = join_all(quarter).await.into_iter().flatten().collect();
    assert_eq!(answers.len(), 1000);
    let with = |status| answers.iter().filter(|answer| **answer == status).count();
    assert_eq!(
        (with(200), with(429)),
        (LIMIT as usize, 1000 - LIMIT as usize)
    );

    // Every key has a lifetime.
    let keys = redis.command("KEYS *");
    let keys: Vec<&str> = keys
        .lines()
        .filter(|line| line.starts_with("kith:"))
        .collect();
    assert!(keys.iter().any(|key| key.contains(":limit:")), "{keys:?}");
    for key in keys {
        let answer = redis.command(&format!("PTTL {key}"));
        let lifetime = answer
            .lines()
            .next()
            .and_then(|line| line.strip_prefix(':'));
        let lifetime: i64 = lifetime.expect("a number").parse().expect("a number");
        assert!(lifetime > 0, "{key} never expires");
    }
}

/// Waits until Redis is up, or down, as Kith sees it, which asks for it all the while.
async fn wait_for(app: &TestApp, is_up: bool) {
    let redis = app.part::<Option<Redis>>().expect("a Redis");
    let start = Instant::now();
    while redis.health().is_up() != is_up {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "Redis: {:?}",
            redis.health()
        );
        assert_eq!(app.get("/contacts").await.status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_redis_costs_no_request_and_comes_back_by_itself() {
    let mut redis = RedisServer::start();
    let app = TestApp::with(|config| {
        config.limits.api.limit = 10.try_into().expect("a limit");
        config.limits.api.window = Duration::from_secs(3600);
        with_redis(config, &redis, Duration::from_millis(300));
    })
    .await;
    wait_for(&app, true).await;
    let ready: Value = app.get("/readyz").await.json().await.expect("a body");
    assert_eq!(ready["redis"]["state"], "up");
    assert_eq!(statuses(&app, "/api/contacts", 5).await, [200; 5]);

    redis.kill();
    wait_for(&app, false).await;
    let ready: Value = app.get("/readyz").await.json().await.expect("a body");
    assert_eq!(
        (&ready["ready"], &ready["redis"]["state"]),
        (&json!(true), &json!("down"))
    );
    let reason = ready["redis"]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("Redis "), "{reason}");
    // This instance goes on counting where Redis stood.
    assert_eq!(statuses(&app, "/api/contacts", 3).await, [200; 3]);

    // It comes back with nothing in it, and the limit still holds.
    redis.start_again();
    wait_for(&app, true).await;
    assert_eq!(
        statuses(&app, "/api/contacts", 4).await,
        [200, 200, 429, 429]
    );

    // Frozen, it answers nothing and refuses no connection: one budget is lost, then none.
    redis.signal("-STOP");
    let start = Instant::now();
    wait_for(&app, false).await;
    assert_eq!(statuses(&app, "/contacts", 50).await, [200; 50]);
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "every request waited"
    );
    redis.signal("-CONT");
    wait_for(&app, true).await;

    redis.command("FLUSHALL");
    redis.command("SCRIPT FLUSH");
    assert_eq!(statuses(&app, "/contacts", 3).await, [200; 3]);
    assert_eq!(statuses(&app, "/api/contacts", 3).await, [429; 3]);
    wait_for(&app, true).await;
}
