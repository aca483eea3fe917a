//! Where messages may go, through every door of the queue's API: what stands in no URL, and what no
//! header holds, gets in nowhere.

use std::ffi::OsString;

use kith::services::config::Config;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::app::send;

const TOKEN: &str = "a-token-of-this-test";

/// No server listens there.
const ALLOWED: &str = "http://127.0.0.1:1";

async fn open() -> TestApp {
    TestApp::with(|config| {
        let settings = [("KITH_QUEUE_TOKEN", TOKEN), ("KITH_QUEUE_ALLOW", ALLOWED)];
        let settings = settings.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let parsed = Config::load(Some("/dev/null".as_ref()), settings).expect("settings");
        config.queue = parsed.queue;
    })
    .await
}

async fn call(app: &TestApp, path: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = app.request(Method::POST, &format!("/qstash/v2/{path}"));
    let answer = send(request.bearer_auth(TOKEN).body(body)).await;
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

/// As it stands in a path or a query.
fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

/// What is refused wherever a URL is taken.
fn strange_urls() -> Vec<String> {
    let mut urls = vec![
        "http://user@127.0.0.1:1/".to_owned(),
        "http://@127.0.0.1:1/".to_owned(),
        "http://:secret@127.0.0.1:1/".to_owned(),
    ];
    for foreign in [
        "\u{1b}[31m\u{0}\r\nX",
        "\u{7f}",
        "\u{9b}",
        " ",
        "\u{2028}",
        "\u{202e}",
        "\\",
    ] {
        urls.push(format!("{ALLOWED}/a{foreign}b"));
        urls.push(format!("{ALLOWED}/a{foreign}"));
        urls.push(format!("{foreign}{ALLOWED}/a"));
    }
    urls
}

#[tokio::test]
async fn a_destination_with_a_character_of_no_url_is_refused_at_every_entry_point() {
    let app = open().await;
    let good = format!("{ALLOWED}/good");
    for url in strange_urls() {
        let in_query = escaped(&url);
        for path in [
            format!("publish/{in_query}"),
            format!("publish/{good}?upstash-callback={in_query}"),
            format!("publish/{good}?upstash-failure-callback={in_query}"),
            format!("schedules/{in_query}?upstash-cron=0%209%20*%20*%20*"),
            format!("schedules/{good}?upstash-cron=0%209%20*%20*%20*&upstash-callback={in_query}"),
            format!("dlq/retry?upstash-callback={in_query}"),
        ] {
            let body = if path.starts_with("dlq") { "" } else { "x" };
            let (status, answer) = call(&app, &path, body).await;
            assert_eq!(status, 400, "{url:?} {path}: {answer}");
            let said = answer["error"].as_str().expect("an error");
            assert!(!said.contains(char::is_control), "{said:?}");
        }
        let batch = json!([
            { "destination": url },
            { "destination": good, "headers": { "Upstash-Callback": url } },
            { "destination": good, "headers": { "Upstash-Failure-Callback": url } },
        ]);
        let (status, answers) = call(&app, "batch", batch.to_string()).await;
        assert_eq!(status, 200);
        for answer in answers.as_array().expect("answers") {
            let said = answer["error"].as_str();
            let said = said.unwrap_or_else(|| panic!("{url:?} is taken: {answer}"));
            assert!(!said.contains(char::is_control), "{said:?}");
        }
    }
    let dashboard = app.get("/dashboard").await.text().await.expect("a page");
    let raw = |c: char| c.is_control() && !"\n\t".contains(c);
    assert!(!dashboard.contains(raw), "{dashboard:?}");
}

#[tokio::test]
async fn a_header_with_a_character_of_no_header_is_refused_in_a_query_and_in_a_batch() {
    let app = open().await;
    let good = format!("{ALLOWED}/good");
    for (name, value) in [
        ("Upstash-Label", "a\u{1b}[31m"),
        ("Upstash-Deduplication-Id", "a\u{0}b"),
        ("Upstash-Method", "POST\r\n"),
        ("Upstash-Retry-Delay", "1000\n"),
        ("Upstash-Forward-X-Name", "a\r\nX: y"),
        ("Upstash-Redact-Fields", "header[a\u{1b}]"),
    ] {
        let path = format!("publish/{good}?{name}={}", escaped(value));
        let (status, answer) = call(&app, &path, "x").await;
        assert_eq!(status, 400, "{name}: {answer}");
        let batch = json!([{ "destination": good, "headers": { name: value } }]);
        let (_, answer) = call(&app, "batch", batch.to_string()).await;
        let said = answer[0]["error"].as_str();
        let said = said.unwrap_or_else(|| panic!("{name} is taken: {answer}"));
        assert!(!said.contains(char::is_control), "{said:?}");
    }
    // Escaped, but no text.
    let (status, _) = call(&app, "publish/http%3A%2F%2F127.0.0.1%3A1%2F%ff", "x").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn the_queues_json_may_begin_with_a_byte_order_mark() {
    let app = open().await;
    let batch =
        json!([{ "destination": format!("{ALLOWED}/a"), "headers": { "Upstash-Delay": "1h" } }]);
    let (status, answer) = call(&app, "batch", format!("\u{feff}{batch}")).await;
    assert_eq!(status, 200, "{answer}");
    let id = answer[0]["messageId"].as_str().expect("an id");
    let body = format!("\u{feff}{}", json!({ "messageIds": [id] }));
    let request = app.request(Method::DELETE, "/qstash/v2/messages");
    let answer = send(request.bearer_auth(TOKEN).body(body)).await;
    let answer: Value = answer.json().await.expect("JSON");
    assert_eq!(answer, json!({ "cancelled": 1 }));
}
