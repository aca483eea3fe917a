//! `/contacts/{id}/move`: to which address book a contact goes.

use leptos::prelude::*;

use super::PageTitle;
use crate::components::view::view;
use crate::model::contact::ContactId;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::services::book::Book;
use crate::services::book::BookId;

/// What the page shows.
#[derive(Clone)]
pub struct MoveView {
    pub id: ContactId,
    pub name: String,
    /// The book of the contact.
    pub from: BookId,
    /// The books that the reader may change.
    pub books: Vec<Book>,
    /// Why the contact was not moved.
    pub problem: Option<String>,
}

#[component]
pub fn MovePage() -> impl IntoView {
    let view = use_context::<MoveView>()?;
    let (from, others): (Vec<_>, Vec<_>) = view
        .books
        .into_iter()
        .partition(|book| book.id == view.from);
    let from = from.into_iter().next();
    let choices: Vec<_> = others
        .into_iter()
        .map(|book| view! { <option value=book.id.to_string()>{book.label()}</option> })
        .collect();
    let back = format!("/contacts/{}?book={}", view.id, view.from);
    let form = match choices.is_empty() {
        true => view! { <p class="mt-2">"There is no other address book that you may change."</p> },
        false => view! {
            <form method="post" class="mt-4 flex max-w-sm flex-col gap-4">
                <div class="field">
                    <label for="to">"Address book"</label>
                    <select id="to" name="to" class="input">{choices}</select>
                </div>
                <div><button class="button-primary">"Move"</button></div>
            </form>
        },
    };
    let from = from.map(|book| {
        view! { <p>{t_view!("Now in {book}.", book = view! { <bdi>{book.label()}</bdi> })}</p> }
    });
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Move"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">
                {t_view!("Move {name}", name = view! { <bdi>{view.name}</bdi> })}
            </h1>
            {from}
            {view.problem.map(|text| view! { <p class="problem mt-2" role="alert">{text}</p> })}
            {form}
            <a class="back" href=back>"Back to the contact"</a>
        </main>
    })
}
