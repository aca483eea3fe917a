//! `/reset`: a link for a new password, by mail. The answer never depends on whether there is such an account.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use super::too_many_attempts;
use super::visitor::Visitor;
use super::with_retry_after;
use super::with_status;
use crate::model::error::AppError;
use crate::services::accounts::AccountService;
use crate::services::accounts::ResetError;
use crate::web::middleware::limit::whole_seconds;
use crate::web::page::PageRenderer;
use crate::web::pages::accounts::ResetView;
use crate::web::rest::extract::FormBody;

/// The address of the page that says that the request was taken.
const SENT: &str = "/reset?sent";

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
}

pub async fn show(
    State(accounts): State<AccountService>,
    State(pages): State<PageRenderer>,
    parts: Parts,
) -> Response {
    match accounts.has_accounts().await {
        // There is no password to forget.
        Ok(false) => return Redirect::to("/contacts").into_response(),
        Ok(true) => {}
        Err(_) => return AppError::Unavailable.into_response(),
    }
    let view = ResetView {
        sends_mail: accounts.sends_mail(),
        was_sent: parts.uri.query() == Some("sent"),
        ..ResetView::default()
    };
    pages.render_view(parts, view).await
}

pub async fn request(
    State(accounts): State<AccountService>,
    State(pages): State<PageRenderer>,
    visitor: Visitor,
    parts: Parts,
    FormBody(form): FormBody<Form>,
) -> Response {
    let requested = accounts.request_reset(&form.name, visitor.client).await;
    let retry_after = match requested {
        Ok(()) => return Redirect::to(SENT).into_response(),
        Err(ResetError::NoMailServer) => return Redirect::to("/reset").into_response(),
        Err(ResetError::Unavailable(error)) => return AppError::from(error).into_response(),
        Err(ResetError::TooMany { retry_after }) => whole_seconds(retry_after),
    };
    let view = ResetView {
        sends_mail: true,
        was_sent: false,
        name: form.name,
        problem: Some(too_many_attempts(retry_after)),
    };
    let page = pages.render_view(parts, view).await;
    with_retry_after(
        with_status(page, StatusCode::TOO_MANY_REQUESTS),
        retry_after,
    )
}
