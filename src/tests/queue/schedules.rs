//! Publications with a cron expression in the API of the queue.

use kith_database::Engine;
use kith_database::query;
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::engine;
use crate::queue::support::TOKEN;
use crate::queue::support::call;
use crate::queue::support::open;
use crate::queue::support::set;

#[tokio::test]
async fn a_publication_with_a_cron_expression_is_a_schedule() {
    let app = open().await;
    let once = "publish/http://127.0.0.1:1/once?upstash-cron=0+0+1+1+*";
    let (status, made) = call(&app, Method::POST, once, "x").await;
    assert_eq!(status, 200, "{made}");
    let id = made["scheduleId"].as_str().expect("an id");
    assert!(made["messageId"].is_null(), "nothing is sent now: {made}");
    let (_, schedule) = call(&app, Method::GET, &format!("schedules/{id}"), "").await;
    assert_eq!(schedule["cron"], "0 0 1 1 *");
    assert_eq!(schedule["body"], "x");

    // The same in a batch, under an id, beside a message.
    let nowhere = "http://127.0.0.1:1/batch";
    let batch = json!([
        { "destination": nowhere, "headers": { "Upstash-Delay": "1h" } },
        { "destination": nowhere, "headers": {
            "Upstash-Cron": "CRON_TZ=Europe/Paris @daily", "Upstash-Schedule-Id": "nightly",
        } },
        { "destination": nowhere, "headers": { "Upstash-Cron": "@sometimes" } },
        { "destination": nowhere, "headers": { "Upstash-Schedule-Id": "nightly" } },
    ]);
    let (status, answers) = call(&app, Method::POST, "batch", &batch.to_string()).await;
    assert_eq!(status, 200, "{answers}");
    assert!(answers[0]["messageId"].is_string(), "{answers}");
    assert_eq!(answers[1], json!({ "scheduleId": "nightly" }));
    let error = |index: usize| answers[index]["error"].to_string();
    assert!(error(2).contains("@sometimes"), "{answers}");
    assert!(error(3).contains("Upstash-Schedule-Id"), "{answers}");
    let (_, cancelled) = call(&app, Method::DELETE, "messages", "").await;
    assert_eq!(cancelled["cancelled"], 1, "one message was published");

    for path in [
        "publish/http://127.0.0.1:1/?upstash-cron=nonsense",
        "publish/http://127.0.0.1:1/?upstash-schedule-id=a",
        "publish/http://127.0.0.1:1/?upstash-cron=@daily&upstash-deduplication-id=a",
        "schedules/http://127.0.0.1:1/?upstash-cron=@daily&upstash-content-based-deduplication=true",
        "schedules/http://127.0.0.1:1/?upstash-cron=@daily&upstash-not-before=-1",
        "dlq/retry?upstash-cron=@daily",
    ] {
        let (status, answer) = call(&app, Method::POST, path, "").await;
        assert_eq!(status, 400, "{path}: {answer}");
    }
    for path in [
        "publish/http://127.0.0.1:1/?upstash-cron=@daily&upstash-queue-name=a",
        "publish/http://127.0.0.1:1/?upstash-workflow-runid=a",
        "schedules/http://127.0.0.1:1/?upstash-cron=@daily&upstash-callback-label=a",
    ] {
        let (status, answer) = call(&app, Method::POST, path, "x").await;
        assert_eq!(status, 501, "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_batch_that_fails_leaves_no_schedule() {
    let data = TempDir::new().expect("a directory");
    let app = TestApp::with(|config| {
        config.data.dir = data.path().to_owned();
        let settings = [
            ("KITH_QUEUE_TOKEN", TOKEN),
            ("KITH_QUEUE_ALLOW", "http://127.0.0.1:1"),
        ];
        set(config, &settings);
    })
    .await;
    let database = engine::open(data.path()).await;
    let mut tx = database.write().await.expect("it is open");
    let refusal: &[&str] = match database.engine() {
        Engine::Sqlite => &[
            "CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'full'); END",
        ],
        Engine::Postgres => &[
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
             AS 'BEGIN RAISE disk_full; END'",
            "CREATE TRIGGER refuse BEFORE INSERT ON messages
             FOR EACH ROW EXECUTE FUNCTION refuse()",
        ],
    };
    for statement in refusal {
        query(*statement)
            .execute(&mut tx)
            .await
            .expect("it is valid");
    }
    tx.commit().await.expect("there is room");
    database.close().await;
    let nowhere = "http://127.0.0.1:1/batch";
    let batch = json!([
        { "destination": nowhere, "headers": { "Upstash-Cron": "@yearly" } },
        { "destination": nowhere },
    ]);
    let (status, answer) = call(&app, Method::POST, "batch", &batch.to_string()).await;
    assert_eq!(status, 503, "{answer}");
    let (_, schedules) = call(&app, Method::GET, "schedules", "").await;
    let made = schedules.as_array().expect("a list").iter();
    let mut made = made.filter(|schedule| schedule["destination"] == nowhere);
    assert_eq!(made.next(), None);
}
