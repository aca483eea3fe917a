//! The search above the list.

use std::time::Duration;

use leptos::ev::CompositionEvent;
use leptos::ev::Event;
use leptos::ev::SubmitEvent;
use leptos::ev::Targeted;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use web_sys::HtmlInputElement;

use super::state::State;
use crate::components::dynamic::effect;
use crate::components::dynamic::on;
use crate::components::dynamic::text;
use crate::components::erased_signal::ErasedMemo;
use crate::components::erased_signal::ErasedSignal;
use crate::components::icon::Icon;
use crate::components::view::view;
use crate::islands::browser;
use crate::model::language::t_context;
use crate::model::location::FAVOURITES;
use crate::model::location::LABEL;
use crate::model::location::PaneRoute;

/// How long typing has to pause until a search starts. It is longer than the time between two letters of a
/// fast typist.
const SEARCH_DEBOUNCE: Duration = Duration::from_millis(120);

const SEARCH_ID: &str = "search";

#[component]
pub fn Search(state: State) -> impl IntoView {
    let searched = ErasedMemo::new(move || state.location.read().search.clone());
    let input = SearchInput::new(state);
    let filter = state.location.get_untracked().filter;
    // The search also changes without typing, for example by "back". The first run searches for what was
    // typed before hydration.
    effect(move |hydrated: Option<()>| {
        let searched = searched.get();
        if hydrated.is_some() {
            browser::set_input_value(SEARCH_ID, &searched);
        } else if browser::input_value(SEARCH_ID) != searched {
            state.search(browser::input_value(SEARCH_ID));
        }
    });

    view! {
        <div class="flex gap-2 p-3">
            <form
                role="search"
                method="get"
                action="/contacts"
                class="search"
                on:submit=on(move |event| input.submit(&event))
            >
                <label for=SEARCH_ID class="sr-only">
                    "Search contacts"
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
                    on:input:target=on(move |event: Targeted<Event, HtmlInputElement>| {
                        if !input.is_converting() {
                            input.search_soon(event.target().value());
                        }
                    })
                    on:compositionstart=on(move |_| input.is_composing.set(true))
                    on:compositionend:target=on(move |event: Targeted<CompositionEvent, HtmlInputElement>| {
                        input.is_composing.set(false);
                        input.search_soon(event.target().value());
                    })
                    on:keydown=on(move |event: leptos::ev::KeyboardEvent| {
                        input.has_key_codes.set(event.key() != "Unidentified");
                        if event.key() == "ArrowDown" && !browser::is_composing(&event) {
                            event.prevent_default();
                            state.focus_row(0);
                        }
                    })
                />
                // Without a script, the form leads to the list that is searched.
                <input
                    type="hidden"
                    name=LABEL
                    value=filter.label.clone()
                    disabled=filter.label.is_empty()
                />
                <input type="hidden" name=FAVOURITES value="1" disabled=!filter.favourites/>
                <button class="button search-button" tabindex="-1">
                    "Search"
                </button>
            </form>
            {new_contact_link(state)}
        </div>
    }
}

fn new_contact_link(state: State) -> impl IntoView {
    view! {
        <a
            href=text(move || state.location.read().with_pane(PaneRoute::New).url())
            class="button-primary shrink-0"
            on:click=on(move |event: leptos::ev::MouseEvent| {
                if browser::is_plain_click(&event) {
                    event.prevent_default();
                    state.open(PaneRoute::New);
                }
            })
        >
            <Icon name="plus"/>
            "New"
            <span class="sr-only">{t_context!("after “New”", "contact")}</span>
        </a>
    }
}

/// What the search remembers of the input.
#[derive(Clone, Copy)]
struct SearchInput {
    state: State,
    debounce: ErasedSignal<Option<TimeoutHandle>>,
    is_composing: ErasedSignal<bool>,
    has_key_codes: ErasedSignal<bool>,
}

impl SearchInput {
    fn new(state: State) -> Self {
        Self {
            state,
            debounce: ErasedSignal::new(None),
            is_composing: ErasedSignal::new(false),
            has_key_codes: ErasedSignal::new(true),
        }
    }

    /// Whether an input method has yet to convert the text, which is no search term until then. Touch
    /// keyboards, however, compose every word, in any language, and send no key codes.
    fn is_converting(self) -> bool {
        self.is_composing.get_untracked() && self.has_key_codes.get_untracked()
    }

    fn search_soon(self, text: String) {
        self.cancel_timer();
        let search = move || self.state.search(text);
        let timer = set_timeout_with_handle(search, SEARCH_DEBOUNCE);
        self.debounce.set(timer.ok());
    }

    fn submit(self, event: &SubmitEvent) {
        event.prevent_default();
        if !self.is_converting() {
            self.cancel_timer();
            self.state.search(browser::input_value(SEARCH_ID));
        }
    }

    fn cancel_timer(self) {
        if let Some(timer) = self.debounce.replace(None) {
            timer.clear();
        }
    }
}
