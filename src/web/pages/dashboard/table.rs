//! A table that scrolls by itself where it is wider than its place.

use leptos::prelude::*;

use super::format;

/// What the head of a column of times ends with.
const UTC: &str = " (UTC)";

/// `label` names it for those who cannot see what stands above it. Columns but the first hold metrics,
/// unless `words` says otherwise; a head that is only `heard` stands above buttons.
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
