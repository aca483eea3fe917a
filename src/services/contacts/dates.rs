//! Dates: the days of contacts that come back each year, which are birthdays, anniversaries, and other dates of their
//! cards.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use utoipa::ToSchema;

use super::catalogue::Field;
use super::fields::shown_label;
use crate::model::contact::ContactId;
use crate::model::format::Day;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::services::format;

/// A year that has every day.
pub const LEAP_YEAR: i16 = 2000;

/// The last day that a year without 29 February has in its place.
const LEAP_DAY_ELSEWHERE: DayOfYear = DayOfYear { month: 2, day: 28 };

/// What a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DateKind {
    Birthday,
    Anniversary,
    Other,
}

impl DateKind {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Birthday => "birthday",
            Self::Anniversary => "anniversary",
            Self::Other => "other",
        }
    }

    pub fn of_name(name: &str) -> Self {
        match name {
            "birthday" => Self::Birthday,
            "anniversary" => Self::Anniversary,
            _ => Self::Other,
        }
    }

    /// What people call the day; a label says more than the kind.
    pub fn words(self, label: &str) -> &str {
        match self {
            Self::Birthday => t!("Birthday"),
            Self::Anniversary => t!("Anniversary"),
            Self::Other if label.is_empty() => t!("Date"),
            Self::Other => shown_label(label),
        }
    }
}

/// A day of any year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DayOfYear {
    /// From 1.
    pub month: i8,
    /// From 1.
    pub day: i8,
}

impl DayOfYear {
    pub const FIRST: Self = Self { month: 1, day: 1 };

    /// Behind all others.
    pub const END: Self = Self { month: 13, day: 1 };

    pub fn of(date: Date) -> Self {
        Self {
            month: date.month(),
            day: date.day(),
        }
    }

    pub fn is_leap_day(self) -> bool {
        (self.month, self.day) == (2, 29)
    }

    /// The day in a year: 29 February is 28 February in a year without it.
    pub fn in_year(self, year: i16) -> Date {
        let date = |day: Self| Date::new(year, day.month, day.day);
        date(self)
            .or_else(|_| date(LEAP_DAY_ELSEWHERE))
            .unwrap_or(Date::MAX)
    }

    /// The first such day from this one on.
    pub fn next(self, from: Date) -> Date {
        let this_year = self.in_year(from.year());
        match this_year >= from {
            true => this_year,
            false => self.in_year(from.year().saturating_add(1)),
        }
    }

    /// For example `10 December`.
    pub fn words(self) -> String {
        let day = Day {
            year: 0,
            month: u32::from(self.month.unsigned_abs()).saturating_sub(1),
            day: self.day.unsigned_abs().into(),
        };
        day.without_year().unwrap_or_default()
    }
}

/// A day as a card says it: `1815-12-10`, or `--12-10` without a year. `None` for any other text.
pub fn parse_day(text: &str) -> Option<(DayOfYear, Option<i16>)> {
    let (date, has_year) = match text.strip_prefix("--") {
        Some(day) => (format!("{LEAP_YEAR}-{day}").parse::<Date>(), false),
        None => (text.parse(), true),
    };
    let date = date.ok()?;
    Some((DayOfYear::of(date), has_year.then(|| date.year())))
}

/// A date of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactDate {
    /// Its place among the dates of the contact. That of the birthday and that of the anniversary never change.
    pub place: u32,
    pub kind: DateKind,
    /// What the card calls another date; often empty.
    pub label: String,
    pub on: DayOfYear,
    /// `None` where the card does not say it.
    pub year: Option<i16>,
}

impl ContactDate {
    /// As a card says it: `1815-12-10`, or `--12-10` without a year.
    pub fn text(&self) -> String {
        let DayOfYear { month, day } = self.on;
        match self.year {
            Some(_) => self.original().to_string(),
            None => format!("--{month:02}-{day:02}"),
        }
    }

    /// The day in its own year, or in a year that has every day.
    pub fn original(&self) -> Date {
        self.on.in_year(self.year.unwrap_or(LEAP_YEAR))
    }
}

/// The dates in the fields of a contact. What is no day is none of them.
pub fn dates_in(fields: &Map<String, Value>) -> Vec<ContactDate> {
    let said = |field: Field| fields.get(field.spec().name);
    let others = said(Field::Dates).and_then(Value::as_array);
    let others = others.into_iter().flatten().map(|entry| {
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let label = text("label").unwrap_or_default();
        (DateKind::Other, label, text("value"))
    });
    let first = [
        (DateKind::Birthday, Field::Birthday),
        (DateKind::Anniversary, Field::Anniversary),
    ];
    let first = first.map(|(kind, field)| (kind, "", said(field).and_then(Value::as_str)));
    let all = (0..).zip(first.into_iter().chain(others));
    let dates = all.filter_map(|(place, (kind, label, text))| {
        let (on, year) = parse_day(text?)?;
        Some(ContactDate {
            place,
            kind,
            label: label.to_owned(),
            on,
            year,
        })
    });
    dates.collect()
}

/// Some days from one on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    from: Date,
    days: u16,
}

impl Period {
    /// As many days as a leap year has: each date is in it once.
    pub const MAX_DAYS: u16 = 366;

    /// `None` unless there are from 1 to [`MAX_DAYS`](Self::MAX_DAYS) days, all of the years from 1 to 9998.
    pub fn new(from: Date, days: u16) -> Option<Self> {
        let is_valid = (1..=Self::MAX_DAYS).contains(&days) && (1..9998).contains(&from.year());
        is_valid.then_some(Self { from, days })
    }

    /// Each day of the year once.
    pub fn year_from(from: Date) -> Self {
        Self {
            from,
            days: Self::MAX_DAYS,
        }
    }

    pub fn from(self) -> Date {
        self.from
    }

    /// Its days in two parts, of which the second one is in the next year, and may be empty. Each goes from a day to one
    /// before another. 29 February stands behind 28 February also in a year without it.
    pub fn parts(self) -> [[DayOfYear; 2]; 2] {
        let first = DayOfYear::of(self.from);
        let end = match self.days {
            Self::MAX_DAYS.. => first,
            days => DayOfYear::of(self.from.saturating_add(i64::from(days).days())),
        };
        match first < end {
            true => [[first, end], [end, end]],
            false => [[first, DayOfYear::END], [DayOfYear::FIRST, end]],
        }
    }
}

/// A date with the contact that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateOfContact {
    pub contact: ContactId,
    pub name: String,
    /// The address of the photo.
    pub photo: Option<String>,
    /// When the contact was last changed, in milliseconds.
    pub updated_at: i64,
    pub date: ContactDate,
}

impl DateOfContact {
    /// Where a page ends that has this one last.
    pub fn cursor(&self) -> DateCursor {
        DateCursor {
            on: self.date.on,
            contact: self.contact,
            place: self.date.place,
        }
    }

    /// How many years the day has come back at this date; `None` where that is not known, or in the first year.
    pub fn years_at(&self, date: Date) -> Option<u16> {
        let years = date.year().checked_sub(self.date.year?)?;
        u16::try_from(years).ok().filter(|years| *years > 0)
    }
}

impl DateOfContact {
    /// What the day is when it comes on this date, and how many years it has come back then: `Turns 30`, or `Anniversary`
    /// and `, 10 years`.
    pub fn told_at(&self, at: Date) -> (String, Option<String>) {
        let words = self.date.kind.words(&self.date.label);
        let years = self.years_at(at).map(u64::from);
        match (self.date.kind, years) {
            (DateKind::Birthday, Some(years)) => {
                (t!("Turns {years}", years = format::number(years)), None)
            }
            (_, Some(years)) => (
                format::sentence(words),
                Some(t_plural!(years, ", {count} year", ", {count} years")),
            ),
            (_, None) => (format::sentence(words), None),
        }
    }
}

/// The dates of a period that stand on a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatePage {
    /// In the order in which they come.
    pub dates: Vec<DateOfContact>,
    /// `None` on the last page.
    pub next: Option<DateCursor>,
}

/// The last date of a page. As text it is `1210`, the id of the contact, and the place, with dots between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateCursor {
    pub on: DayOfYear,
    pub contact: ContactId,
    pub place: u32,
}

impl fmt::Display for DateCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { on, contact, place } = self;
        write!(f, "{:02}{:02}.{contact}.{place}", on.month, on.day)
    }
}

/// The text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCursor;

impl FromStr for DateCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let mut parts = text.split('.');
        let (Some(day), Some(contact), Some(place), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NoCursor);
        };
        let (month, day) = day.split_at_checked(2).ok_or(NoCursor)?;
        let number = |digits: &str| digits.parse::<u16>().map_err(|_| NoCursor);
        let (month, day, place) = (number(month)?, number(day)?, number(place)?);
        let date = |part: u16| i8::try_from(part).map_err(|_| NoCursor);
        let date = Date::new(LEAP_YEAR, date(month)?, date(day)?).map_err(|_| NoCursor)?;
        let cursor = Self {
            on: DayOfYear::of(date),
            contact: contact.parse().map_err(|_| NoCursor)?,
            place: place.into(),
        };
        // A number and an id have other texts as well.
        (cursor.to_string() == text)
            .then_some(cursor)
            .ok_or(NoCursor)
    }
}

#[cfg(test)]
impl DateOfContact {
    /// A date as a card has it in `text`.
    pub fn example(name: &str, kind: DateKind, label: &str, text: &str) -> Self {
        let (on, year) = parse_day(text).expect("a day");
        Self {
            contact: ContactId::new(uuid::Uuid::nil()),
            name: name.to_owned(),
            photo: None,
            updated_at: 1_800_000_000_123,
            date: ContactDate {
                place: 2,
                kind,
                label: label.to_owned(),
                on,
                year,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    fn day(month: i8, day: i8) -> DayOfYear {
        DayOfYear { month, day }
    }

    #[test]
    fn a_day_is_read_as_cards_have_it() {
        assert_eq!(parse_day("1815-12-10"), Some((day(12, 10), Some(1815))));
        assert_eq!(parse_day("--02-29"), Some((day(2, 29), None)));
        for text in [
            "",
            "--",
            "--02-30",
            "1985-02-29",
            "about 1815",
            "1815",
            "--13-01",
        ] {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }

    #[test]
    fn the_dates_of_a_contact_are_its_birthday_its_anniversary_and_others() {
        let fields = json!({
            "birthday": "1815-12-10",
            "anniversary": "some day",
            "dates": [{ "value": "--07-08", "label": "first met" }, { "value": "later" }, { "value": "2001-01-02" }],
            "name": "Ada",
        });
        let dates = dates_in(fields.as_object().expect("an object"));
        let told: Vec<_> = dates
            .iter()
            .map(|date| (date.place, date.kind.words(&date.label), date.on, date.year))
            .collect();
        assert_eq!(
            told,
            [
                (0, "Birthday", day(12, 10), Some(1815)),
                (2, "first met", day(7, 8), None),
                (4, "Date", day(1, 2), Some(2001)),
            ]
        );
        assert_eq!(dates_in(&Map::new()), []);
    }

    #[test]
    fn the_29th_of_february_is_the_28th_in_other_years() {
        let leap = day(2, 29);
        for (from, next) in [
            ("2026-11-28", "2027-02-28"),
            ("2027-02-28", "2027-02-28"),
            ("2027-03-01", "2028-02-29"),
            ("2028-02-28", "2028-02-29"),
            ("2028-02-29", "2028-02-29"),
            ("2028-03-01", "2029-02-28"),
        ] {
            assert_eq!(leap.next(date(from)), date(next), "{from}");
        }
    }

    #[test]
    fn years_are_counted_where_they_are_known() {
        let of = |year| {
            let mut of = DateOfContact::example("Ada", DateKind::Birthday, "", "--12-10");
            of.date.year = year;
            of
        };
        let at = date("2026-12-10");
        assert_eq!(of(Some(1996)).years_at(at), Some(30));
        assert_eq!(of(Some(2026)).years_at(at), None);
        assert_eq!(of(Some(2030)).years_at(at), None);
        assert_eq!(of(Some(-9999)).years_at(at), Some(12_025));
        assert_eq!(of(None).years_at(at), None);
    }

    #[test]
    fn a_date_says_how_often_it_has_come_back() {
        use DateKind::Anniversary;
        use DateKind::Birthday;
        use DateKind::Other;
        for (kind, label, text, expected) in [
            (Birthday, "", "1996-12-10", ("Turns 30", None)),
            (Birthday, "", "--12-10", ("Birthday", None)),
            (Birthday, "", "2026-12-10", ("Birthday", None)),
            (
                Anniversary,
                "",
                "2025-12-10",
                ("Anniversary", Some(", 1 year")),
            ),
            (
                Other,
                "first met",
                "2016-12-10",
                ("First met", Some(", 10 years")),
            ),
            (Other, "", "--12-10", ("Date", None)),
        ] {
            let of = DateOfContact::example("Ada", kind, label, text);
            let (words, years) = of.told_at(date("2026-12-10"));
            assert_eq!((&*words, years.as_deref()), expected);
        }
    }

    proptest! {
        #[test]
        fn the_parts_of_a_period_have_each_date_that_comes_in_it(
            start in 0..2000_i64, days in 1..=Period::MAX_DAYS, day in 0..366_i64,
        ) {
            let from = date("2026-01-01").saturating_add(start.days());
            let of_year = DayOfYear::of(date("2028-01-01").saturating_add(day.days()));
            let period = Period::new(from, days).expect("a period");
            let found = period.parts().iter().filter(|[first, end]| (*first..*end).contains(&of_year)).count();
            let last = from.saturating_add(i64::from(days).days());
            prop_assert_eq!(found, usize::from(days == Period::MAX_DAYS || of_year.next(from) < last));
        }

        #[test]
        fn a_cursor_is_read_as_it_was_written(day in 0..366_i64, id in any::<u128>(), place in 0..=u16::MAX) {
            let cursor = DateCursor {
                on: DayOfYear::of(date("2028-01-01").saturating_add(day.days())),
                contact: ContactId::new(Uuid::from_u128(id)),
                place: place.into(),
            };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }

        #[test]
        fn what_is_no_cursor_is_refused(text in ".*", numbers in "[0-9]{0,5}\\.[0-9a-f-]{0,38}\\.[0-9+]{0,7}") {
            prop_assert_eq!(text.parse::<DateCursor>(), Err(NoCursor));
            if let Ok(cursor) = numbers.parse::<DateCursor>() {
                prop_assert_eq!(cursor.to_string(), numbers);
            }
        }
    }

    #[test]
    fn a_period_has_from_one_day_to_a_leap_year() {
        for (from, days) in [
            ("2026-01-01", 0),
            ("2026-01-01", 367),
            ("9998-01-01", 1),
            ("0000-01-01", 1),
        ] {
            assert_eq!(Period::new(date(from), days), None, "{from} {days}");
        }
    }
}
