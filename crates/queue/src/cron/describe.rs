//! Cron expressions described in English.

use kith_runtime::english_list;

use super::Cron;
use super::field::MONTHS;

const ALL_HOURS: u64 = (1 << 24) - 1;
const ALL_MINUTES: u64 = (1 << 60) - 1;
const ALL_DAYS: u64 = (1 << 32) - 2;
const ALL_MONTHS: u64 = (1 << (MONTHS.len() + 1)) - 2;
const ALL_WEEKDAYS: u64 = (1 << 7) - 1;

/// From Sunday on.
const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

impl Cron {
    /// The expression in English, for example `every day at 09:00 UTC`. `None` where words would be harder to read
    /// than the expression.
    pub fn description(&self) -> Option<String> {
        let times = self.describe_times()?;
        let days = self.describe_days()?;
        let zone = match self.zone.iana_name() {
            Some("Etc/UTC" | "UTC") | None => "UTC",
            Some(name) => name,
        };
        Some(if self.hours != ALL_HOURS {
            format!("{days} {times} {zone}")
        } else if days == "every day" {
            times
        } else {
            format!("{days} {times}, {zone}")
        })
    }

    fn describe_times(&self) -> Option<String> {
        let minutes = numbers(self.minutes);
        let hours = numbers(self.hours);
        match (&minutes[..], &hours[..]) {
            (_, _) if self.minutes == ALL_MINUTES && self.hours == ALL_HOURS => {
                Some("every minute".to_owned())
            }
            ([minute], _) if self.hours == ALL_HOURS => {
                Some(format!("every hour at {minute} past"))
            }
            ([0, step, ..], _) if self.hours == ALL_HOURS => {
                let every = (0..60).step_by(*step as usize).collect::<Vec<u32>>();
                (60 % step == 0 && every == minutes).then(|| format!("every {step} minutes"))
            }
            ([minute], hours) if hours.len() <= 3 => {
                let times: Vec<String> = hours
                    .iter()
                    .map(|hour| format!("{hour:02}:{minute:02}"))
                    .collect();
                Some(format!("at {}", english_list(&times)))
            }
            _ => None,
        }
    }

    fn describe_days(&self) -> Option<String> {
        if self.months != ALL_MONTHS {
            return None;
        }
        let days = numbers(self.days);
        // One of two days is enough, which is hard to put into words.
        if !self.any_day && !self.any_weekday {
            return None;
        }
        match (self.days == ALL_DAYS, self.weekdays & ALL_WEEKDAYS) {
            (true, ALL_WEEKDAYS) => Some("every day".to_owned()),
            (true, 0b011_1110) => Some("every weekday".to_owned()),
            (true, weekdays) => {
                let names: Vec<String> = numbers(weekdays & ALL_WEEKDAYS)
                    .iter()
                    .filter_map(|day| WEEKDAYS.get(*day as usize))
                    .map(|name| (*name).to_owned())
                    .collect();
                Some(format!("every {}", english_list(&names)))
            }
            (false, ALL_WEEKDAYS) if days.len() == 1 => {
                Some(format!("on day {} of every month", days[0]))
            }
            _ => None,
        }
    }
}

fn numbers(set: u64) -> Vec<u32> {
    (0..64).filter(|number| set & 1 << number != 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_expressions_have_a_description() {
        for (cron, description) in [
            ("0 9 * * *", Some("every day at 09:00 UTC")),
            (
                "0 9,17 * * 1-5",
                Some("every weekday at 09:00 and 17:00 UTC"),
            ),
            (
                "30 6 * * mon,fri",
                Some("every Monday and Friday at 06:30 UTC"),
            ),
            ("0 0 1 * *", Some("on day 1 of every month at 00:00 UTC")),
            ("*/15 * * * *", Some("every 15 minutes")),
            ("5 * * * *", Some("every hour at 5 past")),
            ("* * * * *", Some("every minute")),
            ("5 * * * 7", Some("every Sunday every hour at 5 past, UTC")),
            (
                "CRON_TZ=Europe/Paris 0 9 * * *",
                Some("every day at 09:00 Europe/Paris"),
            ),
            ("@daily", Some("every day at 00:00 UTC")),
            (
                "0 9 * * sat-sun",
                Some("every Sunday and Saturday at 09:00 UTC"),
            ),
            ("*/7 * * * *", None),
            ("0,59 * * * *", None),
            ("0 9 1-31 * 1", None),
            ("1,2 * * * *", None),
            ("0 9 * 3 *", None),
            ("0 9 13 * fri", None),
        ] {
            let parsed: Cron = cron.parse().expect(cron);
            assert_eq!(parsed.description().as_deref(), description, "{cron}");
        }
    }
}
