//! Who may ask, and how much at once.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::uri::Authority;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body_util::Limited;
use hyper::body::Body as _;
use tower_http::csrf::ProtectionError;

use crate::server::config::ByteSize;
use crate::server::problem::Problem;

/// The refusal of a request that is not for this machine by one of its own names. A page of another
/// site can point a name of its own at 127.0.0.1 and would otherwise read contacts through the
/// browser of whoever looks at it.
pub fn foreign_host(request: &Request) -> Option<Problem> {
    let foreign = !is_local(request.uri(), request.headers());
    foreign.then(|| {
        Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "wrong-host",
            "Until Kith has accounts it answers only on this machine. Use http://127.0.0.1 or \
             http://localhost with its port.",
        )
    })
}

fn is_local(uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (uri.authority(), hosts.next(), hosts.next()) {
        (Some(authority), ..) => authority.clone(),
        (None, Some(host), None) => match Authority::try_from(host.as_bytes()) {
            Ok(authority) => authority,
            Err(_) => return false,
        },
        _ => return false,
    };
    if host.as_str().contains('@') {
        return false;
    }
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

/// The answer to a form or a script of another site that tries to change something here.
pub fn from_another_site(_error: ProtectionError) -> Response {
    Problem::new(
        StatusCode::FORBIDDEN,
        "cross-site",
        "This request came from another site. Make the change on a page of Kith itself.",
    )
    .into_response()
}

/// The refusal of a body that says of itself that it is too large, before any of it is read.
pub fn large_body(request: &Request, limit: ByteSize) -> Option<Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let too_large_already = announced.is_some_and(|length| length > limit.bytes() as u64);
    too_large_already.then(|| too_large(limit))
}

/// The request with a body that ends at the limit, whatever it has said of itself. axum's own limit,
/// which is another, does not apply.
pub fn cut_off(request: Request, limit: ByteSize) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    let mut request = request.map(|body| Body::new(Limited::new(body, limit.bytes())));
    DefaultBodyLimit::disable().apply(&mut request);
    request
}

/// The answer to a body over the limit.
pub fn too_large(limit: impl std::fmt::Display) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        format!("The body is larger than Kith accepts, which is {limit}."),
    )
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn is_local_host(host: &'static str) -> bool {
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
        is_local(&Uri::from_static("/contacts"), &headers)
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in [
            "localhost",
            "LOCALHOST:3000",
            "127.0.0.1",
            "127.9.9.9:80",
            "[::1]:3000",
        ] {
            assert!(is_local_host(host), "{host}");
        }
        for host in [
            "",
            "kith.example",
            "127.0.0.1.example",
            "localhost.example:3000",
            "10.0.0.1",
            "[::2]",
            "user@localhost:x",
            "0.0.0.0:3000",
        ] {
            assert!(!is_local_host(host), "{host}");
        }
    }

    #[test]
    fn no_host_and_two_hosts_are_refused() {
        assert!(!is_local(&Uri::from_static("/"), &HeaderMap::new()));
        let mut two = HeaderMap::new();
        two.append(header::HOST, HeaderValue::from_static("localhost"));
        two.append(header::HOST, HeaderValue::from_static("kith.example"));
        assert!(!is_local(&Uri::from_static("/"), &two));
    }
}
