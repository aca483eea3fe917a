//! The activity of the contact in the pane, polled while more is expected.

use leptos::prelude::*;

use super::state::State;
use crate::api::contacts as api;
use crate::components::clock;
use crate::components::dynamic;
use crate::components::dynamic::effect;
use crate::components::erased_signal::ErasedSignal;
use crate::components::time::Time;
use crate::islands::browser;
use crate::model::contact;
use crate::model::contact::Activities;
use crate::model::contact::ContactId;

/// The list of activities. It is updated until no more is expected.
#[component]
pub fn Activity(state: State, id: ContactId, activities: Activities) -> impl IntoView {
    let activities = ErasedSignal::new(activities);
    effect(move |_| poll(state, id, activities, 0));
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
            // `poll` announces a new one: a live region would announce the whole list.
            <ol class="activities">
                {dynamic::view(move || activities.read().list.iter().map(line).collect_view())}
            </ol>
        </section>
    }
}

/// Polls the activities while more is expected and the page is visible, first every second and then at
/// growing intervals. `round` counts the requests.
fn poll(state: State, id: ContactId, activities: ErasedSignal<Activities>, round: u32) {
    let is_pending = move || {
        activities
            .try_read_untracked()
            .is_some_and(|known| known.pending)
    };
    if !is_pending() {
        return;
    }
    browser::set_timeout_seconds((1 + round / 8).min(30), move || {
        if !is_pending() {
            return;
        }
        // A contact that is being deleted has no new activities.
        if document().hidden() || state.pane_busy.get_untracked() {
            return poll(state, id, activities, round);
        }
        browser::spawn(async move {
            // An error leaves the activities as they are.
            if let Ok(details) = api::get_contact(id).await {
                let known = activities.try_read_untracked();
                if let Some(known) = known.filter(|known| **known != details.activities) {
                    let new = details.activities.list.iter().skip(known.list.len());
                    let new: Vec<&str> = new.map(|activity| &*activity.text).collect();
                    if !new.is_empty() {
                        state.announcement.set(new.join(". "));
                    }
                    activities.set(details.activities);
                }
            }
            poll(state, id, activities, round + 1);
        });
    });
}
