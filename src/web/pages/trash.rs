//! `/trash`: contacts that were deleted, each with a way back. Plain forms do all of it.

use axum::http::request::Parts;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::PageTitle;
use super::set_status;
use crate::components::avatar::Avatar;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::location::BOOK;
use crate::services::contacts::Contacts;
use crate::web::caller_contacts;
use crate::web::caller_contacts::asked_book;

#[component]
pub fn TrashPage() -> impl IntoView {
    let cursor = use_query_map().read_untracked().get("cursor");
    view! {
        <PageTitle text="Trash · Kith"/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Trash"</h1>
            <Suspense>
                {move || {
                    let contacts = caller_contacts::of_page();
                    let cursor = cursor.clone();
                    Suspend::new(async move {
                        let found = load(&contacts?, cursor.as_deref()).await;
                        if let Err(error) = &found {
                            set_status(error);
                        }
                        Some(found.map_or_else(
                            |error| view! { <p class="problem" role="alert">{error.to_string()}</p> }.into_any(),
                            |list| view! { <Deleted list/> }.into_any(),
                        ))
                    })
                }}
            </Suspense>
        </main>
    }
}

async fn load(contacts: &Contacts, cursor: Option<&str>) -> Result<ContactList, AppError> {
    let query = contacts.trash_query("", cursor, None)?;
    Ok(ContactList::from(&*contacts.list(query).await?))
}

/// The address of the page that begins at a cursor.
fn next_page(cursor: &str) -> String {
    let book = use_context::<Parts>().and_then(|parts| asked_book(&parts.uri));
    match book {
        Some(book) => format!("/trash?{BOOK}={book}&cursor={cursor}"),
        None => format!("/trash?cursor={cursor}"),
    }
}

#[component]
fn Deleted(list: ContactList) -> impl IntoView {
    if list.rows.is_empty() {
        return view! {
            <div class="empty">
                <p class="text-ink">"The trash is empty."</p>
                <p>"What you delete waits here until you want it back."</p>
                <a class="button" href="/contacts">"Go to your contacts"</a>
            </div>
        }
        .into_any();
    }
    let restore = |row: ContactRow| {
        view! {
            <li class="flex items-center gap-3 border-b border-line py-2">
                <Avatar id=row.id name=row.name.clone()/>
                <span class="min-w-0 grow">
                    <bdi class="row-name" title=row.name.clone()>
                        {row.name.clone()}
                    </bdi>
                    <span class="block truncate text-xs text-muted">{row.detail}</span>
                </span>
                <form method="post" action=format!("/contacts/{}/restore", row.id)>
                    <button class="button">
                        "Restore"
                        <span class="sr-only">{format!(" {}", row.name)}</span>
                    </button>
                </form>
            </li>
        }
    };
    view! {
        <ul class="mt-4">{list.rows.into_iter().map(restore).collect_view()}</ul>
        {list.next_cursor.map(|cursor| {
            view! {
                <a class="more" rel="next" href=next_page(&cursor)>
                    "Next page"
                </a>
            }
        })}
    }
    .into_any()
}
