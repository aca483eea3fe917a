//! Why the broker does not accept a request.

use axum::http::StatusCode;

/// The broker does not accept a message, a schedule or a filter. It names an HTTP status and what the client
/// can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// The status of the response.
    pub status: StatusCode,
    /// A sentence for the client.
    pub message: String,
}

impl Rejection {
    /// With the status 400: the request is wrong.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
        }
    }

    /// With the status 404: the broker has no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            message: message.into(),
        }
    }

    /// With the status 501: QStash supports this, and the broker does not.
    pub fn not_implemented(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_IMPLEMENTED,
            message: message.into(),
        }
    }
}

/// Rejects a value with the character NUL, which no text in PostgreSQL holds.
pub(crate) fn require_no_nul(name: &str, value: &str) -> Result<(), Rejection> {
    if value.contains('\0') {
        return Err(Rejection::bad_request(format!(
            "{name} holds the character NUL. Leave it out."
        )));
    }
    Ok(())
}
