//! Server functions as HTTP should see them. leptos answers every error of theirs, a client's
//! mistake included, with 500, and a browser's form with a way back to any `Referer`.

use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::error::AppError;
use crate::server::problem::Problem;

/// No error that a server function tells is longer than this: one contact with its longest notes.
const LONGEST_ERROR: usize = 256 * 1024;

/// Gives an error of a server function the status that it stands for.
pub async fn say_status(mut request: Request, next: Next) -> Response {
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
    let response = next.run(request).await;
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_ERROR).await else {
        return Problem::internal().into_response();
    };
    if let Ok(error) = serde_json::from_slice::<AppError>(&body) {
        parts.status = StatusCode::from_u16(error.status()).unwrap_or(parts.status);
    }
    Response::from_parts(parts, Body::from(body))
}
