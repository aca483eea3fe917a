//! Formats numbers and times as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use leptos::prelude::*;

use crate::components::view::view;

pub use crate::services::format::*;

/// The time of day, with the date if it is not the day of `now`. It is in UTC until `components/clock.rs` rewrites
/// it in the time zone of the reader. A [`Utc`] beside it says so.
#[component]
pub fn Time(at: Timestamp, now: Timestamp) -> impl IntoView {
    let zoned = at.to_zoned(TimeZone::UTC);
    let same_day = now.to_zoned(TimeZone::UTC).date() == zoned.date();
    let words = if same_day {
        zoned.strftime("%H:%M:%S").to_string()
    } else {
        let time = zoned.strftime("%H:%M");
        format!("{}, {time}", short_date(zoned.date()))
    };
    view! { <time datetime=at.to_string() data-time="">{words}</time> }
}

/// The label of a time in UTC. It is hidden once `components/clock.rs` has rewritten the times.
#[component]
pub fn Utc(#[prop(default = " UTC")] label: &'static str) -> impl IntoView {
    view! { <span class="utc">{label}</span> }
}
