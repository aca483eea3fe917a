//! Redis over HTTP, as Upstash speaks it.
//!
//! A command is a JSON array of its parts, sent by POST; `/pipeline` and `/multi-exec` take an
//! array of commands. Each answer is an object with `result` or `error`. Strings come back in
//! base64, because we ask for it: values may be any bytes. What is sent has to be UTF-8, since
//! JSON is.
//! Source: Upstash's documentation, "REST API", and the npm package `@upstash/redis`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use redis::Arg;
use redis::Cmd;
use redis::ErrorKind;
use redis::Pipeline;
use redis::RedisError;
use redis::RedisResult;
use redis::Value;
use reqwest::StatusCode;
use reqwest::header::AUTHORIZATION;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::health::{DownReason, invalid};

pub(crate) struct RestConnection {
    client: reqwest::Client,
    /// Without a slash at the end.
    url: String,
}

/// What a server says of one command.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Result(Json),
    Error(String),
}

impl RestConnection {
    pub(crate) fn new(url: &str, token: &str) -> RedisResult<Self> {
        let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))
            .map_err(|_| invalid("the token of Redis' REST API cannot stand in a header"))?;
        bearer.set_sensitive(true);
        let base64 = HeaderName::from_static("upstash-encoding");
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, bearer),
            (base64, HeaderValue::from_static("base64")),
        ]);
        let client = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| invalid("no HTTP client can be made"))?;
        Ok(Self {
            client,
            url: url.to_owned(),
        })
    }

    pub(crate) async fn command(&self, command: &Cmd) -> RedisResult<Value> {
        let answer: Answer = self.post("/", &parts(command)?).await?;
        Ok(answer.into_value())
    }

    /// The answers to all commands, in their order. Those of a transaction come, as on other
    /// connections, as one array.
    pub(crate) async fn pipeline(&self, pipeline: &Pipeline) -> RedisResult<Vec<Value>> {
        let commands: Vec<Json> = pipeline.cmd_iter().map(parts).collect::<Result<_, _>>()?;
        if !pipeline.is_transaction() {
            let answers: Vec<Answer> = self.post("/pipeline", &Json::Array(commands)).await?;
            return Ok(answers.into_iter().map(Answer::into_value).collect());
        }
        /// A transaction is refused as a whole, or answered command by command.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Answers {
            Each(Vec<Answer>),
            Whole(Answer),
        }
        match self.post("/multi-exec", &Json::Array(commands)).await? {
            Answers::Each(answers) => {
                let values = answers.into_iter().map(Answer::into_value).collect();
                Ok(vec![Value::Array(values)])
            }
            Answers::Whole(answer) => Ok(vec![answer.into_value()]),
        }
    }

    async fn post<T: for<'de> Deserialize<'de>>(&self, path: &str, body: &Json) -> RedisResult<T> {
        let url = format!("{}{path}", self.url);
        let response = self.client.post(url).json(body).send().await;
        let response = response.map_err(|error| unreachable(&error))?;
        let status = response.status();
        // A refused command comes with status 400 and its error in the body.
        if !status.is_success() && status != StatusCode::BAD_REQUEST {
            return Err(refused(status));
        }
        let answer = response.json().await;
        answer.map_err(|error| {
            if error.is_decode() {
                (ErrorKind::Parse, "not an answer of Redis' REST API").into()
            } else {
                unreachable(&error)
            }
        })
    }
}

/// The parts of a command as JSON.
fn parts(command: &Cmd) -> RedisResult<Json> {
    let part = |part| match part {
        Arg::Simple(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Json::from(text)),
            Err(_) => Err(RedisError::from((
                ErrorKind::Client,
                "only text can be sent over REST",
            ))),
        },
        _ => Ok(Json::from("0")),
    };
    command.args_iter().map(part).collect()
}

impl Answer {
    fn into_value(self) -> Value {
        match self {
            Self::Result(json) => value(json),
            // Back into the form of the wire, from which the error's code is parsed.
            Self::Error(message) => {
                let throttled = DownReason::Throttled
                    .code()
                    .filter(|_| is_about_a_quota(&message));
                let message = throttled.unwrap_or(&message);
                let line = format!("-{}\r\n", message.replace(['\r', '\n'], " "));
                redis::parse_redis_value(line.as_bytes()).unwrap_or(Value::Nil)
            }
        }
    }
}

fn value(json: Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(truth) => Value::Boolean(truth),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Int(integer),
            None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        // The one string that is sent as it is.
        Json::String(text) if text == "OK" => Value::Okay,
        Json::String(text) => Value::BulkString(match BASE64_STANDARD.decode(&text) {
            Ok(bytes) => bytes,
            Err(_) => text.into_bytes(),
        }),
        Json::Array(items) => Value::Array(items.into_iter().map(value).collect()),
        Json::Object(entries) => {
            let text = |key: String| Value::BulkString(key.into_bytes());
            let entries = entries.into_iter();
            Value::Map(
                entries
                    .map(|(key, item)| (text(key), value(item)))
                    .collect(),
            )
        }
    }
}

fn unreachable(error: &reqwest::Error) -> RedisError {
    let kind = if error.is_timeout() {
        std::io::ErrorKind::TimedOut
    } else if error.is_connect() {
        std::io::ErrorKind::ConnectionRefused
    } else {
        std::io::ErrorKind::ConnectionReset
    };
    RedisError::from(std::io::Error::from(kind))
}

/// What a status means that brings no answer of Redis.
fn refused(status: StatusCode) -> RedisError {
    let reason = match status.as_u16() {
        401 | 403 => DownReason::TokenRejected,
        402 | 429 => DownReason::Throttled,
        300..=399 | 404 | 405 | 410 => DownReason::NoRestApi,
        // About this request alone.
        413 | 414 | 431 => return (ErrorKind::Client, "too large for the REST API").into(),
        500.. => DownReason::ServerError,
        _ => DownReason::InvalidAnswer,
    };
    match reason.code() {
        Some(code) => redis::make_extension_error(code.to_owned(), None),
        None => (ErrorKind::Parse, "not an answer of Redis' REST API").into(),
    }
}

/// Whether Upstash has answered for Redis, because the database has used up its plan.
fn is_about_a_quota(message: &str) -> bool {
    ["ERR max daily request limit", "ERR max requests limit"]
        .iter()
        .any(|start| message.starts_with(start))
}
