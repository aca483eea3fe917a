//! The former versions of a contact over HTTP.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use super::contacts::ContactBody;
use super::contacts::answer;
use super::contacts::filled;
use super::extract::IfMatch;
use super::extract::PathId;
use super::extract::QueryString;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::contacts::Contacts;
use crate::services::contacts::Version;
use crate::web::problem::Problem;

/// A version of a contact, as a path names them. A malformed number names no version: 0 is the version of no contact.
pub struct PathVersion(pub ContactId, pub u32);

impl<S: Send + Sync> FromRequestParts<S> for PathVersion {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = Path::<(ContactId, String)>::from_request_parts(parts, state).await;
        match named {
            Ok(Path((id, version))) => Ok(Self(id, version.parse().unwrap_or(0))),
            Err(_) => Err(AppError::NotFound.into()),
        }
    }
}

/// The answer where a version is not there.
pub fn no_such_version() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-such-version",
        "There is no such version of this contact, or not any more.",
    )
}

/// Where a page begins.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VersionParameters {
    /// The `nextCursor` of the page before; absent for the latest versions.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<String>, pattern = "^[0-9]{1,9}$")]
    cursor: Option<String>,
}

/// Some of the versions that a contact had, the latest first.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VersionList {
    versions: Vec<Version>,
    /// Leads to the next page; null on the last one.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// The version that a cursor stands for.
///
/// # Errors
/// [`AppError::BadRequest`] for what is no cursor.
pub fn parse_cursor(cursor: &str) -> Result<u32, AppError> {
    let is_number = (1..=9).contains(&cursor.len()) && cursor.bytes().all(|c| c.is_ascii_digit());
    let number = is_number.then(|| cursor.parse().ok()).flatten();
    number.ok_or_else(|| {
        AppError::bad_request("The cursor is not one of a history. Take nextCursor of a page.")
    })
}

/// Lists what has changed in a contact, the latest change first.
#[utoipa::path(get, path = "/api/contacts/{id}/versions", operation_id = "versions", tag = "contacts",
    params(("id" = ContactId, Path), VersionParameters), responses(
    (status = 200, description = "One page", body = VersionList),
    (status = 400, description = "The cursor makes no sense", body = Problem),
    (status = 404, description = "No such contact, or it is in the trash", body = Problem)))]
pub async fn list(
    contacts: Contacts,
    PathId(id): PathId,
    QueryString(asked): QueryString<VersionParameters>,
) -> Result<Json<VersionList>, Problem> {
    let before = asked.cursor.as_deref().map(parse_cursor).transpose()?;
    let history = contacts.history(id, before).await?;
    Ok(Json(VersionList {
        versions: history.versions,
        next_cursor: history.next.map(|version| version.to_string()),
    }))
}

/// Reads the vCard of a version.
#[utoipa::path(get, path = "/api/contacts/{id}/versions/{version}", operation_id = "version", tag = "contacts",
    params(("id" = ContactId, Path), ("version" = u32, Path)), responses(
    (status = 200, description = "The vCard of that version", body = String, content_type = "text/vcard"),
    (status = 404, description = "No such contact, or it is in the trash, or no such version", body = Problem)))]
pub async fn read(
    contacts: Contacts,
    PathVersion(id, version): PathVersion,
) -> Result<Response, Problem> {
    let card = contacts.version(id, version).await?;
    let card = card.ok_or_else(no_such_version)?;
    let kind = [(header::CONTENT_TYPE, "text/vcard; charset=utf-8")];
    Ok((kind, card.bytes().to_vec()).into_response())
}

/// Brings a version back. The contact gets its vCard as a new version, and keeps its UID.
#[utoipa::path(post, path = "/api/contacts/{id}/versions/{version}/restore", operation_id = "restoreVersion", tag = "contacts",
    params(("id" = ContactId, Path), ("version" = u32, Path),
        ("If-Match" = inline(Option<IfMatch>), Header, description = "The ETag of the version that is replaced, or *; several are alternatives")),
    responses(
    (status = 200, description = "The contact says what it said then", body = ContactBody, headers(("ETag"))),
    (status = 400, description = "If-Match makes no sense", body = Problem),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "No such contact, or it is in the trash, or no such version", body = Problem),
    (status = 412, description = "It was changed in the meantime", body = Problem)))]
pub async fn restore(
    contacts: Contacts,
    PathVersion(id, version): PathVersion,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let restore = |expected| contacts.restore_version(id, version, expected);
    let restored = if_match.change(restore).await?;
    let contact = restored.ok_or_else(no_such_version)?;
    Ok(answer(StatusCode::OK, contact))
}
