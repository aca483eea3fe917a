//! [`Visitor`]: who sends a form of accounts.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::services::client::Caller;
use crate::services::client::Client;
use crate::web::cookies::CookieScope;
use crate::web::middleware::context::RequestContext;
use crate::web::problem::Problem;
use crate::web::state::AppState;

/// Who sends a form, and where its cookies belong.
pub struct Visitor {
    pub client: Client,
    pub scope: CookieScope,
    /// `None` where a route is open and the visitor is not signed in.
    pub caller: Option<Caller>,
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let context = parts.extensions.get::<Arc<RequestContext>>();
        let context = context.ok_or_else(Problem::internal)?;
        let (Some(client), Some(host)) = (context.client.get(), context.host.get()) else {
            // The outermost layer has found out both for every request.
            return Err(Problem::internal());
        };
        Ok(Self {
            client: *client,
            scope: CookieScope::of(*host, &state.config.server),
            // A caller without an account is none that has signed in.
            caller: context
                .caller
                .get()
                .filter(|caller| caller.account().is_some())
                .cloned(),
        })
    }
}
