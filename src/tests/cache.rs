//! The cache as clients meet it: never stale after a write, with one instance or two, with Redis,
//! without, and while it comes and goes.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use kith::model::contact::Contact;
use kith_cache::Cache;
use kith_redis::Redis;
use kith_test_support::redis_server::RedisServer;
use rand::Rng;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::app::contact;
use crate::app::header;
use crate::app::send;
use crate::html::Page;
use crate::limits::with_redis;

#[tokio::test]
async fn reads_say_how_they_were_answered() {
    // The worker that sends the email would read the contact before this test does.
    let app = TestApp::with(|config| config.welcome.enabled = false).await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", ada.id);
    for path in [
        "/api/contacts",
        path.as_str(),
        "/api/contacts?q=ada&limit=1",
    ] {
        let first = app.get(path).await;
        assert_eq!(header(&first, "x-cache"), "MISS", "{path}");
        assert!(header(&first, "server-timing").starts_with("cache;desc=MISS;dur="));
        let again = app.get(path).await;
        assert_eq!(header(&again, "x-cache"), "HIT", "{path}");
        let etag = header(&again, "etag").to_owned();
        assert_eq!(header(&first, "etag"), etag);
        assert_eq!(
            first.text().await.expect("a body"),
            again.text().await.expect("a body")
        );

        // A client that has this version gets an answer without a body.
        for known in [etag.as_str(), "*", &format!("\"other\", {etag}")] {
            let request = app
                .request(Method::GET, path)
                .header("if-none-match", known);
            let unchanged = send(request).await;
            assert_eq!(
                unchanged.status(),
                StatusCode::NOT_MODIFIED,
                "{path} {known}"
            );
            assert_eq!(header(&unchanged, "etag"), etag);
            assert!(unchanged.bytes().await.expect("a body").is_empty());
        }
        let request = app
            .request(Method::GET, path)
            .header("if-none-match", "\"other\"");
        assert_eq!(send(request).await.status(), StatusCode::OK);
    }

    // A change ends all of it.
    let list = app.get("/api/contacts").await;
    let etag = header(&list, "etag").to_owned();
    let changed = json!({"name": "Ada Lovelace", "email": "ada@example.com"});
    send(app.request(Method::PUT, &path).json(&changed)).await;
    let request = app
        .request(Method::GET, "/api/contacts")
        .header("if-none-match", etag);
    let list = send(request).await;
    assert_eq!(
        (list.status(), header(&list, "x-cache")),
        (StatusCode::OK, "MISS")
    );
    assert_eq!(contact(app.get(&path).await).await.name, "Ada Lovelace");
}

#[tokio::test]
async fn an_absent_contact_is_cached_and_found_once_it_is_there() {
    // The job that sends the email would read the contact as well.
    let app = TestApp::with(|config| config.welcome.enabled = false).await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", ada.id);
    send(app.request(Method::DELETE, &path)).await;
    for _ in 0..2 {
        assert_eq!(app.get(&path).await.status(), StatusCode::NOT_FOUND);
    }
    let totals = app.part::<Cache>().totals().remove(0);
    assert_eq!((totals.misses, totals.local_hits), (1, 1));
    app.post(&format!("{path}/restore"), &json!({})).await;
    assert_eq!(app.get(&path).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn totals_may_lag_behind_a_write_and_catch_up() {
    let app = TestApp::start().await;
    let totals = async || -> (String, Value) {
        let answer = app.get("/api/contacts/totals").await;
        let how = header(&answer, "x-cache").to_owned();
        (how, answer.json().await.expect("totals"))
    };
    let none = json!({"contacts": 0, "trash": 0});
    assert_eq!(totals().await, ("MISS".to_owned(), none.clone()));
    app.create("Ada", "ada@example.com").await;
    assert_eq!(totals().await, ("STALE".to_owned(), none));
    let start = Instant::now();
    while totals().await.1["contacts"] != 1 {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "it never catches up"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Two instances that share one database and, if it is given, one Redis.
async fn pair(redis: Option<&RedisServer>) -> (TempDir, [TestApp; 2]) {
    let data = tempfile::tempdir().expect("a directory");
    let start = || {
        TestApp::with(|config| {
            config.data.dir = data.path().to_owned();
            if let Some(redis) = redis {
                with_redis(config, redis, Duration::from_millis(200));
            }
        })
    };
    let apps = [start().await, start().await];
    if redis.is_some() {
        for app in &apps {
            app.part::<Option<Redis>>()
                .as_ref()
                .expect("a Redis")
                .wait_until_up()
                .await;
        }
    }
    (data, apps)
}

/// One writer on each instance, each with contacts of its own, and readers on both. What a writer
/// has been told is done is on a ledger; a read that begins after that finds at least as much.
async fn nothing_is_stale(apps: &[TestApp; 2], how_long: Duration) {
    const CONTACTS: usize = 4;
    struct Entry {
        contact: Contact,
        /// The last version that was acknowledged.
        acknowledged: AtomicU64,
    }
    let mut ledger = Vec::new();
    for number in 0..CONTACTS {
        let name = format!("Contact {number} v1");
        let contact = apps[0].create(&name, "c@example.com").await;
        let acknowledged = AtomicU64::new(1);
        ledger.push(Entry {
            contact,
            acknowledged,
        });
    }
    let over = AtomicBool::new(false);
    let (reads, writes) = (AtomicU64::new(0), AtomicU64::new(0));

    let write = async |instance: usize| {
        while !over.load(Ordering::Relaxed) {
            let number = rand::rng().random_range(0..CONTACTS / 2) * 2 + instance;
            let entry = &ledger[number];
            let next = entry.acknowledged.load(Ordering::SeqCst) + 1;
            let body =
                json!({"name": format!("Contact {number} v{next}"), "email": "c@example.com"});
            let path = format!("/api/contacts/{}", entry.contact.id);
            let answer = send(apps[instance].request(Method::PUT, &path).json(&body)).await;
            assert_eq!(answer.status(), StatusCode::OK);
            entry.acknowledged.store(next, Ordering::SeqCst);
            writes.fetch_add(1, Ordering::Relaxed);
            let pause = rand::rng().random_range(0..15);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    };
    let version = |name: &str| -> u64 {
        let version = name.rsplit_once(" v").expect("a version").1;
        version.parse().expect("a number")
    };
    let read = async |instance: usize| {
        while !over.load(Ordering::Relaxed) {
            let known: Vec<u64> = ledger
                .iter()
                .map(|entry| entry.acknowledged.load(Ordering::SeqCst))
                .collect();
            let app = &apps[instance];
            let choice = rand::rng().random_range(0..=CONTACTS);
            let entry = ledger.get(choice);
            let names = match (entry, rand::rng().random::<bool>()) {
                (Some(entry), true) => {
                    let path = format!("/api/contacts/{}", entry.contact.id);
                    vec![contact(app.get(&path).await).await.name]
                }
                (Some(entry), false) => {
                    let path = format!("/contacts/{}", entry.contact.id);
                    Page::read(app.get(&path).await)
                        .await
                        .texts("h1, .row-name")
                }
                (None, true) => app.names("sort=created").await,
                (None, false) => Page::read(app.get("/contacts").await)
                    .await
                    .texts(".row-name"),
            };
            for name in names {
                // The page has a heading of its own.
                let Some(name) = name.strip_prefix("Contact ") else {
                    continue;
                };
                let number: usize = name[..1].parse().expect("a digit");
                let found = version(name);
                assert!(found >= known[number], "v{found} after v{}", known[number]);
            }
            reads.fetch_add(1, Ordering::Relaxed);
        }
    };
    let clock = async {
        let start = Instant::now();
        // A slow machine takes longer for as much.
        let is_enough = || {
            start.elapsed() > how_long
                && reads.load(Ordering::Relaxed) > 500
                && writes.load(Ordering::Relaxed) > 50
        };
        while !is_enough() && start.elapsed() < how_long + HALF_A_MINUTE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        over.store(true, Ordering::Relaxed);
    };
    tokio::join!(
        write(0),
        write(1),
        read(0),
        read(1),
        read(0),
        read(1),
        read(0),
        read(1),
        clock
    );

    let (reads, writes) = (reads.into_inner(), writes.into_inner());
    let hits: u64 = apps
        .iter()
        .flat_map(|app| app.part::<Cache>().totals())
        .map(|totals| totals.local_hits + totals.remote_hits)
        .sum();
    assert!(reads > 500 && writes > 50, "{reads} reads, {writes} writes");
    assert!(
        hits > reads / 20,
        "{hits} hits of {reads} reads: the cache was hardly used"
    );
}

const HALF_A_MINUTE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_are_never_stale() {
    let (_data, apps) = pair(None).await;
    nothing_is_stale(&apps, HALF_A_MINUTE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_with_a_redis_are_never_stale() {
    let redis = RedisServer::start();
    let (_data, apps) = pair(Some(&redis)).await;
    nothing_is_stale(&apps, HALF_A_MINUTE).await;

    // What reached Redis in all that time: nothing that looks through all keys, and each key ends.
    let statistics = redis.command("INFO commandstats");
    assert!(statistics.contains("cmdstat_evalsha:"), "{statistics}");
    for command in ["keys", "scan"] {
        assert!(
            !statistics.contains(&format!("cmdstat_{command}:")),
            "{statistics}"
        );
    }
    let keys = redis.command("KEYS *");
    let keys: Vec<&str> = keys
        .lines()
        .filter(|line| line.starts_with("kith:"))
        .collect();
    assert!(keys.iter().any(|key| key.contains(":cache:")), "{keys:?}");
    for key in keys {
        let lifetime = redis.command(&format!("PTTL {key}"));
        // -2: it has ended since.
        assert!(!lifetime.starts_with(":-1"), "{key} never ends");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_are_never_stale_while_redis_comes_and_goes() {
    let mut redis = RedisServer::start();
    let (_data, apps) = pair(Some(&redis)).await;
    let over = Arc::new(AtomicBool::new(false));
    let chaos = {
        let over = over.clone();
        std::thread::spawn(move || {
            let pause = |least| {
                let milliseconds = rand::rng().random_range(least..least + 600);
                std::thread::sleep(Duration::from_millis(milliseconds));
            };
            let mut rounds = 0;
            while !over.load(Ordering::Relaxed) {
                pause(300);
                redis.command("FLUSHALL");
                pause(300);
                redis.kill();
                pause(100);
                redis.start_again();
                pause(600);
                redis.signal("-STOP");
                pause(100);
                redis.signal("-CONT");
                rounds += 1;
            }
            rounds
        })
    };
    nothing_is_stale(&apps, HALF_A_MINUTE).await;
    over.store(true, Ordering::Relaxed);
    assert!(chaos.join().expect("no panic") >= 3);
}
