//! Spans of time as text.

use std::time::Duration;

/// Reads a span such as `50s`, `1d10h30m` or `0.5s`. The units are `d`, `h`, `m`, `s` and `ms`, each at most once
/// and in this order. `None` for anything else.
///
/// ```
/// use std::time::Duration;
///
/// use kith_queue::delay::parse_duration;
///
/// assert_eq!(parse_duration("1m30s"), Some(Duration::from_secs(90)));
/// assert_eq!(parse_duration("90"), None);
/// ```
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    let mut rest = text.trim();
    for (unit, seconds) in [
        ("d", 86_400.0),
        ("h", 3600.0),
        ("m", 60.0),
        ("s", 1.0),
        ("ms", 0.001),
    ] {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(0);
        let (number, after) = rest.split_at(end);
        let Some(after) = after.strip_prefix(unit) else {
            continue;
        };
        if unit == "m" && after.starts_with('s') {
            continue;
        }
        let number: f64 = number.parse().ok()?;
        sum = sum.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = after;
    }
    let any = rest.len() < text.trim().len();
    (any && rest.is_empty()).then_some(sum)
}

/// Reads a span as Go writes it (`time.ParseDuration`), such as `6m5s`, `1.5h` or `500us`: numbers with units, in
/// any order, and days as well. `None` for anything else.
pub(super) fn parse_span(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 9] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        // The micro sign, and the Greek letter that looks like it.
        ("\u{b5}s", 1e-6),
        ("\u{3bc}s", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
        ("d", 86_400.0),
    ];
    let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
    let mut sum = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c| !is_of_number(c))?);
        let (unit, after) = after.split_at(after.find(is_of_number).unwrap_or(after.len()));
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let number: f64 = number.parse().ok()?;
        sum = sum.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time() {
        for (text, seconds) in [
            ("50s", Some(50)),
            ("1d10h30m", Some(86_400 + 36_000 + 1800)),
            (" 2m ", Some(120)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("s", None),
            ("5s3m", None),
            ("1h1h", None),
            ("-5s", None),
            ("0.5s", Some(0)),
            ("1500ms", Some(1)),
            ("1m2s500ms", Some(62)),
            (".s", None),
            ("99999999999999999999d", None),
            ("5\u{e9}", None),
        ] {
            assert_eq!(
                parse_duration(text).map(|span| span.as_secs()),
                seconds,
                "{text}"
            );
        }
    }
}
