//! What a cached read costs, each beside a baseline measured in the same run.
//!
//! - In this process: a hit beside one of the `moka` crate. Kith's asks for the generation as well,
//!   here from memory.
//! - On Redis: a hit beside a plain GET of the same bytes.

use std::convert::Infallible;
use std::hint::black_box;
use std::time::Duration;

use async_trait::async_trait;
use kith_cache::Cache;
use kith_cache::Cacheable;
use kith_cache::Encoding;
use kith_cache::Generation;
use kith_cache::Generations;
use kith_cache::Key;
use kith_cache::Options;
use kith_cache::Policy;
use kith_cache::Tag;
use kith_redis::Redis;
use kith_test_support::measure::CALLERS;
use kith_test_support::measure::compare;
use kith_test_support::measure::heading;
use kith_test_support::redis_server::RedisServer;
use serde::Deserialize;
use serde::Serialize;

const TAG: Tag = Tag::new("bench");
const KEYS: usize = 1000;

const POLICY: Policy = Policy {
    fresh_for: Duration::from_secs(3600),
    stale_for: Duration::ZERO,
    absent_for: Duration::ZERO,
    allow_stale_generation: false,
    encoding: Encoding::Blob,
};

/// Longer than any call takes here: the connection is measured, not the circuit breaker.
const REDIS_TIMEOUT: Duration = Duration::from_secs(5);

/// About what 50 contacts take.
#[derive(Clone, Serialize, Deserialize)]
struct Text(String);

impl Cacheable for Text {
    const SCHEMA: u32 = 1;
}

struct Unchanged;

#[async_trait]
impl Generations for Unchanged {
    async fn read(&self, _tags: &[Tag]) -> Option<Vec<(String, Generation)>> {
        Some(vec![(TAG.to_string(), Generation(1))])
    }

    async fn replace(&self, _tag: Tag) -> bool {
        false
    }
}

#[tokio::main]
async fn main() {
    kith_runtime::install_crypto_provider();
    kith_test_support::measure::introduce(&format!(
        "Cached reads per second of {KEYS} values of 12 kB"
    ));
    in_this_process().await;
    on_redis().await;
}

fn text() -> Text {
    Text("x".repeat(12_000))
}

fn cache(redis: Option<Redis>, local_bytes: usize) -> &'static Cache {
    Box::leak(Box::new(Cache::new(Options {
        tags: vec![TAG],
        generations: Box::new(Unchanged),
        redis,
        prefix: "bench".to_owned(),
        local_bytes,
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
    let redis = Redis::connect(kith_redis::Options {
        timeout: REDIS_TIMEOUT,
        ..kith_redis::Options::new(server.url().parse().expect("a URL of Redis"))
    });
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
