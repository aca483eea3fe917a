//! What two instances read while a primary is lost and a standby takes its place.

use std::env;
use std::mem;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use kith_cache::Cache;
use kith_cache::Cached;
use kith_cache::Encoding;
use kith_cache::Key;
use kith_cache::Policy;
use kith_cache::Status;
use kith_test_support::postgres_server::PostgresServer;
use rand::Rng;
use tokio::task::block_in_place;

use super::SqlStore;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::BookKey;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::TAGS;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::store::conformance;
use crate::services::contacts::store::conformance::Update;
use crate::services::contacts::store::conformance::at;
use crate::services::contacts::store::conformance::fields;
use crate::services::contacts::store::conformance::new_id;
use crate::services::database;
use crate::services::database::DatabaseUrl;

/// How many contacts the writers share.
const CONTACTS_OF_WRITERS: usize = 12;

/// How many writes, and how many reads, come before and after each failover.
const STEPS: u64 = 150;

/// How long these steps may take.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The pause after an error that passes.
const PAUSE: Duration = Duration::from_millis(5);

const POLICY: Policy = Policy {
    fresh_for: Duration::from_secs(600),
    stale_for: Duration::ZERO,
    absent_for: Duration::from_secs(600),
    allow_stale_generation: false,
    encoding: Encoding::Blob,
};

/// What the cache answers.
type Found = Result<Cached<Option<Contact>>, AppError>;

/// A store with a cache before it, as an instance has them.
#[derive(Clone)]
struct Instance {
    store: SqlStore,
    cache: Cache,
}

impl Instance {
    async fn open(hosts: &[&PostgresServer]) -> Self {
        let hosts: Vec<String> = hosts
            .iter()
            .map(|server| format!("127.0.0.1:{}", server.port()))
            .collect();
        let url = format!("postgres://kith@{}/postgres", hosts.join(","));
        let place: DatabaseUrl = url.parse().expect("an address");
        let connections = NonZeroU32::new(6).expect("it is not 0");
        let opened = database::open(place, connections).await;
        let store = SqlStore::new(opened.expect("a primary"), conformance::IDEMPOTENCY_TTL);
        let cache = kith_cache::Options::new(TAGS.to_vec(), Box::new(store.clone()));
        let cache = Cache::new(cache);
        Self { store, cache }
    }

    /// Reads the name of a contact through the cache.
    async fn name(&self, id: ContactId) -> Result<String, AppError> {
        let store = self.store.clone();
        let fetch = move || async move { Ok(Some(store.get(id).await?)) };
        let key = Key::new(CONTACTS.part(BookKey::FIRST.0), "all", &id.to_string());
        let found: Found = self.cache.get(key, POLICY, fetch).await;
        let name = found?.as_ref().map(|contact| contact.name.clone());
        name.ok_or(AppError::NotFound)
    }

    async fn rename(&self, id: ContactId, name: &str) -> Result<Contact, AppError> {
        let fields = fields(name, "someone@example.com");
        Ok(self.store.update(id, &fields, None, at(1)).await?)
    }
}

/// Adds a contact with this name.
async fn add(store: &SqlStore, name: &str) -> ContactId {
    let id = new_id();
    let fields = fields(name, "someone@example.com");
    let created = store.create(id, &fields, at(0), None, None).await;
    created.expect("it is new");
    id
}

/// A contact whose name is a number that grows.
struct Counter {
    id: ContactId,
    /// The last number that was tried. Writers take turns.
    tried: tokio::sync::Mutex<u64>,
    /// The last number whose write was acknowledged.
    acknowledged: AtomicU64,
}

/// What writers and readers share.
struct Traffic {
    counters: Vec<Counter>,
    writes: AtomicU64,
    reads: AtomicU64,
    is_over: AtomicBool,
}

impl Traffic {
    fn any(&self) -> &Counter {
        &self.counters[rand::rng().random_range(0..self.counters.len())]
    }

    async fn write(self: Arc<Self>, instance: Instance) {
        while !self.is_over.load(SeqCst) {
            let counter = self.any();
            let mut tried = counter.tried.lock().await;
            *tried += 1;
            match instance.rename(counter.id, &tried.to_string()).await {
                Ok(_) => {
                    counter.acknowledged.store(*tried, SeqCst);
                    self.writes.fetch_add(1, SeqCst);
                }
                Err(AppError::Unavailable) => tokio::time::sleep(PAUSE).await,
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    async fn read(self: Arc<Self>, instance: Instance) {
        while !self.is_over.load(SeqCst) {
            let counter = self.any();
            let acknowledged = counter.acknowledged.load(SeqCst);
            match instance.name(counter.id).await {
                Ok(name) => {
                    let found: u64 = name.parse().expect("a number");
                    assert!(found >= acknowledged, "{found} after {acknowledged}");
                    self.reads.fetch_add(1, SeqCst);
                }
                Err(AppError::Unavailable) => tokio::time::sleep(PAUSE).await,
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// Waits for more writes and reads.
    async fn go_on(&self) {
        let (writes, reads) = (self.writes.load(SeqCst), self.reads.load(SeqCst));
        let go_on = async {
            while self.writes.load(SeqCst) < writes + STEPS
                || self.reads.load(SeqCst) < reads + STEPS
            {
                tokio::time::sleep(PAUSE).await;
            }
        };
        let gone_on = tokio::time::timeout(TIMEOUT, go_on).await;
        gone_on.expect("instances read and write");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_write_survives_a_failover_and_no_read_is_stale() {
    let failovers = env::var("KITH_TEST_FAILOVERS");
    let failovers: u32 = failovers.map_or(1, |text| text.parse().expect("a number"));
    let mut primary = PostgresServer::start();
    let mut standby = primary.standby();
    primary.wait_for_standby();
    let hosts = [&primary, &standby];
    let instances = [Instance::open(&hosts).await, Instance::open(&hosts).await];

    let mut counters = Vec::new();
    for _ in 0..CONTACTS_OF_WRITERS {
        counters.push(Counter {
            id: add(&instances[0].store, "0").await,
            tried: tokio::sync::Mutex::default(),
            acknowledged: AtomicU64::new(0),
        });
    }
    let traffic = Arc::new(Traffic {
        counters,
        writes: AtomicU64::new(0),
        reads: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
    });
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..2 {
        for instance in &instances {
            clients.spawn(traffic.clone().write(instance.clone()));
            clients.spawn(traffic.clone().read(instance.clone()));
        }
    }

    for _ in 0..failovers {
        traffic.go_on().await;
        block_in_place(|| {
            primary.kill();
            standby.promote();
        });
        traffic.go_on().await;
        // The server that was lost comes back as a standby of the other one.
        mem::swap(&mut primary, &mut standby);
        block_in_place(|| {
            standby = primary.standby_on(standby.port());
            primary.wait_for_standby();
        });
    }

    traffic.is_over.store(true, SeqCst);
    while let Some(ended) = clients.join_next().await {
        ended.expect("no read is stale");
    }
    for counter in &traffic.counters {
        let stored = instances[0].store.get(counter.id).await;
        let stored: u64 = stored.expect("it is there").name.parse().expect("a number");
        let acknowledged = counter.acknowledged.load(SeqCst);
        assert!(stored >= acknowledged, "{stored} after {acknowledged}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_standby_has_not_received_is_not_read_after_a_failover() {
    let mut primary = PostgresServer::start();
    let standby = primary.standby();
    let hosts = [&primary, &standby];
    let instances = [Instance::open(&hosts).await, Instance::open(&hosts).await];
    let [one, other] = &instances;
    let (kept, raced) = (add(&one.store, "kept").await, add(&one.store, "kept").await);
    block_in_place(|| {
        primary.wait_until_followed_by(&standby);
        standby.stop_following();
    });

    // A fill that began before the write and sees it: its generation is the one that the standby has.
    let store = one.store.clone();
    let own = one.clone();
    let fetch = move || async move {
        own.rename(raced, "lost").await?;
        Ok(Some(store.get(raced).await?))
    };
    let key = || Key::new(CONTACTS.part(BookKey::FIRST.0), "all", &raced.to_string());
    let filled: Found = one.cache.get(key(), POLICY, fetch).await;
    let filled = filled.expect("the primary is there");
    assert_eq!(filled.status, Status::Miss);
    other
        .rename(kept, "lost")
        .await
        .expect("the primary is there");
    for instance in &instances {
        assert_eq!(instance.name(kept).await.expect("it is there"), "lost");
    }

    block_in_place(|| {
        primary.kill();
        standby.promote();
    });
    for id in [kept, raced] {
        for instance in &instances {
            let name = instance.name(id).await.expect("the new primary is there");
            assert_eq!(name, "kept");
        }
    }
}
