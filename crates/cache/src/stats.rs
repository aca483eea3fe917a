//! What the cache has done: counters by tag, each exact and read in one step.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use super::Status;
use super::Tag;

/// One tag's counters.
#[derive(Default)]
pub(super) struct Counters {
    near_hits: AtomicU64,
    far_hits: AtomicU64,
    stale_hits: AtomicU64,
    misses: AtomicU64,
    bypasses: AtomicU64,
    pub(super) joined: AtomicU64,
    pub(super) fills: AtomicU64,
    pub(super) refreshes: AtomicU64,
    pub(super) refreshes_put_off: AtomicU64,
    pub(super) refresh_failures: AtomicU64,
    /// Whether the last refresh failed.
    pub(super) failing: AtomicBool,
}

/// How often what was done for the data of a tag, since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    pub tag: Tag,
    /// Reads answered from this process with a value that was fresh.
    pub near_hits: u64,
    /// Reads answered from Redis with a value that was fresh.
    pub far_hits: u64,
    /// Reads answered with a value that was stale, while it is fetched anew.
    pub stale_hits: u64,
    /// Reads that waited for a fetch.
    pub misses: u64,
    /// Reads that went past the cache, because the generation could not be known.
    pub bypasses: u64,
    /// Of the reads that waited: those that waited for a fetch that was under way already.
    pub joined: u64,
    /// Fetches that filled the cache.
    pub fills: u64,
    /// Fetches in the background, of values that are stale or soon will be.
    pub refreshes: u64,
    /// Those that were not begun because too many were under way.
    pub refreshes_put_off: u64,
    /// Those that failed; the stale value was kept.
    pub refresh_failures: u64,
}

impl Totals {
    /// Reads answered with a value that was fresh.
    pub fn hits(&self) -> u64 {
        self.near_hits + self.far_hits
    }
}

impl Counters {
    pub(super) fn count(&self, status: Status, from_redis: bool) {
        let counter = match (status, from_redis) {
            (Status::Hit, false) => &self.near_hits,
            (Status::Hit, true) => &self.far_hits,
            (Status::Stale, _) => &self.stale_hits,
            (Status::Miss, _) => &self.misses,
            (Status::Bypass, _) => &self.bypasses,
        };
        add(counter);
    }

    pub(super) fn totals(&self, tag: Tag) -> Totals {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Totals {
            tag,
            near_hits: read(&self.near_hits),
            far_hits: read(&self.far_hits),
            stale_hits: read(&self.stale_hits),
            misses: read(&self.misses),
            bypasses: read(&self.bypasses),
            joined: read(&self.joined),
            fills: read(&self.fills),
            refreshes: read(&self.refreshes),
            refreshes_put_off: read(&self.refreshes_put_off),
            refresh_failures: read(&self.refresh_failures),
        }
    }
}

pub(super) fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
