//! A moment: in the time zone of the reader, and in UTC until that is known.

use leptos::prelude::*;

use crate::components::clock;
use crate::components::erased_signal::ErasedSignal;
use crate::model::format::utc_timestamp;

/// Says when something happened. `at` is RFC 3339 in UTC; `now` is [`clock::current_time`].
#[component]
pub fn Time(at: String, now: ErasedSignal<Option<f64>>) -> impl IntoView {
    let datetime = at.clone();
    let text = move || match now.get() {
        Some(now) => clock::relative_time(&at, now),
        None => utc_timestamp(&at).unwrap_or_else(|| at.clone()),
    };
    view! { <time datetime=datetime>{text}</time> }
}
