//! Values as they are kept, and as they are handed out.

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

use super::Cacheable;
use super::Form;
use super::Generation;
use super::Policy;
use super::Status;
use super::far::Stored;
use super::near;

/// Lifetimes differ by up to this share, so that what was made together does not end together.
const JITTER: f64 = 0.1;

/// A refresh may begin early in the last so many times its own length before a value ends. Earlier
/// than that, XFetch would with a chance below one in a million.
const EARLIEST_REFRESH: u32 = 14;

/// A value and how it was come by. Cheap to clone.
#[derive(Debug)]
pub struct Cached<T> {
    pub(super) entry: Arc<Entry>,
    pub(super) value: Arc<T>,
    pub status: Status,
}

impl<T> Cached<T> {
    /// The value as JSON, as it was written once.
    pub fn json(&self) -> &Bytes {
        &self.entry.json
    }

    /// Thirty-two hexadecimal digits that differ wherever the JSON does.
    pub fn digest(&self) -> &str {
        let digest = || super::hexadecimal(&Sha256::digest(&self.entry.json));
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

/// A value in this process.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) generation: Generation,
    /// When the making began: what the value says may have been so from then on.
    pub(super) made: Instant,
    /// How long the making took.
    pub(super) cost: Duration,
    /// Ages at which the value stops being fresh, and of use.
    fresh_for: Duration,
    pub(super) ends_at: Duration,
    pub(super) json: Bytes,
    digest: OnceLock<String>,
    pub(super) value: Arc<dyn Any + Send + Sync>,
}

impl near::Value for Entry {
    fn weight(&self) -> usize {
        // The value itself is about as large as its JSON.
        size_of::<Self>() + 2 * self.json.len()
    }

    fn replaces(&self, other: &Self) -> bool {
        self.made >= other.made
    }
}

/// What an entry is good for at some instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Fresh,
    Stale,
    Useless,
}

impl Entry {
    pub(super) fn standing(&self, current: Generation, policy: &Policy) -> Standing {
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
    pub(super) fn is_due_early(&self) -> bool {
        let left = self.fresh_for.saturating_sub(self.made.elapsed());
        left <= self.cost * EARLIEST_REFRESH && is_due(left, self.cost, rand::rng().random())
    }
}

impl<T: Cacheable> Cached<T> {
    /// A value whose fetch began at `began` and has just ended.
    pub(super) fn new(
        generation: Generation,
        policy: &Policy,
        began: Instant,
        value: T,
        status: Status,
    ) -> Self {
        let json = serde_json::to_vec(&value).expect("plain data has a form in JSON");
        let jitter = rand::rng().random_range(1.0 - JITTER..=1.0 + JITTER);
        let (fresh_for, stale_for) = lifetimes(policy, &value);
        let value = Arc::new(value);
        Self {
            entry: Arc::new(Entry {
                generation,
                made: began,
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

    /// A value from Redis; `None` if it is of another schema, or cannot be read.
    pub(super) fn read(stored: Stored, policy: &Policy) -> Option<Self> {
        if stored.schema != T::SCHEMA {
            return None;
        }
        let value: T = serde_json::from_slice(&stored.json).ok()?;
        let json = match policy.form {
            Form::Whole => stored.json,
            // Its members have lost their order.
            Form::Fields => serde_json::to_vec(&value).ok()?.into(),
        };
        let (fresh_for, stale_for) = lifetimes(policy, &value);
        // As whoever made it has drawn it, or it would end earlier here than on Redis.
        let share = stored.lifetime.as_secs_f64() / (fresh_for + stale_for).as_secs_f64();
        let share = if share.is_nan() { 1.0 } else { share };
        let share = share.clamp(1.0 - JITTER, 1.0 + JITTER);
        let value = Arc::new(value);
        let entry = Entry {
            generation: stored.generation,
            made: Instant::now().checked_sub(stored.age)?,
            cost: stored.cost,
            fresh_for: fresh_for.mul_f64(share),
            ends_at: stored.lifetime,
            json,
            digest: OnceLock::new(),
            value: value.clone(),
        };
        let status = match entry.standing(stored.generation, policy) {
            Standing::Fresh => Status::Hit,
            Standing::Stale | Standing::Useless => Status::Stale,
        };
        Some(Self {
            entry: Arc::new(entry),
            value,
            status,
        })
    }

    pub(super) fn standing(&self, current: Generation, policy: &Policy) -> Standing {
        self.entry.standing(current, policy)
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

/// XFetch with a beta of 1: whether to refresh what took `cost` to make and is fresh for as long as is
/// `left`. `chance` is drawn evenly from 0 to 1, without the 1.
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
