//! Dead letters in the API of the queue.

use reqwest::Method;
use serde_json::json;

use crate::queue::support::call;
use crate::queue::support::dead_letters;
use crate::queue::support::eventually_dead;
use crate::queue::support::open;

#[tokio::test]
async fn a_dead_letter_that_many_clients_retry_is_sent_by_one() {
    let app = open().await;
    let path = "publish/http://127.0.0.1:1/?upstash-retries=0";
    call(&app, Method::POST, path, "x").await;
    eventually_dead(&app, 1).await;
    let letter = &dead_letters(&app).await[0];
    assert_eq!(letter["responseBody"], "the receiver cannot be reached");
    let id = letter["dlqId"].as_str().expect("an id");
    let retry = format!("dlq/retry/{id}");
    let delete = format!("dlq/{id}");
    let calls = (0..4).flat_map(|_| {
        [
            call(&app, Method::POST, &retry, ""),
            call(&app, Method::DELETE, &delete, ""),
        ]
    });
    let answers = futures_util::future::join_all(calls).await;
    let done: Vec<_> = answers.iter().filter(|(status, _)| *status < 300).collect();
    assert_eq!(done.len(), 1, "{answers:?}");
    let others = answers.iter().filter(|(status, _)| *status == 404);
    assert_eq!(others.count(), 7, "{answers:?}");
}

#[tokio::test]
async fn dead_letters_that_are_not_there_are_none() {
    let app = open().await;
    for label in ["a", "b", "c"] {
        let path = format!("publish/http://127.0.0.1:1/?upstash-retries=0&upstash-label={label}");
        call(&app, Method::POST, &path, "x").await;
    }
    eventually_dead(&app, 3).await;
    let letters = dead_letters(&app).await;
    let id = |index: usize| letters[index]["dlqId"].as_str().expect("an id").to_owned();
    for filter in ["dlqIds=0-0", "messageId=msg_nope", "label=nope"] {
        let (status, answer) = call(&app, Method::POST, &format!("dlq/retry?{filter}"), "").await;
        assert_eq!(
            (status, answer),
            (201, json!({ "responses": [] })),
            "{filter}"
        );
        let (status, answer) = call(&app, Method::DELETE, &format!("dlq?{filter}"), "").await;
        assert_eq!((status, answer), (200, json!({ "deleted": 0 })), "{filter}");
    }
    // The broker deletes those that are there, up to the count of the request.
    let two = format!("dlq?dlqIds={},{},0-0&count=1", id(0), id(1));
    let (_, answer) = call(&app, Method::DELETE, &two, "").await;
    assert_eq!(answer["deleted"], 1, "{answer}");
    let (_, answer) = call(&app, Method::DELETE, "dlq?label=a,b,c&count=1", "").await;
    assert_eq!(answer["deleted"], 1, "{answer}");
    // One that is there is sent, though another is not.
    let left = dead_letters(&app).await;
    let last = left[0]["dlqId"].as_str().expect("an id");
    let (status, answer) = call(
        &app,
        Method::POST,
        &format!("dlq/retry?dlqIds=0-0,{last}"),
        "",
    )
    .await;
    assert_eq!(status, 201);
    assert_eq!(
        answer["responses"].as_array().map(Vec::len),
        Some(1),
        "{answer}"
    );
    let (status, _) = call(&app, Method::POST, "dlq/retry/0-0", "").await;
    assert_eq!(status, 404, "a path names one thing");
}
