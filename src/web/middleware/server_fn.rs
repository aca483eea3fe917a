//! The layer around server functions. Leptos answers every error of a server function with 500, a mistake of
//! the client included, and redirects a form of a browser to any `Referer`.

use std::error::Error;
use std::sync::Arc;

use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body_util::LengthLimitError;

use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::config::Config;
use crate::web::problem::Problem;

/// The longest error of a server function: one contact with its longest notes.
const MAX_ERROR_BYTES: usize = 256 * 1024;

/// Gives an error of a server function the status that it stands for.
pub async fn set_error_status(
    State(config): State<Arc<Config>>,
    mut request: Request,
    next: Next,
) -> Response {
    if !request.uri().path().starts_with("/fn/") {
        return next.run(request).await;
    }
    let json = HeaderValue::from_static("application/json");
    if request.method() == Method::POST
        && request.headers().get(header::CONTENT_TYPE) != Some(&json)
    {
        return Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong-content-type",
            "Server functions take application/json. Programs are better served by /api.",
        )
        .into_response();
    }
    request.headers_mut().insert(header::ACCEPT, json);
    // Leptos does not distinguish a body that is too large from one that is malformed, so it is read here.
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) if is_too_large(&error) => {
            return Problem::too_large(config.server.max_body).into_response();
        }
        Err(_) => {
            return AppError::bad_request(t!("The body broke off. Send it again.")).into_response();
        }
    };
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, MAX_ERROR_BYTES).await else {
        return Problem::internal().into_response();
    };
    if let Ok(error) = serde_json::from_slice::<AppError>(&body) {
        parts.status = StatusCode::from_u16(error.status()).unwrap_or(parts.status);
    }
    Response::from_parts(parts, Body::from(body))
}

/// Whether reading a body ended because it was larger than what is accepted. Every layer around
/// the body wraps the error of the one below.
fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source())
        .any(|error| error.is::<LengthLimitError>())
}
