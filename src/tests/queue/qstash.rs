//! QStash as the publisher: a second Kith stands in for it.

use std::time::Duration;
use std::time::Instant;

use kith::services::contacts::activity::Event;
use kith_database::query;
use kith_queue::broker::filter::Filter;
use kith_test_support::redis_server::free_port;
use serde_json::Value;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::engine;
use crate::mail_server::MailServer;
use crate::queue::support::events;
use crate::queue::support::part;
use crate::queue::support::set;
use crate::queue::support::until_events;

#[tokio::test]
async fn qstash_is_spoken_to_as_its_sdk_does() {
    let port = free_port();
    let origin = format!("http://127.0.0.1:{port}");
    // A Kith stands in for QStash: the SDK is satisfied with it as well.
    let qstash = TestApp::with(|config| {
        let settings = [
            ("KITH_QUEUE_TOKEN", "a-token-of-this-test"),
            ("KITH_QUEUE_ALLOW", &*origin),
        ];
        set(config, &settings);
    })
    .await;
    let keys = qstash.broker().keys().await.expect("keys");
    let mail = MailServer::start().await;
    let app = TestApp::at(port, |config| {
        set(
            config,
            &[
                ("QSTASH_TOKEN", "a-token-of-this-test"),
                ("QSTASH_URL", &format!("{}/qstash", qstash.origin)),
                ("QSTASH_CURRENT_SIGNING_KEY", keys.current.reveal()),
                ("QSTASH_NEXT_SIGNING_KEY", keys.next.reveal()),
                ("SMTP_URL", &mail.url),
                ("KITH_WELCOME_DELAY", "1ms"),
            ],
        );
    })
    .await;
    let contact = app.create("Ada", "ada@example.com").await;
    until_events(&app, &contact, |event| *event == Event::WelcomeSent).await;
    assert_eq!(mail.mails().len(), 1);
    let delivered = Filter::parse("state=DELIVERED").expect("a filter");
    // The broker hears of it after the mail server has.
    let start = Instant::now();
    let events = loop {
        let events = qstash.broker().events(&delivered).await;
        let (events, _) = events.expect("the database is there");
        if !events.is_empty() {
            break events;
        }
        assert!(start.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(events.len(), 1, "it went over QStash once");
    assert_eq!(
        events[0]["url"],
        format!("{origin}/api/webhooks/welcome-email")
    );

    let start = Instant::now();
    // Each is registered on its own.
    loop {
        let schedules = qstash.broker().schedules().await.expect("schedules");
        let ours = |schedule: &&Value| {
            schedule["destination"]
                .as_str()
                .is_some_and(|to| to.starts_with(&origin))
        };
        let ids = schedules.iter().filter(ours);
        let mut ids: Vec<&str> = ids.filter_map(|one| one["scheduleId"].as_str()).collect();
        ids.sort_unstable();
        if ids == ["birthdays", "daily-report"] {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{ids:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_message_that_qstash_does_not_take_waits_and_holds_up_no_request() {
    let data = TempDir::new().expect("a directory");
    let port = free_port();
    let app = TestApp::with(|config| {
        set(
            config,
            &[
                ("QSTASH_TOKEN", "a-token-of-this-test"),
                ("QSTASH_URL", &format!("http://127.0.0.1:{port}/qstash")),
                ("QSTASH_CURRENT_SIGNING_KEY", "sig_a"),
                ("QSTASH_NEXT_SIGNING_KEY", "sig_b"),
                // Long enough for the test to look at it.
                ("KITH_WELCOME_DELAY", "1h"),
            ],
        );
        config.data.dir = data.path().to_owned();
    })
    .await;
    let contact = app.create("Ada", "ada@example.com").await;
    let database = engine::open(data.path()).await;
    let attempts = async || {
        let mut connection = database.reader().await.expect("it is open");
        let attempts: i64 = query("SELECT attempts FROM outbox")
            .fetch_one(&mut connection)
            .await
            .expect("the message is there");
        attempts
    };
    let start = Instant::now();
    while attempts().await < 2 {
        assert!(start.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let state = part(&app, "qstash").await;
    assert_eq!(state["reason"], "QStash cannot be reached.", "{state}");
    // QStash is back: a Kith stands in for it.
    let qstash = TestApp::at(port, |config| {
        let settings = [
            ("KITH_QUEUE_TOKEN", "a-token-of-this-test"),
            ("KITH_QUEUE_ALLOW", &*app.origin),
        ];
        set(config, &settings);
    })
    .await;
    let start = Instant::now();
    while taken(&qstash, &app.origin).await == 0 {
        assert!(start.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(events(&app, contact.id).await.len(), 2);
    assert_eq!(part(&app, "qstash").await["state"], "up");
    database.close().await;
}

/// How many messages to an application a broker has taken.
async fn taken(broker: &TestApp, origin: &str) -> usize {
    let filter = format!("state=CREATED&url={origin}/api/webhooks/welcome-email");
    let filter = Filter::parse(&filter).expect("a filter");
    let events = broker.broker().events(&filter).await;
    events.expect("the database is there").0.len()
}
