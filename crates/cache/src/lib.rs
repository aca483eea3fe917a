//! A cache that is never stale after a write.
//!
//! - [`generation`]: how it knows that what it has is still true, and why.
//! - [`near`]: the tier in this process. [`far`]: the tier on Redis, shared by all instances.
//! - [`flight`]: fetches, once for all. [`entry`]: what is kept and handed out.
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

mod entry;
mod far;
mod flight;
pub mod generation;
pub mod lock;
mod near;
pub mod stats;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

pub use entry::Cached;
use entry::Entry;
use entry::Standing;
use far::Far;
pub use far::Form;
use flight::Wanted;
pub use generation::Generation;
pub use generation::Generations;
use generation::Latest;
pub use generation::Tag;
use near::Near;
pub use near::Usage;
use serde::Serialize;
use serde::de::DeserializeOwned;
use stats::Counters;
pub use stats::Totals;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use kith_redis::Redis;

/// Fetches in the background at the same time, beyond which they are put off.
const REFRESHES: usize = 8;

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

/// The fetches that are under way, each of the types that belong to its key.
type Flights = HashMap<(Key, Generation), Box<dyn Any + Send>>;

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
    flights: Mutex<Flights>,
    refreshes: Arc<Semaphore>,
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
        let generation = inner.latest.of(key.tag).await;
        let wanted = Wanted {
            // What goes past the cache is kept nowhere, so its generation means nothing.
            generation: generation.unwrap_or(Generation(0)),
            policy,
            key,
        };
        if generation.is_none() {
            return inner.bypass(wanted, fetch).await;
        }
        let Wanted {
            key, generation, ..
        } = &wanted;
        if let Some(entry) = inner.near.get(&key.text)
            && let Ok(value) = entry.value.clone().downcast::<T>()
        {
            let status = match entry.standing(*generation, &policy) {
                Standing::Fresh => Some(Status::Hit),
                Standing::Stale => Some(Status::Stale),
                Standing::Useless => None,
            };
            if let Some(status) = status {
                inner.counters(key.tag).count(status, false);
                if status == Status::Stale || entry.is_due_early() {
                    let age = entry.made.elapsed();
                    self.refresh(wanted, age, fetch);
                }
                return Ok(Cached {
                    entry,
                    value,
                    status,
                });
            }
        }
        self.join(wanted, fetch).await
    }

    /// One member of a `T` that is stored in the form of [fields](Form::Fields), if either tier has
    /// it; nothing is fetched.
    pub async fn field<T: Cacheable, F: DeserializeOwned>(
        &self,
        key: &Key,
        name: &str,
    ) -> Option<F> {
        let inner = &self.shared;
        let generation = inner.latest.of(key.tag).await?;
        let near = inner.near.get(&key.text);
        let json = match near.filter(|entry| entry.generation == generation) {
            Some(entry) => {
                let members: serde_json::Value = serde_json::from_slice(&entry.json).ok()?;
                members.get(name)?.clone()
            }
            None => {
                let current = (generation, T::SCHEMA);
                inner.far.as_ref()?.field(key, current, name).await?
            }
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
    pub fn usage(&self) -> near::Usage {
        self.shared.near.usage()
    }

    /// Waits for the fetches that are under way.
    pub async fn close(&self) {
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Inner {
    fn counters(&self, tag: Tag) -> &Counters {
        let known = self.tags.iter().find(|(known, _)| *known == tag);
        &known.expect("a cache is made with all tags of its keys").1
    }
}

/// The first half of a hash, which is enough to tell values apart.
fn hexadecimal(hash: &[u8]) -> String {
    let half = &hash[..hash.len() / 2];
    half.iter().map(|byte| format!("{byte:02x}")).collect()
}
