//! Requests to the API, and what their parameters, headers and bodies ask for.

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::Method;
use kith_runtime::without_byte_order_mark;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::broker::Result;
use crate::broker::accept::Provenance;
use crate::broker::filter::Filter;
use crate::message::Header;
use crate::rejection::Rejection;

/// A request to the broker.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) caller_ip: Option<String>,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) fn provenance(&self) -> Provenance<'_> {
        Provenance {
            caller_ip: self.caller_ip.as_deref(),
            schedule: None,
        }
    }

    /// What the client chooses to act on, by parameters or by ids in a body. `Upstash-*` parameters stand for
    /// headers and choose nothing.
    pub(super) fn chosen(&self, ids: &str) -> Result<Filter> {
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

    /// The destination with its own query, and the headers for the queue, which a client may also send as
    /// `Upstash-*` parameters.
    pub(super) fn publication_parts(&self, destination: &str) -> Result<(String, Vec<Header>)> {
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
        // Some clients escape the URL.
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

/// The cron expression and the id of a schedule.
pub(super) struct Times {
    pub(super) cron: String,
    pub(super) id: Option<String>,
}

impl Times {
    /// Takes the headers of a schedule out of those of a publication. `None` where it is no schedule.
    pub(super) fn take(headers: &mut Vec<Header>) -> Option<Self> {
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

/// The name of a parameter, unescaped and in lower case.
fn parameter_name(parameter: &str) -> String {
    let name = parameter.split('=').next().unwrap_or_default();
    let name = percent_decode_str(name).decode_utf8_lossy();
    name.to_ascii_lowercase()
}

pub(super) fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}
