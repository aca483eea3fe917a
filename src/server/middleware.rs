//! What every request passes through, in order.

mod audience;
mod client;
pub mod guard;
mod headers;
mod limit;
pub mod server_fn;

use std::any::Any;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Instant;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::response::Response;
use headers::Secure;
pub use headers::provide_nonce;
use tower::ServiceBuilder;
use tower::util::MapRequestLayer;
use tower::util::MapResponseLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tracing::Instrument;
use uuid::Uuid;

use crate::server::AppState;
use crate::server::policies::RequestClass;
use crate::server::problem::Problem;

/// Wraps the routes in the stack. The first layer sees a request first and its answer last.
///
/// The stack stands around the router as a whole and not around each route, and has few layers: each
/// clones what is inside it for every request, and a router is one pointer where a route is a chain
/// of boxes.
pub fn around(router: Router, state: &AppState) -> Router {
    let stack = ServiceBuilder::new()
        // Outermost, so that every answer is logged and dressed, refusals and panics included.
        .layer(from_fn_with_state(state.clone(), receive))
        .layer(CatchPanicLayer::custom(after_panic))
        // Refusals come before any work.
        .layer(from_fn_with_state(state.clone(), admit))
        .layer(CsrfLayer::new().with_rejection_response(guard::from_another_site))
        .layer(DefaultBodyLimit::max(state.config.server.max_body.bytes()))
        .layer(MapResponseLayer::new(IntoResponse::into_response))
        // Files of the site are compressed already and pass through untouched.
        .layer(CompressionLayer::new());
    let router = router.layer(MapRequestLayer::new(name_route));
    Router::new().fallback_service(stack.service(router))
}

/// Charges every request to `routes` to one policy. What has no such layer is not limited.
pub fn limited(
    routes: Router<AppState>,
    class: RequestClass,
    state: &AppState,
) -> Router<AppState> {
    let charge = limit::Charge {
        state: state.clone(),
        class,
    };
    routes.layer(from_fn_with_state(charge, limit::limit))
}

/// The route of a request, once the router has found it.
#[derive(Clone, Default)]
struct Route(Arc<OnceLock<MatchedPath>>);

/// Says to the layers around the router which route a request has taken.
fn name_route(request: Request) -> Request {
    let extensions = request.extensions();
    if let (Some(Route(route)), Some(matched)) = (extensions.get(), extensions.get::<MatchedPath>())
    {
        // A page for what is missing is drawn by a second request to the same router.
        let _ = route.set(matched.clone());
    }
    request
}

/// Names the request, dresses the answer for whoever reads it, and writes one line about both. The
/// route stands for the path, and the query is left out, since both may hold what people typed.
async fn receive(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = Uuid::new_v4();
    // A client may send any word as a method.
    let method = match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let audience = audience::audience(&request);
    let secure = Secure::begin(&mut request);
    let route = Route::default();
    request.extensions_mut().insert(route.clone());

    let span = tracing::info_span!("request", %id);
    let response = next.run(request).instrument(span).await;

    let wrote = method == "POST";
    let mut response = audience::address(&state, audience, wrote, response);
    secure.finish(&mut response);
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let status = response.status().as_u16();
    let route = route.0.get().map_or("unmatched", MatchedPath::as_str);
    // The id leads from other lines to this one. It is not taken from the span, whose fields are
    // read back from text for every line.
    tracing::info!(parent: None, %id, method, route, status, milliseconds, "answered");
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// Turns a panic into an answer. The hook of [`crate::server::telemetry`] has logged where it
/// happened; the payload may hold anything and goes nowhere.
fn after_panic(_payload: Box<dyn Any + Send + 'static>) -> Response {
    Problem::internal().into_response()
}

/// Lets a request in that is for this machine and not too large, for as long as it may take.
async fn admit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let config = &state.config.server;
    let limit = config.max_body;
    let refusal = guard::foreign_host(&request).or_else(|| guard::large_body(&request, limit));
    if let Some(refusal) = refusal {
        return refusal.into_response();
    }
    let request = guard::cut_off(request, limit);
    match tokio::time::timeout(config.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("a request took too long and was given up");
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "timeout",
                "This took too long and was given up. Try again in a few seconds.",
            )
            .into_response()
        }
    }
}
