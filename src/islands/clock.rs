//! The reader's clock and time zone, which the browser alone knows. Words and order of a date are the
//! page's own, whatever the browser's language.

use js_sys::Date;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::JsValue;
use web_sys::Element;

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

/// A day of a calendar. Months count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub year: u32,
    pub month: u32,
    pub day: u32,
}

impl Day {
    fn of(date: &Date) -> Self {
        Self {
            year: date.get_full_year(),
            month: date.get_month(),
            day: date.get_date(),
        }
    }

    fn month(self) -> Option<&'static str> {
        MONTHS.get(self.month as usize).copied()
    }

    /// For example `2 November 2026`.
    pub fn in_words(self) -> Option<String> {
        Some(format!("{} {} {}", self.day, self.month()?, self.year))
    }

    /// For example `2 Nov`.
    fn short(self) -> String {
        format!("{} {:.3}", self.day, self.month().unwrap_or_default())
    }
}

/// Milliseconds since the epoch.
pub fn now() -> f64 {
    Date::now()
}

fn date(at: &str) -> Date {
    Date::new(&JsValue::from_str(at))
}

/// For example `14:05`.
fn time(date: &Date) -> String {
    format!("{:02}:{:02}", date.get_hours(), date.get_minutes())
}

/// How long ago `at` is or, after an hour, when it was.
pub fn in_words(at: &str, now: f64) -> String {
    const DAY: f64 = 86_400_000.0;
    let at = date(at);
    if let Some(words) = recently(now - at.get_time()) {
        return words;
    }
    let day_of = |time: f64| Day::of(&Date::new(&JsValue::from_f64(time)));
    // Where clocks change, yesterday is found from the middle of today.
    let (day, today) = (Day::of(&at), day_of(now));
    let noon =
        now - f64::from(Date::new(&JsValue::from_f64(now)).get_hours()) * 3_600_000.0 + DAY / 2.0;
    let name = if day == today {
        "Today".to_owned()
    } else if day == day_of(noon - DAY) {
        "Yesterday".to_owned()
    } else {
        day.in_words().unwrap_or_default()
    };
    format!("{name}, {}", time(&at))
}

/// An age of less than an hour. The clocks of two machines may differ by a minute.
fn recently(milliseconds: f64) -> Option<String> {
    match milliseconds / 60_000.0 {
        -1.0..1.0 => Some("Just now".to_owned()),
        minutes @ 1.0..60.0 => Some(format!("{} min ago", minutes as u32)),
        _ => None,
    }
}

/// Makes the times in a part of a page that the server has drawn those of the reader's clock. Each says
/// in `data-time` how it is written.
pub fn show_local(part: &Element) {
    let Ok(times) = part.query_selector_all("time[data-time]") else {
        return;
    };
    let today = Day::of(&Date::new_0());
    for place in 0..times.length() {
        let time = times
            .get(place)
            .and_then(|time| time.dyn_into::<Element>().ok());
        if let Some(time) = time {
            let at = date(&time.get_attribute("datetime").unwrap_or_default());
            let form = time.get_attribute("data-time").unwrap_or_default();
            time.set_text_content(Some(&written(&at, &form, today)));
        }
    }
}

/// As `src/web/pages/dashboard/words.rs` writes it in UTC.
fn written(at: &Date, form: &str, today: Day) -> String {
    let (day, time) = (Day::of(at), time(at));
    match form {
        "minute" => time,
        "day" => format!("{} {time}", day.short()),
        _ if day == today => format!("{time}:{:02}", at.get_seconds()),
        _ => format!("{} {}, {time}", day.short(), day.year),
    }
}

/// The reader's clock, twice a minute, once the page is alive.
pub fn ticking() -> ReadSignal<Option<f64>> {
    let (time, set_time) = signal(None);
    Effect::new(move |_| {
        let tick = move || {
            set_time.try_set(Some(now()));
        };
        tick();
        let timer = set_interval_with_handle(tick, std::time::Duration::from_secs(30));
        on_cleanup(move || timer.map_or((), |timer| timer.clear()));
    });
    time
}

#[cfg(test)]
mod tests {
    use super::Day;
    use super::recently;

    #[test]
    fn days_are_written_in_words() {
        let day = |month, day| Day {
            year: 2026,
            month,
            day,
        };
        assert_eq!(day(10, 2).in_words().as_deref(), Some("2 November 2026"));
        assert_eq!(day(8, 30).short(), "30 Sep");
        assert_eq!(day(12, 1).in_words(), None);
    }

    #[test]
    fn what_is_new_is_said_to_be() {
        let said = |seconds: f64| recently(seconds * 1000.0);
        for (seconds, words) in [
            (0.0, Some("Just now")),
            (-30.0, Some("Just now")),
            (59.0, Some("Just now")),
            (60.0, Some("1 min ago")),
            (3599.0, Some("59 min ago")),
            (3600.0, None),
            (-61.0, None),
        ] {
            assert_eq!(said(seconds).as_deref(), words, "{seconds}");
        }
        assert_eq!(recently(f64::NAN), None);
    }
}
