//! The contacts of the caller of a request, in the book that its address names.

use axum::extract::FromRef;
use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use leptos::prelude::use_context;
use uuid::Uuid;

use super::cookies;
use super::middleware::context::RequestContext;
use super::problem::Problem;
use super::query;
use crate::model::location::BOOK;
use crate::services::book::BookId;
use crate::services::client::Caller;
use crate::services::contacts::ContactService;
use crate::services::contacts::Contacts;

/// The book that the address of a request asks for; `None` if it asks for none. A text that is no id asks for a book that
/// does not exist.
pub fn asked_book(uri: &Uri) -> Option<BookId> {
    let id = query::parameter(uri, BOOK)?;
    Some(id.parse().unwrap_or(BookId(Uuid::nil())))
}

/// The address of a page about the book that was asked for.
pub fn in_book(path: &str, book: Option<BookId>) -> String {
    match book {
        Some(book) => format!("{path}?{BOOK}={book}"),
        None => path.to_owned(),
    }
}

/// The contacts of the caller of a page that is drawn.
pub fn of_page() -> Option<Contacts> {
    let parts = use_context::<Parts>()?;
    let contacts = use_context::<ContactService>()?;
    let caller = RequestContext::caller(&parts.extensions)?;
    Some(of_caller(&contacts, caller, &parts))
}

fn of_caller(contacts: &ContactService, caller: &Caller, parts: &Parts) -> Contacts {
    let contacts = contacts.of(caller.clone(), asked_book(&parts.uri));
    contacts.with_second_line(cookies::list_view(&parts.headers).second_line)
}

impl<S> FromRequestParts<S> for Contacts
where
    ContactService: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // The layer around the route admits no request without a caller.
        let caller = RequestContext::caller(&parts.extensions).ok_or_else(Problem::internal)?;
        let contacts = ContactService::from_ref(state);
        Ok(of_caller(&contacts, caller, parts))
    }
}
