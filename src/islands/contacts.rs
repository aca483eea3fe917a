//! The page `/contacts`: a list with a search, and next to it a pane with one contact, a form, or nothing.
//!
//! Invariants: the address bar always names what the page shows, so that a reload or a shared link shows
//! the same. The pane never rebuilds the list, so that the list keeps its scroll position, search and
//! selection.

mod activity;
mod back_link;
mod details;
mod form;
mod list;
mod loaded;
mod loading;
mod pane;
mod person;
mod rows;
mod search;
mod state;
mod updates;
mod welcome;
mod window;

use leptos::ev;
use leptos::prelude::*;

use crate::components::dynamic;
use crate::components::dynamic::attr;
use crate::components::dynamic::on;
use crate::components::dynamic::text;
use crate::components::erased_signal::ErasedMemo;
use crate::components::erased_signal::ErasedSignal;
use crate::components::error_text::ErrorText;
use crate::components::icon::Icon;
use crate::components::view::view;
use crate::islands::browser;
use crate::islands::checked::Checked;
use crate::islands::page_data::page_data;
use crate::model::language::t;
use crate::model::language::t_around;
use crate::model::view::ContactsView;
use crate::model::view::Notice;
use crate::model::view::Pane;

/// The whole page below the header. Its data is a [`ContactsView`].
#[island]
pub fn Contacts() -> impl IntoView {
    let view = page_data::<ContactsView>();
    let generation = view.generation.clone();
    let state = state::State::new(view);
    updates::follow(state, generation);

    let back = window_event_listener(ev::popstate, move |_| state.handle_popstate());
    on_cleanup(move || back.remove());
    let online = window_event_listener(ev::online, move |_| state.retry_when_online());
    on_cleanup(move || online.remove());
    // The browser asks the reader before it discards what was typed.
    let leave = window_event_listener(ev::beforeunload, move |event| {
        if state.unsaved_form().is_some() || state.has_drafts() {
            event.prevent_default();
        }
    });
    on_cleanup(move || leave.remove());

    Checked(view! {
        <main
            id="main"
            tabindex="-1"
            class="panes"
            on:click=on(move |event| state.follow_link(&event))
            data-pane=text(move || {
                if matches!(*state.pane.read(), Pane::Nothing) { "list" } else { "pane" }
            })
        >
            <list::List state/>
            <pane::PaneView state/>
            <Begin state/>
            <NoticeBar state/>
        </main>
    })
}

/// The message in the middle of the page while there are no contacts.
#[component]
fn Begin(state: state::State) -> impl IntoView {
    let is_empty = ErasedMemo::new(move || {
        matches!(*state.pane.read(), Pane::Nothing)
            && state.list.read().total == 0
            && state.list_error.read().is_none()
            && state.location.read().lists_all()
    });
    dynamic::view(move || {
        is_empty.get().then(|| {
            view! {
                <div class="empty begin print-hidden">
                    <p class="text-lg font-semibold text-ink">"No contacts yet"</p>
                    <p>"Add a person. One thing that you know of them is enough."</p>
                    <a class="button-primary" href="/contacts/new">"Add contact"</a>
                    <a class="button" href=state.location.read().import_url()>"Import contacts"</a>
                </div>
            }
        })
    })
}

/// Shows the last deletions until the reader undoes or closes them, and the error of the last action.
#[component]
fn NoticeBar(state: state::State) -> impl IntoView {
    let slot = move |slot: ErasedSignal<Option<Notice>>| {
        let notice = move |notice: Notice| {
            let id = notice.id;
            let (before, after) = t_around!("{name} is in the trash.");
            let closed = move || {
                let location = state.location.read();
                location.with_pane(location.pane).url()
            };
            view! {
                <form
                    id=state::notice_id(id)
                    method="post"
                    action=text(move || state.location.read().action_url(id, "restore"))
                    class="notice"
                    on:submit=on(move |event: leptos::ev::SubmitEvent| {
                        event.prevent_default();
                        state.restore(id);
                    })
                >
                    <p class="min-w-0">
                        {before}
                        <bdi class="inline-block max-w-full truncate align-bottom font-medium">
                            {notice.name.clone()}
                        </bdi>
                        {after}
                    </p>
                    <button
                        class="button-quiet"
                        aria-label=t!("Undo: {name}", name = notice.name)
                        aria-disabled=attr(move || (state.restoring.get() == Some(id)).then_some("true"))
                    >
                        "Undo"
                    </button>
                    <a
                        class="button-quiet button-icon"
                        aria-label=t!("Close: {name}", name = notice.name)
                        href=closed
                        on:click=on(move |event: leptos::ev::MouseEvent| {
                            if browser::is_plain_click(&event) {
                                event.prevent_default();
                                state.close_notice(id);
                            }
                        })
                    >
                        <Icon name="close"/>
                    </a>
                </form>
            }
        };
        view! { <div role="status">{dynamic::view(move || slot.get().map(notice))}</div> }
    };
    view! {
        <div class="notice-region">
            <p class="sr-only" role="status">{move || state.announcement.get()}</p>
            {state.notices.map(slot)}
            <div role="alert">
                {dynamic::view(move || {
                    let later = t_around!("You can try again in {time}.");
                    state.problem.get().map(|error| view! { <p class="notice"><ErrorText error later/></p> })
                })}
            </div>
        </div>
    }
}
