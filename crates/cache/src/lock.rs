//! A lock that instances share.
//!
//! What it guarantees: while Redis works, at most one holder has the lock at a time, and the lock is free again
//! `ttl` after its last extension even if its holder is gone. Every acquisition has a fencing token that is
//! greater than all earlier ones.
//!
//! What it cannot guarantee: that a holder *still* has the lock, because a process can be paused, and Redis can
//! be restarted or fail over without its latest data. So a lock saves work and does not make an action safe.
//! If two actions at once would do harm, send the token to the resource, which refuses tokens smaller than one
//! that it has seen (Kleppmann, "How to do distributed locking", 2016). Tokens begin at the time in
//! microseconds, so that they grow even after Redis has lost its data, as long as its clock does not go back.
//!
//! Without Redis the lock holds within this process.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use kith_redis::Error;
use kith_redis::Redis;
use kith_redis::Script;
use tokio::time::Instant;

/// How long Redis remembers the last fencing token of a name.
const TOKEN_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

static ACQUIRE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/acquire.lua")));
static EXTEND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/extend.lua")));
pub(crate) static RELEASE: LazyLock<Script> =
    LazyLock::new(|| Script::new(include_str!("lua/release.lua")));

/// Locks by name. Cheap to clone.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), kith_redis::Error> {
/// use std::time::Duration;
///
/// let locks = kith_cache::Locks::new(None, "example");
/// let lock = locks.acquire("report", Duration::from_secs(10)).await?;
/// assert!(lock.is_some());
/// assert!(locks.acquire("report", Duration::from_secs(10)).await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Locks {
    redis: Option<Redis>,
    prefix: String,
    /// Without Redis: until when a name is taken, and by which token.
    here: Arc<Mutex<HashMap<String, (Instant, u64)>>>,
}

/// A lock that was acquired. Dropping it does not release it; it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    name: String,
    token: u64,
}

impl Lock {
    /// The fencing token: greater than that of every acquisition of the same name before.
    pub fn token(&self) -> u64 {
        self.token
    }
}

impl Locks {
    /// Locks on a Redis, or without one within this process. `prefix` is the beginning of every key on Redis.
    pub fn new(redis: Option<Redis>, prefix: &str) -> Self {
        Self {
            redis,
            prefix: format!("{prefix}:lock"),
            here: Arc::default(),
        }
    }

    /// Takes the lock for `ttl`; `None` if another holder has it.
    ///
    /// # Errors
    /// If Redis cannot be used. Then it is not known who has the lock.
    pub async fn acquire(&self, name: &str, ttl: Duration) -> Result<Option<Lock>, Error> {
        let token = match &self.redis {
            Some(redis) => {
                let keys = self.keys(name);
                let mut call = ACQUIRE.call(keys.iter().map(String::as_str));
                call.arg(ttl.as_millis() as u64)
                    .arg(TOKEN_LIFETIME.as_millis() as u64);
                redis.call::<Option<u64>>(&call).await?
            }
            None => self.acquire_local(name, ttl),
        };
        Ok(token.map(|token| Lock {
            name: name.to_owned(),
            token,
        }))
    }

    /// Extends the lock to `ttl` from now. Returns false if it is no longer held.
    ///
    /// # Errors
    /// If Redis cannot be used. Then the lock is held until it expires, or not at all.
    pub async fn extend(&self, lock: &Lock, ttl: Duration) -> Result<bool, Error> {
        let Some(redis) = &self.redis else {
            let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
            let held = here.get_mut(&lock.name).filter(|held| is_held(held, lock));
            return Ok(held.map(|held| held.0 = Instant::now() + ttl).is_some());
        };
        let [key, _] = self.keys(&lock.name);
        let mut call = EXTEND.call([key.as_str()].into_iter());
        call.arg(lock.token).arg(ttl.as_millis() as u64);
        redis.call(&call).await
    }

    /// Releases the lock. Returns false if it was no longer held.
    ///
    /// # Errors
    /// If Redis cannot be used. Then the lock expires.
    pub async fn release(&self, lock: Lock) -> Result<bool, Error> {
        let Some(redis) = &self.redis else {
            let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
            let held = here.get_mut(&lock.name).filter(|held| is_held(held, &lock));
            return Ok(held.map(|held| held.0 = Instant::now()).is_some());
        };
        let [key, _] = self.keys(&lock.name);
        let mut call = RELEASE.call([key.as_str()].into_iter());
        call.arg(lock.token);
        redis.call(&call).await
    }

    fn acquire_local(&self, name: &str, ttl: Duration) -> Option<u64> {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let last = here.get(name).copied();
        if last.is_some_and(|(until, _)| now < until) {
            return None;
        }
        let started = u64::try_from(jiff::Timestamp::now().as_microsecond()).unwrap_or(0);
        let token = last.map_or(started, |(_, token)| started.max(token + 1));
        here.insert(name.to_owned(), (now + ttl, token));
        Some(token)
    }

    /// The keys of the holder and of the last token.
    fn keys(&self, name: &str) -> [String; 2] {
        let key = format!("{}:{{{name}}}", self.prefix);
        let token = format!("{key}:token");
        [key, token]
    }
}

fn is_held((until, token): &(Instant, u64), lock: &Lock) -> bool {
    *token == lock.token && Instant::now() < *until
}
