//! Forms as a browser posts them when it runs no JavaScript, or not yet.
//!
//! After a success the browser is redirected to the next page, so that a reload repeats nothing. After a
//! failure it gets the same page again, with its status, the errors beside the fields, and everything that the
//! person has typed. No address ever holds typed text.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::form::FormInputs;
use crate::model::form::FormView;
use crate::model::language::t;
use crate::model::location::BOOK;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::Pane;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::contacts::Contacts;
use crate::services::contacts::FormResult;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::form_value;
use crate::services::contacts::frecency::Use;
use crate::services::welcome::choice;
use crate::web::page::PageRenderer;
use crate::web::pages::contacts::RefusedPane;
use crate::web::pages::contacts::merged_parameter;
use crate::web::pages::move_contact::MoveView;
use crate::web::problem::Problem;
use crate::web::rest::extract::FormBody;
use crate::web::rest::extract::PathId;

pub async fn create(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    parts: Parts,
    FormBody(inputs): FormBody<FormInputs>,
) -> Response {
    // A box that is not ticked is not sent.
    let welcome = form_value(&inputs, "welcome").is_some();
    match contacts.save_form(None, &inputs, welcome).await {
        Ok(FormResult::Created(contact) | FormResult::Saved(contact, _)) => {
            let cookie = choice::cookie(welcome);
            let shown = go_to(&parts.uri, PaneRoute::Contact(contact.id));
            ([(SET_COOKIE, cookie)], shown).into_response()
        }
        Ok(FormResult::Conflict(form)) => {
            render_again(pages, parts, PaneRoute::New, Pane::Form(*form)).await
        }
        Err(error) => {
            let mut form = Contacts::new_form(&inputs, welcome);
            // A person who learns that the contact exists already, and sends the form again, means another one.
            if let AppError::AlreadyCreated { .. } = &error {
                form.key = Uuid::new_v4().to_string();
            }
            form.error = Some(error);
            render_again(pages, parts, PaneRoute::New, Pane::Form(form)).await
        }
    }
}

pub async fn update(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
    FormBody(inputs): FormBody<FormInputs>,
) -> Response {
    let pane = match contacts.save_form(Some(id), &inputs, false).await {
        Ok(FormResult::Saved(contact, kept)) => {
            return Redirect::to(&shown_after_edit(&parts.uri, contact.id, &kept)).into_response();
        }
        Ok(FormResult::Created(contact)) => {
            return go_to(&parts.uri, PaneRoute::Contact(contact.id));
        }
        Ok(FormResult::Conflict(form)) => Pane::Form(*form),
        Err(error) => match contacts.edit_form(id, &inputs).await {
            Ok(form) => Pane::Form(FormView {
                error: Some(error),
                ..form
            }),
            Err(_) => Pane::Failed(error),
        },
    };
    render_again(pages, parts, PaneRoute::Edit(id), pane).await
}

/// The address of a contact that was edited. It names the fields that others had changed meanwhile.
fn shown_after_edit(form: &Uri, id: ContactId, kept: &[Field]) -> String {
    let mut href = list_behind(form).with_pane(PaneRoute::Contact(id)).url();
    if !kept.is_empty() {
        href.push(if href.contains('?') { '&' } else { '?' });
        href += &merged_parameter(kept);
    }
    href
}

pub async fn delete(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    match contacts.delete(id, None).await {
        Ok(()) => {
            let after = Location {
                deleted: Some(id),
                ..list_behind(&parts.uri)
            };
            Redirect::to(&after.url()).into_response()
        }
        Err(error) => render_again(pages, parts, PaneRoute::Contact(id), Pane::Failed(error)).await,
    }
}

pub async fn restore(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    show_changed(pages, parts, id, contacts.restore(id).await).await
}

/// Leads to the contact that was changed, or says why it was not.
async fn show_changed(
    pages: PageRenderer,
    parts: Parts,
    id: ContactId,
    changed: Result<Contact, AppError>,
) -> Response {
    match changed {
        Ok(contact) => go_to(&parts.uri, PaneRoute::Contact(contact.id)),
        Err(error) => render_again(pages, parts, PaneRoute::Contact(id), Pane::Failed(error)).await,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct FavouriteForm {
    /// `1` or `0`.
    favourite: String,
}

pub async fn set_favourite(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
    FormBody(form): FormBody<FavouriteForm>,
) -> Response {
    let changed = contacts.set_favourite(id, form.favourite == "1").await;
    show_changed(pages, parts, id, changed).await
}

#[derive(Deserialize)]
pub struct UseForm {
    kind: Use,
}

/// Counts a use of a contact, of which a script of the page knows.
pub async fn record_use(
    contacts: Contacts,
    PathId(id): PathId,
    FormBody(form): FormBody<UseForm>,
) -> Result<StatusCode, Problem> {
    contacts.record_use(id, form.kind).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Draws the page that asks to which address book a contact goes.
pub async fn show_move(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    match move_view(&contacts, id).await {
        // The head of the page marks the book that its address names.
        Ok(view) if contacts.book().is_ok_and(|book| book.id != view.from) => {
            let href = format!("/contacts/{id}/move?{BOOK}={}", view.from);
            Redirect::to(&href).into_response()
        }
        Ok(view) => pages.render_view(parts, view).await,
        Err(error) => render_again(pages, parts, PaneRoute::Contact(id), Pane::Failed(error)).await,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MoveForm {
    /// The id of the address book.
    to: String,
}

pub async fn move_contact(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
    FormBody(form): FormBody<MoveForm>,
) -> Response {
    let moved = match form.to.parse::<BookId>() {
        Ok(book) => contacts.move_to(id, book).await.map(|_| book),
        Err(_) => Err(AppError::NoBook),
    };
    let error = match moved {
        Ok(book) => return Redirect::to(&format!("/contacts/{id}?book={book}")).into_response(),
        Err(error) => error,
    };
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    match move_view(&contacts, id).await {
        Ok(view) => {
            let problem = Some(error.to_string());
            let view = MoveView { problem, ..view };
            let mut response = pages.render_view(parts, view).await;
            *response.status_mut() = status;
            response
        }
        Err(error) => render_again(pages, parts, PaneRoute::Contact(id), Pane::Failed(error)).await,
    }
}

/// What the page for moving a contact shows.
async fn move_view(contacts: &Contacts, id: ContactId) -> Result<MoveView, AppError> {
    let contact = contacts.get(id).await?;
    let from = contacts.book_of(id, BookRole::Editor).await?.id;
    let books = contacts.caller().books().iter();
    let books = books.filter(|book| book.role >= BookRole::Editor);
    Ok(MoveView {
        id,
        name: contact.name,
        from,
        books: books.cloned().collect(),
        problem: None,
    })
}

/// Redirects a reload of the address of an action to its contact.
pub async fn go_back(PathId(id): PathId, uri: Uri) -> Response {
    go_to(&uri, PaneRoute::Contact(id))
}

/// The list that a form was sent from. The query of the address has its search and page.
pub fn list_behind(form: &Uri) -> Location {
    Location::parse("/contacts", form.query().unwrap_or_default()).unwrap_or_default()
}

fn go_to(form: &Uri, pane: PaneRoute) -> Response {
    Redirect::to(&list_behind(form).with_opened_pane(pane).url()).into_response()
}

/// Draws the page of `place` with `pane` on it, as the answer to a form.
async fn render_again(
    pages: PageRenderer,
    mut parts: Parts,
    route: PaneRoute,
    pane: Pane,
) -> Response {
    let url = list_behind(&parts.uri).with_pane(route).url();
    let Ok(uri) = Uri::try_from(url) else {
        return Problem::new(
            StatusCode::URI_TOO_LONG,
            "long-address",
            t!("The address of this form is too long. Open the form again from the list."),
        )
        .into_response();
    };
    parts.uri = uri;
    pages.render_view(parts, RefusedPane(pane)).await
}
