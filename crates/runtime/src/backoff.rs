//! Exponential waits with jitter.

use std::time::Duration;

use rand::Rng;
use tokio::time::sleep;

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

/// Attempts with a wait before each but the first, which grows until an attempt has succeeded.
///
/// ```
/// # use std::time::Duration;
/// # use kith_runtime::{Backoff, Retries};
/// # async fn connect() -> Option<()> { Some(()) }
/// # async fn example() {
/// let mut retries = Retries::new(Backoff::new(Duration::from_secs(1), Duration::from_secs(60)));
/// loop {
///     retries.wait().await;
///     if connect().await.is_some() {
///         retries.reset();
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Retries {
    backoff: Backoff,
    /// Since the last success.
    attempts: u32,
}

impl Retries {
    /// No attempt was made so far.
    pub const fn new(backoff: Backoff) -> Self {
        Self {
            backoff,
            attempts: 0,
        }
    }

    /// Waits until the next attempt may be made: not at all before the first one, and with
    /// [equal jitter](Backoff::equal_jitter) before each later one.
    pub async fn wait(&mut self) {
        if let Some(failures) = self.attempts.checked_sub(1) {
            sleep(self.backoff.equal_jitter(failures)).await;
        }
        self.attempts = self.attempts.saturating_add(1);
    }

    /// Records a success: the next attempt is a first one.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Context;
    use std::task::Waker;
    use std::time::Instant;

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

    #[tokio::test]
    async fn retries_wait_longer_before_each_attempt_until_one_succeeds() {
        let mut retries = Retries::new(Backoff::new(
            Duration::from_millis(20),
            Duration::from_millis(80),
        ));
        let is_first = |retries: &mut Retries| {
            let mut context = Context::from_waker(Waker::noop());
            pin!(retries.wait()).poll(&mut context).is_ready()
        };
        assert!(is_first(&mut retries));
        for least in [10, 20, 40, 40] {
            assert!(!is_first(&mut retries));
            let start = Instant::now();
            retries.wait().await;
            assert!(start.elapsed() >= Duration::from_millis(least));
        }
        retries.reset();
        assert!(is_first(&mut retries));
        assert!(!is_first(&mut retries));
    }
}
