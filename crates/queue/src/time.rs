//! Times as the tables keep them: milliseconds since the Unix epoch.

use std::time::Duration;

use jiff::Timestamp;

/// The time `wait` after `now`.
pub(crate) fn deadline_ms(now: Timestamp, wait: Duration) -> i64 {
    now.as_millisecond()
        .saturating_add_unsigned(wait.as_millis() as u64)
}
