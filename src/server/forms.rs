//! Forms as a browser posts them when it runs no JavaScript, or not yet.
//!
//! What succeeds leads on to the next page, so that a reload repeats nothing. What does not is
//! the same page again, with its status, the errors beside the fields and everything typed in
//! place; nothing of it ever stands in an address.

use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use leptos::prelude::provide_context;
use serde::Deserialize;

use crate::contact::ContactDraft;
use crate::error::AppError;
use crate::islands::contacts::FormView;
use crate::islands::contacts::Pane;
use crate::islands::contacts::Saved;
use crate::place::PanePlace;
use crate::place::Place;
use crate::server::AppState;
use crate::server::contacts::IdempotentRequest;
use crate::server::page;
use crate::server::problem::Problem;
use crate::server::rest::extract::FormBody;
use crate::server::rest::extract::PathId;

/// The fields of the contact form, hidden ones included. A missing field is an empty one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ContactForm {
    name: String,
    email: String,
    phone: String,
    company: String,
    notes: String,
    version: Option<u32>,
    key: String,
    /// A box that is not ticked is not sent.
    welcome: Option<String>,
}

impl ContactForm {
    fn draft(&self) -> ContactDraft {
        ContactDraft {
            name: self.name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            company: self.company.clone(),
            notes: self.notes.clone(),
        }
    }
}

/// What a page draws beside the list when what was asked of it could not be done.
#[derive(Clone)]
pub struct Refused(pub Pane);

pub async fn create(
    State(state): State<AppState>,
    parts: Parts,
    FormBody(form): FormBody<ContactForm>,
) -> Response {
    let draft = form.draft();
    let created = match idempotent(&form.key, &draft) {
        Ok(request) => {
            let welcome = Some(form.welcome.is_some());
            state.contacts.create(draft, welcome, request).await
        }
        Err(error) => Err(error),
    };
    match created {
        Ok(creation) => go_to(&parts.uri, PanePlace::Contact(creation.contact.id)),
        Err(error) => {
            let view = FormView {
                draft: form.draft(),
                welcome: form.welcome.is_some(),
                key: form.key,
                error: Some(error),
                saved: None,
            };
            draw_again(state, parts, PanePlace::New, Pane::Form(view)).await
        }
    }
}

pub async fn update(
    State(state): State<AppState>,
    PathId(id): PathId,
    parts: Parts,
    FormBody(form): FormBody<ContactForm>,
) -> Response {
    match state.contacts.replace(id, form.draft(), form.version).await {
        Ok(contact) => go_to(&parts.uri, PanePlace::Contact(contact.id)),
        Err(error) => {
            let version = form.version.unwrap_or_default();
            let view = FormView {
                draft: form.draft(),
                error: Some(error),
                saved: Some(Saved { id, version }),
                ..FormView::default()
            };
            draw_again(state, parts, PanePlace::Edit(id), Pane::Form(view)).await
        }
    }
}

pub async fn delete(State(state): State<AppState>, PathId(id): PathId, parts: Parts) -> Response {
    match state.contacts.delete(id, None).await {
        Ok(()) => {
            let after = Place {
                deleted: Some(id),
                ..list_behind(&parts.uri)
            };
            Redirect::to(&after.href()).into_response()
        }
        Err(error) => draw_again(state, parts, PanePlace::Contact(id), Pane::Failed(error)).await,
    }
}

pub async fn restore(State(state): State<AppState>, PathId(id): PathId, parts: Parts) -> Response {
    match state.contacts.restore(id).await {
        Ok(contact) => go_to(&parts.uri, PanePlace::Contact(contact.id)),
        Err(error) => draw_again(state, parts, PanePlace::Contact(id), Pane::Failed(error)).await,
    }
}

/// Where a reload leads that asks for the address of an action: to the contact it was about.
pub async fn go_back(PathId(id): PathId, uri: Uri) -> Response {
    go_to(&uri, PanePlace::Contact(id))
}

/// The form's key as drawn by the page. A form without one is taken as it is, each time.
fn idempotent(key: &str, draft: &ContactDraft) -> Result<Option<IdempotentRequest>, AppError> {
    if key.is_empty() {
        return Ok(None);
    }
    IdempotentRequest::of_form(key, draft).map(Some)
}

/// The list that a form was sent from: its search and page travel in the query of the address.
fn list_behind(form: &Uri) -> Place {
    Place::parse("/contacts", form.query().unwrap_or_default()).unwrap_or_default()
}

fn go_to(form: &Uri, pane: PanePlace) -> Response {
    Redirect::to(&list_behind(form).beside(pane).href()).into_response()
}

/// Draws the page of `place` with `pane` on it, as the answer to a form.
async fn draw_again(state: AppState, mut parts: Parts, place: PanePlace, pane: Pane) -> Response {
    let href = list_behind(&parts.uri).beside(place).href();
    let Ok(uri) = Uri::try_from(href) else {
        return Problem::new(
            StatusCode::URI_TOO_LONG,
            "long-address",
            "The address of this form is too long. Open the form again from the list.",
        )
        .into_response();
    };
    parts.uri = uri;
    let request = Request::from_parts(parts, Body::empty());
    page::draw(state, request, move || {
        provide_context(Refused(pane.clone()));
    })
    .await
}
