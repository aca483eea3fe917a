//! The address under which a program of calendars reads the dates: made, shown once, replaced and revoked.

use leptos::prelude::*;

use super::PATH;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::services::accounts::FeedInfo;
use crate::services::book::BookId;
use crate::web::caller_contacts::in_book;
use crate::web::pages::accounts::Moment;

/// The feed of the book for the reader.
#[derive(Clone)]
pub enum FeedPart {
    None,
    Made(FeedInfo),
    /// The address of one that was just made, which is shown once.
    New(String),
}

/// Below the page of the dates.
pub fn action(path: &str, book: Option<BookId>) -> String {
    in_book(&format!("{PATH}/feed{path}"), book)
}

/// What the page says of an address that was made before.
fn words_of(info: &FeedInfo) -> AnyView {
    let made = view! { <Moment at=info.created_at/> };
    match info.last_used_at {
        Some(at) => t_view!(
            "There is an address, made {made}, last read {read}. Kith cannot show it again.",
            made = made,
            read = view! { <Moment at/> },
        ),
        None => t_view!(
            "There is an address, made {made}, not read yet. Kith cannot show it again.",
            made = made,
        ),
    }
}

#[component]
pub fn Feed(feed: FeedPart, book: Option<BookId>) -> impl IntoView {
    let is_there = !matches!(feed, FeedPart::None);
    let make = match is_there {
        true => t!("Replace the address"),
        false => t!("Make an address"),
    };
    let state = match feed {
        FeedPart::None => view! {
            <p class="mt-2">
                "Show these days in your calendar. Kith makes a secret address, which your calendar reads: names and days, and nothing else."
            </p>
        },
        FeedPart::Made(info) => view! {
            <script type="module" src="/times.js"></script>
            <p class="mt-2">{words_of(&info)}</p>
        },
        FeedPart::New(address) => view! {
            <div role="status" class="mt-2" id="new-feed">
                <p>
                    "This is the address for your calendar. Copy it now: Kith keeps no copy and cannot show it again. Everyone who knows it can read these days."
                </p>
                <p class="mt-2"><code class="break-all">{address}</code></p>
            </div>
        },
    };
    let revoke = is_there.then(|| {
        view! {
            <form method="post" action=action("/revoke", book)>
                <button class="button">"Revoke the address"</button>
            </form>
        }
    });
    view! {
        <section id="feed" class="mt-10 border-t border-line pt-6" aria-labelledby="feed-title">
            <h2 id="feed-title" class="font-semibold">"In your calendar"</h2>
            {state}
            <div class="mt-4 flex flex-wrap gap-2">
                // The answer begins where the address is shown.
                <form method="post" action=format!("{}#feed", action("", book))>
                    <button class="button">{make}</button>
                </form>
                {revoke}
            </div>
        </section>
    }
}
