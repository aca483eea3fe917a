//! The time of a database, by which the processes that share it agree.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use jiff::Timestamp;
use kith_runtime::Clock;

/// A smaller difference is left alone. It is within what a measurement over a network can be wrong by, and time should
/// not go back.
const MIN_CORRECTION: SignedDuration = SignedDuration::from_millis(50);

/// The clock of this machine, corrected by the difference to that of the database.
#[derive(Clone)]
pub(crate) struct DatabaseClock {
    local: Arc<dyn Clock>,
    /// In milliseconds; what is added to the local time.
    offset: Arc<AtomicI64>,
}

impl DatabaseClock {
    pub(crate) fn new(local: Arc<dyn Clock>) -> Self {
        Self {
            local,
            offset: Arc::default(),
        }
    }

    /// The clock of this machine as it is.
    pub(crate) fn local(&self) -> Timestamp {
        self.local.now()
    }

    /// Corrects the clock: the database has shown `shown` at the local time `at`, which may be wrong by `error`. Returns
    /// the difference between the two.
    pub(crate) fn correct(
        &self,
        shown: Timestamp,
        at: Timestamp,
        error: SignedDuration,
    ) -> SignedDuration {
        let difference = shown.duration_since(at);
        let known = SignedDuration::from_millis(self.offset.load(Ordering::Relaxed));
        if difference.saturating_sub(known).abs() >= MIN_CORRECTION.saturating_add(error) {
            let offset = i64::try_from(difference.as_millis()).unwrap_or(0);
            self.offset.store(offset, Ordering::Relaxed);
        }
        difference
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        let offset = SignedDuration::from_millis(self.offset.load(Ordering::Relaxed));
        let local = self.local.now();
        local.saturating_add(offset).unwrap_or(local)
    }
}

impl fmt::Debug for DatabaseClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabaseClock")
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_corrected_only_by_a_difference_that_is_no_error_of_the_measurement() {
        let local = Timestamp::UNIX_EPOCH;
        let clock = DatabaseClock::new(Arc::new(move || local));
        let millis = SignedDuration::from_millis;
        for (difference, error, offset) in [
            (0, 0, 0),
            (49, 0, 0),
            (-50, 0, -50),
            // By 99 from what is known.
            (49, 50, -50),
            (50, 50, 50),
            (5_000, 1_000, 5_000),
            (4_000, 1_000, 5_000),
            (0, 1_000, 0),
        ] {
            let measured = clock.correct(local + millis(difference), local, millis(error));
            assert_eq!(measured, millis(difference));
            let known = clock.now().duration_since(local);
            assert_eq!(known, millis(offset), "{difference} within {error}");
        }
        assert_eq!(clock.local(), local);
    }
}
