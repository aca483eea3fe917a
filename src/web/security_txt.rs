//! `/.well-known/security.txt`: where people report a weakness of this Kith (RFC 9116).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::ToSpan;

use crate::services::config::Config;
use crate::web::problem::Problem;

/// Its address.
pub const PATH: &str = "/.well-known/security.txt";

/// For how long a reader may rely on it, in days. RFC 9116, 2.5.5, recommends less than a year.
const VALID_DAYS: i64 = 30;

/// The file, where an operator has named a contact.
pub async fn show(State(config): State<Arc<Config>>) -> Result<String, Problem> {
    let server = &config.server;
    let Some(contact) = &server.security_contact else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "This Kith names no contact for weaknesses: its operator has not set server.security_contact.",
        ));
    };
    let expires = Timestamp::now() + (24 * VALID_DAYS).hours();
    let expires = expires.strftime("%Y-%m-%dT%H:%M:%SZ");
    let origin = server.origin();
    Ok(format!(
        "Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\nCanonical: {origin}{PATH}\n"
    ))
}
