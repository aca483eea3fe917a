//! Numbers and dates as pages and mails write them, in the language of the page and not that of the browser.

use std::ops::Range;

use crate::model::language::t;
#[cfg(feature = "ssr")]
use crate::model::language::t_context;
use crate::model::language::t_noop;
use crate::model::language::text_in_context;

static MONTHS: [&str; 12] = [
    t_noop!("month", "January"),
    t_noop!("month", "February"),
    t_noop!("month", "March"),
    t_noop!("month", "April"),
    t_noop!("month", "May"),
    t_noop!("month", "June"),
    t_noop!("month", "July"),
    t_noop!("month", "August"),
    t_noop!("month", "September"),
    t_noop!("month", "October"),
    t_noop!("month", "November"),
    t_noop!("month", "December"),
];

static SHORT_MONTHS: [&str; 12] = [
    t_noop!("short month", "Jan"),
    t_noop!("short month", "Feb"),
    t_noop!("short month", "Mar"),
    t_noop!("short month", "Apr"),
    t_noop!("short month", "May"),
    t_noop!("short month", "Jun"),
    t_noop!("short month", "Jul"),
    t_noop!("short month", "Aug"),
    t_noop!("short month", "Sep"),
    t_noop!("short month", "Oct"),
    t_noop!("short month", "Nov"),
    t_noop!("short month", "Dec"),
];

/// For example `November`; `None` where the calendar has no such month. Months count from 0.
pub fn name_of_month(month: u32) -> Option<&'static str> {
    MONTHS
        .get(month as usize)
        .map(|name| text_in_context("month", name))
}

/// A day of the calendar. Months count from 0, as in JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub year: u32,
    pub month: u32,
    pub day: u32,
}

impl Day {
    /// For example `Nov`; empty where the calendar has no such month.
    fn short_month_name(self) -> &'static str {
        let name = SHORT_MONTHS.get(self.month as usize);
        name.map_or("", |name| text_in_context("short month", name))
    }

    /// For example `2 November 2026`; `None` where the calendar has no such month.
    pub fn long(self) -> Option<String> {
        Some(self.with_year(name_of_month(self.month)?))
    }

    /// For example `2 Nov 2026`.
    pub fn medium(self) -> String {
        self.with_year(self.short_month_name())
    }

    /// For example `2 November`; `None` where the calendar has no such month.
    pub fn without_year(self) -> Option<String> {
        Some(self.with_month(name_of_month(self.month)?))
    }

    /// For example `2 Nov`.
    pub fn short(self) -> String {
        self.with_month(self.short_month_name())
    }

    fn with_month(self, month: &str) -> String {
        t!("{day} {month}", day = self.day, month = month)
    }

    fn with_year(self, month: &str) -> String {
        t!(
            "{day} {month} {year}",
            day = self.day,
            month = month,
            year = self.year,
        )
    }
}

/// An RFC 3339 timestamp of UTC, for example as `2 November 2026, 05:29 UTC`; `None` where `at` is no
/// such timestamp.
pub fn utc_timestamp(at: &str) -> Option<String> {
    let number = |part: Range<usize>| at.get(part)?.parse::<u32>().ok();
    let day = Day {
        year: number(0..4)?,
        month: number(5..7)?.checked_sub(1)?,
        day: number(8..10)?,
    };
    Some(t!(
        "{date}, {time} UTC",
        date = day.long()?,
        time = at.get(11..16)?,
    ))
}

/// A label within a sentence: in most languages with small letters. In German, nouns keep their large one.
#[cfg(feature = "ssr")]
pub fn within_sentence(label: &str) -> String {
    match t_context!("labels within a sentence: lower, or kept", "lower") {
        "lower" => label.to_lowercase(),
        _ => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_with_the_name_of_its_month() {
        let day = |month, day| Day {
            year: 2026,
            month,
            day,
        };
        assert_eq!(day(10, 2).long().as_deref(), Some("2 November 2026"));
        assert_eq!(day(8, 30).short(), "30 Sep");
        assert_eq!(day(8, 30).medium(), "30 Sep 2026");
        assert_eq!(day(12, 1).long(), None);
    }

    #[test]
    fn a_utc_timestamp_does_not_let_month_and_day_be_mistaken() {
        let written = utc_timestamp("2026-11-02T05:29:00.000Z");
        assert_eq!(written.as_deref(), Some("2 November 2026, 05:29 UTC"));
        for odd in ["", "2026", "2026-13-01T00:00:00.000Z", "yesterday at noon"] {
            assert_eq!(utc_timestamp(odd), None, "{odd}");
        }
    }
}
