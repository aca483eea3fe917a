//! What is published: where a message goes, what it says, and how it is to be delivered.
//!
//! A [`Publication`] is parsed from the `Upstash-*` headers of a request, of an item of a batch, or of
//! a schedule, and holds nothing that the broker could not act upon.
//! Source: Upstash's documentation, "Publish a message" and its OpenAPI description.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::HeaderName;
use axum::http::HeaderValue;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;

use super::delay::RetryDelay;
use super::delay::parse_duration;
use super::destination::mended;
use super::rejection::Rejection;

/// How often a delivery is repeated when the publisher does not say.
pub const USUAL_RETRIES: u32 = 3;

/// The most that a publisher may ask for.
const MOST_RETRIES: u32 = 1000;

/// The longest that a message may wait for its first delivery.
const LONGEST_DELAY: Duration = Duration::from_secs(365 * 24 * 3600);

/// The longest id of a deduplication or a schedule, and the longest label, in bytes.
const LONGEST_ID: usize = 256;

/// The most headers that a publisher may have sent to a receiver.
const MOST_HEADERS: usize = 100;

/// The most bytes of them, names and values together.
const MOST_HEADER_BYTES: usize = 16 * 1024;

/// A header by its lower-case name.
pub type Header = (String, String);

/// A message as it is published. The body travels beside its JSON, as bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Publication {
    /// An absolute URL, or the path of a webhook of the application itself.
    pub destination: String,
    #[serde(flatten)]
    pub delivery: DeliverySpec,
    #[serde(skip)]
    pub body: Vec<u8>,
    /// What nobody may read in what is told of the message later.
    pub redacted: Redacted,
    /// Unix milliseconds; wins over the delay.
    pub not_before: Option<i64>,
    pub callback: Option<Callback>,
    pub failure_callback: Option<Callback>,
    pub labels: Vec<String>,
    /// Messages with the same one are taken once in a while.
    #[serde(skip)]
    pub deduplication: Option<String>,
}

/// How something is delivered, a message or the news of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeliverySpec {
    /// One of the five that [`parse`](Publication::parse) knows; `POST` when empty.
    pub method: String,
    /// What the receiver gets beside what the broker adds, the content type included.
    pub headers: Vec<Header>,
    /// In milliseconds.
    pub delay: Option<u64>,
    pub retries: Option<u32>,
    /// An expression; see [`RetryDelay`].
    pub retry_delay: Option<String>,
    /// In milliseconds.
    pub timeout: Option<u64>,
}

/// Whom to tell how a message fares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Callback {
    pub url: String,
    #[serde(flatten)]
    pub delivery: DeliverySpec,
}

/// Parts of a message that are shown as a hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Redacted {
    pub body: bool,
    pub all_headers: bool,
    /// In lower case.
    pub headers: Vec<String>,
}

impl DeliverySpec {
    pub fn method(&self) -> &str {
        if self.method.is_empty() {
            "POST"
        } else {
            &self.method
        }
    }

    pub fn retries(&self) -> u32 {
        self.retries.unwrap_or(USUAL_RETRIES)
    }

    /// Takes a header whose name had `prefix` before the part that is looked at here. `Ok(false)` when
    /// it is none of a delivery.
    fn take(&mut self, prefix: &str, name: &str, value: &str) -> Result<bool, Rejection> {
        let wrong = |takes: &str| {
            Rejection::bad_request(format!(
                "Upstash-{prefix}{name} cannot be {value:?}. It takes {takes}."
            ))
        };
        match name {
            "method" => {
                let method = value.trim().to_ascii_uppercase();
                if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&&*method) {
                    return Err(wrong("GET, POST, PUT, PATCH or DELETE"));
                }
                self.method = method;
            }
            "delay" => {
                let delay = parse_duration(value).filter(|delay| *delay <= LONGEST_DELAY);
                let delay =
                    delay.ok_or_else(|| wrong("a span of at most 365 days, such as 1d10h"))?;
                self.delay = Some(delay.as_millis() as u64);
            }
            "retries" => {
                let retries = value.trim().parse().ok();
                let retries = retries.filter(|retries| *retries <= MOST_RETRIES);
                self.retries =
                    Some(retries.ok_or_else(|| wrong("a number from 0 to 1000, such as 3"))?);
            }
            "retry-delay" => {
                if value.parse::<RetryDelay>().is_err() {
                    return Err(wrong(
                        "an expression in milliseconds, such as 1000 * (1 + retried)",
                    ));
                }
                self.retry_delay = Some(value.to_owned());
            }
            "timeout" => {
                let timeout = parse_duration(value)
                    .filter(|timeout| timeout.as_millis() > 0 && *timeout <= LONGEST_DELAY);
                let timeout =
                    timeout.ok_or_else(|| wrong("a span of at most 365 days, such as 30s"))?;
                self.timeout = Some(timeout.as_millis() as u64);
            }
            _ => {
                let Some(forwarded) = name.strip_prefix("forward-") else {
                    return Ok(false);
                };
                self.forward(forwarded, value)?;
            }
        }
        Ok(true)
    }

    /// Adds a header for the receiver.
    fn forward(&mut self, name: &str, value: &str) -> Result<(), Rejection> {
        let valid = HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok();
        if !valid {
            return Err(Rejection::bad_request(format!(
                "The header {name:?} cannot be forwarded: HTTP has no such name, or no such value."
            )));
        }
        // What describes the connection belongs to the broker.
        let own = [
            "host",
            "content-length",
            "transfer-encoding",
            "connection",
            "te",
            "upgrade",
        ];
        if own.contains(&name) || name.starts_with("upstash-") {
            return Ok(());
        }
        let bytes = size_of_headers(&self.headers) + name.len() + value.len();
        if self.headers.len() == MOST_HEADERS || bytes > MOST_HEADER_BYTES {
            return Err(Rejection::bad_request(format!(
                "A receiver is sent at most {MOST_HEADERS} headers, of {MOST_HEADER_BYTES} bytes \
                 together. Forward fewer."
            )));
        }
        self.headers.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
}

impl Publication {
    /// Understands what `headers` ask for. Their names are in lower case; those that are no business of
    /// a queue are passed over.
    ///
    /// # Errors
    /// [`Rejection`] says which header to change.
    pub fn parse(
        destination: &str,
        headers: &[Header],
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        let mut publication = Self {
            destination: destination.to_owned(),
            body,
            ..Self::default()
        };
        for (name, value) in headers {
            // In a batch or a parameter there may be what HTTP would not have let through.
            if name.starts_with("upstash-") && value.contains(|c: char| c.is_control() && c != '\t')
            {
                return Err(Rejection::bad_request(format!(
                    "The header {name:?} holds a control character. Leave it out."
                )));
            }
        }
        let forward_all = headers
            .iter()
            .any(|(name, value)| name == "upstash-header-forward" && is_true(value));
        let mut by_content = false;
        let mut callbacks = [DeliverySpec::default(), DeliverySpec::default()];
        let mut urls = [None, None];
        for (name, value) in headers {
            let Some(name) = name.strip_prefix("upstash-") else {
                if name == "content-type" || (forward_all && !is_of_transport(name)) {
                    publication.delivery.forward(name, value)?;
                }
                continue;
            };
            match name {
                "callback" => urls[0] = Some(value.clone()),
                "failure-callback" => urls[1] = Some(value.clone()),
                "not-before" => publication.not_before = Some(not_before(value, now)?),
                "deduplication-id" => {
                    publication.deduplication = Some(id("Upstash-Deduplication-Id", value)?);
                }
                "content-based-deduplication" => by_content = is_true(value),
                "label" => publication.labels = labels(value)?,
                "redact-fields" => publication.redacted = Redacted::parse(value)?,
                "flow-control-key" | "flow-control-value" => {
                    return Err(Rejection::not_implemented(
                        "Flow control is not there yet. Leave out Upstash-Flow-Control-Key and \
                         Upstash-Flow-Control-Value.",
                    ));
                }
                "queue-name" => {
                    return Err(Rejection::not_implemented(
                        "Named queues are not there yet. Leave out Upstash-Queue-Name.",
                    ));
                }
                "cron" | "schedule-id" => return Err(misplaced(name)),
                _ if name.starts_with("workflow-") => return Err(of_workflow(name)),
                _ => {
                    let (of, delivery, part) = if let Some(part) = name.strip_prefix("callback-") {
                        ("callback-", &mut callbacks[0], part)
                    } else if let Some(part) = name.strip_prefix("failure-callback-") {
                        ("failure-callback-", &mut callbacks[1], part)
                    } else {
                        ("", &mut publication.delivery, name)
                    };
                    // What nobody knows is passed over, such as how an SDK describes itself.
                    if !delivery.take(of, part, value)? && !of.is_empty() {
                        require_of_callback(name, part)?;
                    }
                }
            }
        }
        if publication.not_before.is_some() {
            publication.delivery.delay = None;
        }
        let [callback, failure_callback] = callbacks;
        let with_url = |url: Option<String>, delivery| url.map(|url| Callback { url, delivery });
        let [url, failure_url] = urls;
        publication.callback = with_url(url, callback);
        publication.failure_callback = with_url(failure_url, failure_callback);
        if by_content && publication.deduplication.is_none() {
            publication.deduplication = Some(publication.content_id());
        }
        Ok(publication)
    }

    /// Makes what an older release has kept into what this one takes; see [`mended`].
    pub fn mend(&mut self) {
        let callbacks = self.callback.iter_mut().chain(&mut self.failure_callback);
        let urls = callbacks.map(|callback| &mut callback.url);
        for url in urls.chain([&mut self.destination]) {
            if let Cow::Owned(mended) = mended(url) {
                *url = mended;
            }
        }
    }

    /// Whom it tells how it fares.
    pub fn callbacks(&self) -> impl Iterator<Item = &Callback> {
        self.callback.iter().chain(&self.failure_callback)
    }

    /// About how many bytes it takes to tell of it.
    pub fn size(&self) -> usize {
        self.body.len() + size_of_headers(&self.delivery.headers)
    }

    /// When it is to be delivered first, in Unix milliseconds.
    pub fn due_at(&self, now: Timestamp) -> i64 {
        let now = now.as_millisecond();
        match self.not_before {
            Some(at) => at.max(now),
            None => now.saturating_add_unsigned(self.delivery.delay.unwrap_or(0)),
        }
    }

    /// The same for publications that say the same to the same destination.
    fn content_id(&self) -> String {
        let mut hash = Sha256::new();
        let mut headers = self.delivery.headers.clone();
        headers.sort();
        let parts = headers
            .iter()
            .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
        for part in [self.destination.as_bytes(), &self.body]
            .into_iter()
            .chain(parts)
        {
            // Lengths keep the parts apart.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        format!("content:{}", BASE64_URL_SAFE_NO_PAD.encode(hash.finalize()))
    }
}

fn size_of_headers(headers: &[Header]) -> usize {
    let sizes = headers.iter().map(|(name, value)| name.len() + value.len());
    sizes.sum()
}

/// `Upstash-Cron` is taken before, where it makes a schedule.
fn misplaced(name: &str) -> Rejection {
    Rejection::bad_request(format!(
        "{} means nothing here. Upstash-Cron makes a schedule of what is published, and \
         Upstash-Schedule-Id names that schedule.",
        spelled(name)
    ))
}

fn of_workflow(name: &str) -> Rejection {
    Rejection::not_implemented(format!(
        "{} belongs to Upstash Workflow, which this queue does not support. Publish without it.",
        spelled(name)
    ))
}

/// Refuses what QStash understands of a callback and this queue does not: publishers must not believe that it
/// works. `part` is the name without its prefix.
fn require_of_callback(name: &str, part: &str) -> Result<(), Rejection> {
    if part.starts_with("workflow-") {
        return Err(of_workflow(name));
    }
    let of_publications = [
        "callback",
        "failure-callback",
        "not-before",
        "deduplication-id",
        "content-based-deduplication",
        "label",
        "redact-fields",
        "flow-control-key",
        "flow-control-value",
        "queue-name",
        "cron",
        "schedule-id",
    ];
    if !of_publications.contains(&part) {
        return Ok(());
    }
    Err(Rejection::not_implemented(format!(
        "{} is not supported. A callback takes Method, Delay, Retries, Retry-Delay, Timeout and \
         Forward-*.",
        spelled(name)
    )))
}

/// A header as people write it, from its name without `upstash-`.
fn spelled(name: &str) -> String {
    usual_spelling(&format!("upstash-{name}"))
}

/// The usual spelling of a header's name, for example `Content-Type`.
pub fn usual_spelling(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|c| {
            let spelled = if start { c.to_ascii_uppercase() } else { c };
            start = c == '-';
            spelled
        })
        .collect()
}

impl Redacted {
    fn parse(value: &str) -> Result<Self, Rejection> {
        let mut redacted = Self::default();
        for field in value
            .split(',')
            .map(str::trim)
            .filter(|field| !field.is_empty())
        {
            let field = field.to_ascii_lowercase();
            match &*field {
                "body" => redacted.body = true,
                "header" | "headers" => redacted.all_headers = true,
                _ => {
                    let name = field
                        .strip_prefix("header[")
                        .and_then(|rest| rest.strip_suffix(']'));
                    let name = name.ok_or_else(|| {
                        Rejection::bad_request(format!(
                            "Upstash-Redact-Fields cannot be {value:?}. It takes body, header and \
                             header[Name], with commas between."
                        ))
                    })?;
                    redacted.headers.push(name.trim().to_owned());
                }
            }
        }
        // Each is looked for among the headers whenever the message is told of.
        if redacted.headers.len() > MOST_HEADERS {
            return Err(Rejection::bad_request(format!(
                "Upstash-Redact-Fields takes at most {MOST_HEADERS} headers."
            )));
        }
        Ok(redacted)
    }

    pub fn hides_header(&self, name: &str) -> bool {
        self.all_headers
            || self
                .headers
                .iter()
                .any(|hidden| hidden.eq_ignore_ascii_case(name))
    }

    /// What is shown in place of `bytes`.
    pub fn mark(bytes: &[u8]) -> String {
        let hex = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        format!("REDACTED:{hex}")
    }
}

fn is_true(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("true")
}

/// Headers that every client sends for itself.
fn is_of_transport(name: &str) -> bool {
    matches!(
        name,
        "authorization"
            | "host"
            | "user-agent"
            | "accept"
            | "accept-encoding"
            | "accept-language"
            | "connection"
            | "content-length"
            | "transfer-encoding"
    ) || name.starts_with("sec-")
}

/// Seconds since the epoch.
fn not_before(value: &str, now: Timestamp) -> Result<i64, Rejection> {
    let milliseconds = || {
        let seconds: u32 = value.trim().parse().ok()?;
        let at = Timestamp::from_second(i64::from(seconds)).ok()?;
        let latest = now.checked_add(LONGEST_DELAY).ok()?;
        (at <= latest).then(|| at.as_millisecond())
    };
    milliseconds().ok_or_else(|| {
        Rejection::bad_request(format!(
            "Upstash-Not-Before cannot be {value:?}. It takes Unix seconds, from 1970 to a year ahead."
        ))
    })
}

/// An id that a publisher has chosen.
pub fn id(header: &str, value: &str) -> Result<String, Rejection> {
    let value = value.trim();
    let valid = !value.is_empty() && value.len() <= LONGEST_ID && !value.contains('\t');
    valid.then(|| value.to_owned()).ok_or_else(|| {
        Rejection::bad_request(format!(
            "{header} takes 1 to {LONGEST_ID} characters, and no tab."
        ))
    })
}

fn labels(value: &str) -> Result<Vec<String>, Rejection> {
    let labels = value.split(',').map(str::trim);
    let labels: Vec<String> = labels
        .filter(|label| !label.is_empty())
        .map(str::to_owned)
        .collect();
    if labels.len() > 16 || labels.iter().any(|label| label.len() > LONGEST_ID) {
        return Err(Rejection::bad_request(format!(
            "Upstash-Label takes at most 16 labels of at most {LONGEST_ID} bytes."
        )));
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn parse(headers: &[(&str, &str)]) -> Result<Publication, Rejection> {
        let headers: Vec<Header> = headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), (*value).to_owned()))
            .collect();
        let now = Timestamp::now();
        Publication::parse("https://example.com/hook", &headers, b"body".to_vec(), now)
    }

    #[test]
    fn headers_say_how_to_deliver() {
        let publication = parse(&[
            ("Content-Type", "text/plain"),
            ("Accept", "*/*"),
            ("Upstash-Method", "put"),
            ("Upstash-Delay", "1m"),
            ("Upstash-Retries", "0"),
            ("Upstash-Timeout", "5s"),
            ("Upstash-Retry-Delay", "1000 * retried"),
            ("Upstash-Forward-X-Name", "Ada"),
            ("Upstash-Forward-Host", "evil.example"),
            ("Upstash-Callback", "https://example.com/told"),
            ("Upstash-Callback-Retries", "1"),
            ("Upstash-Failure-Callback-Method", "GET"),
            ("Upstash-Label", "a, b"),
            ("Upstash-Deduplication-Id", "once"),
            ("Upstash-Telemetry-Sdk", "anything"),
        ])
        .expect("a publication");
        let Publication { delivery, .. } = &publication;
        assert_eq!(delivery.method(), "PUT");
        assert_eq!(delivery.delay, Some(60_000));
        assert_eq!(delivery.retries(), 0);
        assert_eq!(delivery.timeout, Some(5000));
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            delivery.headers,
            [
                header("content-type", "text/plain"),
                header("x-name", "Ada")
            ]
        );
        let callback = publication.callback.as_ref().expect("a callback");
        assert_eq!(callback.url, "https://example.com/told");
        assert_eq!(callback.delivery.retries(), 1);
        // Options alone call nobody.
        assert_eq!(publication.failure_callback, None);
        assert_eq!(publication.labels, ["a", "b"]);
        assert_eq!(publication.deduplication.as_deref(), Some("once"));

        let json = serde_json::to_string(&publication).expect("plain data");
        let stored: Publication = serde_json::from_str(&json).expect("the same");
        assert_eq!(stored.delivery, publication.delivery);
        assert_eq!(stored.callback, publication.callback);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (name, value) in [
            ("Upstash-Delay", "abc"),
            ("Upstash-Delay", "9999d"),
            ("Upstash-Retries", "-1"),
            ("Upstash-Retries", "1001"),
            ("Upstash-Method", "TRACE"),
            ("Upstash-Timeout", "0s"),
            ("Upstash-Timeout", "2305843009213693952s"),
            ("Upstash-Callback-Timeout", "366d"),
            ("Upstash-Retry-Delay", "import os"),
            ("Upstash-Not-Before", "tomorrow"),
            ("Upstash-Not-Before", "-1"),
            ("Upstash-Not-Before", "-9223372036854775808"),
            ("Upstash-Not-Before", "9223372036854775807"),
            ("Upstash-Cron", "* * * * *"),
            ("Upstash-Schedule-Id", "a"),
            ("Upstash-Callback-Delay", "x"),
            ("Upstash-Deduplication-Id", " "),
            ("Upstash-Redact-Fields", "everything"),
            ("Upstash-Label", "a\u{1b}[31m"),
            ("Upstash-Label", "a,b\r\nX: y"),
            ("Upstash-Deduplication-Id", "a\u{0}"),
            ("Upstash-Deduplication-Id", "a\tb"),
            ("Upstash-Callback", "https://example.com/\u{1b}"),
            ("Upstash-Failure-Callback", "https://example.com/\u{85}"),
            ("Upstash-Retry-Delay", "1000\n"),
            ("Upstash-Forward-X", "a\u{0}"),
            ("Upstash-Redact-Fields", "header[a\u{0}]"),
            ("Upstash-Unknown", "\u{7}"),
        ] {
            let rejection = parse(&[(name, value)]).expect_err(name);
            assert_eq!(rejection.status, StatusCode::BAD_REQUEST);
            let said = rejection.message.to_ascii_lowercase();
            assert!(said.contains(&name.to_ascii_lowercase()), "{said}");
        }
    }

    #[test]
    fn a_receiver_is_sent_a_bounded_number_of_headers_and_bytes_of_them() {
        let forwarded = |prefix: &str, count: usize, length: usize| {
            let headers: Vec<Header> = (0..count)
                .map(|number| {
                    let name = format!("upstash-{prefix}forward-x-{number:03}");
                    (name, "v".repeat(length))
                })
                .collect();
            Publication::parse(
                "https://example.com/hook",
                &headers,
                Vec::new(),
                Timestamp::UNIX_EPOCH,
            )
        };
        for prefix in ["", "callback-", "failure-callback-"] {
            assert!(forwarded(prefix, 100, 100).is_ok(), "{prefix}");
            // A name has five bytes.
            assert!(forwarded(prefix, 4, 4091).is_ok(), "{prefix}");
            for (count, length) in [(101, 1), (4, 4092), (1, 20_000)] {
                let refused = forwarded(prefix, count, length).expect_err(prefix);
                assert_eq!(refused.status, StatusCode::BAD_REQUEST);
                assert!(refused.message.contains("100 headers"), "{refused}");
            }
        }
        let hidden = |count| vec!["header[a]"; count].join(",");
        assert!(parse(&[("Upstash-Redact-Fields", &hidden(100))]).is_ok());
        assert!(parse(&[("Upstash-Redact-Fields", &hidden(101))]).is_err());
    }

    #[test]
    fn what_is_documented_and_not_supported_is_refused_by_name() {
        for name in [
            "Upstash-Flow-Control-Key",
            "Upstash-Flow-Control-Value",
            "Upstash-Queue-Name",
            "Upstash-Workflow-RunId",
            "Upstash-Workflow-Init",
            "Upstash-Callback-Workflow-Url",
            "Upstash-Callback-Label",
            "Upstash-Callback-Not-Before",
            "Upstash-Callback-Deduplication-Id",
            "Upstash-Callback-Content-Based-Deduplication",
            "Upstash-Callback-Redact-Fields",
            "Upstash-Callback-Flow-Control-Key",
            "Upstash-Failure-Callback-Queue-Name",
            "Upstash-Failure-Callback-Cron",
            "Upstash-Failure-Callback-Callback",
        ] {
            let later = parse(&[(name, "1")]).expect_err(name);
            assert_eq!(later.status, StatusCode::NOT_IMPLEMENTED, "{name}");
            let said = later.message.to_ascii_lowercase();
            assert!(said.contains(&name.to_ascii_lowercase()), "{said}");
        }
        for name in [
            "Upstash-Telemetry-Sdk",
            "Upstash-Telemetry-Platform",
            "Upstash-Telemetry-Runtime",
            "Upstash-Anything-Else",
            "Upstash-Callback-Anything-Else",
        ] {
            assert!(parse(&[(name, "1")]).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_same_content_has_the_same_id() {
        let id = |headers: &[(&str, &str)]| {
            let mut all = vec![("Upstash-Content-Based-Deduplication", "True")];
            all.extend_from_slice(headers);
            parse(&all)
                .expect("a publication")
                .deduplication
                .expect("an id")
        };
        assert_eq!(id(&[]), id(&[("Upstash-Delay", "5s")]));
        assert_ne!(id(&[]), id(&[("Upstash-Forward-A", "b")]));
        assert_ne!(
            id(&[("Upstash-Forward-A", "b")]),
            id(&[("Upstash-Forward-Ab", "")])
        );
    }

    #[test]
    fn a_time_wins_over_a_delay() {
        let now = Timestamp::now();
        let publication = parse(&[("Upstash-Delay", "10s")]).expect("a publication");
        assert_eq!(publication.due_at(now), now.as_millisecond() + 10_000);
        let at = now.as_second() + 60;
        let publication = parse(&[
            ("Upstash-Delay", "10s"),
            ("Upstash-Not-Before", &at.to_string()),
        ]);
        assert_eq!(publication.expect("a publication").due_at(now), at * 1000);
    }
}
