//! `/trash`: contacts that were deleted, each with a way back. Plain forms do all of it.
//!
//! [`questions`] are the pages about one of these contacts, and those that ask before something is deleted for ever.

pub mod questions;

use axum::http::request::Parts;
use form_urlencoded::Serializer;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::PageTitle;
use super::set_status;
use crate::components::avatar::Avatar;
use crate::components::view::view;
use crate::model::contact::Contact;
use crate::model::error::AppError;
use crate::model::format::utc_timestamp;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::model::language::t_view;
use crate::model::location::BOOK;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::contacts::ContactPage;
use crate::services::contacts::Contacts;
use crate::services::contacts::TrashRule;
use crate::web::caller_contacts;
use crate::web::caller_contacts::asked_book;
use crate::web::caller_contacts::in_book;

/// In the address of the page: that a contact was just deleted for ever.
pub const DONE: &str = "done";

/// An address below `/trash`, about the book that was asked for.
pub fn address(path: &str, book: Option<BookId>) -> String {
    in_book(&format!("/trash{path}"), book)
}

/// What the address asks for.
#[derive(Clone)]
struct Asked {
    book: Option<BookId>,
    search: String,
    cursor: Option<String>,
    is_done: bool,
}

impl Asked {
    fn from_context() -> Self {
        let query = use_query_map().read_untracked().clone();
        let parts = use_context::<Parts>();
        Self {
            book: parts.and_then(|parts| asked_book(&parts.uri)),
            search: query.get("q").unwrap_or_default().trim().to_owned(),
            cursor: query.get("cursor"),
            is_done: query.get(DONE).is_some(),
        }
    }

    /// The address of the page that begins at a cursor.
    fn next_page(&self, cursor: &str) -> String {
        let mut query = Serializer::new(String::new());
        if let Some(book) = self.book {
            query.append_pair(BOOK, &book.to_string());
        }
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        query.append_pair("cursor", cursor);
        format!("/trash?{}", query.finish())
    }
}

/// A page of the trash.
struct Found {
    page: ContactPage,
    /// In how many days each contact goes; `None` for never.
    days_left: Vec<Option<u32>>,
    rule: TrashRule,
    may_write: bool,
}

async fn load(contacts: &Contacts, asked: &Asked) -> Result<Found, AppError> {
    let query = contacts.trash_query(&asked.search, asked.cursor.as_deref(), None)?;
    let page = ContactPage::clone(&*contacts.list(query).await?);
    let days_left = page.contacts.iter();
    let days_left = days_left.map(|contact| contacts.days_left(contact));
    Ok(Found {
        days_left: days_left.collect(),
        rule: contacts.trash_rule(),
        may_write: contacts.book()?.role >= BookRole::Editor,
        page,
    })
}

#[component]
pub fn TrashPage() -> impl IntoView {
    let asked = Asked::from_context();
    view! {
        <PageTitle text=format!("{} · Kith", t!("Trash"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Trash"</h1>
            <Suspense>
                {move || {
                    let contacts = caller_contacts::of_page();
                    let asked = asked.clone();
                    Suspend::new(async move {
                        let found = load(&contacts?, &asked).await;
                        if let Err(error) = &found {
                            set_status(error);
                        }
                        Some(found.map_or_else(
                            |error| view! { <p class="problem" role="alert">{error.to_string()}</p> },
                            |found| view! { <Trash found asked/> },
                        ))
                    })
                }}
            </Suspense>
        </main>
    }
}

#[component]
fn Trash(found: Found, asked: Asked) -> impl IntoView {
    let Found {
        page,
        days_left,
        rule,
        may_write,
    } = found;
    let searched = !asked.search.is_empty();
    let notice = asked.is_done.then(|| {
        view! { <p id="notice" role="status" class="mt-2">"The contact is deleted for ever."</p> }
    });
    if page.total == 0 && !searched {
        return view! {
            {notice}
            <div class="empty">
                <p class="text-ink">"The trash is empty."</p>
                <p>{purpose(rule)}</p>
                <a class="button" href="/contacts">"Go to your contacts"</a>
            </div>
        };
    }
    let next = page.next.as_ref().map(|cursor| {
        let href = asked.next_page(&cursor.to_string());
        view! { <a class="more" rel="next" href=href>"Next page"</a> }
    });
    let count = match searched {
        true => t_plural!(
            page.total,
            "{count} contact found",
            "{count} contacts found"
        ),
        false => t_plural!(page.total, "{count} contact", "{count} contacts"),
    };
    let book = asked.book;
    let empty = (may_write && !searched).then(|| {
        view! { <a class="button" href=address("/empty", book)>"Empty trash…"</a> }
    });
    let rows = page.contacts.into_iter().zip(days_left);
    let rows = rows
        .map(|(contact, days_left)| view! { <Row contact days_left book may_write/> })
        .collect_view();
    view! {
        <script type="module" src="/times.js"></script>
        {notice}
        <p class="mt-2 text-muted">{purpose(rule)}</p>
        <SearchForm asked/>
        <div class="mt-4 flex flex-wrap items-center gap-3">
            <p class="grow text-muted" id="count">{count}</p>
            {empty}
        </div>
        <ul class="mt-2">{rows}</ul>
        {next}
    }
}

/// What the trash is for.
fn purpose(rule: TrashRule) -> String {
    match rule.days() {
        Some(days) => t_plural!(
            days,
            "What you delete waits here for {count} day in case you want it back. Then it is deleted for ever.",
            "What you delete waits here for {count} days in case you want it back. Then it is deleted for ever.",
        ),
        None => t!("What you delete waits here until you want it back.").to_owned(),
    }
}

#[component]
fn SearchForm(asked: Asked) -> impl IntoView {
    let back = (!asked.search.is_empty()).then(|| {
        view! { <a class="button" href=address("", asked.book)>"Show all"</a> }
    });
    view! {
        <form role="search" method="get" action="/trash" class="mt-4 flex max-w-sm gap-2">
            <label for="search" class="sr-only">"Search the trash"</label>
            {asked.book.map(|book| view! { <input type="hidden" name=BOOK value=book.to_string()/> })}
            <input
                id="search"
                name="q"
                type="search"
                placeholder="Search"
                autocomplete="off"
                spellcheck="false"
                maxlength="200"
                class="input"
                value=asked.search
            />
            <button class="button">"Search"</button>
            {back}
        </form>
    }
}

#[component]
fn Row(
    contact: Contact,
    days_left: Option<u32>,
    book: Option<BookId>,
    may_write: bool,
) -> impl IntoView {
    let detail = contact.detail().to_owned();
    let Contact { id, name, .. } = contact;
    let restore = may_write.then(|| {
        view! {
            <form method="post" action=format!("/contacts/{id}/restore")>
                <button class="button">
                    "Restore"
                    <span class="sr-only">{format!(" {name}")}</span>
                </button>
            </form>
        }
    });
    view! {
        <li class="flex items-center gap-3 border-b border-line">
            <a class="flex min-w-0 grow items-center gap-3 py-2" href=address(&format!("/{id}"), book)>
                <Avatar id name=name.clone() photo=None/>
                <span class="min-w-0 grow">
                    <bdi class="row-name" title=name>
                        {name.clone()}
                    </bdi>
                    <span class="block truncate text-xs text-muted">{detail}</span>
                    <span class="block text-xs text-muted">
                        <Fate deleted_at=contact.updated_at days_left/>
                    </span>
                </span>
            </a>
            {restore}
        </li>
    }
}

/// When a contact was deleted, and when it will be gone. `public/times.js` rewrites the time by the clock of the reader.
#[component]
fn Fate(deleted_at: String, days_left: Option<u32>) -> impl IntoView {
    let words = utc_timestamp(&deleted_at).unwrap_or_else(|| deleted_at.clone());
    let end = days_left.map(|days| match days {
        0 => t!(", gone within a day").to_owned(),
        days => t_plural!(days, ", gone in {count} day", ", gone in {count} days"),
    });
    let time = view! { <time datetime=deleted_at data-age="">{words}</time> };
    view! {
        {t_view!("Deleted {time}", time = time)}
        {end}
    }
}
