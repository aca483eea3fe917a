//! The times at which a cron expression is due.

use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::tz::AmbiguousOffset;
use jiff::tz::Offset;

use super::Cron;

/// The next date of any expression that has one is within this many days: a 29 February may be eight years away,
/// and a day of the week makes no date later, because one of the two days is enough.
const MAX_SEARCH_DAYS: u32 = 366 * 9;

/// The largest change of a clock, and a little more. A country that moves to the other side of the date line
/// leaves out a whole day.
const MAX_CLOCK_CHANGE: SignedDuration = SignedDuration::from_hours(26);

impl Cron {
    /// The first time that is later than `after`. `None` where there is none, as on a 30 February.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let mut from = after.to_zoned(self.zone.clone()).datetime();
        if self.changes_around(after) {
            // The clock may show the last hours again, or has left out some that are still due.
            from = from.checked_sub(MAX_CLOCK_CHANGE).unwrap_or(from);
        }
        let first_after = |date: Date| {
            let mut earliest = None;
            let times = self.is_on(date).then(|| self.times(date));
            for shown in times.into_iter().flatten().filter(|shown| *shown >= from) {
                let (instants, in_order) = self.instants(shown);
                let due = instants.into_iter().flatten().filter(|due| *due > after);
                let Some(due) = due.min() else { continue };
                earliest = earliest.into_iter().chain([due]).min();
                if in_order {
                    break;
                }
            }
            earliest
        };
        let mut date = from.date();
        for _ in 0..MAX_SEARCH_DAYS {
            let next_date = date.checked_add(1.day()).ok()?;
            if let Some(due) = first_after(date) {
                return first_after(next_date).into_iter().chain([due]).min();
            }
            date = next_date;
        }
        None
    }

    /// Whether the clock changes so close to `at` that earlier times of day matter.
    fn changes_around(&self, at: Timestamp) -> bool {
        let offset = |at: Timestamp| self.zone.to_offset(at);
        let before = at.checked_sub(MAX_CLOCK_CHANGE).unwrap_or(at);
        let later = at.checked_add(MAX_CLOCK_CHANGE).unwrap_or(at);
        offset(before) != offset(later)
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

    /// All times of day that the fields name, in order.
    fn times(&self, date: Date) -> impl Iterator<Item = DateTime> {
        let numbers = |set: u64| (0..60_i8).filter(move |number| set & 1 << number != 0);
        let minutes = self.minutes;
        numbers(self.hours)
            .flat_map(move |hour| numbers(minutes).map(move |minute| date.at(hour, minute, 0, 0)))
    }

    /// The instants at which the clock shows a time, or would show it if it had not been put forward: one, or two
    /// for an interval that a clock shows again after it was put back. And whether all later times of day come
    /// after them.
    fn instants(&self, shown: DateTime) -> ([Option<Timestamp>; 2], bool) {
        let ambiguous = self.zone.to_ambiguous_timestamp(shown).offset();
        let (first, second, in_order) = match ambiguous {
            AmbiguousOffset::Unambiguous { offset } => (offset, None, true),
            AmbiguousOffset::Gap { before, .. } => (before, None, false),
            AmbiguousOffset::Fold { before, after } => {
                (before, self.interval.then_some(after), false)
            }
        };
        let instant = |offset: Offset| offset.to_timestamp(shown).ok();
        ([instant(first), second.and_then(instant)], in_order)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::collections::HashSet;
    use std::ops::RangeInclusive;
    use std::sync::LazyLock;

    use jiff::tz::TimeZone;
    use proptest::prelude::*;

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

    /// Expressions, when to begin, and the times that follow.
    const NEXT_TIMES: &[(&str, &str, &[&str])] = &[
        (
            "0 9 * * *",
            "2026-11-22T08:59:59Z",
            &["2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z"],
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
        // An interval goes on while the hour comes a second time.
        (
            "CRON_TZ=Europe/Paris 0 * * * *",
            "2026-10-24T23:30:00Z",
            &[
                "2026-10-25T00:00:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T02:00:00Z",
            ],
        ),
        (
            "CRON_TZ=Europe/Paris */30 * * * *",
            "2026-10-25T00:00:00Z",
            &[
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T01:30:00Z",
                "2026-10-25T02:00:00Z",
            ],
        ),
        (
            "CRON_TZ=Europe/Paris 30 1-3 * * *",
            "2026-10-24T12:00:00Z",
            &[
                "2026-10-24T23:30:00Z",
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:30:00Z",
                "2026-10-25T02:30:00Z",
            ],
        ),
        // Two fixed times, each of them once.
        (
            "CRON_TZ=Europe/Paris 0,30 2 * * *",
            "2026-10-24T12:00:00Z",
            &[
                "2026-10-25T00:00:00Z",
                "2026-10-25T00:30:00Z",
                "2026-10-26T01:00:00Z",
            ],
        ),
        // It goes on while an hour is left out, too.
        (
            "CRON_TZ=Europe/Paris 30 * * * *",
            "2026-03-29T00:00:00Z",
            &["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"],
        ),
        // Lord Howe Island changes by half an hour: back at 02:00, forward at 02:00.
        (
            "CRON_TZ=Australia/Lord_Howe 30 * * * *",
            "2026-04-04T14:00:00Z",
            &[
                "2026-04-04T14:30:00Z",
                "2026-04-04T15:00:00Z",
                "2026-04-04T16:00:00Z",
            ],
        ),
        (
            "CRON_TZ=Australia/Lord_Howe 0 * * * *",
            "2026-10-03T14:00:00Z",
            &[
                "2026-10-03T14:30:00Z",
                "2026-10-03T15:30:00Z",
                "2026-10-03T16:00:00Z",
            ],
        ),
        // Cairo goes from midnight to one, and from midnight back to eleven the day before.
        (
            "CRON_TZ=Africa/Cairo 0 0 * * *",
            "2026-04-23T12:00:00Z",
            &["2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"],
        ),
        (
            "CRON_TZ=Africa/Cairo 30 23 * * *",
            "2026-10-29T12:00:00Z",
            &["2026-10-29T20:30:00Z", "2026-10-30T21:30:00Z"],
        ),
        // Ranges over the end of the week and of the year, and Sunday at either end.
        (
            "0 0 * * SAT-SUN",
            "2026-11-22T12:00:00Z",
            &["2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"],
        ),
        (
            "0 0 * * fri-mon/3",
            "2026-11-22T12:00:00Z",
            &["2026-11-23T00:00:00Z", "2026-11-27T00:00:00Z"],
        ),
        (
            "0 0 1 nov-feb *",
            "2026-12-15T00:00:00Z",
            &[
                "2027-01-01T00:00:00Z",
                "2027-02-01T00:00:00Z",
                "2027-11-01T00:00:00Z",
            ],
        ),
        (
            "0 0 * * 6-7",
            "2026-11-22T12:00:00Z",
            &["2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"],
        ),
        (
            "0 0 * * 0-7",
            "2026-11-22T12:00:00Z",
            &["2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"],
        ),
        // From Friday on are Friday and, two days later, nothing more of that week.
        (
            "0 0 * * 5/2",
            "2026-11-22T12:00:00Z",
            &["2026-11-27T00:00:00Z", "2026-12-04T00:00:00Z"],
        ),
        (
            "@daily",
            "2026-11-22T12:00:00Z",
            &["2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"],
        ),
        (
            "CRON_TZ=Europe/Paris  @Midnight",
            "2026-11-22T12:00:00Z",
            &["2026-11-22T23:00:00Z"],
        ),
        ("@hourly", "2026-11-22T12:00:00Z", &["2026-11-22T13:00:00Z"]),
        // A Sunday.
        ("@weekly", "2026-11-23T12:00:00Z", &["2026-11-29T00:00:00Z"]),
        (
            "@monthly",
            "2026-11-23T12:00:00Z",
            &["2026-12-01T00:00:00Z"],
        ),
        ("@yearly", "2026-11-23T12:00:00Z", &["2027-01-01T00:00:00Z"]),
        (
            "@annually",
            "2026-11-23T12:00:00Z",
            &["2027-01-01T00:00:00Z"],
        ),
        // Before 1970 is a time like any other.
        ("@daily", "1969-06-01T12:00:00Z", &["1969-06-02T00:00:00Z"]),
    ];

    #[test]
    fn the_next_times() {
        for (cron, from, expected) in NEXT_TIMES {
            assert_eq!(times(cron, from, expected.len()), *expected, "{cron}");
        }
        let never: Cron = "0 0 30 2 *".parse().expect("a cron expression");
        assert_eq!(never.next_after(Timestamp::UNIX_EPOCH), None);
    }

    /// When clocks change: where, when to begin, and for how many hours.
    const CHANGES: [(&str, &str, i64); 12] = [
        ("Europe/Paris", "2026-03-28T19:00:00Z", 12),
        ("Europe/Paris", "2026-10-24T19:00:00Z", 12),
        // By half an hour.
        ("Australia/Lord_Howe", "2026-04-04T09:00:00Z", 12),
        ("Australia/Lord_Howe", "2026-10-03T09:00:00Z", 12),
        // At midnight.
        ("America/Sao_Paulo", "2018-11-03T21:00:00Z", 12),
        ("America/Sao_Paulo", "2018-02-17T20:00:00Z", 12),
        ("Africa/Cairo", "2026-04-23T16:00:00Z", 12),
        ("Africa/Cairo", "2026-10-29T15:00:00Z", 12),
        ("America/Havana", "2026-10-31T23:00:00Z", 12),
        // A minute after midnight, back to the day before.
        ("America/St_Johns", "2006-10-28T20:00:00Z", 12),
        // A whole day is left out.
        ("Pacific/Apia", "2011-12-30T04:00:00Z", 36),
        ("UTC", "2026-03-28T00:00:00Z", 12),
    ];

    /// A minute of real time, what the clock shows, and whether it has shown that before.
    type Minute = (Timestamp, DateTime, bool);

    struct Walk {
        zone: &'static str,
        from: Timestamp,
        to: Timestamp,
        minutes: Vec<Minute>,
    }

    /// What happens to clocks while they change, minute by minute. What is left out is there as a clock
    /// would show it that is not put forward.
    static WALKS: LazyLock<Vec<Walk>> = LazyLock::new(|| {
        let walk = |&(name, from, hours): &(&'static str, &'static str, i64)| {
            let zone = TimeZone::get(name).expect("a time zone");
            let shown = |at: Timestamp| at.to_zoned(zone.clone()).datetime();
            let minute = |count: i64| count.minutes();
            let from: Timestamp = from.parse().expect("a time");
            let to = from + hours.hours();
            let mut minutes = Vec::new();
            let mut seen = HashSet::new();
            let mut now = from;
            while now <= to {
                let clock = shown(now);
                let expected = shown(now - minute(1)) + minute(1);
                let mut left_out = expected;
                while left_out < clock {
                    let passed = left_out.duration_since(expected).as_mins();
                    minutes.push((now + minute(passed), left_out, false));
                    left_out += minute(1);
                }
                minutes.push((now, clock, !seen.insert(clock)));
                now += minute(1);
            }
            Walk {
                zone: name,
                from,
                to,
                minutes,
            }
        };
        CHANGES.iter().map(walk).collect()
    });

    /// A field, and the numbers it means.
    type Meant = (String, Vec<i8>);

    /// A field of numbers up to `most`. Single ones are among `drawn`.
    fn field(most: i8, drawn: RangeInclusive<i8>) -> impl Strategy<Value = Meant> {
        let all = move || (0..=most).collect::<Vec<i8>>();
        let one = || drawn.clone();
        prop_oneof![
            2 => Just(("*".to_owned(), all())),
            2 => (1..=most as usize).prop_map(move |step| {
                (format!("*/{step}"), all().into_iter().step_by(step).collect())
            }),
            3 => one().prop_map(|number| (number.to_string(), vec![number])),
            2 => (one(), one()).prop_map(|(a, b)| (format!("{a},{b}"), vec![a, b])),
            1 => (one(), one()).prop_map(|(a, b)| {
                let (from, to) = (a.min(b), a.max(b));
                (format!("{from}-{to}"), (from..=to).collect())
            }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn clocks_that_change_lose_nothing(
            change in 0..CHANGES.len(),
            minutes in field(59, 0..=59),
            hours in prop_oneof![field(23, 0..=3), field(23, 0..=23)],
            weekdays in prop_oneof![
                2 => Just(("*".to_owned(), (0..=6).collect::<Vec<i8>>())),
                1 => field(6, 0..=6),
            ],
        ) {
            let Walk { zone, from, to, minutes: walked } = &WALKS[change];
            let text = format!("CRON_TZ={zone} {} {} * * {}", minutes.0, hours.0, weekdays.0);
            let interval = [&minutes.0, &hours.0].iter().any(|field| field.contains(['*', '-']));
            let is_due = |(at, clock, again): &&Minute| {
                minutes.1.contains(&clock.minute())
                    && hours.1.contains(&clock.hour())
                    && weekdays.1.contains(&clock.weekday().to_sunday_zero_offset())
                    && (interval || !again)
                    && at <= to
            };
            let expected: BTreeSet<_> = walked.iter().filter(is_due).map(|(at, ..)| *at).collect();

            let cron: Cron = text.parse().expect("a cron expression");
            let mut at = *from - 1.second();
            let mut times = Vec::new();
            while let Some(next) = cron.next_after(at).filter(|next| next <= to) {
                times.push(next);
                at = next;
            }
            prop_assert_eq!(times, Vec::from_iter(expected), "{}", text);
        }
    }
}
