//! Cron expressions as text.

use std::str::FromStr;

use jiff::tz::TimeZone;

use super::field::DAYS;
use super::field::DAYS_OF_WEEK;
use super::field::HOURS;
use super::field::InvalidCron;
use super::field::MINUTES;
use super::field::MONTHS_OF_YEAR;

/// A cron expression.
///
/// ```
/// use jiff::Timestamp;
/// use kith_queue::cron::Cron;
///
/// let cron: Cron = "CRON_TZ=Europe/Paris 0 9 * * mon-fri".parse()?;
/// let friday_evening: Timestamp = "2026-11-20T18:00:00Z".parse()?;
/// let monday_morning: Timestamp = "2026-11-23T08:00:00Z".parse()?;
/// assert_eq!(cron.next_after(friday_evening), Some(monday_morning));
/// assert_eq!(
///     cron.description().as_deref(),
///     Some("every weekday at 09:00 Europe/Paris")
/// );
/// assert!("0 9 * *".parse::<Cron>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Cron {
    pub(super) zone: TimeZone,
    /// Each field is a bit set of its numbers.
    pub(super) minutes: u64,
    pub(super) hours: u64,
    pub(super) days: u64,
    pub(super) months: u64,
    /// 0 is Sunday.
    pub(super) weekdays: u64,
    /// Whether the field of a day begins with `*`. The other day then decides alone.
    pub(super) any_day: bool,
    pub(super) any_weekday: bool,
    /// Whether the minutes or the hours have a range, a step or `*`.
    pub(super) interval: bool,
}

/// Names that stand for five fields.
const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl Cron {
    /// Whether it is an interval, such as every five minutes. An interval is due at the same time of day twice
    /// where a clock is put back.
    pub fn is_interval(&self) -> bool {
        self.interval
    }
}

impl FromStr for Cron {
    type Err = InvalidCron;

    fn from_str(text: &str) -> Result<Self, InvalidCron> {
        let text = text.trim();
        let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let zone = first
            .strip_prefix("CRON_TZ=")
            .or_else(|| first.strip_prefix("TZ="));
        let (zone, fields) = match zone {
            Some(name) => (
                TimeZone::get(name)
                    .map_err(|_| InvalidCron(format!("there is no time zone {name}")))?,
                rest,
            ),
            None => (TimeZone::UTC, text),
        };
        let fields = fields.trim().to_lowercase();
        let words: Vec<&str> = expand(&fields)?.split_whitespace().collect();
        let &[minutes, hours, days, months, weekdays] = &words[..] else {
            return Err(InvalidCron(format!(
                "a cron expression has five fields, such as 0 9 * * *; this has {}",
                words.len()
            )));
        };
        let of_clock = |field: &str| field.bytes().all(|c| c.is_ascii_digit() || c == b',');
        Ok(Self {
            zone,
            minutes: MINUTES.parse(minutes)?,
            hours: HOURS.parse(hours)?,
            days: DAYS.parse(days)?,
            months: MONTHS_OF_YEAR.parse(months)?,
            weekdays: DAYS_OF_WEEK.parse(weekdays)?,
            any_day: days.starts_with('*'),
            any_weekday: weekdays.starts_with('*'),
            interval: !of_clock(minutes) || !of_clock(hours),
        })
    }
}

/// The five fields that a nickname stands for.
fn expand(fields: &str) -> Result<&str, InvalidCron> {
    if !fields.starts_with('@') {
        return Ok(fields);
    }
    let known = NICKNAMES.iter().find(|(name, _)| *name == fields);
    known.map(|(_, fields)| *fields).ok_or_else(|| {
        let names: Vec<&str> = NICKNAMES.iter().map(|(name, _)| *name).collect();
        InvalidCron(format!(
            "there is no {fields}; there are {}, and five fields, such as 0 9 * * *",
            names.join(", ")
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_field() {
        for (text, expected) in [
            ("0 9 * *", "five fields"),
            ("0 9 * * * *", "five fields"),
            ("60 9 * * *", "minute"),
            ("0 24 * * *", "hour"),
            ("0 9 0 * *", "day of the month"),
            ("0 9 * 13 *", "month"),
            ("0 9 * * 8", "day of the week"),
            ("0 9 * * 5-9", "day of the week"),
            ("0 22-6 * * *", "write 22-23,0-6"),
            ("0 9 28-3 * *", "write 28-31,1-3"),
            ("0 9 L * *", "not supported"),
            ("0 9 15W * *", "not supported"),
            ("0 9 * * fri#2", "not supported"),
            ("0 9 ? * *", "not supported"),
            ("@reboot", "@hourly"),
            ("@every 5m", "five fields"),
            ("@daily *", "@daily"),
            ("CRON_TZ=Europe/Paris", "five fields"),
            ("", "five fields"),
            ("*/0 * * * *", "minute"),
            ("1-x * * * *", "minute"),
            (", * * * *", "minute"),
            ("CRON_TZ=Mars/Olympus 0 9 * * *", "time zone"),
        ] {
            let error = text.parse::<Cron>().expect_err(text);
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}
