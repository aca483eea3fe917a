//! The cache: the way of a read.
//!
//! [`Cache::get`] looks in this process, then on Redis, then fetches: once for all callers that ask at the
//! same time, in this process and, through Redis, in all instances. Cache-aside and stale-while-revalidate
//! differ only by the [`Policy`].

mod single_flight;

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use kith_redis::Redis;
use kith_runtime::Tasks;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use self::single_flight::Request;
use crate::entry::{Cached, Entry, Freshness};
use crate::generation::{Generation, Generations, Latest, Tag};
use crate::key::Key;
use crate::local::{LocalTier, Usage};
use crate::policy::{Cacheable, Policy, Status};
use crate::remote::RemoteTier;
use crate::stats::{Counters, Totals};

/// The most background fetches at the same time. Others are skipped.
const MAX_REFRESHES: usize = 8;

/// The fetches that are under way, each of the types that belong to its key.
pub(crate) type Flights = HashMap<(Key, Generation), Box<dyn Any + Send>>;

/// A two-tiered cache. Cheap to clone.
///
/// ```
/// use std::convert::Infallible;
/// use std::time::Duration;
/// use kith_cache::{Cache, Cacheable, Encoding, Generation, Generations, Key, Options, Policy, Status, Tag};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Greeting(String);
///
/// impl Cacheable for Greeting {
///     const SCHEMA: u32 = 1;
/// }
///
/// /// In real code, a table beside the data.
/// struct Unchanged;
///
/// #[async_trait::async_trait]
/// impl Generations for Unchanged {
///     async fn read(&self, _tags: &[Tag]) -> Option<Vec<(String, Generation)>> {
///         Some(vec![("greetings".to_owned(), Generation(1))])
///     }
///
///     async fn replace(&self, _tag: Tag) -> bool {
///         false
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// const GREETINGS: Tag = Tag::new("greetings");
/// let policy = Policy {
///     fresh_for: Duration::from_secs(30),
///     stale_for: Duration::ZERO,
///     absent_for: Duration::from_secs(5),
///     allow_stale_generation: false,
///     encoding: Encoding::Blob,
/// };
/// let cache = Cache::new(Options::new(vec![GREETINGS], Box::new(Unchanged)));
/// for status in [Status::Miss, Status::Hit] {
///     let key = Key::new(GREETINGS, "everyone", "hello");
///     let fetch = || async { Ok::<_, Infallible>(Greeting("Hello".to_owned())) };
///     let Ok(greeting) = cache.get(key, policy, fetch).await;
///     assert_eq!(greeting.0, "Hello");
///     assert_eq!(greeting.status, status);
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Cache {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) latest: Latest,
    pub(crate) local: LocalTier<Entry>,
    pub(crate) remote: Option<RemoteTier>,
    pub(crate) tags: Vec<(Tag, Counters)>,
    pub(crate) flights: Mutex<Flights>,
    pub(crate) refreshes: Arc<Semaphore>,
    pub(crate) tasks: Tasks,
}

/// What a cache is made of.
pub struct Options {
    /// Every kind that keys will have.
    pub tags: Vec<Tag>,
    /// Where the generations are kept.
    pub generations: Box<dyn Generations>,
    /// The Redis that instances share. Default: none.
    pub redis: Option<Redis>,
    /// The beginning of every key on Redis. Default: `cache`.
    pub prefix: String,
    /// The size of the local tier, in bytes. Default: 32 MiB.
    pub local_bytes: usize,
}

impl Options {
    /// The defaults, for data with these tags.
    pub fn new(tags: Vec<Tag>, generations: Box<dyn Generations>) -> Self {
        Self {
            tags,
            generations,
            redis: None,
            prefix: "cache".to_owned(),
            local_bytes: 32 << 20,
        }
    }
}

impl Cache {
    /// A cache.
    ///
    /// # Panics
    /// Later, if a key has a kind that is not among [`Options::tags`].
    pub fn new(options: Options) -> Self {
        let remote = options
            .redis
            .map(|redis| RemoteTier::new(redis, &options.prefix));
        let counted = |tag| (tag, Counters::default());
        Self {
            inner: Arc::new(Inner {
                latest: Latest::new(options.generations),
                local: LocalTier::new(options.local_bytes),
                remote,
                tags: options.tags.into_iter().map(counted).collect(),
                flights: Mutex::default(),
                refreshes: Arc::new(Semaphore::new(MAX_REFRESHES)),
                tasks: Tasks::default(),
            }),
        }
    }

    /// The value of `key`: cached, or fetched now. `fetch` runs at most once for all callers that ask for the
    /// same key at the same time. It runs to its end even if its callers go away.
    ///
    /// # Errors
    /// The errors of `fetch`, which are not cached.
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
        let inner = &self.inner;
        let generation = inner.latest.of(key.tag()).await;
        let request = Request {
            // What goes past the cache is kept nowhere, so its generation means nothing.
            generation: generation.unwrap_or(Generation(0)),
            policy,
            key,
        };
        if generation.is_none() {
            return inner.bypass(request, fetch).await;
        }
        let Request {
            key, generation, ..
        } = &request;
        if let Some(entry) = inner.local.get(key.text())
            && let Ok(value) = entry.value.clone().downcast::<T>()
        {
            let age = entry.created_at.elapsed();
            let status = match entry.freshness(age, *generation, &policy) {
                Freshness::Fresh => Some(Status::Hit),
                Freshness::Stale => Some(Status::Stale),
                Freshness::Expired => None,
            };
            if let Some(status) = status {
                inner.counters(key.tag()).count(status, false);
                if status == Status::Stale || entry.is_due_early(age) {
                    self.refresh(request, age, fetch);
                }
                return Ok(Cached {
                    entry,
                    value,
                    status,
                });
            }
        }
        self.join(request, fetch).await
    }

    /// One member of a `T` that is stored as a [hash](Encoding::Hash), if either tier has it. Fetches nothing.
    pub async fn field<T: Cacheable, F: DeserializeOwned>(
        &self,
        key: &Key,
        name: &str,
    ) -> Option<F> {
        let inner = &self.inner;
        let generation = inner.latest.of(key.tag()).await?;
        let local = inner.local.get(key.text());
        let json = match local.filter(|entry| entry.generation == generation) {
            Some(entry) => {
                let members: serde_json::Value = serde_json::from_slice(&entry.json).ok()?;
                members.get(name)?.clone()
            }
            None => {
                let current = (generation, T::SCHEMA);
                inner.remote.as_ref()?.field(key, current, name).await?
            }
        };
        serde_json::from_value(json).ok()
    }

    /// The current generation of a tag, for callers who want to know only whether anything has changed. `None` if
    /// it cannot be read.
    pub async fn generation(&self, tag: Tag) -> Option<Generation> {
        self.inner.latest.of(tag).await
    }

    /// Makes every value of a tag old, on every instance, in one step. Returns false if the generation could
    /// not be replaced.
    pub async fn invalidate(&self, tag: Tag) -> bool {
        self.inner.latest.replace(tag).await
    }

    /// What the cache has done for each tag since the start.
    pub fn totals(&self) -> Vec<Totals> {
        let tags = self.inner.tags.iter();
        tags.map(|(tag, counters)| counters.totals(*tag)).collect()
    }

    /// How full the tier in this process is.
    pub fn usage(&self) -> Usage {
        self.inner.local.usage()
    }

    /// Waits until the fetches that are under way have ended.
    pub async fn close(&self) {
        self.inner.tasks.close().await;
    }
}

impl Inner {
    pub(crate) fn counters(&self, tag: Tag) -> &Counters {
        let known = self
            .tags
            .iter()
            .find(|(known, _)| known.kind() == tag.kind());
        &known.expect("a cache is made with all kinds of its keys").1
    }
}
