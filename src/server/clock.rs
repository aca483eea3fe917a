//! The time of day, as a part that tests can own.
//!
//! Services take the time from a [`Clock`] they were given and never from the system, so a test
//! decides what "now" is.

use jiff::SignedDuration;
use jiff::Timestamp;
use uuid::NoContext;
use uuid::Uuid;

/// A clock that goes back by less is being adjusted, not set, and nobody waits for long.
const ADJUSTMENT: SignedDuration = SignedDuration::from_secs(1);

/// Tells what time it is.
///
/// Any `Fn() -> Timestamp` is a clock: a test hands in a closure over a value that it moves.
pub trait Clock: Send + Sync {
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

/// An id that sorts by when it was made. The times before 1970 do not fit into one and count as the
/// beginning of 1970.
pub fn sortable_id(now: Timestamp) -> Uuid {
    let now = now.max(Timestamp::UNIX_EPOCH);
    let seconds = now.as_second().unsigned_abs();
    let nanos = now.subsec_nanosecond().unsigned_abs();
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}

/// Notices when a clock is set back.
#[derive(Debug)]
pub struct Watch {
    /// The last time that was told.
    last: Timestamp,
}

impl Watch {
    pub fn new(now: Timestamp) -> Self {
        Self { last: now }
    }

    /// Takes note of the time. Where the clock was set back since, the answer is what it told before.
    pub fn heed(&mut self, now: Timestamp) -> Option<Timestamp> {
        let last = self.last;
        if last.duration_since(now) < ADJUSTMENT {
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
        let mut watch = Watch::new(at(1_000_000));
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
            assert_eq!(watch.heed(at(now)), before.map(at), "{now}");
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
