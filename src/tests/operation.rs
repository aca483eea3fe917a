//! Running Kith: health, readiness, and stopping.

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use kith::services::contacts::ContactService;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::app::TestApp;
use crate::app::header;

#[tokio::test]
async fn health_and_readiness_are_different_questions() {
    let site = tempfile::tempdir().expect("a directory for the site");
    let app = TestApp::with(|config| config.server.site_root = site.path().to_owned()).await;
    assert_eq!(app.get("/healthz").await.status(), StatusCode::OK);
    let ready = app.get("/readyz").await;
    assert_eq!(ready.status(), StatusCode::OK);
    let ready = ready.json::<Value>().await.expect("a body");
    assert_eq!(ready["ready"], true, "the API works without the site");
    assert_eq!(ready["site"]["state"], "down");

    let pkg = site.path().join("pkg");
    std::fs::create_dir(&pkg).expect("a folder");
    for file in ["kith.css", "kith.js", "kith.wasm"] {
        std::fs::write(pkg.join(file), "").expect("a file");
    }
    let ready = app.get("/readyz").await;
    assert_eq!(
        ready.json::<Value>().await.expect("a body"),
        json!({"ready": true, "database": "up", "site": {"state": "up"}})
    );

    app.part::<ContactService>().close().await;
    assert_eq!(app.get("/healthz").await.status(), StatusCode::OK);
    let ready = app.get("/readyz").await;
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        ready.json::<Value>().await.expect("a body"),
        json!({"ready": false, "database": "down", "site": {"state": "up"}})
    );
    let page = app.get("/contacts").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text().await.expect("a page").contains("Try again"));
    let api = app.get("/api/contacts").await;
    assert_eq!(crate::app::header(&api, "retry-after"), "5");
    crate::app::problem(api, StatusCode::SERVICE_UNAVAILABLE).await;
}

#[tokio::test]
async fn a_request_that_is_running_is_finished_before_the_end() {
    let mut app = TestApp::start().await;
    let address = app.origin.trim_start_matches("http://").to_owned();
    let body = json!({"name": "Ada", "email": "ada@example.com"}).to_string();
    let (first, rest) = body.split_at(10);
    let head = format!(
        "POST /api/contacts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("a head");
    // The server asks for the body once a handler waits for it: now the request is running.
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.expect("100 Continue");
    assert!(go_on.starts_with(b"HTTP/1.1 100"));
    stream
        .write_all(first.as_bytes())
        .await
        .expect("half a body");

    app.ask_to_stop();
    // The port closes at once; a new connection is refused from then on.
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(rest.as_bytes()).await.expect("the rest");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    app.stop().await;
}

#[tokio::test]
async fn saved_contacts_are_there_after_a_restart() {
    let data = tempfile::tempdir().expect("a directory");
    let here = data.path().to_owned();
    let mut app = TestApp::with(|config| config.data.dir = here.clone()).await;
    let ada = app.create("Ada", "ada@example.com").await;
    app.stop().await;
    let app = TestApp::with(|config| config.data.dir = here).await;
    let read = app.get(&format!("/api/contacts/{}", ada.id)).await;
    assert_eq!(crate::app::contact(read).await, ada);
}

#[tokio::test]
async fn answers_have_the_present_date() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/nowhere", "/api/contacts"] {
        let before = Timestamp::now().as_second();
        let answer = app.get(path).await;
        let date = header(&answer, "date");
        let date = rfc2822::parse(date).expect("a date").timestamp();
        let after = Timestamp::now().as_second();
        assert!(
            (before..=after).contains(&date.as_second()),
            "{path}: {date}"
        );
        assert_eq!(answer.headers().get_all("date").iter().count(), 1);
    }
}
