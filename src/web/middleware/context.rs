//! [`RequestContext`]: what the layers know about a request.

use std::sync::Arc;
use std::sync::OnceLock;

use axum::extract::MatchedPath;
use axum::extract::Request;

/// What is known about a request. It is among the extensions of the request, and the outermost layer keeps it
/// for the headers and the log line of the response.
#[derive(Default)]
pub struct RequestContext {
    /// The route, once the router has found it.
    pub route: OnceLock<MatchedPath>,
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
