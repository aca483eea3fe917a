//! A cache that is never stale after a write.
//!
//! - [`generation`]: how it knows that what it has is still true, and why.
//! - [`near`]: the tier in this process. [`far`]: the tier on Redis, shared by all instances.
//! - [`lock`]: a lock that instances share. [`stats`]: what was done.
//!
//! [`Cache::get`] is the one way in: a key, a [`Policy`], and how to fetch the value. It looks in
//! this process, then on Redis, then fetches: once for all who ask at the same time, in this process
//! and, through Redis, in all of them. What differs between cache-aside and
//! stale-while-revalidate is only the policy.
//!
//! Invariants:
//! - A value is served as fresh only under the generation that is current after the read began.
//! - A fetch runs to its end, whoever stops waiting for it; [`Cache::close`] waits for all.
//! - Without Redis, or with one that is lost, only the sharing is gone.
//! - Memory is bounded; everything on Redis has a lifetime.
//!
//! This module knows nothing of HTTP, pages or contacts.

mod far;
pub mod generation;
pub mod lock;
mod near;
pub mod stats;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::collections::HashMap;
use std::ops::Deref;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use far::Far;
pub use far::Form;
use far::Found;
use far::Lease;
use far::Stored;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::future::Shared;
pub use generation::Generation;
pub use generation::Generations;
use generation::Latest;
pub use generation::Tag;
use near::Near;
use rand::Rng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Digest;
use sha2::Sha256;
use stats::Counters;
pub use stats::Totals;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::server::redis::Redis;

/// Fetches in the background at the same time, beyond which they are put off.
const REFRESHES: usize = 8;

/// How long an instance may take to make a value before others make it too.
const LEASE: Duration = Duration::from_secs(2);

/// Pauses of those that wait for another instance, the first and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Lifetimes differ by up to this share, so that what was made together does not end together.
const JITTER: f64 = 0.1;

/// A refresh may begin early in the last so many times its own length before a value ends. Earlier
/// than that, XFetch would with a chance below one in a million.
const EARLIEST_REFRESH: u32 = 14;

/// Names a value. Keys with different texts or tags are different.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    tag: Tag,
    text: String,
}

impl Key {
    /// `audience` is who may see the value; what one audience is served, no other is.
    pub fn new(tag: Tag, audience: &str, name: &str) -> Self {
        Self {
            tag,
            // The length keeps an audience from reaching into the name.
            text: format!("{}:{}:{audience}:{name}", tag.0, audience.len()),
        }
    }

    /// The data that the value is made of.
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// The whole key, the tag included.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// For how long a value is served. All of it only while the generation is the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// As it is.
    pub fresh_for: Duration,
    /// After that, while it is fetched anew in the background. Nothing for cache-aside.
    pub stale_for: Duration,
    /// As it is, if it [is absent](Cacheable::is_absent).
    pub absent_for: Duration,
    /// Whether a value of an earlier generation may be served as a stale one. Only for what need
    /// not agree with a write that its reader has made.
    pub outlives_changes: bool,
    /// How it is stored on Redis.
    pub form: Form,
}

/// What can be cached.
pub trait Cacheable: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The version of the JSON that it is stored as. Values of another version are not read.
    const SCHEMA: u32;

    /// Whether it says that there is nothing.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Something, or the knowledge that there is nothing.
impl<T: Cacheable> Cacheable for Option<T> {
    const SCHEMA: u32 = T::SCHEMA;

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// How a read was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// With a value that was there.
    Hit,
    /// With one that is old, while it is fetched anew.
    Stale,
    /// With a value that was fetched for this read, or for another at the same time.
    Miss,
    /// Past the cache.
    Bypass,
}

/// A value and how it was come by. Cheap to clone.
#[derive(Debug)]
pub struct Cached<T> {
    entry: Arc<Entry>,
    value: Arc<T>,
    pub status: Status,
}

impl<T> Cached<T> {
    /// The value as JSON, as it was written once.
    pub fn json(&self) -> &Bytes {
        &self.entry.json
    }

    /// Thirty-two hexadecimal digits that differ wherever the JSON does.
    pub fn digest(&self) -> &str {
        &self.entry.digest
    }
}

impl<T> Clone for Cached<T> {
    fn clone(&self) -> Self {
        Self {
            entry: self.entry.clone(),
            value: self.value.clone(),
            status: self.status,
        }
    }
}

impl<T> Deref for Cached<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A value in this process.
#[derive(Debug)]
struct Entry {
    generation: Generation,
    made: Instant,
    /// How long the making took.
    cost: Duration,
    /// Ages at which the value stops being fresh, and of use.
    fresh_for: Duration,
    ends_at: Duration,
    json: Bytes,
    digest: Box<str>,
    value: Arc<dyn Any + Send + Sync>,
}

impl near::Weigh for Entry {
    fn weight(&self) -> usize {
        // The value itself is about as large as its JSON.
        size_of::<Self>() + 2 * self.json.len() + self.digest.len()
    }
}

/// What an entry is good for at some instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Fresh,
    Stale,
    Useless,
}

impl Entry {
    fn standing(&self, current: Generation, policy: &Policy) -> Standing {
        let age = self.made.elapsed();
        let unchanged = self.generation == current;
        if unchanged && age < self.fresh_for {
            Standing::Fresh
        } else if age < self.ends_at && (unchanged || policy.outlives_changes) {
            Standing::Stale
        } else {
            Standing::Useless
        }
    }

    /// Whether to refresh a fresh value before it ends: XFetch (Vattani, Chierichetti, Lowenstein:
    /// "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015), with a beta of 1.
    fn is_due_early(&self) -> bool {
        let left = self.fresh_for.saturating_sub(self.made.elapsed());
        if left > self.cost * EARLIEST_REFRESH {
            return false;
        }
        // From above 0, so that the logarithm is finite.
        let chance = 1.0 - rand::rng().random::<f64>();
        self.cost.mul_f64(-chance.ln()) >= left
    }
}

/// A fetch that others can wait for. `None` where it ended without an answer, in a panic.
type Flight<T, E> = Shared<BoxFuture<'static, Option<Result<Cached<T>, E>>>>;

/// A two-tiered cache. Cheap to clone.
#[derive(Clone)]
pub struct Cache {
    shared: Arc<Inner>,
}

struct Inner {
    latest: Latest,
    near: Near<Entry>,
    far: Option<Far>,
    tags: Vec<(Tag, Counters)>,
    /// Each is a [`Flight`] of the types that belong to its key.
    flights: Mutex<HashMap<(Key, Generation), Box<dyn Any + Send>>>,
    refreshes: Arc<Semaphore>,
    /// Whether the last refresh failed, so that a failure that lasts is logged once.
    failing: AtomicBool,
    tasks: TaskTracker,
}

/// What a cache is made of.
pub struct Setup {
    /// Every tag that keys will have.
    pub tags: Vec<Tag>,
    pub generations: Box<dyn Generations>,
    pub redis: Option<Redis>,
    /// The beginning of every key on Redis.
    pub prefix: String,
    /// The size of the tier in this process.
    pub near_bytes: usize,
}

impl Cache {
    pub fn new(setup: Setup) -> Self {
        let far = setup.redis.map(|redis| Far::new(redis, &setup.prefix));
        let counted = |tag| (tag, Counters::default());
        Self {
            shared: Arc::new(Inner {
                latest: Latest::new(setup.generations),
                near: Near::new(setup.near_bytes),
                far,
                tags: setup.tags.into_iter().map(counted).collect(),
                flights: Mutex::default(),
                refreshes: Arc::new(Semaphore::new(REFRESHES)),
                failing: AtomicBool::new(false),
                tasks: TaskTracker::new(),
            }),
        }
    }

    /// The value of `key`: cached, or fetched now. `fetch` is called at most once for all who ask for
    /// the same key at the same time.
    ///
    /// # Errors
    /// Those of `fetch`, which are not cached.
    pub async fn get<T, E, F>(
        &self,
        key: Key,
        policy: Policy,
        fetch: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Cached<T>, E>
    where
        T: Cacheable,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let inner = &self.shared;
        let Some(generation) = inner.latest.of(key.tag).await else {
            return inner.bypass(key, policy, fetch).await;
        };
        if let Some(entry) = inner.near.get(&key.text)
            && let Ok(value) = entry.value.clone().downcast::<T>()
        {
            let status = match entry.standing(generation, &policy) {
                Standing::Fresh => Some(Status::Hit),
                Standing::Stale => Some(Status::Stale),
                Standing::Useless => None,
            };
            if let Some(status) = status {
                inner.counters(key.tag).count(status, false);
                if status == Status::Stale || entry.is_due_early() {
                    let age = entry.made.elapsed();
                    self.refresh(key, generation, policy, age, fetch);
                }
                return Ok(Cached {
                    entry,
                    value,
                    status,
                });
            }
        }
        self.join(key, generation, policy, fetch).await
    }

    /// One member of a value that is stored in the form of [fields](Form::Fields), if either tier has
    /// it; nothing is fetched.
    pub async fn field<F: DeserializeOwned>(&self, key: &Key, name: &str) -> Option<F> {
        let inner = &self.shared;
        let generation = inner.latest.of(key.tag).await?;
        let near = inner.near.get(&key.text);
        let json = match near.filter(|entry| entry.generation == generation) {
            Some(entry) => {
                let members: serde_json::Value = serde_json::from_slice(&entry.json).ok()?;
                members.get(name)?.clone()
            }
            None => inner.far.as_ref()?.field(key, generation, name).await?,
        };
        serde_json::from_value(json).ok()
    }

    /// Makes everything under a tag old, on every instance, in one step. False if it could not be
    /// done.
    pub async fn invalidate(&self, tag: Tag) -> bool {
        self.shared.latest.replace(tag).await
    }

    /// What was done for each tag since the start.
    pub fn totals(&self) -> Vec<Totals> {
        let tags = self.shared.tags.iter();
        tags.map(|(tag, counters)| counters.totals(*tag)).collect()
    }

    /// How full the tier in this process is.
    pub fn fill(&self) -> near::Fill {
        self.shared.near.fill()
    }

    /// Waits for the fetches that are under way.
    pub async fn close(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    /// Waits for a fetch of this key under this generation, one that is under way or a new one.
    async fn join<T, E, F>(
        &self,
        key: Key,
        generation: Generation,
        policy: Policy,
        fetch: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Cached<T>, E>
    where
        T: Cacheable,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let inner = &self.shared;
        let counters = inner.counters(key.tag);
        let mut fetch = Some(fetch);
        let flight = {
            let mut flights = inner.flights.lock().unwrap_or_else(PoisonError::into_inner);
            let name = (key.clone(), generation);
            let under_way = flights
                .get(&name)
                .and_then(|flight| flight.downcast_ref::<Flight<T, E>>());
            match (under_way, fetch.take()) {
                (Some(flight), mine) => {
                    stats::add(&counters.joined);
                    fetch = mine;
                    flight.clone()
                }
                (None, mine) => {
                    let mine = mine.expect("nobody has taken it");
                    let flight = self.take_off(key.clone(), generation, policy, None, mine);
                    flights.insert(name, Box::new(flight.clone()));
                    flight
                }
            }
        };
        match (flight.await, fetch) {
            (Some(landed), _) => {
                landed.inspect(|cached| counters.count(cached.status, cached.status == Status::Hit))
            }
            // It has panicked for somebody else.
            (None, Some(fetch)) => inner.bypass(key, policy, fetch).await,
            (None, None) => panic!("a fetch has panicked"),
        }
    }

    /// Fetches anew in the background, unless that is being done or too much else is.
    fn refresh<T, E, F>(
        &self,
        key: Key,
        generation: Generation,
        policy: Policy,
        age: Duration,
        fetch: impl FnOnce() -> F + Send + 'static,
    ) where
        T: Cacheable,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let inner = self.shared.clone();
        let counters = inner.counters(key.tag);
        let mut flights = inner.flights.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (key.clone(), generation);
        if flights.contains_key(&name) {
            return;
        }
        let Ok(permit) = inner.refreshes.clone().try_acquire_owned() else {
            stats::add(&counters.refreshes_put_off);
            return;
        };
        stats::add(&counters.refreshes);
        let flight = self.take_off(key.clone(), generation, policy, Some(age), fetch);
        flights.insert(name, Box::new(flight.clone()));
        drop(flights);
        inner.clone().tasks.spawn(async move {
            let refreshed = matches!(flight.await, Some(Ok(_)));
            drop(permit);
            let was_failing = inner.failing.swap(!refreshed, Ordering::Relaxed);
            if !refreshed {
                stats::add(&inner.counters(key.tag).refresh_failures);
            }
            match (was_failing, refreshed) {
                (false, false) => tracing::warn!(
                    tag = key.tag.0,
                    "a value could not be fetched anew; the old one stays for now"
                ),
                (true, true) => tracing::info!(tag = key.tag.0, "values are fetched anew again"),
                _ => {}
            }
        });
    }

    /// Starts a task that makes the value, wherever from. It is no longer among the flights once it
    /// has landed. `younger_than` is the age of a value that this one shall replace.
    fn take_off<T, E, F>(
        &self,
        key: Key,
        generation: Generation,
        policy: Policy,
        younger_than: Option<Duration>,
        fetch: impl FnOnce() -> F + Send + 'static,
    ) -> Flight<T, E>
    where
        T: Cacheable,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let inner = self.shared.clone();
        let task = self.shared.tasks.spawn(async move {
            let made = inner.make(&key, generation, policy, younger_than, fetch);
            let landed = AssertUnwindSafe(made).catch_unwind().await.ok();
            let mut flights = inner.flights.lock().unwrap_or_else(PoisonError::into_inner);
            flights.remove(&(key, generation));
            landed
        });
        async move { task.await.ok().flatten() }.boxed().shared()
    }
}

/// What Redis has for somebody who looks for a value.
enum Sought<T> {
    Value(Cached<T>),
    Lease(Lease),
    Nothing,
}

impl Inner {
    /// Takes the value from Redis, or fetches it and gives it to Redis.
    async fn make<T, E, F>(
        &self,
        key: &Key,
        generation: Generation,
        policy: Policy,
        younger_than: Option<Duration>,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Cached<T>, E>
    where
        T: Cacheable,
        F: Future<Output = Result<T, E>> + Send,
    {
        let sought = match &self.far {
            Some(far) => seek(far, key, generation, &policy, younger_than).await,
            None => Sought::Nothing,
        };
        let lease = match sought {
            Sought::Value(cached) => {
                self.near.insert(&key.text, cached.entry.clone());
                return Ok(cached);
            }
            Sought::Lease(lease) => Some(lease),
            Sought::Nothing => None,
        };
        let began = Instant::now();
        let value = fetch().await?;
        stats::add(&self.counters(key.tag).fills);
        let cached = Cached::new(
            generation,
            &policy,
            (began, began.elapsed()),
            value,
            Status::Miss,
        );
        self.near.insert(&key.text, cached.entry.clone());
        if let (Some(far), Some(lease)) = (&self.far, lease) {
            let stored = Stored {
                generation,
                schema: T::SCHEMA,
                age: Duration::ZERO,
                cost: cached.entry.cost,
                json: cached.json().clone(),
            };
            let lifetime = cached.entry.ends_at;
            far.fill(key, policy.form, &lease, &stored, lifetime).await;
        }
        Ok(cached)
    }

    async fn bypass<T, E, F>(
        &self,
        key: Key,
        policy: Policy,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Cached<T>, E>
    where
        T: Cacheable,
        F: Future<Output = Result<T, E>> + Send,
    {
        let began = Instant::now();
        let value = fetch().await?;
        self.counters(key.tag).count(Status::Bypass, false);
        // The entry goes nowhere, so its generation means nothing.
        let made = (began, began.elapsed());
        Ok(Cached::new(
            Generation(0),
            &policy,
            made,
            value,
            Status::Bypass,
        ))
    }

    fn counters(&self, tag: Tag) -> &Counters {
        let known = self.tags.iter().find(|(known, _)| *known == tag);
        &known.expect("a cache is made with all tags of its keys").1
    }
}

/// Looks for a value on Redis, and waits for it while another instance makes it.
async fn seek<T: Cacheable>(
    far: &Far,
    key: &Key,
    generation: Generation,
    policy: &Policy,
    younger_than: Option<Duration>,
) -> Sought<T> {
    let start = Instant::now();
    let mut pause = FIRST_PAUSE;
    let current = (generation, T::SCHEMA);
    loop {
        let found = far.look_up(key, policy.form, current, younger_than, LEASE);
        match found.await {
            Found::Current(stored) => {
                let cached = Cached::<T>::read(stored, policy);
                return cached.map_or(Sought::Nothing, |cached| {
                    match cached.standing(current.0, policy) {
                        Standing::Useless => Sought::Nothing,
                        _ => Sought::Value(cached),
                    }
                });
            }
            Found::Leased(lease) => return Sought::Lease(lease),
            Found::Lost => return Sought::Nothing,
            Found::Elsewhere(stored) => {
                // Whoever refreshes has this value, or a younger one, already.
                if younger_than.is_none()
                    && let Some(cached) =
                        stored.and_then(|stored| Cached::<T>::read(stored, policy))
                    && cached.standing(current.0, policy) == Standing::Stale
                {
                    return Sought::Value(cached);
                }
            }
        }
        if start.elapsed() >= LEASE {
            return Sought::Nothing;
        }
        let share = rand::rng().random_range(0.5..1.0);
        tokio::time::sleep(pause.mul_f64(share)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl<T: Cacheable> Cached<T> {
    /// A value that was just fetched. `made` is when that began and how long it took: what the value
    /// says may have been so from the beginning on.
    fn new(
        generation: Generation,
        policy: &Policy,
        (began, cost): (Instant, Duration),
        value: T,
        status: Status,
    ) -> Self {
        let json = serde_json::to_vec(&value).expect("plain data has a form in JSON");
        Self::with_json(
            generation,
            policy,
            (began, cost),
            value,
            json.into(),
            status,
        )
    }

    /// A value from Redis; `None` if it is of another schema, or cannot be read.
    fn read(stored: Stored, policy: &Policy) -> Option<Self> {
        if stored.schema != T::SCHEMA {
            return None;
        }
        let value: T = serde_json::from_slice(&stored.json).ok()?;
        let made = (Instant::now().checked_sub(stored.age)?, stored.cost);
        let json = match policy.form {
            Form::Whole => stored.json,
            // Its members have lost their order.
            Form::Fields => serde_json::to_vec(&value).ok()?.into(),
        };
        let mut cached = Self::with_json(stored.generation, policy, made, value, json, Status::Hit);
        if cached.standing(stored.generation, policy) == Standing::Stale {
            cached.status = Status::Stale;
        }
        Some(cached)
    }

    fn with_json(
        generation: Generation,
        policy: &Policy,
        (made, cost): (Instant, Duration),
        value: T,
        json: Bytes,
        status: Status,
    ) -> Self {
        let jitter = rand::rng().random_range(1.0 - JITTER..=1.0 + JITTER);
        let (fresh_for, stale_for) = if value.is_absent() {
            (policy.absent_for, Duration::ZERO)
        } else {
            (policy.fresh_for, policy.stale_for)
        };
        let hash = Sha256::digest(&json);
        let value = Arc::new(value);
        let entry = Entry {
            generation,
            made,
            cost,
            fresh_for: fresh_for.mul_f64(jitter),
            ends_at: (fresh_for + stale_for).mul_f64(jitter),
            json,
            digest: hash[..16]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect(),
            value: value.clone(),
        };
        Self {
            entry: Arc::new(entry),
            value,
            status,
        }
    }

    fn standing(&self, current: Generation, policy: &Policy) -> Standing {
        self.entry.standing(current, policy)
    }
}
