//! The page that says why a layer has refused a request. A refusal must be cheap, so this page needs no
//! service.
//!
//! It speaks to people, so it has its own text where the text of a problem is about HTTP.

use axum::http::StatusCode;
use leptos::prelude::*;

use crate::components::view::view;
use crate::model::language::Language;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::services::format;
use crate::web::audience::Audience;
use crate::web::pages::site_header::SiteHeader;
use crate::web::pages::style::Style;
use crate::web::problem::Problem;
use crate::web::site::Site;

/// The whole document, for this audience. After `retry_after` seconds the same request is allowed; `public/wait.js` counts
/// them down. `is_form_post` says that a form was sent.
pub fn problem_page(
    (site, audience): (&Site, Audience),
    status: StatusCode,
    problem: &Problem,
    retry_after: Option<u32>,
    is_form_post: bool,
) -> String {
    let title = title(status);
    // A person only has to know that there is a wait.
    let detail = match retry_after {
        Some(_) if status == StatusCode::TOO_MANY_REQUESTS => {
            t!("Kith was asked for a lot at once and needs a short break.").to_owned()
        }
        _ => problem.detail().to_owned(),
    };
    let left = retry_after.map(|seconds| {
        view! { <span data-left=t!("a moment")>{format::wait(seconds)}</span> }
    });
    let next = match (left, is_form_post) {
        (Some(left), false) => view! {
            <p>{t_view!("This page goes on by itself in {time}.", time = left)}</p>
            <div><a class="button" href="">"Try again"</a></div>
        },
        (Some(left), true) => view! {
            <p>
                {t_view!(
                    "Nothing you have typed is lost: your browser’s “back” leads to it. You can send it again in {time}.",
                    time = left,
                )}
            </p>
            <div><button class="button" type="button" hidden>"Go back"</button></div>
        },
        (None, true) => view! {
            <p>"Nothing you have typed is lost: your browser’s “back” leads to it."</p>
            {(status == StatusCode::UNAUTHORIZED).then(|| view! {
                <div><a class="button" href="/sign-in" target="_blank">"Sign in in another tab"</a></div>
            })}
        },
        (None, false) => view! {
            <div>
                <a class="button" href="">"Try again"</a>
                <a class="button" href="/contacts">"Go to your contacts"</a>
            </div>
        },
    };
    let document = view! {
        <html lang=Language::current().tag() dir=Language::current().direction()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <title>{format!("{title} · Kith")}</title>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <Style site=site.clone()/>
                {retry_after.map(|_| view! { <script src="/wait.js" defer></script> })}
            </head>
            <body>
                <SiteHeader audience/>
                <main id="main" tabindex="-1" class="page">
                    <div class="empty" data-wait=retry_after.map(|seconds| seconds.to_string())>
                        <h1 class="text-xl font-semibold text-ink">{title}</h1>
                        <p>{detail}</p>
                        {next}
                    </div>
                </main>
            </body>
        </html>
    };
    format!("<!DOCTYPE html>{}", document.to_html())
}

/// What has happened, without terms of HTTP.
fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::TOO_MANY_REQUESTS => t!("One moment"),
        StatusCode::NOT_FOUND => t!("There is nothing at this address"),
        StatusCode::UNAUTHORIZED => t!("You are not signed in"),
        StatusCode::FORBIDDEN => t!("This is not allowed"),
        StatusCode::METHOD_NOT_ALLOWED => t!("This address does something else"),
        StatusCode::PAYLOAD_TOO_LARGE => t!("This is too much at once"),
        StatusCode::URI_TOO_LONG => t!("This address is too long"),
        StatusCode::MISDIRECTED_REQUEST => t!("Kith has another address"),
        StatusCode::SERVICE_UNAVAILABLE => t!("Kith cannot do this at the moment"),
        status if status.is_server_error() => t!("Something went wrong"),
        _ => t!("This did not work"),
    }
}
