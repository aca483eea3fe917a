//! The stack of layers around the routes.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower::Service;
use tower::ServiceBuilder;
use tower::layer::layer_fn;
use tower::util::MapRequestLayer;
use tower_http::csrf::CsrfLayer;

use super::authenticate::Access;
use super::compression::Compress;
use super::content_policy::ContentPolicies;
use super::context::record_route;
use super::guard;
use super::limit;
use super::outer::OuterLayer;
use crate::services::policies::RequestClass;
use crate::web::state::AppState;

/// Wraps the routes in the stack. The first layer sees a request first and its response last.
///
/// The stack stands around the router as a whole and not around each route, and its layers are
/// services with types of their own: axum's `from_fn` and `Router` put each in a box, which would be
/// cloned for every request.
pub fn around(
    router: Router,
    state: AppState,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
    let mut csrf = CsrfLayer::new();
    if let Some(origin) = &state.config.server.public_url {
        // A proxy may replace the host name of a request. The forms of Kith then name this origin.
        csrf = csrf
            .add_trusted_origin(origin.as_str())
            .expect("an `Origin` is one as browsers send it");
    }
    let policies = ContentPolicies::new(&state.site, state.config.is_watched);
    ServiceBuilder::new()
        .layer(layer_fn(move |inner| OuterLayer {
            state: state.clone(),
            policies: policies.clone(),
            inner,
        }))
        .layer(csrf.with_rejection_response(guard::csrf_rejection))
        .layer(layer_fn(Compress))
        .service(router)
}

/// Charges no request to `routes`, and records only which route it has taken.
pub fn unlimited<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes.layer(MapRequestLayer::new(|request| {
        record_route(&request);
        request
    }))
}

/// Lets callers in as `access` says, charges every request to `routes` to one policy, and records which route it has
/// taken. Each route has this layer or that of [`unlimited`]: one more layer around all routes would cost two
/// allocations and two copies of the request.
pub fn limited(
    routes: Router<AppState>,
    class: RequestClass,
    access: Access,
    state: &AppState,
) -> Router<AppState> {
    charged(routes, class, limit::Charge::Each, access, state)
}

/// The same, but charges only the requests whose callers are refused.
pub fn admitted(
    routes: Router<AppState>,
    class: RequestClass,
    access: Access,
    state: &AppState,
) -> Router<AppState> {
    charged(routes, class, limit::Charge::Refused, access, state)
}

fn charged(
    routes: Router<AppState>,
    class: RequestClass,
    charge: limit::Charge,
    access: Access,
    state: &AppState,
) -> Router<AppState> {
    let state = state.clone();
    let quotas = Arc::new(limit::QuotaHeaders::all(&state.limiter));
    routes.layer(layer_fn(move |inner| limit::Limit {
        state: state.clone(),
        class,
        charge,
        access,
        quotas: quotas.clone(),
        inner: Arc::new(inner),
    }))
}
