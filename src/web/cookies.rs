//! What browsers send in cookies.

use axum::http::HeaderMap;
use axum::http::header;

use crate::services::welcome::choice;

/// Whether the person wanted a welcome email for the last contact that they added.
pub fn welcome_choice(headers: &HeaderMap) -> Option<bool> {
    let lines = headers.get_all(header::COOKIE).iter();
    choice::read(lines.filter_map(|line| line.to_str().ok()))
}
