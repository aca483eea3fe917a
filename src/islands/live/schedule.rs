//! When to ask next.

/// In milliseconds. However long a server is down, it is noticed within this that it is up again.
const LONGEST_WAIT: u32 = 60_000;

/// Waits after failures are up to this part longer or shorter, so that many do not come back at once.
const JITTER: f64 = 0.1;

/// Counts failures in a row, and says how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// In milliseconds, from the beginning of one question to that of the next.
    period: u32,
    failures: u32,
}

impl Schedule {
    pub fn new(period: u32) -> Self {
        Self {
            period,
            failures: 0,
        }
    }

    /// How long to wait after an answer that took `took` milliseconds.
    pub fn answered(&mut self, took: u32) -> u32 {
        self.failures = 0;
        self.period.saturating_sub(took)
    }

    /// How long to wait after a failure: twice as long as after the last. `asked` is what the server
    /// wants at least, and `random` a number from 0 to 1.
    pub fn failed(&mut self, asked: Option<u32>, random: f64) -> u32 {
        self.failures += 1;
        let doubled = self.period.saturating_mul(1 << self.failures.min(16));
        let wait = f64::from(doubled.min(LONGEST_WAIT)) * (1.0 + JITTER * (2.0 * random - 1.0));
        (wait as u32).max(asked.unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_asked_once_in_a_period() {
        let mut schedule = Schedule::new(5000);
        assert_eq!(schedule.answered(0), 5000);
        assert_eq!(schedule.answered(1200), 3800);
        assert_eq!(schedule.answered(9000), 0);
    }

    #[test]
    fn failures_double_the_wait_until_an_answer() {
        let mut schedule = Schedule::new(5000);
        for wait in [10_000, 20_000, 40_000, 60_000, 60_000] {
            assert_eq!(schedule.failed(None, 0.5), wait);
        }
        assert_eq!(schedule.failures, 5);
        assert_eq!(schedule.answered(0), 5000);
        assert_eq!(schedule.failed(None, 0.5), 10_000);
    }

    #[test]
    fn waits_differ_a_little_and_are_as_long_as_asked() {
        let wait = |random| Schedule::new(5000).failed(None, random);
        assert_eq!((wait(0.0), wait(1.0)), (9000, 11_000));
        assert_eq!(Schedule::new(5000).failed(Some(30_000), 0.0), 30_000);
        assert_eq!(Schedule::new(u32::MAX).failed(None, 0.5), 60_000);
    }
}
