//! A part of a page that the server renders repeatedly: the dashboard.
//!
//! The island holds no figures and renders none. It fetches the part of the page that changes as HTML and
//! morphs the page into it; it follows links and sends forms in that part in the same way. So the browser
//! needs no code for what the page shows, and the page is the same with and without JavaScript.
//!
//! Invariants: the poller has one request outstanding at a time, and none while the page is hidden or
//! paused; an error never removes what the page shows.

mod dom;
mod fetch;
mod morph;
mod poller;
mod schedule;

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;

use crate::components::clock;
use crate::components::reactive_text::reactive_text;
use crate::components::view::view;
use crate::islands::checked::Checked;
use crate::islands::page_data::page_data;
use crate::model::language::t;
use crate::model::view::LiveView;
use poller::Phase;
use poller::Poller;

/// Keeps the part of the page that is drawn after it up to date. Its data is a [`LiveView`].
#[island]
pub fn Live() -> impl IntoView {
    let LiveView { period, as_of } = page_data();
    let poller = Poller::new(period);
    Effect::new(move |_| {
        if let Some(part) = document().get_element_by_id(dom::PART_ID) {
            clock::localize_times(&part);
        }
        poller.start();
    });
    let visibility = window_event_listener(ev::visibilitychange, move |_| {
        poller.handle_visibility();
    });
    on_cleanup(move || visibility.remove());
    Effect::new(move |_| {
        let timer = set_interval_with_handle(move || poller.tick(), Duration::from_secs(1));
        on_cleanup(move || timer.map_or((), |timer| timer.clear()));
    });
    let is_failing = move || matches!(*poller.phase.read(), Phase::Failing { .. });
    let clicks = window_event_listener(ev::click, move |event| poller.follow_link(&event));
    on_cleanup(move || clicks.remove());
    let forms = window_event_listener(ev::submit, move |event| poller.submit(&event));
    on_cleanup(move || forms.remove());
    Checked(view! {
        <div class="live-bar">
            <p class="live-status" class:text-danger=is_failing>
                {reactive_text(move || poller.status().unwrap_or_else(|| as_of.clone()))}
                <noscript>" Reload the page to see newer figures."</noscript>
            </p>
            <button class="button" type="button" on:click=move |_| poller.press_button()>
                {reactive_text(move || {
                    let label = match *poller.phase.read() {
                        Phase::Live => t!("Pause"),
                        Phase::Paused => t!("Resume"),
                        Phase::Failing { .. } => t!("Try now"),
                    };
                    label.to_owned()
                })}
            </button>
        </div>
        <div class="dashboard-notices" role="alert">
            {move || poller.action_error.get().map(|error| view! { <p class="is-refused">{error}</p> })}
        </div>
    })
}
