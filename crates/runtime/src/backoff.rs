//! Exponential waits with jitter.

use std::time::Duration;

use rand::Rng;

/// Waits between attempts that grow with each failure.
///
/// Each wait is drawn at random between zero and an upper bound that doubles up to a maximum ("full
/// jitter": Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015). So many clients
/// that failed together do not come back together.
///
/// ```
/// # use std::time::Duration;
/// let backoff = kith_runtime::Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
/// assert_eq!(backoff.upper_bound(3), Duration::from_secs(8));
/// assert_eq!(backoff.upper_bound(30), Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    max: Duration,
}

impl Backoff {
    /// A backoff whose first wait is at most `first`, and no wait is more than `max`.
    pub const fn new(first: Duration, max: Duration) -> Self {
        Self { first, max }
    }

    /// The longest wait after `failures` failures that came before the last one: `first` for 0.
    pub fn upper_bound(&self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.max)
    }

    /// A random wait between zero and [`upper_bound`](Self::upper_bound).
    pub fn full_jitter(&self, failures: u32) -> Duration {
        rand::rng().random_range(Duration::ZERO..=self.upper_bound(failures))
    }

    /// A random wait between half of [`upper_bound`](Self::upper_bound) and all of it, for a peer that must be
    /// left alone for a while ("equal jitter" in the same article).
    pub fn equal_jitter(&self, failures: u32) -> Duration {
        let bound = self.upper_bound(failures);
        rand::rng().random_range(bound / 2..=bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_maximum() {
        let backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
        let bounds = [0, 1, 5, 6, 31, 32, u32::MAX].map(|failures| backoff.upper_bound(failures));
        assert_eq!(
            bounds.map(|bound| bound.as_millis()),
            [50, 100, 1600, 2000, 2000, 2000, 2000]
        );
    }

    #[test]
    fn jitter_stays_within_the_upper_bound_and_differs() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(8));
        let waits: Vec<_> = (0..100).map(|_| backoff.full_jitter(2)).collect();
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(4)));
        assert!(waits.iter().any(|wait| *wait != waits[0]));

        let waits: Vec<_> = (0..100).map(|_| backoff.equal_jitter(2)).collect();
        let range = Duration::from_secs(2)..=Duration::from_secs(4);
        assert!(waits.iter().all(|wait| range.contains(wait)), "{waits:?}");
    }
}
