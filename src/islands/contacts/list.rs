//! The list: a search as one types, the rows, and more of them as one scrolls.

use std::time::Duration;

use leptos::either::EitherOf4;
use leptos::ev::KeyboardEvent;
use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use super::state::Pane;
use super::state::State;
use crate::components::avatar::Avatar;
use crate::components::error_text::ErrorText;
use crate::components::icon::Icon;
use crate::components::words::words;
use crate::contact::ContactId;
use crate::contact::ContactRow;
use crate::islands::browser;
use crate::place::PanePlace;

/// How long a pause in typing starts a search: shorter than a thought, longer than the time
/// between two letters of a fast typist.
const TYPING_PAUSE: Duration = Duration::from_millis(120);

/// How far from the end of the list, in pixels, the next page is asked for: about two screens.
const READ_AHEAD: i32 = 1500;

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
        </section>
    }
}

#[component]
fn Search(state: State) -> impl IntoView {
    let searched = Memo::new(move |_| state.place.read().search.clone());
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let stop_waiting = move || {
        if let Some(timer) = waiting.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    let search_soon = move |text: String| {
        stop_waiting();
        let timer = set_timeout_with_handle(move || state.search(text), TYPING_PAUSE);
        waiting.set_value(timer.ok());
    };
    let search_now = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        stop_waiting();
        state.search(browser::input_value(SEARCH_ID));
    };
    // What is searched can change without typing, by "back" for one. What was typed before the
    // island came alive is searched for now.
    Effect::new(move |alive: Option<()>| {
        let searched = searched.get();
        if alive.is_some() {
            browser::set_input_value(SEARCH_ID, &searched);
        } else if browser::input_value(SEARCH_ID) != searched {
            state.search(browser::input_value(SEARCH_ID));
        }
    });
    let new_href = move || state.place.read().beside(PanePlace::New).href();

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
                    on:input:target=move |event| search_soon(event.target().value())
                    on:keydown=move |event| {
                        if event.key() == "ArrowDown" {
                            event.prevent_default();
                            browser::focus_soon("#contact-list [data-row]");
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
                        state.open(PanePlace::New);
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

/// How many there are, said again when it changes.
#[component]
fn Count(state: State) -> impl IntoView {
    let sentence = move || {
        if state.list_error.read().is_some() {
            return String::new();
        }
        let searching = !state.place.read().search.is_empty();
        match (state.total.get(), searching) {
            (0, true) => "Nobody found".to_owned(),
            (0, false) => String::new(),
            (1, true) => "1 contact found".to_owned(),
            (1, false) => "1 contact".to_owned(),
            (many, true) => format!("{} contacts found", grouped(many)),
            (many, false) => format!("{} contacts", grouped(many)),
        }
    };
    view! {
        <p role="status" class="text-muted tabular-nums">
            {words(sentence)}
        </p>
    }
}

/// The way to the page that prints all that the list holds.
#[component]
fn PrintLink(state: State) -> impl IntoView {
    view! {
        <a
            href=move || state.place.read().print_href()
            hidden=move || state.total.get() == 0
        >
            "Print"
            <span class="sr-only">" the list"</span>
        </a>
    }
}

/// A number with its thousands apart by a narrow space, the same in every locale.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[component]
fn Rows(state: State) -> impl IntoView {
    // Tab visits the list once, at this row; arrows move inside it. Before the island is alive
    // every row is a stop, since there are no arrows yet.
    let (alive, set_alive) = signal(false);
    Effect::new(move |_| set_alive.set(true));
    let stop = RwSignal::new(None::<ContactId>);
    let tab_stop = Memo::new(move |_| {
        let rows = state.rows.read();
        let here = |id: &ContactId| rows.iter().any(|row| row.id == *id);
        stop.get()
            .filter(here)
            .or_else(|| state.place.read().pane.contact().filter(here))
            .or_else(|| rows.first().map(|row| row.id))
    });
    let row = move |row: ContactRow| {
        let id = row.id;
        let pane = PanePlace::Contact(id);
        view! {
            <li>
                <a
                    class="row"
                    data-row
                    href=move || state.place.read().beside(pane).href()
                    aria-current=move || (state.place.read().pane.contact() == Some(id)).then_some("true")
                    tabindex=move || (alive.get() && tab_stop.get() != Some(id)).then_some("-1")
                    on:focus=move |_| stop.set(Some(id))
                    on:click=move |event| {
                        if browser::is_plain_click(&event) {
                            event.prevent_default();
                            state.open(pane);
                        }
                    }
                >
                    <Avatar id name=row.name.clone()/>
                    <span class="min-w-0">
                        <bdi class="row-name" title=row.name.clone()>
                            {row.name.clone()}
                        </bdi>
                        <span class="block truncate text-xs text-muted" title=row.email>
                            {row.email.clone()}
                        </span>
                    </span>
                </a>
            </li>
        }
    };
    let near_end = move |event: leptos::ev::Event| {
        let list = event_target::<web_sys::HtmlElement>(&event);
        let stuck = state.list_error.read_untracked().is_some();
        if !stuck && list.scroll_top() + list.client_height() + READ_AHEAD > list.scroll_height() {
            state.load_more();
        }
    };

    view! {
        <div
            class="rows"
            aria-busy=move || state.list_busy.get().then_some("true")
            on:scroll=near_end
            on:keydown=move_between_rows
        >
            {move || {
                state.place.read().cursor.is_some().then(|| {
                    view! {
                        <a class="more" href=state.place.read().starting(None).href()>
                            "Back to the first page"
                        </a>
                    }
                })
            }}
            <ul>
                <For each=move || state.rows.get() key=ContactRow::clone children=row/>
            </ul>
            <EmptyList state/>
            {move || {
                state.next_cursor.get().map(|cursor| {
                    let href = state.place.read().starting(Some(cursor)).href();
                    view! {
                        <a
                            class="more"
                            href=href
                            rel="next"
                            // Whoever moves on by the keyboard has the next rows before they are there.
                            tabindex=move || {
                                let stuck = state.list_error.read().is_some();
                                (alive.get() && !stuck).then_some("-1")
                            }
                            on:click=move |event| {
                                if browser::is_plain_click(&event) {
                                    event.prevent_default();
                                    state.load_more();
                                }
                            }
                        >
                            {move || if state.list_busy.get() { "Loading…" } else { "Show more" }}
                        </a>
                    }
                })
            }}
        </div>
    }
}

/// What stands where no row does: why, and the next step.
#[component]
fn EmptyList(state: State) -> impl IntoView {
    move || {
        if let Some(error) = state.list_error.get() {
            return EitherOf4::A(view! {
                <div class="empty" role="alert">
                    <p><ErrorText error then="Trying again"/></p>
                    <a
                        class="button"
                        href=state.place.read().href()
                        on:click=move |event| {
                            event.prevent_default();
                            state.reload_list();
                        }
                    >
                        "Try again"
                    </a>
                </div>
            });
        }
        if !state.rows.read().is_empty() {
            return EitherOf4::B(());
        }
        let search = state.place.read().search.clone();
        if search.is_empty() {
            // The page says how to begin.
            EitherOf4::C(())
        } else {
            let place = state.place.read_untracked();
            let all = place.searching(String::new()).href();
            let add = place.adding_searched().href();
            EitherOf4::D(view! {
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

/// Arrow keys, Home and End move the focus from row to row.
fn move_between_rows(event: KeyboardEvent) {
    let Some(item) = browser::closest(event.target(), "li") else {
        return;
    };
    let list = item.parent_element();
    let to = match event.key().as_str() {
        "ArrowDown" => item.next_element_sibling(),
        "ArrowUp" => item.previous_element_sibling(),
        "Home" => list.and_then(|list| list.first_element_child()),
        "End" => list.and_then(|list| list.last_element_child()),
        _ => return,
    };
    event.prevent_default();
    let row = to.and_then(|item| item.query_selector("[data-row]").ok().flatten());
    if let Some(row) = row.and_then(|row| row.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = row.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_stand_apart() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1\u{202f}000"),
            (1_234_567, "1\u{202f}234\u{202f}567"),
        ];
        for (number, text) in cases {
            assert_eq!(grouped(number), text);
        }
    }
}
