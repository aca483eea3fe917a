//! [`RequestContext`]: what the layers know about a request.

use std::sync::Arc;
use std::sync::OnceLock;

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::http::request::Parts;
use leptos::prelude::provide_context;
use leptos::prelude::use_context;

use super::nonce::Nonce;

/// What is known about a request. It is among the extensions of the request, and the outermost layer keeps it
/// for the headers and the log line of the response.
#[derive(Default)]
pub struct RequestContext {
    /// The route, once the router has found it.
    pub route: OnceLock<MatchedPath>,
    pub nonce: Nonce,
}

/// Tells the layers around the router which route a request has taken.
pub fn record_route(request: Request) -> Request {
    let extensions = request.extensions();
    if let (Some(context), Some(matched)) = (
        extensions.get::<Arc<RequestContext>>(),
        extensions.get::<MatchedPath>(),
    ) {
        // The page for what is missing is a second request to the same router, whose route does not count.
        let _ = context.route.set(matched.clone());
    }
    request
}

/// Lets the server mark its inline scripts with the nonce of the response that it renders.
pub fn provide_nonce() {
    let Some(parts) = use_context::<Parts>() else {
        return;
    };
    if let Some(context) = parts.extensions.get::<Arc<RequestContext>>() {
        let nonce = context.nonce.text().to_owned();
        provide_context(leptos::nonce::Nonce::from_value(nonce));
    }
}
