//! Waits that the answer of a receiver asks for.

use std::time::Duration;

use axum::http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::MAX_RETRY_DELAY;
use super::duration::parse_span;

/// Some receivers name a wrong day of the week, so it is ignored.
const DATES: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);

/// The wait that a receiver asks for: that of the first header in `names` whose value is understood.
pub(crate) fn retry_after(headers: &HeaderMap, names: &[&str], now: Timestamp) -> Option<Duration> {
    let wait = |name: &&str| {
        // The micro sign in `5µs` is not ASCII.
        let value = String::from_utf8_lossy(headers.get(*name)?.as_bytes());
        parse_retry_after(&value, now)
    };
    names.iter().find_map(wait)
}

/// Reads a wait: seconds, a date as HTTP writes it (RFC 9110, section 10.2.3), or a span such as `6m5s` or
/// `500us`. `None` for anything else, and for more than a day.
fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if let Ok(seconds) = value.parse::<f64>() {
        Duration::try_from_secs_f64(seconds).ok()?
    } else if let Some(span) = parse_span(value) {
        span
    } else {
        let date = DATES.parse_timestamp(value).ok()?;
        Duration::try_from(date.duration_since(now)).unwrap_or_default()
    };
    (wait <= MAX_RETRY_DELAY).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_after_header_is_read_in_every_form_that_receivers_send() {
        let now = "2026-11-22T05:29:00Z".parse().expect("a time");
        for (value, seconds) in [
            ("120", Some(120)),
            ("6m5s", Some(365)),
            ("Sun, 22 Nov 2026 05:30:00 GMT", Some(60)),
            ("Sun, 22 Nov 2026 05:00:00 GMT", Some(0)),
            // Its day of the week is wrong, as in QStash's own documentation.
            ("Mon, 22 Nov 2026 05:30:00 GMT", Some(60)),
            ("500us", Some(0)),
            ("500\u{b5}s", Some(0)),
            ("500\u{3bc}s", Some(0)),
            ("2500000us", Some(2)),
            ("3000000000ns", Some(3)),
            ("1500ms", Some(1)),
            ("1.5h", Some(5400)),
            ("5s6m", Some(365)),
            ("1d", Some(86_400)),
            ("1d1s", None),
            ("5", Some(5)),
            ("5x", None),
            ("s", None),
            ("5s3", None),
            ("", None),
            ("99999999999999999999h", None),
            ("86401", None),
            ("-1", None),
            ("NaN", None),
            ("soon", None),
        ] {
            assert_eq!(
                parse_retry_after(value, now).map(|wait| wait.as_secs()),
                seconds,
                "{value}"
            );
        }
    }
}
