//! [`Visitor`]: who sends a form of accounts.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::services::client::Caller;
use crate::services::client::Client;
use crate::services::client::Identity;
use crate::web::cookies::CookieScope;
use crate::web::middleware::context::RequestContext;
use crate::web::problem::Problem;
use crate::web::state::AppState;

/// Who sends a form, and where its cookies belong.
pub struct Visitor {
    pub client: Client,
    pub scope: CookieScope,
    /// Whether Kith has no account and the client is certainly on its machine.
    pub is_local: bool,
    /// `None` where a route is open and the visitor is not signed in.
    pub caller: Option<Caller>,
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let context = parts.extensions.get::<Arc<RequestContext>>();
        let context = context.ok_or_else(Problem::internal)?;
        let (client, host) = context.origin().ok_or_else(Problem::internal)?;
        let caller = context.caller.get();
        Ok(Self {
            is_local: caller.is_some_and(|caller| *caller.identity() == Identity::Local),
            client,
            scope: CookieScope::of(host, client, &state.config.server),
            // A caller without an account is none that has signed in.
            caller: caller.filter(|caller| caller.account().is_some()).cloned(),
        })
    }
}
