//! [`Delivery`]: an axum extractor for what the queue delivers.
//!
//! A handler that takes a [`Delivery`] is only called for requests that the queue has signed for this
//! address and these very bytes, within the last minutes, and not before:
//!
//! ```ignore
//! async fn welcome(delivery: Delivery) -> StatusCode {
//!     let message: Welcome = serde_json::from_slice(&delivery.body)?;
//!     …
//! }
//! ```
//!
//! Everything else is answered with 401, and why is logged. The state must give a [`Receiver`]. A
//! delivery is not a promise to be the only one: see [`ledger`](super::ledger).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::FromRef;
use axum::extract::FromRequest;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;

use super::broker::Broker;
use super::signature::Claims;
use super::signature::Refusal;
use super::signature::SigningKeys;
use crate::problem::Problem;
use kith_database::Database;
use kith_runtime::Clock;

/// The status of an answer that tells the queue that no repetition will help, with the header below
/// set to `true`. It is not one of HTTP's own.
pub const NOT_RETRYABLE: u16 = 489;
pub const NOT_RETRYABLE_HEADER: &str = "upstash-nonretryable-error";

/// What deliveries are verified with. Cheap to clone.
#[derive(Clone)]
pub struct Receiver {
    /// The origin that the queue knows this application by.
    origin: String,
    /// The keys of QStash, where it is used.
    qstash: Option<SigningKeys>,
    /// Whose keys change, and are read for each delivery.
    broker: Broker,
    database: Database,
    clock: Arc<dyn Clock>,
}

/// A message that the queue has delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The same for every delivery of a message.
    pub message_id: String,
    /// How many deliveries have failed before this one.
    pub retried: u32,
    /// The schedule that it comes from.
    pub schedule_id: Option<String>,
    pub body: Bytes,
}

/// Why a consumer has not executed a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotExecuted {
    /// Send it again, after this long if it is known.
    Later(Option<Duration>),
    /// Never send it again.
    Never,
}

impl Receiver {
    pub fn new(
        origin: String,
        qstash: Option<SigningKeys>,
        broker: Broker,
        database: Database,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            origin,
            qstash,
            broker,
            database,
            clock,
        }
    }

    /// Verifies that the queue has signed a request to `path`, with its query.
    async fn verify(&self, path: &str, headers: &HeaderMap) -> Result<Claims, Denied> {
        let mut tokens = headers.get_all("upstash-signature").iter();
        let token = match (tokens.next(), tokens.next()) {
            (Some(token), None) => token.to_str().map_err(|_| Refusal::Malformed)?,
            (None, _) => return Err(Refusal::Missing.into()),
            _ => return Err(Refusal::Malformed.into()),
        };
        let destination = format!("{}{path}", self.origin);
        let now = self.clock.now();
        let keys = self
            .broker
            .keys()
            .await
            .map_err(|error| unavailable(&error))?;
        let mut verified = keys.verify(token, &destination, now);
        if let (Err(Refusal::WrongKey), Some(qstash)) = (&verified, &self.qstash) {
            verified = qstash.verify(token, &destination, now);
        }
        Ok(verified?)
    }

    /// Verifies that a signature is for this body, and uses it up.
    async fn redeem(&self, claims: &Claims, body: &[u8]) -> Result<(), Denied> {
        claims.require_body(body)?;
        let first = self.use_up(claims).await;
        match first.map_err(|error| unavailable(&error))? {
            true => Ok(()),
            false => Err(Refusal::Replayed.into()),
        }
    }

    /// Whether a signature is used for the first time, on any instance.
    async fn use_up(&self, claims: &Claims) -> Result<bool, sqlx::Error> {
        let id = claims.jti.clone();
        // Some time after it has ended, because clocks differ.
        let expires_at = claims.exp.saturating_add(60).saturating_mul(1000);
        self.database
            .change(move |tx| {
                Box::pin(async move {
                    let used = sqlx::query(
                        "INSERT OR IGNORE INTO used_signatures (id, expires_at) VALUES (?, ?)",
                    )
                    .bind(id)
                    .bind(expires_at)
                    .execute(tx)
                    .await?;
                    Ok(used.rows_affected() == 1)
                })
            })
            .await
    }
}

/// Why a delivery is not let in.
enum Denied {
    Refused(Refusal),
    Unavailable,
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl<S> FromRequest<S> for Delivery
where
    S: Send + Sync,
    Receiver: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let receiver = Receiver::from_ref(state);
        let (parts, body) = request.into_parts();
        let path = parts
            .uri
            .path_and_query()
            .map_or("/", |path| path.as_str())
            .to_owned();
        let headers = parts.headers.clone();
        // Anyone can call this address, so the body is read only of requests that the queue has signed.
        let claims = receiver.verify(&path, &headers).await?;
        let body = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|rejection| {
                let detail = "The body is too large, or broke off.";
                Problem::new(rejection.status(), "unreadable-body", detail).into_response()
            })?;
        receiver.redeem(&claims, &body).await?;
        let text = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        Ok(Self {
            message_id: text("upstash-message-id").unwrap_or_default(),
            retried: text("upstash-retried")
                .and_then(|retried| retried.parse().ok())
                .unwrap_or(0),
            schedule_id: text("upstash-schedule-id"),
            body,
        })
    }
}

impl From<Denied> for Response {
    fn from(denied: Denied) -> Self {
        let problem = match denied {
            // Which part of the signature is wrong tells an attacker nothing that they have not sent.
            Denied::Refused(refusal) => {
                tracing::warn!(reason = %refusal, "a delivery was refused");
                Problem::new(
                    StatusCode::UNAUTHORIZED,
                    "unsigned",
                    format!("Only the queue may call this address: {refusal}."),
                )
            }
            Denied::Unavailable => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The database cannot answer at the moment. Try again in a few seconds.",
            ),
        };
        problem.into_response()
    }
}

fn unavailable(cause: &dyn std::error::Error) -> Denied {
    tracing::warn!(%cause, "a delivery cannot be verified");
    Denied::Unavailable
}
