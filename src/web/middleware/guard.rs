//! Refusals that need no work: of host names, of other sites, and of bodies.

use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::uri::Authority;
use axum::response::IntoResponse;
use axum::response::Response;
use http_body_util::Limited;
use hyper::body::Body as _;
use tower_http::csrf::ProtectionError;

use crate::model::language::t;
use crate::services::config::ServerConfig;
use crate::services::jobs;
use crate::services::origin::Host;
use crate::web::grammar::Reader;
use crate::web::problem::Problem;
use crate::web::security_txt;
use crate::web::uploads::Allowance;

/// The kind of host name that a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostKind {
    /// A name that means this machine on every machine.
    Local,
    /// The name of `server.public_url`, or one of `server.hosts`. Between the client and Kith stands a
    /// proxy or a tunnel, whose own address says nothing about the client.
    Configured,
}

/// The digits of the highest port.
const MAX_PORT_DIGITS: usize = 5;

/// The paths that configured names reach until Kith has accounts: the signed webhooks, health, and whom to tell of a
/// weakness.
pub fn is_public(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | security_txt::PATH)
        || (path.starts_with(jobs::WEBHOOKS) && jobs::label(path).is_some())
}

/// The refusal of a request whose target is no path but a host alone, as a client sends it to a proxy.
pub fn reject_missing_path(request: &Request) -> Option<Problem> {
    request.uri().path_and_query().is_none().then(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "no-path",
            t!("The target of a request to Kith is a path, for example /contacts."),
        )
    })
}

/// The kind of host name of a request.
///
/// # Errors
/// The refusal of a request for another name. Another site can point a name of its own at 127.0.0.1. Its page would
/// otherwise read contacts through the browser of its visitor.
pub fn host_kind(request: &Request, config: &ServerConfig) -> Result<HostKind, Box<Problem>> {
    if is_plainly_local(request.uri(), request.headers()) {
        return Ok(HostKind::Local);
    }
    match host(request.uri(), request.headers()) {
        Some(host) if host.is_local() => Ok(HostKind::Local),
        Some(host) if config.is_named(&host) => Ok(HostKind::Configured),
        _ => Err(Box::new(wrong_host(t!(
            "Kith does not answer to this name. Use http://127.0.0.1 or http://localhost with its \
             port. For other names, set PUBLIC_URL or KITH_SERVER_HOSTS."
        )))),
    }
}

/// The refusal of a request for a configured name while Kith has no account.
pub fn no_accounts() -> Problem {
    wrong_host(t!(
        "Until Kith has accounts, this name reaches only the signed webhooks, /healthz and \
         /readyz: a proxy or a tunnel keeps it, so Kith cannot tell who asks. Use \
         http://127.0.0.1 or http://localhost with its port, or make an account: \
         kith user add NAME --role admin"
    ))
}

fn wrong_host(detail: &str) -> Problem {
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong-host", detail)
}

/// Whether a request names this machine as almost every request does, which takes a fraction of reading the
/// [`host`].
fn is_plainly_local(uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (None, Some(host), None) = (uri.authority(), hosts.next(), hosts.next()) else {
        return false;
    };
    let host = host.as_bytes();
    let port = [&b"127.0.0.1"[..], b"localhost"]
        .iter()
        .find_map(|name| host.strip_prefix(*name));
    match port {
        Some([b':', port @ ..]) => {
            port.len() <= MAX_PORT_DIGITS && port.iter().all(u8::is_ascii_digit)
        }
        Some(port) => port.is_empty(),
        None => false,
    }
}

/// Whether a request names the host of a public URL that begins with `https://`.
pub fn names_https_host(request: &Request, config: &ServerConfig) -> bool {
    let public_url = config.public_url.as_ref();
    let https = public_url.filter(|origin| origin.as_str().starts_with("https://"));
    let (uri, headers) = (request.uri(), request.headers());
    https.is_some_and(|origin| {
        !is_plainly_local(uri, headers)
            && host(uri, headers).is_some_and(|host| Some(host) == origin.host())
    })
}

/// The host that a request names; `None` if it names no host, or two, or something else. The port makes no
/// difference: a site that chooses the name cannot reach Kith by another port.
///
/// A request that carries its whole address means that one (RFC 9112, 3.2.2), and must name the same host in
/// `Host` (RFC 9112, 3.2). A proxy that chooses by `Host` would otherwise pass on a request for another name.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<Host> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let header = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(name(&Authority::try_from(host.as_bytes()).ok()?)?),
        (None, _) => None,
        (Some(_), Some(_)) => return None,
    };
    match (uri.authority(), header) {
        (Some(authority), Some(header)) => name(authority).filter(|target| *target == header),
        (Some(authority), None) => name(authority),
        (None, header) => header,
    }
}

/// The host of an authority that names a host, perhaps a port, and nothing else, such as a user.
fn name(authority: &Authority) -> Option<Host> {
    let port = authority.as_str().strip_prefix(authority.host())?;
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_number);
    is_port.then(|| authority.host().parse().ok())?
}

fn is_number(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit())
}

/// The refusal of a form or a script of another site that tries to change data of Kith.
pub fn csrf_rejection(_error: ProtectionError) -> Response {
    Problem::new(
        StatusCode::FORBIDDEN,
        "cross-site",
        t!("This request came from another site. Make the change on a page of Kith itself."),
    )
    .into_response()
}

/// The refusal of a body whose announced length is too large, before Kith reads any of it.
pub fn reject_large_body(request: &Request, allowance: &Allowance) -> Option<Problem> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let too_large_already = announced.is_some_and(|length| length > allowance.max_bytes as u64);
    too_large_already.then(|| allowance.too_large())
}

/// The refusal of a body in a coding, such as gzip, because handlers read bodies without a coding. The API of
/// the queue accepts every coding, because it passes bodies on as they are.
pub fn reject_encoded_body(request: &Request) -> Option<Response> {
    if request.body().is_end_stream() || request.uri().path().starts_with("/qstash/") {
        return None;
    }
    let is_plain = |line: &HeaderValue| {
        let codings = Reader::new(line.as_bytes()).list(Reader::token);
        codings.is_some_and(|codings| {
            let mut codings = codings.iter();
            codings.all(|coding| coding.eq_ignore_ascii_case("identity"))
        })
    };
    let lines = request.headers().get_all(header::CONTENT_ENCODING);
    if lines.iter().all(is_plain) {
        return None;
    }
    let problem = Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "wrong-content-encoding",
        t!("Send the body as it is, without Content-Encoding."),
    );
    let mut response = problem.into_response();
    // RFC 9110, 15.5.16.
    let readable = HeaderValue::from_static("identity");
    response
        .headers_mut()
        .insert(header::ACCEPT_ENCODING, readable);
    Some(response)
}

/// The request with a body that fails at the limit, whatever its announced length. The limit of axum, which is
/// another one, does not apply.
pub fn limit_body(request: Request, max_bytes: usize) -> Request {
    if request.body().is_end_stream() {
        return request;
    }
    let mut request = request.map(|body| Body::new(Limited::new(body, max_bytes)));
    DefaultBodyLimit::disable().apply(&mut request);
    request
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::services::config::Config;

    fn is_local(uri: &'static str, hosts: &[&'static str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_static(host));
        }
        let uri = Uri::from_static(uri);
        let is_local = host(&uri, &headers).is_some_and(|host| host.is_local());
        assert!(is_local || !is_plainly_local(&uri, &headers), "{hosts:?}");
        is_local
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in [
            "localhost",
            "localhost:",
            "localhost:99999",
            "LOCALHOST:3000",
            "localhost.",
            "localhost.:3000",
            "kith.localhost",
            "Kith.Localhost.:3000",
            "127.0.0.1",
            "127.9.9.9:80",
            "127.0.0.1:",
            "[::1]:3000",
            "[0:0::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_local("/contacts", &[host]), "{host}");
        }
        for host in [
            "",
            ".",
            "kith.example",
            "127.0.0.1.example",
            "127.0.0.1.",
            "localhost.example:3000",
            "localhost..",
            "notlocalhost",
            ".localhost.example",
            "10.0.0.1",
            "[::2]",
            "user@localhost:x",
            "user@localhost",
            "localhost:x",
            "localhost:3000x",
            "localhost:3000:1",
            "::1",
            "0.0.0.0:3000",
            "0x7f.1",
            "2130706433",
        ] {
            assert!(!is_local("/contacts", &[host]), "{host}");
        }
    }

    #[test]
    fn no_host_and_two_hosts_are_refused() {
        assert!(!is_local("/", &[]));
        assert!(!is_local("/", &["localhost", "kith.example"]));
        assert!(!is_local("/", &["localhost", "localhost"]));
        assert!(!is_local("http://localhost/", &["localhost", "localhost"]));
    }

    #[test]
    fn a_request_with_its_whole_address_names_one_host() {
        assert!(is_local("http://localhost:3000/", &[]));
        assert!(is_local("http://localhost:3000/", &["localhost:3000"]));
        // A proxy may have chosen by the header.
        assert!(!is_local("http://127.0.0.1/", &["kith.example"]));
        assert!(!is_local("http://localhost/", &["127.0.0.1"]));
        assert!(!is_local("http://localhost/", &["localhost", "localhost"]));
        assert!(!is_local("http://kith.example/", &["localhost"]));
        assert!(!is_local("http://user@localhost/", &["localhost"]));
    }

    #[test]
    fn a_configured_name_reaches_what_is_signed_and_whether_kith_is_well() {
        let mut config = Config::default();
        let set = [
            ("KITH_SERVER_PUBLIC_URL", "https://Kith.Example:8443"),
            (
                "KITH_SERVER_HOSTS",
                "tunnel.example., 192.168.1.5, [fd00::5]",
            ),
        ];
        let set = set.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        config.server = Config::load(Some("/dev/null".as_ref()), set)
            .expect("settings")
            .server;
        let ask = |host: &str, path: &str| {
            let request = Request::builder().uri(path).header(header::HOST, host);
            let request = request.body(Body::empty()).expect("a request");
            let kind = host_kind(&request, &config.server).ok()?;
            // Until Kith has accounts.
            (kind == HostKind::Local || is_public(path)).then_some(kind)
        };
        for host in [
            "kith.example:8443",
            "kith.example",
            "KITH.example.:443",
            "tunnel.example",
            "192.168.1.5:3000",
            "[fd00:0::5]",
        ] {
            for path in [
                "/api/webhooks/welcome-email",
                "/api/webhooks/welcome-email/failed",
                "/api/webhooks/daily-report",
                "/healthz",
                "/readyz",
                "/.well-known/security.txt",
            ] {
                assert_eq!(ask(host, path), Some(HostKind::Configured), "{host}{path}");
            }
            for path in [
                "/",
                "/contacts",
                "/api/contacts",
                "/api/metrics",
                "/qstash/v2/keys",
                "/healthz/",
                "/Healthz",
                "/api/webhooks/",
                "/api/webhooks/welcome-email/",
                "/contacts/api/webhooks/welcome-email",
                "//healthz",
            ] {
                assert_eq!(ask(host, path), None, "{host}{path}");
            }
        }
        for host in [
            "example",
            "a.kith.example",
            "kith.example.evil.example",
            "192.168.1.50",
        ] {
            assert_eq!(ask(host, "/healthz"), None, "{host}");
        }
        assert_eq!(ask("kith.localhost", "/contacts"), Some(HostKind::Local));
    }
}
