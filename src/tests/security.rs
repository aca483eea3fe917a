//! Who may ask, and what a browser may do with the answer.

use std::num::NonZeroU32;
use std::time::Duration;

use kith::server::config::ForwardedHeader;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::app::TestApp;
use crate::app::header;
use crate::app::problem;
use crate::app::send;

#[tokio::test]
async fn another_site_cannot_change_anything() {
    let app = TestApp::start().await;
    let body = json!({"name": "Eve", "email": "eve@example.com"});
    let write = |path: &str, headers: &[(&str, &str)]| {
        let mut request = app.request(Method::POST, path).json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(request)
    };
    let foreign: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    for headers in foreign {
        for path in ["/api/contacts", "/contacts/new", "/fn/contacts/create"] {
            problem(write(path, headers).await, StatusCode::FORBIDDEN).await;
        }
    }
    let own: [&[(&str, &str)]; 4] = [
        &[],
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("origin", &app.origin)],
    ];
    for headers in own {
        assert_eq!(
            write("/api/contacts", headers).await.status(),
            StatusCode::CREATED,
            "{headers:?}"
        );
    }
    assert_eq!(app.list("").await["total"], 4);
}

#[tokio::test]
async fn only_names_of_this_machine_are_answered() {
    let app = TestApp::start().await;
    for host in ["kith.example", "127.0.0.1.evil.example:80", "192.168.1.1"] {
        let request = app
            .request(Method::GET, "/api/contacts")
            .header("host", host);
        problem(send(request).await, StatusCode::MISDIRECTED_REQUEST).await;
    }
    let request = app
        .request(Method::GET, "/api/contacts")
        .header("host", "localhost:3000");
    assert_eq!(send(request).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn every_script_of_a_page_carries_its_nonce() {
    let app = TestApp::start().await;
    let mut nonces = Vec::new();
    for path in [
        "/contacts",
        "/contacts/new",
        "/nowhere",
        "/contacts?cursor=x",
    ] {
        let response = app.get(path).await;
        let policy = header(&response, "content-security-policy").to_owned();
        let (_, nonce) = policy.split_once("'nonce-").expect("a nonce");
        let (nonce, _) = nonce.split_once('\'').expect("an end");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"));
        let html = response.text().await.expect("a page");
        for script in html.split("<script").skip(1) {
            let (attributes, _) = script.split_once('>').expect("a tag");
            assert!(
                attributes.contains(&format!("nonce=\"{nonce}\"")),
                "{attributes}"
            );
        }
        assert!(!html.contains(" style=\""), "the policy would not apply it");
        nonces.push(nonce.to_owned());
    }
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), 4, "a nonce is used once");
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_it() {
    let app = TestApp::start().await;
    for path in [
        "/contacts",
        "/api/contacts",
        "/api/nothing",
        "/healthz",
        "/api/docs/",
    ] {
        let response = app.get(path).await;
        assert_eq!(
            header(&response, "x-content-type-options"),
            "nosniff",
            "{path}"
        );
        assert_eq!(header(&response, "x-frame-options"), "DENY", "{path}");
        assert!(header(&response, "content-security-policy").contains("frame-ancestors 'none'"));
        assert!(!header(&response, "x-request-id").is_empty(), "{path}");
        assert_eq!(
            header(&response, "cache-control"),
            "private, no-cache",
            "{path}"
        );
    }
}

#[tokio::test]
async fn slow_clients_do_not_keep_others_waiting() {
    let app =
        TestApp::with(|config| config.server.header_timeout = Duration::from_millis(200)).await;
    let address = app.origin.trim_start_matches("http://");
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream
            .write_all(b"GET /contacts HTTP/1.1\r\nHost: ")
            .await
            .expect("half a request");
        slow.push(stream);
    }
    assert_eq!(app.get("/healthz").await.status(), StatusCode::OK);
    for mut stream in slow {
        // The server hangs up by itself; this ends because it does.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let two = std::num::NonZeroU32::new(2).expect("two");
    let app = TestApp::with(|config| {
        config.server.max_connections = two;
        config.server.header_timeout = Duration::from_millis(300);
    })
    .await;
    let address = app.origin.trim_start_matches("http://");
    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(TcpStream::connect(address).await.expect("a connection"));
    }
    // Answered as soon as the two that say nothing have run out of time.
    assert_eq!(app.get("/healthz").await.status(), StatusCode::OK);
    drop(held);
}

#[tokio::test]
async fn a_client_that_stops_reading_is_given_up() {
    let app = TestApp::with(|config| {
        config.server.write_timeout = Duration::from_millis(200);
    })
    .await;
    let address = app.origin.trim_start_matches("http://").to_owned();
    let mut client = TcpStream::connect(&address).await.expect("a connection");
    let request = format!("GET /api/openapi.json HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let one = app
        .get("/api/openapi.json")
        .await
        .bytes()
        .await
        .expect("a body")
        .len();
    // More than the buffers of both sockets hold.
    let requests = 64 * 1024 * 1024 / one;
    let (mut reader, mut writer) = client.split();
    let write = async {
        for _ in 0..requests {
            if writer.write_all(request.as_bytes()).await.is_err() {
                break;
            }
        }
    };
    // The server stops reading while it cannot write, so this may not end by itself.
    let _ = tokio::time::timeout(Duration::from_secs(1), write).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut received = Vec::new();
    let end = reader.read_to_end(&mut received);
    let end = tokio::time::timeout(Duration::from_secs(20), end).await;
    assert!(end.is_ok(), "the server has hung up");
    assert!(
        received.len() < requests * one,
        "and kept the rest to itself"
    );
}

/// Kith behind a proxy that speaks RFC 7239.
async fn behind_a_proxy() -> TestApp {
    TestApp::with(|config| {
        config.server.trusted_proxies.0 = vec!["127.0.0.1/32".parse().expect("a network")];
        config.server.forwarded_header = ForwardedHeader::Forwarded;
        config.limits.api_limit = NonZeroU32::new(3).expect("a limit");
        config.limits.api_window = Duration::from_secs(3600);
    })
    .await
}

#[tokio::test]
async fn what_a_proxy_quotes_makes_nobody_an_admin() {
    let app = behind_a_proxy().await;
    for (forwarded, status) in [
        (
            "for=203.0.113.9;host=\"x,for=[::1]\"",
            StatusCode::FORBIDDEN,
        ),
        (
            "for=203.0.113.9;host=\"x;for=127.0.0.1\"",
            StatusCode::FORBIDDEN,
        ),
        (
            "for=203.0.113.9;host=\"\\\",for=127.0.0.1,\\\"\"",
            StatusCode::FORBIDDEN,
        ),
        (
            "for=203.0.113.9;host=\"x,for=127.0.0.1",
            StatusCode::FORBIDDEN,
        ),
        ("for=203.0.113.9;for=127.0.0.1", StatusCode::FORBIDDEN),
        ("for=127.0.0.1,", StatusCode::FORBIDDEN),
        ("for=\"127.0.0.1:_here\"", StatusCode::OK),
    ] {
        let request = app.request(Method::GET, "/api/metrics");
        let answer = send(request.header("forwarded", forwarded)).await;
        assert_eq!(answer.status(), status, "{forwarded}");
    }
}

#[tokio::test]
async fn what_a_proxy_quotes_gives_nobody_a_fresh_quota() {
    let app = behind_a_proxy().await;
    let status = async |forwarded: String| {
        let request = app.request(Method::GET, "/api/contacts");
        send(request.header("forwarded", forwarded)).await.status()
    };
    for number in 0..5 {
        let expected = if number < 3 { 200 } else { 429 };
        let made_up = format!("for=203.0.113.9;host=\"x,for=198.51.100.{number}\"");
        assert_eq!(status(made_up).await, expected, "{number}");
    }
    // A port that is a made-up name is not the proxy: each client has a quota of its own.
    for number in 0..5 {
        let client = format!("for=\"198.51.100.{number}:_p{number}\"");
        assert_eq!(status(client).await, 200, "{number}");
    }
}

#[tokio::test]
async fn a_proxy_that_nobody_has_named_makes_no_admins() {
    let app = TestApp::start().await;
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=203.0.113.7"),
        ("via", "1.1 tunnel"),
    ] {
        let request = app.request(Method::GET, "/api/metrics");
        let passed_on = send(request.header(name, value)).await;
        assert_eq!(passed_on.status(), StatusCode::FORBIDDEN, "{name}");
        let request = app.request(Method::GET, "/api/contacts");
        assert_eq!(
            send(request.header(name, value)).await.status(),
            StatusCode::OK
        );
    }
    assert_eq!(app.get("/api/metrics").await.status(), StatusCode::OK);
}
