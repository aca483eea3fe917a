//! Responses to reads: 200 with the value, or 304 for a client that has the value already.

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

impl Read {
    /// 200 with this JSON, or 304 if the client has what `etag` names. Both say how the cache
    /// answered (`X-Cache`) and how long that took (`Server-Timing`).
    pub fn answer(&self, etag: &str, status: Status, json: impl FnOnce() -> Body) -> Response {
        let status = match status {
            Status::Hit => "HIT",
            Status::Stale => "STALE",
            Status::Miss => "MISS",
            Status::Bypass => "BYPASS",
        };
        let milliseconds = self.began.elapsed().as_secs_f64() * 1000.0;
        let timing = format!("cache;desc={status};dur={milliseconds:.3}");
        let unchanged = self.knows(etag);
        let mut response = Response::new(if unchanged { Body::empty() } else { json() });
        if unchanged {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        if !unchanged {
            let json = HeaderValue::from_static("application/json");
            headers.insert(header::CONTENT_TYPE, json);
        }
        for (name, value) in [(header::ETAG, etag), (SERVER_TIMING, timing.as_str())] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        headers.insert(X_CACHE, HeaderValue::from_static(status));
        response
    }

    /// The weak comparison of RFC 9110, 8.8.3.2, with each of a list. A malformed list names no tag, so the
    /// client gets the value.
    fn knows(&self, etag: &str) -> bool {
        let opaque = etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"');
        match &self.known {
            Some(Ok(Tags::Any)) => true,
            Some(Ok(Tags::These(tags))) => tags.iter().any(|tag| tag.is(opaque)),
            None | Some(Err(Malformed)) => false,
        }
    }
}
