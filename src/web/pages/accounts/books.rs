//! `/books`: the address books of a person, and who else sees them.

use leptos::prelude::*;

use super::ProblemLine;
use crate::services::accounts::BookInfo;
use crate::services::accounts::BookMember;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::client::AccountId;
use crate::services::format;
use crate::web::pages::PageTitle;

/// What the page shows.
#[derive(Clone)]
pub struct BooksView {
    /// The account of the reader.
    pub own: AccountId,
    pub books: Vec<BookInfo>,
    /// What came of the last form.
    pub notice: Option<BooksNotice>,
}

/// What came of a form.
#[derive(Clone)]
pub enum BooksNotice {
    Done(&'static str),
    Refused(String),
}

#[component]
pub fn BooksPage() -> impl IntoView {
    let view = use_context::<BooksView>()?;
    let own = view.own;
    let notice = view.notice.map(|notice| match notice {
        BooksNotice::Done(text) => {
            view! { <p id="notice" role="status" class="mt-2">{text}</p> }.into_any()
        }
        BooksNotice::Refused(text) => {
            view! { <div class="mt-2"><ProblemLine text=Some(text)/></div> }.into_any()
        }
    });
    let books = view.books.into_iter();
    let books = books
        .map(|info| view! { <BookItem info own/> })
        .collect_view();
    Some(view! {
        <PageTitle text="Address books · Kith"/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Address books"</h1>
            {notice}
            <ul class="mt-2" id="books">{books}</ul>
            <section class="mt-8" aria-labelledby="new-title">
                <h2 id="new-title" class="font-semibold">"New address book"</h2>
                <form method="post" action="/books" class="mt-2 flex max-w-sm flex-col gap-4">
                    <div class="field">
                        <label for="new-name">"Name"</label>
                        <input id="new-name" name="name" class="input" required maxlength="100" autocomplete="off"/>
                    </div>
                    <div><button class="button-primary">"Make it"</button></div>
                </form>
            </section>
        </main>
    })
}

#[component]
fn BookItem(info: BookInfo, own: AccountId) -> impl IntoView {
    let BookInfo {
        book,
        contacts,
        members,
    } = info;
    let count = format::count(u64::try_from(contacts).unwrap_or(0), "contact");
    let role = match book.role {
        BookRole::Viewer => "you may read it",
        BookRole::Editor => "you may change it",
        BookRole::Owner => "you own it",
    };
    let href = format!("/contacts?book={}", book.id);
    let is_owner = book.role == BookRole::Owner;
    view! {
        <li class="border-b border-line py-4">
            <h2 class="font-semibold">
                <a class="link" href=href><bdi>{book.name.clone()}</bdi></a>
            </h2>
            <p class="text-sm text-muted">
                {count}", "{role}
                {book.shared_by.clone().map(|name| view! { ", shared by "<bdi>{name}</bdi> })}
            </p>
            {match is_owner {
                true => view! { <Owned book members own/> }.into_any(),
                false => view! { <Leave id=book.id name=book.name own/> }.into_any(),
            }}
        </li>
    }
}

/// What an owner does with a book.
#[component]
fn Owned(book: Book, members: Vec<BookMember>, own: AccountId) -> impl IntoView {
    let id = book.id;
    let name = book.name;
    let of = format!(" {name}");
    let members = members.into_iter();
    let others = members
        .filter(|member| member.account != own)
        .map(|member| view! { <Member id member/> })
        .collect_view();
    let field = |what: &str| format!("{what}-{id}");
    view! {
        <ul class="mt-2" aria-label=format!("Who else sees {name}")>{others}</ul>
        <details class="mt-2">
            <summary class="button">"Share…"<span class="sr-only">{of.clone()}</span></summary>
            <form method="post" action=format!("/books/{id}/share") class="mt-2 flex max-w-sm flex-col gap-4">
                <div class="field">
                    <label for=field("with")>"Name of the account"</label>
                    <input id=field("with") name="name" class="input" required maxlength="200" autocapitalize="none" autocomplete="off"/>
                </div>
                <div class="field">
                    <label for=field("role")>"What it may do"</label>
                    <select id=field("role") name="role" class="input">{options(BookRole::Viewer)}</select>
                </div>
                <div><button class="button-primary">"Share"<span class="sr-only">{of.clone()}</span></button></div>
            </form>
        </details>
        <details class="mt-2">
            <summary class="button">"Rename…"<span class="sr-only">{of.clone()}</span></summary>
            <form method="post" action=format!("/books/{id}/rename") class="mt-2 flex max-w-sm flex-col gap-4">
                <div class="field">
                    <label for=field("name")>"Name"</label>
                    <input id=field("name") name="name" class="input" value=name required maxlength="100" autocomplete="off"/>
                </div>
                <div><button class="button">"Rename"<span class="sr-only">{of.clone()}</span></button></div>
            </form>
        </details>
        <details class="mt-2">
            <summary class="button">"Remove…"<span class="sr-only">{of.clone()}</span></summary>
            <form method="post" action=format!("/books/{id}/remove") class="mt-2">
                <p>"All its contacts go for good, for everyone who sees them."</p>
                <button class="button-danger mt-2">"Remove for good"<span class="sr-only">{of}</span></button>
            </form>
        </details>
    }
}

#[component]
fn Member(id: BookId, member: BookMember) -> impl IntoView {
    let BookMember {
        account,
        name,
        role,
    } = member;
    let label = format!("What {name} may do");
    view! {
        <li class="flex flex-wrap items-center gap-2 py-1">
            <bdi class="min-w-0 grow">{name.clone()}</bdi>
            <form method="post" action=format!("/books/{id}/share") class="flex gap-2">
                <input type="hidden" name="name" value=name.clone()/>
                <select name="role" class="input" aria-label=label>{options(role)}</select>
                <button class="button">"Change"<span class="sr-only">{format!(" the role of {name}")}</span></button>
            </form>
            <form method="post" action=format!("/books/{id}/members/{account}/remove")>
                <button class="button">"Stop sharing"<span class="sr-only">{format!(" with {name}")}</span></button>
            </form>
        </li>
    }
}

#[component]
fn Leave(id: BookId, name: String, own: AccountId) -> impl IntoView {
    view! {
        <form method="post" action=format!("/books/{id}/members/{own}/remove") class="mt-2">
            <button class="button">"Leave"<span class="sr-only">{format!(" {name}")}</span></button>
        </form>
    }
}

/// The choices of a role.
fn options(selected: BookRole) -> impl IntoView {
    BookRole::ALL.map(|role| {
        let label = match role {
            BookRole::Viewer => "read (viewer)",
            BookRole::Editor => "read and change (editor)",
            BookRole::Owner => "everything (owner)",
        };
        view! { <option value=role.as_str() selected=role == selected>{label}</option> }
    })
}
