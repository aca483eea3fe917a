//! The list: the search, the rows and the messages below them.

use std::time::Duration;

use leptos::either::EitherOf3;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;

use super::rows::Rows;
use super::state::State;
use crate::components::error_text::ErrorText;
use crate::components::icon::Icon;
use crate::components::reactive_text::reactive_text;
use crate::islands::browser;
use crate::model::format::group_digits;
use crate::model::location::PaneRoute;
use crate::model::view::Pane;

/// How long typing has to pause until a search starts. It is longer than the time between two letters of a
/// fast typist.
const SEARCH_DEBOUNCE: Duration = Duration::from_millis(120);

/// Separates groups of digits.
const NARROW_SPACE: char = '\u{202f}';

const SEARCH_ID: &str = "search";

#[component]
pub fn List(state: State) -> impl IntoView {
    view! {
        <section id="contact-list" aria-label="Contacts" class="list-pane">
            {move || {
                matches!(*state.pane.read(), Pane::Nothing)
                    .then(|| view! { <h1 class="sr-only">"Contacts"</h1> })
            }}
            <Search state/>
            <div class="count-line">
                <Count state/>
                <PrintLink state/>
            </div>
            <Rows state/>
            <EmptyList state/>
            <ListError state/>
        </section>
    }
}

#[component]
fn Search(state: State) -> impl IntoView {
    let searched = Memo::new(move |_| state.location.read().search.clone());
    let debounce = StoredValue::new(None::<TimeoutHandle>);
    // The text of an input method is no search term until it is converted. Touch keyboards, however,
    // compose every word, in any language, and send no key codes.
    let composing = StoredValue::new(false);
    let has_key_codes = StoredValue::new(true);
    let is_converting = move || composing.get_value() && has_key_codes.get_value();
    let cancel_timer = move || {
        if let Some(timer) = debounce.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    let search_soon = move |text: String| {
        cancel_timer();
        let timer = set_timeout_with_handle(move || state.search(text), SEARCH_DEBOUNCE);
        debounce.set_value(timer.ok());
    };
    let search_now = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if !is_converting() {
            cancel_timer();
            state.search(browser::input_value(SEARCH_ID));
        }
    };
    // The search also changes without typing, for example by "back". The first run searches for what was
    // typed before hydration.
    Effect::new(move |hydrated: Option<()>| {
        let searched = searched.get();
        if hydrated.is_some() {
            browser::set_input_value(SEARCH_ID, &searched);
        } else if browser::input_value(SEARCH_ID) != searched {
            state.search(browser::input_value(SEARCH_ID));
        }
    });
    let new_href = move || state.location.read().with_pane(PaneRoute::New).url();

    view! {
        <div class="flex gap-2 p-3">
            <form
                role="search"
                method="get"
                action="/contacts"
                class="search"
                on:submit=search_now
            >
                <label for=SEARCH_ID class="sr-only">
                    "Search contacts by name or email"
                </label>
                <span class="pointer-events-none absolute inset-y-0 start-3 flex items-center text-muted">
                    <Icon name="search"/>
                </span>
                <input
                    id=SEARCH_ID
                    name="q"
                    type="search"
                    placeholder="Search"
                    autocomplete="off"
                    spellcheck="false"
                    maxlength="200"
                    class="input ps-9"
                    value=searched.get_untracked()
                    on:input:target=move |event| {
                        if !is_converting() {
                            search_soon(event.target().value());
                        }
                    }
                    on:compositionstart=move |_| composing.set_value(true)
                    on:compositionend:target=move |event| {
                        composing.set_value(false);
                        search_soon(event.target().value());
                    }
                    on:keydown=move |event| {
                        has_key_codes.set_value(event.key() != "Unidentified");
                        if event.key() == "ArrowDown" && !browser::is_composing(&event) {
                            event.prevent_default();
                            state.focus_row(0);
                        }
                    }
                />
                <button class="button search-button" tabindex="-1">
                    "Search"
                </button>
            </form>
            <a
                href=new_href
                class="button-primary shrink-0"
                on:click=move |event| {
                    if browser::is_plain_click(&event) {
                        event.prevent_default();
                        state.open(PaneRoute::New);
                    }
                }
            >
                <Icon name="plus"/>
                "New"
                <span class="sr-only">"contact"</span>
            </a>
        </div>
    }
}

/// The number of contacts. A screen reader announces a change.
#[component]
fn Count(state: State) -> impl IntoView {
    let sentence = move || {
        if state.list_is_stale.get() {
            return String::new();
        }
        let is_search = !state.location.read().search.is_empty();
        match (state.list.read().total, is_search) {
            (0, true) => "Nobody found".to_owned(),
            (0, false) => String::new(),
            (1, true) => "1 contact found".to_owned(),
            (1, false) => "1 contact".to_owned(),
            (many, true) => format!("{} contacts found", group_digits(many, NARROW_SPACE)),
            (many, false) => format!("{} contacts", group_digits(many, NARROW_SPACE)),
        }
    };
    view! {
        <p role="status" class="text-muted tabular-nums">
            {reactive_text(sentence)}
        </p>
    }
}

/// The link to the page that prints the whole list.
#[component]
fn PrintLink(state: State) -> impl IntoView {
    view! {
        <a
            href=move || state.location.read().print_url()
            hidden=move || state.list.read().total == 0
        >
            "Print"
            <span class="sr-only">" the list"</span>
        </a>
    }
}

/// The message of a list without rows: the reason and the next step.
#[component]
fn EmptyList(state: State) -> impl IntoView {
    move || {
        if state.list_error.read().is_some() || state.list.read().total > 0 {
            return EitherOf3::A(());
        }
        let search = state.location.read().search.clone();
        if search.is_empty() {
            // `contacts::Begin` says how to begin.
            EitherOf3::B(())
        } else {
            let location = state.location.read_untracked();
            let all = location.with_search(String::new()).url();
            let add = location.new_contact_from_search().url();
            EitherOf3::C(view! {
                <div class="empty nobody">
                    <p class="text-ink">
                        "No name or email contains “" <bdi>{search.clone()}</bdi> "”."
                    </p>
                    <div>
                        <a class="button" href=all>"Clear search"</a>
                        <a class="button" href=add>
                            <span class="truncate">"Add “" <bdi>{search}</bdi> "”"</span>
                        </a>
                    </div>
                </div>
            })
        }
    }
}

/// Why the last request for the list failed, below the rows.
#[component]
fn ListError(state: State) -> impl IntoView {
    move || {
        let error = state.list_error.get()?;
        Some(view! {
            <div class="list-trouble" role="alert">
                <p><ErrorText error then="Trying again"/></p>
                <a
                    class="button"
                    href=state.location.read_untracked().url()
                    on:click=move |event| {
                        event.prevent_default();
                        state.retry();
                    }
                >
                    "Try again"
                </a>
            </div>
        })
    }
}
