//! Numbers and dates as pages and mails write them, in the language of the page and not that of the browser.

use std::ops::Range;

use crate::model::language::t;
use crate::model::language::t_context;

/// For example `November`; `None` where the calendar has no such month. Months count from 0.
pub fn name_of_month(month: u32) -> Option<&'static str> {
    Some(match month {
        0 => t_context!("month", "January"),
        1 => t_context!("month", "February"),
        2 => t_context!("month", "March"),
        3 => t_context!("month", "April"),
        4 => t_context!("month", "May"),
        5 => t_context!("month", "June"),
        6 => t_context!("month", "July"),
        7 => t_context!("month", "August"),
        8 => t_context!("month", "September"),
        9 => t_context!("month", "October"),
        10 => t_context!("month", "November"),
        11 => t_context!("month", "December"),
        _ => return None,
    })
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
        match self.month {
            0 => t_context!("short month", "Jan"),
            1 => t_context!("short month", "Feb"),
            2 => t_context!("short month", "Mar"),
            3 => t_context!("short month", "Apr"),
            4 => t_context!("short month", "May"),
            5 => t_context!("short month", "Jun"),
            6 => t_context!("short month", "Jul"),
            7 => t_context!("short month", "Aug"),
            8 => t_context!("short month", "Sep"),
            9 => t_context!("short month", "Oct"),
            10 => t_context!("short month", "Nov"),
            11 => t_context!("short month", "Dec"),
            _ => "",
        }
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

/// A number as the reader's language groups its digits, for example `12,345`.
pub fn number(number: u64) -> String {
    let separator = t_context!("separator of thousands", ",");
    group_digits(number, separator.chars().next().unwrap_or(','))
}

/// A label within a sentence: in most languages with small letters. In German, nouns keep their large one.
#[cfg(feature = "ssr")]
pub fn within_sentence(label: &str) -> String {
    match t_context!("labels within a sentence: lower, or kept", "lower") {
        "lower" => label.to_lowercase(),
        _ => label.to_owned(),
    }
}

/// A number with a separator between its groups of three digits, for example `12,345`.
pub fn group_digits(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
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

    #[test]
    fn digits_are_grouped_by_three() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1\u{202f}000"),
            (1_234_567, "1\u{202f}234\u{202f}567"),
        ];
        for (number, text) in cases {
            assert_eq!(group_digits(number, '\u{202f}'), text);
        }
        assert_eq!(group_digits(1_234_567, ','), "1,234,567");
    }
}
