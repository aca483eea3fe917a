//! `/trash/{id}`: all that a contact of the trash says. `/trash/{id}/delete` and `/trash/empty`: the questions before
//! something is deleted for ever.

use leptos::prelude::*;

use super::Fate;
use super::PageTitle;
use super::address;
use crate::components::avatar::LargeAvatar;
use crate::components::detail_fields::DetailFields;
use crate::components::view::view;
use crate::model::contact::Activities;
use crate::model::contact::Contact;
use crate::model::contact::ContactDetails;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::model::language::t_view;
use crate::services::book::BookId;

/// What the page shows.
#[derive(Clone)]
pub struct TrashView {
    /// The book that the address asks for.
    pub book: Option<BookId>,
    pub part: TrashPart,
}

#[derive(Clone)]
pub enum TrashPart {
    Contact {
        contact: Contact,
        /// In how many days it goes; `None` for never.
        days_left: Option<u32>,
        may_write: bool,
    },
    /// Whether this contact shall be deleted for ever.
    Erase(Contact),
    /// Whether so many contacts shall.
    Empty(u64),
    Failed(AppError),
}

#[component]
pub fn TrashPartPage() -> impl IntoView {
    let TrashView { book, part } = use_context()?;
    let (title, content) = match part {
        TrashPart::Contact {
            contact,
            days_left,
            may_write,
        } => (
            format!("{} · {} · Kith", contact.name, t!("Trash")),
            view! { <Deleted contact days_left may_write book/> },
        ),
        TrashPart::Erase(contact) => (
            format!("{} · Kith", t!("Delete for ever")),
            view! { <EraseQuestion contact book/> },
        ),
        TrashPart::Empty(contacts) => (
            format!("{} · Kith", t!("Empty the trash")),
            view! { <EmptyQuestion contacts book/> },
        ),
        TrashPart::Failed(error) => (format!("{} · Kith", t!("Trash")), view! { <Failed error/> }),
    };
    Some(view! {
        <PageTitle text=title/>
        <main id="main" tabindex="-1" class="page">
            {content}
            <a class="back" href=address("", book)>"Trash"</a>
        </main>
    })
}

#[component]
fn Failed(error: AppError) -> impl IntoView {
    view! {
        <h1 class="text-xl font-semibold tracking-tight">"Trash"</h1>
        <p class="problem mt-4" role="alert">{error.to_string()}</p>
    }
}

/// A contact with all that it says, and what can be done with it.
#[component]
fn Deleted(
    contact: Contact,
    days_left: Option<u32>,
    may_write: bool,
    book: Option<BookId>,
) -> impl IntoView {
    let id = contact.id;
    let name = contact.name.clone();
    let deleted_at = contact.updated_at.clone();
    let ContactDetails {
        subtitle, fields, ..
    } = ContactDetails::of(&contact, Activities::default());
    let actions = may_write.then(|| {
        view! {
            <div class="mt-4 flex flex-wrap gap-2">
                <form method="post" action=format!("/contacts/{id}/restore")>
                    <button class="button-primary">"Restore"</button>
                </form>
                <a class="button" href=address(&format!("/{id}/delete"), book)>"Delete for ever…"</a>
            </div>
        }
    });
    view! {
        <script type="module" src="/times.js"></script>
        <div class="flex items-center gap-4">
            <LargeAvatar id name=name.clone() photo=None/>
            <h1 class="min-w-0 text-xl font-semibold tracking-tight wrap-anywhere"><bdi>{name}</bdi></h1>
        </div>
        <p class="mt-4 text-muted"><Fate deleted_at days_left/></p>
        {actions}
        <p class="mt-4 wrap-anywhere" hidden=subtitle.is_empty()>{subtitle.clone()}</p>
        <DetailFields fields/>
    }
}

#[component]
fn EraseQuestion(contact: Contact, book: Option<BookId>) -> impl IntoView {
    let Contact { id, name, .. } = contact;
    view! {
        <h1 class="text-xl font-semibold tracking-tight wrap-anywhere">
            {t_view!("Delete {name} for ever?", name = view! { <bdi>{name}</bdi> })}
        </h1>
        <p class="mt-2">"All that Kith keeps of this contact goes. This cannot be undone."</p>
        <form
            method="post"
            action=address(&format!("/{id}/delete"), book)
            class="mt-4 flex flex-wrap gap-2"
        >
            <button class="button-danger">"Delete for ever"</button>
            <a class="button" href=address(&format!("/{id}"), book)>"Cancel"</a>
        </form>
    }
}

#[component]
fn EmptyQuestion(contacts: u64, book: Option<BookId>) -> impl IntoView {
    let what = match contacts {
        0 => t!("The trash is empty.").to_owned(),
        _ => t_plural!(
            contacts,
            "The contact in it is deleted for ever. This cannot be undone.",
            "All {count} contacts in it are deleted for ever. This cannot be undone.",
        ),
    };
    let form = (contacts > 0).then(|| {
        view! {
            <form method="post" action=address("/empty", book) class="mt-4 flex flex-wrap gap-2">
                <button class="button-danger">"Delete for ever"</button>
                <a class="button" href=address("", book)>"Cancel"</a>
            </form>
        }
    });
    view! {
        <h1 class="text-xl font-semibold tracking-tight">"Empty the trash?"</h1>
        <p class="mt-2">{what}</p>
        {form}
    }
}
