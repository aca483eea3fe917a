//! [`Problem`]: an error over HTTP, as `application/problem+json` (RFC 9457).

use std::collections::BTreeMap;
use std::fmt;

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::contact::Contact;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::imports::ImportError;

/// What went wrong, for programs and for the people who write them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem and never changes, for example `urn:kith:invalid`.
    #[schema(pattern = "^urn:kith:[a-z-]+$")]
    r#type: String,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status, again.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this request, and what to do.
    detail: String,
    /// The same as `detail`.
    error: String,
    /// What is wrong with each field, by its name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = HashMap<String, String>, required = false)]
    fields: BTreeMap<String, String>,
    /// The contact as it is now, where a change was made to an older version of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Contact, required = false)]
    contact: Option<Contact>,
    /// The same for an island.
    #[serde(skip)]
    app_error: AppError,
}

impl Problem {
    /// A problem that HTTP itself has a status for.
    pub fn new(status: StatusCode, kind: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let app_error = match status {
            StatusCode::SERVICE_UNAVAILABLE => AppError::Unavailable,
            status if status.is_server_error() => AppError::Internal,
            _ => AppError::bad_request(&*detail),
        };
        Self {
            r#type: format!("urn:kith:{kind}"),
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            error: detail.clone(),
            detail,
            fields: BTreeMap::new(),
            contact: None,
            app_error,
        }
    }

    pub fn internal() -> Self {
        AppError::Internal.into()
    }

    /// For the address of a page that names something which does not exist.
    pub fn no_such_page() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not-found",
            t!("What this address names does not exist, or not any more."),
        )
    }

    /// The refusal of a body over a limit.
    pub fn too_large(limit: impl fmt::Display) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            t!(
                "The body is larger than Kith accepts, which is {limit}.",
                limit = limit
            ),
        )
    }

    pub fn detail(&self) -> &str {
        &self.detail
    }

    pub fn into_app_error(self) -> AppError {
        self.app_error
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let status =
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = match &error {
            AppError::Invalid { .. } => "invalid",
            AppError::BadRequest { .. } => "bad-request",
            AppError::Forbidden { .. } => "forbidden",
            AppError::NotFound | AppError::NoBook => "not-found",
            AppError::Changed { .. } => "changed",
            AppError::KeyReused => "key-reused",
            AppError::AlreadyCreated { .. } => "already-created",
            AppError::TooManyRequests { .. } => "too-many-requests",
            AppError::Unavailable | AppError::Unreachable => "unavailable",
            AppError::Internal => "internal",
        };
        let fields = error.fields().iter();
        let fields = fields
            .map(|wrong| (wrong.field.clone(), wrong.message.clone()))
            .collect();
        let problem = Self::new(status, kind, error.to_string());
        let contact = match &error {
            AppError::Changed { current: contact } | AppError::AlreadyCreated { contact } => {
                Some((**contact).clone())
            }
            _ => None,
        };
        Self {
            fields,
            contact,
            app_error: error,
            ..problem
        }
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let detail = error.to_string();
        match error {
            ImportError::App(error) => error.into(),
            ImportError::NoImport => Self::new(StatusCode::NOT_FOUND, "not-found", detail),
            ImportError::TooLarge(_) => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        // For the middleware that renders it in the format of the client.
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes a refusal of the queue as the application writes its own.
pub async fn write_refusal_of_queue(mut response: Response) -> Response {
    let Some(refusal) = response.extensions_mut().remove::<kith_queue::Problem>() else {
        return response;
    };
    let problem = match refusal.status {
        StatusCode::INTERNAL_SERVER_ERROR => Problem::internal(),
        status => Problem::new(status, &refusal.kind, refusal.detail),
    };
    replace_body(response, problem.into_response())
}

/// Gives a response the body of another. The status and the extensions stay, and every header that `new` does
/// not name; the extensions of `new` are added.
pub fn replace_body(response: Response, new: Response) -> Response {
    let (mut parts, _) = response.into_parts();
    let (new, body) = new.into_parts();
    // The old body may have been compressed; the new one is not.
    parts.headers.remove(header::CONTENT_ENCODING);
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(new.headers);
    parts.extensions.extend(new.extensions);
    Response::from_parts(parts, body)
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}
