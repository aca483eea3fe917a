//! What has happened around the contact in the pane, updated while there is more to come.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::state::State;
use crate::api::contacts as api;
use crate::components::clock;
use crate::components::time::Time;
use crate::islands::browser;
use crate::model::contact;
use crate::model::contact::Activities;
use crate::model::contact::ContactId;

/// What has happened around the contact, as it happens.
#[component]
pub fn Activity(state: State, id: ContactId, activities: Activities) -> impl IntoView {
    let activities = RwSignal::new(activities);
    Effect::new(move |_| follow(state, id, activities, 0));
    let now = clock::current_time();
    let line = move |activity: &contact::Activity| {
        let at = activity.at.clone();
        view! {
            <li>
                <span>{activity.text.clone()}</span>
                <span class="text-muted tabular-nums"><Time at now/></span>
            </li>
        }
    };
    view! {
        <section class="activity" aria-labelledby="activity-title">
            <h2 id="activity-title" class="text-sm font-semibold">"Activity"</h2>
            <ol class="activities" aria-live="polite">
                {move || activities.read().list.iter().map(line).collect_view()}
            </ol>
        </section>
    }
}

/// Asks again while there is more to come and somebody looks: often at first, when something is about
/// to happen, and then less and less. `round` counts the questions.
fn follow(state: State, id: ContactId, activities: RwSignal<Activities>, round: u32) {
    let is_pending = move || activities.try_with_untracked(|known| known.pending) == Some(true);
    if !is_pending() {
        return;
    }
    browser::set_timeout_seconds((1 + round / 8).min(30), move || {
        if !is_pending() {
            return;
        }
        // What is being deleted has nothing more to tell.
        if document().hidden() || state.pane_busy.get_untracked() {
            return follow(state, id, activities, round);
        }
        spawn_local(async move {
            // Without an answer, what is known stays.
            if let Ok(details) = api::get_contact(id).await {
                activities.try_update(|known| {
                    if *known != details.activities {
                        *known = details.activities;
                    }
                });
            }
            follow(state, id, activities, round + 1);
        });
    });
}
