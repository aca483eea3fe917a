//! The cache over a database that tests write to and hold up as they like.

use std::convert::Infallible;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use kith_redis::Redis;
use kith_test_support::redis_server::RedisServer;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::*;

const TAG: Tag = Tag::new("numbers");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Number {
    is: i64,
    doubled: i64,
}

impl Cacheable for Number {
    const SCHEMA: u32 = 1;
}

/// One number and its generation, as a database with one row.
#[derive(Clone, Default)]
struct Database {
    number: Arc<AtomicI64>,
    reads: Arc<AtomicU64>,
}

impl Database {
    fn write(&self) -> i64 {
        self.number.fetch_add(1, SeqCst) + 1
    }

    /// A fetch that takes a moment.
    async fn read(self) -> Result<Number, Infallible> {
        self.reads.fetch_add(1, SeqCst);
        let is = self.number.load(SeqCst);
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok(Number {
            is,
            doubled: 2 * is,
        })
    }

    fn reads(&self) -> u64 {
        self.reads.load(SeqCst)
    }
}

#[async_trait]
impl Generations for Database {
    async fn read(&self, _tags: &[Tag]) -> Option<Vec<(String, Generation)>> {
        // The number is its own generation, negative once it was replaced for no reason.
        Some(vec![(
            TAG.to_string(),
            Generation(self.number.load(SeqCst)),
        )])
    }

    async fn replace(&self, _tag: Tag) -> bool {
        self.write();
        true
    }
}

fn cache(database: &Database, redis: Option<&Redis>) -> Cache {
    Cache::new(Options {
        tags: vec![TAG],
        generations: Box::new(database.clone()),
        redis: redis.cloned(),
        prefix: "test".to_owned(),
        local_bytes: 1 << 20,
    })
}

async fn reach(server: &RedisServer) -> Redis {
    let address = server.url().parse().expect("an address");
    let redis = Redis::connect(kith_redis::Options {
        timeout: Duration::from_secs(5),
        ..kith_redis::Options::new(address)
    });
    redis.wait_until_up().await;
    redis
}

fn key() -> Key {
    Key::new(TAG, "everyone", "the number")
}

const EXACT: Policy = Policy {
    fresh_for: Duration::from_secs(600),
    stale_for: Duration::ZERO,
    absent_for: Duration::from_secs(600),
    allow_stale_generation: false,
    encoding: Encoding::Blob,
};

async fn get(cache: &Cache, database: &Database, policy: Policy) -> Cached<Number> {
    let database = database.clone();
    let Ok(cached) = cache.get(key(), policy, move || database.read()).await;
    cached
}

/// Waits for something that a task in the background is about to do.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let waited = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(Duration::from_secs(20), waited)
        .await
        .unwrap_or_else(|_| panic!("not yet: {what}"));
}

async fn until_async(what: &str, condition: impl AsyncFn() -> bool) {
    let waited = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(20), waited)
        .await
        .unwrap_or_else(|_| panic!("not yet: {what}"));
}

/// A read misses and has seen the old number, a write is done, and only then the fill arrives.
/// `read` gets the fetch, which waits for the signal after it has looked.
async fn late_fill<F: Future<Output = i64> + Send + 'static>(
    database: &Database,
    read: impl Fn(Option<Arc<Notify>>) -> F,
) -> i64 {
    let arrives = Arc::new(Notify::new());
    let before = database.reads();
    let early = tokio::spawn(read(Some(arrives.clone())));
    until("the fetch has looked", || database.reads() > before).await;
    database.write();
    arrives.notify_one();
    early.await.expect("the early read ends");
    read(None).await
}

#[tokio::test]
async fn a_fill_that_began_before_a_write_is_never_seen_after_it() {
    let fetch = |database: Database, arrives: Option<Arc<Notify>>| async move {
        database.reads.fetch_add(1, SeqCst);
        let is = database.number.load(SeqCst);
        if let Some(arrives) = arrives {
            arrives.notified().await;
        }
        Ok::<_, Infallible>(Number {
            is,
            doubled: 2 * is,
        })
    };

    // The usual cache-aside: look, fetch, set; a write deletes. Deleting comes before the late set.
    let database = Database::default();
    let naive: Arc<Mutex<Option<i64>>> = Arc::default();
    let seen = late_fill(&database, |arrives| {
        let (database, naive) = (database.clone(), naive.clone());
        async move {
            if let Some(found) = *naive.lock().expect("no panic") {
                return found;
            }
            let Ok(fetched) = fetch(database, arrives).await;
            *naive.lock().expect("no panic") = Some(fetched.is);
            fetched.is
        }
    })
    .await;
    assert_eq!(
        seen, 0,
        "this schedule must fool a cache that can be fooled"
    );

    let server = RedisServer::start();
    let redis = reach(&server).await;
    for redis in [None, Some(&redis)] {
        let database = Database::default();
        let caches = [cache(&database, redis), cache(&database, redis)];
        for _ in 0..3 {
            database.write();
            let seen = late_fill(&database, |arrives| {
                // The early read and the late one are on different instances.
                let cache = caches[usize::from(arrives.is_none())].clone();
                let database = database.clone();
                async move {
                    let Ok(found) = cache
                        .get(key(), EXACT, move || fetch(database, arrives))
                        .await;
                    found.is
                }
            })
            .await;
            let current = database.number.load(SeqCst);
            assert_eq!(seen, current, "an old number after a write");
            for cache in &caches {
                assert_eq!(get(cache, &database, EXACT).await.is, current);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_misses_are_one_fetch_on_one_instance_and_on_two() {
    let server = RedisServer::start();
    let redis = reach(&server).await;
    for redis in [None, Some(&redis)] {
        let database = Database::default();
        let instances = if redis.is_some() { 2 } else { 1 };
        let caches: Vec<Cache> = (0..instances).map(|_| cache(&database, redis)).collect();
        for round in 1..4 {
            let reads = (0..200).map(|reader| get(&caches[reader % instances], &database, EXACT));
            for found in futures_util::future::join_all(reads).await {
                assert_eq!(found.is, round - 1);
            }
            assert_eq!(database.reads(), round as u64);
            database.write();
        }
        let totals = caches.iter().map(|cache| cache.totals()[0].clone());
        let fills: u64 = totals.clone().map(|totals| totals.fills).sum();
        let all: u64 = totals
            .map(|totals| totals.local_hits + totals.remote_hits + totals.misses)
            .sum();
        assert_eq!((fills, all), (3, 600));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fetch_ends_whoever_stops_waiting_and_its_panic_is_its_own() {
    let database = Database::default();
    let cache = cache(&database, None);
    let hasty = Box::pin(get(&cache, &database, EXACT));
    assert!(hasty.now_or_never().is_none(), "it stops waiting at once");
    cache.close().await;
    assert_eq!(get(&cache, &database, EXACT).await.status, Status::Hit);
    assert_eq!(database.reads(), 1);

    database.write();
    let (looks, goes_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let leader = {
        let (cache, looks, goes_on) = (cache.clone(), looks.clone(), goes_on.clone());
        tokio::spawn(async move {
            let fetch = move || async move {
                looks.notify_one();
                goes_on.notified().await;
                if goes_on.notified().now_or_never().is_none() {
                    panic!("a defect in a fetch, on purpose");
                }
                Ok::<_, Infallible>(Number { is: 0, doubled: 0 })
            };
            let _ = cache.get(key(), EXACT, fetch).await;
        })
    };
    looks.notified().await;
    let follower = {
        let (cache, database) = (cache.clone(), database.clone());
        tokio::spawn(async move { get(&cache, &database, EXACT).await })
    };
    until("the follower waits", || cache.totals()[0].joined == 1).await;
    goes_on.notify_one();
    assert!(
        leader.await.is_err(),
        "the panic reaches whoever called for it"
    );
    assert_eq!(follower.await.expect("an answer").is, 1);
    assert_eq!(get(&cache, &database, EXACT).await.is, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stale_values_are_served_while_they_are_fetched_anew() {
    let policy = Policy {
        fresh_for: Duration::from_millis(60),
        stale_for: Duration::from_secs(600),
        allow_stale_generation: true,
        ..EXACT
    };
    let server = RedisServer::start();
    let redis = reach(&server).await;
    for redis in [None, Some(&redis)] {
        let database = Database::default();
        let cache = cache(&database, redis);
        assert_eq!(get(&cache, &database, policy).await.status, Status::Miss);
        database.write();
        // Old at once, because of the write, and still served.
        let old = get(&cache, &database, policy).await;
        assert_eq!((old.status, old.is), (Status::Stale, 0));
        until("it was fetched anew", || database.reads() == 2).await;
        cache.close().await;
        assert_eq!(get(&cache, &database, policy).await.is, 1);

        // Old by age, and the fetch fails: the value stays.
        tokio::time::sleep(policy.fresh_for * 2).await;
        let broken = || async { Err::<Number, _>("the database is gone") };
        for _ in 0..3 {
            let kept = cache
                .get(key(), policy, broken)
                .await
                .expect("a stale value");
            assert_eq!((kept.status, kept.is), (Status::Stale, 1));
            cache.close().await;
        }
        assert_eq!(cache.totals()[0].refresh_failures, 3);
    }
}

#[tokio::test]
async fn hot_values_are_fetched_anew_before_they_end() {
    let policy = Policy {
        fresh_for: Duration::from_millis(250),
        ..EXACT
    };
    let database = Database::default();
    let cache = cache(&database, None);
    get(&cache, &database, policy).await;
    // When it is refreshed is a matter of chance, that it is refreshed while it is fresh is not.
    until_async("it was fetched anew before its end", async || {
        get(&cache, &database, policy).await;
        let totals = &cache.totals()[0];
        totals.refreshes > 0 && totals.stale_hits == 0
    })
    .await;
}

#[tokio::test]
async fn an_absent_value_is_cached_for_a_time_of_its_own() {
    let policy = Policy {
        absent_for: Duration::from_millis(600),
        encoding: Encoding::Hash,
        ..EXACT
    };
    let server = RedisServer::start();
    let redis = reach(&server).await;
    let database = Database::default();
    let caches = [
        cache(&database, Some(&redis)),
        cache(&database, Some(&redis)),
    ];
    let nobody = async |cache: &Cache| {
        let reads = database.reads.clone();
        let fetch = move || async move {
            reads.fetch_add(1, SeqCst);
            Ok::<Option<Number>, Infallible>(None)
        };
        let Ok(found) = cache.get(key(), policy, fetch).await;
        assert_eq!(*found, None);
        found.status
    };
    assert_eq!(nobody(&caches[0]).await, Status::Miss);
    assert_eq!(nobody(&caches[0]).await, Status::Hit);
    assert_eq!(nobody(&caches[1]).await, Status::Hit);
    tokio::time::sleep(policy.absent_for * 2).await;
    assert_eq!(nobody(&caches[0]).await, Status::Miss);
    assert_eq!(database.reads(), 2);
}

#[tokio::test]
async fn an_entity_is_a_hash_whose_fields_can_be_read_alone() {
    let server = RedisServer::start();
    let redis = reach(&server).await;
    let policy = Policy {
        encoding: Encoding::Hash,
        ..EXACT
    };
    let database = Database::default();
    database.write();
    let caches = [
        cache(&database, Some(&redis)),
        cache(&database, Some(&redis)),
    ];
    get(&caches[0], &database, policy).await;
    let doubled = async |cache: &Cache| cache.field::<Number, i64>(&key(), "doubled").await;
    assert_eq!(doubled(&caches[1]).await, Some(2));
    assert_eq!(doubled(&caches[0]).await, Some(2));
    let whole = get(&caches[1], &database, policy).await;
    assert_eq!((whole.status, whole.doubled), (Status::Hit, 2));
    assert_eq!(database.reads(), 1);
    assert_eq!(
        caches[1].field::<Number, i64>(&key(), "tripled").await,
        None
    );

    let keys = server.command("KEYS *");
    let name = keys
        .lines()
        .find(|line| line.starts_with("test:cache"))
        .expect("a key");
    assert!(server.command(&format!("TYPE {name}")).contains("hash"));
    database.write();
    assert_eq!(
        doubled(&caches[1]).await,
        None,
        "an old field after a write"
    );
}

#[tokio::test]
async fn a_value_that_another_version_has_stored_is_a_miss() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Renamed {
        number: i64,
    }
    impl Cacheable for Renamed {
        const SCHEMA: u32 = 2;
    }
    let server = RedisServer::start();
    let redis = reach(&server).await;
    let database = Database::default();
    let [old, new] = [
        cache(&database, Some(&redis)),
        cache(&database, Some(&redis)),
    ];
    get(&old, &database, EXACT).await;
    let Ok(found) = new
        .get(key(), EXACT, || async {
            Ok::<_, Infallible>(Renamed { number: 7 })
        })
        .await;
    assert_eq!((found.status, found.number), (Status::Miss, 7));

    // A value that no process here has written is no error either.
    let keys = server.command("KEYS *");
    let name = keys
        .lines()
        .find(|line| line.starts_with("test:cache"))
        .expect("a key");
    for spoiled in ["nonsense", "\"0 1 1 1\"", "\"0 1 1 1\\n{broken\""] {
        server.command(&format!("SET {name} {spoiled} EX 60"));
        let reader = cache(&database, Some(&redis));
        let found = get(&reader, &database, EXACT).await;
        assert_eq!((found.status, found.is), (Status::Miss, 0), "{spoiled}");
    }
    server.command(&format!("DEL {name}"));
    server.command(&format!("LPUSH {name} 1"));
    let reader = cache(&database, Some(&redis));
    assert_eq!(get(&reader, &database, EXACT).await.is, 0);
}

#[tokio::test]
async fn audiences_do_not_meet() {
    assert_ne!(Key::new(TAG, "a", "b:c"), Key::new(TAG, "a:b", "c"));
    assert_ne!(Key::new(TAG, "1", "x"), Key::new(TAG, "2", "x"));
}

#[tokio::test]
async fn a_tag_is_invalidated_in_one_step() {
    let database = Database::default();
    let cache = cache(&database, None);
    get(&cache, &database, EXACT).await;
    assert!(cache.invalidate(TAG).await);
    assert_eq!(get(&cache, &database, EXACT).await.status, Status::Miss);
    let usage = cache.usage();
    assert_eq!(usage.entries, 1);
    assert!(usage.bytes > 0);
}

#[tokio::test]
async fn a_lock_has_one_holder_and_its_tokens_grow() {
    let server = RedisServer::start();
    let redis = reach(&server).await;
    for redis in [None, Some(redis)] {
        let locks = lock::Locks::new(redis.clone(), "test");
        let long = Duration::from_secs(600);
        let take = async |ttl| locks.acquire("report", ttl).await.expect("Redis is up");
        let first = take(long).await.expect("it is free");
        assert_eq!(take(long).await, None);
        assert!(locks.extend(&first, long).await.expect("Redis is up"));
        assert!(locks.release(first.clone()).await.expect("Redis is up"));
        assert!(!locks.release(first.clone()).await.expect("Redis is up"));

        let second = take(Duration::from_millis(30))
            .await
            .expect("it is free again");
        assert!(second.token() > first.token());
        // The holder before can neither extend nor release it.
        assert!(!locks.extend(&first, long).await.expect("Redis is up"));
        assert!(!locks.release(first).await.expect("Redis is up"));
        tokio::time::sleep(Duration::from_millis(60)).await;
        if redis.is_some() {
            server.command("FLUSHALL");
        }
        let third = take(long).await.expect("its time is over");
        assert!(third.token() > second.token());
        assert!(!locks.extend(&second, long).await.expect("Redis is up"));
    }
}

#[tokio::test]
async fn a_fetch_that_fails_keeps_no_other_instance_waiting() {
    let server = RedisServer::start();
    let redis = reach(&server).await;
    let database = Database::default();
    let caches = [
        cache(&database, Some(&redis)),
        cache(&database, Some(&redis)),
    ];
    let broken = || async { Err::<Number, _>("the database is gone") };
    assert!(caches[0].get(key(), EXACT, broken).await.is_err());
    assert!(!server.command("KEYS *").contains("lease"));
    assert_eq!(get(&caches[1], &database, EXACT).await.status, Status::Miss);
}

#[tokio::test]
async fn a_stale_value_never_gets_older_again() {
    let lenient = Policy {
        stale_for: Duration::from_secs(600),
        allow_stale_generation: true,
        ..EXACT
    };
    let server = RedisServer::start();
    let redis = reach(&server).await;
    let database = Database::default();
    let cache = || cache(&database, Some(&redis));
    let begin_slowly = async |cache: &Cache| {
        let arrives = Arc::new(Notify::new());
        let before = database.reads();
        let fetch = {
            let (database, arrives) = (database.clone(), arrives.clone());
            move || async move {
                let Ok(found) = database.read().await;
                arrives.notified().await;
                Ok::<_, Infallible>(found)
            }
        };
        let cache = cache.clone();
        let flight = tokio::spawn(async move { cache.get(key(), lenient, fetch).await });
        until("the slow fetch has looked", || database.reads() > before).await;
        (arrives, flight)
    };

    // On Redis: what another instance has stored meanwhile stays.
    let [slow, other, third] = [cache(), cache(), cache()];
    let (arrives, flight) = begin_slowly(&slow).await;
    database.write();
    assert_eq!(get(&other, &database, lenient).await.is, 1);
    arrives.notify_one();
    let Ok(old) = flight.await.expect("no panic");
    assert_eq!(old.is, 0);
    let found = get(&third, &database, lenient).await;
    // On a machine that is busy enough, the lease ends before the other instance stores its value. Then
    // there is none.
    assert_ne!(found.status, Status::Stale);
    assert_eq!(found.is, 1);

    // In one process as well.
    server.command("FLUSHALL");
    database.write();
    let alone = cache();
    let (arrives, flight) = begin_slowly(&alone).await;
    database.write();
    assert_eq!(get(&alone, &database, lenient).await.is, 3);
    arrives.notify_one();
    let Ok(old) = flight.await.expect("no panic");
    assert_eq!(old.is, 2);
    let found = get(&alone, &database, lenient).await;
    assert_eq!((found.status, found.is), (Status::Hit, 3));
}
