//! A bucket of tokens that refills evenly, reckoned by what is missing from it.
//!
//! A token is `window` parts and every millisecond brings `limit` parts back, so that rates which
//! no whole number of milliseconds expresses stay exact.

use super::State;
use crate::Millis;
use crate::policy::Quota;

#[derive(Default)]
pub(crate) struct TokenBucket {
    /// The parts that were missing at `at`.
    missing: u64,
    at: Millis,
}

impl TokenBucket {
    fn parts(tokens: u64, quota: Quota) -> u64 {
        tokens.saturating_mul(quota.window())
    }
}

/// The parts that come back within `elapsed` milliseconds.
fn refilled(elapsed: Millis, quota: Quota) -> u64 {
    elapsed.saturating_mul(quota.limit())
}

impl State for TokenBucket {
    fn advance(&mut self, now: Millis, quota: Quota) -> Millis {
        if now > self.at {
            self.missing = self.missing.saturating_sub(refilled(now - self.at, quota));
            self.at = now;
        }
        self.at
    }

    fn wait(&self, cost: u64, _now: Millis, quota: Quota) -> Option<Millis> {
        let room = Self::parts(quota.limit().checked_sub(cost)?, quota);
        Some(self.missing.saturating_sub(room).div_ceil(quota.limit()))
    }

    fn remaining(&self, _now: Millis, quota: Quota) -> u64 {
        let there = Self::parts(quota.limit(), quota).saturating_sub(self.missing);
        there / quota.window()
    }

    fn charge(&mut self, cost: u64, at: Millis, now: Millis, quota: Quota) {
        let back = refilled(now.saturating_sub(at), quota);
        self.missing += Self::parts(cost, quota).saturating_sub(back);
    }

    fn refund(&mut self, cost: u64, _now: Millis, quota: Quota) {
        self.missing = self.missing.saturating_sub(Self::parts(cost, quota));
    }

    fn size(_quota: Quota) -> usize {
        size_of::<Self>()
    }
}
