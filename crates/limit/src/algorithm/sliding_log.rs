//! The time and cost of every charge of the last window.

use std::collections::VecDeque;

use super::State;
use crate::Millis;
use crate::policy::Quota;

#[derive(Default)]
pub(crate) struct SlidingLog {
    /// Oldest first, one entry for each millisecond that has any. A charge counts for as long as
    /// it is less than a window ago.
    charges: VecDeque<Charge>,
    /// The sum of their costs.
    used: u64,
}

struct Charge {
    at: Millis,
    cost: u64,
}

impl State for SlidingLog {
    fn advance(&mut self, now: Millis, quota: Quota) -> Millis {
        let now = now.max(self.charges.back().map_or(0, |newest| newest.at));
        while let Some(oldest) = self.charges.front()
            && oldest.at + quota.window() <= now
        {
            self.used -= oldest.cost;
            self.charges.pop_front();
        }
        now
    }

    fn wait(&self, cost: u64, now: Millis, quota: Quota) -> Option<Millis> {
        if cost > quota.limit() {
            return None;
        }
        if cost == quota.limit() {
            // Everything has to go: no need to look at more than the newest.
            let newest = self.charges.back();
            return Some(newest.map_or(0, |newest| newest.at + quota.window() - now));
        }
        let mut used = self.used;
        let mut wait = 0;
        for charge in &self.charges {
            if used + cost <= quota.limit() {
                break;
            }
            used -= charge.cost;
            wait = charge.at + quota.window() - now;
        }
        Some(wait)
    }

    fn remaining(&self, _now: Millis, quota: Quota) -> u64 {
        quota.limit().saturating_sub(self.used)
    }

    fn charge(&mut self, cost: u64, at: Millis, now: Millis, quota: Quota) {
        if at + quota.window() <= now {
            return;
        }
        self.used += cost;
        // Nearly always the end.
        let index = self.charges.partition_point(|charge| charge.at < at);
        match self.charges.get_mut(index) {
            Some(charge) if charge.at == at => charge.cost += cost,
            _ => self.charges.insert(index, Charge { at, cost }),
        }
    }

    fn refund(&mut self, cost: u64, _now: Millis, _quota: Quota) {
        let mut owed = cost.min(self.used);
        self.used -= owed;
        while let Some(newest) = self.charges.back_mut()
            && owed > 0
        {
            let back = owed.min(newest.cost);
            owed -= back;
            newest.cost -= back;
            if newest.cost == 0 {
                self.charges.pop_back();
            }
        }
    }

    fn size(quota: Quota) -> usize {
        // A deque that grew by doubling may be twice as large as what is in it.
        let entries = (quota.limit() as usize).min(quota.window() as usize);
        size_of::<Self>() + 2 * entries * size_of::<Charge>()
    }
}
