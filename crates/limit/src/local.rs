//! The limiter in this process: the same answers as on Redis, from a table of fixed size.
//!
//! The table is laid out like a processor's cache. A identifier's hash chooses one set of a few
//! slots, behind a lock of its own; within the set any slot may hold it. So a decision takes one
//! uncontended lock and looks at neighbouring memory, nothing is ever rehashed or swept, and
//! however many identifiers come, the memory does not exceed the size of the table. When a set is full, the
//! identifier that is nearest to having its whole quota back makes room: it has the least to gain.
//!
//! The table takes memory as identifiers come, in blocks of neighbouring sets: most tables know a few clients.
//!
//! Subjects are kept as hashes under a random key. That two of the identifiers in a table share all
//! 64 bits happens by chance about once in a billion full tables, and a client cannot aim for it.

use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::PoisonError;

use crate::Millis;
use crate::algorithm::{FixedWindow, SlidingLog, SlidingWindow, State, TokenBucket};
use crate::policy::{Algorithm, Quota};

/// Slots that share a lock. With the lock their hashes fill one line of the processor's cache.
const WAYS: usize = 7;

/// The most sets of a block.
const MAX_BLOCK: usize = 64;

/// What a decision found, in milliseconds and units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Assessment {
    /// Until the cost can be charged: 0 is now, `None` is never.
    pub wait: Option<Millis>,
    pub remaining: u64,
    /// Until the whole quota is back.
    pub reset: Millis,
}

/// One policy's table, whatever its algorithm.
pub(crate) trait LocalLimiter: Send + Sync {
    /// Locks the set that `hash` belongs to.
    fn entry(&self, hash: u64) -> Box<dyn LockedEntry + '_>;

    /// Charges one identifier if there is room: [`entry`](Self::entry), assess and charge
    /// without the box.
    fn decide(&self, hash: u64, now: Millis, quota: Quota, cost: u64) -> Assessment;

    /// What Redis has charged at `at`, charged here too, unless that would exceed the quota. It
    /// can only where Redis has forgotten something, because all that is known here came from it, or
    /// where another instance has given back or reset what this one had charged.
    fn reconcile(&self, hash: u64, at: Millis, quota: Quota, cost: u64) -> Assessment;

    /// Refuses `hash` without another look, for as long as `block` says. `reset_at` is when its whole
    /// quota is back, by the clock of decisions.
    fn cache_refusal(&self, hash: u64, block: CachedRefusal, reset_at: Millis);

    /// The size that the table was made for.
    fn bytes(&self) -> usize;

    /// The block of `hash`, if it is still in force.
    fn cached_refusal(&self, hash: u64, now: Millis) -> Option<CachedRefusal>;
}

/// A identifier that is known to be refused, in the time of this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CachedRefusal {
    /// The limit that it was refused under.
    pub limit: u64,
    /// When one unit can be charged again, at the earliest: reckoned from when Redis was asked.
    pub until: Millis,
    /// How much later that was said to be: as long as Redis took to answer.
    pub retry_offset: u32,
    /// How much later the whole quota is back.
    pub reset_offset: u32,
}

/// A identifier under lock.
pub(crate) trait LockedEntry {
    fn assess(&mut self, now: Millis, quota: Quota, cost: u64) -> Assessment;
    fn charge(&mut self, now: Millis, quota: Quota, cost: u64) -> Assessment;
    fn refund(&mut self, now: Millis, quota: Quota, cost: u64) -> Assessment;
    fn forget(&mut self);
}

/// A table of at most `bytes` for a policy.
pub(crate) fn local_limiter(
    algorithm: Algorithm,
    quota: Quota,
    bytes: usize,
) -> Box<dyn LocalLimiter> {
    match algorithm {
        Algorithm::FixedWindow => Box::new(Table::<FixedWindow>::new(quota, bytes)),
        Algorithm::SlidingWindow => Box::new(Table::<SlidingWindow>::new(quota, bytes)),
        Algorithm::SlidingLog => Box::new(Table::<SlidingLog>::new(quota, bytes)),
        Algorithm::TokenBucket => Box::new(Table::<TokenBucket>::new(quota, bytes)),
    }
}

struct Table<S> {
    bytes: usize,
    /// How many sets there are: a power of two.
    sets: usize,
    blocks: Box<[OnceLock<Block<S>>]>,
}

/// Sets that are allocated together.
type Block<S> = Box<[Line<Mutex<Set<S>>>]>;

/// Begins where a line of the processor's cache does.
#[repr(align(64))]
struct Line<T>(T);

/// A decision reads two lines: the one of the lock and the hashes, and that of a slot.
#[repr(C)]
struct Set<S> {
    /// The hash that each slot belongs to; 0 for a free slot.
    hashes: [u64; WAYS],
    slots: [Slot<S>; WAYS],
}

#[derive(Default)]
#[repr(C)]
struct Slot<S> {
    /// When nothing of what is charged here counts any more.
    reset_at: Millis,
    /// The time of the latest decision of Redis that was confirmed.
    reconciled_at: Millis,
    block: CachedRefusal,
    state: S,
}

impl<S: State> Table<S> {
    fn new(quota: Quota, bytes: usize) -> Self {
        let set = size_of::<Line<Mutex<Set<S>>>>() + WAYS * (S::size(quota) - size_of::<S>());
        // A power of two, so that a mask finds the set. The largest that fits.
        let sets = (bytes / set).max(1);
        let sets = 1_usize << sets.ilog2();
        let blocks = sets.div_ceil(MAX_BLOCK);
        Self {
            bytes,
            sets,
            blocks: std::iter::repeat_with(OnceLock::new).take(blocks).collect(),
        }
    }

    fn new_block(&self) -> Block<S> {
        let empty = || {
            Line(Mutex::new(Set {
                hashes: [0; WAYS],
                slots: std::array::from_fn(|_| Slot::default()),
            }))
        };
        let sets = self.sets.min(MAX_BLOCK);
        std::iter::repeat_with(empty).take(sets).collect()
    }

    fn set(&self, hash: u64) -> MutexGuard<'_, Set<S>> {
        let index = (hash >> 3) as usize & (self.sets - 1);
        let block = self.blocks[index / MAX_BLOCK].get_or_init(|| self.new_block());
        // A panic while a set was locked left it at most one charge wrong.
        block[index % MAX_BLOCK]
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// 0 marks a free slot, so no identifier may have it.
fn marked(hash: u64) -> u64 {
    hash | 1
}

impl<S: State> Set<S> {
    fn find(&mut self, hash: u64) -> Option<&mut Slot<S>> {
        let index = self.hashes.iter().position(|held| *held == hash)?;
        Some(&mut self.slots[index])
    }

    /// The slot of `hash`. If it has none, the slot that resets first is given to it; a free slot comes
    /// before all others.
    fn take(&mut self, hash: u64) -> &mut Slot<S> {
        if let Some(index) = self.hashes.iter().position(|held| *held == hash) {
            return &mut self.slots[index];
        }
        let soonest = (0..WAYS).min_by_key(|index| self.slots[*index].reset_at);
        let index = soonest.unwrap_or(0);
        self.hashes[index] = hash;
        self.slots[index] = Slot::default();
        &mut self.slots[index]
    }

    fn decide(&mut self, hash: u64, now: Millis, quota: Quota, cost: u64) -> Assessment {
        if cost > quota.limit() {
            // Never allowed, so it takes no slot.
            return self.assess(hash, now, quota, cost);
        }
        let slot = self.take(hash);
        let now = slot.state.advance(now, quota);
        let wait = slot.state.wait(cost, now, quota);
        if wait == Some(0) {
            slot.state.charge(cost, now, now, quota);
        }
        slot.assess(wait, now, quota)
    }

    fn assess(&mut self, hash: u64, now: Millis, quota: Quota, cost: u64) -> Assessment {
        let mut new = Slot::<S>::default();
        let slot = self.find(hash).unwrap_or(&mut new);
        let now = slot.state.advance(now, quota);
        let wait = slot.state.wait(cost, now, quota);
        slot.assess(wait, now, quota)
    }
}

impl<S: State> Slot<S> {
    fn assess(&mut self, wait: Option<Millis>, now: Millis, quota: Quota) -> Assessment {
        let reset = self.state.wait(quota.limit(), now, quota).unwrap_or(0);
        self.reset_at = now + reset;
        Assessment {
            wait,
            remaining: self.state.remaining(now, quota),
            reset,
        }
    }
}

impl<S: State> LocalLimiter for Table<S> {
    fn entry(&self, hash: u64) -> Box<dyn LockedEntry + '_> {
        let hash = marked(hash);
        Box::new(Locked {
            set: self.set(hash),
            hash,
        })
    }

    fn decide(&self, hash: u64, now: Millis, quota: Quota, cost: u64) -> Assessment {
        let hash = marked(hash);
        self.set(hash).decide(hash, now, quota, cost)
    }

    fn reconcile(&self, hash: u64, at: Millis, quota: Quota, cost: u64) -> Assessment {
        let hash = marked(hash);
        let mut set = self.set(hash);
        let slot = set.take(hash);
        // Answers can overtake each other, and what Redis allowed earlier it may not have allowed
        // later. So one that comes late counts without a check.
        let late = at < slot.reconciled_at;
        slot.reconciled_at = slot.reconciled_at.max(at);
        let now = slot.state.advance(slot.reconciled_at, quota);
        let wait = if late {
            Some(0)
        } else {
            slot.state.wait(cost, now, quota)
        };
        if wait == Some(0) {
            slot.state.charge(cost, at, now, quota);
        }
        slot.assess(wait, now, quota)
    }

    fn cache_refusal(&self, hash: u64, block: CachedRefusal, reset_at: Millis) {
        let hash = marked(hash);
        let mut set = self.set(hash);
        let slot = set.take(hash);
        slot.block = block;
        slot.reset_at = slot.reset_at.max(reset_at);
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn cached_refusal(&self, hash: u64, now: Millis) -> Option<CachedRefusal> {
        let hash = marked(hash);
        let mut set = self.set(hash);
        let slot = set.find(hash)?;
        (now < slot.block.until).then_some(slot.block)
    }
}

struct Locked<'a, S> {
    set: MutexGuard<'a, Set<S>>,
    hash: u64,
}

impl<S: State> LockedEntry for Locked<'_, S> {
    fn assess(&mut self, now: Millis, quota: Quota, cost: u64) -> Assessment {
        self.set.assess(self.hash, now, quota, cost)
    }

    fn charge(&mut self, now: Millis, quota: Quota, cost: u64) -> Assessment {
        self.set.decide(self.hash, now, quota, cost)
    }

    fn refund(&mut self, now: Millis, quota: Quota, cost: u64) -> Assessment {
        let slot = self.set.take(self.hash);
        let now = slot.state.advance(now, quota);
        slot.state.refund(cost, now, quota);
        slot.block = CachedRefusal::default();
        slot.assess(Some(0), now, quota)
    }

    fn forget(&mut self) {
        if let Some(slot) = self.set.find(self.hash) {
            *slot = Slot::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_table_takes_memory_as_identifiers_come() {
        let quota = Quota::new(1, Duration::from_secs(1)).expect("a quota");
        let table = Table::<FixedWindow>::new(quota, 4 << 20);
        let allocated = || {
            table
                .blocks
                .iter()
                .filter(|block| block.get().is_some())
                .count()
        };
        assert_eq!(allocated(), 0);
        for _ in 0..2 {
            table.decide(u64::MAX, 0, quota, 1);
            assert_eq!(allocated(), 1);
        }
        assert!(table.blocks.len() > 1);
    }
}
