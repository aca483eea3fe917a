//! The four algorithms as plain arithmetic on integers: no clock, no lock, no I/O.
//!
//! Each has a counterpart in `lua/` that does the same on Redis, and the property tests hold the two
//! together. Time is in milliseconds since the epoch; costs and limits are units.
//!
//! Invariants of every [`State`]:
//! - `wait` is exact: a charge of `cost` succeeds after exactly that long, and not a millisecond
//!   earlier, if nothing else is charged. A wait of 0 means now.
//! - Nothing but `charge` and `refund` changes what is counted, and a refund never leads to more
//!   than the whole quota.

mod fixed_window;
mod sliding_log;
mod sliding_window;
mod token_bucket;

use super::policy::Quota;
use crate::Millis;

pub(crate) use fixed_window::FixedWindow;
pub(crate) use sliding_log::SlidingLog;
pub(crate) use sliding_window::SlidingWindow;
pub(crate) use token_bucket::TokenBucket;

/// What has been charged to one identifier under one policy.
pub(crate) trait State: Default + Send + 'static {
    /// Moves on to `now` and returns the time that counts from here: `now`, or what the state has
    /// seen already if a clock went back.
    fn advance(&mut self, now: Millis, quota: Quota) -> Millis;

    /// Milliseconds until `cost` can be charged; `None` if it exceeds the limit. Only after
    /// [`advance`](Self::advance) with the same `now`, like all that follow.
    fn wait(&self, cost: u64, now: Millis, quota: Quota) -> Option<Millis>;

    /// The largest cost that can be charged now.
    fn remaining(&self, now: Millis, quota: Quota) -> u64;

    /// Counts `cost` as charged at `at`, whether there is room for it or not. `at` is `now` or,
    /// where news of a charge was overtaken by later ones, before it; such a late charge counts
    /// at most what it would count had it come in order.
    fn charge(&mut self, cost: u64, at: Millis, now: Millis, quota: Quota);

    /// Gives back up to `cost` of what was charged last.
    fn refund(&mut self, cost: u64, now: Millis, quota: Quota);

    /// The bytes of one state at most, those on the heap included.
    fn size(quota: Quota) -> usize;
}

/// What is left of `last`, counted in the window before the one that `elapsed` milliseconds of
/// have gone by: the share of it that is less than a window ago, rounded down.
fn weighted(last: u64, elapsed: Millis, window: Millis) -> u64 {
    last * (window - elapsed) / window
}

/// The smallest number of milliseconds into a window at which `last`, counted in the window
/// before, weighs `room` or less.
fn weighs_at_most(last: u64, room: u64, window: Millis) -> Millis {
    if last <= room {
        return 0;
    }
    window - ((room + 1) * window - 1) / last
}
