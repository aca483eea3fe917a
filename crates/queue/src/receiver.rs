//! Receiving: which deliveries the queue has signed.
//!
//! [`Delivery`] is an axum extractor. A handler that takes it is only called for requests that the queue has
//! signed for this address and these very bytes, within the last minutes, and not before. Every other request
//! is answered with 401, and the reason is logged. The state of the router gives a [`Receiver`].
//!
//! A message may be delivered more than once. A [`Job`](crate::Job) is executed once.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::FromRef;
use axum::extract::FromRequest;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Response;
use kith_database::Connection;
use kith_database::query;
use kith_runtime::ErrorLatch;

use crate::broker::Broker;
use crate::broker::POSTPONED_HEADER;
use crate::problem::Problem;
use crate::signature::Claims;
use crate::signature::SignatureError;
use crate::signature::SigningKeys;

/// The status of an answer that tells the queue that no repetition will help, together with
/// [`NOT_RETRYABLE_HEADER`]. It is QStash's, and none of HTTP's own.
pub const NOT_RETRYABLE: u16 = 489;

/// The header of such an answer; its value is `true`.
pub const NOT_RETRYABLE_HEADER: &str = "upstash-nonretryable-error";

/// How long a message waits for a database that could not answer.
pub(crate) const UNAVAILABLE_WAIT: Duration = Duration::from_secs(3);

/// Verifies deliveries. Cheap to clone.
#[derive(Clone)]
pub struct Receiver(Arc<Inner>);

struct Inner {
    /// Its keys change, and are read for each delivery.
    broker: Broker,
    qstash: Option<SigningKeys>,
    database_latch: ErrorLatch,
}

/// A message that the queue has delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The same for every delivery of a message.
    pub message_id: String,
    /// How many deliveries have failed before this one.
    pub retried: u32,
    /// The schedule that the message comes from.
    pub schedule_id: Option<String>,
    /// The body of the message.
    pub body: Bytes,
}

/// A delivery whose signature was verified and is not used up yet.
pub(crate) struct Verified {
    pub(crate) delivery: Delivery,
    pub(crate) claims: Claims,
    /// The path that was called, with its query.
    pub(crate) path: String,
    /// Whether the broker in this process has signed it, and not QStash.
    pub(crate) is_from_broker: bool,
}

impl Receiver {
    /// A receiver of what `broker` delivers to the origin of its
    /// [destinations](crate::destination::Destinations), and QStash where its keys are given.
    pub fn new(broker: Broker, qstash: Option<SigningKeys>) -> Self {
        Self(Arc::new(Inner {
            broker,
            qstash,
            database_latch: ErrorLatch::default(),
        }))
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.0.broker
    }

    /// Verifies that the queue has signed a request, and reads it. Otherwise, the answer to it.
    pub(crate) async fn verify(&self, request: Request) -> Result<Verified, Response> {
        let (parts, body) = request.into_parts();
        // Anyone can call this address, so the body is read only of requests that the queue has signed.
        let (claims, is_from_broker) = self.verify_head(&parts).await?;
        let headers = parts.headers.clone();
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let path = path.to_owned();
        let body = Bytes::from_request(Request::from_parts(parts, body), &())
            .await
            .map_err(|rejection| {
                let detail = "The body is too large, or broke off.";
                Problem::new(rejection.status(), "unreadable-body", detail).into_response()
            })?;
        claims.require_body(&body).map_err(Denied::Refused)?;
        Ok(Verified {
            delivery: Delivery::read(&headers, body),
            claims,
            path,
            is_from_broker,
        })
    }

    /// Verifies the signature in the head of a request. Whether the broker has made it.
    async fn verify_head(&self, parts: &Parts) -> Result<(Claims, bool), Denied> {
        let mut tokens = parts.headers.get_all("upstash-signature").iter();
        let token = match (tokens.next(), tokens.next()) {
            (Some(token), None) => token.to_str().map_err(|_| SignatureError::Malformed)?,
            (None, _) => return Err(SignatureError::Missing.into()),
            _ => return Err(SignatureError::Malformed.into()),
        };
        let Inner { broker, qstash, .. } = &*self.0;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let destination = format!("{}{path}", broker.destinations().origin);
        let now = broker.clock().now();
        let keys = self.of_database(broker.keys().await)?;
        match (keys.verify(token, &destination, now), qstash) {
            (Err(SignatureError::WrongKey), Some(qstash)) => {
                Ok((qstash.verify(token, &destination, now)?, false))
            }
            (verified, _) => Ok((verified?, true)),
        }
    }

    /// Uses up a signature.
    pub(crate) async fn redeem(&self, claims: Claims) -> Result<(), Denied> {
        let claims = Arc::new(claims);
        let redeemed = self.0.broker.database().change(move |tx| {
            let claims = claims.clone();
            Box::pin(async move { redeem(tx, &claims).await })
        });
        let redeemed: Result<bool, sqlx::Error> = redeemed.await;
        match self.of_database(redeemed)? {
            true => Ok(()),
            false => Err(SignatureError::Replayed.into()),
        }
    }

    /// What the database has answered. The log says when it begins to fail and when it answers again, because every
    /// message that is due meets the same failure.
    pub(crate) fn of_database<T, E: Error>(&self, answer: Result<T, E>) -> Result<T, Denied> {
        let latch = &self.0.database_latch;
        let answer = latch.check("deliveries cannot be verified, and wait", answer);
        answer.ok_or(Denied::Unavailable)
    }
}

/// Whether a signature is used for the first time, on any instance.
pub(crate) async fn redeem(tx: &mut Connection, claims: &Claims) -> Result<bool, sqlx::Error> {
    // Some time after it has ended, because clocks differ.
    let expires_at = claims.exp.saturating_add(60).saturating_mul(1000);
    let used = query(
        "INSERT INTO used_signatures (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING",
    )
    .bind(&claims.jti)
    .bind(expires_at)
    .execute(tx)
    .await?;
    Ok(used == 1)
}

impl Delivery {
    fn read(headers: &HeaderMap, body: Bytes) -> Self {
        let text = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        Self {
            message_id: text("upstash-message-id").unwrap_or_default(),
            retried: text("upstash-retried")
                .and_then(|retried| retried.parse().ok())
                .unwrap_or(0),
            schedule_id: text("upstash-schedule-id"),
            body,
        }
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
        let Verified {
            delivery, claims, ..
        } = receiver.verify(request).await?;
        receiver.redeem(claims).await?;
        Ok(delivery)
    }
}

/// Why a delivery is refused.
pub(crate) enum Denied {
    Refused(SignatureError),
    Unavailable,
}

impl From<SignatureError> for Denied {
    fn from(refusal: SignatureError) -> Self {
        Self::Refused(refusal)
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
            Denied::Unavailable => {
                let problem = Problem::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "The database cannot answer at the moment. Try again in a few seconds.",
                );
                return postponed(UNAVAILABLE_WAIT, problem);
            }
        };
        problem.into_response()
    }
}

/// The answer to a delivery whose message could not be begun. The broker in this process counts no attempt. For
/// QStash it is a failed attempt with a wait.
pub(crate) fn postponed(wait: Duration, problem: Problem) -> Response {
    let mut response = problem.into_response();
    let headers = response.headers_mut();
    let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX);
    headers.insert(header::RETRY_AFTER, seconds.max(1).into());
    headers.insert(POSTPONED_HEADER, HeaderValue::from_static("true"));
    response
}
