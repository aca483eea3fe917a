//! Values as the local tier keeps them, and as readers get them.

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use rand::Rng;
use sha2::Digest;
use sha2::Sha256;
use tokio::time::Instant;

use crate::generation::Generation;
use crate::key::hex_prefix;
use crate::local;
use crate::policy::{Cacheable, Encoding, Policy, Status};
use crate::remote::Stored;

/// Lifetimes differ by up to this share, so that values that were made together do not expire together.
const JITTER: f64 = 0.1;

/// An early refresh starts at most this many times the compute time before a value expires. Earlier than
/// that, the chance of XFetch is below one in a million.
const MAX_EARLY_REFRESH: u32 = 14;

/// A value, and how the cache answered the read. Cheap to clone.
#[derive(Debug)]
pub struct Cached<T> {
    pub(crate) entry: Arc<Entry>,
    pub(crate) value: Arc<T>,
    /// How the cache answered the read.
    pub status: Status,
}

impl<T> Cached<T> {
    /// The JSON encoding of the value. It is written once.
    pub fn json(&self) -> &Bytes {
        &self.entry.json
    }

    /// Thirty-two hexadecimal digits of a hash of the JSON, for an `ETag`.
    pub fn digest(&self) -> &str {
        let digest = || hex_prefix(&Sha256::digest(&self.entry.json));
        self.entry.digest.get_or_init(digest)
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

/// A value in the local tier.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) generation: Generation,
    /// When the fetch began.
    pub(crate) created_at: Instant,
    /// How long the fetch took.
    pub(crate) cost: Duration,
    /// The ages at which the value stops being fresh, and expires.
    fresh_for: Duration,
    pub(crate) ends_at: Duration,
    pub(crate) json: Bytes,
    digest: OnceLock<String>,
    pub(crate) value: Arc<dyn Any + Send + Sync>,
}

impl local::Value for Entry {
    fn weight(&self) -> usize {
        // The value itself is about as large as its JSON.
        size_of::<Self>() + 2 * self.json.len()
    }

    fn replaces(&self, other: &Self) -> bool {
        self.created_at >= other.created_at
    }
}

/// Whether an entry may be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness {
    Fresh,
    Stale,
    Expired,
}

impl Entry {
    /// Whether the entry may be served at this age.
    pub(crate) fn freshness(
        &self,
        age: Duration,
        current: Generation,
        policy: &Policy,
    ) -> Freshness {
        let unchanged = self.generation == current;
        if unchanged && age < self.fresh_for {
            Freshness::Fresh
        } else if age < self.ends_at && (unchanged || policy.allow_stale_generation) {
            Freshness::Stale
        } else {
            Freshness::Expired
        }
    }

    /// Whether to refresh a fresh value before it ends: XFetch (Vattani, Chierichetti, Lowenstein:
    /// "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015), with a beta of 1.
    pub(crate) fn is_due_early(&self, age: Duration) -> bool {
        let left = self.fresh_for.saturating_sub(age);
        left <= self.cost * MAX_EARLY_REFRESH && is_due(left, self.cost, rand::rng().random())
    }
}

impl<T: Cacheable> Cached<T> {
    /// A value whose fetch began at `began` and has just ended.
    pub(crate) fn new(
        generation: Generation,
        policy: &Policy,
        began: Instant,
        value: T,
        status: Status,
    ) -> Self {
        let json = serde_json::to_vec(&value).expect("plain data has a encoding in JSON");
        let jitter = rand::rng().random_range(1.0 - JITTER..=1.0 + JITTER);
        let (fresh_for, stale_for) = lifetimes(policy, &value);
        let value = Arc::new(value);
        Self {
            entry: Arc::new(Entry {
                generation,
                created_at: began,
                cost: began.elapsed(),
                fresh_for: fresh_for.mul_f64(jitter),
                ends_at: (fresh_for + stale_for).mul_f64(jitter),
                json: json.into(),
                digest: OnceLock::new(),
                value: value.clone(),
            }),
            value,
            status,
        }
    }

    /// A value from Redis; `None` if it has another schema, or cannot be decoded.
    pub(crate) fn read(stored: Stored, policy: &Policy) -> Option<Self> {
        if stored.schema != T::SCHEMA {
            return None;
        }
        let value: T = serde_json::from_slice(&stored.json).ok()?;
        let json = match policy.encoding {
            Encoding::Blob => stored.json,
            // Its members have lost their order.
            Encoding::Hash => serde_json::to_vec(&value).ok()?.into(),
        };
        let (fresh_for, stale_for) = lifetimes(policy, &value);
        // With the jitter that its maker has drawn, or the value would expire here before it does on Redis.
        let share = stored.lifetime.as_secs_f64() / (fresh_for + stale_for).as_secs_f64();
        let share = if share.is_nan() { 1.0 } else { share };
        let share = share.clamp(1.0 - JITTER, 1.0 + JITTER);
        let value = Arc::new(value);
        let entry = Entry {
            generation: stored.generation,
            created_at: Instant::now().checked_sub(stored.age)?,
            cost: stored.cost,
            fresh_for: fresh_for.mul_f64(share),
            ends_at: stored.lifetime,
            json,
            digest: OnceLock::new(),
            value: value.clone(),
        };
        let status = match entry.freshness(stored.age, stored.generation, policy) {
            Freshness::Fresh => Status::Hit,
            Freshness::Stale | Freshness::Expired => Status::Stale,
        };
        Some(Self {
            entry: Arc::new(entry),
            value,
            status,
        })
    }

    pub(crate) fn freshness(&self, current: Generation, policy: &Policy) -> Freshness {
        let age = self.entry.created_at.elapsed();
        self.entry.freshness(age, current, policy)
    }
}

/// How long a value is fresh, and stale after that.
fn lifetimes<T: Cacheable>(policy: &Policy, value: &T) -> (Duration, Duration) {
    if value.is_absent() {
        (policy.absent_for, Duration::ZERO)
    } else {
        (policy.fresh_for, policy.stale_for)
    }
}

/// XFetch with a beta of 1: whether to refresh a value that took `cost` to fetch and stays fresh for the time
/// that is `left`. `chance` is drawn evenly from [0, 1).
fn is_due(left: Duration, cost: Duration, chance: f64) -> bool {
    // From above 0, so that the logarithm is finite.
    cost.mul_f64(-(1.0 - chance).ln()) >= left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_comes_early_the_likelier_the_nearer_the_end_and_the_dearer_the_value() {
        let seconds = Duration::from_secs;
        assert!(is_due(Duration::ZERO, seconds(1), 0.0));
        assert!(!is_due(seconds(1), seconds(1), 0.0));
        // e^-1 of the draws are above 1 - e^-1.
        assert!(!is_due(seconds(1), seconds(1), 0.63));
        assert!(is_due(seconds(1), seconds(1), 0.64));
        assert!(!is_due(seconds(2), seconds(1), 0.64));
        assert!(is_due(seconds(2), seconds(2), 0.64));
    }
}
