//! Lets admins in, to metrics and to the dashboard alike.

use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;

use super::client;
use super::context::RequestContext;
use super::guard::HostKind;
use crate::model::error::AppError;
use crate::services::accounts::AccountService;
use crate::services::accounts::AuthenticateError;
use crate::services::accounts::Credentials;
use crate::services::admin::Admin;
use crate::web::problem::Problem;

/// Refuses every client that is no admin. Handlers find the [`Admin`] among the extensions.
pub async fn only(
    State(accounts): State<AccountService>,
    mut request: Request,
    next: Next,
) -> Response {
    let host = RequestContext::of(&request).and_then(|context| context.host.get().copied());
    let (Some(client), Some(host)) = (client::client(&request), host) else {
        // The outermost layer has found out both for every request.
        return Problem::internal().into_response();
    };
    let caller = accounts.authenticate(Credentials::default(), client, host == HostKind::Local);
    let caller = match caller.await {
        Err(AuthenticateError::Unavailable(error)) => {
            return Problem::from(AppError::from(error)).into_response();
        }
        caller => caller.ok(),
    };
    match caller.as_ref().and_then(Admin::of) {
        Some(admin) => {
            request.extensions_mut().insert(admin);
            next.run(request).await
        }
        None => not_admin().into_response(),
    }
}

fn not_admin() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "not-admin",
        "Only people on the machine that Kith runs on see this. Ask on that machine, without a \
         proxy or through one that server.trusted_proxies names.",
    )
}
