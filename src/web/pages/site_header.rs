//! The top of every page.

use axum::http::request::Parts;
use leptos::prelude::*;

use crate::components::view::view;
use crate::model::location::BOOK;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::web::audience::Audience;
use crate::web::caller_contacts::asked_book;
use crate::web::caller_contacts::in_book;
use crate::web::middleware::context::RequestContext;

/// The name of the site, and the links that the audience has a use for. Without an `audience` it is that of the request
/// whose page is drawn.
#[component]
pub fn SiteHeader(#[prop(optional)] audience: Option<Audience>) -> impl IntoView {
    let parts = use_context::<Parts>();
    let of_request = || {
        let extensions = parts.as_ref().map(|parts| &parts.extensions);
        extensions.map_or(Audience::Anonymous, Audience::of)
    };
    let audience = audience.unwrap_or_else(of_request);
    let books = Books::of(parts.as_ref());
    let [list, birthdays, trash] =
        ["/contacts", "/birthdays", "/trash"].map(|path| books.href(path));
    let contacts = audience.sees_contacts().then(|| {
        view! {
            <nav aria-label="Main" class="flex gap-1">
                <NavLink path="/contacts" href=list label="Contacts"/>
                <NavLink path="/birthdays" href=birthdays label="Birthdays"/>
                <NavLink path="/trash" href=trash label="Trash"/>
            </nav>
        }
    });
    let account = audience
        .has_account()
        .then(|| view! { <NavLink path="/account" href="/account".to_owned() label="Account"/> });
    // For operators, and not for people who look up a contact. A phone has no room for both links, so the page of the
    // account has this one as well.
    let class = if audience.has_account() {
        "max-sm:hidden"
    } else {
        ""
    };
    let system = audience.is_admin().then(|| {
        view! { <span class=class><NavLink path="/dashboard" href="/dashboard".to_owned() label="System"/></span> }
    });
    view! {
        <a href="#main" class="skip-link">"Skip to content"</a>
        <header class="site-header">
            <a href="/contacts" class="site-name">
                {"Kith"}
            </a>
            {contacts}
            <div class="ms-auto flex gap-1 text-xs">
                {system}
                {account}
            </div>
        </header>
        {books.switcher()}
    }
}

/// A link of the header. The link marks itself with `aria-current` on its own page and on the pages below it.
#[component]
fn NavLink(path: &'static str, href: String, label: &'static str) -> impl IntoView {
    let here = use_context::<Parts>().is_some_and(|parts| {
        let below = parts.uri.path().strip_prefix(path);
        below.is_some_and(|below| below.is_empty() || below.starts_with('/'))
    });
    view! {
        <a class="nav-link" href=href aria-current=here.then_some("page")>
            {label}
        </a>
    }
}

/// The address books of the reader, and the one that the page shows.
#[derive(Default)]
struct Books {
    all: Vec<Book>,
    /// The one that the address asks for.
    asked: Option<BookId>,
    is_of_contacts: bool,
}

impl Books {
    fn of(parts: Option<&Parts>) -> Self {
        let Some(parts) = parts else {
            return Self::default();
        };
        let path = parts.uri.path();
        Self {
            all: RequestContext::caller(&parts.extensions)
                .map_or(Vec::new(), |caller| caller.books().to_vec()),
            asked: asked_book(&parts.uri),
            is_of_contacts: ["/contacts", "/birthdays", "/trash"]
                .iter()
                .any(|page| path.starts_with(page)),
        }
    }

    /// The address of a page about the book that this page is about.
    fn href(&self, path: &str) -> String {
        in_book(path, self.asked)
    }

    /// Links to the books, on pages of contacts, for readers who have a choice.
    fn switcher(&self) -> Option<impl IntoView + use<>> {
        if !self.is_of_contacts || self.all.len() < 2 {
            return None;
        }
        let first = self.all.first().map(|book| book.id);
        let shown = self.asked.or(first);
        let link = |book: &Book| {
            let href = match Some(book.id) == first {
                true => "/contacts".to_owned(),
                false => format!("/contacts?{BOOK}={}", book.id),
            };
            let here = (Some(book.id) == shown).then_some("true");
            view! { <li><a class="nav-link" href=href aria-current=here><bdi>{book.label()}</bdi></a></li> }
        };
        let links = self.all.iter().map(link).collect_view();
        Some(view! {
            <nav aria-label="Address books" class="book-switcher print-hidden">
                <ul class="flex gap-1">{links}</ul>
            </nav>
        })
    }
}
