//! The page `/contacts`: a list that is searched as one types, and a pane beside it with one
//! contact, a form, or nothing.
//!
//! Invariants: the address bar always names what is shown, so that a reload or a shared link
//! shows the same; the list is never rebuilt by what happens in the pane, so that its scroll,
//! search and selection outlive every visit to a contact.

mod conflict;
mod form;
mod list;
mod pane;
mod state;
mod welcome;

use leptos::ev;
use leptos::prelude::*;

pub use state::ContactsView;
pub use state::FormView;
pub use state::Notice;
pub use state::Pane;
pub use state::Saved;
pub use state::Welcome;

use crate::components::error_text::ErrorText;
use crate::islands::checked::Checked;

/// The whole of `/contacts` below the header. `view` is what the server has found out already.
#[island]
pub fn Contacts(view: ContactsView) -> impl IntoView {
    let state = state::State::new(view);

    let back = window_event_listener(ev::popstate, move |_| state.follow_address());
    on_cleanup(move || back.remove());
    // The browser asks before it throws away what was typed.
    let leave = window_event_listener(ev::beforeunload, move |event| {
        if state.unsaved().is_some() {
            event.prevent_default();
        }
    });
    on_cleanup(move || leave.remove());

    Checked(view! {
        <main
            id="main"
            tabindex="-1"
            class="panes"
            data-pane=move || {
                if matches!(*state.pane.read(), Pane::Nothing) { "list" } else { "pane" }
            }
        >
            <list::List state/>
            <pane::PaneView state/>
            <NoticeBar state/>
        </main>
    })
}

/// Says what has just happened and offers to undo it, for as long as the page stays.
#[component]
fn NoticeBar(state: state::State) -> impl IntoView {
    let undo = move |notice: Notice| {
        let action = state.place.read().act_on(notice.id, "restore");
        view! {
            <form
                method="post"
                action=action
                class="notice"
                on:submit=move |event| {
                    event.prevent_default();
                    state.restore(notice.id);
                }
            >
                <p class="min-w-0 truncate">
                    <bdi class="font-medium">{notice.name}</bdi>
                    " is in the trash."
                </p>
                <button class="button-quiet">"Undo"</button>
            </form>
        }
    };
    view! {
        <div class="notice-region">
            <div role="status">{move || state.notice.get().map(undo)}</div>
            <div role="alert">
                {move || {
                    state.problem.get().map(|error| view! { <p class="notice"><ErrorText error then="You can try again"/></p> })
                }}
            </div>
        </div>
    }
}
