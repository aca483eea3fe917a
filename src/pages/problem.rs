//! The page that says why a request was refused before it came to a page of its own. It is as
//! cheap as a refusal should be: drawn at once, and nothing is looked up for it.

use leptos::prelude::*;

use crate::app::SiteHeader;
use crate::server::problem::Problem;
use crate::server::site::Site;

/// The whole document. `retry_after` is in seconds; `wrote` says that a form was sent.
pub fn problem_page(
    site: &Site,
    problem: &Problem,
    retry_after: Option<&str>,
    wrote: bool,
) -> String {
    let wait = retry_after.map(|seconds| {
        let unit = if seconds == "1" { "second" } else { "seconds" };
        view! { <p>{format!("It works again in {seconds} {unit}.")}</p> }
    });
    let next = if wrote {
        view! { <p>"Nothing you have typed is lost: your browser’s “back” leads to it."</p> }
            .into_any()
    } else {
        view! { <a class="button" href="">"Try again"</a> }.into_any()
    };
    let document = view! {
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <title>{format!("{} · Kith", problem.title())}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="stylesheet" href=site.style_sheet().to_owned()/>
            </head>
            <body>
                <SiteHeader/>
                <main id="main" tabindex="-1" class="page">
                    <div class="empty">
                        <h1 class="text-xl font-semibold text-ink">{problem.title()}</h1>
                        <p>{problem.detail().to_owned()}</p>
                        {wait}
                        {next}
                    </div>
                </main>
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", document.to_html())
}
