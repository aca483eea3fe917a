//! One contact in the pane.

use leptos::prelude::*;

use super::activity::Activity;
use super::back_link::BackToList;
use super::person::person;
use super::state::State;
use crate::components::dynamic::attr;
use crate::components::dynamic::on;
use crate::components::dynamic::text;
use crate::components::icon::Icon;
use crate::components::view::view;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::contact::ContactRow;
use crate::model::language::t;
use crate::model::location::PaneRoute;

#[component]
pub fn Details(state: State, details: ContactDetails) -> impl IntoView {
    let ContactDetails {
        row,
        subtitle,
        favourite,
        actions,
        html,
        activities,
        merged,
        ..
    } = details;
    state.activities.set(activities);
    view! {
        <BackToList state/>
        <article class="sheet card">
            <div>
                <Merged fields=merged/>
                {person(("", ""), &row, &subtitle, star(state, row.id, favourite))}
                {action_bar(state, row.id, actions)}
                <div inner_html=html></div>
            </div>
            <Activity state id=row.id/>
            {end(state, row)}
        </article>
    }
}

/// Says whether the contact is a favourite, and changes that.
fn star(state: State, id: ContactId, favourite: bool) -> impl IntoView {
    view! {
        <form
            class="person-star"
            method="post"
            action=text(move || state.location.read().action_url(id, "favourite"))
        >
            <button
                class="button button-icon star"
                name="favourite"
                value=if favourite { "0" } else { "1" }
                aria-label="Favourite"
                aria-pressed=if favourite { "true" } else { "false" }
            >
                <Icon name="star"/>
            </button>
        </form>
    }
}

/// What is done most. The server has drawn all of it but what leads to a place beside the list.
fn action_bar(state: State, id: ContactId, actions: String) -> impl IntoView {
    let edit = PaneRoute::Edit(id);
    view! {
        <div class="person-actions">
            <div class="contents" inner_html=actions></div>
            <div class="person-tools">
                <a
                    class="button"
                    href=text(move || state.location.read().with_pane(edit).url())
                >
                    <Icon name="edit"/>
                    "Edit"
                </a>
            </div>
        </div>
    }
}

/// What is done seldom, apart from the rest.
fn end(state: State, row: ContactRow) -> impl IntoView {
    let id = row.id;
    view! {
        <div class="person-tools pane-end">
            <a class="button" href=["/contacts/", &id.text(), "/photo"].concat()>
                "Photo"
            </a>
            <a class="button needs-books" href=["/contacts/", &id.text(), "/move"].concat()>
                "Move"
            </a>
            <form
                method="post"
                action=text(move || state.location.read().action_url(id, "delete"))
                on:submit=on(move |event: leptos::ev::SubmitEvent| {
                    event.prevent_default();
                    if !state.pane_busy.get_untracked() {
                        state.delete(row.clone());
                    }
                })
            >
                <button
                    id="delete"
                    class="button is-danger"
                    aria-disabled=attr(move || state.pane_busy.get().then_some("true"))
                >
                    <Icon name="trash"/>
                    "Delete"
                </button>
            </form>
        </div>
    }
}

/// The note after a save that others had changed other fields meanwhile.
#[component]
fn Merged(
    /// A list in words.
    fields: String,
) -> impl IntoView {
    (!fields.is_empty()).then(|| {
        view! {
            <p class="merged" role="status">
                {t!(
                    "Saved. Someone else had changed {fields} in the meantime; both changes are kept.",
                    fields = fields,
                )}
            </p>
        }
    })
}
