//! QStash as a client sees it: publishing and scheduling over its REST API.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use kith_runtime::HealthRecorder;
use reqwest::Response;
use reqwest::StatusCode;
use reqwest::Url;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use serde::Deserialize;

use super::delay::retry_after;
use super::destination::Destinations;
use super::destination::is_foreign;
use super::message::DeliverySpec;
use super::message::Publication;
use super::outbox::OutboxMessage;

/// How long QStash may take to answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer that is read, in bytes. QStash answers with an id.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Headers in which it says when to come again, the first that is there counts.
const WAITS: [&str; 3] = ["retry-after", "burst-ratelimit-reset", "ratelimit-reset"];

/// The address of an API: an origin and perhaps a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

/// The text is not the address of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of an API, such as https://qstash.upstash.io")]
pub struct InvalidBaseUrl;

impl BaseUrl {
    /// Without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.trim_end_matches('/')
    }
}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        let url = Url::parse(text).map_err(|_| InvalidBaseUrl)?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let known = matches!(url.scheme(), "http" | "https") && !text.contains(is_foreign);
        if plain && known {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidBaseUrl)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub struct QStash {
    client: reqwest::Client,
    /// With the version, for example `https://qstash.upstash.io/v2`.
    base: String,
    destinations: Destinations,
    health: HealthRecorder,
}

/// Why QStash did not take something. It may be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishError {
    /// For the log: holds no token and nothing of the message.
    pub reason: String,
    /// How long QStash wants to be left alone.
    pub wait: Option<Duration>,
}

impl QStash {
    /// `url` is the origin of QStash, or of a server that speaks its protocol, perhaps with a path.
    /// `destinations` says under which origin QStash reaches this application.
    pub fn new(url: &str, token: &str, destinations: Destinations) -> Self {
        let mut headers = HeaderMap::new();
        if let Ok(mut token) = HeaderValue::try_from(format!("Bearer {token}")) {
            token.set_sensitive(true);
            headers.insert(reqwest::header::AUTHORIZATION, token);
        }
        kith_runtime::install_crypto_provider();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .default_headers(headers)
            .timeout(REQUEST_TIMEOUT)
            .build()
            .expect("these options go together");
        Self {
            client,
            base: format!("{}/v2", url.trim_end_matches('/')),
            destinations,
            health: HealthRecorder::default(),
        }
    }

    /// How QStash is, as far as the last answer tells.
    pub fn health(&self) -> &HealthRecorder {
        &self.health
    }

    /// Publishes a message; the answer is the id that QStash gave it. A message that it has seen
    /// before in the last ten minutes it does not take a second time.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn publish(&self, message: &OutboxMessage) -> Result<String, PublishError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Published {
            message_id: String,
        }
        let publication = &message.publication;
        let mut headers = self.headers(publication);
        set(&mut headers, "upstash-deduplication-id", &message.id);
        if let Some(at) = publication.not_before {
            // Seconds, rounded up.
            set(
                &mut headers,
                "upstash-not-before",
                &((at + 999) / 1000).to_string(),
            );
        }
        let url = format!(
            "{}/publish/{}",
            self.base,
            self.destinations.url(&publication.destination)
        );
        let published: Published = self.post(url, headers, &publication.body).await?;
        Ok(published.message_id)
    }

    /// Creates a schedule, or replaces the one with this id.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn schedule(
        &self,
        id: &str,
        cron: &str,
        publication: &Publication,
    ) -> Result<(), PublishError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Scheduled {
            #[serde(rename = "scheduleId")]
            _schedule_id: String,
        }
        let mut headers = self.headers(publication);
        set(&mut headers, "upstash-schedule-id", id);
        set(&mut headers, "upstash-cron", cron);
        let url = format!(
            "{}/schedules/{}",
            self.base,
            self.destinations.url(&publication.destination)
        );
        let _: Scheduled = self.post(url, headers, &publication.body).await?;
        Ok(())
    }

    /// Records the health of QStash. A refusal of one message says nothing about it.
    fn record_health(&self, answer: Result<&Response, &PublishError>) {
        let failure = match answer {
            Err(error) => Some(error.reason.clone()),
            Ok(answer) => {
                let status = answer.status();
                let of_all = matches!(
                    status,
                    StatusCode::UNAUTHORIZED
                        | StatusCode::FORBIDDEN
                        | StatusCode::PRECONDITION_FAILED
                        | StatusCode::TOO_MANY_REQUESTS
                );
                (of_all || status.is_server_error()).then(|| refused(answer).reason)
            }
        };
        let failure = failure.map(|reason| format!("{}.", reason.trim_end_matches('.')));
        let failure = failure.map(|reason| reason.replacen("it", "QStash", 1));
        self.health.record(failure);
    }

    async fn post<T: for<'de> Deserialize<'de>>(
        &self,
        url: String,
        headers: HeaderMap,
        body: &[u8],
    ) -> Result<T, PublishError> {
        let request = self.client.post(url).headers(headers).body(body.to_vec());
        let answer = request.send().await.map_err(|error| unreachable(&error));
        self.record_health(answer.as_ref());
        let answer = answer?;
        if !answer.status().is_success() {
            return Err(refused(&answer));
        }
        read_json(answer).await
    }

    fn headers(&self, publication: &Publication) -> HeaderMap {
        let mut headers = HeaderMap::new();
        describe(&mut headers, "", &publication.delivery);
        for (kind, callback) in [
            ("callback", &publication.callback),
            ("failure-callback", &publication.failure_callback),
        ] {
            if let Some(callback) = callback {
                let url = self.destinations.url(&callback.url);
                set(&mut headers, &format!("upstash-{kind}"), &url);
                describe(&mut headers, &format!("{kind}-"), &callback.delivery);
            }
        }
        if !publication.labels.is_empty() {
            set(&mut headers, "upstash-label", &publication.labels.join(","));
        }
        headers
    }
}

/// The headers that say how to deliver. The delay of a message is told as a time instead.
fn describe(headers: &mut HeaderMap, prefix: &str, delivery: &DeliverySpec) {
    set(
        headers,
        &format!("upstash-{prefix}method"),
        delivery.method(),
    );
    let seconds =
        |milliseconds: Option<u64>| milliseconds.map(|ms| format!("{}s", ms.div_ceil(1000)));
    for (name, value) in [
        (
            "retries",
            delivery.retries.map(|retries| retries.to_string()),
        ),
        ("retry-delay", delivery.retry_delay.clone()),
        ("timeout", seconds(delivery.timeout)),
    ] {
        if let Some(value) = value {
            set(headers, &format!("upstash-{prefix}{name}"), &value);
        }
    }
    for (name, value) in &delivery.headers {
        if name == "content-type" && prefix.is_empty() {
            set(headers, name, value);
        } else {
            set(headers, &format!("upstash-{prefix}forward-{name}"), value);
        }
    }
}

/// Sets a header whose parts have been found valid when they were parsed.
fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        headers.insert(name, value);
    }
}

/// Reads the JSON of an answer. An answer that is longer than [`MAX_ANSWER_BYTES`] is not QStash's.
async fn read_json<T: for<'de> Deserialize<'de>>(mut answer: Response) -> Result<T, PublishError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&error))? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            return Err(not_understood());
        }
    }
    serde_json::from_slice(&body).map_err(|_| not_understood())
}

fn not_understood() -> PublishError {
    PublishError {
        reason: "it sent an answer that is not understood".to_owned(),
        wait: None,
    }
}

fn unreachable(error: &reqwest::Error) -> PublishError {
    let reason = if error.is_timeout() {
        "it did not answer in time"
    } else {
        "it cannot be reached"
    };
    PublishError {
        reason: reason.to_owned(),
        wait: None,
    }
}

fn refused(answer: &Response) -> PublishError {
    let status = answer.status();
    let advice = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => " Check QSTASH_TOKEN and QSTASH_URL.",
        StatusCode::PRECONDITION_FAILED => " The plan's limit may be reached.",
        _ => "",
    };
    PublishError {
        reason: format!("it answered {}.{advice}", status.as_u16()),
        wait: retry_after(answer.headers(), &WAITS, Timestamp::now()),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::Router;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_answer_without_an_end_is_not_read_to_its_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let endless = || async {
            let chunks =
                futures_util::stream::repeat_with(|| Ok::<_, Infallible>(vec![b' '; 1024]));
            axum::body::Body::from_stream(chunks)
        };
        let router = Router::new().fallback(endless);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let destinations = Destinations {
            origin: "https://app.example".to_owned(),
            reached_at: "http://127.0.0.1:1".to_owned(),
            webhooks: "/hooks/",
            allowed: Vec::new(),
            allow_setting: "",
        };
        let qstash = QStash::new(&origin, "token", destinations);
        let message = OutboxMessage {
            id: "1".to_owned(),
            publication: Publication {
                destination: "/hooks/a".to_owned(),
                ..Publication::default()
            },
        };
        let refused = qstash.publish(&message).await.expect_err("no answer");
        assert_eq!(refused.reason, "it sent an answer that is not understood");
    }
}
