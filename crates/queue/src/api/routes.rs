//! The routes of the API and their actions.

use axum::Json;
use axum::http::Method;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use serde_json::json;

use super::Options;
use super::call::Call;
use super::call::Times;
use super::call::strip_prefix_ignoring_case;
use crate::broker::Broker;
use crate::broker::BrokerError;
use crate::broker::Result;
use crate::broker::accept::Accepted;
use crate::broker::accept::check;
use crate::broker::dead::RetriedPage;
use crate::broker::dead::no_such_dead_letter;
use crate::broker::filter::Filter;
use crate::message::Header;
use crate::message::Publication;
use crate::rejection::Rejection;
use crate::signature::SigningKeys;

const PREFIX: &str = "/qstash/v2/";

/// The API of one broker.
#[derive(Clone)]
pub(super) struct Api(pub(super) Options);

impl Api {
    pub(super) fn broker(&self) -> &Broker {
        &self.0.broker
    }

    /// Does what a request asks for.
    pub(super) async fn act(&self, call: &Call) -> Result<Response> {
        let Some(path) = strip_prefix_ignoring_case(&call.path, PREFIX) else {
            return Err(no_such_path().into());
        };
        let (head, rest) = path.split_once('/').unwrap_or((path, ""));
        let head = head.to_ascii_lowercase();
        let broker = self.broker();
        let id = percent_decode_str(rest).decode_utf8_lossy();
        let is = |method: Method| call.method == method;
        // A client that means one message and has lost its id does not mean all messages.
        if rest.is_empty() && path.ends_with('/') {
            return Err(Rejection::not_found("The path ends where an id is missing.").into());
        }
        match (&*head, rest) {
            ("publish", _) if is(Method::POST) => self.publish(call, rest).await,
            ("batch", "") if is(Method::POST) => self.batch(call).await,
            ("messages", "") if is(Method::DELETE) => {
                let cancelled = broker.cancel(&call.chosen("messageIds")?).await?;
                Ok(json_with(
                    StatusCode::ACCEPTED,
                    json!({ "cancelled": cancelled }),
                ))
            }
            ("messages", _) if is(Method::GET) => Ok(ok(broker.message(&id).await?)),
            ("messages", _) if is(Method::DELETE) => {
                broker.cancel_message(&id).await?;
                Ok(json_with(StatusCode::ACCEPTED, json!({ "cancelled": 1 })))
            }
            ("schedules", _) => self.act_on_schedules(call, rest, &id).await,
            ("dlq", _) => self.act_on_dead_letters(call, rest, &id).await,
            ("events" | "logs", "") if is(Method::GET) => {
                let (events, cursor) = broker.events(&Filter::parse(&call.query)?).await?;
                Ok(ok(page(&head, events, cursor)))
            }
            ("keys", "") if is(Method::GET) => Ok(ok(keys(&broker.keys().await?))),
            ("keys", "rotate") | ("rotate", "") if is(Method::POST) => {
                Ok(ok(keys(&broker.rotate_keys().await?)))
            }
            ("enqueue" | "queues", _) => Err(not_yet("Named queues")),
            ("topics", _) => Err(not_yet("URL groups")),
            ("flowcontrol" | "globalparallelism", _) => Err(not_yet("Flow control keys")),
            ("publish" | "batch" | "messages" | "events" | "logs" | "keys" | "rotate", _) => {
                Err(wrong_method().into())
            }
            _ => Err(no_such_path().into()),
        }
    }

    pub(super) fn parse(
        &self,
        destination: &str,
        headers: &[Header],
        body: Vec<u8>,
    ) -> std::result::Result<Publication, Rejection> {
        Publication::parse(destination, headers, body, self.broker().clock().now())
    }

    async fn publish(&self, call: &Call, destination: &str) -> Result<Response> {
        let (destination, mut headers) = call.publication_parts(destination)?;
        let times = Times::take(&mut headers);
        let publication = self.parse(&destination, &headers, call.body.to_vec())?;
        if let Some(times) = times {
            return Ok(ok(self.schedule(call, times, &publication).await?));
        }
        check(self.broker().destinations(), &publication)?;
        let provenance = call.provenance();
        let accepted = self.broker().publish(&[publication], provenance).await?;
        let status = match accepted.first() {
            Some(Accepted {
                deduplicated: true, ..
            }) => StatusCode::ACCEPTED,
            _ => StatusCode::OK,
        };
        let accepted = accepted.first().map(describe).unwrap_or_default();
        Ok(json_with(status, accepted))
    }

    /// Creates a schedule, or replaces the one with the same id.
    async fn schedule(
        &self,
        call: &Call,
        times: Times,
        publication: &Publication,
    ) -> Result<Value> {
        let Times { cron, id } = times;
        let caller_ip = call.caller_ip.as_deref();
        let id = self
            .broker()
            .schedule(id, &cron, publication, caller_ip)
            .await?;
        Ok(scheduled(&id))
    }

    async fn act_on_schedules(&self, call: &Call, rest: &str, id: &str) -> Result<Response> {
        let broker = self.broker();
        let is = |method: Method| call.method == method;
        let of_one = !id.contains("://") && !id.starts_with('/');
        if let Some((id, action)) = id.split_once('/').filter(|_| of_one) {
            let paused = match &*action.to_ascii_lowercase() {
                "pause" => true,
                "resume" => false,
                _ => return Err(no_such_path().into()),
            };
            if !is(Method::POST) && !is(Method::PATCH) {
                return Err(wrong_method().into());
            }
            broker.pause_schedule(id, paused).await?;
            return Ok(ok(json!({})));
        }
        if is(Method::POST) {
            let (destination, mut headers) = call.publication_parts(rest)?;
            let times = Times::take(&mut headers).ok_or_else(|| {
                Rejection::bad_request("A schedule needs Upstash-Cron, such as 0 9 * * *.")
            })?;
            let publication = self.parse(&destination, &headers, call.body.to_vec())?;
            return Ok(ok(self.schedule(call, times, &publication).await?));
        }
        if is(Method::GET) && id.is_empty() {
            return Ok(ok(Value::Array(broker.schedules().await?)));
        }
        if is(Method::GET) {
            return Ok(ok(broker.find_schedule(id).await?));
        }
        if is(Method::DELETE) {
            broker.delete_schedule(id).await?;
            return Ok(ok(json!({})));
        }
        Err(wrong_method().into())
    }

    /// Sends one dead letter again, or without an id those that the client chooses.
    async fn retry_dead_letters(&self, call: &Call, id: &str) -> Result<Response> {
        if call.method != Method::POST {
            return Err(wrong_method().into());
        }
        let filter = if id.is_empty() {
            call.chosen("dlqIds")?
        } else {
            Filter::dead_letter(id)
        };
        let (_, headers) = call.publication_parts("")?;
        let RetriedPage {
            sent,
            rejection,
            cursor,
            ..
        } = self.broker().retry_dead_letters(&filter, &headers).await?;
        if let (Some(rejection), true) = (rejection, sent.is_empty()) {
            return Err(rejection.into());
        }
        let responses: Vec<Value> = sent.iter().map(describe).collect();
        let answer = if id.is_empty() {
            page("responses", responses, cursor)
        } else {
            // Another client may have been faster.
            let sent = responses.into_iter().next();
            sent.ok_or_else(|| no_such_dead_letter(id))?
        };
        Ok(json_with(StatusCode::CREATED, answer))
    }

    async fn act_on_dead_letters(&self, call: &Call, rest: &str, id: &str) -> Result<Response> {
        let broker = self.broker();
        let (first, after) = rest.split_once('/').unwrap_or((rest, ""));
        if first.eq_ignore_ascii_case("retry") {
            return self.retry_dead_letters(call, after).await;
        }
        match (&call.method, rest) {
            (&Method::GET, "") => {
                let (letters, cursor) = broker.dead_letters(&Filter::parse(&call.query)?).await?;
                Ok(ok(page("messages", letters, cursor)))
            }
            (&Method::GET, _) => Ok(ok(broker.dead_letter(id).await?)),
            (&Method::DELETE, "") => {
                let (deleted, cursor) = broker.delete_dead_letters(&call.chosen("dlqIds")?).await?;
                let mut answer = json!({ "deleted": deleted });
                if let Some(cursor) = cursor {
                    answer["cursor"] = json!(cursor);
                }
                Ok(ok(answer))
            }
            (&Method::DELETE, _) => {
                if broker
                    .delete_dead_letters(&Filter::dead_letter(id))
                    .await?
                    .0
                    == 0
                {
                    return Err(no_such_dead_letter(id).into());
                }
                Ok(ok(json!({})))
            }
            _ => Err(wrong_method().into()),
        }
    }
}

pub(super) fn describe(accepted: &Accepted) -> Value {
    let mut value = json!({ "messageId": accepted.message_id, "url": accepted.url });
    if accepted.deduplicated {
        value["deduplicated"] = json!(true);
    }
    value
}

pub(super) fn scheduled(id: &str) -> Value {
    json!({ "scheduleId": id })
}

fn keys(keys: &SigningKeys) -> Value {
    json!({ "current": keys.current.reveal(), "next": keys.next.reveal() })
}

fn page(name: &str, rows: Vec<Value>, cursor: Option<String>) -> Value {
    let mut page = json!({ name: rows });
    if let Some(cursor) = cursor {
        page["cursor"] = json!(cursor);
    }
    page
}

pub(super) fn ok(value: Value) -> Response {
    Json(value).into_response()
}

fn json_with(status: StatusCode, value: Value) -> Response {
    (status, Json(value)).into_response()
}

fn not_yet(what: &str) -> BrokerError {
    Rejection::not_implemented(format!("{what} are not there yet.")).into()
}

fn no_such_path() -> Rejection {
    Rejection::not_found("The queue's API has nothing at this path. It speaks QStash's v2.")
}

fn wrong_method() -> Rejection {
    Rejection {
        status: StatusCode::METHOD_NOT_ALLOWED,
        message: "This path does not take this method.".to_owned(),
    }
}
