//! How long requests take: a histogram for each route.
//!
//! Bounds grow by the square root of 2, from a quarter of a millisecond to half a minute. A percentile
//! is interpolated within its bucket, so it is off by less than the width of one: 41% at the very most,
//! and usually a few.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The last bucket has no upper bound.
pub const BUCKETS: usize = 36;

/// The upper bound of the first bucket, in milliseconds.
const FIRST_BOUND_MILLIS: f64 = 0.25;

/// The most routes with a histogram of their own. The router has far fewer; all others share one.
const MAX_ROUTES: usize = 256;

/// Requests by how long they took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram(pub [u64; BUCKETS]);

impl Default for Histogram {
    fn default() -> Self {
        Self([0; BUCKETS])
    }
}

impl Histogram {
    /// The upper bound of a bucket, in milliseconds; none for the last.
    pub fn bound(bucket: usize) -> Option<f64> {
        (bucket + 1 < BUCKETS).then(|| FIRST_BOUND_MILLIS * 2_f64.powf(bucket as f64 / 2.0))
    }

    fn bucket(took: Duration) -> usize {
        let milliseconds = took.as_secs_f64() * 1000.0;
        // The index is never negative, and NaN becomes 0.
        let bucket = (2.0 * (milliseconds / FIRST_BOUND_MILLIS).log2())
            .ceil()
            .max(0.0) as usize;
        bucket.min(BUCKETS - 1)
    }

    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }

    /// The time in milliseconds within which this part of all requests, from 0 to 1, was answered.
    /// `None` without requests.
    pub fn percentile(&self, part: f64) -> Option<f64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let rank = (part * count as f64).max(1.0);
        let mut below = 0;
        for (bucket, inside) in self.0.iter().enumerate() {
            if (below + inside) as f64 >= rank {
                let lower = bucket.checked_sub(1).and_then(Self::bound).unwrap_or(0.0);
                // The last bucket has no end to interpolate to.
                let upper = Self::bound(bucket).unwrap_or(lower);
                let within = (rank - below as f64) / *inside as f64;
                return Some(lower + (upper - lower) * within);
            }
            below += inside;
        }
        None
    }
}

/// The histograms of all routes, since the start.
#[derive(Default)]
pub struct Latencies(RwLock<HashMap<Box<str>, Arc<Route>>>);

#[derive(Default)]
struct Route {
    buckets: Buckets,
    microseconds: AtomicU64,
}

impl Route {
    fn count(&self, took: Duration) {
        self.buckets.0[Histogram::bucket(took)].fetch_add(1, Ordering::Relaxed);
        let microseconds = took.as_micros() as u64;
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }
}

struct Buckets([AtomicU64; BUCKETS]);

impl Default for Buckets {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; BUCKETS])
    }
}

/// The counts of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    pub route: Box<str>,
    pub histogram: Histogram,
    /// How long all requests took together.
    pub sum: Duration,
}

impl Latencies {
    /// Counts a request.
    pub fn observe(&self, route: &str, took: Duration) {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match known.get(route) {
            Some(route) => route.count(took),
            None => {
                drop(known);
                self.add(route).count(took);
            }
        }
    }

    fn add(&self, route: &str) -> Arc<Route> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let route = if known.len() < MAX_ROUTES {
            route
        } else {
            "other"
        };
        known.entry(route.into()).or_default().clone()
    }

    /// All of them, by route.
    pub fn read(&self) -> Vec<Observed> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = known
            .iter()
            .map(|(route, observed)| {
                let buckets = observed.buckets.0.each_ref();
                let micros = observed.microseconds.load(Ordering::Relaxed);
                Observed {
                    route: route.clone(),
                    histogram: Histogram(buckets.map(|count| count.load(Ordering::Relaxed))),
                    sum: Duration::from_micros(micros),
                }
            })
            .collect();
        all.sort_by(|one, other| one.route.cmp(&other.route));
        all
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_duration_has_its_bucket() {
        for (milliseconds, bucket) in [
            (0.0, 0),
            (0.25, 0),
            (0.26, 1),
            (0.35, 1),
            (0.36, 2),
            (0.5, 2),
            (1.0, 4),
            (1000.0, 24),
            (1e9, BUCKETS - 1),
        ] {
            let took = Duration::from_secs_f64(milliseconds / 1000.0);
            assert_eq!(Histogram::bucket(took), bucket, "{milliseconds}");
        }
        assert_eq!(Histogram::default().percentile(0.5), None);
    }

    proptest! {
        #[test]
        fn a_percentile_is_close_to_the_exact_one(
            mut all in proptest::collection::vec(0.3_f64..20_000.0, 1..200),
            part in 0.01_f64..1.0,
        ) {
            let latencies = Latencies::default();
            for milliseconds in &all {
                latencies.observe("/", Duration::from_secs_f64(milliseconds / 1000.0));
            }
            all.sort_by(f64::total_cmp);
            let rank = (part * all.len() as f64).ceil() as usize;
            let exact = all[rank.max(1) - 1];
            let estimate = latencies.read()[0].histogram.percentile(part).expect("there are some");
            // Both are in the same bucket.
            prop_assert!(estimate / exact < 1.4143 && exact / estimate < 1.4143, "{} {}", estimate, exact);
        }
    }

    #[test]
    fn there_are_not_more_routes_than_there_may_be() {
        let latencies = Latencies::default();
        for route in 0..1000 {
            latencies.observe(&route.to_string(), Duration::ZERO);
        }
        let all = latencies.read();
        assert_eq!(all.len(), MAX_ROUTES + 1);
        let counted: u64 = all.iter().map(|route| route.histogram.count()).sum();
        assert_eq!(counted, 1000);
    }
}
