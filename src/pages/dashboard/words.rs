//! Figures and times as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use leptos::prelude::*;

pub use crate::server::words::*;

/// The time of day on the day of `now`, otherwise the date as well; in UTC, which the page says once.
#[component]
pub fn Time(at: Timestamp, now: Timestamp) -> impl IntoView {
    let zoned = at.to_zoned(TimeZone::UTC);
    let same_day = now.to_zoned(TimeZone::UTC).date() == zoned.date();
    let form = if same_day {
        "%H:%M:%S"
    } else {
        "%-d %b %Y, %H:%M"
    };
    let words = zoned.strftime(form).to_string();
    view! { <time datetime=at.to_string()>{words}</time> }
}
