//! Formats numbers and times as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use leptos::prelude::*;

pub use crate::services::format::*;

/// The time of day on the day of `now`, otherwise the date as well; in UTC, until the page is alive and
/// `components/clock.rs` writes it as the reader's clock shows it. Where that is said, it is a [`Utc`].
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
    view! { <time datetime=at.to_string() data-time="">{words}</time> }
}

/// Says that the time before it is in UTC, for as long as it is.
#[component]
pub fn Utc(#[prop(default = " UTC")] label: &'static str) -> impl IntoView {
    view! { <span class="utc">{label}</span> }
}
