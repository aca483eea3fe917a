//! What the limiter has decided: counters by policy, and who is refused most.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use rand::Rng;

use crate::Millis;
use crate::decision::{DecidedBy, Decision, Outcome};

/// The list of refused clients has parts with a lock each, so that refusals do not wait for each other. A
/// part is exact while it has a place for each refused client. After that its counts are estimates without
/// bias.
const PARTS: usize = 8;
const PLACES: usize = 32;

/// When a part is full, one in so many refusals of others is looked at, and counts for as many.
const SAMPLE: u64 = 8;

/// Counters since the start. Reading them costs the same however many requests there were.
pub struct Stats {
    policies: Vec<Counters>,
    denied: Counter,
    most_refused: [Mutex<MostRefused>; PARTS],
}

/// A policy's counters.
struct Counters {
    name: &'static str,
    allowed: Counter,
    refused: Counter,
    shadowed: Counter,
    cached: Counter,
    local: Counter,
}

/// The decisions of one policy since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The name of the policy.
    pub policy: &'static str,
    /// Requests that were allowed.
    pub allowed: u64,
    /// Requests that were refused.
    pub refused: u64,
    /// Requests that shadow mode allowed and that would have been refused.
    pub shadowed: u64,
    /// Of `refused`: decided without a question to Redis, because an earlier refusal still held.
    pub cached_refusals: u64,
    /// Of all: decided without Redis.
    pub local: u64,
}

/// An identifier that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The identifier, as it stands in keys.
    pub identifier: String,
    /// The name of the policy.
    pub policy: &'static str,
    /// How often it was refused: an estimate without bias.
    pub count: u64,
    /// When it was refused last, in milliseconds since the epoch.
    pub last: Millis,
}

impl Stats {
    pub(crate) fn new(policies: Vec<&'static str>) -> Self {
        let counters = |name| Counters {
            name,
            allowed: Counter::default(),
            refused: Counter::default(),
            shadowed: Counter::default(),
            cached: Counter::default(),
            local: Counter::default(),
        };
        Self {
            policies: policies.into_iter().map(counters).collect(),
            denied: Counter::default(),
            most_refused: Default::default(),
        }
    }

    pub(crate) fn count(
        &self,
        policy: usize,
        identifier: &str,
        hash: u64,
        decision: &Decision,
        now: impl FnOnce() -> Millis,
    ) {
        let counters = &self.policies[policy];
        match decision.outcome {
            Outcome::Allowed => counters.allowed.add(),
            Outcome::Shadowed => counters.shadowed.add(),
            Outcome::Refused { .. } => counters.refused.add(),
        }
        if decision.outcome != Outcome::Allowed {
            // The local limiter chooses its sets by the low bits.
            let part = &self.most_refused[(hash >> 56) as usize % PARTS];
            part.lock().unwrap_or_else(PoisonError::into_inner).count(
                hash.wrapping_add(policy as u64),
                counters.name,
                identifier,
                now(),
            );
        }
        match decision.decided_by {
            DecidedBy::Redis => {}
            DecidedBy::CachedRefusal => counters.cached.add(),
            DecidedBy::Local | DecidedBy::FailMode => counters.local.add(),
        }
    }

    pub(crate) fn count_denied(&self) {
        self.denied.add();
    }

    /// The counters of every policy.
    pub fn totals(&self) -> Vec<Totals> {
        let totals = |counters: &Counters| Totals {
            policy: counters.name,
            allowed: counters.allowed.get(),
            refused: counters.refused.get(),
            shadowed: counters.shadowed.get(),
            cached_refusals: counters.cached.get(),
            local: counters.local.get(),
        };
        self.policies.iter().map(totals).collect()
    }

    /// Requests from addresses on the deny list.
    pub fn denied(&self) -> u64 {
        self.denied.get()
    }

    /// The `most` most refused, the most refused first.
    pub fn most_refused(&self, most: usize) -> Vec<Refused> {
        let mut list = Vec::new();
        for part in &self.most_refused {
            part.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .copy_to(&mut list);
        }
        list.sort_by_key(|refused| std::cmp::Reverse(refused.count));
        list.truncate(most);
        list
    }
}

/// Who is refused most, of a part of all clients, by the unbiased space-saving algorithm (Ting:
/// "Data Sketches for Disaggregated Subset Sum and Frequent Item Estimation", SIGMOD 2018): who is
/// new to a full list adds to the count of the least refused, and takes its place with the chance
/// of what it added in that count.
#[derive(Default)]
struct MostRefused {
    /// What is looked through for every refusal stands together: keys, and counts of the same
    /// places.
    keys: [u64; PLACES],
    counts: [u64; PLACES],
    clients: Vec<Client>,
    /// Refusals of clients that had no place here.
    others: u64,
}

struct Client {
    identifier: String,
    policy: &'static str,
    last: Millis,
}

impl MostRefused {
    fn count(&mut self, key: u64, policy: &'static str, identifier: &str, now: Millis) {
        let taken = self.clients.len();
        if let Some(place) = self.keys[..taken].iter().position(|known| *known == key) {
            self.counts[place] += 1;
            self.clients[place].last = now;
            return;
        }
        let client = || Client {
            identifier: identifier.to_owned(),
            policy,
            last: now,
        };
        if taken < PLACES {
            self.keys[taken] = key;
            self.counts[taken] = 1;
            self.clients.push(client());
            return;
        }
        self.others += 1;
        if !self.others.is_multiple_of(SAMPLE) {
            return;
        }
        let least = (0..PLACES).min_by_key(|place| self.counts[*place]);
        let least = least.unwrap_or(0);
        self.counts[least] += SAMPLE;
        if rand::rng().random_range(0..self.counts[least]) < SAMPLE {
            self.keys[least] = key;
            self.clients[least] = client();
        }
    }

    fn copy_to(&self, list: &mut Vec<Refused>) {
        let clients = self.clients.iter().zip(&self.counts);
        list.extend(clients.map(|(client, count)| Refused {
            identifier: client.identifier.clone(),
            policy: client.policy,
            count: *count,
            last: client.last,
        }));
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
