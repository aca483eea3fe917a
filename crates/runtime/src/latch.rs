//! Telling of a failure that lasts when it begins and when it ends.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

/// Remembers whether the last attempt failed, so that a failure that lasts is logged when it begins and when it
/// ends, and not in between.
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
    /// Records how an attempt ended, for a caller that logs with fields of its own.
    #[must_use = "the caller logs the transition"]
    pub fn record(&self, has_failed: bool) -> Transition {
        match (self.failing.swap(has_failed, Ordering::Relaxed), has_failed) {
            (false, true) => Transition::Failed,
            (true, false) => Transition::Recovered,
            _ => Transition::Unchanged,
        }
    }

    /// Records a result and returns its value. `effect` is a clause that says what the failure leads to, such
    /// as `messages wait`. The beginning of a failure is logged as a warning, with the cause of the error in a
    /// field, and its end as information.
    pub fn check<T, E: Error>(&self, effect: &str, result: Result<T, E>) -> Option<T> {
        match (self.record(result.is_err()), &result) {
            (Transition::Failed, Err(error)) => {
                let cause = error.source().map(ToString::to_string);
                tracing::warn!(cause, "{effect}: {error}");
            }
            (Transition::Recovered, _) => tracing::info!("{effect}: no longer"),
            _ => {}
        }
        result.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use kith_test_support::log::Log;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("it fails")]
    struct Failure(#[source] io::Error);

    #[test]
    fn a_failure_is_logged_when_it_begins_and_when_it_ends() {
        let (log, _guard) = Log::capture();
        let latch = ErrorLatch::default();
        let failed = || Err(Failure(io::Error::other("a cause")));
        for result in [Ok(0), failed(), failed(), Ok(1), Ok(2), failed(), Ok(3)] {
            let value = result.as_ref().ok().copied();
            assert_eq!(latch.check("numbers wait", result), value);
        }
        let begins = "WARN numbers wait: it fails cause=\"a cause\"";
        let ends = "INFO numbers wait: no longer";
        assert_eq!(log.lines(), [begins, ends, begins, ends]);
    }
}
