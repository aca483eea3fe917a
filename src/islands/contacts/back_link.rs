//! The link from the pane to the list.

use leptos::prelude::*;

use super::state::State;
use crate::components::dynamic::text;
use crate::components::icon::Icon;
use crate::components::view::view;
use crate::model::location::PaneRoute;

/// Leads back to the list where a narrow screen shows either the list or the pane.
#[component]
pub fn BackToList(state: State) -> impl IntoView {
    view! {
        <a
            class="back"
            href=text(move || state.location.read().with_pane(PaneRoute::Nothing).url())
        >
            <Icon name="back"/>
            "Contacts"
        </a>
    }
}
