//! Numbers and dates as pages and mails write them, the same in every locale.

use std::ops::Range;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day of the calendar. Months count from 0, as in JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub year: u32,
    pub month: u32,
    pub day: u32,
}

impl Day {
    fn month_name(self) -> Option<&'static str> {
        MONTHS.get(self.month as usize).copied()
    }

    /// For example `2 November 2026`; `None` where the calendar has no such month.
    pub fn long(self) -> Option<String> {
        Some([&*self.without_year()?, " ", &self.year.to_string()].concat())
    }

    /// For example `2 November`; `None` where the calendar has no such month.
    pub fn without_year(self) -> Option<String> {
        Some([&*self.day.to_string(), " ", self.month_name()?].concat())
    }

    /// For example `2 Nov`.
    pub fn short(self) -> String {
        let month = self.month_name().and_then(|name| name.get(..3));
        [&*self.day.to_string(), " ", month.unwrap_or_default()].concat()
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
    Some([&*day.long()?, ", ", at.get(11..16)?, " UTC"].concat())
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
