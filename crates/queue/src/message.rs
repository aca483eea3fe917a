//! What is published: where a message goes, what it says, and how it is to be delivered.
//!
//! A [`Publication`] is parsed from the `Upstash-*` headers of a request, of an item of a batch, or of
//! a schedule, and holds nothing that the broker could not act upon.
//! Source: Upstash's documentation, "Publish a message" and its OpenAPI description.

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

/// How often a delivery is repeated when the publisher does not say.
pub const DEFAULT_RETRIES: u32 = 3;

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
        self.retries.unwrap_or(DEFAULT_RETRIES)
    }
}

impl Publication {
    /// Normalizes the URLs of a stored publication, which an older release may have accepted; see
    /// [`normalized`].
    pub fn normalize(&mut self) {
        let callbacks = self.callback.iter_mut().chain(&mut self.failure_callback);
        let urls = callbacks.map(|callback| &mut callback.url);
        for url in urls.chain([&mut self.destination]) {
            if let Cow::Owned(normalized) = normalized(url) {
                *url = normalized;
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

/// The canonical name of a header, for example `Content-Type`.
pub fn canonical_name(name: &str) -> String {
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
    pub fn hides_header(&self, name: &str) -> bool {
        self.all_headers
            || self
                .headers
                .iter()
                .any(|hidden| hidden.eq_ignore_ascii_case(name))
    }

    /// What is shown in place of `bytes`.
    pub fn mark(bytes: &[u8]) -> String {
        format!("REDACTED:{}", hex(&Sha256::digest(bytes)))
    }
}
