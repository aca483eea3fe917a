//! The page `/dashboard/audit`: the audit log, page by page.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use jiff::Timestamp;

use crate::services::audit_log::AuditLog;
use crate::services::audit_log::Selection;
use crate::web::page::PageRenderer;
use crate::web::pages::dashboard::audit::AuditView;
use crate::web::query;
use crate::web::rest::audit::page;

/// Draws the page of the cursor in the address.
pub async fn show(
    State(audit_log): State<AuditLog>,
    State(pages): State<PageRenderer>,
    parts: Parts,
) -> Response {
    let cursor = query::parameter(&parts.uri, "cursor").map(Cow::into_owned);
    let found = page(&audit_log, Selection::All, cursor.as_deref()).await;
    let failed = found.as_ref().err().map(|error| error.status());
    let view = Arc::new(AuditView {
        found,
        is_first: cursor.is_none(),
        now: Timestamp::now(),
    });
    let mut response = pages.render_view(parts, view).await;
    if let Some(status) = failed {
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    }
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    response
}
