//! The clock and the time zone of the reader, which only the browser knows. The page chooses the words
//! and the order of a date, whatever the language of the browser.

use js_sys::Date;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::JsValue;
use web_sys::Element;

use crate::components::dynamic::effect;
use crate::components::erased_signal::ErasedSignal;
use crate::model::format::Day;

fn local_day(date: &Date) -> Day {
    Day {
        year: date.get_full_year(),
        month: date.get_month(),
        day: date.get_date(),
    }
}

fn parse(at: &str) -> Date {
    Date::new(&JsValue::from_str(at))
}

/// For example `14:05`.
fn time_of_day(date: &Date) -> String {
    [
        &*two_digits(date.get_hours()),
        ":",
        &two_digits(date.get_minutes()),
    ]
    .concat()
}

fn two_digits(number: u32) -> String {
    let tens = if number < 10 { "0" } else { "" };
    [tens, &number.to_string()].concat()
}

/// How long ago `at` was or, after an hour, its date and time. `now` is in milliseconds since the epoch.
pub fn relative_time(at: &str, now: f64) -> String {
    const DAY: f64 = 86_400_000.0;
    let at = parse(at);
    if let Some(age) = recent_age(now - at.get_time()) {
        return age;
    }
    let day_of = |time: f64| local_day(&Date::new(&JsValue::from_f64(time)));
    // A day has 23 or 25 hours where clocks change, so yesterday is a day before the noon of today.
    let (day, today) = (local_day(&at), day_of(now));
    let noon =
        now - f64::from(Date::new(&JsValue::from_f64(now)).get_hours()) * 3_600_000.0 + DAY / 2.0;
    let name = if day == today {
        "Today".to_owned()
    } else if day == day_of(noon - DAY) {
        "Yesterday".to_owned()
    } else {
        day.long().unwrap_or_default()
    };
    [&*name, ", ", &time_of_day(&at)].concat()
}

/// An age of less than an hour. The clocks of two machines may differ by a minute.
fn recent_age(milliseconds: f64) -> Option<String> {
    match milliseconds / 60_000.0 {
        -1.0..1.0 => Some("Just now".to_owned()),
        minutes @ 1.0..60.0 => Some((minutes as u32).to_string() + " min ago"),
        _ => None,
    }
}

/// Rewrites the times in a part of a page that the server has drawn to the time zone of the reader. The
/// attribute `data-time` of each names its format.
pub fn localize_times(part: &Element) {
    let Ok(times) = part.query_selector_all("time[data-time]") else {
        return;
    };
    let today = local_day(&Date::new_0());
    for index in 0..times.length() {
        let time = times
            .get(index)
            .and_then(|time| time.dyn_into::<Element>().ok());
        if let Some(time) = time {
            let at = parse(&time.get_attribute("datetime").unwrap_or_default());
            let format = time.get_attribute("data-time").unwrap_or_default();
            time.set_text_content(Some(&format_local(&at, &format, today)));
        }
    }
}

/// The formats in which `src/web/pages/dashboard/words.rs` writes times of UTC.
fn format_local(at: &Date, format: &str, today: Day) -> String {
    let (day, time) = (local_day(at), time_of_day(at));
    match format {
        "minute" => time,
        "day" => [&*day.short(), " ", &time].concat(),
        _ if day == today => [&*time, ":", &two_digits(at.get_seconds())].concat(),
        _ => [&*day.short(), " ", &day.year.to_string(), ", ", &time].concat(),
    }
}

/// The time in milliseconds since the epoch, twice a minute; `None` until the page is hydrated.
pub fn current_time() -> ErasedSignal<Option<f64>> {
    let time = ErasedSignal::new(None);
    effect(move |_| {
        let tick = move || {
            time.set(Some(Date::now()));
        };
        tick();
        let timer = set_interval_with_handle(tick, std::time::Duration::from_secs(30));
        on_cleanup(move || timer.map_or((), |timer| timer.clear()));
    });
    time
}

#[cfg(test)]
mod tests {
    use super::recent_age;

    #[test]
    fn a_recent_age_is_written_in_minutes() {
        let age = |seconds: f64| recent_age(seconds * 1000.0);
        for (seconds, text) in [
            (0.0, Some("Just now")),
            (-30.0, Some("Just now")),
            (59.0, Some("Just now")),
            (60.0, Some("1 min ago")),
            (3599.0, Some("59 min ago")),
            (3600.0, None),
            (-61.0, None),
        ] {
            assert_eq!(age(seconds).as_deref(), text, "{seconds}");
        }
        assert_eq!(recent_age(f64::NAN), None);
    }
}
