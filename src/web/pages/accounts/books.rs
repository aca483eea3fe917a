//! `/books`: the address books of a person, and who else sees them.

use leptos::prelude::*;

use super::ProblemLine;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::model::language::t_view;
use crate::services::accounts::BookInfo;
use crate::services::accounts::BookMember;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::client::AccountId;
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
    Refused { why: String, form: TypedForm },
}

/// A form of the page that was sent, and the name that was typed into it.
#[derive(Clone, PartialEq, Eq)]
pub struct TypedForm {
    pub kind: FormKind,
    /// None for a form that is about no book.
    pub book: Option<BookId>,
    pub name: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FormKind {
    Add,
    Rename,
    Share,
    Other,
}

/// What was wrong with a form, and what was typed.
#[derive(Clone, Default)]
struct Refusal {
    why: Option<String>,
    typed: Option<String>,
}

impl BooksNotice {
    /// The refusal of this form, if it is the one that was sent.
    fn of(notice: Option<&Self>, kind: FormKind, book: Option<BookId>) -> Refusal {
        match notice {
            Some(Self::Refused { why, form }) if form.kind == kind && form.book == book => {
                Refusal {
                    why: Some(why.clone()),
                    typed: Some(form.name.clone()),
                }
            }
            _ => Refusal::default(),
        }
    }
}

#[component]
pub fn BooksPage() -> impl IntoView {
    let view = use_context::<BooksView>()?;
    let own = view.own;
    let notice = view.notice;
    let line = notice.clone().and_then(|notice| match notice {
        BooksNotice::Done(text) => {
            Some(view! { <p id="notice" role="status" class="mt-2">{text}</p> })
        }
        BooksNotice::Refused { why, form } if form.kind == FormKind::Other => {
            Some(view! { <div class="mt-2"><ProblemLine text=Some(why)/></div> })
        }
        // It stands in the form.
        BooksNotice::Refused { .. } => None,
    });
    let add = BooksNotice::of(notice.as_ref(), FormKind::Add, None);
    let books = view.books.into_iter();
    let books = books
        .map(|info| view! { <BookItem info own notice=notice.clone()/> })
        .collect_view();
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Address books"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Address books"</h1>
            {line}
            <ul class="mt-2" id="books">{books}</ul>
            <section class="mt-8" aria-labelledby="new-title">
                <h2 id="new-title" class="font-semibold">"New address book"</h2>
                <form method="post" action="/books" class="mt-2 flex max-w-sm flex-col gap-4">
                    <ProblemLine text=add.why.clone()/>
                    <div class="field">
                        <label for="new-name">"Name"</label>
                        <input id="new-name" name="name" class="input" value=add.typed autofocus=add.why.is_some() required maxlength="100" autocomplete="off"/>
                    </div>
                    <div><button class="button-primary">"Make it"</button></div>
                </form>
            </section>
        </main>
    })
}

#[component]
fn BookItem(info: BookInfo, own: AccountId, notice: Option<BooksNotice>) -> impl IntoView {
    let BookInfo {
        book,
        contacts,
        members,
    } = info;
    let contacts = u64::try_from(contacts).unwrap_or(0);
    let count = t_plural!(contacts, "{count} contact", "{count} contacts");
    let role = match book.role {
        BookRole::Viewer => t!("you may read it"),
        BookRole::Editor => t!("you may change it"),
        BookRole::Owner => t!("you own it"),
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
                {book.shared_by.clone().map(|name| t_view!(", shared by {name}", name = view! { <bdi>{name}</bdi> }))}
            </p>
            {match is_owner {
                true => view! { <Owned book members own notice/> },
                false => view! { <Leave id=book.id name=book.name own/> },
            }}
        </li>
    }
}

/// What an owner does with a book.
#[component]
fn Owned(
    book: Book,
    members: Vec<BookMember>,
    own: AccountId,
    notice: Option<BooksNotice>,
) -> impl IntoView {
    let id = book.id;
    let name = book.name;
    let share = BooksNotice::of(notice.as_ref(), FormKind::Share, Some(id));
    let rename = BooksNotice::of(notice.as_ref(), FormKind::Rename, Some(id));
    let of = format!(" {name}");
    let members = members.into_iter();
    let others = members
        .filter(|member| member.account != own)
        .map(|member| view! { <Member id member/> })
        .collect_view();
    let field = |what: &str| format!("{what}-{id}");
    view! {
        <ul class="mt-2" aria-label=t!("Who else sees {name}", name = name)>{others}</ul>
        <details class="mt-2" open=share.why.is_some()>
            <summary class="button">"Share…"<span class="sr-only">{of.clone()}</span></summary>
            <form method="post" action=format!("/books/{id}/share") class="mt-2 flex max-w-sm flex-col gap-4">
                <ProblemLine text=share.why.clone()/>
                <div class="field">
                    <label for=field("with")>"Name of the account"</label>
                    <input id=field("with") name="name" class="input" value=share.typed autofocus=share.why.is_some() required maxlength="200" autocapitalize="none" autocomplete="off"/>
                </div>
                <div class="field">
                    <label for=field("role")>"What it may do"</label>
                    <select id=field("role") name="role" class="input">{options(BookRole::Viewer)}</select>
                </div>
                <div><button class="button-primary">"Share"<span class="sr-only">{of.clone()}</span></button></div>
            </form>
        </details>
        <details class="mt-2" open=rename.why.is_some()>
            <summary class="button">"Rename…"<span class="sr-only">{of.clone()}</span></summary>
            <form method="post" action=format!("/books/{id}/rename") class="mt-2 flex max-w-sm flex-col gap-4">
                <ProblemLine text=rename.why.clone()/>
                <div class="field">
                    <label for=field("name")>"Name"</label>
                    <input id=field("name") name="name" class="input" value=rename.typed.unwrap_or(name) autofocus=rename.why.is_some() required maxlength="100" autocomplete="off"/>
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
    let label = t!("What {name} may do", name = name);
    view! {
        <li class="flex flex-wrap items-center gap-2 py-1">
            <bdi class="min-w-0 grow">{name.clone()}</bdi>
            <form method="post" action=format!("/books/{id}/share") class="flex gap-2">
                <input type="hidden" name="name" value=name.clone()/>
                <select name="role" class="input" aria-label=label>{options(role)}</select>
                <button class="button">
                    "Change"<span class="sr-only">{t!(" the role of {name}", name = name)}</span>
                </button>
            </form>
            <form method="post" action=format!("/books/{id}/members/{account}/remove")>
                <button class="button">
                    "Stop sharing"<span class="sr-only">{t!(" with {name}", name = name)}</span>
                </button>
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
            BookRole::Viewer => t!("read (viewer)"),
            BookRole::Editor => t!("read and change (editor)"),
            BookRole::Owner => t!("everything (owner)"),
        };
        view! { <option value=role.as_str() selected=role == selected>{label}</option> }
    })
}
