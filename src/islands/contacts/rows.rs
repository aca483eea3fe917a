//! The rows of the list. A row has no signals and no listeners of its own: the list listens for all rows
//! and updates their attributes.

mod keyed;
mod row;
mod update;

use leptos::ev;
use leptos::ev::FocusEvent;
use leptos::ev::KeyboardEvent;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;

use super::loaded;
use super::state::State;
use super::window::row_of;
use crate::components::dynamic;
use crate::components::dynamic::attr;
use crate::components::dynamic::effect;
use crate::components::dynamic::erase;
use crate::components::dynamic::on;
use crate::components::erased_signal::ErasedMemo;
use crate::components::erased_signal::ErasedSignal;
use crate::components::reactive_text::reactive_text;
use crate::components::view::view;
use crate::islands::browser;
use crate::model::contact::ContactId;
use crate::model::language::t;
use crate::model::location::PaneRoute;
use keyed::KeyedRows;
use row::row_view;
use update::Update;
use update::rendered_rows;

/// In pixels, about two screens: where less is left to scroll, the next page is loaded.
const PREFETCH_DISTANCE: f64 = 1500.0;

#[component]
pub fn Rows(state: State) -> impl IntoView {
    let current = ErasedMemo::new(move || state.location.read().pane.contact());
    let visited = ErasedSignal::new(None::<ContactId>);
    // Whether a focus event comes from `Update::apply` and not from the reader.
    let is_restoring = ErasedSignal::new(false);
    let tab_stop = tab_stop(state, visited, current);
    let rendered = ErasedMemo::new(move || {
        rendered_rows(&state.list.read(), state.range.get(), tab_stop.get())
    });

    // Scrolling loads more rows then, so that Tab need not lead to the links that do so.
    let hydrated = ErasedSignal::new(false);
    effect(move |_| hydrated.set(true));
    follow_scrolling(state, current);
    let search = ErasedMemo::new(move || state.location.read().search.clone());
    effect(move |_| {
        // A memo that is tracked and not read stays outdated, and then reports no further change.
        let _ = (search.get(), current.get());
        let update = Update {
            rendered: rendered.get(),
            tab_stop: tab_stop.get(),
            list: state.list.read(),
            row_height: state.row_height.get(),
        };
        // Runs after the rows of this update are in the document and before they are painted.
        queue_microtask(move || {
            if let Some(ul) = browser::query(".rows > ul").and_then(|ul| ul.dyn_into().ok()) {
                update.apply(state, &ul, is_restoring);
            }
        });
    });

    let has_rows_above = ErasedMemo::new(move || state.list.read().offset > 0);
    let open = move |event: MouseEvent| {
        if let Some(id) = row_of(event.target()).filter(|_| browser::is_plain_click(&event)) {
            event.prevent_default();
            state.open(PaneRoute::Contact(id));
        }
    };
    let visit = move |event: FocusEvent| {
        let Some(id) = row_of(event.target()).filter(|_| !is_restoring.get_untracked()) else {
            return;
        };
        visited.set(Some(id));
        let index = loaded::position(&state.list.read_untracked(), id);
        // Tab has led to a row that is out of view.
        if let Some(index) = index.filter(|index| !state.range.read_untracked().contains(index)) {
            state.focus_row(index);
        }
    };

    view! {
        <div
            class="rows"
            aria-busy=attr(move || state.list_busy.get().then_some("true"))
            data-stale=attr(move || state.list_is_stale.get().then_some("true"))
            on:scroll=on(move |_| state.handle_scroll(PREFETCH_DISTANCE))
        >
            {dynamic::view(move || has_rows_above.get().then(|| view! { <FirstPage state/> }))}
            <MoreLink
                state
                hydrated
                text=t!("Show previous")
                rel="prev"
                cursor=ErasedMemo::new(move || state.list.read().previous_cursor.clone())
                load=move || state.load_previous()
            />
            <ul
                on:click=open
                on:focusin=visit
                on:keydown=on(move |event| move_between_rows(state, &event))
            >
                {move || KeyedRows {
                    rows: rendered.get(),
                    draw: Box::new(move |index, row| erase(row_view(state, index, row))),
                }}
            </ul>
            <MoreLink
                state
                hydrated
                text=t!("Show more")
                rel="next"
                cursor=ErasedMemo::new(move || state.list.read().next_cursor.clone())
                load=move || state.load_next()
            />
        </div>
    }
}

/// The index of the only row that Tab leads to: the one that was focused last, otherwise the one that is
/// shown, otherwise the first. Arrow keys move between rows. Until the island is hydrated, Tab leads to
/// every row, because the arrow keys do nothing until then.
fn tab_stop(
    state: State,
    visited: ErasedSignal<Option<ContactId>>,
    current: ErasedMemo<Option<ContactId>>,
) -> ErasedMemo<Option<usize>> {
    ErasedMemo::new(move || {
        let list = state.list.read();
        let here = |id: Option<ContactId>| loaded::position(&list, id?);
        here(visited.get())
            .or_else(|| here(current.get()))
            .or((!list.rows.is_empty()).then_some(0))
    })
}

/// Scrolls to the contact in the pane at first, and then keeps the rows in view in the document.
fn follow_scrolling(state: State, current: ErasedMemo<Option<ContactId>>) {
    effect(move |_| {
        request_animation_frame(move || {
            let contact = current.get_untracked();
            let is_here =
                |id: &ContactId| loaded::position(&state.list.read_untracked(), *id).is_some();
            match contact.filter(is_here).zip(state.view()) {
                // A reader who has already scrolled keeps the scroll position.
                Some((contact, view)) if view.above == 0.0 => {
                    state.scroll_to_contact(Some(contact));
                }
                _ => {
                    if let (None, Some(view)) = (contact, state.view()) {
                        view.scroll_past_links();
                    }
                    state.handle_scroll(0.0);
                }
            }
        });
    });
    let resized = window_event_listener(ev::resize, move |_| state.handle_scroll(0.0));
    on_cleanup(move || resized.remove());
    effect(move |before: Option<()>| {
        let _ = state.list.read();
        if before.is_some() {
            request_animation_frame(move || state.handle_scroll(0.0));
        }
    });
}

#[component]
fn FirstPage(state: State) -> impl IntoView {
    // A pane with a contact would bring back the page of that contact.
    let first = state
        .location
        .read_untracked()
        .with_pane(PaneRoute::Nothing)
        .with_cursor(None);
    view! {
        <a
            class="more"
            href=first.url()
            on:click=on(move |event: MouseEvent| {
                if browser::is_plain_click(&event) {
                    event.prevent_default();
                    state.load_first_page();
                }
            })
        >
            "Back to the first page"
        </a>
    }
}

/// Loads the page of a cursor, if there is one. Scrolling does the same.
#[component]
fn MoreLink(
    state: State,
    hydrated: ErasedSignal<bool>,
    text: &'static str,
    rel: &'static str,
    cursor: ErasedMemo<Option<String>>,
    load: impl Fn() + Copy + Send + 'static,
) -> impl IntoView {
    let href = ErasedMemo::new(move || {
        let location = state.location.read().with_cursor(Some(cursor.get()?));
        Some(location.url())
    });
    let text = move || {
        let text = if state.list_busy.get() {
            t!("Loading…")
        } else {
            text
        };
        text.to_owned()
    };
    dynamic::view(move || {
        href.get().map(|href| {
            view! {
                <a
                    class="more"
                    href=href
                    rel=rel
                    tabindex=attr(move || {
                        (hydrated.get() && state.list_error.read().is_none()).then_some("-1")
                    })
                    on:click=on(move |event: MouseEvent| {
                        if browser::is_plain_click(&event) {
                            event.prevent_default();
                            load();
                        }
                    })
                >
                    {reactive_text(text)}
                </a>
            }
        })
    })
}

/// Moves the focus between rows by keys, also to rows that are not loaded.
fn move_between_rows(state: State, event: &KeyboardEvent) {
    let list = state.list.read_untracked();
    let Some(row) = row_of(event.target()).and_then(|id| loaded::position(&list, id)) else {
        return;
    };
    let here = list.offset + row as u64;
    let end = list.total.saturating_sub(1);
    drop(list);
    let page = state.view().map_or(1, |view| view.rows() as u64);
    let to = match event.key().as_str() {
        "ArrowDown" => here + 1,
        "ArrowUp" => here.saturating_sub(1),
        "PageDown" => here + page,
        "PageUp" => here.saturating_sub(page),
        "Home" => 0,
        "End" => end,
        _ => return,
    };
    event.prevent_default();
    state.focus_index(to.min(end));
}
