//! The photos of contacts over HTTP.

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::Request;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use kith_photo::MEDIA_TYPE;

use super::contacts::ContactBody;
use super::contacts::answer;
use super::extract::IfMatch;
use super::extract::PathId;
use super::read::Read;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::contacts::Contacts;
use crate::web::grammar::media_type;
use crate::web::problem::Problem;
use crate::web::uploads;

/// What a client may send. The file itself decides what it is.
const MEDIA_TYPES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

/// Reads the photo of a contact: a square JPEG of at most 512 pixels a side, which Kith has made.
#[utoipa::path(get, path = "/api/contacts/{id}/photo", operation_id = "photo", tag = "contacts",
    params(("id" = ContactId, Path), ("If-None-Match" = Option<String>, Header, description = "The ETag of the photo that the client has")),
    responses(
    (status = 200, description = "The photo", body = Vec<u8>, content_type = "image/jpeg", headers(("ETag"))),
    (status = 304, description = "The client has it already", headers(("ETag"))),
    (status = 404, description = "No such contact, it is in the trash, or it has no photo that can be shown", body = Problem)))]
pub async fn read(contacts: Contacts, read: Read, PathId(id): PathId) -> Result<Response, Problem> {
    let (key, picture) = contacts.photo(id).await?;
    let etag = format!("\"{key}\"");
    let mut response = match read.knows(&etag) {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => jpeg(picture),
    };
    if let Ok(etag) = HeaderValue::try_from(etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    Ok(response)
}

/// Gives a contact a photo. Kith keeps the largest square in the middle, and nothing of the file itself.
#[utoipa::path(put, path = "/api/contacts/{id}/photo", operation_id = "replacePhoto", tag = "contacts",
    request_body(content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png"), (Vec<u8> = "image/webp")),
        description = "At most 10 MB"),
    params(("id" = ContactId, Path), ("If-Match" = inline(Option<IfMatch>), Header, description = "The ETag of the version of the contact that is changed, or *; several are alternatives")),
    responses(
    (status = 200, description = "The contact with the photo", body = ContactBody, headers(("ETag"))),
    (status = 400, description = "The file is no photo that can be read; the problem says what to do", body = Problem),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "No such contact, or it is in the trash", body = Problem),
    (status = 412, description = "It was changed in the meantime", body = Problem),
    (status = 415, description = "The body is not a JPEG, PNG or WebP", body = Problem)))]
pub async fn update(
    contacts: Contacts,
    PathId(id): PathId,
    if_match: IfMatch,
    request: Request,
) -> Result<Response, Problem> {
    if !is_photo(request.headers()) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong-content-type",
            "Send a JPEG, PNG or WebP file, and say which: for example Content-Type: image/jpeg",
        ));
    }
    let upload = contacts.begin_upload(id).await?;
    let file = Bytes::from_request(request, &())
        .await
        .map_err(broken_off)?;
    let photo = &upload.prepare(file.into(), None).await?;
    let set = |expected| contacts.set_photo(id, Some(photo), expected);
    Ok(answer(StatusCode::OK, if_match.change(set).await?))
}

/// Removes the photo of a contact. One that has none stays as it is.
#[utoipa::path(delete, path = "/api/contacts/{id}/photo", operation_id = "removePhoto", tag = "contacts",
    params(("id" = ContactId, Path), ("If-Match" = inline(Option<IfMatch>), Header, description = "The ETag of the version of the contact that is changed, or *; several are alternatives")),
    responses(
    (status = 200, description = "The contact without a photo", body = ContactBody, headers(("ETag"))),
    (status = 400, description = "If-Match is malformed", body = Problem),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "No such contact, or it is in the trash", body = Problem),
    (status = 412, description = "It was changed in the meantime", body = Problem)))]
pub async fn remove(
    contacts: Contacts,
    PathId(id): PathId,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let remove = |expected| contacts.set_photo(id, None, expected);
    Ok(answer(StatusCode::OK, if_match.change(remove).await?))
}

/// A picture that Kith has made.
pub fn jpeg(bytes: Vec<u8>) -> Response {
    let kind = HeaderValue::from_static(MEDIA_TYPE);
    ([(header::CONTENT_TYPE, kind)], bytes).into_response()
}

fn is_photo(headers: &HeaderMap) -> bool {
    media_type::of_body(headers).is_some_and(|kind| MEDIA_TYPES.contains(&kind.as_str()))
}

fn broken_off(rejection: BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::too_large(uploads::MAX_PHOTO_BODY),
        _ => AppError::bad_request("The body broke off. Send it again.").into(),
    }
}
