//! One counter, set to zero when a window begins.

use super::State;
use crate::Millis;
use crate::policy::Quota;

#[derive(Default)]
pub(crate) struct FixedWindow {
    /// When the window began.
    start: Millis,
    used: u64,
}

impl State for FixedWindow {
    fn advance(&mut self, now: Millis, quota: Quota) -> Millis {
        let start = now - now % quota.window();
        if start > self.start {
            *self = Self { start, used: 0 };
        }
        now.max(self.start)
    }

    fn wait(&self, cost: u64, now: Millis, quota: Quota) -> Option<Millis> {
        if cost > quota.limit() {
            return None;
        }
        let fits = self.used + cost <= quota.limit();
        Some(if fits {
            0
        } else {
            self.start + quota.window() - now
        })
    }

    fn remaining(&self, _now: Millis, quota: Quota) -> u64 {
        quota.limit().saturating_sub(self.used)
    }

    fn charge(&mut self, cost: u64, at: Millis, _now: Millis, _quota: Quota) {
        if at >= self.start {
            self.used += cost;
        }
    }

    fn refund(&mut self, cost: u64, _now: Millis, _quota: Quota) {
        self.used = self.used.saturating_sub(cost);
    }

    fn size(_quota: Quota) -> usize {
        size_of::<Self>()
    }
}
