//! Pages about the former versions of a contact, and the form that brings one back. It asks first, and needs no script.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::location::BOOK;
use crate::services::book::Book;
use crate::services::book::BookRole;
use crate::services::contacts::Contacts;
use crate::web::page::PageRenderer;
use crate::web::pages::history::HistoryPart;
use crate::web::pages::history::HistoryView;
use crate::web::pages::history::VersionView;
use crate::web::query;
use crate::web::rest::extract::FormBody;
use crate::web::rest::extract::PathId;
use crate::web::rest::versions::PathVersion;
use crate::web::rest::versions::no_such_version;
use crate::web::rest::versions::parse_cursor;

/// Draws what has changed in a contact.
pub async fn show(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    let part = async {
        let book = contacts.book_of(id, BookRole::Viewer).await?.clone();
        let cursor = query::parameter(&parts.uri, "cursor");
        let before = cursor.as_deref().map(parse_cursor).transpose()?;
        let history = contacts.history(id, before).await?;
        Ok((HistoryPart::List(history), book))
    };
    let part = part.await;
    draw(&contacts, pages, parts, id, part).await
}

/// Draws what would change if a version was brought back.
pub async fn show_version(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathVersion(id, version): PathVersion,
    parts: Parts,
) -> Response {
    let part = version_part(&contacts, id, version, None).await;
    draw(&contacts, pages, parts, id, part).await
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RestoreForm {
    /// The version of the contact that the page has shown.
    expected: String,
}

pub async fn restore(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathVersion(id, version): PathVersion,
    parts: Parts,
    FormBody(form): FormBody<RestoreForm>,
) -> Response {
    // Without a number, the form was not drawn by Kith: it expects the version of no contact.
    let expected = form.expected.parse().unwrap_or(0);
    let problem = match contacts.restore_version(id, version, Some(expected)).await {
        Ok(Some(contact)) => {
            let book = contacts.book_of(id, BookRole::Viewer).await;
            let book = book.map_or_else(|_| String::new(), |book| format!("?{BOOK}={}", book.id));
            return Redirect::to(&format!("/contacts/{}{book}", contact.id)).into_response();
        }
        Ok(None) => None,
        Err(error @ AppError::Changed { .. }) => Some(error),
        Err(error) => return draw(&contacts, pages, parts, id, Err(error)).await,
    };
    let status = problem.as_ref().map(AppError::status);
    let part = version_part(&contacts, id, version, problem).await;
    let mut response = draw(&contacts, pages, parts, id, part).await;
    if let Some(status) = status.and_then(|status| StatusCode::from_u16(status).ok()) {
        *response.status_mut() = status;
    }
    response
}

async fn version_part(
    contacts: &Contacts,
    id: ContactId,
    version: u32,
    problem: Option<AppError>,
) -> Result<(HistoryPart, Book), AppError> {
    let book = contacts.book_of(id, BookRole::Viewer).await?.clone();
    let part = match contacts.restoration(id, version).await? {
        Some(restoration) => HistoryPart::Version(VersionView {
            version,
            restoration,
            has_changed: problem.is_some(),
        }),
        None => HistoryPart::Failed(no_such_version().detail().to_owned()),
    };
    Ok((part, book))
}

/// Draws a page of the history. An error has its status.
async fn draw(
    contacts: &Contacts,
    pages: PageRenderer,
    parts: Parts,
    id: ContactId,
    part: Result<(HistoryPart, Book), AppError>,
) -> Response {
    let (status, part, book) = match part {
        // The head of the page marks the book that its address names.
        Ok((_, book))
            if parts.method.is_safe() && contacts.book().is_ok_and(|asked| asked.id != book.id) =>
        {
            let href = format!("{}?{BOOK}={}", parts.uri.path(), book.id);
            return Redirect::to(&href).into_response();
        }
        Ok((part @ HistoryPart::Failed(_), book)) => (StatusCode::NOT_FOUND, part, Some(book)),
        Ok((part, book)) => (StatusCode::OK, part, Some(book)),
        Err(error) => {
            let status = StatusCode::from_u16(error.status());
            let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, HistoryPart::Failed(error.to_string()), None)
        }
    };
    let view = HistoryView {
        id,
        may_write: book
            .as_ref()
            .is_some_and(|book| book.role >= BookRole::Editor),
        book: book.map(|book| book.id),
        part,
    };
    let mut response = pages.render_view(parts, view).await;
    *response.status_mut() = status;
    response
}
