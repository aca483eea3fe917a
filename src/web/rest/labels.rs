//! Labels over HTTP.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::contacts::weak_etag;
use super::extract::JsonBody;
use super::extract::PathOf;
use super::read::Read;
use crate::services::book::BookId;
use crate::services::contacts::Contacts;
use crate::services::contacts::labels::Label;
use crate::services::contacts::labels::LabelColour;
use crate::services::contacts::labels::LabelId;
use crate::services::contacts::labels::LabelName;
use crate::services::contacts::labels::LabelUpdate;
use crate::services::contacts::labels::Labels;
use crate::web::problem::Problem;

/// A new label.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLabel {
    #[schema(value_type = LabelName, inline)]
    name: String,
    /// Grey without one.
    #[serde(default)]
    colour: LabelColour,
}

/// What is different about a label.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelPatch {
    #[serde(default)]
    #[schema(value_type = Option<LabelName>, inline)]
    name: Option<String>,
    #[serde(default)]
    colour: Option<LabelColour>,
    /// Whether the contacts go to the label of this name, where there is one. That label keeps its color.
    #[serde(default)]
    merge: bool,
}

/// Lists the labels of a book, in the order of names, with their contacts outside the trash.
#[utoipa::path(get, path = "/api/labels", operation_id = "labels", tag = "contacts",
    params(("book" = Option<BookId>, Query, description = "The id of an address book; without it, the first one of the caller"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that the client has")),
    responses(
    (status = 200, description = "The labels", body = Labels, headers(("ETag"), ("X-Cache"), ("Server-Timing"))),
    (status = 304, description = "The client has it already", headers(("ETag"), ("X-Cache"), ("Server-Timing"))),
    (status = 404, description = "The caller sees no such address book", body = Problem)))]
pub async fn list(contacts: Contacts, read: Read) -> Result<Response, Problem> {
    let labels = contacts.labels().await?;
    let etag = weak_etag(labels.digest());
    Ok(read.answer(&etag, labels.status, || labels.json().clone().into()))
}

/// Adds a label without contacts. A label that a contact is the first one to name need not be added.
#[utoipa::path(post, path = "/api/labels", operation_id = "addLabel", tag = "contacts", request_body = NewLabel,
    params(("book" = Option<BookId>, Query, description = "The id of an address book; without it, the first one of the caller")),
    responses(
    (status = 201, description = "Added", body = Label),
    (status = 400, description = "The name makes no sense", body = Problem),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "The caller sees no such address book", body = Problem),
    (status = 409, description = "There is a label of this name", body = Problem),
    (status = 415, description = "The body is not JSON", body = Problem)))]
pub async fn add(
    contacts: Contacts,
    JsonBody(new): JsonBody<NewLabel>,
) -> Result<Response, Problem> {
    let name = LabelName::parse(&new.name)?;
    let label = contacts.add_label(&name, new.colour).await?;
    Ok((StatusCode::CREATED, Json(label)).into_response())
}

/// Renames, merges or recolors a label, in the cards of all its contacts.
#[utoipa::path(patch, path = "/api/labels/{id}", operation_id = "amendLabel", tag = "contacts",
    request_body(content((LabelPatch = "application/json"), (LabelPatch = "application/merge-patch+json"))),
    params(("id" = LabelId, Path), ("book" = Option<BookId>, Query, description = "The id of an address book; without it, the first one of the caller")),
    responses(
    (status = 202, description = "Kith goes on with the contacts; until then, other changes of labels are refused"),
    (status = 204, description = "Changed"),
    (status = 400, description = "The name makes no sense", body = Problem),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "No such label, or no such address book", body = Problem),
    (status = 409, description = "There is a label of this name, or labels are being changed", body = Problem),
    (status = 415, description = "The body is not JSON", body = Problem)))]
pub async fn patch(
    contacts: Contacts,
    PathOf(id): PathOf<LabelId>,
    JsonBody(patch): JsonBody<LabelPatch>,
) -> Result<StatusCode, Problem> {
    let name = patch.name.map(|name| LabelName::parse(&name)).transpose()?;
    let update = LabelUpdate {
        name,
        merge: patch.merge,
        colour: patch.colour,
    };
    Ok(status(contacts.change_label(id, update).await?))
}

/// Removes a label. The contacts stay.
#[utoipa::path(delete, path = "/api/labels/{id}", operation_id = "removeLabel", tag = "contacts",
    params(("id" = LabelId, Path), ("book" = Option<BookId>, Query, description = "The id of an address book; without it, the first one of the caller")),
    responses(
    (status = 202, description = "Kith goes on with the contacts; until then, other changes of labels are refused"),
    (status = 204, description = "Removed"),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "No such label, or no such address book", body = Problem),
    (status = 409, description = "Labels are being changed", body = Problem)))]
pub async fn remove(
    contacts: Contacts,
    PathOf(id): PathOf<LabelId>,
) -> Result<StatusCode, Problem> {
    Ok(status(contacts.remove_label(id).await?.is_done))
}

fn status(is_done: bool) -> StatusCode {
    match is_done {
        true => StatusCode::NO_CONTENT,
        false => StatusCode::ACCEPTED,
    }
}
