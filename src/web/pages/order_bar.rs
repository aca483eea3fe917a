//! The row above the list of contacts with its orders and, where the list is long, the letters that its contacts begin
//! with. It is outside of the island, so the browser downloads nothing for it but its markup.

use leptos::prelude::*;

use crate::model::location::Location;
use crate::services::contacts::letters::Letter;
use crate::services::contacts::query::Cursor;

/// The orders, as an address and a reader name them.
const ORDERS: [(&str, &str); 5] = [
    ("", "Name"),
    ("family", "Last name"),
    ("company", "Company"),
    ("-updated", "Last changed"),
    ("-created", "Newest"),
];

/// `letters` may be empty.
#[component]
pub fn OrderBar(letters: Vec<Letter>, location: Location) -> impl IntoView {
    let is_search = !location.search.is_empty();
    let order = |(sort, name): (&'static str, &'static str)| {
        let here = (location.filter.sort == sort).then_some("true");
        let name = match sort {
            // What is found is in the order of how well it matches, unless the reader asks for another one.
            "" if is_search => "Best match",
            _ => name,
        };
        let href = location.with_sort(sort).url();
        view! { <li><a href=href aria-current=here>{name}</a></li> }
    };
    let letter = |Letter { text, cursor }: Letter| {
        let cursor = cursor.as_ref().map(Cursor::to_string);
        let here = (location.cursor.is_some() && location.cursor == cursor).then_some("true");
        let href = location.with_cursor(cursor).url();
        view! { <li><a href=href aria-current=here>{text}</a></li> }
    };
    let orders = ORDERS.map(order).collect_view();
    let letters: Vec<_> = letters.into_iter().map(letter).collect();
    let has_letters = letters.len() > 1;
    view! {
        <div class="order-bar print-hidden">
            <nav aria-label="Order">
                <ul>{orders}</ul>
            </nav>
            {has_letters
                .then(|| {
                    view! {
                        <nav aria-label="First letters">
                            <ul>{letters}</ul>
                        </nav>
                    }
                })}
        </div>
    }
}
