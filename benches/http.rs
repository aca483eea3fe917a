//! What a cached read costs over HTTP, beside a baseline measured in the same run.
//!
//! As shipped but for the limits: `GET /api/contacts` with 50 contacts, and the page `/contacts` as browsers
//! ask for it, each beside a bare axum handler that sends the same bytes; with a Redis beside one that asks Redis
//! once. Also without the line that Kith logs of each request, which the bare handler does not write.

#[path = "common/load.rs"]
mod load;
#[path = "common/server.rs"]
mod server;

use std::time::Duration;

use axum::http::header;
use kith_redis::Options;
use kith_redis::Redis;
use kith_test_support::measure::median;
use kith_test_support::redis_server::RedisServer;

use self::load::add_contacts;
use self::load::wrk;
use self::server::Server;

/// Longer than any call takes here: the connection is measured, not the circuit breaker.
const REDIS_TIMEOUT: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    kith_runtime::install_crypto_provider();
    over_http().await;
}

/// What the load generator found.
struct Load {
    requests: f64,
    /// In milliseconds.
    p99: f64,
}

async fn measure(url: &str, coding: &str) -> Load {
    let accepted = format!("Accept-Encoding: {coding}");
    let report = wrk(&["-c", "32", "-d3s", "--latency", "-H", &accepted, url]).await;
    let p99 = report.after("99%");
    let number = |unit: &str| {
        p99.strip_suffix(unit)
            .and_then(|number| number.parse::<f64>().ok())
    };
    Load {
        requests: report.rate(),
        p99: number("us")
            .map(|us| us / 1000.0)
            .or_else(|| number("ms"))
            .unwrap_or(1000.0),
    }
}

/// What is asked for: the path, the codings that the client accepts, and what the table calls it.
const ASKED: [(&str, &str, &str); 2] = [
    ("/api/contacts", "identity", "API"),
    ("/contacts", "gzip, deflate, br", "page"),
];

async fn over_http() {
    println!(
        "\n{:<34}{:>10}{:>10}{:>8}{:>10}{:>10}",
        "Over HTTP, 32 connections", "bare", "Kith", "ratio", "bare p99", "Kith p99"
    );
    for (with_redis, log) in [
        (false, "info"),
        (false, "warn"),
        (true, "info"),
        (true, "warn"),
    ] {
        let server = with_redis.then(RedisServer::start);
        let redis = server.as_ref().map(RedisServer::url);
        let data = tempfile::tempdir().expect("a directory");
        let mut settings = vec![
            // No mail goes out while something else is measured.
            ("KITH_WELCOME_ENABLED", "false"),
            ("KITH_LOG_FILTER", log),
        ];
        settings.extend(redis.iter().map(|url| ("REDIS_URL", url.as_str())));
        let kith = Server::start(data.path(), &settings).await;
        add_contacts(&kith.origin).await;
        for (path, coding, what) in ASKED {
            let how = match (with_redis, log) {
                (false, "info") => "embedded",
                (false, _) => "embedded, no log line",
                (true, "info") => "with Redis",
                (true, _) => "with Redis, no log line",
            };
            let url = format!("{}{path}", kith.origin);
            compare(&format!("{what}, {how}"), &url, coding, server.as_ref()).await;
        }
    }
}

/// Prints what Kith and a bare handler of the same bytes reach, in turns.
async fn compare(name: &str, url: &str, coding: &str, redis: Option<&RedisServer>) {
    let request = reqwest::Client::new().get(url);
    let response = request.header(header::ACCEPT_ENCODING, coding).send().await;
    let body = response.expect("an answer").bytes().await.expect("a body");
    let bare = bare_handler(body, redis).await;

    let (mut bares, mut kiths, mut ratios, mut p99s) = (vec![], vec![], vec![], (vec![], vec![]));
    let calls = || redis.map_or(0, calls_of_redis);
    let mut made = 0;
    for _ in 0..5 {
        let bare = measure(&bare, coding).await;
        let before = calls();
        let kith = measure(url, coding).await;
        made += calls() - before;
        ratios.push(kith.requests / bare.requests);
        bares.push(bare.requests);
        kiths.push(kith.requests);
        p99s.0.push(bare.p99);
        p99s.1.push(kith.p99);
    }
    let requests = kiths.iter().sum::<f64>() * 3.0;
    println!(
        "{name:<34}{:>10.0}{:>10.0}{:>8.2}{:>7.1} ms{:>7.1} ms",
        median(bares),
        median(kiths),
        median(ratios),
        median(p99s.0),
        median(p99s.1),
    );
    if redis.is_some() {
        println!(
            "Calls of Redis for each request: {:.3}",
            made as f64 / requests
        );
    }
}

/// A handler that sends these bytes and, with a Redis, asks it once for each request.
async fn bare_handler(body: bytes::Bytes, redis: Option<&RedisServer>) -> String {
    let redis = redis.map(|server| {
        Redis::connect(Options {
            timeout: REDIS_TIMEOUT,
            ..Options::new(server.url().parse().expect("a URL"))
        })
    });
    if let Some(redis) = &redis {
        redis.wait_until_up().await;
    }
    load::handler(body, move || ask_redis(redis.clone())).await
}

async fn ask_redis(redis: Option<Redis>) {
    let Some(redis) = redis else {
        return;
    };
    let mut get = redis::cmd("GET");
    get.arg("nothing");
    let nothing = redis.query::<Option<String>>(&get).await;
    assert_eq!(nothing.expect("Redis is up"), None);
}

/// How many commands clients have sent, less the one that asks: all, less those that the limiter's
/// script calls, which are TIME, GET and SET.
fn calls_of_redis(server: &RedisServer) -> u64 {
    let statistics = server.command("INFO commandstats");
    let calls = |line: &str| -> Option<(String, u64)> {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        Some((name.to_owned(), rest.split(',').next()?.parse().ok()?))
    };
    let calls = statistics.lines().filter_map(calls);
    let of_scripts = ["time", "get", "set", "info", "ping", "config|get"];
    calls
        .filter(|(name, _)| !of_scripts.contains(&name.as_str()))
        .map(|(_, calls)| calls)
        .sum()
}
