//! [`OuterLayer`]: the outermost layer.

use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;
use std::time::Instant;

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tower::Service;
use tracing::Instrument;
use uuid::Uuid;

use super::client;
use super::content_policy::ContentPolicies;
use super::context::RequestContext;
use super::drain::UnreadBody;
use super::guard;
use super::guard::HostKind;
use super::headers;
use super::response_format;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::web::audience::Audience;
use crate::web::language;
use crate::web::problem::Problem;
use crate::web::state::AppState;
use crate::web::uploads::Allowance;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Logs every response and completes its headers, those of refusals and panics included.
#[derive(Clone)]
pub struct OuterLayer<S> {
    pub state: AppState,
    pub policies: ContentPolicies,
    pub inner: S,
}

impl<S> Service<Request> for OuterLayer<S>
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
        let Self {
            state,
            policies,
            inner,
        } = self.clone();
        let language = language::of(&request);
        Box::pin(language.scope(async move {
            let mut response = handle_request(&state, &policies, request, inner).await;
            language::name(&mut response, language);
            Ok(response)
        }))
    }
}

/// The rest of the stack.
trait Inner: Service<Request, Response = Response, Error = Infallible, Future: Send> + Send {}

impl<S> Inner for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Send
{
}

/// Gives the request an id, gives the response the format and the headers that its client needs, and logs one
/// line about both. The log names the route instead of the path, and no query, because people may have typed
/// both.
async fn handle_request(
    state: &AppState,
    policies: &ContentPolicies,
    mut request: Request,
    inner: impl Inner,
) -> Response {
    let start = Instant::now();
    let mut buffer = Uuid::encode_buffer();
    let id: &str = Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
    let method = log_name(request.method());
    let accept = request.headers().get_all(header::ACCEPT);
    let accept: Vec<_> = accept.iter().cloned().collect();
    let uri = request.uri().clone();
    let names_https_host = guard::names_https_host(&request, &state.config.server);
    let context = Arc::new(RequestContext::default());
    request.extensions_mut().insert(context.clone());

    let span = tracing::info_span!("request", %id);
    // Futures that are dropped in a panic leave nothing half done that others would see.
    let response = drain_on_refusal(state, &context, request, inner);
    let response = AssertUnwindSafe(response).catch_unwind().instrument(span);
    // The hook of `telemetry` has logged where the panic happened. The payload may hold personal data, so it
    // is dropped.
    let response = response.await;
    let mut response = response.unwrap_or_else(|_payload| Problem::internal().into_response());
    headers::retry(&mut response);

    let is_form_post = method == "POST";
    let path = uri.path();
    let audience = match context.caller.get() {
        // A layer before the sign-in has refused it.
        None if state.accounts.had_none() => Audience::Local,
        caller => Audience::of_caller(caller),
    };
    let reader = (&state.site, audience);
    let mut response =
        response_format::render_problem(reader, path, &accept, is_form_post, response);
    headers::secure(&mut response, path, policies);
    if names_https_host {
        headers::demand_https(&mut response);
    }
    headers::date(&mut response, Timestamp::now());
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let status = response.status().as_u16();
    let route = context.route.get().map_or("unmatched", MatchedPath::as_str);
    // The id leads from other lines to this one. It is not taken from the span, whose fields are
    // read back from text for every line.
    tracing::info!(parent: None, %id, method, route, status, milliseconds, "answered");
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

/// The method as the log names it. A client may send any word as a method.
fn log_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Handles a request, and reads what the response has left unread of its body.
async fn drain_on_refusal(
    state: &AppState,
    context: &RequestContext,
    request: Request,
    inner: impl Inner,
) -> Response {
    let (request, unread) = UnreadBody::lend(request);
    let unread = unread.map(|unread| (unread, Instant::now()));
    let response = validate_and_forward(state, context, request, inner).await;
    // A client that has used up the time of a request gets no more.
    if let Some((unread, start)) = unread
        && start.elapsed() < state.config.server.request_timeout
    {
        unread.drain().await;
    }
    response
}

/// Forwards a request that asks for Kith by one of its names and is not too large, for as long as a request
/// may take. Refusals come before any work.
async fn validate_and_forward(
    state: &AppState,
    context: &RequestContext,
    request: Request,
    mut inner: impl Inner,
) -> Response {
    let config = &state.config.server;
    let allowance = Allowance::of(&request, &state.config);
    if let Some(refusal) = guard::reject_missing_path(&request) {
        return refusal.into_response();
    }
    let host = match guard::host_kind(&request, config) {
        Ok(host) => host,
        Err(refusal) => return refusal.into_response(),
    };
    if let Some(refusal) = guard::reject_large_body(&request, &allowance) {
        return refusal.into_response();
    }
    if let Some(refusal) = guard::reject_encoded_body(&request) {
        return refusal;
    }
    let request = guard::limit_body(request, allowance.max_bytes);
    // Both are set here only.
    let _ = context.host.set(host);
    if let Some(client) = client::find(&request, config) {
        let _ = context.client.set(client);
    }
    let needs_accounts = host == HostKind::Configured && !guard::is_public(request.uri().path());
    let answer = async {
        if needs_accounts {
            match state.accounts.has_accounts().await {
                Ok(true) => {}
                Ok(false) => return Ok(guard::no_accounts().into_response()),
                Err(error) => return Ok(AppError::from(error).into_response()),
            }
        }
        // A router of axum and the layers around it are always ready.
        inner.call(request).await
    };
    match within(allowance.time, answer).await {
        Some(Ok(response)) => response,
        None => {
            tracing::warn!("a request took too long and was given up");
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "timeout",
                t!("This took too long and was given up. Try again in a few seconds."),
            )
            .into_response()
        }
    }
}

/// What a future resolves to, unless it takes longer than `limit`. A future that is ready at once, as a response
/// from the cache is, needs no timer.
async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut timer = pin!(None);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        if timer.is_none() {
            timer.set(Some(tokio::time::sleep(limit)));
        }
        let timer = timer.as_mut().as_pin_mut();
        timer.map_or(Poll::Pending, |timer| timer.poll(context).map(|()| None))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_future_has_the_time_that_it_is_given() {
        const LONG: Duration = Duration::from_secs(60);
        assert_eq!(within(LONG, async { 1 }).await, Some(1));
        assert_eq!(within(LONG, tokio::task::yield_now()).await, Some(()));
        // What is ready at once needs no time at all.
        assert_eq!(within(Duration::ZERO, async { 1 }).await, Some(1));
        let never = std::future::pending::<()>();
        assert_eq!(within(Duration::ZERO, never).await, None);
    }
}
