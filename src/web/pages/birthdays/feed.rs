//! The address under which a program of calendars reads the dates: made, shown once, replaced and revoked.

use leptos::prelude::*;

use super::PATH;
use crate::components::view::view;
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

#[component]
pub fn Feed(feed: FeedPart, book: Option<BookId>) -> impl IntoView {
    let (state, make) = match feed {
        FeedPart::None => (
            view! {
                <p class="mt-2">
                    "Show these days in your calendar. Kith makes a secret address, which your calendar reads: names and days, and nothing else."
                </p>
            },
            "Make an address",
        ),
        FeedPart::Made(info) => (
            view! {
                <script src="/times.js" defer></script>
                <p class="mt-2">
                    "There is an address, made "<Moment at=info.created_at/>
                    {match info.last_used_at {
                        Some(at) => view! { ", last read "<Moment at/>"." },
                        None => view! { ", not read yet." },
                    }}
                    " Kith cannot show it again."
                </p>
            },
            "Replace the address",
        ),
        FeedPart::New(address) => (
            view! {
                <div role="status" class="mt-2" id="new-feed">
                    <p>
                        "This is the address for your calendar. Copy it now: Kith keeps no copy and cannot show it again. Everyone who knows it can read these days."
                    </p>
                    <p class="mt-2"><code class="break-all">{address}</code></p>
                </div>
            },
            "Replace the address",
        ),
    };
    let is_there = make == "Replace the address";
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
