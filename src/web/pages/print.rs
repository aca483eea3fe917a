//! `/contacts/print`: all contacts, or all that a search, a label or the favourites leave, as they go on paper. Only the server draws
//! this page, because the list in the browser holds only what is on the screen.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::PageTitle;
use super::set_status;
use crate::components::view::view;
use crate::model::contact::Contact;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::model::language::t_view;
use crate::model::location::BOOK;
use crate::model::location::FAVOURITES;
use crate::model::location::LABEL;
use crate::model::location::ListFilter;
use crate::model::location::Location;
use crate::services::contacts::Contacts;
use crate::services::contacts::query::Cursor;
use crate::services::contacts::store::ContactPage;
use crate::services::format;
use crate::web::caller_contacts;

#[component]
pub fn PrintPage() -> impl IntoView {
    let query = use_query_map().read_untracked().clone();
    let cursor = query.get("cursor");
    let list = Location {
        book: query.get(BOOK).unwrap_or_default(),
        search: query.get("q").unwrap_or_default(),
        filter: ListFilter {
            label: query.get(LABEL).unwrap_or_default(),
            favourites: query.get(FAVOURITES).is_some_and(|value| value == "1"),
            ..ListFilter::default()
        },
        ..Location::default()
    };
    view! {
        <PageTitle text=format!("{} · Kith", t!("Print"))/>
        <main id="main" tabindex="-1" class="page printed-page">
            <Suspense>
                {move || {
                    let contacts = caller_contacts::of_page();
                    let (list, cursor) = (list.clone(), cursor.clone());
                    Suspend::new(async move {
                        let found = contacts?
                            .list_for_printing(&list.search, &list.filter, cursor.as_deref())
                            .await;
                        if let Err(error) = &found {
                            set_status(error);
                        }
                        let is_first = cursor.is_none_or(|cursor| cursor.trim().is_empty());
                        Some(found.map_or_else(
                            |error| view! { <Failed error/> },
                            |page| view! { <Printed page list is_first/> },
                        ))
                    })
                }}
            </Suspense>
        </main>
    }
}

#[component]
fn Failed(error: AppError) -> impl IntoView {
    view! {
        <h1 class="text-xl font-semibold tracking-tight">"Print"</h1>
        <p class="problem mt-4" role="alert">{error.to_string()}</p>
        <a class="back" href="/contacts">"Contacts"</a>
    }
}

/// The link to the contacts that are printed next.
fn next_part(list: &Location, cursor: &Cursor) -> impl IntoView + use<> {
    let cursor = form_urlencoded::Serializer::new(String::new())
        .append_pair("cursor", &cursor.to_string())
        .finish();
    let mut href = list.print_url();
    href.push(if href.contains('?') { '&' } else { '?' });
    href += &cursor;
    let max = format::number(Contacts::MAX_PRINTED_CONTACTS.get().into());
    view! {
        <p class="mt-4 print-hidden" id="parts">
            {t_view!(
                "At most {max} contacts are printed together. {next}",
                max = max,
                next = view! { <a class="link" rel="next" href=href>"Go on to the next ones"</a> },
            )}
        </p>
    }
}

/// What the page has of the contacts that were found. A long list is printed in parts. Each part says how many contacts it
/// has, and not which came before.
fn told(here: u64, total: u64, search: String) -> AnyView {
    let count = if here == total {
        t_plural!(total, "{count} contact", "{count} contacts")
    } else {
        t_plural!(
            total,
            "{here} of {count} contact",
            "{here} of {count} contacts",
            here = format::number(here),
        )
    };
    match search.is_empty() {
        true => count.into_any(),
        false => t_view!(
            "{contacts}, searched for “{search}”",
            contacts = count,
            search = view! { <bdi>{search}</bdi> },
        ),
    }
}

#[component]
fn Printed(page: ContactPage, list: Location, is_first: bool) -> impl IntoView {
    let ContactPage {
        contacts,
        next,
        total,
    } = page;
    let told = told(contacts.len() as u64, total, list.search.clone());
    let export = match list.lists_all() {
        true => t!("Export all as vCards"),
        false => t!("Export these as vCards"),
    };
    let next = next.map(|cursor| next_part(&list, &cursor));
    let first = (!is_first).then(|| {
        view! { <p class="mt-4 print-hidden"><a class="link" href=list.print_url()>"Begin with the first ones"</a></p> }
    });
    let row = |contact: Contact| {
        view! {
            <tr>
                <th scope="row"><bdi>{contact.name}</bdi></th>
                <td><bdi>{contact.company}</bdi></td>
                <td><bdi>{contact.phone}</bdi></td>
                <td>{contact.email}</td>
            </tr>
        }
    };
    view! {
        <script src="/print.js" defer></script>
        <div class="print-head">
            <h1 class="text-xl font-semibold tracking-tight">"Contacts"</h1>
            <button class="button" type="button" id="print" hidden>"Print"</button>
            <a class="button" href=list.export_url() download>{export}</a>
            <a class="button" href=list.import_url()>"Import"</a>
            <a class="button" href=list.url()>"Back to the list"</a>
        </div>
        <p class="text-muted" id="told">{told}</p>
        <p class="note print-hidden">
            <noscript>"Print this page with your browser’s own menu."</noscript>
        </p>
        {first}
        {next}
        <table class="printed">
            <thead>
                <tr>
                    <th scope="col">"Name"</th>
                    <th scope="col">"Company"</th>
                    <th scope="col">"Phone"</th>
                    <th scope="col">"Email"</th>
                </tr>
            </thead>
            <tbody>{contacts.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}
