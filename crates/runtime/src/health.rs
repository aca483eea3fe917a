//! Whether a component works, since when, and why not.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

/// The health of a component, as its last answer tells. `F` says why it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentHealth<F> {
    /// When the component became healthy or unhealthy, by the clock of this machine.
    pub since: Timestamp,
    /// The latest reason for the failure; `None` while the component is healthy.
    pub failure: Option<F>,
}

impl<F> ComponentHealth<F> {
    /// Healthy, or failed with `failure`, from now on.
    pub fn new(failure: Option<F>) -> Self {
        Self {
            since: Timestamp::now(),
            failure,
        }
    }

    /// Whether the component works.
    pub fn is_up(&self) -> bool {
        self.failure.is_none()
    }

    /// Records the latest answer. [`since`](Self::since) changes only with a change between healthy and
    /// failed: a new reason does not begin a new failure.
    pub fn update(&mut self, failure: Option<F>) {
        if self.is_up() == failure.is_none() {
            self.failure = failure;
        } else {
            *self = Self::new(failure);
        }
    }
}

/// The health of a component, shared by the code that uses the component and the code that reports on it.
/// Cheap to clone.
///
/// ```
/// use kith_runtime::HealthRecorder;
///
/// let health = HealthRecorder::default();
/// assert!(health.get().is_none());
/// health.record(Some("The server does not answer.".to_owned()));
/// assert!(!health.get().is_some_and(|health| health.is_up()));
/// ```
#[derive(Clone, Debug)]
pub struct HealthRecorder<F = String>(Arc<Mutex<Option<ComponentHealth<F>>>>);

impl<F> Default for HealthRecorder<F> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<F: Clone> HealthRecorder<F> {
    /// Records the component's latest answer: `None` if it worked, otherwise why it failed.
    pub fn record(&self, failure: Option<F>) {
        let mut health = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *health {
            Some(health) => health.update(failure),
            None => *health = Some(ComponentHealth::new(failure)),
        }
    }

    /// The health so far; `None` if no answer was recorded yet.
    pub fn get(&self) -> Option<ComponentHealth<F>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_lasts_since_its_first_answer() {
        let recorder = HealthRecorder::default();
        assert_eq!(recorder.get(), None);
        recorder.record(Some("It is not there."));
        let first = recorder.get().expect("an answer");
        recorder.record(Some("It does not answer."));
        let second = recorder.get().expect("an answer");
        assert_eq!(second.since, first.since);
        assert_eq!(second.failure, Some("It does not answer."));
        recorder.record(None);
        let healed = recorder.get().expect("an answer");
        assert!(healed.is_up() && healed.since >= first.since);
    }
}
