//! The list: the search, the rows and the messages below them.

use leptos::prelude::*;

use super::rows::Rows;
use super::search::Search;
use super::state::State;
use crate::components::dynamic;
use crate::components::dynamic::flag;
use crate::components::dynamic::on;
use crate::components::dynamic::text;
use crate::components::erased_signal::ErasedMemo;
use crate::components::error_text::ErrorText;
use crate::components::reactive_text::reactive_text;
use crate::components::view::view;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::model::language::t_around;
use crate::model::language::t_plural;
use crate::model::location::ListFilter;
use crate::model::view::Pane;

#[component]
pub fn List(state: State) -> impl IntoView {
    view! {
        <section id="contact-list" aria-label="Contacts" class="list-pane">
            {dynamic::view(move || {
                matches!(*state.pane.read(), Pane::Nothing)
                    .then(|| view! { <h1 class="sr-only">"Contacts"</h1> })
            })}
            <Search state/>
            <div class="count-line">
                <Count state/>
                <ListLinks state/>
            </div>
            <Rows state/>
            <EmptyList state/>
            <ListError state/>
        </section>
    }
}

/// The number of contacts. A screen reader announces a change.
#[component]
fn Count(state: State) -> impl IntoView {
    let sentence = move || {
        if state.list_is_stale.get() {
            return String::new();
        }
        let is_search = !state.location.read().lists_all();
        let list = state.list.read();
        let corrected = list.corrected.as_deref().unwrap_or_default();
        match (list.total, corrected) {
            (0, _) if is_search => t!("Nobody found").to_owned(),
            (0, _) => String::new(),
            (total, "") if is_search => {
                t_plural!(total, "{count} contact found", "{count} contacts found")
            }
            (total, "") => t_plural!(total, "{count} contact", "{count} contacts"),
            (total, search) => t_plural!(
                total,
                "{count} contact found for “{search}”",
                "{count} contacts found for “{search}”",
                search = search,
            ),
        }
    };
    view! {
        <p id="count" role="status" class="text-muted tabular-nums">
            {reactive_text(sentence)}
        </p>
    }
}

/// The links to the page that adds to the list from files, and to the one that prints all of it. Without contacts,
/// `contacts::Begin` leads to the files.
#[component]
fn ListLinks(state: State) -> impl IntoView {
    view! {
        <span hidden=flag(move || state.list.read().total == 0)>
            <a href=text(move || state.location.read().import_url())>"Import"</a>
            <a href=text(move || state.location.read().print_url())>
                "Print"
                <span class="sr-only">" the list"</span>
            </a>
        </span>
    }
}

/// The message of a list without rows: the reason and the next step.
#[component]
fn EmptyList(state: State) -> impl IntoView {
    // Without a search, `contacts::Begin` says how to begin.
    let without_result = ErasedMemo::new(move || {
        let location = state.location.get();
        let is_empty = state.list_error.read().is_none() && state.list.read().total == 0;
        Some(location).filter(|location| is_empty && !location.lists_all())
    });
    dynamic::view(move || {
        without_result.get().map(|location| {
            let is_search = !location.search.is_empty();
            let has_no_favourite = !is_search && location.filter.favourites;
            let mut more = location.with_search(String::new());
            if !is_search {
                more.filter = ListFilter::default();
            }
            let add = location.new_contact_from_search().url();
            let search = location.search;
            let (none, has_none) = t_around!("No contact has “{search}”.");
            let (before, after) = t_around!("Add “{search}”");
            view! {
                <div class="empty nobody">
                    <p class="text-ink" hidden=!is_search>
                        {none} <bdi>{search.clone()}</bdi> {has_none}
                    </p>
                    <p hidden=!search.contains(':')>
                        "Filters are label:, company:, city:, has: and no:."
                    </p>
                    <p class="text-ink" hidden=!has_no_favourite>
                        "The star of a contact makes it a favourite."
                    </p>
                    <div>
                        <a class="button" href=more.url()>
                            {if is_search { t!("Clear search") } else { t!("Show all") }}
                        </a>
                        <a class="button" href=add hidden=!is_search>
                            <span class="truncate">{before} <bdi>{search}</bdi> {after}</span>
                        </a>
                    </div>
                </div>
            }
        })
    })
}

/// Why the last request for the list failed, below the rows.
#[component]
fn ListError(state: State) -> impl IntoView {
    dynamic::view(move || {
        let error = state.list_error.get()?;
        let later = t_around!("Trying again in {time}.");
        let location = state.location.get_untracked();
        // A cursor that was refused is refused again.
        let is_refused = matches!(error, AppError::BadRequest { .. }) && location.cursor.is_some();
        let (way_on, next) = match is_refused {
            true => (t!("Back to the first page"), location.with_cursor(None)),
            false => (t!("Try again"), location),
        };
        Some(view! {
            <div class="list-trouble" role="alert">
                <p><ErrorText error later/></p>
                <a
                    class="button"
                    href=next.url()
                    on:click=on(move |event: leptos::ev::MouseEvent| {
                        if !is_refused {
                            event.prevent_default();
                            state.retry();
                        }
                    })
                >
                    {way_on}
                </a>
            </div>
        })
    })
}
