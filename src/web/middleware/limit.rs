//! Charges each request to the limiter, once, and adds headers that say how many requests are left.
//!
//! Headers: `X-RateLimit-*` as GitHub and others send them, with the reset in seconds since the
//! epoch; `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers-10; and on a
//! refusal `Retry-After`. Seconds are rounded up, so a client that waits for
//! them waits long enough.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;
use std::time::Instant;

use arc_swap::ArcSwap;
use arc_swap::Guard;
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
use kith_limit::Identifier;
use kith_limit::Limiter;
use kith_limit::Outcome;
use kith_limit::Quota;
use tower::Service;

use super::authenticate::Access;
use super::authenticate::Asked;
use super::authenticate::authenticate;
use super::authenticate::authorize;
use super::client;
use super::context::RequestContext;
use super::context::record_route;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::client::Caller;
use crate::services::metrics::Counter;
use crate::services::policies::RequestClass;
use crate::web::header_text::HeaderText;
use crate::web::problem::Problem;
use crate::web::state::AppState;

/// Which requests are charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// Each one.
    Each,
    /// Those of callers who are refused: otherwise a client could try out tokens without a limit.
    Refused,
}

/// The layer around routes that are charged to one policy.
#[derive(Clone)]
pub struct Limit<S> {
    pub state: AppState,
    pub class: RequestClass,
    pub charge: Charge,
    pub access: Access,
    pub quotas: Arc<[QuotaHeaders; RequestClass::ALL.len()]>,
    /// Shared, because axum clones the layers of a route several times for each request, and these would clone all
    /// that they stand around.
    pub inner: Arc<S>,
}

impl<S> Service<Request> for Limit<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        record_route(&request);
        let inner = self.inner.clone();
        let state = self.state.clone();
        let (class, which, access) = (self.class, self.charge, self.access);
        let quotas = self.quotas.clone();
        Box::pin(async move {
            // A route is always ready.
            let answer = |request| async move {
                let Ok(response) = S::clone(&inner).call(request).await;
                response
            };
            let Some(asked) = Asked::of(&request) else {
                // The outermost layer finds it out for every request. Without it the limiter could charge no client.
                return Ok(Problem::internal().into_response());
            };
            if let Some(refusal) = denial(&state.limiter, asked.client.address) {
                return Ok(refusal.into_response());
            }
            let authenticated = authenticate(&state, access, &asked).await;
            let caller = authenticated.as_ref().ok().and_then(Option::as_ref);
            let charged = charged(class, asked.client.address, caller);
            let class = charged.0;
            let refusal = match authenticated {
                Ok(caller) => {
                    let refusal = caller
                        .as_ref()
                        .and_then(|caller| authorize(caller, request.method()));
                    RequestContext::set_caller(&request, caller);
                    refusal.map(Problem::into_response)
                }
                Err(refusal) => Some(*refusal),
            };
            if which == Charge::Refused && refusal.is_none() {
                return Ok(observe(&state, class, request, answer).await);
            }
            let (mut response, decision) = charge(&state, charged, refusal, request, answer).await;
            let headers = response.headers_mut();
            add_headers(
                headers,
                &quotas[class as usize].of(decision.quota),
                &decision,
            );
            Ok(response)
        })
    }
}

/// The header fields of a policy that stay the same as long as its quota does.
pub struct QuotaHeaders {
    policy: &'static str,
    latest: ArcSwap<OfQuota>,
}

/// The header fields for a quota.
struct OfQuota {
    quota: Quota,
    limit: HeaderValue,
    policy: HeaderValue,
    /// The beginning of `RateLimit`.
    remaining: String,
}

impl QuotaHeaders {
    /// Those of all classes, in their order.
    pub fn all(limiter: &Limiter) -> [Self; RequestClass::ALL.len()] {
        RequestClass::ALL.map(|class| Self::new(limiter, class))
    }

    fn new(limiter: &Limiter, class: RequestClass) -> Self {
        let (policy, quota) = limiter.policy(class.policy());
        Self {
            policy: policy.name,
            latest: ArcSwap::from_pointee(OfQuota::new(policy.name, quota)),
        }
    }

    fn of(&self, quota: Quota) -> Guard<Arc<OfQuota>> {
        let latest = self.latest.load();
        if latest.quota == quota {
            return latest;
        }
        // An admin has changed the limit.
        let changed = Arc::new(OfQuota::new(self.policy, quota));
        self.latest.store(changed.clone());
        Guard::from_inner(changed)
    }
}

impl OfQuota {
    fn new(name: &str, quota: Quota) -> Self {
        let window = seconds(Duration::from_millis(quota.window()));
        let mut policy = HeaderText::new();
        policy.push("\"").push(name).push("\";q=");
        policy.push_number(quota.limit());
        policy.push(";w=").push_number(window);
        Self {
            quota,
            limit: quota.limit().into(),
            policy: policy.value(),
            remaining: format!("\"{name}\";r="),
        }
    }
}

/// Who is charged for a request, and to which policy: a program by its token, wherever it runs, and everyone else by the
/// address. A request whose caller is not admitted is charged as well: otherwise a client could try out tokens without a
/// limit.
fn charged(
    class: RequestClass,
    address: IpAddr,
    caller: Option<&Caller>,
) -> (RequestClass, Identifier) {
    let Some(token) = caller.and_then(Caller::token) else {
        return (class, client::subject(address));
    };
    let class = match class {
        RequestClass::Api => RequestClass::Token,
        other => other,
    };
    (class, Identifier::new(format!("token {token}")))
}

/// Lets a request through to its answer, or refuses it before any work is done: because the limit is used up, or with
/// the refusal of its caller.
async fn charge<F: Future<Output = Response>>(
    state: &AppState,
    (class, identifier): (RequestClass, Identifier),
    refusal: Option<Response>,
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> (Response, Decision) {
    let decision = state.limiter.check(class.policy(), &identifier, 1).await;
    state.metrics.count(Counter::Requests(class));
    let response = match decision.outcome {
        Outcome::Refused { retry_after } => {
            state.metrics.count(Counter::Refusals(class));
            too_many_requests(retry_after)
        }
        Outcome::Allowed | Outcome::Shadowed => match refusal {
            Some(refusal) => refusal,
            None => observe(state, class, request, answer).await,
        },
    };
    (response, decision)
}

/// Answers a request and records how long that took.
async fn observe<F: Future<Output = Response>>(
    state: &AppState,
    class: RequestClass,
    request: Request,
    answer: impl FnOnce(Request) -> F,
) -> Response {
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

/// The refusal of a client that is on the deny list.
pub fn denial(limiter: &Limiter, client: IpAddr) -> Option<Problem> {
    limiter.is_denied(client).then(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "denied",
            t!("Requests from this address are not answered here."),
        )
    })
}

/// Whole seconds, rounded up.
fn seconds(duration: Duration) -> u64 {
    duration.as_millis().div_ceil(1000) as u64
}

/// Whole seconds, at least one: a client that waits for them waits long enough.
pub fn whole_seconds(wait: Duration) -> u32 {
    u32::try_from(seconds(wait).max(1)).unwrap_or(u32::MAX)
}

/// The answer to a refused request.
fn too_many_requests(retry_after: Option<Duration>) -> Response {
    let retry_after = retry_after.map_or(1, whole_seconds);
    let mut response = AppError::TooManyRequests { retry_after }.into_response();
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, retry_after.into());
    response
}

const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Adds the headers that say how many requests are left.
fn add_headers(headers: &mut HeaderMap, of_quota: &OfQuota, decision: &Decision) {
    let now = Timestamp::now().as_millisecond();
    let reset_at = (now + decision.reset_after.as_millis() as i64 + 999) / 1000;

    let mut remaining = HeaderText::new();
    remaining.push_number(decision.remaining);
    let mut left = HeaderText::new();
    left.push(&of_quota.remaining);
    left.push_number(decision.remaining);
    // The draft's `t` says when the client has more requests, not when it has all of them. The limiter
    // computes that only for a refusal.
    if let Outcome::Refused {
        retry_after: Some(wait),
    } = decision.outcome
    {
        left.push(";t=").push_number(whole_seconds(wait).into());
    }

    headers.insert(X_RATELIMIT_LIMIT, of_quota.limit.clone());
    headers.insert(X_RATELIMIT_REMAINING, remaining.value());
    headers.insert(X_RATELIMIT_RESET, reset_at.into());
    headers.insert(RATELIMIT_POLICY, of_quota.policy.clone());
    headers.insert(RATELIMIT, left.value());
}
