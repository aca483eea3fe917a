//! The row above the list of contacts: links to all contacts, to the favourites, to each label and to each search that is
//! kept. It is outside of the island, so the browser downloads nothing for it but its markup.

use std::cmp::Reverse;

use leptos::prelude::*;

use super::class_of;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::model::location::ListFilter;
use crate::model::location::Location;
use crate::services::contacts::labels::Label;
use crate::services::contacts::labels::LabelColour;
use crate::services::contacts::labels::Labels;
use crate::services::format;
use crate::web::caller_contacts::in_book;

/// The most labels of the row: those with most contacts. The page of labels has all.
const MOST: usize = 50;

/// A book without labels, favourites and searches has no such row.
#[component]
pub fn LabelRail(labels: Labels, searches: Vec<String>, location: Location) -> impl IntoView {
    let shown = ListFilter {
        sort: String::new(),
        ..location.filter.clone()
    };
    let Labels { labels, favourites } = labels;
    let has_labels = !labels.is_empty() || favourites > 0 || shown != ListFilter::default();
    if !has_labels && searches.is_empty() {
        return None;
    }
    let is_kept = searches.contains(&location.search);
    let link = |filter: ListFilter, colour: LabelColour, name: String, count: Option<u64>| {
        let here = (filter == shown && !is_kept).then_some("page");
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
    let links: Vec<_> = largest(labels, &shown)
        .into_iter()
        .map(|label| {
            let filter = ListFilter {
                label: label.id.to_string(),
                ..ListFilter::default()
            };
            link(filter, label.colour, label.name, Some(label.contacts))
        })
        .collect();
    let all = link(ListFilter::default(), grey, t!("All").to_owned(), None);
    let stars = link(
        only_favourites,
        grey,
        t!("Favourites").to_owned(),
        Some(favourites),
    );
    let search = |search: String| {
        let here = (location.search == search).then_some("page");
        let found = Location {
            book: location.book.clone(),
            search: search.clone(),
            ..Location::default()
        };
        view! {
            <li>
                <a class="label" data-search href=found.url() aria-current=here>
                    {t_view!("“{search}”", search = view! { <bdi>{search}</bdi> })}
                </a>
            </li>
        }
    };
    let searches = searches.into_iter().map(search).collect_view();
    Some(view! {
        <nav class="label-rail print-hidden" aria-label="Labels and searches">
            <ul>
                {all}
                {stars}
                {searches}
                <li><a class="link" href=in_book("/labels", book)>"Edit labels"</a></li>
                {links}
            </ul>
        </nav>
    })
}

/// The labels with most contacts, among them the one whose contacts are shown, in the order of names.
fn largest(labels: Vec<Label>, shown: &ListFilter) -> Vec<Label> {
    let mut ranked: Vec<(usize, Label)> = labels.into_iter().enumerate().collect();
    ranked.sort_by_key(|(_, label)| {
        let is_other = label.id.to_string() != shown.label;
        (is_other, Reverse(label.contacts))
    });
    ranked.truncate(MOST);
    ranked.sort_unstable_by_key(|(place, _)| *place);
    ranked.into_iter().map(|(_, label)| label).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::services::contacts::labels::LabelId;

    #[test]
    fn of_many_labels_those_with_most_contacts_are_shown() {
        let label = |number: u64| Label {
            id: LabelId(Uuid::from_u128(number.into())),
            name: number.to_string(),
            colour: LabelColour::Grey,
            contacts: number,
        };
        let shown = ListFilter {
            label: label(3).id.to_string(),
            ..ListFilter::default()
        };
        let shown: Vec<String> = largest((0..60).map(label).collect(), &shown)
            .into_iter()
            .map(|label| label.name)
            .collect();
        let expected = [3].into_iter().chain(11..60);
        let expected: Vec<String> = expected.map(|number: u64| number.to_string()).collect();
        assert_eq!(shown, expected);
    }
}
