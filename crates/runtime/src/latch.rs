//! Telling once of a failure that lasts.

use std::sync::atomic::{AtomicBool, Ordering};

/// Remembers whether the last attempt failed, so that a failure that lasts is logged once.
///
/// ```
/// use kith_runtime::{ErrorLatch, Transition};
///
/// let latch = ErrorLatch::default();
/// assert_eq!(latch.record(true), Transition::Failed);
/// assert_eq!(latch.record(true), Transition::Unchanged);
/// assert_eq!(latch.record(false), Transition::Recovered);
/// ```
#[derive(Debug, Default)]
pub struct ErrorLatch {
    failing: AtomicBool,
}

/// What an attempt changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The attempt failed, and the one before it did not.
    Failed,
    /// The attempt succeeded, and the one before it failed.
    Recovered,
    /// The attempt ended like the one before it.
    Unchanged,
}

impl ErrorLatch {
    /// Records how an attempt ended.
    pub fn record(&self, has_failed: bool) -> Transition {
        match (self.failing.swap(has_failed, Ordering::Relaxed), has_failed) {
            (false, true) => Transition::Failed,
            (true, false) => Transition::Recovered,
            _ => Transition::Unchanged,
        }
    }

    /// Records a result, and calls `log` with the error if the attempt before it succeeded.
    pub fn check<T, E>(&self, result: Result<T, E>, log: impl FnOnce(&E)) -> Option<T> {
        let transition = self.record(result.is_err());
        result
            .inspect_err(|error| {
                if transition == Transition::Failed {
                    log(error);
                }
            })
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_logged_once_until_an_attempt_succeeds() {
        let latch = ErrorLatch::default();
        let mut logged = 0;
        for result in [Err(()), Err(()), Ok(1), Err(()), Ok(2), Ok(3)] {
            let value = latch.check(result, |()| logged += 1);
            assert_eq!(value, result.ok());
        }
        assert_eq!(logged, 2);
    }
}
