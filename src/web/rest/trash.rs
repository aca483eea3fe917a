//! The trash over HTTP.

use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use super::contacts::filled;
use super::contacts::weak_etag;
use super::extract::PathId;
use super::extract::QueryString;
use super::read::Read;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::services::book::BookId;
use crate::services::contacts::ContactPage;
use crate::services::contacts::Contacts;
use crate::services::contacts::query::Cursor;
use crate::web::problem::Problem;

/// Which contacts of the trash to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TrashParameters {
    /// As `q` of `GET /api/contacts`.
    #[serde(default)]
    #[param(value_type = Option<String>, max_length = 200)]
    q: String,
    /// The `nextCursor` of the page before.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<Cursor>, inline)]
    cursor: Option<String>,
    /// How many contacts to answer at most.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<u32>, minimum = 1)]
    limit: Option<String>,
    /// The id of an address book; without it, the first one of the caller.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<BookId>)]
    #[expect(
        dead_code,
        reason = "whose contacts they are is read from the address for every route"
    )]
    book: Option<String>,
}

/// A part of the trash.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrashPage<'a> {
    /// The one that was deleted last comes first.
    contacts: Vec<DeletedContact<'a>>,
    /// Asks for the next page; null on the last.
    #[schema(required = true, value_type = Option<Cursor>)]
    next_cursor: &'a Option<Cursor>,
    /// How many contacts match, over all pages.
    total: u64,
}

/// A contact of the trash.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeletedContact<'a> {
    #[serde(flatten)]
    #[schema(value_type = Contact)]
    contact: &'a Contact,
    /// RFC 3339, UTC, milliseconds.
    #[schema(format = DateTime)]
    deleted_at: &'a str,
}

impl<'a> From<&'a ContactPage> for TrashPage<'a> {
    fn from(page: &'a ContactPage) -> Self {
        let deleted = |contact: &'a Contact| DeletedContact {
            contact,
            // Nothing in the trash changes, so the last change was the deletion.
            deleted_at: &contact.updated_at,
        };
        Self {
            contacts: page.contacts.iter().map(deleted).collect(),
            next_cursor: &page.next,
            total: page.total,
        }
    }
}

/// Lists the contacts of the trash, page by page, the one that was deleted last first.
#[utoipa::path(get, path = "/api/trash", operation_id = "trash", tag = "contacts",
    params(TrashParameters, ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that the client has")),
    responses(
    (status = 200, description = "One page", body = TrashPage, headers(("ETag"), ("X-Cache"), ("Server-Timing"))),
    (status = 304, description = "The client has it already", headers(("ETag"), ("X-Cache"), ("Server-Timing"))),
    (status = 400, description = "A parameter makes no sense", body = Problem),
    (status = 404, description = "The caller sees no such address book", body = Problem)))]
pub async fn list(
    contacts: Contacts,
    read: Read,
    QueryString(asked): QueryString<TrashParameters>,
) -> Result<Response, Problem> {
    let query = contacts.trash_query(&asked.q, asked.cursor.as_deref(), asked.limit.as_deref())?;
    let page = contacts.list(query).await?;
    let etag = weak_etag(page.digest());
    let body = serde_json::to_vec(&TrashPage::from(&*page)).map_err(|_| Problem::internal())?;
    Ok(read.answer(&etag, page.status, || body.into()))
}

/// Deletes a contact of the trash for ever.
#[utoipa::path(delete, path = "/api/trash/{id}", operation_id = "erase", tag = "contacts",
    params(("id" = ContactId, Path)), responses(
    (status = 204, description = "Gone; this cannot be undone"),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "No such contact in the trash", body = Problem)))]
pub async fn erase(contacts: Contacts, PathId(id): PathId) -> Result<StatusCode, Problem> {
    contacts.erase(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes all contacts of the trash for ever. This goes on when the client hangs up.
#[utoipa::path(delete, path = "/api/trash", operation_id = "emptyTrash", tag = "contacts",
    params(("book" = Option<BookId>, Query, description = "The id of an address book; without it, the first one of the caller")),
    responses(
    (status = 204, description = "The trash is empty; this cannot be undone"),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "The caller sees no such address book", body = Problem)))]
pub async fn empty(contacts: Contacts) -> Result<StatusCode, Problem> {
    contacts.empty_trash().await?;
    Ok(StatusCode::NO_CONTENT)
}
