//! Formats numbers and times as people read them.

use std::error::Error;
use std::time::Duration;

use jiff::civil::Date;
use jiff::civil::Weekday;

use crate::model::format;
use crate::model::language;
use crate::model::language::t;
use crate::model::language::t_context;
use crate::model::language::t_plural;

/// With separators, for example `12,345`.
pub fn number(number: u64) -> String {
    language::number(number)
}

/// For example `1 request` and `1,200 requests`: in English, for commands.
pub fn count(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", number(count))
}

/// A number with decimals, with the sign that the reader's language puts before them.
fn decimal(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    text.replace('.', t_context!("sign before decimals", "."))
}

/// A day as pages write it.
fn day(date: Date) -> format::Day {
    let small = |number: i8| u32::from(number.unsigned_abs());
    format::Day {
        year: u32::from(date.year().unsigned_abs()),
        month: small(date.month()) - 1,
        day: small(date.day()),
    }
}

/// For example `30 Nov 2026`.
pub fn short_date(date: Date) -> String {
    day(date).medium()
}

/// For example `30 Nov`.
pub fn short_day(date: Date) -> String {
    day(date).short()
}

/// For example `Friday, 30 November 2026`.
pub fn date_with_weekday(date: Date) -> String {
    let weekday = match date.weekday() {
        Weekday::Monday => t!("Monday"),
        Weekday::Tuesday => t!("Tuesday"),
        Weekday::Wednesday => t!("Wednesday"),
        Weekday::Thursday => t!("Thursday"),
        Weekday::Friday => t!("Friday"),
        Weekday::Saturday => t!("Saturday"),
        Weekday::Sunday => t!("Sunday"),
    };
    let date = day(date).long().unwrap_or_default();
    t!("{weekday}, {date}", weekday = weekday, date = date)
}

/// For example `Fri 30 Nov`.
pub fn short_day_with_weekday(date: Date) -> String {
    let weekday = match date.weekday() {
        Weekday::Monday => t!("Mon"),
        Weekday::Tuesday => t!("Tue"),
        Weekday::Wednesday => t!("Wed"),
        Weekday::Thursday => t!("Thu"),
        Weekday::Friday => t!("Fri"),
        Weekday::Saturday => t!("Sat"),
        Weekday::Sunday => t!("Sun"),
    };
    t!(
        "{weekday} {day}",
        weekday = weekday,
        day = day(date).short()
    )
}

/// For example `November 2026`.
pub fn month(date: Date) -> String {
    let day = day(date);
    let month = format::name_of_month(day.month).unwrap_or_default();
    t!("{month} {year}", month = month, year = day.year)
}

/// For example `12.3 MiB` and `200 MiB`.
pub fn bytes(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["bytes", "KiB", "MiB", "GiB"] {
        if size < 1024.0 || unit == "GiB" {
            let is_whole = (size * 10.0).round() % 10.0 == 0.0;
            let decimals = usize::from(!is_whole);
            let unit = if unit == "bytes" { t!("bytes") } else { unit };
            return format!("{} {unit}", decimal(size, decimals));
        }
        size /= 1024.0;
    }
    unreachable!("the last unit returns")
}

/// Two units at most, for example `3 h 12 min`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => t!("{seconds} s", seconds = seconds),
        (0, 0, _) => t!("{minutes} min", minutes = minutes),
        (0, _, _) => t!("{hours} h {minutes} min", hours = hours, minutes = minutes),
        _ => t!("{days} d {hours} h", days = days, hours = hours),
    }
}

/// A time to wait, as people say it: `30 seconds` or `5 minutes`. `public/wait.js` writes the same text.
pub fn wait(seconds: u32) -> String {
    if seconds <= 120 {
        return t_plural!(seconds, "{count} second", "{count} seconds");
    }
    let minutes = seconds.div_ceil(60);
    // Without commas between digits.
    t_plural!(
        minutes,
        "{minutes} minute",
        "{minutes} minutes",
        minutes = minutes
    )
}

/// Of a request, for example `3.2 ms` and `1.25 s`.
pub fn milliseconds(milliseconds: f64) -> String {
    match milliseconds {
        short if short < 10.0 => format!("{} ms", decimal(short, 1)),
        medium if medium < 1000.0 => format!("{medium:.0} ms"),
        long => format!("{} s", decimal(long / 1000.0, 2)),
    }
}

/// For example `98.5%`.
pub fn percent(part: f64) -> String {
    let percent = part * 100.0;
    let decimals = usize::from((0.05..99.95).contains(&percent));
    t!("{percent}%", percent = decimal(percent, decimals))
}

/// The first letter large.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

/// Texts as a list, for example `a, b and c`.
pub fn list(texts: &[String]) -> String {
    match texts {
        [] => String::new(),
        [text] => text.clone(),
        [texts @ .., last] => t!("{texts} and {last}", texts = texts.join(", "), last = last),
    }
}

/// An error with all its causes, from the last to the first.
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(": {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_in_seconds_or_minutes() {
        let cases = [
            (1, "1 second"),
            (2, "2 seconds"),
            (120, "120 seconds"),
            (121, "3 minutes"),
            (3600, "60 minutes"),
        ];
        for (seconds, words) in cases {
            assert_eq!(wait(seconds), words);
        }
    }

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(count(1, "request"), "1 request");
        assert_eq!(count(0, "request"), "0 requests");
        assert_eq!(bytes(1023), "1023 bytes");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(5 << 40), "5120 GiB");
        assert_eq!(duration(Duration::from_secs(59)), "59 s");
        assert_eq!(duration(Duration::from_secs(3599)), "59 min");
        assert_eq!(duration(Duration::from_secs(11_520)), "3 h 12 min");
        assert_eq!(duration(Duration::from_secs(90_000)), "1 d 1 h");
        assert_eq!(milliseconds(3.21), "3.2 ms");
        assert_eq!(milliseconds(32.1), "32 ms");
        assert_eq!(milliseconds(1250.0), "1.25 s");
        assert_eq!(percent(0.985), "98.5%");
        assert_eq!(percent(1.0), "100%");
        assert_eq!(percent(0.0), "0%");
        assert_eq!(sentence("every day"), "Every day");
        let texts = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&texts), "a, b and c");
        assert_eq!(list(&texts[..1]), "a");
        assert_eq!(list(&[]), "");
    }
}
