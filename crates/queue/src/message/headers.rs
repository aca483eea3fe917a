//! Reading a publication from `Upstash-*` headers.

use std::time::Duration;

use axum::http::HeaderName;
use axum::http::HeaderValue;
use jiff::Timestamp;

use super::Callback;
use super::DeliverySpec;
use super::Header;
use super::Publication;
use super::Redacted;
use super::canonical_name;
use super::size_of_headers;
use crate::delay::RetryDelay;
use crate::delay::parse_duration;
use crate::rejection::Rejection;

/// The most retries that a publisher may ask for.
const MAX_RETRIES: u32 = 1000;

/// The longest wait for the first delivery, and the longest timeout.
const MAX_DELAY: Duration = Duration::from_secs(365 * 24 * 3600);

/// The longest id of a deduplication or a schedule, and the longest label, in bytes.
const MAX_ID_BYTES: usize = 256;

/// The most headers that a publisher may have sent to a receiver.
const MAX_HEADERS: usize = 100;

/// The most bytes of them, names and values together.
const MAX_HEADER_BYTES: usize = 16 * 1024;

impl Publication {
    /// Reads what `headers` ask for. Their names are in lower case. The parser passes over headers that it does
    /// not know. `destination` is not checked; see [`Destinations::accept`](crate::destination::Destinations).
    ///
    /// # Errors
    /// A [`Rejection`] that names the header to change: 400 for a value that is not understood, 501 for a header
    /// that QStash supports and this queue does not.
    pub fn parse(
        destination: &str,
        headers: &[Header],
        body: Vec<u8>,
        now: Timestamp,
    ) -> Result<Self, Rejection> {
        for (name, value) in headers {
            // A batch and a query parameter can hold characters that HTTP does not allow in a header.
            if name.starts_with("upstash-") && value.contains(|c: char| c.is_control() && c != '\t')
            {
                return Err(Rejection::bad_request(format!(
                    "The header {name:?} holds a control character. Leave it out."
                )));
            }
        }
        let mut parser = Parser {
            publication: Self {
                destination: destination.to_owned(),
                body,
                ..Self::default()
            },
            callback: PartialCallback::default(),
            failure_callback: PartialCallback::default(),
            forwards_all: headers
                .iter()
                .any(|(name, value)| name == "upstash-header-forward" && is_true(value)),
            deduplicates_by_content: false,
            now,
        };
        for (name, value) in headers {
            parser.take(name, value)?;
        }
        Ok(parser.finish())
    }
}

/// A publication whose headers are being read.
struct Parser {
    publication: Publication,
    callback: PartialCallback,
    failure_callback: PartialCallback,
    forwards_all: bool,
    deduplicates_by_content: bool,
    now: Timestamp,
}

/// A callback whose headers are being read. Options without a URL make no callback.
#[derive(Default)]
struct PartialCallback {
    url: Option<String>,
    delivery: DeliverySpec,
}

impl PartialCallback {
    fn finish(self) -> Option<Callback> {
        let Self { url, delivery } = self;
        url.map(|url| Callback { url, delivery })
    }
}

impl Parser {
    fn take(&mut self, name: &str, value: &str) -> Result<(), Rejection> {
        let publication = &mut self.publication;
        let Some(name) = name.strip_prefix("upstash-") else {
            if name == "content-type" || (self.forwards_all && !is_of_transport(name)) {
                publication.delivery.forward(name, value)?;
            }
            return Ok(());
        };
        match name {
            "callback" => self.callback.url = Some(value.to_owned()),
            "failure-callback" => self.failure_callback.url = Some(value.to_owned()),
            "not-before" => publication.not_before = Some(not_before(value, self.now)?),
            "deduplication-id" => {
                publication.deduplication = Some(id("Upstash-Deduplication-Id", value)?);
            }
            "content-based-deduplication" => self.deduplicates_by_content = is_true(value),
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
            _ => self.take_option(name, value)?,
        }
        Ok(())
    }

    /// Takes an option of the delivery of the message or of one of its callbacks.
    fn take_option(&mut self, name: &str, value: &str) -> Result<(), Rejection> {
        let (prefix, delivery, option) = if let Some(option) = name.strip_prefix("callback-") {
            ("callback-", &mut self.callback.delivery, option)
        } else if let Some(option) = name.strip_prefix("failure-callback-") {
            (
                "failure-callback-",
                &mut self.failure_callback.delivery,
                option,
            )
        } else {
            ("", &mut self.publication.delivery, name)
        };
        // The broker passes over options that it does not know, such as how an SDK describes itself.
        if !delivery.take(prefix, option, value)? && !prefix.is_empty() {
            require_of_callback(name, option)?;
        }
        Ok(())
    }

    fn finish(self) -> Publication {
        let mut publication = self.publication;
        if publication.not_before.is_some() {
            publication.delivery.delay = None;
        }
        publication.callback = self.callback.finish();
        publication.failure_callback = self.failure_callback.finish();
        if self.deduplicates_by_content && publication.deduplication.is_none() {
            publication.deduplication = Some(publication.content_id());
        }
        publication
    }
}

impl DeliverySpec {
    /// Takes a header whose name without `upstash-` and `prefix` is `name`. `Ok(false)` where it is no option of
    /// a delivery.
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
                let delay = parse_duration(value).filter(|delay| *delay <= MAX_DELAY);
                let delay =
                    delay.ok_or_else(|| wrong("a span of at most 365 days, such as 1d10h"))?;
                self.delay = Some(delay.as_millis() as u64);
            }
            "retries" => {
                let retries = value.trim().parse().ok();
                let retries = retries.filter(|retries| *retries <= MAX_RETRIES);
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
                    .filter(|timeout| timeout.as_millis() > 0 && *timeout <= MAX_DELAY);
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
        // The broker sets the headers of its connection itself.
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
        if self.headers.len() == MAX_HEADERS || bytes > MAX_HEADER_BYTES {
            return Err(Rejection::bad_request(format!(
                "A receiver is sent at most {MAX_HEADERS} headers, of {MAX_HEADER_BYTES} bytes \
                 together. Forward fewer."
            )));
        }
        self.headers.push((name.to_owned(), value.to_owned()));
        Ok(())
    }
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
        // The API compares each with the headers whenever it shows the message.
        if redacted.headers.len() > MAX_HEADERS {
            return Err(Rejection::bad_request(format!(
                "Upstash-Redact-Fields takes at most {MAX_HEADERS} headers."
            )));
        }
        Ok(redacted)
    }
}

/// The API takes `Upstash-Cron` before, where it makes a schedule.
fn misplaced(name: &str) -> Rejection {
    Rejection::bad_request(format!(
        "{} means nothing here. Upstash-Cron makes a schedule of what is published, and \
         Upstash-Schedule-Id names that schedule.",
        header_name(name)
    ))
}

fn of_workflow(name: &str) -> Rejection {
    Rejection::not_implemented(format!(
        "{} belongs to Upstash Workflow, which this queue does not support. Publish without it.",
        header_name(name)
    ))
}

/// Rejects an option that QStash supports for a callback and this queue does not: a publisher must not believe
/// that it works. `part` is the name without its prefix.
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
        header_name(name)
    )))
}

/// The canonical name of a header, from its name without `upstash-`.
fn header_name(name: &str) -> String {
    canonical_name(&format!("upstash-{name}"))
}

fn is_true(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("true")
}

/// Whether a header belongs to the connection of the client, so that it is not forwarded.
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

/// Unix milliseconds from a value in Unix seconds.
fn not_before(value: &str, now: Timestamp) -> Result<i64, Rejection> {
    let milliseconds = || {
        let seconds: u32 = value.trim().parse().ok()?;
        let at = Timestamp::from_second(i64::from(seconds)).ok()?;
        let latest = now.checked_add(MAX_DELAY).ok()?;
        (at <= latest).then(|| at.as_millisecond())
    };
    milliseconds().ok_or_else(|| {
        Rejection::bad_request(format!(
            "Upstash-Not-Before cannot be {value:?}. It takes Unix seconds, from 1970 to a year ahead."
        ))
    })
}

/// An id that a publisher chooses.
fn id(header: &str, value: &str) -> Result<String, Rejection> {
    let value = value.trim();
    let valid = !value.is_empty() && value.len() <= MAX_ID_BYTES && !value.contains('\t');
    valid.then(|| value.to_owned()).ok_or_else(|| {
        Rejection::bad_request(format!(
            "{header} takes 1 to {MAX_ID_BYTES} characters, and no tab."
        ))
    })
}

fn labels(value: &str) -> Result<Vec<String>, Rejection> {
    let labels = value.split(',').map(str::trim);
    let labels: Vec<String> = labels
        .filter(|label| !label.is_empty())
        .map(str::to_owned)
        .collect();
    if labels.len() > 16 || labels.iter().any(|label| label.len() > MAX_ID_BYTES) {
        return Err(Rejection::bad_request(format!(
            "Upstash-Label takes at most 16 labels of at most {MAX_ID_BYTES} bytes."
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
        // Options without a URL make no callback.
        assert_eq!(publication.failure_callback, None);
        assert_eq!(publication.labels, ["a", "b"]);
        assert_eq!(publication.deduplication.as_deref(), Some("once"));

        let json = serde_json::to_string(&publication).expect("plain data");
        let stored: Publication = serde_json::from_str(&json).expect("the same");
        assert_eq!(stored.delivery, publication.delivery);
        assert_eq!(stored.callback, publication.callback);
    }

    #[test]
    fn a_wrong_header_is_named() {
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
            let message = rejection.message.to_ascii_lowercase();
            assert!(message.contains(&name.to_ascii_lowercase()), "{message}");
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
    fn a_header_that_is_documented_and_not_supported_is_refused_by_name() {
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
            let message = later.message.to_ascii_lowercase();
            assert!(message.contains(&name.to_ascii_lowercase()), "{message}");
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
