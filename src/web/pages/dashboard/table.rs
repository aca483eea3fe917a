//! A table that scrolls by itself where it is wider than its place.

use leptos::prelude::*;

use super::format;
use crate::components::view::view;

/// The end of the head of a column of times, in every language.
const UTC: &str = " (UTC)";

/// `label` names the table for screen readers. All columns but the first hold numbers, unless `words` says that
/// they hold text. `heard` is the head of a column of buttons, which only screen readers get.
#[component]
pub fn Table(
    #[prop(into)] label: String,
    heads: Vec<&'static str>,
    #[prop(optional)] words: bool,
    #[prop(optional)] heard: Option<&'static str>,
    children: Children,
) -> impl IntoView {
    let heads = heads
        .into_iter()
        .map(|head| {
            let (head, utc) = match head.strip_suffix(UTC) {
                Some(head) => (head, Some(view! { <format::Utc label=UTC/> })),
                None => (head, None),
            };
            view! { <th scope="col">{head}{utc}</th> }
        })
        .collect_view();
    let heard = heard.map(|head| {
        view! { <th scope="col"><span class="sr-only">{head}</span></th> }
    });
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label=label>
            <table class="table" class:table-words=words>
                <thead>
                    <tr>{heads}{heard}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
