//! The time of day, as a value that tests can replace.
//!
//! A service takes the time from a [`Clock`] that it was given, so that a test decides what "now" is.

use jiff::SignedDuration;
use jiff::Timestamp;
use uuid::NoContext;
use uuid::Uuid;

/// A clock that goes back by less is being adjusted, not set. Waits that are this much longer do no harm.
const MAX_ADJUSTMENT: SignedDuration = SignedDuration::from_secs(1);

/// Tells what time it is.
///
/// Any `Fn() -> Timestamp` is a clock: a test hands in a closure over a value that it moves.
///
/// ```
/// use jiff::Timestamp;
/// use kith_runtime::Clock;
///
/// let clock = || Timestamp::UNIX_EPOCH;
/// assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
/// ```
pub trait Clock: Send + Sync {
    /// The current time.
    fn now(&self) -> Timestamp;
}

impl<F> Clock for F
where
    F: Fn() -> Timestamp + Send + Sync,
{
    fn now(&self) -> Timestamp {
        self()
    }
}

/// A `UUIDv7` (RFC 9562), which sorts by the time it was made at. It cannot hold times before 1970; those
/// count as the beginning of 1970.
pub fn sortable_id(now: Timestamp) -> Uuid {
    let now = now.max(Timestamp::UNIX_EPOCH);
    let seconds = now.as_second().unsigned_abs();
    let nanos = now.subsec_nanosecond().unsigned_abs();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}

/// Notices when a clock is set back.
#[derive(Debug)]
pub struct ClockWatch {
    /// The latest time that was observed.
    last: Timestamp,
}

impl ClockWatch {
    /// Starts to watch at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self { last: now }
    }

    /// Records the time. If the clock was set back since the last call, returns the time that it showed
    /// before.
    pub fn observe(&mut self, now: Timestamp) -> Option<Timestamp> {
        let last = self.last;
        if last.duration_since(now) < MAX_ADJUSTMENT {
            self.last = last.max(now);
            return None;
        }
        self.last = now;
        Some(last)
    }
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).expect("a time")
    }

    #[test]
    fn a_clock_that_is_set_back_is_noticed_once() {
        let mut watch = ClockWatch::new(at(1_000_000));
        for (now, before) in [
            (1_001_000, None),
            // It goes forward as it likes.
            (9_000_000, None),
            (9_000_000, None),
            // It is being adjusted.
            (8_999_500, None),
            (8_999_001, None),
            (8_000_000, Some(9_000_000)),
            (8_000_001, None),
            (-5_000, Some(8_000_001)),
            (-4_000, None),
        ] {
            assert_eq!(watch.observe(at(now)), before.map(at), "{now}");
        }
    }

    #[test]
    fn ids_sort_by_time_and_there_are_some_before_1970() {
        let ids = [-1_000_000, 0, 1_000, 1_700_000_000_000].map(|now| sortable_id(at(now)));
        assert!(
            ids.windows(2).skip(1).all(|pair| pair[0] < pair[1]),
            "{ids:?}"
        );
        assert_ne!(ids[0], ids[1]);
    }
}
