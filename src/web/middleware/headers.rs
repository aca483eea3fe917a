//! The headers that tell a browser what a page may do, and for how long to keep it.

use std::cell::RefCell;

use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::content_policy::ContentPolicies;

/// Headers that are the same on every response.
const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// How many headers a response of the API has. Responses that are sent often begin with room for them, so that the
/// map never grows.
pub const TYPICAL_HEADER_COUNT: usize = 24;

/// After how many seconds a client tries again where Kith cannot do something at the moment. A server that is started
/// again is there by then.
const RETRY_AFTER: u64 = 5;

/// Says when to try again what Kith cannot do at the moment.
pub fn retry(response: &mut Response) {
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    }
}

/// Adds the security headers, and a caching rule to responses that have none.
pub fn secure(response: &mut Response, path: &str, policies: &ContentPolicies) {
    let ok = response.status().is_success();
    let headers = response.headers_mut();
    headers.reserve(TYPICAL_HEADER_COUNT.saturating_sub(headers.len()));
    for (name, value) in ALWAYS {
        headers.insert(name, value);
    }
    let policy = policies.of(path, headers);
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    let caching = HeaderValue::from_static(caching(path, ok));
    headers.entry(header::CACHE_CONTROL).or_insert(caching);
}

/// Tells browsers to ask for this name by HTTPS only, for a year (RFC 6797). Names below it may belong to other
/// services, so it says nothing of them.
pub fn demand_https(response: &mut Response) {
    response.headers_mut().insert(
        header::STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000"),
    );
}

/// Adds the time of the response. hyper could do this, but after the clock is set back it sends the old time
/// until the clock has caught up, and it panics at times before 1970.
pub fn date(response: &mut Response, now: Timestamp) {
    thread_local! {
        /// The last second, and its text.
        static SECOND: RefCell<Option<((i64, bool), HeaderValue)>> = const { RefCell::new(None) };
    }
    // Before 1970 the fraction of a second counts backwards.
    let second = (now.as_second(), now.subsec_nanosecond() < 0);
    SECOND.with_borrow_mut(|known| {
        if known.as_ref().map(|(second, _)| *second) != Some(second) {
            *known = http_date(now).map(|date| (second, date));
        }
        if let Some((_, date)) = known {
            response.headers_mut().insert(header::DATE, date.clone());
        }
    });
}

fn http_date(now: Timestamp) -> Option<HeaderValue> {
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
    HeaderValue::try_from(date.ok()?).ok()
}

fn caching(path: &str, ok: bool) -> &'static str {
    if path.starts_with("/qstash/") {
        // Messages and keys, for clients with the token of the queue.
        "no-store"
    } else if ok && is_hashed(path) {
        // The name changes with the content.
        "public, max-age=31536000, immutable"
    } else if ok && is_file(path) {
        "public, max-age=3600"
    } else if path == "/trash" || path.starts_with("/trash/") {
        // Without a script the page could not take back an offer that "back" shows again.
        "private, no-store"
    } else {
        // Contacts: only the browser of the reader keeps them, and it asks again each time.
        "private, no-cache"
    }
}

/// Whether a path is that of a file that anyone may keep for a while, as they all lie at the top. What has a dot in its name
/// elsewhere is a built file with a plain name, which changes with every build, or what a reader downloads.
fn is_file(path: &str) -> bool {
    path.strip_prefix('/')
        .is_some_and(|name| name.contains('.') && !name.contains('/'))
}

/// Whether a path is that of a built file with its hash in its name, as in
/// `/pkg/kith.<hash>.css`.
fn is_hashed(path: &str) -> bool {
    path.strip_prefix("/pkg/")
        .is_some_and(|file| file.split('.').count() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_date_of_its_clock_before_1970_as_well() {
        for (now, expected) in [
            ("2026-11-25T22:00:00.9Z", "Wed, 25 Nov 2026 22:00:00 GMT"),
            // Set back by twelve hours.
            ("2026-11-25T10:00:00.9Z", "Wed, 25 Nov 2026 10:00:00 GMT"),
            ("1970-01-01T00:00:00.9Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("1969-12-31T23:59:59.1Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
            ("1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT"),
        ] {
            let mut response = Response::default();
            date(&mut response, now.parse().expect("a time"));
            assert_eq!(response.headers()[header::DATE], expected);
        }
    }

    #[test]
    fn only_what_never_changes_is_kept_for_ever() {
        assert!(caching("/pkg/kith.3bX9.css", true).contains("immutable"));
        assert!(!caching("/pkg/kith.3bX9.css", false).contains("immutable"));
        assert_eq!(caching("/pkg/kith.css", true), "private, no-cache");
        assert_eq!(caching("/favicon.svg", true), "public, max-age=3600");
        for own in [
            "/contacts",
            "/contacts/export.vcf",
            "/contacts/1/card.vcf",
            "/imports/1/broken.vcf",
        ] {
            assert_eq!(caching(own, true), "private, no-cache");
        }
        for page in ["/trash", "/trash/empty"] {
            assert_eq!(caching(page, true), "private, no-store");
        }
        assert_eq!(caching("/qstash/v2/schedules/a.b", true), "no-store");
        assert_eq!(caching("/api/contacts/1", true), "private, no-cache");
        assert_eq!(caching("/calendar/x.ics", true), "private, no-cache");
    }
}
