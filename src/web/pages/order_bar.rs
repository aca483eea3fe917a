//! The row above the list of contacts with its orders, the form for how it looks, the button that keeps a search, and where
//! the list is long, the letters that its contacts begin with. It is outside of the island, so the browser downloads nothing
//! for it but its markup.

use leptos::prelude::*;

use crate::components::view::view;
use crate::model::language::t;
use crate::model::location::Location;
use crate::services::contacts::letters::Letter;
use crate::services::contacts::list_view::ListView;
use crate::services::contacts::list_view::SecondLine;
use crate::services::contacts::query::Cursor;
use crate::web::caller_contacts::in_book;

/// The orders, as an address names them.
const ORDERS: [&str; 6] = ["", "family", "company", "frequent", "-updated", "-created"];

/// An order, as a reader names it. What is found is in the order of how well it matches, unless the reader asks for another
/// one. The style sheet shows the name that is right while the reader types into the search.
fn order_name(sort: &str) -> AnyView {
    let name = match sort {
        "family" => t!("Last name"),
        "company" => t!("Company"),
        "frequent" => t!("Frequent"),
        "-updated" => t!("Last changed"),
        "-created" => t!("Newest"),
        _ => {
            return view! {
                <span class="while-listing">"Name"</span>
                <span class="while-searching">"Best match"</span>
            }
            .into_any();
        }
    };
    name.into_any()
}

/// `letters` may be empty. `is_kept` says of the search of the location whether the book keeps it.
#[component]
pub fn OrderBar(
    letters: Vec<Letter>,
    is_kept: bool,
    list_view: ListView,
    location: Location,
) -> impl IntoView {
    let order = |sort: &'static str| {
        let here = (location.filter.sort == sort).then_some("true");
        let name = order_name(sort);
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
            <ViewForm list_view action=location.list_view_url()/>
            <SearchForm search=location.search.clone() is_kept book=location.book.clone()/>
            {has_letters
                .then(|| {
                    view! {
                        <nav class="letters" aria-label="First letters">
                            <ul>{letters}</ul>
                        </nav>
                    }
                })}
        </div>
    }
}

/// What a form calls each line below the names.
fn words(line: SecondLine) -> &'static str {
    match line {
        SecondLine::Usual => t!("Email, or what there is"),
        SecondLine::Email => t!("Email"),
        SecondLine::Phone => t!("Phone"),
        SecondLine::Company => t!("Company"),
    }
}

/// A button, and the form that it opens.
#[component]
fn ViewForm(list_view: ListView, action: String) -> impl IntoView {
    let line = |line: SecondLine| {
        view! {
            <label class="tick">
                <input
                    type="radio"
                    name="line"
                    value=line.name()
                    checked=line == list_view.second_line
                />
                {words(line)}
            </label>
        }
    };
    view! {
        <button type="button" class="link" popovertarget="list-view">"View"</button>
        <form id="list-view" popover method="post" action=action>
            <fieldset>
                <legend>"Below the name"</legend>
                {SecondLine::ALL.map(line).collect_view()}
            </fieldset>
            <label class="tick">
                <input type="checkbox" name="compact" value="1" checked=list_view.is_compact/>
                "More rows on a screen"
            </label>
            <button class="button-primary">"Show"</button>
            <a class="link" href="/language">"Language"</a>
        </form>
    }
}

/// Keeps the search of the list, or forgets it. `public/contact.js` follows what is typed into the search.
#[component]
fn SearchForm(search: String, is_kept: bool, book: String) -> impl IntoView {
    let action = |path: &str| in_book(path, book.parse().ok());
    let kept = is_kept.then(|| search.clone());
    let class = match is_kept {
        true => "keep-search is-kept",
        false => "keep-search",
    };
    view! {
        <form class=class method="post" data-kept=kept>
            <input type="hidden" name="q" value=search/>
            <button class="link" formaction=action("/searches")>"Keep this search"</button>
            <button class="link" formaction=action("/searches/forget")>"Forget this search"</button>
        </form>
    }
}
