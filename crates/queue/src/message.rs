//! What is published: where a message goes, what it says, and how it is to be delivered.
//!
//! A [`Publication`] is built in Rust, or parsed from the `Upstash-*` headers of a request, of an item of a batch
//! or of a schedule.
//! Source: Upstash's documentation, "Publish a message", and its OpenAPI description.

mod headers;

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kith_runtime::hex;
use serde::Deserialize;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;

use super::destination::normalized;

/// How many times a delivery is retried where the publisher names no number.
pub const DEFAULT_RETRIES: u32 = 3;

/// The name of a header in lower case, and its value.
pub type Header = (String, String);

/// A message as it is published.
///
/// As JSON it is what the database stores of a message. The body is stored beside that JSON, as bytes.
///
/// ```
/// use kith_queue::message::DeliverySpec;
/// use kith_queue::message::Publication;
///
/// let welcome = Publication {
///     destination: "/api/webhooks/welcome-email".to_owned(),
///     body: br#"{"contact":7}"#.to_vec(),
///     delivery: DeliverySpec {
///         headers: vec![("content-type".to_owned(), "application/json".to_owned())],
///         retries: Some(5),
///         ..DeliverySpec::default()
///     },
///     ..Publication::default()
/// };
/// assert_eq!(welcome.delivery.method(), "POST");
///
/// // The same, as a client of QStash asks for it.
/// let headers = [
///     ("content-type".to_owned(), "application/json".to_owned()),
///     ("upstash-retries".to_owned(), "5".to_owned()),
/// ];
/// let now = jiff::Timestamp::now();
/// let parsed = Publication::parse(&welcome.destination, &headers, welcome.body.clone(), now)?;
/// assert_eq!(parsed.delivery.retries(), welcome.delivery.retries());
/// # Ok::<(), kith_queue::rejection::Rejection>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Publication {
    /// An absolute URL, or the path of a webhook of the application itself.
    pub destination: String,
    /// How the message is delivered.
    #[serde(flatten)]
    pub delivery: DeliverySpec,
    /// What the receiver gets.
    #[serde(skip)]
    pub body: Vec<u8>,
    /// What the API shows of the message as a hash only.
    pub redacted: Redacted,
    /// The time of the first delivery, in Unix milliseconds. It wins over [`delay`](DeliverySpec::delay).
    pub not_before: Option<i64>,
    /// The callback after each delivery, whether it has succeeded or failed.
    pub callback: Option<Callback>,
    /// The callback after the last delivery, if that has failed.
    pub failure_callback: Option<Callback>,
    /// Names by which listings find the message, at most 16.
    pub labels: Vec<String>,
    /// The deduplication id. The broker accepts one message with the same id in ten minutes.
    #[serde(skip)]
    pub deduplication: Option<String>,
}

/// How a message or a callback is delivered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DeliverySpec {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`. The default is `POST`, also where it is empty.
    pub method: String,
    /// The headers that the receiver gets, the content type included, beside those that the broker adds.
    pub headers: Vec<Header>,
    /// The wait before the first delivery, in milliseconds. The default is none.
    pub delay: Option<u64>,
    /// How many times a failed delivery is retried. The default is [`DEFAULT_RETRIES`].
    pub retries: Option<u32>,
    /// The wait before a retry, as an expression; see [`RetryDelay`](crate::delay::RetryDelay). The default is
    /// 12 s, 2 min 28 s, 30 min, 6 h, and then a day.
    pub retry_delay: Option<String>,
    /// How long the receiver may take to answer, in milliseconds. The default and the maximum are
    /// [`Options::timeout`](crate::broker::Options::timeout).
    pub timeout: Option<u64>,
}

/// A message that tells its receiver how the delivery of another message went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Callback {
    /// An absolute URL, or the path of a webhook of the application itself.
    pub url: String,
    /// How the callback is delivered. It is retried as often as its message where it names no number.
    #[serde(flatten)]
    pub delivery: DeliverySpec,
}

/// The parts of a message that the API shows as a hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Redacted {
    /// The body.
    pub body: bool,
    /// Every header.
    pub all_headers: bool,
    /// The names of single headers, in lower case.
    pub headers: Vec<String>,
}

impl DeliverySpec {
    /// The method of the request, `POST` by default.
    pub fn method(&self) -> &str {
        if self.method.is_empty() {
            "POST"
        } else {
            &self.method
        }
    }

    /// How many times a failed delivery is retried.
    pub fn retries(&self) -> u32 {
        self.retries.unwrap_or(DEFAULT_RETRIES)
    }
}

impl Publication {
    /// Normalizes the URLs of a stored publication, which an older release may have accepted; see
    /// [`normalized`].
    pub(crate) fn normalize(&mut self) {
        let callbacks = self.callback.iter_mut().chain(&mut self.failure_callback);
        let urls = callbacks.map(|callback| &mut callback.url);
        for url in urls.chain([&mut self.destination]) {
            if let Cow::Owned(normalized) = normalized(url) {
                *url = normalized;
            }
        }
    }

    /// Both callbacks, where they are.
    pub(crate) fn callbacks(&self) -> impl Iterator<Item = &Callback> {
        self.callback.iter().chain(&self.failure_callback)
    }

    /// About how many bytes the API needs to show it.
    pub(crate) fn size(&self) -> usize {
        self.body.len() + size_of_headers(&self.delivery.headers)
    }

    /// The time of the first delivery, in Unix milliseconds.
    pub(crate) fn due_at(&self, now: Timestamp) -> i64 {
        let now = now.as_millisecond();
        match self.not_before {
            Some(at) => at.max(now),
            None => now.saturating_add_unsigned(self.delivery.delay.unwrap_or(0)),
        }
    }

    /// A deduplication id that is the same for publications with the same headers and body to the same
    /// destination.
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
            // The lengths tell apart parts that are the same when they are joined.
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

/// The canonical name of a header, for example `Content-Type`.
pub(crate) fn canonical_name(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|c| {
            let canonical = if start { c.to_ascii_uppercase() } else { c };
            start = c == '-';
            canonical
        })
        .collect()
}

impl Redacted {
    /// Whether the API shows this header as a hash. The case of `name` does not matter.
    pub(crate) fn hides_header(&self, name: &str) -> bool {
        self.all_headers
            || self
                .headers
                .iter()
                .any(|hidden| hidden.eq_ignore_ascii_case(name))
    }

    /// What the API shows in place of `bytes`.
    pub(crate) fn mark(bytes: &[u8]) -> String {
        format!("REDACTED:{}", hex(&Sha256::digest(bytes)))
    }
}
