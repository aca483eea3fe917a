//! The pane beside the list: one contact, the form, or a word when there is neither.

use leptos::either::EitherOf5;
use leptos::prelude::*;

use super::back_link::BackToList;
use super::details::Details;
use super::form::ContactForm;
use super::loading::Loading;
use super::state::State;
use crate::components::error_text::ErrorText;
use crate::components::reactive_text::reactive_text;
use crate::model::error::AppError;
use crate::model::location::PaneRoute;
use crate::model::view::Pane;

#[component]
pub fn PaneView(state: State) -> impl IntoView {
    view! {
        <section
            aria-label="Details"
            class="pane"
            aria-busy=move || state.pane_busy.get().then_some("true")
        >
            {move || match state.pane.get() {
                Pane::Nothing => EitherOf5::A(view! { <Nothing state/> }),
                Pane::Contact(details) => EitherOf5::B(view! { <Details state details/> }),
                Pane::Form(form) => EitherOf5::C(view! { <ContactForm state form/> }),
                Pane::Failed(error) => EitherOf5::D(view! { <Failed state error/> }),
                Pane::Loading(row) => EitherOf5::E(view! { <Loading state row/> }),
            }}
        </section>
    }
}

#[component]
fn Nothing(state: State) -> impl IntoView {
    view! {
        <div class="empty h-full justify-center">
            <p class="print-hidden">
                // Where there is no row, the list says why.
                {reactive_text(move || {
                    let text = if state.list.read().rows.is_empty() {
                        ""
                    } else {
                        "Choose a contact to see it here."
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
    let missing = error == AppError::NotFound;
    let waits = error.retry_after().is_some();
    let title = match (missing, waits) {
        (true, _) => "Not found",
        (_, true) => "One moment",
        _ => "This did not work",
    };
    // What is not there does not come by trying, and what comes by itself needs no button.
    let next = move || {
        let location = state.location.read();
        if missing {
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
            <p role="alert"><ErrorText error then="Trying again"/></p>
            <div>
                <a class="button" href="/trash" hidden=!missing>"Look in the trash"</a>
                <a class="button" href=next hidden=waits>
                    {if missing { "Back to the list" } else { "Try again" }}
                </a>
            </div>
        </div>
    }
}
