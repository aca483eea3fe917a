//! [`DatabaseHealth`]: whether the database answers.

use kith_runtime::ComponentHealth;
use kith_runtime::HealthRecorder;

/// Whether the last read of the database worked. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct DatabaseHealth(HealthRecorder<&'static str>);

impl DatabaseHealth {
    /// The health of a database that was just opened, so it has answered.
    pub fn new() -> Self {
        let health = HealthRecorder::default();
        health.record(None);
        Self(health)
    }

    /// Records whether a read has worked.
    pub fn record(&self, answers: bool) {
        self.0
            .record((!answers).then_some("The database does not answer."));
    }

    pub fn get(&self) -> ComponentHealth<&'static str> {
        self.0.get().expect("`new` records an answer")
    }
}

impl Default for DatabaseHealth {
    fn default() -> Self {
        Self::new()
    }
}
