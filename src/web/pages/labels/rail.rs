//! The row above the list of contacts: links to all contacts, to the favourites, and to each label. It is outside of the
//! island, so the browser downloads nothing for it but its markup.

use leptos::prelude::*;

use super::class_of;
use crate::model::location::ListFilter;
use crate::model::location::Location;
use crate::services::contacts::labels::LabelColour;
use crate::services::contacts::labels::Labels;
use crate::services::format;
use crate::web::caller_contacts::in_book;

/// A book without labels and favourites has no such row.
#[component]
pub fn LabelRail(labels: Labels, location: Location) -> impl IntoView {
    let shown = location.filter.clone();
    let Labels { labels, favourites } = labels;
    if labels.is_empty() && favourites == 0 && shown == ListFilter::default() {
        return None;
    }
    let link = |filter: ListFilter, colour: LabelColour, name: String, count: Option<u64>| {
        let here = (filter == shown).then_some("page");
        let list = Location {
            book: location.book.clone(),
            search: location.search.clone(),
            filter,
            ..Location::default()
        };
        view! {
            <li>
                <a class=class_of(colour) href=list.url() aria-current=here>
                    <bdi>{name}</bdi>
                    {count.map(|count| view! { " "<span>{format::number(count)}</span> })}
                </a>
            </li>
        }
    };
    let book = location.book.parse().ok();
    let only_favourites = ListFilter {
        favourites: true,
        ..ListFilter::default()
    };
    let grey = LabelColour::default();
    let links: Vec<_> = labels
        .into_iter()
        .map(|label| {
            let filter = ListFilter {
                label: label.id.to_string(),
                favourites: false,
            };
            link(filter, label.colour, label.name, Some(label.contacts))
        })
        .collect();
    let all = link(ListFilter::default(), grey, "All".to_owned(), None);
    let stars = link(
        only_favourites,
        grey,
        "Favourites".to_owned(),
        Some(favourites),
    );
    Some(view! {
        <nav class="label-rail print-hidden" aria-label="Labels">
            <ul>
                {all}
                {stars}
                {links}
                <li><a class="link" href=in_book("/labels", book)>"Labels…"</a></li>
            </ul>
        </nav>
    })
}
