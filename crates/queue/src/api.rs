//! The HTTP API of the broker, in the protocol of QStash: `/qstash/v2/…`.
//!
//! Clients present a token. The case of a path does not matter, because one of the SDKs writes paths with capital
//! letters. Errors are a [`Problem`], whose `error` the SDKs show.
//!
//! ```
//! use kith_queue::api;
//! use kith_queue::broker::Broker;
//!
//! fn routes(broker: Broker, token: String) -> axum::Router {
//!     axum::Router::new().merge(api::router(api::Options {
//!         broker,
//!         token: Some(token),
//!         token_setting: "queue.token",
//!         body_setting: "server.body_limit",
//!     }))
//! }
//! ```
//!
//! Source: Upstash's OpenAPI description, and the npm package `@upstash/qstash` 2.12.

mod batch;
mod call;
mod routes;

use std::net::IpAddr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::any;
use subtle::ConstantTimeEq;

use self::call::Call;
use self::call::strip_prefix_ignoring_case;
use self::routes::Api;
use crate::broker::Broker;
use crate::broker::BrokerError;
use crate::problem::Problem;
use crate::rejection::Rejection;

/// The address of the client. The application puts it into the extensions of the request, because it knows its
/// proxies. The broker stores it with each message and sends it to the receiver as `Upstash-Caller-IP`.
#[derive(Clone, Copy, Debug)]
pub struct CallerIp(pub IpAddr);

/// The parts of the API.
#[derive(Clone)]
pub struct Options {
    /// The broker that the API is of.
    pub broker: Broker,
    /// The token that clients present. Without one, the API refuses every request.
    pub token: Option<String>,
    /// The name of the setting that holds the token. Problems name it, so that the operator knows what to change.
    pub token_setting: &'static str,
    /// The name of the setting that limits the size of a body, for the same purpose.
    pub body_setting: &'static str,
}

/// The routes of the API, under `/qstash/`. The application limits the size of bodies.
pub fn router<S: Clone + Send + Sync + 'static>(options: Options) -> Router<S> {
    Router::new()
        .route("/qstash/{*path}", any(answer))
        .with_state(Api(options))
}

async fn answer(State(api): State<Api>, request: Request) -> Response {
    if let Some(refusal) = unauthorized(&api.0, &request) {
        return refusal;
    }
    let caller = request.extensions().get::<CallerIp>().copied();
    let (parts, body) = request.into_parts();
    let call = Call {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.clone(),
        caller_ip: caller.map(|CallerIp(ip)| ip.to_string()),
        body: match Bytes::from_request(Request::from_parts(parts, body), &()).await {
            Ok(body) => body,
            Err(rejection) => {
                let detail = format!(
                    "The body is too large, or broke off. The setting is {}.",
                    api.0.body_setting
                );
                return Problem::new(rejection.status(), "unreadable-body", detail).into_response();
            }
        },
    };
    match api.act(&call).await {
        Ok(response) => response,
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &BrokerError) -> Response {
    match error {
        BrokerError::Rejected(Rejection { status, message }) => {
            let kind = status.canonical_reason().unwrap_or("rejected");
            let kind = kind.to_ascii_lowercase().replace(' ', "-");
            Problem::new(*status, &kind, message).into_response()
        }
        BrokerError::Database(cause) => {
            tracing::warn!(%cause, "{error}");
            let detail = "The queue cannot answer at the moment. Try again in a few seconds.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).into_response()
        }
        BrokerError::Unreadable(cause) => {
            tracing::error!(%cause, "{error}");
            Problem::internal().into_response()
        }
    }
}

/// The answer to a client that presents no token, or another one.
fn unauthorized(options: &Options, request: &Request) -> Option<Response> {
    let refuse = |detail: &str| {
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
        let mut response = problem.into_response();
        let scheme = header::HeaderValue::from_static("Bearer");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, scheme);
        Some(response)
    };
    let setting = options.token_setting;
    let Some(expected) = &options.token else {
        return refuse(&format!(
            "The queue's API is closed. Choose a token with the setting {setting} to open it."
        ));
    };
    let authorization = request.headers().get(header::AUTHORIZATION);
    let bearer = authorization
        .and_then(|value| strip_prefix_ignoring_case(value.to_str().ok()?, "Bearer "))
        .map(str::to_owned);
    let in_query = || {
        let query = request.uri().query().unwrap_or_default();
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        let token = parameters.find(|(name, _)| name == "qstash_token");
        token.map(|(_, token)| token.into_owned())
    };
    let given = bearer.or_else(in_query).unwrap_or_default();
    if bool::from(given.as_bytes().ct_eq(expected.as_bytes())) {
        return None;
    }
    refuse(&format!(
        "This token is not the one of the setting {setting}. Send it as `Authorization: Bearer …`."
    ))
}
