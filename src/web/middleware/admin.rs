//! Lets admins in, to metrics and to the dashboard alike.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;

use super::context::RequestContext;
use crate::model::language::t;
use crate::services::admin::Admin;
use crate::web::problem::Problem;

/// Refuses every caller that is no admin. Handlers find the [`Admin`] among the extensions.
pub async fn only(mut request: Request, next: Next) -> Response {
    let Some(caller) = RequestContext::caller(request.extensions()) else {
        // The layer around these routes admits no request without a caller.
        return Problem::internal().into_response();
    };
    match Admin::of(caller) {
        Some(admin) => {
            request.extensions_mut().insert(admin);
            next.run(request).await
        }
        None if caller.account().is_some() => not_admin().into_response(),
        None => not_local().into_response(),
    }
}

fn not_admin() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "not-admin",
        t!("Only admins see this. A program needs a token of an admin, with the scope `admin`."),
    )
}

/// The refusal while Kith has no account.
fn not_local() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "not-admin",
        t!(
            "Only people on the machine that Kith runs on see this. Ask on that machine, without a \
             proxy or through one that server.trusted_proxies names."
        ),
    )
}
