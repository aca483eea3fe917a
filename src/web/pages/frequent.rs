//! The row above the list of contacts with those that are used most. It is outside of the island, so the browser downloads
//! nothing for it but its markup.

use leptos::prelude::*;

use crate::components::avatar::SmallAvatar;
use crate::components::view::view;
use crate::model::contact::ContactRow;
use crate::model::location::Location;
use crate::model::location::PaneRoute;

/// A book whose contacts were never used has no such row.
#[component]
pub fn Frequent(contacts: Vec<ContactRow>, location: Location) -> impl IntoView {
    if contacts.is_empty() {
        return None;
    }
    let contact = |row: ContactRow| {
        let href = location.with_pane(PaneRoute::Contact(row.id)).url();
        view! {
            <li>
                <a href=href>
                    <SmallAvatar id=row.id name=row.name.clone() photo=row.photo/>
                    <bdi>{row.name}</bdi>
                </a>
            </li>
        }
    };
    Some(view! {
        <nav class="frequent print-hidden" aria-labelledby="frequent">
            <p id="frequent">"Frequent"</p>
            <ul>{contacts.into_iter().map(contact).collect_view()}</ul>
        </nav>
    })
}
