//! `/books`: the address books of a person, and who else sees them.

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use super::forbid_storing;
use super::own::Own;
use super::with_status;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::accounts::AccountError;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::client::AccountId;
use crate::web::pages::accounts::BooksNotice;
use crate::web::pages::accounts::BooksView;
use crate::web::pages::accounts::FormKind;
use crate::web::pages::accounts::TypedForm;
use crate::web::query;
use crate::web::rest::extract::FormBody;
use crate::web::rest::extract::PathOf;
use crate::web::state::AppState;

/// In the address of the page: what was done.
const DONE: &str = "done";

/// A request of a person who is signed in, and what answers it.
pub struct Books(Own);

impl FromRequestParts<AppState> for Books {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        Own::from_request_parts(parts, state).await.map(Self)
    }
}

impl Books {
    /// Draws the page with what came of a form.
    async fn draw(self, notice: Option<BooksNotice>) -> Response {
        let Self(mut own) = self;
        let Some(account) = own.caller.account().map(|account| account.id) else {
            return AppError::Internal.into_response();
        };
        let books = match own.accounts.books(&own.caller).await {
            Ok(books) => books,
            Err(error) => return AppError::from(error).into_response(),
        };
        let view = BooksView {
            own: account,
            books,
            notice,
        };
        own.parts.uri = Uri::from_static("/books");
        let mut response = own.pages.render_view(own.parts, view).await;
        forbid_storing(&mut response);
        response
    }

    /// What came of a change: the page says what was done, or why nothing was.
    async fn answer(
        self,
        form: TypedForm,
        changed: Result<(), AccountError>,
        done: &str,
    ) -> Response {
        match changed {
            Ok(()) => Redirect::to(&format!("/books?{DONE}={done}")).into_response(),
            Err(AccountError::Unavailable(error)) => AppError::from(error).into_response(),
            Err(refused) => {
                let why = refused.to_string();
                let notice = BooksNotice::Refused { why, form };
                let page = self.draw(Some(notice)).await;
                with_status(page, StatusCode::UNPROCESSABLE_ENTITY)
            }
        }
    }
}

pub async fn show(books: Books) -> Response {
    let done = query::parameter(&books.0.parts.uri, DONE);
    let notice = done.and_then(|what| match &*what {
        "added" => Some(t!("The address book is made.")),
        "renamed" => Some(t!("The address book has another name.")),
        "shared" => Some(t!("The address book is shared.")),
        "unshared" => Some(t!(
            "The address book is not shared with that account any more."
        )),
        "removed" => Some(t!("The address book is removed.")),
        _ => None,
    });
    let notice = notice.map(BooksNotice::Done);
    books.draw(notice).await
}

/// Redirects a reload of the address of an action to the page.
pub async fn go_back() -> Redirect {
    Redirect::to("/books")
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NameForm {
    name: String,
}

pub async fn add(books: Books, FormBody(form): FormBody<NameForm>) -> Response {
    let Books(own) = &books;
    let added = own.accounts.add_book(&own.caller, &form.name).await;
    let form = typed(FormKind::Add, None, form.name);
    books.answer(form, added.map(drop), "added").await
}

pub async fn rename(
    books: Books,
    PathOf(id): PathOf<BookId>,
    FormBody(form): FormBody<NameForm>,
) -> Response {
    let Books(own) = &books;
    let renamed = own.accounts.rename_book(&own.caller, id, &form.name).await;
    let form = typed(FormKind::Rename, Some(id), form.name);
    books.answer(form, renamed, "renamed").await
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ShareForm {
    name: String,
    role: String,
}

pub async fn share(
    books: Books,
    PathOf(id): PathOf<BookId>,
    FormBody(form): FormBody<ShareForm>,
) -> Response {
    let Books(own) = &books;
    let role = form.role.parse().unwrap_or(BookRole::Viewer);
    let shared = own
        .accounts
        .share_book(&own.caller, id, &form.name, role)
        .await;
    let form = typed(FormKind::Share, Some(id), form.name);
    books.answer(form, shared, "shared").await
}

pub async fn unshare(books: Books, PathOf((id, with)): PathOf<(BookId, AccountId)>) -> Response {
    let Books(own) = &books;
    let unshared = own.accounts.unshare_book(&own.caller, id, with).await;
    let form = typed(FormKind::Other, Some(id), String::new());
    books.answer(form, unshared, "unshared").await
}

pub async fn remove(books: Books, PathOf(id): PathOf<BookId>) -> Response {
    let Books(own) = &books;
    let removed = own.accounts.remove_book(&own.caller, id).await;
    let form = typed(FormKind::Other, Some(id), String::new());
    books.answer(form, removed, "removed").await
}

fn typed(kind: FormKind, book: Option<BookId>, name: String) -> TypedForm {
    TypedForm { kind, book, name }
}
