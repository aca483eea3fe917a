//! One contact in the pane.

use leptos::prelude::*;

use super::activity::Activity;
use super::back_link::BackToList;
use super::state::State;
use crate::components::avatar::LargeAvatar;
use crate::components::dynamic::attr;
use crate::components::dynamic::on;
use crate::components::dynamic::text;
use crate::components::icon::Icon;
use crate::model::contact::Action;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::contact::ContactRow;
use crate::model::contact::DetailAction;
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
    let classes = title_classes(&row.name);
    view! {
        <BackToList state/>
        <article class="sheet card">
            <Merged fields=merged/>
            <header class=classes.0>
                <LargeAvatar id=row.id name=row.name.clone() photo=row.photo.clone()/>
                <div class="person-name">
                    <h1 id="pane-title" tabindex="-1" class=classes.1>
                        <bdi>{row.name.clone()}</bdi>
                    </h1>
                    <p class="text-muted wrap-anywhere" hidden=subtitle.is_empty()>
                        <bdi>{subtitle.clone()}</bdi>
                    </p>
                </div>
                <Star state id=row.id favourite/>
            </header>
            {action_bar(state, &row, actions)}
            <div inner_html=html></div>
            <Activity state id=row.id/>
        </article>
    }
}

/// Says whether the contact is a favourite, and changes that.
#[component]
fn Star(state: State, id: ContactId, favourite: bool) -> impl IntoView {
    view! {
        <form
            class="person-star"
            method="post"
            action=text(move || state.location.read().action_url(id, "favourite"))
        >
            <button
                class="button star"
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

/// A link that does something with the contact.
fn action(action: DetailAction) -> impl IntoView {
    let (icon, label, class) = match action.kind {
        Action::Call => ("phone", "Call", "button"),
        Action::Message => ("message", "Message", "button is-for-phones"),
        Action::Mail => ("mail", "Mail", "button"),
        Action::Map => ("map", "Map", "button"),
    };
    let is_page = action.kind == Action::Map;
    view! {
        <a
            class=class
            href=action.href
            target=is_page.then_some("_blank")
            rel=is_page.then_some("noreferrer")
        >
            <Icon name=icon/>
            {label}
        </a>
    }
}

fn action_bar(state: State, row: &ContactRow, actions: Vec<DetailAction>) -> impl IntoView + use<> {
    let id = row.id;
    let edit = PaneRoute::Edit(id);
    let deleted = row.clone();
    view! {
        <div class="person-actions">
            {actions.into_iter().map(action).collect_view()}
            <a class="button" href=["/contacts/", &id.text(), "/card.vcf"].concat() download>
                "Download"
            </a>
            <div class="person-tools">
                <a
                    class="button"
                    href=text(move || state.location.read().with_pane(edit).url())
                >
                    <Icon name="edit"/>
                    "Edit"
                </a>
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
                            state.delete(deleted.clone());
                        }
                    })
                >
                    <button
                        class="button"
                        aria-disabled=attr(move || state.pane_busy.get().then_some("true"))
                    >
                        <Icon name="trash"/>
                        "Delete"
                    </button>
                </form>
            </div>
        </div>
    }
}

/// The classes of the header and of the name in it. A longer name is smaller.
pub fn title_classes(name: &str) -> (&'static str, &'static str) {
    match name.chars().count() {
        0..=40 => ("person", "text-xl font-semibold tracking-tight"),
        41..=80 => ("person is-long", "text-lg font-semibold"),
        _ => ("person is-long", "text-base font-semibold"),
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
                "Saved. Someone else had changed " {fields}
                " in the meantime; both changes are kept."
            </p>
        }
    })
}
