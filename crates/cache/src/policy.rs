//! How values are served and stored.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

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

/// How a value is stored on Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// One string.
    Blob,
    /// A hash with a field for each member of the value, which is a JSON object or null.
    Hash,
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
