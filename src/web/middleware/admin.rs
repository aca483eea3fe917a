//! Lets admins in, to figures and to the dashboard alike.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;

use super::client;
use super::guard::AskedFor;
use crate::services::admin::Admin;
use crate::web::problem::Problem;

/// Refuses everybody else. Handlers find the [`Admin`] among the extensions.
pub async fn only(mut request: Request, next: Next) -> Response {
    let asked_for = request.extensions().get::<AskedFor>().copied();
    let (Some(client), Some(asked_for)) = (client::client(&request), asked_for) else {
        // The front has found out both for every request.
        return Problem::internal().into_response();
    };
    match Admin::check(client, asked_for) {
        Ok(admin) => {
            request.extensions_mut().insert(admin);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}
