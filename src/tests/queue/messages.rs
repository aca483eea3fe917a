//! Messages and the log in the API of the queue.

use reqwest::Method;
use reqwest::StatusCode;
use serde_json::json;

use crate::app::TestApp;
use crate::app::problem;
use crate::app::send;
use crate::queue::support::LATER;
use crate::queue::support::TOKEN;
use crate::queue::support::call;
use crate::queue::support::open;

#[tokio::test]
async fn the_brokers_api_is_closed_without_a_token() {
    let app = TestApp::start().await;
    for (method, path) in [
        (Method::POST, "/qstash/v2/publish/http://127.0.0.1:1/"),
        (Method::GET, "/qstash/v2/keys"),
        (Method::GET, "/qstash/v2/keys?qstash_token="),
        (Method::DELETE, "/qstash/v2/messages"),
    ] {
        let request = app.request(method, path).bearer_auth("");
        let problem = problem(send(request).await, StatusCode::UNAUTHORIZED).await;
        assert!(problem["detail"].to_string().contains("queue.token"));
    }
}

#[tokio::test]
async fn a_request_to_cancel_some_messages_does_not_cancel_all() {
    let app = open().await;
    let (_, first) = call(&app, Method::POST, LATER, "x").await;
    call(&app, Method::POST, LATER, "y").await;
    for (path, body, expected) in [
        ("messages/", "", 404),
        ("messages", "nonsense", 400),
        ("messages", "{\"messageIds\": []}", 400),
        ("messages?lable=x", "", 400),
        ("messages?Upstash-Label=x", "", 400),
        ("dlq/", "", 404),
        ("dlq", "{\"messageIds\": [\"a\"]}", 400),
    ] {
        let (status, answer) = call(&app, Method::DELETE, path, body).await;
        assert_eq!(status, expected, "{path} {body}: {answer}");
    }
    let body = json!({ "messageIds": [first["messageId"], "msg_nope"] }).to_string();
    let (_, answer) = call(&app, Method::DELETE, "messages", &body).await;
    assert_eq!(answer, json!({ "cancelled": 1 }));
    let (_, answer) = call(&app, Method::DELETE, "messages?count=100", "").await;
    assert_eq!(
        answer,
        json!({ "cancelled": 1 }),
        "the other one was still there"
    );
}

#[tokio::test]
async fn the_token_reaches_no_receiver() {
    let app = open().await;
    for name in ["qstash_token", "QSTASH_TOKEN", "qstash%5ftoken"] {
        let path = format!("publish/http://127.0.0.1:1/?a=b&{name}={TOKEN}");
        let (_, answer) = call(&app, Method::POST, &path, "x").await;
        assert_eq!(answer["url"], "http://127.0.0.1:1/?a=b", "{name}");
    }
}

#[tokio::test]
async fn messages_are_cancelled_up_to_the_count_of_the_request() {
    let app = open().await;
    for label in ["a", "a", "b", "c", "c"] {
        call(
            &app,
            Method::POST,
            &format!("{LATER}&upstash-label={label}"),
            "x",
        )
        .await;
    }
    for (filter, expected) in [
        ("count=1&label=a", 1),
        ("label=a,b", 2),
        ("label=a,b", 0),
        ("count=1", 1),
        ("count=9", 1),
    ] {
        let (status, answer) = call(&app, Method::DELETE, &format!("messages?{filter}"), "").await;
        assert_eq!(status, 202, "{answer}");
        assert_eq!(answer["cancelled"], expected, "{filter}");
    }
    let (status, _) = call(&app, Method::DELETE, "messages?count=0", "").await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn the_log_tells_the_wait_that_was_asked_for() {
    let app = open().await;
    let (_, sent) = call(
        &app,
        Method::POST,
        &format!("{LATER}&upstash-retry-delay=15000"),
        "x",
    )
    .await;
    let id = sent["messageId"].as_str().expect("an id");
    for (path, events) in [("logs", "logs"), ("events", "events")] {
        let (_, log) = call(&app, Method::GET, &format!("{path}?messageId={id}"), "").await;
        assert_eq!(log[events][0]["retryDelayExpr"], "15000", "{log}");
        assert_eq!(log[events][0]["retryDelayExpression"], "15000");
    }
}

#[tokio::test]
async fn times_before_1970_are_refused() {
    let app = open().await;
    for (method, path) in [
        (
            Method::POST,
            "publish/http://127.0.0.1:1/?upstash-not-before=-1",
        ),
        (Method::GET, "logs?fromDate=-1"),
        (Method::GET, "events?toDate=-62135596800000"),
        (Method::GET, "dlq?fromDate=-1"),
        (Method::GET, "dlq?cursor=-1"),
        (Method::DELETE, "messages?fromDate=-1"),
    ] {
        let (status, answer) = call(&app, method, path, "").await;
        assert_eq!(status, 400, "{path}: {answer}");
    }
}
