//! Two counters, the older weighted by how much of its window still counts.

use super::State;
use super::weighs_at_most;
use super::weighted;
use crate::Millis;
use crate::policy::Quota;

#[derive(Default)]
pub(crate) struct SlidingWindow {
    /// When the current window began.
    start: Millis,
    /// Charged in the current window.
    current: u64,
    /// Charged in the window before it.
    last: u64,
}

impl State for SlidingWindow {
    fn advance(&mut self, now: Millis, quota: Quota) -> Millis {
        let start = now - now % quota.window();
        if start > self.start {
            let follows = start - self.start == quota.window();
            *self = Self {
                start,
                current: 0,
                last: if follows { self.current } else { 0 },
            };
        }
        now.max(self.start)
    }

    fn wait(&self, cost: u64, now: Millis, quota: Quota) -> Option<Millis> {
        let (limit, window) = (quota.limit(), quota.window());
        if cost > limit {
            return None;
        }
        let elapsed = now - self.start;
        // In this window, once the last one weighs little enough.
        if let Some(room) = limit.checked_sub(self.current + cost) {
            let at = weighs_at_most(self.last, room, window);
            if at < window {
                return Some(at.saturating_sub(elapsed));
            }
        }
        // In the next one, where the current one is the last.
        let room = limit - cost;
        Some(window - elapsed + weighs_at_most(self.current, room, window))
    }

    fn remaining(&self, now: Millis, quota: Quota) -> u64 {
        let last = weighted(self.last, now - self.start, quota.window());
        quota.limit().saturating_sub(last + self.current)
    }

    fn charge(&mut self, cost: u64, at: Millis, _now: Millis, quota: Quota) {
        if at >= self.start {
            self.current += cost;
        } else if at + quota.window() >= self.start {
            self.last += cost;
        }
    }

    fn refund(&mut self, cost: u64, _now: Millis, _quota: Quota) {
        self.current = self.current.saturating_sub(cost);
    }

    fn size(_quota: Quota) -> usize {
        size_of::<Self>()
    }
}
