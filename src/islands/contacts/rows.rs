//! The rows of the list. They know nothing that changes: the list listens for all of them, and marks
//! the one that is shown.

use std::mem;

use leptos::ev;
use leptos::ev::FocusEvent;
use leptos::ev::KeyboardEvent;
use leptos::ev::MouseEvent;
use leptos::html::Ul;
use leptos::prelude::*;
use web_sys::Element;
use web_sys::EventTarget;
use web_sys::HtmlElement;

use super::loaded;
use super::state::State;
use super::window::View;
use super::window::row_selector;
use crate::components::avatar::Avatar;
use crate::components::reactive_text::reactive_text;
use crate::islands::browser;
use crate::model::contact::ContactId;
use crate::model::contact::ContactRow;
use crate::model::location::PaneRoute;

/// How far from an end of the list, in pixels, the next page is asked for: about two screens.
const READ_AHEAD: f64 = 1500.0;

#[component]
pub fn Rows(state: State) -> impl IntoView {
    let current = Memo::new(move |_| state.location.read().pane.contact());
    let search = Memo::new(move |_| state.location.read().search.clone());
    // Tab visits the list once, at the row that was visited last; arrows move inside it. Before the
    // island is alive every row is a stop, since there are no arrows yet.
    let visited = RwSignal::new(None::<ContactId>);
    // The focus is given back to a row that nobody has just come to.
    let giving_back = StoredValue::new(false);
    let tab_stop = Memo::new(move |_| {
        let list = state.list.read();
        let here = |id: Option<ContactId>| loaded::position(&list, id?);
        here(visited.get())
            .or_else(|| here(current.get()))
            .or((!list.rows.is_empty()).then_some(0))
    });
    // The rows that are in the document, with their indices in the list. The tab stop always is, so
    // that it keeps the focus, or can get it.
    let shown = Memo::new(move |_| {
        let list = state.list.read();
        let range = state.range.get();
        let range = range.start.min(list.rows.len())..range.end.min(list.rows.len());
        let far = tab_stop.get().filter(|index| !range.contains(index));
        let (before, after) = match far {
            Some(index) if index < range.start => (far, None),
            _ => (None, far),
        };
        let indices = before.into_iter().chain(range).chain(after);
        indices
            .map(|index| (index, list.rows[index].clone()))
            .collect::<Vec<_>>()
    });

    // Once scrolling brings more rows, the links to them are no stops.
    let (alive, set_alive) = signal(false);
    Effect::new(move |_| set_alive.set(true));
    let ul = NodeRef::<Ul>::new();
    Effect::new(move |_| {
        request_animation_frame(move || {
            let contact = current.get_untracked();
            let is_here =
                |id: &ContactId| loaded::position(&state.list.read_untracked(), *id).is_some();
            match contact.filter(is_here).zip(View::measure()) {
                // Whoever has scrolled already looks at something.
                Some((contact, view)) if view.above == 0.0 => {
                    state.scroll_to_contact(Some(contact));
                }
                _ => state.handle_scroll(0.0),
            }
        });
    });
    let resized = window_event_listener(ev::resize, move |_| state.handle_scroll(0.0));
    on_cleanup(move || resized.remove());
    Effect::new(move |before: Option<()>| {
        state.list.track();
        if before.is_some() {
            request_animation_frame(move || state.handle_scroll(0.0));
        }
    });
    Effect::new(move |_| {
        let (shown, tab_stop) = (shown.get(), tab_stop.get());
        search.track();
        let current = current.get();
        let list = state.list.read();
        let (offset, total) = (list.offset, list.total);
        let rows = list.rows.len();
        drop(list);
        let row_height = state.row_height.get();
        // Once the rows of this turn are there, and before they are painted.
        queue_microtask(move || {
            let Some(ul) = ul.try_get_untracked().flatten() else {
                return;
            };
            space_out(&ul, &shown, rows, row_height);
            let location = state.location.read_untracked();
            let mut next = ul.first_element_child();
            for (index, row) in &shown {
                let Some(item) = next else { return };
                set(
                    &item,
                    "aria-posinset",
                    &(offset + *index as u64 + 1).to_string(),
                );
                set(&item, "aria-setsize", &total.to_string());
                let Some(link) = item.first_element_child() else {
                    return;
                };
                // Where a click leads: the rows of other pages are loaded, too.
                set(
                    &link,
                    "href",
                    &location.with_opened_pane(PaneRoute::Contact(row.id)).url(),
                );
                set_if(&link, current == Some(row.id), "aria-current", "true");
                set_if(&link, tab_stop != Some(*index), "tabindex", "-1");
                next = item.next_element_sibling();
            }
            // A row that is moved within the document loses the focus.
            let stop = shown.iter().find(|(index, _)| tab_stop == Some(*index));
            let had_focus = state.row_had_focus.try_update_value(mem::take);
            if let Some((_, row)) = stop.filter(|_| had_focus == Some(true))
                && browser::is_focus_lost()
            {
                giving_back.set_value(true);
                browser::focus_without_scroll(&row_selector(row.id), ".rows");
                giving_back.set_value(false);
            }
        });
    });

    let row = move |(index, row): (usize, ContactRow)| {
        let id = row.id;
        // Without scripts, the page of the list stays beside its contact.
        let location = state.location.read_untracked();
        let list = state.list.read_untracked();
        view! {
            <li
                aria-posinset=(list.offset + index as u64 + 1).to_string()
                aria-setsize=list.total.to_string()
            >
                <a
                    class="row"
                    data-row=id.to_string()
                    href=location.with_pane(PaneRoute::Contact(id)).url()
                    aria-current=(location.pane.contact() == Some(id)).then_some("true")
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
    let open = move |event: MouseEvent| {
        if let Some(id) = row_of(event.target()).filter(|_| browser::is_plain_click(&event)) {
            event.prevent_default();
            state.open(PaneRoute::Contact(id));
        }
    };
    let visit = move |event: FocusEvent| {
        let Some(id) = row_of(event.target()).filter(|_| !giving_back.get_value()) else {
            return;
        };
        visited.set(Some(id));
        let index = loaded::position(&state.list.read_untracked(), id);
        // Tab has led to a row that had been scrolled out of view.
        if let Some(index) = index.filter(|index| !state.range.read_untracked().contains(index)) {
            state.focus_row(index);
        }
    };

    view! {
        <div
            class="rows"
            aria-busy=move || state.list_busy.get().then_some("true")
            data-stale=move || state.list_is_stale.get().then_some("true")
            on:scroll=move |_| state.handle_scroll(READ_AHEAD)
        >
            {move || (state.list.read().offset > 0).then(|| view! { <FirstPage state/> })}
            <MoreLink
                state
                alive
                text="Show previous"
                rel="prev"
                cursor=Signal::derive(move || state.list.read().previous_cursor.clone())
                load=move || state.load_previous()
            />
            <ul
                node_ref=ul
                on:click=open
                on:focusin=visit
                on:keydown=move |event| move_between_rows(state, &event)
            >
                <For each=move || shown.get() key=|(_, row)| row.clone() children=row/>
            </ul>
            <MoreLink
                state
                alive
                text="Show more"
                rel="next"
                cursor=Signal::derive(move || state.list.read().next_cursor.clone())
                load=move || state.load_next()
            />
        </div>
    }
}

#[component]
fn FirstPage(state: State) -> impl IntoView {
    // Beside a contact stands its own page.
    let first = state
        .location
        .read_untracked()
        .with_pane(PaneRoute::Nothing)
        .with_cursor(None);
    view! {
        <a
            class="more"
            href=first.url()
            on:click=move |event| {
                if browser::is_plain_click(&event) {
                    event.prevent_default();
                    state.load_first_page();
                }
            }
        >
            "Back to the first page"
        </a>
    }
}

/// Asks for the page that a cursor names, if there is one. Scrolling does the same.
#[component]
fn MoreLink(
    state: State,
    alive: ReadSignal<bool>,
    text: &'static str,
    rel: &'static str,
    cursor: Signal<Option<String>>,
    load: impl Fn() + Copy + Send + 'static,
) -> impl IntoView {
    let cursor = Memo::new(move |_| cursor.get());
    move || {
        let cursor = cursor.get()?;
        let href = state.location.read().with_cursor(Some(cursor)).url();
        let text = move || {
            if state.list_busy.get() {
                "Loading…"
            } else {
                text
            }
        };
        Some(view! {
            <a
                class="more"
                href=href
                rel=rel
                tabindex=move || {
                    (alive.get() && state.list_error.read().is_none()).then_some("-1")
                }
                on:click=move |event| {
                    if browser::is_plain_click(&event) {
                        event.prevent_default();
                        load();
                    }
                }
            >
                {reactive_text(move || text().to_owned())}
            </a>
        })
    }
}

/// Makes room above and below for the rows that are not in the document. It measures nothing: that
/// would lay out a list without the room, which is too short to be scrolled as far.
fn space_out(ul: &HtmlElement, shown: &[(usize, ContactRow)], rows: usize, row_height: f64) {
    let below = shown
        .last()
        .map_or(0, |(last, _)| rows.saturating_sub(last + 1));
    // A tab stop far above or below takes up one of the rows that are left out.
    let first = shown.first().map_or(0, |(first, _)| *first);
    let gaps = (rows - first - below).saturating_sub(shown.len());
    let gap_is_above = shown.get(1).is_some_and(|(second, _)| *second > first + 1);
    let (above, below) = if gap_is_above {
        (first + gaps, below)
    } else {
        (first, below + gaps)
    };
    for (side, count) in [("padding-top", above), ("padding-bottom", below)] {
        // The browser writes the fraction: Rust's own code for that is large.
        let space = js_sys::Number::from(count as f64 * row_height).to_fixed(2);
        let space = space.map(String::from).unwrap_or_default() + "px";
        let _ = ul.style().set_property(side, &space);
    }
}

fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}

fn set_if(element: &Element, condition: bool, name: &str, value: &str) {
    if condition {
        set(element, name, value);
    } else {
        let _ = element.remove_attribute(name);
    }
}

/// The contact whose row an event is about.
fn row_of(target: Option<EventTarget>) -> Option<ContactId> {
    let row = browser::closest(target, "[data-row]")?;
    row.get_attribute("data-row")?.parse().ok()
}

/// Keys move the focus from row to row, also to those that are not in the document.
fn move_between_rows(state: State, event: &KeyboardEvent) {
    let list = state.list.read_untracked();
    let Some(here) = row_of(event.target()).and_then(|id| loaded::position(&list, id)) else {
        return;
    };
    let last = list.rows.len().saturating_sub(1);
    drop(list);
    let page = View::measure().map_or(1, |view| view.rows());
    let to = match event.key().as_str() {
        "ArrowDown" => here + 1,
        "ArrowUp" => here.saturating_sub(1),
        "PageDown" => here + page,
        "PageUp" => here.saturating_sub(page),
        "Home" => 0,
        "End" => last,
        _ => return,
    };
    event.prevent_default();
    state.focus_row(to.min(last));
}
