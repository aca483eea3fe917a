//! Charges each request to the limiter, once, and adds headers that say how many requests are left.
//!
//! Headers: `X-RateLimit-*` as GitHub and others send them, with the reset in seconds since the
//! epoch; `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-10; and on a
//! refusal `Retry-After`. Seconds are rounded up, so a client that waits for
//! them waits long enough.

use std::convert::Infallible;
use std::net::IpAddr;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;
use std::time::Instant;

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use kith_limit::Decision;
use kith_limit::Limiter;
use kith_limit::Outcome;
use tower::Service;
use tower::ServiceExt;

use super::client;
use crate::model::error::AppError;
use crate::services::metrics::Counter;
use crate::services::policies::RequestClass;
use crate::web::problem::Problem;
use crate::web::state::AppState;

/// The layer around routes that are charged to one policy.
#[derive(Clone)]
pub struct Limit<S> {
    pub state: AppState,
    pub class: RequestClass,
    pub inner: S,
}

impl<S> Service<Request> for Limit<S>
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
        let inner = self.inner.clone();
        let state = self.state.clone();
        let class = self.class;
        Box::pin(async move {
            let answer = |request| async {
                inner
                    .oneshot(request)
                    .await
                    .unwrap_or_else(|never| match never {})
            };
            Ok(charge(&state, class, request, answer).await)
        })
    }
}

/// Lets a request through to its answer, or refuses it before any work is done.
async fn charge<F: Future<Output = Response>>(
    state: &AppState,
    class: RequestClass,
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
    let Some(address) = client::address_of(&request) else {
        // The outermost layer finds it out for every request. Without it the limiter could charge no client.
        return Problem::internal().into_response();
    };
    if let Some(refusal) = denial(&state.limiter, address) {
        return refusal.into_response();
    }
    let policy = class.policy();
    let decision = state
        .limiter
        .check(policy, &client::subject(address), 1)
        .await;
    state.metrics.count(Counter::Requests(class));
    let mut response = match decision.outcome {
        Outcome::Refused { retry_after } => {
            state.metrics.count(Counter::Refusals(class));
            refusal(retry_after)
        }
        Outcome::Allowed | Outcome::Shadowed => {
            let route = request.extensions().get::<MatchedPath>().cloned();
            let start = Instant::now();
            let response = answer(request).await;
            // Requests for metrics do not count in them.
            if class != RequestClass::Dashboard {
                let route = route.as_ref().map_or("not found", MatchedPath::as_str);
                state.metrics.observe(route, start.elapsed());
            }
            response
        }
    };
    let (policy, _) = state.limiter.policy(policy);
    add_headers(response.headers_mut(), policy.name, &decision);
    response
}

/// The refusal of a client that is on the deny list.
pub fn denial(limiter: &Limiter, client: IpAddr) -> Option<Problem> {
    limiter.is_denied(client).then(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "denied",
            "Requests from this address are not answered here.",
        )
    })
}

/// Whole seconds, rounded up.
fn seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000) as u64
}

/// The answer to a refused request.
fn refusal(retry_after: Option<Duration>) -> Response {
    let retry_after = retry_after.map_or(1, seconds).max(1);
    let retry_after = u32::try_from(retry_after).unwrap_or(u32::MAX);
    let mut response = AppError::TooManyRequests { retry_after }.into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, retry_after.into());
    response
}

/// Adds the headers that say how many requests are left.
fn add_headers(headers: &mut HeaderMap, policy: &str, decision: &Decision) {
    let limit = decision.quota.limit();
    let window = seconds(Duration::from_millis(decision.quota.window()));
    let remaining = decision.remaining;
    let now = Timestamp::now().as_millisecond();
    let reset_at = (now + decision.reset_after.as_millis() as i64 + 999) / 1000;

    // The draft's `t` says when the client has more requests, not when it has all of them. The limiter
    // computes that only for a refusal.
    let until_more = match decision.outcome {
        Outcome::Refused {
            retry_after: Some(wait),
        } => format!(";t={}", seconds(wait).max(1)),
        _ => String::new(),
    };

    headers.insert(HeaderName::from_static("x-ratelimit-limit"), limit.into());
    headers.insert(
        HeaderName::from_static("x-ratelimit-remaining"),
        remaining.into(),
    );
    headers.insert(
        HeaderName::from_static("x-ratelimit-reset"),
        reset_at.into(),
    );
    for (name, value) in [
        (
            "ratelimit-policy",
            format!("\"{policy}\";q={limit};w={window}"),
        ),
        (
            "ratelimit",
            format!("\"{policy}\";r={remaining}{until_more}"),
        ),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
