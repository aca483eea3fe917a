//! Delivering messages, over and over until their receivers take them or there is no hope.
//!
//! Each delivery takes four steps, and the process may end after any of them: a message that is due is
//! claimed for [`LEASE`](super::LEASE); it is sent; what came of it is written down, for many messages
//! in one transaction; and whoever wants to know is told by a message of its own, in the same
//! transaction. Between sending and writing down, a message is delivered again.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::FutureExt;
use jiff::Timestamp;
use serde_json::json;
use sqlx::Row;
use sqlx::SqliteConnection;
use tokio::sync::mpsc;

use super::Broker;
use super::BrokerError;
use super::LEASE;
use super::Result;
use super::Tally;
use super::Trouble;
use super::UNREADABLE_WAIT;
use super::accept::Source;
use super::accept::accept;
use super::complete::COMPLETED_HEADER;
use super::events::Detail;
use super::events::State;
use super::events::record;
use super::lane::Way;
use super::messages::Stored;
use super::messages::headers;
use super::response::Response;
use super::room::Place;
use crate::delay::RetryDelay;
use crate::delay::asked_for_in;
use crate::delay::backoff;
use crate::message::Callback;
use crate::message::Publication;
use crate::message::Redacted;
use crate::message::usual_spelling;
use crate::receiver::NOT_RETRYABLE;
use crate::receiver::NOT_RETRYABLE_HEADER;
use crate::signature::SigningKeys;
use crate::signature::sign;
use crate::time::deadline_ms;

/// How often the broker looks for what other processes have left to it. Its own publications and
/// retries wake it in time.
const POLL: Duration = Duration::from_secs(1);

/// How much of an answer is kept, of its body and of its headers.
const LARGEST_RESPONSE: usize = 16 * 1024;

/// The most headers that a message is sent with. A publisher may ask for far fewer, but an older release has
/// taken any number, and the types of HTTP panic above some 24,000.
const MOST_HEADERS: usize = 1000;

/// The most deliveries that are written down in one transaction.
const LARGEST_BATCH: usize = 256;

/// How long to wait before outcomes that could not be written down are tried again.
const SETTLE_PAUSE: Duration = Duration::from_millis(500);

/// Headers in which receivers say when to come again, the first that is there counts.
const WAITS: [&str; 4] = [
    "retry-after",
    "x-ratelimit-reset",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
];

/// When the next message to a webhook is due.
pub(super) const NEXT_OF_WEBHOOKS: &str = "SELECT '', min(due_at) FROM messages
     WHERE finished_at IS NULL AND origin = '' HAVING min(due_at) IS NOT NULL";

/// When the next message to each other origin is due. It goes from one origin to the next, and does not
/// read all messages that wait.
pub(super) const NEXT_OF_OTHERS: &str = "WITH RECURSIVE origins (origin) AS (
         SELECT min(origin) FROM messages WHERE finished_at IS NULL AND origin > ''
         UNION ALL
         SELECT (SELECT min(m.origin) FROM messages m
                 WHERE m.finished_at IS NULL AND m.origin > o.origin)
         FROM origins o WHERE o.origin IS NOT NULL
     )
     SELECT o.origin, (SELECT min(m.due_at) FROM messages m
                       WHERE m.finished_at IS NULL AND m.origin = o.origin)
     FROM origins o WHERE o.origin IS NOT NULL";

/// What came of sending a message.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Delivered(Response),
    Failed {
        error: String,
        response: Option<Response>,
        /// How long the receiver wants to be left alone.
        wait: Option<Duration>,
        retryable: bool,
    },
    /// The receiver, which shares the database, has marked the message as delivered.
    Completed,
    /// It was not sent, because this process ends.
    NotSent,
}

impl Broker {
    pub(super) async fn deliver_all(self, way: Way) {
        let (settled, outcomes) = mpsc::channel(LARGEST_BATCH);
        self.0.tasks.spawn(self.clone().settle_all(outcomes));
        self.0.tasks.spawn(self.clone().renew_all(way));
        let trouble = Trouble::default();
        loop {
            let claimed = trouble.heed("messages wait", self.claim(way).await);
            let wait = match claimed {
                Some(Claimed::Messages(messages)) => {
                    for (message, place) in messages {
                        let (broker, settled) = (self.clone(), settled.clone());
                        self.0.tasks.spawn(async move {
                            let outcome = broker.send_in_turn(way, &message);
                            let outcome = failed_by_panic(outcome).await;
                            // Only the end of the process closes the channel.
                            let _ = settled.send((message, outcome, place)).await;
                        });
                    }
                    continue;
                }
                Some(Claimed::NothingUntil(wait)) => wait,
                None => POLL,
            };
            tokio::select! {
                () = self.lane(way).wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
                () = self.0.stop.cancelled() => return,
            }
        }
    }

    /// Makes messages that are due this process' own, as many as it has room for.
    pub(super) async fn claim(&self, way: Way) -> Result<Claimed> {
        let inner = &self.0;
        let in_hand = &self.lane(way).in_hand;
        let mut connection = inner.database.reader().await?;
        let mut origins: Vec<(String, i64)> = sqlx::query_as(match way {
            Way::Elsewhere => NEXT_OF_OTHERS,
            Way::Webhooks => NEXT_OF_WEBHOOKS,
        })
        .fetch_all(&mut *connection)
        .await?;
        drop(connection);
        // Several at a time, so that a transaction serves many; but nobody waits for others to be done.
        let batch = inner.settings.concurrency.get() as usize;
        origins.retain(|(origin, _)| {
            let (taken, more) = in_hand.share(origin);
            more >= batch || (more > 0 && taken == 0)
        });
        let now = self.now().as_millisecond();
        origins.sort_by_key(|(_, due_at)| *due_at);
        let due = origins.partition_point(|(_, due_at)| *due_at <= now);
        if due == 0 {
            let until_next = origins.first().map_or(POLL, |(_, due_at)| {
                Duration::from_millis(u64::try_from(due_at - now).unwrap_or(0))
            });
            return Ok(Claimed::NothingUntil(until_next.min(POLL)));
        }
        if inner.stop.is_cancelled() {
            return Ok(Claimed::NothingUntil(POLL));
        }
        let mut tx = inner.database.write().await?;
        let now = self.now();
        let mut messages = Vec::new();
        for (origin, _) in &origins[..due] {
            let mut places = in_hand.take(origin);
            let rows = sqlx::query(
                "UPDATE messages SET state = 'active', owner = ?, due_at = ?, updated_at = ?
                 WHERE seq IN (SELECT seq FROM messages
                               WHERE finished_at IS NULL AND origin = ? AND due_at <= ?
                               ORDER BY due_at, seq LIMIT ?)
                 RETURNING *",
            )
            .bind(&inner.owner)
            .bind(deadline_ms(now, LEASE))
            .bind(now.as_millisecond())
            .bind(origin)
            .bind(now.as_millisecond())
            .bind(places.len() as i64)
            .fetch_all(&mut *tx)
            .await?;
            for row in &rows {
                match Stored::read(row) {
                    Ok(message) => {
                        let place = places.pop().map(|place| place.of(message.seq));
                        messages.extend(place.map(|place| (message, place)));
                    }
                    Err(error) => put_off(&mut tx, row.try_get("seq")?, &error, now).await?,
                }
            }
        }
        messages.sort_by_key(|(message, _)| message.seq);
        tx.commit().await?;
        if messages.is_empty() {
            // Another process was faster.
            return Ok(Claimed::NothingUntil(Duration::from_millis(10)));
        }
        Ok(Claimed::Messages(messages))
    }

    /// Says again and again that this process is still delivering, while it is.
    async fn renew_all(self, way: Way) {
        let lane = self.lane(way);
        let until_done = async {
            self.0.stop.cancelled().await;
            // Nothing new is claimed, so that this is when the last one is written down.
            lane.in_hand.emptied().await;
        };
        let renew = async {
            let trouble = Trouble::default();
            loop {
                tokio::time::sleep(LEASE / 3).await;
                trouble.heed("messages may be delivered twice", self.renew(way).await);
            }
        };
        tokio::select! {
            () = until_done => {}
            () = renew => {}
        }
    }

    /// Renews the leases of the messages in hand, and of no others: a claim may be on the disk though it
    /// was reported as failed, and nothing is done about its messages until their leases end.
    pub(super) async fn renew(&self, way: Way) -> Result<()> {
        let messages = self.lane(way).in_hand.messages();
        if messages.is_empty() {
            return Ok(());
        }
        let mut tx = self.0.database.write().await?;
        sqlx::query(
            "UPDATE messages SET due_at = ?
             WHERE state = 'active' AND owner = ? AND seq IN (SELECT value FROM json_each(?))",
        )
        .bind(deadline_ms(self.now(), LEASE))
        .bind(&self.0.owner)
        .bind(serde_json::to_string(&messages)?)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Sends a message once there is room for one more on its way.
    async fn send_in_turn(&self, way: Way, message: &Stored) -> Outcome {
        let turn = tokio::select! {
            turn = self.lane(way).sending.enter(&message.origin) => turn,
            () = self.0.stop.cancelled() => None,
        };
        match turn {
            Some(_turn) => self.send(message).await,
            None => Outcome::NotSent,
        }
    }

    async fn send(&self, message: &Stored) -> Outcome {
        // The list of what is allowed may have become shorter since it was accepted.
        let Publication {
            destination,
            delivery,
            ..
        } = &message.publication;
        let accepted = self.destinations().accept(destination);
        let refusal = accepted.err().map(|rejection| rejection.message);
        let has_too_many = delivery.headers.len() > MOST_HEADERS;
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
        let asked = delivery.timeout.map(Duration::from_millis);
        let most = self.0.settings.timeout;
        let timeout = asked.map_or(most, |asked| asked.min(most));
        let sent = tokio::time::timeout(timeout, self.exchange(message, &keys)).await;
        match sent {
            Ok(Ok((head, _))) if is_completed(message, &head) => Outcome::Completed,
            Ok(Ok((head, response))) => judge(&head, response, self.now()),
            _ if self.0.stop.is_cancelled() => Outcome::NotSent,
            Ok(Err(error)) => failed(describe(&error)),
            Err(_) => failed(format!("no answer within {timeout:?}")),
        }
    }

    async fn exchange(
        &self,
        message: &Stored,
        keys: &SigningKeys,
    ) -> std::result::Result<(HeaderMap, Response), reqwest::Error> {
        let Stored { publication, .. } = message;
        let destinations = self.destinations();
        let method = Method::from_bytes(publication.delivery.method().as_bytes());
        let url = destinations.url(&publication.destination);
        let mut request = self
            .0
            .client
            .request(
                method.unwrap_or(Method::POST),
                destinations.address(&publication.destination),
            )
            .header(
                "upstash-signature",
                sign(&keys.current, &url, &publication.body, self.now()),
            )
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
        let mut answer = request.body(publication.body.clone()).send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            let room = LARGEST_RESPONSE - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == LARGEST_RESPONSE {
                break;
            }
        }
        let mut headers = BTreeMap::<_, Vec<_>>::new();
        let mut room = LARGEST_RESPONSE;
        for (name, value) in answer.headers() {
            // Headers of a usual size all fit; of others the first do.
            let Some(left) = room.checked_sub(name.as_str().len() + value.len()) else {
                break;
            };
            room = left;
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers
                .entry(usual_spelling(name.as_str()))
                .or_default()
                .push(value);
        }
        let response = Response {
            status: answer.status().as_u16(),
            headers,
            body: BASE64_STANDARD.encode(body),
        };
        Ok((answer.headers().clone(), response))
    }

    /// Writes down what came of deliveries, many at a time.
    async fn settle_all(self, mut outcomes: mpsc::Receiver<Sent>) {
        let mut batch = Vec::new();
        let trouble = Trouble::default();
        while outcomes.recv_many(&mut batch, LARGEST_BATCH).await > 0 {
            // What cannot be written down is tried again: otherwise it would be delivered again.
            let mut tries_after_stop = 5;
            while trouble
                .heed(
                    "deliveries cannot be written down",
                    self.settle(&batch).await,
                )
                .is_none()
            {
                if self.0.stop.is_cancelled() {
                    tries_after_stop -= 1;
                }
                if tries_after_stop == 0 {
                    break;
                }
                tokio::time::sleep(SETTLE_PAUSE).await;
            }
            batch.clear();
            self.wake();
        }
    }

    async fn settle(&self, batch: &[Sent]) -> Result<()> {
        let mut done = Tally::default();
        let is_completed = |(_, outcome, _): &Sent| matches!(outcome, Outcome::Completed);
        if batch.iter().all(is_completed) {
            done.delivered = batch.len() as u64;
            self.count(done);
            return Ok(());
        }
        let mut tx = self.0.database.write().await?;
        let now = self.now();
        for (message, outcome, _) in batch {
            self.settle_one(&mut tx, message, outcome, now, &mut done)
                .await?;
        }
        tx.commit().await?;
        self.count(done);
        Ok(())
    }

    async fn settle_one(
        &self,
        tx: &mut SqliteConnection,
        message: &Stored,
        outcome: &Outcome,
        now: Timestamp,
        done: &mut Tally,
    ) -> Result<()> {
        let at = now.as_millisecond();
        let mut next = Settled {
            state: "delivered",
            at,
            due_at: at,
            retried: message.retried,
            finished_at: Some(at),
            dead_letter_id: None,
            response: None,
        };
        match outcome {
            Outcome::Completed => {
                done.delivered += 1;
                return Ok(());
            }
            Outcome::Delivered(response) => next.response = Some(response),
            Outcome::NotSent => {
                next.state = "retry";
                next.finished_at = None;
            }
            Outcome::Failed {
                response,
                wait,
                retryable,
                ..
            } => {
                next.response = response.as_ref();
                let delivery = &message.publication.delivery;
                if *retryable && message.retried < delivery.retries() {
                    let expression = delivery.retry_delay.as_deref();
                    let expression = expression.and_then(|text| text.parse::<RetryDelay>().ok());
                    let usual = || match expression {
                        Some(expression) => expression.after(message.retried),
                        None => backoff(message.retried + 1),
                    };
                    let wait = wait.unwrap_or_else(usual);
                    next.state = "retry";
                    next.retried += 1;
                    next.due_at = deadline_ms(now, wait);
                    next.finished_at = None;
                } else {
                    next.state = "failed";
                    next.dead_letter_id = Some(format!("{at}-{}", message.seq));
                }
            }
        }
        if !self.update(tx, message, &next).await? {
            tracing::debug!(
                message = message.id,
                "somebody else has this message by now"
            );
            return Ok(());
        }
        let detail = |error: Option<&String>, next_delivery_time| Detail {
            error: error.cloned(),
            next_delivery_time,
            response: next.response.cloned(),
        };
        let id = &message.id;
        match outcome {
            Outcome::NotSent | Outcome::Completed => return Ok(()),
            Outcome::Delivered(_) => done.delivered += 1,
            Outcome::Failed { error, .. } => {
                match next.dead_letter_id {
                    None => done.retried += 1,
                    Some(_) => done.dead += 1,
                }
                record(tx, id, State::Error, now, &detail(Some(error), None)).await?;
                let (state, again) = match next.dead_letter_id {
                    None => (State::Retry, Some(next.due_at)),
                    Some(_) => (State::Failed, None),
                };
                let detail = Detail {
                    response: None,
                    ..detail(Some(error), again)
                };
                record(tx, id, state, now, &detail).await?;
                tracing::info!(
                    message = id,
                    attempt = message.retried + 1,
                    error,
                    dead = next.dead_letter_id.is_some(),
                    "a delivery failed"
                );
            }
        }
        let failed = next.dead_letter_id.is_some();
        let callbacks = [
            message.publication.callback.as_ref(),
            message
                .publication
                .failure_callback
                .as_ref()
                .filter(|_| failed),
        ];
        for callback in callbacks.into_iter().flatten() {
            self.tell(tx, message, callback, &next, now).await?;
        }
        Ok(())
    }

    /// Moves a message on, if it still is this process' own.
    async fn update(
        &self,
        tx: &mut SqliteConnection,
        message: &Stored,
        next: &Settled<'_>,
    ) -> Result<bool> {
        let response = next.response.map(serde_json::to_string).transpose()?;
        let updated = sqlx::query(
            "UPDATE messages SET state = ?, updated_at = ?, due_at = ?, retried = ?, finished_at = ?,
                 dead_letter_id = ?, response = ?, response_status = ?, owner = NULL
             WHERE seq = ? AND state = 'active' AND owner = ? AND retried = ?",
        )
        .bind(next.state)
        .bind(next.at)
        .bind(next.due_at)
        .bind(next.retried)
        .bind(next.finished_at)
        .bind(&next.dead_letter_id)
        .bind(response)
        .bind(next.response.and_then(Response::status))
        .bind(message.seq)
        .bind(&self.0.owner)
        .bind(message.retried)
        .execute(tx)
        .await?;
        Ok(updated.rows_affected() == 1)
    }

    /// Publishes how a delivery went to whoever wants to know.
    async fn tell(
        &self,
        tx: &mut SqliteConnection,
        message: &Stored,
        callback: &Callback,
        settled: &Settled<'_>,
        now: Timestamp,
    ) -> Result<()> {
        let Publication { delivery, body, .. } = &message.publication;
        let response = settled.response.cloned().unwrap_or_default();
        let mut news = json!({
            "status": response.status,
            "header": response.headers,
            "body": response.body,
            "retried": message.retried,
            "maxRetries": delivery.retries(),
            "sourceMessageId": message.id,
            "url": self.destinations().url(&message.publication.destination),
            "method": delivery.method(),
            "sourceHeader": headers(&delivery.headers, &Redacted::default()),
            "sourceBody": BASE64_STANDARD.encode(body),
            "notBefore": message.not_before,
            "createdAt": message.created_at,
        });
        for (name, value) in [
            ("callerIP", &message.caller_ip),
            ("scheduleId", &message.schedule_id),
            ("dlqId", &settled.dead_letter_id),
        ] {
            if let Some(value) = value {
                news[name] = json!(value);
            }
        }
        let mut publication = Publication {
            destination: callback.url.clone(),
            // What is hidden of the message must not show in the news of it.
            redacted: Redacted {
                body: message.publication.redacted != Redacted::default(),
                ..Redacted::default()
            },
            delivery: callback.delivery.clone(),
            body: news.to_string().into_bytes(),
            ..Publication::default()
        };
        let spec = &mut publication.delivery;
        spec.retries = spec.retries.or(delivery.retries);
        spec.headers.retain(|(name, _)| name != "content-type");
        spec.headers
            .push(("content-type".to_owned(), "application/json".to_owned()));
        let source = Source {
            caller_ip: message.caller_ip.as_deref(),
            schedule: None,
        };
        match accept(tx, self.destinations(), &publication, source, now).await {
            Err(BrokerError::Rejected(rejection)) => {
                tracing::warn!(message = message.id, "a callback was not sent: {rejection}");
                Ok(())
            }
            done => done.map(drop),
        }
    }
}

/// A message that was sent, what came of it, and its place among those in hand.
type Sent = (Stored, Outcome, Place);

/// What there is to do.
pub(super) enum Claimed {
    Messages(Vec<(Stored, Place)>),
    NothingUntil(Duration),
}

/// What a message becomes after a delivery.
struct Settled<'a> {
    state: &'static str,
    at: i64,
    due_at: i64,
    retried: u32,
    finished_at: Option<i64>,
    dead_letter_id: Option<String>,
    response: Option<&'a Response>,
}

/// Puts off a message that cannot be read; see [`UNREADABLE_WAIT`].
async fn put_off(
    tx: &mut SqliteConnection,
    seq: i64,
    error: &BrokerError,
    now: Timestamp,
) -> Result<()> {
    tracing::error!(seq, "{error}, and waits");
    sqlx::query("UPDATE messages SET state = 'retry', owner = NULL, due_at = ? WHERE seq = ?")
        .bind(deadline_ms(now, UNREADABLE_WAIT))
        .bind(seq)
        .execute(tx)
        .await?;
    Ok(())
}

/// What comes of a delivery, also if it panics: a message without an outcome would stay claimed and be
/// sent again every few seconds.
async fn failed_by_panic(delivery: impl Future<Output = Outcome>) -> Outcome {
    // A delivery that is dropped in a panic leaves nothing half done.
    let outcome = AssertUnwindSafe(delivery).catch_unwind().await;
    outcome.unwrap_or_else(|_payload| failed("the queue has met an error of its own".to_owned()))
}

/// A delivery that nobody answered. Why stands where an answer would, for those who look at the dead
/// letter.
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

/// Whether a receiver in this process has marked the message as delivered. Only the application itself is
/// believed.
fn is_completed(message: &Stored, head: &HeaderMap) -> bool {
    message.origin.is_empty() && head.contains_key(COMPLETED_HEADER)
}

/// What an answer means for its message.
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
        wait: asked_for_in(head, &WAITS, now),
        response: Some(response),
        retryable: !refused_for_good,
    }
}

/// Why nobody answered, without the URL, which may hold what only its receiver should know.
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
