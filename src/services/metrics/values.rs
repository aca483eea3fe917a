//! Counters and gauges, and their values in a span of time.

use crate::services::policies::RequestClass;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Requests that the limiter has decided on, by their class.
    Requests(RequestClass),
    /// Those that it has refused.
    Refusals(RequestClass),
    NewContacts,
    /// Reads answered with a cached value that was fresh.
    CacheHits,
    /// Those answered with one that was stale.
    CacheStale,
    /// Those that waited for the value.
    CacheMisses,
    /// Messages that the broker has delivered.
    Deliveries,
    /// Deliveries that failed and are tried again.
    Retries,
    /// Messages whose deliveries have all failed.
    DeadLetters,
    /// Mails that were sent, or kept as files where there is no server.
    Mails,
}

const CLASSES: usize = RequestClass::ALL.len();

impl Counter {
    pub(super) const COUNT: usize = 2 * CLASSES + 8;

    pub fn all() -> impl Iterator<Item = Self> {
        let requests = RequestClass::ALL.into_iter().map(Self::Requests);
        let refusals = RequestClass::ALL.into_iter().map(Self::Refusals);
        requests.chain(refusals).chain([
            Self::NewContacts,
            Self::CacheHits,
            Self::CacheStale,
            Self::CacheMisses,
            Self::Deliveries,
            Self::Retries,
            Self::DeadLetters,
            Self::Mails,
        ])
    }

    pub(super) fn index(self) -> usize {
        let others = 2 * CLASSES;
        match self {
            Self::Requests(class) => class as usize,
            Self::Refusals(class) => CLASSES + class as usize,
            Self::NewContacts => others,
            Self::CacheHits => others + 1,
            Self::CacheStale => others + 2,
            Self::CacheMisses => others + 3,
            Self::Deliveries => others + 4,
            Self::Retries => others + 5,
            Self::DeadLetters => others + 6,
            Self::Mails => others + 7,
        }
    }

    /// Its name in the database, for example `requests.api`.
    pub fn name(self) -> String {
        let name = match self {
            Self::Requests(class) => return format!("requests.{}", class.name()),
            Self::Refusals(class) => return format!("refusals.{}", class.name()),
            Self::NewContacts => "new_contacts",
            Self::CacheHits => "cache.hits",
            Self::CacheStale => "cache.stale",
            Self::CacheMisses => "cache.misses",
            Self::Deliveries => "deliveries",
            Self::Retries => "retries",
            Self::DeadLetters => "dead_letters",
            Self::Mails => "mails",
        };
        name.to_owned()
    }
}

/// A value that rises and falls. The database keeps the highest of each minute, hour and day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// For how many milliseconds the message that had waited longest had been due.
    QueueLag,
    /// Values in the cache of a process.
    CachedEntries,
    /// How many minutes a process had been running.
    Uptime,
}

impl Gauge {
    pub const ALL: [Self; 3] = [Self::QueueLag, Self::CachedEntries, Self::Uptime];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::QueueLag => "queue.lag",
            Self::CachedEntries => "cache.entries",
            Self::Uptime => "uptime",
        }
    }
}

/// The part of all reads, from 0 to 1, that did not wait. `None` without reads.
pub fn hit_rate(hits: u64, misses: u64) -> Option<f64> {
    let reads = hits + misses;
    (reads > 0).then(|| hits as f64 / reads as f64)
}

/// The values of all counters and gauges in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MetricValues {
    pub(super) counts: [u64; Counter::COUNT],
    pub(super) gauges: [u64; Gauge::ALL.len()],
}

impl MetricValues {
    pub fn get(&self, counter: Counter) -> u64 {
        self.counts[counter.index()]
    }

    pub fn highest(&self, gauge: Gauge) -> u64 {
        self.gauges[gauge as usize]
    }

    /// Requests that the limiter has decided on, without those for metrics.
    pub fn requests(&self) -> u64 {
        self.sum(Counter::Requests)
    }

    /// Those of them that it has refused.
    pub fn refusals(&self) -> u64 {
        self.sum(Counter::Refusals)
    }

    /// Requests for metrics do not count in them.
    fn sum(&self, counter: fn(RequestClass) -> Counter) -> u64 {
        let classes = RequestClass::ALL.into_iter();
        let counted = classes.filter(|class| *class != RequestClass::Dashboard);
        counted.map(|class| self.get(counter(class))).sum()
    }

    pub fn new_contacts(&self) -> u64 {
        self.get(Counter::NewContacts)
    }

    /// The part of all reads through the cache, from 0 to 1, that did not wait. `None` without reads.
    pub fn hit_rate(&self) -> Option<f64> {
        let hits = self.get(Counter::CacheHits) + self.get(Counter::CacheStale);
        hit_rate(hits, self.get(Counter::CacheMisses))
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            *mine += theirs;
        }
        for (mine, theirs) in self.gauges.iter_mut().zip(other.gauges) {
            *mine = theirs.max(*mine);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_counter_has_a_place_and_a_name_of_its_own() {
        let places: Vec<usize> = Counter::all().map(Counter::index).collect();
        assert_eq!(places, (0..Counter::COUNT).collect::<Vec<_>>());
        let names: BTreeSet<String> = Counter::all().map(Counter::name).collect();
        assert_eq!(names.len(), Counter::COUNT);
    }
}
