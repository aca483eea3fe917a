//! The time of day, as a part that tests can own.
//!
//! Services take the time from a [`Clock`] they were given and never from the system, so a test
//! decides what "now" is.

use jiff::Timestamp;

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

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
