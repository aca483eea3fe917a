//! Sending a message to its receiver.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::Method;
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::FutureExt;
use jiff::Timestamp;

use super::Broker;
use super::attempt::Outcome;
use super::complete::COMPLETED_HEADER;
use super::complete::POSTPONED_HEADER;
use super::lane::LaneKind;
use super::messages::Stored;
use super::response::Response;
use crate::delay::retry_after;
use crate::message::Publication;
use crate::message::canonical_name;
use crate::receiver::NOT_RETRYABLE;
use crate::receiver::NOT_RETRYABLE_HEADER;
use crate::signature::SigningKeys;
use crate::signature::sign;

/// How many bytes of an answer are kept, of its body and of its headers.
const MAX_RESPONSE_BYTES: usize = 16 * 1024;

/// The wait before a postponed delivery whose consumer names none.
const DEFAULT_POSTPONEMENT: Duration = Duration::from_secs(1);

/// The most headers of a message. A publisher may ask for far fewer, but an older release has accepted any number,
/// and the types of HTTP panic above some 24,000.
const MAX_HEADERS: usize = 1000;

/// Headers in which receivers ask for a wait. The first that is understood counts.
const RETRY_AFTER_HEADERS: [&str; 4] = [
    "retry-after",
    "x-ratelimit-reset",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
];

impl Broker {
    /// Sends a message once its lane has a permit for it.
    pub(super) async fn send_in_turn(&self, kind: LaneKind, message: &Stored) -> Outcome {
        let permit = tokio::select! {
            permit = self.lane(kind).sending.acquire(&message.origin) => permit,
            () = self.0.tasks.stopped() => None,
        };
        match permit {
            Some(_permit) => self.send(message).await,
            None => Outcome::NotSent,
        }
    }

    async fn send(&self, message: &Stored) -> Outcome {
        // The operator may have taken the destination off the list since the message was accepted.
        let Publication {
            destination,
            delivery,
            ..
        } = &message.publication;
        let accepted = self.destinations().accept(destination);
        let refusal = accepted.err().map(|rejection| rejection.message);
        let has_too_many = delivery.headers.len() > MAX_HEADERS;
        let too_many = has_too_many.then(|| "the message has too many headers".to_owned());
        if let Some(error) = refusal.or(too_many) {
            return Outcome::Failed {
                retryable: false,
                error,
                response: None,
                wait: None,
            };
        }
        let Ok(keys) = self.keys().await else {
            return Outcome::NotSent;
        };
        let requested = delivery.timeout.map(Duration::from_millis);
        let max = self.0.options.timeout;
        let timeout = requested.map_or(max, |timeout| timeout.min(max));
        let sent = tokio::time::timeout(timeout, self.exchange(message, &keys)).await;
        match sent {
            Ok(Ok((head, _))) if says(message, &head, &COMPLETED_HEADER) => Outcome::Completed,
            Ok(Ok((head, _))) if says(message, &head, &POSTPONED_HEADER) => {
                let wait = retry_after(&head, &RETRY_AFTER_HEADERS, self.now());
                Outcome::Postponed(wait.unwrap_or(DEFAULT_POSTPONEMENT))
            }
            Ok(Ok((head, response))) => match judge(&head, response, self.now()) {
                // A process that ends gives its own messages back. That is no failed attempt.
                Outcome::Failed {
                    retryable: true, ..
                } if message.origin.is_empty() && self.0.tasks.is_stopped() => Outcome::NotSent,
                outcome => outcome,
            },
            _ if self.0.tasks.is_stopped() => Outcome::NotSent,
            Ok(Err(error)) => failed(describe(&error)),
            Err(_) => failed(format!("no answer within {timeout:?}")),
        }
    }

    /// Sends the request of a message and reads the answer to it.
    async fn exchange(
        &self,
        message: &Stored,
        keys: &SigningKeys,
    ) -> Result<(HeaderMap, Response), reqwest::Error> {
        let mut answer = self.request(message, keys).send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            let room = MAX_RESPONSE_BYTES - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == MAX_RESPONSE_BYTES {
                break;
            }
        }
        let response = Response {
            status: answer.status().as_u16(),
            headers: kept_headers(answer.headers()),
            body: BASE64_STANDARD.encode(body),
        };
        Ok((answer.headers().clone(), response))
    }

    /// The signed request of a message.
    fn request(&self, message: &Stored, keys: &SigningKeys) -> reqwest::RequestBuilder {
        let Stored { publication, .. } = message;
        let destinations = self.destinations();
        let method = Method::from_bytes(publication.delivery.method().as_bytes());
        let url = destinations.url(&publication.destination);
        let address = destinations.address(&publication.destination);
        let signature = sign(&keys.current, &url, &publication.body, self.now());
        let mut request = self
            .0
            .client
            .request(method.unwrap_or(Method::POST), address)
            .header("upstash-signature", signature)
            .header("upstash-message-id", &message.id)
            .header("upstash-retried", message.retried)
            .header("upstash-region", "LOCAL");
        if let Some(ip) = &message.caller_ip {
            request = request.header("upstash-caller-ip", ip);
        }
        if let Some(id) = &message.schedule_id {
            request = request.header("upstash-schedule-id", id);
        }
        for (name, value) in &publication.delivery.headers {
            request = request.header(name, value);
        }
        request.body(publication.body.clone())
    }
}

/// The headers of an answer as the broker keeps them: all of a usual size, otherwise the first ones.
fn kept_headers(answer: &HeaderMap) -> BTreeMap<String, Vec<String>> {
    let mut headers = BTreeMap::<_, Vec<_>>::new();
    let mut room = MAX_RESPONSE_BYTES;
    for (name, value) in answer {
        let Some(left) = room.checked_sub(name.as_str().len() + value.len()) else {
            break;
        };
        room = left;
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers
            .entry(canonical_name(name.as_str()))
            .or_default()
            .push(value);
    }
    headers
}

/// The outcome of a delivery, also if it panics. A message without an outcome would stay claimed, and the broker
/// would send it again every few seconds.
pub(super) async fn failed_by_panic(delivery: impl Future<Output = Outcome>) -> Outcome {
    // A delivery that panics is dropped and leaves nothing half done.
    let outcome = AssertUnwindSafe(delivery).catch_unwind().await;
    outcome.unwrap_or_else(|_payload| failed("the queue has met an error of its own".to_owned()))
}

/// The outcome where no receiver has answered. The reason takes the place of an answer, so that the dead letter
/// shows it.
fn failed(error: String) -> Outcome {
    let response = Response {
        body: BASE64_STANDARD.encode(&error),
        ..Response::default()
    };
    Outcome::Failed {
        error,
        response: Some(response),
        wait: None,
        retryable: true,
    }
}

/// Whether a consumer in this process says this of the message. The broker believes only the application itself.
fn says(message: &Stored, head: &HeaderMap, header: &HeaderName) -> bool {
    message.origin.is_empty() && head.contains_key(header)
}

/// The outcome that an answer means.
fn judge(head: &HeaderMap, response: Response, now: Timestamp) -> Outcome {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::BAD_GATEWAY);
    if status.is_success() {
        return Outcome::Delivered(response);
    }
    let text = |name: &str| head.get(name).and_then(|value| value.to_str().ok());
    let refused_for_good = response.status == NOT_RETRYABLE
        && text(NOT_RETRYABLE_HEADER).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Outcome::Failed {
        error: format!("the receiver answered {}", response.status),
        wait: retry_after(head, &RETRY_AFTER_HEADERS, now),
        response: Some(response),
        retryable: !refused_for_good,
    }
}

/// Why no receiver has answered, without the URL, which may hold secrets of the receiver.
fn describe(error: &reqwest::Error) -> String {
    if error.is_connect() {
        "the receiver cannot be reached".to_owned()
    } else if error.is_timeout() {
        "the receiver took too long".to_owned()
    } else if error.is_builder() {
        "the request cannot be made".to_owned()
    } else {
        "the connection to the receiver broke".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_delivery_that_panics_is_a_failed_attempt() {
        let outcome = failed_by_panic(async { panic!("on purpose") }).await;
        assert!(matches!(
            outcome,
            Outcome::Failed {
                retryable: true,
                ..
            }
        ));
    }
}
