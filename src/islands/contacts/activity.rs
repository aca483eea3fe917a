//! The activity of the contact in the pane.

use leptos::prelude::*;

use super::state::State;
use crate::components::dynamic;
use crate::components::view::view;
use crate::model::contact;
use crate::model::contact::ContactId;
use crate::model::format::utc_timestamp;

/// The list of activities.
#[component]
pub fn Activity(state: State, id: ContactId) -> impl IntoView {
    // `public/times.js` rewrites the time by the clock of the reader.
    let line = move |activity: &contact::Activity| {
        let at = activity.at.clone();
        let words = utc_timestamp(&at).unwrap_or_else(|| at.clone());
        view! {
            <li>
                <span>{activity.text.clone()}</span>
                <time class="text-muted tabular-nums" datetime=at data-age="">{words}</time>
            </li>
        }
    };
    view! {
        <section class="activity" aria-labelledby="activity-title">
            <h2 id="activity-title" class="text-sm font-semibold">"Activity"</h2>
            // `State::refresh` announces a new one: a live region would announce the whole list.
            <ol class="activities">
                {dynamic::view(move || state.activities.read().list.iter().map(line).collect_view())}
            </ol>
            <a class="button mt-2" href=["/contacts/", &id.text(), "/history"].concat()>"History"</a>
        </section>
    }
}
