//! Lets admins in, to metrics and to the dashboard alike.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;

use super::client;
use super::context::RequestContext;
use super::guard::HostKind;
use crate::services::admin::Admin;
use crate::web::problem::Problem;

/// Refuses every client that is no admin. Handlers find the [`Admin`] among the extensions.
pub async fn only(mut request: Request, next: Next) -> Response {
    let host = RequestContext::of(&request).and_then(|context| context.host.get().copied());
    let (Some(client), Some(host)) = (client::client(&request), host) else {
        // The outermost layer has found out both for every request.
        return Problem::internal().into_response();
    };
    match Admin::check(client, host == HostKind::Local) {
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
