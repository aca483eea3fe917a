//! Cron expressions of five fields, in a time zone.
//!
//! `minute hour day-of-month month day-of-week`, each `*`, a number, a range, a list, or any of them
//! with a step; months and days of the week may be named. Before them may stand `CRON_TZ=` and a time
//! zone, otherwise it is UTC. As everywhere, when both days are given one of them is enough.
//!
//! Where a clock is put forward, what falls into the gap happens after it; where it is put back, what
//! would happen twice happens the first time.

mod words;

use std::str::FromStr;

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// When something is due, again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Cron {
    zone: TimeZone,
    /// Bit sets.
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    /// 0 is Sunday.
    weekdays: u64,
    /// Whether the fields of days begin with `*`: then the other one decides alone.
    any_day: bool,
    any_weekday: bool,
}

/// The text is no cron expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidCron(String);

/// The next date of any expression that has one is within this many days: a 29 February may be eight
/// years away, and on a given day of the week that is not asked for.
const FARTHEST_DAYS: u32 = 366 * 9;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl FromStr for Cron {
    type Err = InvalidCron;

    fn from_str(text: &str) -> Result<Self, InvalidCron> {
        let mut words = text.split_whitespace().peekable();
        let zone = words.next_if(|word| word.starts_with("CRON_TZ=") || word.starts_with("TZ="));
        let zone = match zone.and_then(|word| word.split_once('=')) {
            Some((_, name)) => TimeZone::get(name)
                .map_err(|_| InvalidCron(format!("there is no time zone {name}")))?,
            None => TimeZone::UTC,
        };
        let words: Vec<String> = words.map(str::to_lowercase).collect();
        let [minutes, hours, days, months, weekdays] = &words[..] else {
            return Err(InvalidCron(format!(
                "a cron expression has five fields, such as 0 9 * * *; this has {}",
                words.len()
            )));
        };
        let weekday_set = field("day of the week", weekdays, 0, 7, &WEEKDAYS, 0)?;
        Ok(Self {
            zone,
            minutes: field("minute", minutes, 0, 59, &[], 0)?,
            hours: field("hour", hours, 0, 23, &[], 0)?,
            days: field("day of the month", days, 1, 31, &[], 0)?,
            months: field("month", months, 1, 12, &MONTHS, 1)?,
            // 7 is Sunday too.
            weekdays: weekday_set | weekday_set >> 7 & 1,
            any_day: days.starts_with('*'),
            any_weekday: weekdays.starts_with('*'),
        })
    }
}

/// The numbers that a field names, as bits. `names` stand for the numbers from `first_name` on.
fn field(
    what: &str,
    text: &str,
    least: u32,
    most: u32,
    names: &[&str],
    first_name: u32,
) -> Result<u64, InvalidCron> {
    let wrong = || {
        InvalidCron(format!(
            "the {what} cannot be {text}; it is from {least} to {most}"
        ))
    };
    let number = |word: &str| {
        let named = names
            .iter()
            .zip(first_name..)
            .find(|(name, _)| **name == word);
        let number = named
            .map(|(_, number)| number)
            .or_else(|| word.parse().ok());
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(wrong)
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse().map_err(|_| wrong())?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (number(from)?, number(to)?),
            // With a step, a number alone means from there on.
            None if part.contains('/') => (number(range)?, most),
            None => (number(range)?, number(range)?),
        };
        if step == 0 || from > to {
            return Err(wrong());
        }
        set |= (from..=to)
            .step_by(step)
            .fold(0, |set, number| set | 1 << number);
    }
    Ok(set)
}

impl Cron {
    /// The first time after `after`; `None` if there is none, as on a 30 February.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let mut date = after.to_zoned(self.zone.clone()).date();
        for _ in 0..FARTHEST_DAYS {
            if self.is_on(date) {
                let due = self.times(date).find(|due| *due > after);
                if due.is_some() {
                    return due;
                }
            }
            date = date.checked_add(1.day()).ok()?;
        }
        None
    }

    fn is_on(&self, date: Date) -> bool {
        let has = |set: u64, number: i8| set & 1 << number != 0;
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        let either = match (self.any_day, self.any_weekday) {
            (false, false) => day || weekday,
            _ => day && weekday,
        };
        has(self.months, date.month()) && either
    }

    fn times(&self, date: Date) -> impl Iterator<Item = Timestamp> {
        let numbers = |set: u64| (0..60_i8).filter(move |number| set & 1 << number != 0);
        numbers(self.hours).flat_map(move |hour| {
            numbers(self.minutes).filter_map(move |minute| {
                let due = date.at(hour, minute, 0, 0).to_zoned(self.zone.clone());
                due.ok().map(|due| due.timestamp())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(cron: &str, from: &str, count: usize) -> Vec<String> {
        let cron: Cron = cron.parse().expect(cron);
        let mut at: Timestamp = from.parse().expect("a time");
        let mut times = Vec::new();
        for _ in 0..count {
            at = cron.next_after(at).expect("a next time");
            times.push(at.to_string());
        }
        times
    }

    #[test]
    fn the_next_times() {
        for (cron, from, expected) in [
            (
                "0 9 * * *",
                "2026-11-22T08:59:59Z",
                &["2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z"][..],
            ),
            (
                "0 9 * * *",
                "2026-11-22T09:00:00Z",
                &["2026-11-23T09:00:00Z"],
            ),
            (
                "*/20 22-23 * * *",
                "2026-11-22T22:30:00Z",
                &["2026-11-22T22:40:00Z", "2026-11-22T23:00:00Z"],
            ),
            (
                "5/30 0 * * *",
                "2026-11-22T00:00:00Z",
                &[
                    "2026-11-22T00:05:00Z",
                    "2026-11-22T00:35:00Z",
                    "2026-11-23T00:05:00Z",
                ],
            ),
            (
                "0 0 29 2 *",
                "2026-11-22T00:00:00Z",
                &["2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"],
            ),
            // Either of two days; names; Sunday twice.
            (
                "0 0 13 * FRI",
                "2026-11-01T00:00:00Z",
                &[
                    "2026-11-06T00:00:00Z",
                    "2026-11-13T00:00:00Z",
                    "2026-11-20T00:00:00Z",
                ],
            ),
            (
                "0 0 * dec 7",
                "2026-11-22T00:00:00Z",
                &["2026-12-06T00:00:00Z", "2026-12-13T00:00:00Z"],
            ),
            // Paris is an hour ahead of UTC in winter, two in summer.
            (
                "CRON_TZ=Europe/Paris 0 9 * * *",
                "2026-03-27T12:00:00Z",
                &["2026-03-28T08:00:00Z", "2026-03-29T07:00:00Z"],
            ),
            // 02:30 does not exist on the day the clocks go forward.
            (
                "CRON_TZ=Europe/Paris 30 2 * * *",
                "2026-03-28T12:00:00Z",
                &["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"],
            ),
            // It comes twice on the day they go back.
            (
                "CRON_TZ=Europe/Paris 30 2 * * *",
                "2026-10-24T12:00:00Z",
                &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
            ),
        ] {
            assert_eq!(times(cron, from, expected.len()), expected, "{cron}");
        }
        let never: Cron = "0 0 30 2 *".parse().expect("a cron expression");
        assert_eq!(never.next_after(Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("0 9 * *", "five fields"),
            ("0 9 * * * *", "five fields"),
            ("60 9 * * *", "minute"),
            ("0 24 * * *", "hour"),
            ("0 9 0 * *", "day of the month"),
            ("0 9 * 13 *", "month"),
            ("0 9 * * 8", "day of the week"),
            ("0 9 * * fri-mon", "day of the week"),
            ("*/0 * * * *", "minute"),
            ("1-x * * * *", "minute"),
            (", * * * *", "minute"),
            ("CRON_TZ=Mars/Olympus 0 9 * * *", "time zone"),
        ] {
            let error = text.parse::<Cron>().expect_err(text);
            assert!(error.to_string().contains(said), "{error}");
        }
    }
}
