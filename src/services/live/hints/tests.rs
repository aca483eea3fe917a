//! A change through one instance reaches the listeners of another one.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::time::Duration;

use kith_cache::Cache;
use kith_database::Database;
use kith_database::Engine;
use kith_redis::Redis;
use kith_test_support::redis_server::RedisServer;

use super::*;
use crate::services::book::BookKey;
use crate::services::contacts::PAGES;
use crate::services::contacts::TAGS;
use crate::services::contacts::store::sql::SqlStore;
use crate::services::database::testing::TestDatabase;
use crate::services::live::Live;
use crate::services::live::Options;

/// Longer than any test runs: only a hint can bring news.
const NEVER: Duration = Duration::from_secs(3600);

/// How long news may take on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// What an instance has of its own.
struct Instance {
    live: Live,
    cache: Cache,
}

impl Instance {
    fn new(database: &Database, redis: Option<&Redis>, interval: Duration) -> Self {
        let store = SqlStore::new(database.clone(), NEVER);
        let options = kith_cache::Options::new(TAGS.to_vec(), Box::new(store));
        let cache = Cache::new(options);
        let live = Live::new(Options {
            cache: cache.clone(),
            interval,
            hints: Hints::new(database, redis, "test"),
        });
        live.admit(1);
        Self { live, cache }
    }
}

/// Changes what pages show through `writer` again and again; a listener of `reader` hears of each change. The first
/// may be found because the reader has just connected, and the others only because of a message.
async fn hears_of_each_change(writer: &Instance, reader: &Instance) {
    let mut listener = reader
        .live
        .listen(ADDRESS, BookKey::FIRST)
        .await
        .expect("a place");
    let mut known = listener.next().await.expect("the present state");
    for _ in 0..4 {
        assert!(writer.cache.invalidate(PAGES).await);
        let news = tokio::time::timeout(TIMEOUT, listener.next()).await;
        let news = news.expect("news in time").expect("it goes on");
        assert_ne!(news, known);
        known = news;
    }
}

#[tokio::test]
async fn a_process_hears_of_its_own_commits_at_once() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = TestDatabase::new(engine).await;
        let mut instance = Instance::new(&database, None, NEVER);
        instance.live = Live::new(Options {
            cache: instance.cache.clone(),
            interval: NEVER,
            hints: Hints {
                bus: None,
                commits: database.watch_commits(),
            },
        });
        instance.live.admit(1);
        hears_of_each_change(&instance, &instance).await;
    }
}

#[tokio::test]
async fn instances_with_a_redis_hear_of_each_other_at_once() {
    let server = RedisServer::start();
    let address = server.url().parse().expect("an address");
    let mut options = kith_redis::Options::new(address);
    options.timeout = TIMEOUT;
    let redis = Redis::connect(options);
    redis.wait_until_up().await;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let database = TestDatabase::new(engine).await;
        let writer = Instance::new(&database, Some(&redis), NEVER);
        let other = database.open_again().await;
        let reader = Instance::new(&other, Some(&redis), NEVER);
        hears_of_each_change(&writer, &reader).await;
    }
}

#[tokio::test]
async fn instances_on_a_server_hear_of_each_other_at_once_without_a_redis() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let writer = Instance::new(&database, None, NEVER);
    let other = database.open_again().await;
    let reader = Instance::new(&other, None, NEVER);
    hears_of_each_change(&writer, &reader).await;
}

#[tokio::test]
async fn instances_that_share_only_a_file_hear_of_each_other_by_polling() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let writer = Instance::new(&database, None, NEVER);
    let other = database.open_again().await;
    let reader = Instance::new(&other, None, Duration::from_millis(5));
    hears_of_each_change(&writer, &reader).await;
}
