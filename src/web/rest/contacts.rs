//! Contacts over HTTP.

use axum::Json;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use kith_cache::Status;
use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::de::Error as _;
use utoipa::IntoParams;
use utoipa::ToSchema;

use super::body::ContactChange;
use super::body::ContactInputBody;
use super::extract::CARD_TAG;
use super::extract::IfMatch;
use super::extract::JsonBody;
use super::extract::JsonOrCard;
use super::extract::PathId;
use super::extract::QueryString;
use super::extract::VCARD;
use super::read::Read;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::BookId;
use crate::services::contacts::ContactPage;
use crate::services::contacts::Contacts;
use crate::services::contacts::IdempotentRequest;
use crate::services::contacts::Totals;
use crate::services::contacts::fields::Required;
use crate::services::contacts::labels::LabelId;
use crate::services::contacts::query::Cursor;
use crate::services::contacts::query::Filter;
use crate::services::contacts::query::Sort;
use crate::services::contacts::store::IdempotencyKey;
use crate::web::grammar::media_type::Accept;
use crate::web::problem::Problem;
use crate::web::vcards::CARDS;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Which contacts to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParameters {
    /// Words, or parts of words, that the contact has in any field: a name, a company, an address, the digits of a phone
    /// number, a label, a note. Case, accents and spelling matter little. `company:`, `city:` and `label:` look in one field,
    /// `has:phone` and `no:email` ask whether there is one.
    #[serde(default)]
    #[param(value_type = Option<String>, max_length = 200)]
    q: String,
    /// The id of a label that they have.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<LabelId>)]
    label: Option<String>,
    /// `1` for favourites only.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<String>, pattern = "^[01]$")]
    favourites: Option<String>,
    /// `name`, `family` (the last name), `company`, `created` or `updated`; with a minus before it, backwards. `frequent` has
    /// the contacts first that people open, call and write to most. A search is sorted
    /// by `relevance` unless this says otherwise.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<Sort>, inline)]
    sort: Option<String>,
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

/// Refuses a parameter without a value: a program that sends one has lost what it meant to ask.
pub(super) fn filled<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    let value = String::deserialize(value)?;
    if value.trim().is_empty() {
        return Err(D::Error::custom("give it a value, or leave it out"));
    }
    Ok(Some(value))
}

/// One contact.
#[derive(Serialize, ToSchema)]
pub struct ContactBody {
    contact: Contact,
}

/// Its version in quotes.
fn etag(contact: &Contact) -> String {
    format!("\"{}\"", contact.version)
}

/// Weak, because the same list may be sent compressed or not.
pub(super) fn weak_etag(digest: &str) -> String {
    // Without `format!`, which takes longer than all else that a cached list needs here.
    ["W/\"", digest, "\""].concat()
}

/// One contact with its `ETag`.
pub(super) fn answer(status: StatusCode, contact: Contact) -> Response {
    let etag = etag(&contact);
    let mut response = (status, Json(ContactBody { contact })).into_response();
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// Lists contacts, page by page.
#[utoipa::path(get, path = "/api/contacts", tag = "contacts",
    params(ListParameters, ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that the client has")),
    responses(
    (status = 200, description = "One page", body = ContactPage, headers(("ETag"), ("X-Cache"), ("Server-Timing"))),
    (status = 304, description = "The client has it already", headers(("ETag"), ("X-Cache"), ("Server-Timing"))),
    (status = 400, description = "A parameter makes no sense", body = Problem),
    (status = 404, description = "The caller sees no such address book", body = Problem)))]
pub async fn list(
    contacts: Contacts,
    read: Read,
    QueryString(asked): QueryString<ListParameters>,
) -> Result<Response, Problem> {
    let query = contacts.query(
        &asked.q,
        asked.sort.as_deref(),
        asked.cursor.as_deref(),
        asked.limit.as_deref(),
    )?;
    let filter = Filter::parse(
        asked.label.as_deref().unwrap_or_default(),
        asked.favourites.as_deref().unwrap_or_default(),
    )?;
    let query = query.within(filter);
    let page = contacts.list(query).await?;
    let etag = weak_etag(page.digest());
    Ok(read.answer(&etag, page.status, || page.json().clone().into()))
}

/// Counts contacts: as of now, or of a moment ago.
#[utoipa::path(get, path = "/api/contacts/totals", tag = "contacts",
    params(("book" = Option<BookId>, Query, description = "The id of an address book; without it, the first one of the caller"),
        ("If-None-Match" = Option<String>, Header, description = "The ETag of an answer that the client has")),
    responses(
    (status = 200, description = "How many there are", body = Totals, headers(("ETag"), ("X-Cache"), ("Server-Timing"))),
    (status = 304, description = "The client has it already", headers(("ETag"), ("X-Cache"), ("Server-Timing"))),
    (status = 404, description = "The caller sees no such address book", body = Problem)))]
pub async fn totals(contacts: Contacts, read: Read) -> Result<Response, Problem> {
    let totals = contacts.totals().await?;
    let etag = weak_etag(totals.digest());
    Ok(read.answer(&etag, totals.status, || totals.json().clone().into()))
}

/// Creates a contact. With an `Idempotency-Key` it is created once, however often it is sent.
#[utoipa::path(post, path = "/api/contacts", tag = "contacts", request_body = ContactInputBody,
    params(("book" = Option<BookId>, Query, description = "The id of an address book; without it, the first one of the caller"),
        ("Idempotency-Key" = inline(Option<IdempotencyKey>), Header, description = "Visible ASCII characters, new for each contact")),
    responses(
    (status = 201, description = "Created", body = ContactBody, headers(("Location"), ("ETag"), ("Idempotency-Replayed"))),
    (status = 400, description = "Something is missing or wrong", body = Problem),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "The caller sees no such address book", body = Problem),
    (status = 415, description = "The body is not JSON", body = Problem),
    (status = 422, description = "The key was used for a different request", body = Problem)))]
pub async fn create(
    contacts: Contacts,
    headers: HeaderMap,
    JsonBody(new): JsonBody<ContactInputBody>,
) -> Result<Response, Problem> {
    let ContactInputBody { input, welcome } = new;
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let request = match (keys.next(), keys.next()) {
        (Some(key), None) => Some(IdempotentRequest::new(key.as_bytes(), &input, welcome)?),
        (None, _) => None,
        (Some(_), Some(_)) => {
            return Err(AppError::bad_request("Send one Idempotency-Key, not several.").into());
        }
    };
    let creation = contacts
        .create(&input, Required::NameAndEmail, welcome, request)
        .await?;
    let location = format!("/api/contacts/{}", creation.contact.id);
    let mut response = answer(StatusCode::CREATED, creation.contact);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    if creation.replayed {
        let replayed = HeaderValue::from_static("true");
        response
            .headers_mut()
            .insert(IDEMPOTENCY_REPLAYED, replayed);
    }
    Ok(response)
}

/// Reads one contact.
#[utoipa::path(get, path = "/api/contacts/{id}", tag = "contacts",
    params(("id" = ContactId, Path), ("If-None-Match" = Option<String>, Header, description = "The ETag of the version that the client has")),
    responses(
    (status = 200, description = "The contact, or its vCard where the client prefers that",
        content((ContactBody = "application/json"), (String = "text/vcard")),
        headers(("ETag"), ("X-Cache"), ("Server-Timing"))),
    (status = 304, description = "The client has it already", headers(("ETag"), ("X-Cache"), ("Server-Timing"))),
    (status = 404, description = "No such contact, or it is in the trash", body = Problem)))]
pub async fn read(
    contacts: Contacts,
    read: Read,
    headers: HeaderMap,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let mut response = if prefers_card(&headers) {
        let (contact, card) = contacts.card(id).await?;
        let etag = format!("\"{}{CARD_TAG}\"", contact.version);
        let body = || card.bytes().to_vec().into();
        read.answer_as(HeaderValue::from_static(CARDS), &etag, Status::Bypass, body)
    } else {
        let found = contacts.find(id).await?;
        let contact = found.as_ref().ok_or(AppError::NotFound)?;
        read.answer(&etag(contact), found.status, || {
            [b"{\"contact\":", &found.json()[..], b"}"].concat().into()
        })
    };
    let accept = HeaderValue::from_static("accept");
    response.headers_mut().append(header::VARY, accept);
    Ok(response)
}

/// Whether a client wants the vCard more than JSON.
fn prefers_card(headers: &HeaderMap) -> bool {
    let accept = Accept::read(headers.get_all(header::ACCEPT));
    accept.weight(VCARD) > accept.weight("application/json")
}

/// Replaces name, email, phone, company and notes of a contact, which become empty where they are absent, and the other
/// fields that are sent. A vCard replaces the whole card.
#[utoipa::path(put, path = "/api/contacts/{id}", operation_id = "replace", tag = "contacts",
    request_body(content((ContactInputBody = "application/json"), (String = "text/vcard"))),
    params(("id" = ContactId, Path), ("If-Match" = inline(Option<IfMatch>), Header, description = "The ETag of the version that is replaced, or *; several are alternatives")),
    responses(
    (status = 200, description = "Replaced", body = ContactBody, headers(("ETag"))),
    (status = 400, description = "Something is missing or wrong", body = Problem),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "No such contact, or it is in the trash", body = Problem),
    (status = 412, description = "It was changed in the meantime", body = Problem),
    (status = 415, description = "The body is not JSON", body = Problem)))]
pub async fn update(
    contacts: Contacts,
    PathId(id): PathId,
    if_match: IfMatch,
    body: JsonOrCard<ContactInputBody>,
) -> Result<Response, Problem> {
    let contact = match body {
        JsonOrCard::Json(body) => {
            let input = body.input.complete();
            let update = |expected| contacts.update(id, &input, Required::NameAndEmail, expected);
            if_match.change(update).await?
        }
        JsonOrCard::Card(card) => {
            let replace = |expected| contacts.replace_card(id, card.to_vec(), expected);
            if_match.change(replace).await?
        }
    };
    Ok(answer(StatusCode::OK, contact))
}

/// Changes some fields of a contact.
#[utoipa::path(patch, path = "/api/contacts/{id}", operation_id = "amend", tag = "contacts",
    request_body(content((ContactChange = "application/json"), (ContactChange = "application/merge-patch+json"))),
    params(("id" = ContactId, Path), ("If-Match" = inline(Option<IfMatch>), Header, description = "The ETag of the version that is changed, or *; several are alternatives")),
    responses(
    (status = 200, description = "Changed", body = ContactBody, headers(("ETag"))),
    (status = 400, description = "Something is wrong", body = Problem),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "No such contact, or it is in the trash", body = Problem),
    (status = 412, description = "It was changed in the meantime", body = Problem),
    (status = 415, description = "The body is not JSON", body = Problem)))]
pub async fn patch(
    contacts: Contacts,
    PathId(id): PathId,
    if_match: IfMatch,
    JsonBody(ContactChange(input)): JsonBody<ContactChange>,
) -> Result<Response, Problem> {
    let patch = |expected| contacts.update(id, &input, Required::NameAndEmail, expected);
    let contact = if_match.change(patch).await?;
    Ok(answer(StatusCode::OK, contact))
}

/// Moves a contact to the trash.
#[utoipa::path(delete, path = "/api/contacts/{id}", tag = "contacts",
    params(("id" = ContactId, Path), ("If-Match" = inline(Option<IfMatch>), Header, description = "The ETag of the version that is deleted, or *; several are alternatives")),
    responses(
    (status = 204, description = "In the trash"),
    (status = 400, description = "If-Match makes no sense", body = Problem),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "No such contact, or it is in the trash already", body = Problem),
    (status = 412, description = "It was changed in the meantime", body = Problem)))]
pub async fn delete(
    contacts: Contacts,
    PathId(id): PathId,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let delete = |expected| contacts.delete(id, expected);
    if_match.change(delete).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a contact back out of the trash. One that is not in it stays as it is.
#[utoipa::path(post, path = "/api/contacts/{id}/restore", tag = "contacts",
    params(("id" = ContactId, Path)), responses(
    (status = 200, description = "Restored", body = ContactBody, headers(("ETag"))),
    (status = 403, description = "The caller may only read this address book", body = Problem),
    (status = 404, description = "No such contact", body = Problem)))]
pub async fn restore(contacts: Contacts, PathId(id): PathId) -> Result<Response, Problem> {
    Ok(answer(StatusCode::OK, contacts.restore(id).await?))
}
