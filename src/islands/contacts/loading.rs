//! The pane while a contact is loading: what its row says of it and, after a while, a placeholder for the
//! rest.

use leptos::prelude::*;

use super::back_link::BackToList;
use super::person::person;
use super::state::State;
use crate::components::dynamic;
use crate::components::reactive_text::reactive_text;
use crate::components::view::view;
use crate::model::contact::ContactRow;
use crate::model::language::t;

#[component]
pub fn Loading(state: State, row: Option<ContactRow>) -> impl IntoView {
    let is_slow = state.pane_is_slow;
    let known = row.map(|row| person(("", ""), &row, "", ()));
    view! {
        <BackToList state/>
        <article class="sheet card">
            <div>
                {known}
                <p role="status" class="sr-only">
                    {reactive_text(move || if is_slow.get() { t!("Loading…") } else { "" }.to_owned())}
                </p>
                {dynamic::view(move || {
                    is_slow
                        .get()
                        .then(|| {
                            view! {
                                <div class="skeleton" aria-hidden="true">
                                    <span></span>
                                    <span></span>
                                    <span></span>
                                </div>
                            }
                        })
                })}
            </div>
        </article>
    }
}
