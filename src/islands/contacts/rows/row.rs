//! One row of the list.

use leptos::prelude::*;

use crate::components::avatar::Avatar;
use crate::components::view::view;
use crate::islands::contacts::state::State;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::html::escape_html;
use crate::model::location::Location;
use crate::model::location::PaneRoute;

/// Where the loaded rows are in the whole list.
#[derive(Clone, Copy)]
pub struct Part {
    offset: u64,
    total: u64,
}

impl Part {
    pub fn of(list: &ContactList) -> Self {
        Self {
            offset: list.offset,
            total: list.total,
        }
    }
}

/// The attributes of a row that change while the row stays.
pub struct RowAttributes {
    pub position: String,
    pub total: String,
    pub href: String,
    pub current: Option<&'static str>,
}

impl RowAttributes {
    pub fn new(location: &Location, part: Part, index: usize, id: ContactId) -> Self {
        Self {
            position: (part.offset + index as u64 + 1).to_string(),
            total: part.total.to_string(),
            href: location.with_pane(PaneRoute::Contact(id)).url(),
            current: (location.pane.contact() == Some(id)).then_some("true"),
        }
    }
}

/// Draws a row. [`super::update`] keeps its attributes up to date.
pub fn row_view(state: State, index: usize, row: ContactRow) -> impl IntoView {
    let id = row.id;
    // Without JavaScript, the link keeps the page of the list.
    let location = state.location.read_untracked();
    let part = Part::of(&state.list.read_untracked());
    let attributes = RowAttributes::new(&location, part, index, id);
    let (name, detail) = match row.marked {
        Some(marked) => (marked.name, marked.detail),
        None => (escape_html(&row.name), escape_html(&row.detail)),
    };
    view! {
        <li aria-posinset=attributes.position aria-setsize=attributes.total>
            <a
                class="row"
                data-row=id.text()
                href=attributes.href
                aria-current=attributes.current
            >
                <Avatar id name=row.name.clone() photo=row.photo/>
                <span class="min-w-0">
                    <bdi class="row-name" title=row.name inner_html=name></bdi>
                    <span
                        class="block truncate text-xs text-muted"
                        title=row.detail
                        inner_html=detail
                    ></span>
                </span>
            </a>
        </li>
    }
}
