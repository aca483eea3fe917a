//! The top of every page.

use axum::http::request::Parts;
use leptos::prelude::*;

use crate::web::audience::Audience;

/// The name of the site, and the links that the audience has a use for.
#[component]
pub fn SiteHeader() -> impl IntoView {
    let audience =
        use_context::<Parts>().map_or(Audience::Local, |parts| Audience::of(&parts.extensions));
    let contacts = audience.sees_contacts().then(|| {
        view! {
            <nav aria-label="Main" class="flex gap-1">
                <NavLink href="/contacts" label="Contacts"/>
                <NavLink href="/trash" label="Trash"/>
            </nav>
        }
    });
    let account = audience
        .has_account()
        .then(|| view! { <NavLink href="/account" label="Account"/> });
    // For operators, and not for people who look up a contact. A phone has no room for both links, so the page of the
    // account has this one as well.
    let class = if audience.has_account() {
        "max-sm:hidden"
    } else {
        ""
    };
    let system = audience.is_admin().then(|| {
        view! { <span class=class><NavLink href="/dashboard" label="System"/></span> }
    });
    view! {
        <a href="#main" class="skip-link">"Skip to content"</a>
        <header class="site-header">
            <a href="/contacts" class="site-name">
                "Kith"
            </a>
            {contacts}
            <div class="ms-auto flex gap-1 text-xs">
                {system}
                {account}
            </div>
        </header>
    }
}

/// A link of the header. The link marks itself with `aria-current` on its own page and on the pages below it.
#[component]
fn NavLink(href: &'static str, label: &'static str) -> impl IntoView {
    let here = use_context::<Parts>().is_some_and(|parts| {
        let below = parts.uri.path().strip_prefix(href);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    });
    view! {
        <a class="nav-link" href=href aria-current=here.then_some("page")>
            {label}
        </a>
    }
}
