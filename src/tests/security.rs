//! Who may ask, and what a browser may do with the answer.

use std::time::Duration;

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
