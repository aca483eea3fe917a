//! The cache: keys, policies and the way of a read.
//!
//! [`Cache::get`] looks in this process, then on Redis, then fetches: once for all callers that ask at the
//! same time, in this process and, through Redis, in all instances. Cache-aside and stale-while-revalidate
//! differ only by the [`Policy`].

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kith_redis::Redis;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::entry::{Cached, Entry, Freshness};
use crate::generation::{Generation, Generations, Latest, Tag};
use crate::local::{LocalTier, Usage};
use crate::remote::{Encoding, RemoteTier};
use crate::single_flight::Request;
use crate::stats::{Counters, Totals};

/// The most background fetches at the same time. Others are skipped.
const MAX_REFRESHES: usize = 8;

/// Names a value. Keys with different texts or tags are different.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    tag: Tag,
    text: String,
}

impl Key {
    /// The key of a value. `scope` says who may see the value: readers of one scope are never served a value
    /// of another.
    pub fn new(tag: Tag, scope: &str, name: &str) -> Self {
        Self {
            tag,
            // The length keeps a scope from reaching into the name.
            text: format!("{}:{}:{scope}:{name}", tag.0, scope.len()),
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

/// How long a value is served, and only while its generation is the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long the value is served as fresh.
    pub fresh_for: Duration,
    /// How long after that the value is served as stale, while a background task fetches it again. Zero for
    /// cache-aside.
    pub stale_for: Duration,
    /// How long a value that [is absent](Cacheable::is_absent) is served as fresh.
    pub absent_for: Duration,
    /// Whether a value of an earlier generation may be served as stale. Only for a value that need not agree
    /// with a write that its reader has made.
    pub allow_stale_generation: bool,
    /// How the value is stored on Redis.
    pub encoding: Encoding,
}

/// A value that can be cached.
pub trait Cacheable: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The version of the JSON encoding. Stored values of another version are not read.
    const SCHEMA: u32;

    /// Whether the value says that there is nothing.
    fn is_absent(&self) -> bool {
        false
    }
}

/// A value, or the knowledge that there is none.
impl<T: Cacheable> Cacheable for Option<T> {
    const SCHEMA: u32 = T::SCHEMA;

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// How the cache answered a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// With a cached value that is fresh.
    Hit,
    /// With a cached value that is stale, while a background task fetches it again.
    Stale,
    /// With a value that was fetched for this read, or for another read at the same time.
    Miss,
    /// With a value that was fetched past the cache, because the generation is not known.
    Bypass,
}

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
///     async fn read(&self) -> Option<Vec<(String, Generation)>> {
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
/// const GREETINGS: Tag = Tag("greetings");
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
    pub(crate) tasks: TaskTracker,
}

/// What a cache is made of.
pub struct Options {
    /// Every tag that keys will have.
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
    /// Later, if a key has a tag that is not among [`Options::tags`].
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
                tasks: TaskTracker::new(),
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
        let generation = inner.latest.of(key.tag).await;
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
        if let Some(entry) = inner.local.get(&key.text)
            && let Ok(value) = entry.value.clone().downcast::<T>()
        {
            let status = match entry.freshness(*generation, &policy) {
                Freshness::Fresh => Some(Status::Hit),
                Freshness::Stale => Some(Status::Stale),
                Freshness::Expired => None,
            };
            if let Some(status) = status {
                inner.counters(key.tag).count(status, false);
                if status == Status::Stale || entry.is_due_early() {
                    let age = entry.created_at.elapsed();
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
        let generation = inner.latest.of(key.tag).await?;
        let local = inner.local.get(&key.text);
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
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }
}

impl Inner {
    pub(crate) fn counters(&self, tag: Tag) -> &Counters {
        let known = self.tags.iter().find(|(known, _)| *known == tag);
        &known.expect("a cache is made with all tags of its keys").1
    }
}

/// The first half of a hash, which is enough to tell values apart.
pub(crate) fn hex_prefix(hash: &[u8]) -> String {
    let half = &hash[..hash.len() / 2];
    half.iter().map(|byte| format!("{byte:02x}")).collect()
}
