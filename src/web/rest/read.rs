//! Responses to reads: 200 with the value, or 304 for a client that has the value already.

use std::time::Duration;
use std::time::Instant;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Response;
use kith_cache::Status;

use crate::web::grammar::entity_tag;
use crate::web::grammar::entity_tag::Listed;
use crate::web::grammar::entity_tag::Malformed;
use crate::web::grammar::entity_tag::Tags;
use crate::web::header_text::HeaderText;
use crate::web::middleware::TYPICAL_HEADER_COUNT;

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
pub const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// When a request came, and which versions its client has (`If-None-Match`).
pub struct Read {
    began: Instant,
    known: Listed,
}

impl<S: Send + Sync> FromRequestParts<S> for Read {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self {
            began: Instant::now(),
            known: entity_tag::read(&parts.headers, &header::IF_NONE_MATCH),
        })
    }
}

/// How long the cache took, in milliseconds.
fn timing(status: &str, took: Duration) -> HeaderValue {
    let microseconds = took.as_nanos().saturating_add(500) / 1000;
    let (milliseconds, fraction) = (microseconds / 1000, microseconds % 1000);
    let mut text = HeaderText::new();
    text.push("cache;desc=").push(status).push(";dur=");
    text.push_number(u64::try_from(milliseconds).unwrap_or(u64::MAX));
    text.push(match fraction {
        0..10 => ".00",
        10..100 => ".0",
        _ => ".",
    });
    text.push_number(fraction as u64);
    text.value()
}

impl Read {
    /// 200 with this JSON, or 304 if the client has what `etag` names. Both say how the cache
    /// answered (`X-Cache`) and how long that took (`Server-Timing`).
    pub fn answer(&self, etag: &str, status: Status, json: impl FnOnce() -> Body) -> Response {
        self.answer_as(
            HeaderValue::from_static("application/json"),
            etag,
            status,
            json,
        )
    }

    /// The same with a body of another type.
    pub fn answer_as(
        &self,
        kind: HeaderValue,
        etag: &str,
        status: Status,
        body: impl FnOnce() -> Body,
    ) -> Response {
        let status = match status {
            Status::Hit => "HIT",
            Status::Stale => "STALE",
            Status::Miss => "MISS",
            Status::Bypass => "BYPASS",
        };
        let mut response = self.answer_uncached(kind, etag, body);
        let headers = response.headers_mut();
        headers.insert(SERVER_TIMING, timing(status, self.began.elapsed()));
        headers.insert(X_CACHE, HeaderValue::from_static(status));
        response
    }

    /// The same of what no cache keeps.
    pub fn answer_uncached(
        &self,
        kind: HeaderValue,
        etag: &str,
        body: impl FnOnce() -> Body,
    ) -> Response {
        let unchanged = self.knows(etag);
        let mut response = Response::new(if unchanged { Body::empty() } else { body() });
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.reserve(TYPICAL_HEADER_COUNT);
        if !unchanged {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        if let Ok(etag) = HeaderValue::from_str(etag) {
            headers.insert(header::ETAG, etag);
        }
        response
    }

    /// The weak comparison of RFC 9110, 8.8.3.2, with each of a list. A malformed list names no tag, so the
    /// client gets the value.
    pub fn knows(&self, etag: &str) -> bool {
        let opaque = etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"');
        match &self.known {
            Some(Ok(Tags::Any)) => true,
            Some(Ok(Tags::These(tags))) => tags.iter().any(|tag| tag.is(opaque)),
            None | Some(Err(Malformed)) => false,
        }
    }
}
