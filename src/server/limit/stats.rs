//! What the limiter has decided: counters by policy, and who is refused most.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use super::DecidedBy;
use super::Decision;
use super::Millis;
use super::Outcome;

/// Clients that are remembered. The list is exact while no more than these are refused; beyond
/// that a count may be too high by at most that of the least refused one here.
const REMEMBERED: usize = 64;

/// Counters since the start. Reading them costs the same however many requests there were.
pub struct Stats {
    policies: Vec<Counters>,
    denied: Counter,
    most_refused: Mutex<Vec<Refused>>,
}

/// A policy's counters.
struct Counters {
    name: &'static str,
    allowed: Counter,
    refused: Counter,
    shadowed: Counter,
    blocked: Counter,
    here: Counter,
}

/// How often a policy has decided what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub policy: &'static str,
    pub allowed: u64,
    pub refused: u64,
    /// Allowed in shadow mode, and would have been refused.
    pub shadowed: u64,
    /// Of `refused`: those that Redis was not asked about, because an earlier refusal still held.
    pub blocked: u64,
    /// Of all: those that were decided without Redis.
    pub here: u64,
}

/// A subject that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub subject: String,
    pub policy: &'static str,
    pub count: u64,
    /// Milliseconds since the epoch.
    pub last: Millis,
}

impl Stats {
    pub(super) fn new(policies: Vec<&'static str>) -> Self {
        let counters = |name| Counters {
            name,
            allowed: Counter::default(),
            refused: Counter::default(),
            shadowed: Counter::default(),
            blocked: Counter::default(),
            here: Counter::default(),
        };
        Self {
            policies: policies.into_iter().map(counters).collect(),
            denied: Counter::default(),
            most_refused: Mutex::default(),
        }
    }

    pub(super) fn count(
        &self,
        policy: usize,
        subject: &str,
        decision: &Decision,
        now: impl FnOnce() -> Millis,
    ) {
        let counters = &self.policies[policy];
        match decision.outcome {
            Outcome::Allowed => counters.allowed.add(),
            Outcome::Shadowed => {
                counters.shadowed.add();
                self.remember(counters.name, subject, now());
            }
            Outcome::Refused { .. } => {
                counters.refused.add();
                self.remember(counters.name, subject, now());
            }
        }
        match decision.decided_by {
            DecidedBy::Redis => {}
            DecidedBy::Block => counters.blocked.add(),
            DecidedBy::Twin | DecidedBy::OnLoss => counters.here.add(),
        }
    }

    pub(super) fn count_denied(&self) {
        self.denied.add();
    }

    /// The list of the most refused by the space-saving algorithm (Metwally, Agrawal, El Abbadi:
    /// "Efficient Computation of Frequent and Top-k Elements in Data Streams", 2005): who is new to
    /// a full list takes the place of the least refused, and its count.
    fn remember(&self, policy: &'static str, subject: &str, now: Millis) {
        let mut list = self
            .most_refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let known = list
            .iter_mut()
            .find(|known| known.policy == policy && known.subject == subject);
        if let Some(known) = known {
            known.count += 1;
            known.last = now;
            return;
        }
        let mut new = Refused {
            subject: subject.to_owned(),
            policy,
            count: 1,
            last: now,
        };
        if list.len() < REMEMBERED {
            list.push(new);
        } else if let Some(least) = list.iter_mut().min_by_key(|known| known.count) {
            new.count += least.count;
            *least = new;
        }
    }

    /// The counters of every policy.
    pub fn totals(&self) -> Vec<Totals> {
        let totals = |counters: &Counters| Totals {
            policy: counters.name,
            allowed: counters.allowed.get(),
            refused: counters.refused.get(),
            shadowed: counters.shadowed.get(),
            blocked: counters.blocked.get(),
            here: counters.here.get(),
        };
        self.policies.iter().map(totals).collect()
    }

    /// Requests from addresses on the deny list.
    pub fn denied(&self) -> u64 {
        self.denied.get()
    }

    /// The `most` most refused, the most refused first.
    pub fn most_refused(&self, most: usize) -> Vec<Refused> {
        let list = self
            .most_refused
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut list = list.clone();
        list.sort_by_key(|refused| std::cmp::Reverse(refused.count));
        list.truncate(most);
        list
    }
}

/// A counter that threads do not fight over: each adds to one of a few cells, in cache lines of
/// their own.
#[derive(Default)]
struct Counter {
    cells: [Cell; 8],
}

#[derive(Default)]
#[repr(align(64))]
struct Cell(AtomicU64);

impl Counter {
    fn add(&self) {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        let cell = MINE.with(|mine| mine % self.cells.len());
        self.cells[cell].0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        let cells = self.cells.iter();
        cells.map(|cell| cell.0.load(Ordering::Relaxed)).sum()
    }
}
