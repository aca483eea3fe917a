//! What the cache has done: counters by kind of data.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use kith_runtime::ErrorLatch;

use crate::generation::Tag;
use crate::policy::Status;

/// The counters of one kind of data.
#[derive(Default)]
pub(crate) struct Counters {
    local_hits: AtomicU64,
    remote_hits: AtomicU64,
    stale_hits: AtomicU64,
    misses: AtomicU64,
    bypasses: AtomicU64,
    pub(crate) joined: AtomicU64,
    pub(crate) fills: AtomicU64,
    pub(crate) refreshes: AtomicU64,
    pub(crate) refreshes_skipped: AtomicU64,
    pub(crate) refresh_failures: AtomicU64,
    /// Logs when refreshes begin to fail, and when they succeed again.
    pub(crate) refresh_latch: ErrorLatch,
}

/// What the cache has done for the values of one kind of data, since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// The kind, with all its parts.
    pub tag: Tag,
    /// Reads answered from this process with a value that was fresh.
    pub local_hits: u64,
    /// Reads answered from Redis with a value that was fresh.
    pub remote_hits: u64,
    /// Reads answered with a stale value, while a background task fetches it again.
    pub stale_hits: u64,
    /// Reads that waited for a fetch.
    pub misses: u64,
    /// Reads that went past the cache, because the generation could not be known.
    pub bypasses: u64,
    /// Of the reads that waited: those that waited for a fetch that was under way already.
    pub joined: u64,
    /// Fetches that filled the cache.
    pub fills: u64,
    /// Background fetches of values that are stale or soon will be.
    pub refreshes: u64,
    /// Background fetches that were skipped because too many were under way.
    pub refreshes_skipped: u64,
    /// Background fetches that failed. The stale value was kept.
    pub refresh_failures: u64,
}

impl Totals {
    /// Reads answered with a value that was fresh.
    pub fn hits(&self) -> u64 {
        self.local_hits + self.remote_hits
    }
}

impl Counters {
    pub(crate) fn count(&self, status: Status, from_redis: bool) {
        let counter = match (status, from_redis) {
            (Status::Hit, false) => &self.local_hits,
            (Status::Hit, true) => &self.remote_hits,
            (Status::Stale, _) => &self.stale_hits,
            (Status::Miss, _) => &self.misses,
            (Status::Bypass, _) => &self.bypasses,
        };
        add(counter);
    }

    pub(crate) fn totals(&self, tag: Tag) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            tag,
            local_hits: read(&self.local_hits),
            remote_hits: read(&self.remote_hits),
            stale_hits: read(&self.stale_hits),
            misses: read(&self.misses),
            bypasses: read(&self.bypasses),
            joined: read(&self.joined),
            fills: read(&self.fills),
            refreshes: read(&self.refreshes),
            refreshes_skipped: read(&self.refreshes_skipped),
            refresh_failures: read(&self.refresh_failures),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
