//! Who may ask, and what a browser may do with the answer.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use kith::services::config::Config;
use kith::services::network::ForwardedHeader;
use kith_queue::signature::SigningKey;
use kith_queue::signature::sign;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpSocket;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::app::TestApp;
use crate::app::header;
use crate::app::problem;
use crate::app::send;
use crate::html::Page;
use crate::queue::support::eventually;
use crate::sign_in::visit;
use crate::sign_in::with_account;

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
        for path in ["/api/contacts", "/contacts/new", "/fn/contacts/save"] {
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
async fn a_host_that_is_no_name_of_this_machine_is_refused() {
    let app = TestApp::start().await;
    for host in ["kith.example", "127.0.0.1.evil.example:80", "192.168.1.1"] {
        let request = app
            .request(Method::GET, "/api/contacts")
            .header("host", host);
        problem(send(request).await, StatusCode::MISDIRECTED_REQUEST).await;
    }
    for host in [
        "localhost:3000",
        "LOCALHOST",
        "localhost.:3000",
        "kith.localhost",
    ] {
        let request = app
            .request(Method::GET, "/api/contacts")
            .header("host", host);
        assert_eq!(send(request).await.status(), StatusCode::OK, "{host}");
    }
    // The target of a request and its header name the same host, and two headers are refused.
    for (head, expected) in [
        (
            "GET http://localhost/healthz HTTP/1.1\r\nHost: localhost:3000",
            "200",
        ),
        (
            "GET http://localhost/healthz HTTP/1.1\r\nHost: kith.example",
            "421",
        ),
        (
            "GET http://kith.example/healthz HTTP/1.1\r\nHost: localhost",
            "421",
        ),
        (
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost",
            "421",
        ),
        ("GET /healthz HTTP/1.1\r\nHost: localhost:x", "421"),
    ] {
        let address = app.origin.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let request = format!("{head}\r\nConnection: close\r\n\r\n");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {expected}")),
            "{head}: {answer}"
        );
    }
}

/// Kith as an operator has set it by the names of settings in `[server]` and `[queue]`.
async fn with_settings(settings: &[(&str, &str)]) -> TestApp {
    let variables = settings
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let loaded = Config::load(Some("/dev/null".as_ref()), variables).expect("settings");
    TestApp::with(|config| {
        let addr = config.server.addr;
        config.server = loaded.server;
        config.server.addr = addr;
        config.queue = loaded.queue;
    })
    .await
}

#[tokio::test]
async fn a_configured_name_reaches_the_signed_webhooks_and_health_alone() {
    let app = with_settings(&[
        ("PUBLIC_URL", "https://kith.example:8443"),
        ("KITH_SERVER_HOSTS", "tunnel.example"),
        ("KITH_QUEUE_TOKEN", "0123456789abcdef"),
        ("QSTASH_TOKEN", "token"),
        ("QSTASH_URL", "http://127.0.0.1:9"),
        ("QSTASH_CURRENT_SIGNING_KEY", "sig_now"),
        ("QSTASH_NEXT_SIGNING_KEY", "sig_next"),
    ])
    .await;
    for host in ["kith.example:8443", "Kith.Example.", "tunnel.example:443"] {
        let ask = async |method, path: &str| {
            let request = app.request(method, path).header("host", host);
            send(request.bearer_auth("0123456789abcdef")).await
        };
        for path in ["/healthz", "/readyz"] {
            assert_eq!(
                ask(Method::GET, path).await.status(),
                StatusCode::OK,
                "{host}{path}"
            );
        }
        for path in [
            "welcome-email",
            "welcome-email/failed",
            "daily-report",
            "birthdays",
            "birthday-mail",
        ] {
            let unsigned = ask(Method::POST, &format!("/api/webhooks/{path}")).await;
            problem(unsigned, StatusCode::UNAUTHORIZED).await;
        }
        // What QStash delivers comes under the name of `PUBLIC_URL`.
        let path = "/api/webhooks/daily-report";
        let url = format!("https://kith.example:8443{path}");
        let key = SigningKey::new("sig_now");
        let delivery = app
            .request(Method::POST, path)
            .header("host", host)
            .header("upstash-signature", sign(&key, &url, b"", Timestamp::now()));
        assert_eq!(send(delivery).await.status(), StatusCode::OK, "{host}");

        for path in [
            "/",
            "/contacts",
            "/contacts/new",
            "/trash",
            "/dashboard",
            "/metrics",
            "/api/metrics",
            "/api/contacts",
            "/api/docs/",
            "/api/openapi.json",
            "/qstash/v2/keys",
            "/fn/contacts/list",
            "/favicon.svg",
            "/nowhere",
        ] {
            let refused = problem(
                ask(Method::GET, path).await,
                StatusCode::MISDIRECTED_REQUEST,
            );
            let detail = refused.await["detail"].to_string();
            assert!(detail.contains("signed webhooks"), "{host}{path}: {detail}");
        }
        let request = app
            .request(Method::POST, "/api/contacts")
            .header("host", host);
        let body = json!({"name": "Eve", "email": "eve@example.com"});
        let refused = send(request.json(&body)).await;
        problem(refused, StatusCode::MISDIRECTED_REQUEST).await;
    }
    // Other names reach nothing, and this machine everything.
    for host in [
        "evil.example",
        "a.kith.example",
        "kith.example.evil.example",
    ] {
        let request = app.request(Method::GET, "/healthz").header("host", host);
        problem(send(request).await, StatusCode::MISDIRECTED_REQUEST).await;
    }
    assert_eq!(app.get("/api/metrics").await.status(), StatusCode::OK);
    assert_eq!(app.list("").await["total"], 0);
}

#[tokio::test]
async fn a_form_of_the_public_site_is_of_the_own_site() {
    let app = with_settings(&[("PUBLIC_URL", "http://Kith.Example:8080/")]).await;
    let body = "name=Ada&email=ada%40example.com&key=";
    let submit = |key: usize, headers: &[(&str, &str)]| {
        let mut request = app
            .request(Method::POST, "/contacts/new")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("{body}{key}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(request)
    };
    // A proxy that sends `Host: localhost`, before browsers that say nothing of the site.
    let created = submit(0, &[("origin", "http://kith.example:8080")]).await;
    assert_eq!(created.status(), StatusCode::SEE_OTHER);
    let foreign: [&[(&str, &str)]; 6] = [
        &[("origin", "http://kith.example")],
        &[("origin", "http://kith.example:80800")],
        &[("origin", "https://kith.example:8080")],
        &[("origin", "http://evil.example")],
        &[("origin", "http://a.kith.example:8080")],
        &[("origin", "null")],
    ];
    for (key, headers) in foreign.into_iter().enumerate() {
        let refused = submit(key + 1, headers).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert_eq!(app.list("").await["total"], 1);
}

#[tokio::test]
async fn the_policy_names_every_script_of_a_page_by_its_hash() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let (contact, edit) = (
        format!("/contacts/{}", ada.id),
        format!("/contacts/{}/edit", ada.id),
    );
    for path in [
        "/contacts",
        "/contacts/new",
        &contact,
        &edit,
        "/contacts/print",
        "/trash",
        "/dashboard",
        "/nowhere",
        "/contacts?cursor=x",
        "a refused form",
    ] {
        let response = match path {
            "a refused form" => app.submit("/contacts/new", &[("name", "")]).await,
            path => app.get(path).await,
        };
        let policy = header(&response, "content-security-policy").to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"));
        assert!(!policy.contains("nonce"), "{policy}");
        let page = Page::read(response).await;
        let scripts = page.scripts();
        assert!(scripts.len() >= 2, "{path}");
        for script in scripts {
            let hash = BASE64_STANDARD.encode(Sha256::digest(&script));
            assert!(
                policy.contains(&format!("'sha256-{hash}'")),
                "{path}: {script}"
            );
        }
        assert!(!page.has("[style]"), "the policy would not apply it");
    }
}

#[tokio::test]
async fn text_does_not_end_the_data_of_a_page() {
    let app = TestApp::start().await;
    let markup = "</script><!--<script>alert(1)</script>";
    let body = json!({
        "name": markup, "email": "ada@example.com", "company": markup, "notes": markup,
    });
    let id = crate::app::contact(app.post("/api/contacts", &body).await)
        .await
        .id;
    let mut fields = ["name", "email", "phone", "company", "notes"].map(|field| (field, markup));
    let refused_markup = format!("{markup}\u{1}");
    fields[4].1 = &refused_markup;
    let refused = app.submit("/contacts/new", &fields).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let mut pages = vec![(Page::read(refused).await, fields.len())];
    for (path, texts) in [
        // The rest is drawn, and escaped.
        (format!("/contacts/{id}"), 2),
        (format!("/contacts/{id}/edit"), 3),
        (
            "/contacts?q=%3C/script%3E%3C!--%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
            1,
        ),
    ] {
        pages.push((Page::read(app.get(&path).await).await, texts));
    }
    for (page, texts) in pages {
        let source = page.source();
        assert!(!source.contains("<script>alert"), "{source}");
        let data: serde_json::Value = serde_json::from_str(&page.data()).expect("JSON");
        let found = data.to_string().matches(markup).count();
        assert!(found >= texts, "{found}: {data}");
    }
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
    let (mut reader, mut writer) = client.split();
    let mut asked = 0;
    // The server stops reading while it cannot write. So this waits as soon as the buffers of both sockets are full, and ends
    // when the server hangs up.
    let write = async {
        while writer.write_all(request.as_bytes()).await.is_ok() {
            asked += 1;
        }
    };
    let hung_up = tokio::time::timeout(Duration::from_secs(60), write).await;
    assert!(hung_up.is_ok(), "the server has hung up");
    let mut received = Vec::new();
    // What is left in the buffers, or the news that the connection is gone.
    let _ = reader.read_to_end(&mut received).await;
    assert!(received.len() < asked * one, "and kept the rest to itself");
}

/// Kith behind a proxy that speaks RFC 7239.
async fn behind_a_proxy() -> TestApp {
    TestApp::with(|config| {
        config.server.trusted_proxies.0 = vec!["127.0.0.1/32".parse().expect("a network")];
        config.server.forwarded_header = ForwardedHeader::Forwarded;
        config.limits.api.limit = NonZeroU32::new(3).expect("a limit");
        config.limits.api.window = Duration::from_secs(3600);
    })
    .await
}

#[tokio::test]
async fn a_quoted_forwarded_header_makes_no_client_an_admin() {
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
async fn a_quoted_forwarded_header_gives_no_client_a_fresh_quota() {
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

/// So many clients from `source` that send half a request and come back as soon as Kith hangs up, and a
/// count of how often it has.
fn flood(app: &TestApp, source: &str, clients: usize) -> (JoinSet<()>, Arc<AtomicUsize>) {
    let address: SocketAddr = app.origin["http://".len()..].parse().expect("an address");
    let source = SocketAddr::new(source.parse().expect("an address"), 0);
    let closed = Arc::new(AtomicUsize::new(0));
    let mut flood = JoinSet::new();
    for _ in 0..clients {
        let closed = closed.clone();
        flood.spawn(async move {
            loop {
                let socket = TcpSocket::new_v4().expect("a socket");
                socket.set_reuseaddr(true).expect("an option");
                socket.bind(source).expect("an address of this machine");
                let Ok(mut stream) = socket.connect(address).await else {
                    continue;
                };
                let half = b"GET /contacts HTTP/1.1\r\nHost: ";
                if stream.write_all(half).await.is_ok() {
                    let mut rest = Vec::new();
                    let _ = stream.read_to_end(&mut rest).await;
                }
                closed.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    (flood, closed)
}

/// Kith with room for few connections. It closes none by itself. Clients reach it by IPv4 and by IPv6.
async fn with_little_room() -> TestApp {
    let listener = TcpListener::bind("[::]:0").await.expect("a free port");
    TestApp::on(listener, |config| {
        config.server.max_connections = NonZeroU32::new(64).expect("a number");
        config.server.header_timeout = Duration::from_secs(24 * 3600);
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_send_half_a_request_and_come_back_hold_up_no_others() {
    let app = with_little_room().await;
    let (_flood, closed) = flood(&app, "127.0.0.1", 150);
    // All of them have been there, and there is room for none.
    eventually("Kith has hung up on them", || {
        closed.load(Ordering::SeqCst) >= 500
    })
    .await;
    // On a busy machine Kith may close a connection whose request has not arrived yet. Its client asks
    // again, as browsers do.
    let ask = async || {
        for _ in 0..10 {
            let request = app.request(Method::GET, "/healthz");
            if let Ok(answer) = request.header("connection", "close").send().await {
                return Some(answer.status());
            }
        }
        None
    };
    let asking = async {
        for _ in 0..20 {
            assert_eq!(ask().await, Some(StatusCode::OK));
        }
    };
    // Without closing the silent ones Kith would answer in a day.
    let asking = tokio::time::timeout(Duration::from_secs(120), asking);
    asking.await.expect("answers");
}

/// Clients that send half a body as often as there are places, and stay.
async fn hold_all_places(app: &TestApp, head: &str) -> Vec<TcpStream> {
    hold_places(app, head, 64).await
}

async fn hold_places(app: &TestApp, head: &str, places: usize) -> Vec<TcpStream> {
    let address = app.origin.trim_start_matches("http://");
    let mut held = Vec::new();
    for _ in 0..places {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        // Kith may have closed it for the next one already.
        let _ = stream.write_all(head.as_bytes()).await;
        held.push(stream);
    }
    held
}

#[tokio::test]
async fn clients_that_send_half_a_body_hold_up_no_others() {
    let app = with_little_room().await;
    let head = "POST /api/contacts HTTP/1.1\r\nHost: localhost\r\n\
                Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    let _held = hold_all_places(&app, head).await;
    let ask = || {
        let request = app.request(Method::GET, "/healthz");
        request.header("connection", "close").send()
    };
    // Kith finds out who calls before it reads a body. Until then it works for these clients, and cuts none of them off.
    let begin = async { while ask().await.is_err() {} };
    let begin = tokio::time::timeout(Duration::from_secs(60), begin).await;
    begin.expect("it waits for their bodies");
    for _ in 0..3 {
        assert_eq!(ask().await.expect("an answer").status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_slow_clients_leave_room_for_who_has_signed_in() {
    // Both ends of each connection are in this process.
    let files = rlimit::increase_nofile_limit(8192).expect("a limit");
    assert!(
        files >= 5000,
        "{files} files: this test needs `ulimit -n 5000`"
    );
    let (app, session) = with_account(|config| {
        config.server.header_timeout = Duration::from_secs(24 * 3600);
        config.server.request_timeout = Duration::from_secs(24 * 3600);
        config.limits.ui.limit = NonZeroU32::MAX;
    })
    .await;
    let form = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nname=";
    let made_up = format!(
        "GET /contacts HTTP/1.1\r\nHost: localhost\r\nCookie: kith-session={}",
        "A".repeat(43)
    );
    let mut held = Vec::new();
    for head in ["", "GET /contacts HTTP/1.1\r\nHost: local", &made_up, form] {
        held.extend(hold_places(&app, head, 500).await);
        // A connection whose request has not arrived yet may be closed for another one. Browsers ask again.
        let ask = async || {
            loop {
                let request = visit(&app, &session, "/contacts");
                if let Ok(answer) = request.header("connection", "close").send().await {
                    return answer.status();
                }
            }
        };
        for _ in 0..3 {
            let status = tokio::time::timeout(Duration::from_secs(120), ask()).await;
            assert_eq!(status.expect("an answer"), StatusCode::OK, "{head}");
        }
    }
    assert_eq!(held.len(), 2000);
}

#[tokio::test]
async fn clients_that_do_not_read_their_answers_hold_up_others_for_a_few_seconds_only() {
    let site = tempfile::tempdir().expect("a directory for the site");
    let large = std::fs::File::create(site.path().join("large.bin")).expect("a file");
    large.set_len(64 << 20).expect("a large file");
    let app = TestApp::with(|config| {
        config.server.site_root = site.path().to_owned();
        config.server.max_connections = NonZeroU32::new(4).expect("four");
        config.server.write_timeout = Duration::from_secs(24 * 3600);
    })
    .await;
    let _held = hold_all_places(&app, "GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let ask = async || {
        loop {
            let request = app.request(Method::GET, "/healthz");
            if let Ok(answer) = request.header("connection", "close").send().await {
                return answer.status();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let status = tokio::time::timeout(Duration::from_secs(60), ask()).await;
    assert_eq!(status.expect("room"), StatusCode::OK);
}

#[tokio::test]
async fn a_webhook_refuses_what_is_not_signed_before_it_reads_the_body() {
    let app = TestApp::start().await;
    let address = app.origin.trim_start_matches("http://");
    let of_another = sign(
        &SigningKey::random(),
        &format!("{}/api/webhooks/welcome-email", app.origin),
        b"{}",
        Timestamp::now(),
    );
    for signature in [
        String::new(),
        "Upstash-Signature: nonsense\r\n".to_owned(),
        format!("Upstash-Signature: {of_another}\r\n"),
    ] {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        // Kith reads none of a body whose client waits to be asked for it.
        let request = format!(
            "POST /api/webhooks/welcome-email HTTP/1.1\r\nHost: {address}\r\n{signature}\
             Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("a request");
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.expect("an answer");
        assert_eq!(&first, b"HTTP/1.1 401", "{signature}");
    }
}

#[tokio::test]
async fn a_request_whose_target_has_no_path_is_refused() {
    let app = TestApp::start().await;
    let address = app.origin.trim_start_matches("http://");
    for method in ["GET", "POST", "CONNECT"] {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let request = format!(
            "{method} localhost:80 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        );
        stream
            .write_all(request.as_bytes())
            .await
            .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 400"), "{method}: {answer}");
        assert!(answer.contains("application/problem+json"), "{answer}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_one_address_take_no_place_of_another() {
    let app = with_little_room().await;
    // All of 127.0.0.0/8 is one client.
    let address = ("::1", app.part::<Arc<Config>>().server.addr.port());
    let mut idle = TcpStream::connect(address).await.expect("a connection");
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let ask = async |stream: &mut TcpStream| {
        stream
            .write_all(request.as_bytes())
            .await
            .expect("a request");
        let mut answer = Vec::new();
        while !answer.ends_with(b"alive\n") {
            let read = stream.read_buf(&mut answer).await.expect("an answer");
            assert!(read > 0, "Kith has hung up");
        }
        assert!(answer.starts_with(b"HTTP/1.1 200"));
    };
    ask(&mut idle).await;
    let mut silent = TcpStream::connect(address).await.expect("a connection");
    silent
        .write_all(&request.as_bytes()[..10])
        .await
        .expect("half a request");
    let (_flood, closed) = flood(&app, "127.0.0.2", 100);
    eventually("Kith has hung up on them", || {
        closed.load(Ordering::SeqCst) >= 1000
    })
    .await;
    // Both have been silent for longer than any of the flood, and both are still there.
    silent
        .write_all(&request.as_bytes()[10..])
        .await
        .expect("the rest");
    ask(&mut idle).await;
    let mut first = [0; 12];
    silent.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200");
}

#[tokio::test]
async fn an_answer_is_sent_to_its_end_though_another_waits_for_its_place() {
    const LENGTH: usize = 64 * 1024 * 1024;
    let site = tempfile::tempdir().expect("a directory for the site");
    let large = std::fs::File::create(site.path().join("large.bin")).expect("a file");
    large.set_len(LENGTH as u64).expect("a large file");
    let app = TestApp::with(|config| {
        config.server.site_root = site.path().to_owned();
        config.server.max_connections = NonZeroU32::new(2).expect("two");
    })
    .await;
    let address = app.origin.trim_start_matches("http://");
    let mut reader = TcpStream::connect(address).await.expect("a connection");
    // More than the buffers of both sockets hold, so that it does not end before it is read.
    let request = format!("GET /large.bin HTTP/1.1\r\nHost: {address}\r\n\r\n");
    reader
        .write_all(request.as_bytes())
        .await
        .expect("a request");
    let mut begun = [0; 12];
    reader.read_exact(&mut begun).await.expect("an answer");
    assert_eq!(&begun, b"HTTP/1.1 200");
    // Of the same address, which has one place: it is refused.
    let mut refused = TcpStream::connect(address).await.expect("a connection");
    let _ = refused.write_all(request.as_bytes()).await;
    let mut nothing = Vec::new();
    let _ = refused.read_to_end(&mut nothing).await;
    assert!(nothing.is_empty());
    let mut rest = Vec::new();
    let body_has_come = |rest: &[u8]| {
        let head = rest
            .windows(4)
            .take(1000)
            .position(|end| end == b"\r\n\r\n");
        head.is_some_and(|head| rest.len() == head + 4 + LENGTH)
    };
    while !body_has_come(&rest) {
        let read = reader.read_buf(&mut rest).await.expect("the rest");
        assert!(read > 0, "the answer broke off after {}", rest.len());
    }
    // Now it waits for its client, and makes room for the next.
    assert_eq!(app.get("/healthz").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_name_of_an_https_origin_is_asked_for_by_https_from_then_on() {
    const HSTS: &str = "strict-transport-security";
    for (public_url, host, expected) in [
        (
            "https://kith.example.org",
            "kith.example.org",
            Some("max-age=31536000"),
        ),
        (
            "https://kith.example.org",
            "KITH.example.org:8443",
            Some("max-age=31536000"),
        ),
        ("https://kith.example.org", "localhost", None),
        ("https://kith.example.org", "kith.lan", None),
        ("http://kith.example.org", "kith.example.org", None),
    ] {
        let app = TestApp::with(|config| {
            config.server.public_url = Some(public_url.parse().expect("an origin"));
        })
        .await;
        // A refusal says it as well.
        for path in ["/healthz", "/contacts"] {
            let request = app.request(Method::GET, path).header("Host", host);
            let response = send(request).await;
            let found = response.headers().get(HSTS);
            let found = found.map(|value| value.to_str().expect("text"));
            assert_eq!(found, expected, "{public_url} {host} {path}");
        }
    }
}
