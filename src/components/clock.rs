//! The clock and the time zone of the reader, which only the browser knows. The page chooses the words
//! and the order of a date, whatever the language of the browser.

use js_sys::Date;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::JsValue;
use web_sys::Element;

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
        _ => [&*day.medium(), ", ", &time].concat(),
    }
}
