//! One row of the list.

use leptos::prelude::*;

use crate::components::avatar::Avatar;
use crate::components::view::view;
use crate::islands::contacts::state::State;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::html::escape_html;
use crate::model::location::Location;
use crate::model::location::PaneRoute;

/// The attributes of a row that change while the row stays.
pub struct RowAttributes {
    pub position: String,
    pub total: String,
    pub href: String,
    pub current: Option<&'static str>,
    /// Of the first row under a heading.
    pub heading: Option<String>,
}

impl RowAttributes {
    pub fn new(location: &Location, list: &ContactList, index: usize, row: &ContactRow) -> Self {
        let before = index
            .checked_sub(1)
            .and_then(|before| list.rows.get(before));
        let begins = before.is_none_or(|before| before.heading != row.heading);
        Self {
            position: (list.offset + index as u64 + 1).to_string(),
            total: list.total.to_string(),
            href: location.with_pane(PaneRoute::Contact(row.id)).url(),
            current: (location.pane.contact() == Some(row.id)).then_some("true"),
            heading: (begins && !row.heading.is_empty()).then(|| row.heading.clone()),
        }
    }
}

/// Draws a row. [`super::update`] keeps its attributes up to date.
pub fn row_view(state: State, index: usize, row: ContactRow) -> impl IntoView {
    let id = row.id;
    // Without JavaScript, the link keeps the page of the list.
    let location = state.location.read_untracked();
    let attributes = RowAttributes::new(&location, &state.list.read_untracked(), index, &row);
    let (name, detail) = match row.marked {
        Some(marked) => (marked.name, marked.detail),
        None => (escape_html(&row.name), escape_html(&row.detail)),
    };
    view! {
        <li
            aria-posinset=attributes.position
            aria-setsize=attributes.total
            data-heading=attributes.heading
        >
            <a
                class="row"
                data-row=id.text()
                href=attributes.href
                aria-current=attributes.current
            >
                <Avatar id name=row.name.clone() photo=row.photo/>
                <span class="min-w-0">
                    <bdi class="row-name" title=row.name inner_html=name></bdi>
                    <span class="block truncate text-xs text-muted" title=row.detail>
                        <bdi inner_html=detail></bdi>
                    </span>
                </span>
            </a>
        </li>
    }
}
