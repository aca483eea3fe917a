//! [`AppError`]: all that a client may learn of an error.
//!
//! It crosses the wire, so it holds no type and no text of a driver. The server logs the cause where it
//! occurs and keeps only the kind, which every client may see.

use std::fmt;

use leptos::server_fn::error::FromServerFnError;
use leptos::server_fn::error::ServerFnErrorErr;

use crate::model::contact::Contact;
use crate::model::contact::FieldError;
use crate::model::language::t;
use crate::model::wire::Deserialize;
use crate::model::wire::JsonEncoding;
use crate::model::wire::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppError {
    /// Some fields cannot be accepted as they are. `detail` sums them up. 400.
    Invalid {
        detail: String,
        fields: Vec<FieldError>,
    },
    /// The request itself makes no sense; `detail` says what to change. 400.
    BadRequest { detail: String },
    /// The caller may not do this; `detail` says who may. 403.
    Forbidden { detail: String },
    /// There is no such address book, or the caller does not see it. 404.
    NoBook,
    /// The contact does not exist or is in the trash. 404.
    NotFound,
    /// The contact has changed since the version that the client had read. 412.
    Changed { current: Box<Contact> },
    /// This idempotency key was used for a different request. 422.
    KeyReused,
    /// The same form has already created this contact from other values. 409.
    AlreadyCreated { contact: Box<Contact> },
    /// The client has made too many requests. 429.
    TooManyRequests {
        /// Seconds until the same request is allowed, at least 1.
        retry_after: u32,
    },
    /// The database does not respond at the moment; a retry may succeed. 503.
    Unavailable,
    /// A defect of Kith. The log has the cause under the request's id. 500.
    Internal,
    /// The browser received no response. The server never sends this.
    Unreachable,
}

impl AppError {
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::BadRequest {
            detail: detail.into(),
        }
    }

    /// The HTTP status of this kind.
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid { .. } | Self::BadRequest { .. } => 400,
            Self::Forbidden { .. } => 403,
            Self::NotFound | Self::NoBook => 404,
            Self::Changed { .. } => 412,
            Self::KeyReused => 422,
            Self::AlreadyCreated { .. } => 409,
            Self::TooManyRequests { .. } => 429,
            Self::Unavailable | Self::Unreachable => 503,
            Self::Internal => 500,
        }
    }

    /// Seconds until the same request is allowed; `None` where a wait does not help.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooManyRequests { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    /// The errors of fields; empty for other kinds.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::Invalid { fields, .. } => fields,
            _ => &[],
        }
    }
}

/// Sentences for the reader that say what to do next.
impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let created;
        f.write_str(match self {
            Self::Invalid { detail, .. }
            | Self::BadRequest { detail }
            | Self::Forbidden { detail } => detail,
            Self::NoBook => t!(
                "There is no such address book, or it is not shared with you. Go back to your own."
            ),
            Self::NotFound => t!("There is no such contact. It may have been deleted."),
            Self::Changed { .. } => t!(
                "This contact was changed by someone else in the meantime. Compare, then save again."
            ),
            Self::KeyReused => {
                t!("This Idempotency-Key was used for a different request. Send a new key.")
            }
            Self::AlreadyCreated { contact } => {
                created = t!(
                    "You have already added {name} with this form. To add another contact as well, press the button again.",
                    name = contact.name,
                );
                &created
            }
            Self::TooManyRequests { .. } => t!("Too many requests. Please try again later."),
            Self::Unavailable => {
                t!("Kith cannot reach its data at the moment. Try again in a few seconds.")
            }
            Self::Internal => {
                t!("Something went wrong on the server. Reload the page to see what was saved.")
            }
            Self::Unreachable => {
                t!("The server did not answer. Check the connection, then try again.")
            }
        })
    }
}

impl std::error::Error for AppError {}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) | ServerFnErrorErr::UnsupportedRequestMethod(_) => {
                Self::Unreachable
            }
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::bad_request(t!(
                "The request could not be read. Reload the page and try again."
            )),
            // On the server, this is an error in the request.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "ssr") => Self::bad_request(t!(
                "The request could not be read. Reload the page and try again."
            )),
            // The server and the browser do not understand each other, for example because the server was
            // updated while the page was open.
            _ => Self::Internal,
        }
    }
}
