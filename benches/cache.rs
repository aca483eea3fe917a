//! What a cached read costs, each beside a baseline measured in the same run.
//!
//! - In this process: a hit beside one of the `moka` crate. Kith's asks for the generation as well,
//!   here from memory.
//! - On Redis: a hit beside a plain GET of the same bytes.
//! - Over HTTP, as shipped but for the limits: `GET /api/contacts` with 50 contacts beside a bare
//!   axum handler that sends the same bytes; with a Redis beside one that asks Redis once. Also
//!   without the line that Kith logs of each request, which the bare handler does not write.

mod measure;
#[path = "../src/tests/redis_server.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod redis_server;

use std::convert::Infallible;
use std::hint::black_box;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::http::header;
use axum::routing::get;
use kith::server::cache::Cache;
use kith::server::cache::Cacheable;
use kith::server::cache::Form;
use kith::server::cache::Generation;
use kith::server::cache::Generations;
use kith::server::cache::Key;
use kith::server::cache::Policy;
use kith::server::cache::Setup;
use kith::server::cache::Tag;
use kith::server::redis::Redis;
use measure::CALLERS;
use measure::compare;
use measure::heading;
use measure::median;
use redis_server::RedisServer;
use redis_server::free_port;
use serde::Deserialize;
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;

const TAG: Tag = Tag("bench");
const KEYS: usize = 1000;

const POLICY: Policy = Policy {
    fresh_for: Duration::from_secs(3600),
    stale_for: Duration::ZERO,
    absent_for: Duration::ZERO,
    outlives_changes: false,
    form: Form::Whole,
};

/// Longer than any call takes here: the connection is measured, not the circuit breaker.
const BUDGET: Duration = Duration::from_secs(5);

/// About what 50 contacts take.
#[derive(Clone, Serialize, Deserialize)]
struct Text(String);

impl Cacheable for Text {
    const SCHEMA: u32 = 1;
}

struct Unchanged;

#[async_trait]
impl Generations for Unchanged {
    async fn read(&self) -> Option<Vec<(String, Generation)>> {
        Some(vec![(TAG.0.to_owned(), Generation(1))])
    }

    async fn replace(&self, _tag: Tag) -> bool {
        false
    }
}

#[tokio::main]
async fn main() {
    kith::server::redis::choose_cryptography();
    measure::introduce(&format!(
        "Cached reads per second of {KEYS} values of 12 kB"
    ));
    in_this_process().await;
    on_redis().await;
    over_http().await;
}

fn text() -> Text {
    Text("x".repeat(12_000))
}

fn cache(redis: Option<Redis>, near_bytes: usize) -> &'static Cache {
    Box::leak(Box::new(Cache::new(Setup {
        tags: vec![TAG],
        generations: Box::new(Unchanged),
        redis,
        prefix: "bench".to_owned(),
        near_bytes,
    })))
}

fn keys() -> &'static [Key] {
    let key = |number: usize| Key::new(TAG, "everyone", &format!("value {number}"));
    Vec::leak((0..KEYS).map(key).collect())
}

async fn read(cache: &Cache, key: &Key) {
    let fetch = || async { Ok::<_, Infallible>(text()) };
    black_box(cache.get(key.clone(), POLICY, fetch).await).expect("infallible");
}

async fn in_this_process() {
    heading("In this process", "moka");
    let (cache, keys) = (cache(None, 256 << 20), keys());
    let moka: &moka::future::Cache<String, Text> = Box::leak(Box::new(
        moka::future::Cache::builder()
            .max_capacity(1 << 20)
            .time_to_live(POLICY.fresh_for)
            .build(),
    ));
    for callers in CALLERS {
        compare(
            "hit",
            callers,
            move |index| async move {
                let key = keys[index % KEYS].text().to_owned();
                black_box(moka.get_with(key, async { text() }).await);
            },
            move |index| read(cache, &keys[index % KEYS]),
        )
        .await;
    }
}

async fn on_redis() {
    heading("On Redis", "GET");
    let server = RedisServer::start();
    let redis = Redis::new(server.url().parse().expect("a URL of Redis"), BUDGET);
    redis.wait_until_up().await;
    let keys = keys();
    for key in keys {
        let mut set = redis::cmd("SET");
        set.arg(key.text()).arg(&text().0).arg("EX").arg(3600);
        redis.query::<()>(&set).await.expect("Redis is up");
    }
    // Nothing fits into this process, so that every read goes to Redis.
    let cache = cache(Some(redis.clone()), 0);
    let bare: &Redis = Box::leak(Box::new(redis));
    for callers in [1, 32] {
        compare(
            "hit",
            callers,
            move |index| async move {
                let mut get = redis::cmd("GET");
                get.arg(keys[index % KEYS].text());
                let found = bare.query::<Vec<u8>>(&get).await;
                black_box(found.expect("Redis is up"));
            },
            move |index| read(cache, &keys[index % KEYS]),
        )
        .await;
    }
}

/// A Kith of its own, ended when dropped.
struct Kith {
    process: Child,
    origin: String,
    _data: tempfile::TempDir,
}

impl Kith {
    async fn start(redis: Option<&RedisServer>, log: &str) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(env!("CARGO_BIN_EXE_kith"));
        command
            .args(["--config", "/dev/null"])
            .env("KITH_SERVER_ADDR", &address)
            .env("KITH_DATA_DIR", data.path())
            .env("KITH_LIMITS_API_LIMIT", "1000000000")
            // No mail goes out while something else is measured.
            .env("KITH_WELCOME_ENABLED", "false")
            .env("KITH_LOG_FILTER", log)
            .stdout(Stdio::null());
        if let Some(redis) = redis {
            command.env("REDIS_URL", redis.url());
        }
        let kith = Self {
            process: command.spawn().expect("the server starts"),
            origin: format!("http://{address}"),
            _data: data,
        };
        let ready = match redis {
            None => "\"ready\":true",
            Some(_) => "\"redis\":{\"state\":\"up\"",
        };
        loop {
            let asked = reqwest::get(format!("{}/readyz", kith.origin)).await;
            if let Ok(answer) = asked
                && answer.text().await.is_ok_and(|text| text.contains(ready))
            {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let client = reqwest::Client::new();
        for number in 0..50 {
            let contact = json!({
                "name": format!("Contact number {number}"),
                "email": format!("contact-{number}@example.com"),
                "phone": "+44 20 7946 0000",
                "company": "Analytical Engines",
            });
            let request = client.post(format!("{}/api/contacts", kith.origin));
            let answer = request.json(&contact).send().await.expect("an answer");
            assert!(answer.status().is_success());
        }
        kith
    }
}

impl Drop for Kith {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the load generator found.
struct Load {
    requests: f64,
    /// In milliseconds.
    p99: f64,
}

async fn load(url: &str) -> Load {
    const CONNECTIONS: &str = "32";
    let wrk = ["-t1", "-c", CONNECTIONS, "-d3s", "--latency", url];
    let output = tokio::task::spawn_blocking({
        let wrk: Vec<String> = wrk.map(str::to_owned).into();
        move || Command::new("wrk").args(wrk).output()
    });
    let output = output.await.expect("no panic");
    let output = output.expect("wrk; `cargo xtask bench` installs it").stdout;
    let text = String::from_utf8_lossy(&output);
    assert!(!text.contains("Non-2xx"), "{text}");
    let after = |label: &str| {
        let line = text
            .lines()
            .find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label} in {text}"))
            .trim()
            .to_owned()
    };
    let p99 = after("99%");
    let number = |unit: &str| {
        p99.strip_suffix(unit)
            .and_then(|number| number.parse::<f64>().ok())
    };
    Load {
        requests: after("Requests/sec:").parse().expect("a number"),
        p99: number("us")
            .map(|us| us / 1000.0)
            .or_else(|| number("ms"))
            .unwrap_or(1000.0),
    }
}

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
        let kith = Kith::start(server.as_ref(), log).await;
        let url = format!("{}/api/contacts", kith.origin);
        let body = reqwest::get(&url).await.expect("an answer").bytes().await;
        let body = body.expect("a body");
        let bare = bare_handler(body, server.as_ref()).await;

        let (mut bares, mut kiths, mut ratios, mut p99s) =
            (vec![], vec![], vec![], (vec![], vec![]));
        let calls = || server.as_ref().map_or(0, calls_of_redis);
        let mut made = 0;
        for _ in 0..5 {
            let bare = load(&bare).await;
            let before = calls();
            let kith = load(&url).await;
            made += calls() - before;
            ratios.push(kith.requests / bare.requests);
            bares.push(bare.requests);
            kiths.push(kith.requests);
            p99s.0.push(bare.p99);
            p99s.1.push(kith.p99);
        }
        let requests = kiths.iter().sum::<f64>() * 3.0;
        println!(
            "{:<34}{:>10.0}{:>10.0}{:>8.2}{:>7.1} ms{:>7.1} ms",
            match (with_redis, log) {
                (false, "info") => "embedded",
                (false, _) => "embedded, no line for each request",
                (true, "info") => "with Redis",
                (true, _) => "with Redis, no line",
            },
            median(bares),
            median(kiths),
            median(ratios),
            median(p99s.0),
            median(p99s.1),
        );
        if with_redis {
            println!(
                "Calls of Redis for each request: {:.3}",
                made as f64 / requests
            );
        }
    }
}

/// A handler that sends these bytes and, with a Redis, asks it once for each request.
async fn bare_handler(body: bytes::Bytes, redis: Option<&RedisServer>) -> String {
    let redis = redis.map(|server| Redis::new(server.url().parse().expect("a URL"), BUDGET));
    if let Some(redis) = &redis {
        redis.wait_until_up().await;
    }
    let handler = move || {
        let (body, redis) = (body.clone(), redis.clone());
        async move {
            if let Some(redis) = redis {
                let mut get = redis::cmd("GET");
                get.arg("nothing");
                let nothing = redis.query::<Option<String>>(&get).await;
                assert_eq!(nothing.expect("Redis is up"), None);
            }
            ([(header::CONTENT_TYPE, "application/json")], body)
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("the address of the port");
    let router = Router::new().route("/", get(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/")
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
