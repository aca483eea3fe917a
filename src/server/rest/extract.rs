//! Reading requests so that every mistake is answered with a problem that says what to do.

use axum::Form;
use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::FromRequestParts;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::contact::ContactId;
use crate::error::AppError;
use crate::server::AppState;
use crate::server::middleware::guard;
use crate::server::problem::Problem;

/// A JSON body, and the bytes that it was read from.
pub struct JsonBody<T> {
    pub value: T,
    pub bytes: Bytes,
}

impl<T: DeserializeOwned> FromRequest<AppState> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "wrong-content-type",
                "Send JSON, and say so: Content-Type: application/json",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| {
                if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    guard::too_large(state.config.server.max_body)
                } else {
                    AppError::bad_request("The body broke off. Send it again.").into()
                }
            })?;
        // A struct would be read from an array as well, field by field.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(AppError::bad_request("The body is not a JSON object.").into());
        }
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self { value, bytes }),
            Err(error) => {
                Err(AppError::bad_request(format!("The body is not as expected: {error}.")).into())
            }
        }
    }
}

/// `application/json`, or a type built on it such as `application/merge-patch+json`, with or
/// without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind
        .and_then(|kind| kind.split(';').next())
        .unwrap_or_default()
        .trim();
    let kind = kind.to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// The query string. What it may hold is what `T` names.
pub struct QueryString<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryString<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let detail = format!("The query string is not as expected: {rejection}.");
                Err(AppError::bad_request(detail).into())
            }
        }
    }
}

/// A form as a page of Kith posts it.
pub struct FormBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for FormBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Problem> {
        match Form::from_request(request, state).await {
            Ok(Form(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(guard::too_large(state.config.server.max_body))
            }
            Err(rejection) => Err(Problem::new(
                rejection.status(),
                "bad-form",
                "This form cannot be read. Reload the page and try again.",
            )),
        }
    }
}

/// The contact that a path names. What cannot name one names none.
pub struct PathId(pub ContactId);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(AppError::NotFound.into()),
        }
    }
}

/// The version that a client expects, from `If-Match`. `None` where any version will do.
pub struct IfMatch(pub Option<u32>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(header::IF_MATCH).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => return Ok(Self(None)),
            (Some(value), None) => value.to_str().unwrap_or_default().trim(),
            (Some(_), Some(_)) => "",
        };
        if value == "*" {
            return Ok(Self(None));
        }
        let version = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        match version.and_then(|version| version.parse().ok()) {
            Some(version) => Ok(Self(Some(version))),
            None => Err(AppError::bad_request(
                "If-Match takes one ETag as Kith sent it, for example \"3\", or *.",
            )
            .into()),
        }
    }
}
