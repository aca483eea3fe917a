//! `/account/activity`: what happened to one's own account.

use std::borrow::Cow;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;

use super::own::Own;
use super::with_status;
use crate::services::audit_log::AuditLog;
use crate::services::audit_log::Selection;
use crate::web::pages::accounts::ActivityView;
use crate::web::problem::Problem;
use crate::web::query;
use crate::web::rest::audit::page;

/// Draws the page of the cursor in the address.
pub async fn show(own: Own, State(audit_log): State<AuditLog>) -> Response {
    let Some(account) = own.caller.account().map(|account| account.id) else {
        return Problem::internal().into_response();
    };
    let cursor = query::parameter(&own.parts.uri, "cursor").map(Cow::into_owned);
    let selection = Selection::OfAccount(account.0);
    let found = page(&audit_log, selection, cursor.as_deref()).await;
    let status = found.as_ref().err().map_or(StatusCode::OK, |error| {
        StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST)
    });
    let view = ActivityView {
        account,
        found,
        is_first: cursor.is_none(),
    };
    with_status(own.pages.render_view(own.parts, view).await, status)
}
