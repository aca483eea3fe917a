//! The pane while a contact is loading: what its row says of it and, after a while, a placeholder for the
//! rest.

use leptos::prelude::*;

use super::back_link::BackToList;
use super::details::title_classes;
use super::state::State;
use crate::components::avatar::LargeAvatar;
use crate::components::dynamic;
use crate::components::reactive_text::reactive_text;
use crate::model::contact::ContactRow;

#[component]
pub fn Loading(state: State, row: Option<ContactRow>) -> impl IntoView {
    let is_slow = state.pane_is_slow;
    let classes = title_classes(row.as_ref().map_or("", |row| &row.name));
    let known = row.map(|row| {
        view! {
            <LargeAvatar id=row.id name=row.name.clone() photo=row.photo/>
            <div class="person-name">
                <h1 id="pane-title" tabindex="-1" class=classes.1>
                    <bdi>{row.name}</bdi>
                </h1>
            </div>
        }
    });
    view! {
        <BackToList state/>
        <article class="sheet card">
            <header class=classes.0>{known}</header>
            <p role="status" class="sr-only">
                {reactive_text(move || if is_slow.get() { "Loading…" } else { "" }.to_owned())}
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
        </article>
    }
}
