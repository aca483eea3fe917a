//! Address books over HTTP.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use super::contacts::ContactBody;
use super::contacts::answer;
use super::extract::JsonBody;
use super::extract::PathId;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::contacts::Contacts;
use crate::web::problem::Problem;

/// The address books that the caller sees.
#[derive(Serialize, ToSchema)]
pub struct BookList {
    /// The first one is that of requests that name none.
    books: Vec<BookEntry>,
}

/// An address book.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BookEntry {
    id: BookId,
    name: String,
    /// What the caller may do in it. A token that only reads is a viewer everywhere.
    role: BookRole,
    /// The account that has shared it; null for a book of one's own.
    #[schema(required = true)]
    shared_by: Option<String>,
}

impl From<&Book> for BookEntry {
    fn from(book: &Book) -> Self {
        Self {
            id: book.id,
            name: book.name.clone(),
            role: book.role,
            shared_by: book.shared_by.clone(),
        }
    }
}

/// Lists the address books of the caller.
#[utoipa::path(get, path = "/api/books", operation_id = "books", tag = "contacts",
    responses((status = 200, description = "The books, the one that requests without `book` mean first", body = BookList)))]
pub async fn list(contacts: Contacts) -> Response {
    let books = contacts.caller().books().iter().map(BookEntry::from);
    Json(BookList {
        books: books.collect(),
    })
    .into_response()
}

/// Where a contact goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveInput {
    /// The id of the address book.
    book: BookId,
}

/// Moves a contact to another address book.
#[utoipa::path(post, path = "/api/contacts/{id}/move", operation_id = "move", tag = "contacts", request_body = MoveInput,
    params(("id" = ContactId, Path)), responses(
    (status = 200, description = "Moved, or there already", body = ContactBody, headers(("ETag"))),
    (status = 400, description = "The body is not as expected", body = Problem),
    (status = 403, description = "The caller may only read one of the books", body = Problem),
    (status = 404, description = "No such contact, or it is in the trash", body = Problem),
    (status = 415, description = "The body is not JSON", body = Problem),
    (status = 422, description = "The caller sees no such book", body = Problem)))]
pub async fn move_contact(
    contacts: Contacts,
    PathId(id): PathId,
    JsonBody(value): JsonBody<MoveInput>,
) -> Result<Response, Problem> {
    let moved = contacts.move_to(id, value.book).await;
    let moved = moved.map_err(|error| match error {
        // The contact is there: the body is wrong, and not the address.
        AppError::NoBook => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Problem::new(status, "no-book", AppError::NoBook.to_string())
        }
        other => other.into(),
    })?;
    Ok(answer(StatusCode::OK, moved))
}
