//! [`RequestContext`]: what the layers know about a request.

use std::sync::Arc;
use std::sync::OnceLock;

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::http::Extensions;

use super::guard::HostKind;
use crate::services::client::Caller;
use crate::services::client::Client;

/// What is known about a request. It is among the extensions of the request, as one of them, because each costs an
/// allocation. The outermost layer keeps it for the headers and the log line of the response.
#[derive(Default)]
pub struct RequestContext {
    /// The kind of name that the request asks for, once it is known to reach the path.
    pub host: OnceLock<HostKind>,
    /// The client, if the server knows the peer.
    pub client: OnceLock<Client>,
    /// The caller, on routes that ask who calls. It is missing where a route is open and the caller has no session.
    pub caller: OnceLock<Caller>,
    /// The route, once the router has found it.
    pub route: OnceLock<MatchedPath>,
}

impl RequestContext {
    /// The context of a request that has passed the outermost layer.
    pub fn of(request: &Request) -> Option<&Self> {
        let context = request.extensions().get::<Arc<Self>>()?;
        Some(context)
    }

    /// Who sends the request, and by which kind of name. The outermost layer finds out both for every request that it
    /// lets through.
    pub fn origin(&self) -> Option<(Client, HostKind)> {
        Some((*self.client.get()?, *self.host.get()?))
    }

    /// Records the caller, once.
    pub fn set_caller(request: &Request, caller: Option<Caller>) {
        if let (Some(context), Some(caller)) = (Self::of(request), caller) {
            let _ = context.caller.set(caller);
        }
    }

    /// The caller of a request with these extensions that has passed the layer of its route.
    pub fn caller(extensions: &Extensions) -> Option<&Caller> {
        extensions.get::<Arc<Self>>()?.caller.get()
    }
}

/// Tells the layers around the router which route a request has taken.
pub fn record_route(request: &Request) {
    if let (Some(context), Some(matched)) = (
        RequestContext::of(request),
        request.extensions().get::<MatchedPath>(),
    ) {
        // The page for what is missing is a second request to the same router, whose route does not count.
        let _ = context.route.set(matched.clone());
    }
}
