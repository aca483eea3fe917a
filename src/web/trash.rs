//! Pages about contacts in the trash, and the forms that delete them for ever. Each asks first, and needs no script.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;

use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::BookRole;
use crate::services::contacts::Contacts;
use crate::web::caller_contacts::asked_book;
use crate::web::page::PageRenderer;
use crate::web::pages::trash::DONE;
use crate::web::pages::trash::address;
use crate::web::pages::trash::questions::TrashPart;
use crate::web::pages::trash::questions::TrashView;
use crate::web::rest::extract::PathId;

/// Draws all that a contact of the trash says.
pub async fn show(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    let part = async {
        let may_write = contacts.book_of(id, BookRole::Viewer).await?.role >= BookRole::Editor;
        let contact = contacts.get_deleted(id).await?;
        Ok(TrashPart::Contact {
            days_left: contacts.days_left(&contact),
            contact,
            may_write,
        })
    };
    draw(pages, parts, part.await).await
}

/// Draws the question whether a contact shall be deleted for ever.
pub async fn show_erase(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    let contact = erasable(&contacts, id).await;
    draw(pages, parts, contact.map(TrashPart::Erase)).await
}

async fn erasable(contacts: &Contacts, id: ContactId) -> Result<Contact, AppError> {
    contacts.book_of(id, BookRole::Editor).await?;
    contacts.get_deleted(id).await
}

pub async fn erase(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    match contacts.erase(id).await {
        Ok(()) => {
            let trash = address("", asked_book(&parts.uri));
            let separator = if trash.contains('?') { '&' } else { '?' };
            Redirect::to(&format!("{trash}{separator}{DONE}=deleted")).into_response()
        }
        Err(error) => draw(pages, parts, Err(error)).await,
    }
}

/// Draws the question whether all contacts of the trash shall be deleted for ever.
pub async fn show_empty(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    parts: Parts,
) -> Response {
    let part = async {
        contacts.book()?.require(BookRole::Editor)?;
        let query = contacts.trash_query("", None, None)?;
        Ok(TrashPart::Empty(contacts.list(query).await?.total))
    };
    draw(pages, parts, part.await).await
}

pub async fn empty(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    parts: Parts,
) -> Response {
    match contacts.empty_trash().await {
        Ok(()) => Redirect::to(&address("", asked_book(&parts.uri))).into_response(),
        Err(error) => draw(pages, parts, Err(error)).await,
    }
}

/// Draws a page below `/trash`. An error has its status.
async fn draw(pages: PageRenderer, parts: Parts, part: Result<TrashPart, AppError>) -> Response {
    let status = match &part {
        Ok(_) => StatusCode::OK,
        Err(error) => {
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
    };
    let book = asked_book(&parts.uri);
    let part = part.unwrap_or_else(TrashPart::Failed);
    let mut response = pages.render_view(parts, TrashView { book, part }).await;
    *response.status_mut() = status;
    response
}
