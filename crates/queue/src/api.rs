//! The broker over HTTP, as QStash's SDKs speak to it: `/qstash/v2/…`.
//!
//! Callers present a token. Paths are matched without regard to case, because one of the SDKs writes
//! them so. Errors are problems, whose `error` is what the SDKs show.
//! Source: Upstash's OpenAPI description, and the npm package `@upstash/qstash` 2.12.

use std::net::IpAddr;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::any;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use subtle::ConstantTimeEq;

use super::broker::Broker;
use super::broker::BrokerError;
use super::broker::Result;
use super::broker::accept::Accepted;
use super::broker::accept::Source;
use super::broker::accept::check;
use super::broker::dead::Retried;
use super::broker::dead::no_such_letter;
use super::broker::filter::Filter;
use super::broker::schedules::Plan;
use super::message::Header;
use super::message::Publication;
use super::rejection::Rejection;
use super::signature::SigningKeys;
use crate::problem::Problem;
use kith_runtime::without_byte_order_mark;

const PREFIX: &str = "/qstash/v2/";

/// The most messages in one batch.
const LARGEST_BATCH: usize = 1000;

/// Whose request it is. The application says so in the request's extensions, because it knows its
/// proxies.
#[derive(Clone, Copy, Debug)]
pub struct CallerIp(pub IpAddr);

/// What the API needs.
#[derive(Clone)]
pub struct Options {
    /// The broker that the API is of.
    pub broker: Broker,
    /// The token that clients present. Without one, the API refuses every request.
    pub token: Option<String>,
    /// The setting that holds the token, for refusals that tell the operator what to change.
    pub token_setting: &'static str,
    /// The setting that limits the size of a body, for the same.
    pub body_setting: &'static str,
}

/// The routes of the broker, under `/qstash/`.
pub fn router<S: Clone + Send + Sync + 'static>(options: Options) -> Router<S> {
    Router::new()
        .route("/qstash/{*path}", any(answer))
        .with_state(Api(options))
}

#[derive(Clone)]
struct Api(Options);

async fn answer(State(api): State<Api>, request: Request) -> Response {
    if let Some(refusal) = api.refusal(&request) {
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

/// A request to the broker.
struct Call {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    caller_ip: Option<String>,
    body: Bytes,
}

impl Api {
    /// The answer to whoever presents no token, or another one.
    fn refusal(&self, request: &Request) -> Option<Response> {
        let refuse = |detail: &str| {
            let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
            let mut response = problem.into_response();
            let scheme = header::HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, scheme);
            Some(response)
        };
        let setting = self.0.token_setting;
        let Some(expected) = &self.0.token else {
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

    async fn act(&self, call: &Call) -> Result<Response> {
        let Some(path) = strip_prefix_ignoring_case(&call.path, PREFIX) else {
            return Err(no_such_path().into());
        };
        let (head, rest) = path.split_once('/').unwrap_or((path, ""));
        let head = head.to_ascii_lowercase();
        let broker = &self.0.broker;
        let id = percent_decode_str(rest).decode_utf8_lossy();
        let is = |method: Method| call.method == method;
        // Whoever meant one thing by its id and lost the id does not mean all of them.
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
                broker.cancel_one(&id).await?;
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

    fn parse(
        &self,
        destination: &str,
        headers: &[Header],
        body: Vec<u8>,
    ) -> std::result::Result<Publication, Rejection> {
        Publication::parse(destination, headers, body, self.0.broker.clock().now())
    }

    async fn publish(&self, call: &Call, destination: &str) -> Result<Response> {
        let (destination, mut headers) = call.publication_parts(destination)?;
        let times = Times::take(&mut headers);
        let publication = self.parse(&destination, &headers, call.body.to_vec())?;
        if let Some(times) = times {
            return Ok(ok(self.schedule(call, times, &publication).await?));
        }
        check(self.0.broker.destinations(), &publication)?;
        let source = call.source();
        let accepted = self.0.broker.publish(&[publication], source).await?;
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
            .0
            .broker
            .schedule(id, &cron, publication, caller_ip)
            .await?;
        Ok(scheduled(&id))
    }

    /// Publishes and schedules what can be, in one transaction, and says of the rest why not. A client that
    /// is told that the queue could not answer may thus send the same batch again.
    async fn batch(&self, call: &Call) -> Result<Response> {
        #[derive(Deserialize)]
        struct Item {
            destination: String,
            #[serde(default)]
            headers: Map<String, Value>,
            #[serde(default)]
            body: String,
            queue: Option<String>,
        }
        let items: Vec<Value> = serde_json::from_slice(without_byte_order_mark(&call.body))
            .map_err(|_| {
                Rejection::bad_request(
                    "A batch is a JSON array of objects with a destination each.",
                )
            })?;
        if items.len() > LARGEST_BATCH {
            return Err(Rejection::bad_request(format!(
                "A batch has at most {LARGEST_BATCH} messages. Send several."
            ))
            .into());
        }
        enum Understood {
            Message(Publication),
            Schedule(Plan),
        }
        let understand = |item: Value| -> std::result::Result<Understood, Rejection> {
            let item: Item = serde_json::from_value(item).map_err(|_| {
                Rejection::bad_request("A message of a batch is an object with a destination, and perhaps headers and a body of text.")
            })?;
            if item.queue.is_some() {
                return Err(Rejection::not_implemented(
                    "Named queues are not there yet. Publish without one.",
                ));
            }
            let mut headers: Vec<Header> = item
                .headers
                .into_iter()
                .map(|(name, value)| {
                    let value = match value {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    (name.to_ascii_lowercase(), value)
                })
                .collect();
            let times = Times::take(&mut headers);
            let publication = self.parse(&item.destination, &headers, item.body.into_bytes())?;
            Ok(match times {
                Some(Times { cron, id }) => {
                    Understood::Schedule(self.0.broker.plan(id, &cron, &publication)?)
                }
                None => {
                    check(self.0.broker.destinations(), &publication)?;
                    Understood::Message(publication)
                }
            })
        };
        let understood: Vec<_> = items.into_iter().map(understand).collect();
        let mut transaction = self.0.broker.begin(call.source()).await?;
        let mut answers = Vec::with_capacity(understood.len());
        for item in understood {
            let answer = match item {
                Ok(Understood::Message(publication)) => {
                    let accepted = transaction.publish(&publication).await;
                    accepted.map(|accepted| describe(&accepted))
                }
                Ok(Understood::Schedule(plan)) => {
                    let id = transaction.schedule(&plan).await;
                    id.map(|id| scheduled(&id))
                }
                Err(rejection) => Err(rejection.into()),
            };
            answers.push(match answer {
                Err(BrokerError::Rejected(Rejection { message, .. })) => {
                    json!({ "error": message })
                }
                answer => answer?,
            });
        }
        transaction.commit().await?;
        Ok(ok(Value::Array(answers)))
    }

    async fn act_on_schedules(&self, call: &Call, rest: &str, id: &str) -> Result<Response> {
        let broker = &self.0.broker;
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
            return Ok(ok(broker.one_schedule(id).await?));
        }
        if is(Method::DELETE) {
            broker.delete_schedule(id).await?;
            return Ok(ok(json!({})));
        }
        Err(wrong_method().into())
    }

    async fn act_on_dead_letters(&self, call: &Call, rest: &str, id: &str) -> Result<Response> {
        let broker = &self.0.broker;
        let filter = || Filter::parse(&call.query);
        let one = |id: &str| Filter::dead_letter(id);
        let (first, after) = rest.split_once('/').unwrap_or((rest, ""));
        if first.eq_ignore_ascii_case("retry") {
            if call.method != Method::POST {
                return Err(wrong_method().into());
            }
            let filter = if after.is_empty() {
                call.chosen("dlqIds")?
            } else {
                one(after)
            };
            let (_, headers) = call.publication_parts("")?;
            let Retried {
                sent, why, cursor, ..
            } = broker.retry_dead(&filter, &headers).await?;
            if let (Some(rejection), true) = (why, sent.is_empty()) {
                return Err(rejection.into());
            }
            let responses: Vec<Value> = sent.iter().map(describe).collect();
            let answer = if after.is_empty() {
                page("responses", responses, cursor)
            } else {
                // Somebody else may have been faster.
                let sent = responses.into_iter().next();
                sent.ok_or_else(|| no_such_letter(after))?
            };
            return Ok(json_with(StatusCode::CREATED, answer));
        }
        match (&call.method, rest) {
            (&Method::GET, "") => {
                let (letters, cursor) = broker.dead_letters(&filter()?).await?;
                Ok(ok(page("messages", letters, cursor)))
            }
            (&Method::GET, _) => Ok(ok(broker.dead_letter(id).await?)),
            (&Method::DELETE, "") => {
                let (deleted, cursor) = broker.delete_dead(&call.chosen("dlqIds")?).await?;
                let mut answer = json!({ "deleted": deleted });
                if let Some(cursor) = cursor {
                    answer["cursor"] = json!(cursor);
                }
                Ok(ok(answer))
            }
            (&Method::DELETE, _) => {
                if broker.delete_dead(&one(id)).await?.0 == 0 {
                    return Err(no_such_letter(id).into());
                }
                Ok(ok(json!({})))
            }
            _ => Err(wrong_method().into()),
        }
    }
}

/// When a schedule fires, and what it is called.
struct Times {
    cron: String,
    id: Option<String>,
}

impl Times {
    /// Takes what belongs to a schedule out of the headers of a publication; `None` if it is no schedule.
    fn take(headers: &mut Vec<Header>) -> Option<Self> {
        let mut take = |name: &str| {
            let index = headers.iter().position(|(header, _)| header == name)?;
            Some(headers.swap_remove(index).1)
        };
        let cron = take("upstash-cron")?;
        Some(Self {
            cron,
            id: take("upstash-schedule-id"),
        })
    }
}

impl Call {
    fn source(&self) -> Source<'_> {
        Source {
            caller_ip: self.caller_ip.as_deref(),
            schedule: None,
        }
    }

    /// What somebody chooses to act on: by parameters, or by ids in a body. `Upstash-*` parameters, which
    /// stand for headers, choose nothing.
    fn chosen(&self, ids: &str) -> Result<Filter> {
        let parameters = self.query.split('&');
        let choosing = parameters.filter(|part| !parameter_name(part).starts_with("upstash-"));
        let mut query = choosing.collect::<Vec<_>>().join("&");
        if self.method == Method::DELETE && query.len() < self.query.len() {
            return Err(Rejection::bad_request("Upstash-* parameters choose nothing here.").into());
        }
        if !self.body.is_empty() {
            let named: Option<Vec<String>> =
                serde_json::from_slice::<Value>(without_byte_order_mark(&self.body))
                    .ok()
                    .and_then(|body| serde_json::from_value(body.get(ids)?.clone()).ok());
            let named = named.filter(|named| !named.is_empty()).ok_or_else(|| {
                Rejection::bad_request(format!(
                    "A body here is a JSON object with {ids}, an array of at least one id."
                ))
            })?;
            let named = named.iter().map(|id| (ids, id));
            query = form_urlencoded::Serializer::new(query)
                .extend_pairs(named)
                .finish();
        }
        Ok(Filter::parse(&query)?)
    }

    /// The destination with its own query, and everything that is asked of the queue: `Upstash-*`
    /// headers may also be given as parameters.
    fn publication_parts(&self, destination: &str) -> Result<(String, Vec<Header>)> {
        let mut headers = Vec::new();
        let forward_all = self.headers.contains_key("upstash-header-forward");
        let matters =
            |name: &str| forward_all || name == "content-type" || name.starts_with("upstash-");
        let given = self.headers.iter();
        for (name, value) in given.filter(|(name, _)| matters(name.as_str())) {
            let value = value.to_str().map_err(|_| {
                Rejection::bad_request(format!("The header {name} holds what is not ASCII."))
            })?;
            headers.push((name.as_str().to_owned(), value.to_owned()));
        }
        let is_ours = |parameter: &&str| {
            let name = parameter_name(parameter);
            name.starts_with("upstash-") || name == "qstash_token"
        };
        let parameters = || self.query.split('&').filter(|part| !part.is_empty());
        for parameter in parameters().filter(is_ours) {
            for (name, value) in form_urlencoded::parse(parameter.as_bytes()) {
                headers.push((name.to_ascii_lowercase(), value.into_owned()));
            }
        }
        let theirs: Vec<&str> = parameters().filter(|part| !is_ours(part)).collect();
        // Some clients escape the URL, which says that it is one only once it is read.
        let mut destination = if destination.contains("://") {
            destination.to_owned()
        } else {
            let unescaped = percent_decode_str(destination).decode_utf8();
            let unescaped = unescaped.map_err(|_| {
                Rejection::bad_request("The destination is escaped, but not from UTF-8.")
            })?;
            unescaped.into_owned()
        };
        if !theirs.is_empty() {
            destination = format!("{destination}?{}", theirs.join("&"));
        }
        Ok((destination, headers))
    }
}

/// The name of a parameter as it is read where it counts: unescaped, and in lower case.
fn parameter_name(parameter: &str) -> String {
    let name = parameter.split('=').next().unwrap_or_default();
    let name = percent_decode_str(name).decode_utf8_lossy();
    name.to_ascii_lowercase()
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn describe(accepted: &Accepted) -> Value {
    let mut value = json!({ "messageId": accepted.message_id, "url": accepted.url });
    if accepted.deduplicated {
        value["deduplicated"] = json!(true);
    }
    value
}

fn scheduled(id: &str) -> Value {
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

fn ok(value: Value) -> Response {
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
