//! Spans of time as QStash writes them, and the wait before a message is sent again.
//!
//! Source: Upstash's documentation, "Retry" and "Delay".

mod duration;
mod expression;
mod retry_after;

use std::time::Duration;

pub use duration::parse_duration;
pub use expression::InvalidRetryDelay;
pub use expression::RetryDelay;
pub(crate) use retry_after::retry_after;

/// The longest wait before a retry.
pub(crate) const MAX_RETRY_DELAY: Duration = Duration::from_secs(24 * 3600);

/// The wait before retry number `retried`, counted from 1, where the message says nothing:
/// e^(2.5 n) seconds, which is 12 s, 2 min 28 s, 30 min, 6 h, and then a day.
///
/// The formula is that of QStash, which publishers rely on. `kith_runtime::Backoff` draws a wait at random and
/// doubles its bound, so it cannot give these waits.
pub(crate) fn default_retry_delay(retried: u32) -> Duration {
    let seconds = (2.5 * f64::from(retried)).exp();
    Duration::try_from_secs_f64(seconds).map_or(MAX_RETRY_DELAY, |wait| wait.min(MAX_RETRY_DELAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_waits_are_those_of_the_documentation() {
        let waits = [1, 2, 3, 4, 5, 1000].map(|retried| default_retry_delay(retried).as_secs());
        assert_eq!(waits, [12, 148, 1808, 22_026, 86_400, 86_400]);
    }
}
