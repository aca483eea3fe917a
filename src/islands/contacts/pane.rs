//! The pane next to the list: one contact, the form, an error, or a hint without any of these.

use leptos::either::EitherOf5;
use leptos::prelude::*;

use super::back_link::BackToList;
use super::details::Details;
use super::form::ContactForm;
use super::loading::Loading;
use super::state::State;
use crate::components::dynamic;
use crate::components::dynamic::attr;
use crate::components::error_text::ErrorText;
use crate::components::reactive_text::reactive_text;
use crate::components::view::view;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::model::language::t_around;
use crate::model::location::PaneRoute;
use crate::model::view::Pane;

#[component]
pub fn PaneView(state: State) -> impl IntoView {
    view! {
        <section
            aria-label="Details"
            class="pane"
            aria-busy=attr(move || state.pane_busy.get().then_some("true"))
        >
            {dynamic::view(move || match state.pane.get() {
                Pane::Nothing => EitherOf5::A(view! { <Nothing state/> }),
                Pane::Contact(details) => EitherOf5::B(view! { <Details state details/> }),
                Pane::Form(form) => EitherOf5::C(view! { <ContactForm state form/> }),
                Pane::Failed(error) => EitherOf5::D(view! { <Failed state error/> }),
                Pane::Loading(row) => EitherOf5::E(view! { <Loading state row/> }),
            })}
        </section>
    }
}

#[component]
fn Nothing(state: State) -> impl IntoView {
    view! {
        <div class="empty h-full justify-center">
            <p class="print-hidden">
                // Without rows, the list explains why.
                {reactive_text(move || {
                    let text = if state.list.read().rows.is_empty() {
                        ""
                    } else {
                        t!("Choose a contact to see it here.")
                    };
                    text.to_owned()
                })}
            </p>
            <p class="print-only">
                "The list is printed from a page of its own: choose “Print” above it."
            </p>
        </div>
    }
}

#[component]
fn Failed(state: State, error: AppError) -> impl IntoView {
    let is_missing = error == AppError::NotFound;
    let is_waiting = error.retry_after().is_some();
    let title = match (is_missing, is_waiting) {
        (true, _) => t!("Not found"),
        (_, true) => t!("One moment"),
        _ => t!("This did not work"),
    };
    // A retry does not bring back a missing contact, and a wait ends with an automatic retry.
    let next = move || {
        let location = state.location.read();
        if is_missing {
            location.with_pane(PaneRoute::Nothing).url()
        } else {
            location.url()
        }
    };
    view! {
        <BackToList state/>
        <div class="empty">
            <h1 id="pane-title" tabindex="-1" class="text-xl font-semibold text-ink">
                {title}
            </h1>
            <p role="alert"><ErrorText error later=t_around!("Trying again in {time}.")/></p>
            <div>
                <a class="button" href="/trash" hidden=!is_missing>"Look in the trash"</a>
                <a class="button" href=next hidden=is_waiting>
                    {if is_missing { t!("Back to the list") } else { t!("Try again") }}
                </a>
            </div>
        </div>
    }
}
