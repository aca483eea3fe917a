//! What every request passes through, in order.

pub mod admin;
mod audience;
pub mod client;
mod drain;
pub mod guard;
mod headers;
pub mod limit;
pub mod server_fn;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::OnceLock;
use std::task::Context;
use std::task::Poll;
use std::time::Instant;

use axum::Router;
use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use drain::UnreadBody;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use headers::Nonce;
pub use headers::provide_nonce;
use jiff::Timestamp;
use tower::Service;
use tower::ServiceBuilder;
use tower::ServiceExt;
use tower::layer::layer_fn;
use tower::util::MapRequestLayer;
use tower::util::MapResponseLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tracing::Instrument;
use uuid::Uuid;

use crate::services::policies::RequestClass;
use crate::web::problem::Problem;
use crate::web::state::AppState;

/// Wraps the routes in the stack. The first layer sees a request first and its answer last.
///
/// The stack stands around the router as a whole and not around each route, and its layers are
/// services with types of their own: axum's `from_fn` and `Router` put each in a box, which would be
/// cloned for every request.
pub fn around(
    router: Router,
    state: AppState,
) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static
{
    let mut own_site = CsrfLayer::new();
    if let Some(origin) = &state.config.server.public_url {
        // A proxy may have replaced the name that a browser has asked for, and its own forms name it.
        own_site = own_site
            .add_trusted_origin(origin.as_str())
            .expect("an `Origin` is one as browsers send it");
    }
    ServiceBuilder::new()
        .layer(layer_fn(move |inner| Front {
            state: state.clone(),
            inner,
        }))
        .layer(own_site.with_rejection_response(guard::from_another_site))
        .layer(MapResponseLayer::new(IntoResponse::into_response))
        // Files of the site are compressed already and pass through untouched.
        .layer(CompressionLayer::new())
        .service(router.layer(MapRequestLayer::new(name_route)))
}

/// Charges every request to `routes` to one policy. What has no such layer is not limited.
pub fn limited(
    routes: Router<AppState>,
    class: RequestClass,
    state: &AppState,
) -> Router<AppState> {
    let state = state.clone();
    routes.layer(layer_fn(move |inner| limit::Limit {
        state: state.clone(),
        class,
        inner,
    }))
}

/// Says to the layers around the router which route a request has taken.
fn name_route(request: Request) -> Request {
    let extensions = request.extensions();
    if let (Some(passage), Some(matched)) = (
        extensions.get::<Arc<Passage>>(),
        extensions.get::<MatchedPath>(),
    ) {
        // A page for what is missing is drawn by a second request to the same router.
        let _ = passage.route.set(matched.clone());
    }
    request
}

/// What is known of a request on its way in, for those who dress and log its answer.
#[derive(Default)]
struct Passage {
    /// The route of the request, once the router has found it.
    route: OnceLock<MatchedPath>,
    nonce: Nonce,
}

/// The outermost layer: every answer is logged and dressed here, refusals and panics included.
#[derive(Clone)]
struct Front<S> {
    state: AppState,
    inner: S,
}

impl<S> Service<Request> for Front<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { state, inner } = self.clone();
        Box::pin(async move { Ok(receive(&state, request, inner).await) })
    }
}

/// The rest of the stack, seen from the front.
trait Inner: Service<Request, Response = Response, Error = Infallible, Future: Send> + Send {}

impl<S> Inner for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Send
{
}

/// Names the request, dresses the answer for whoever reads it, and writes one line about both. The
/// route stands for the path, and the query is left out, since both may hold what people typed.
async fn receive(state: &AppState, mut request: Request, inner: impl Inner) -> Response {
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
    let uri = request.uri().clone();
    let passage = Arc::new(Passage::default());
    request.extensions_mut().insert(passage.clone());

    let span = tracing::info_span!("request", %id);
    // Futures that are dropped in a panic leave nothing half done that others would see.
    let answer = AssertUnwindSafe(admit(state, request, inner)).catch_unwind();
    let response = answer.instrument(span).await;
    // The hook of `telemetry` has logged where it happened; the payload may hold anything and goes
    // nowhere.
    let response = response.unwrap_or_else(|_payload| Problem::internal().into_response());

    let wrote = method == "POST";
    let mut response = audience::address(&state.site, audience, wrote, response);
    headers::secure(
        &mut response,
        uri.path(),
        &passage.nonce,
        state.config.is_watched,
    );
    headers::date(&mut response, Timestamp::now());
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let status = response.status().as_u16();
    let route = passage.route.get().map_or("unmatched", MatchedPath::as_str);
    // The id leads from other lines to this one. It is not taken from the span, whose fields are
    // read back from text for every line.
    tracing::info!(parent: None, %id, method, route, status, milliseconds, "answered");
    if let Ok(id) = HeaderValue::from_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// Lets a request in that asks for Kith by one of its names and is not too large, for as long as it may take.
/// Refusals come before any work.
async fn admit(state: &AppState, request: Request, inner: impl Inner) -> Response {
    let (request, unread) = UnreadBody::lend(request);
    let start = Instant::now();
    let response = answer(state, request, inner).await;
    // A client that has used up the time of a request gets no more.
    if let Some(unread) = unread
        && start.elapsed() < state.config.server.request_timeout
    {
        unread.drain().await;
    }
    response
}

async fn answer(state: &AppState, request: Request, inner: impl Inner) -> Response {
    let config = &state.config.server;
    let limit = config.max_body;
    if let Some(refusal) = guard::no_path(&request) {
        return refusal.into_response();
    }
    let asked_for = match guard::asked_for(&request, config) {
        Ok(asked_for) => asked_for,
        Err(refusal) => return refusal.into_response(),
    };
    if let Some(refusal) = guard::large_body(&request, limit) {
        return refusal.into_response();
    }
    if let Some(refusal) = guard::coded_body(&request) {
        return refusal;
    }
    let mut request = guard::cut_off(request, limit);
    request.extensions_mut().insert(asked_for);
    if let Some(client) = client::find(&request, config) {
        request.extensions_mut().insert(client);
    }
    match tokio::time::timeout(config.request_timeout, inner.oneshot(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
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
