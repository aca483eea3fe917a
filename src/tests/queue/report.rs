//! The daily report and its schedule.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use kith::services::config::Config;
use kith::services::mail::Mailer;
use kith_database::query;
use kith_queue::broker::filter::Filter;
use reqwest::Method;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::app::send;
use crate::engine;
use crate::queue::support::REPORT;
use crate::queue::support::Signed;

#[tokio::test]
async fn the_daily_report_only_reads_the_day_that_is_over() {
    let app = TestApp::start().await;
    let start = Instant::now();
    let schedule = loop {
        if let Ok(schedule) = app.broker().find_schedule("daily-report").await {
            break schedule;
        }
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "it is registered at start"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(schedule["cron"], "0 9 * * *");
    let mut reports = Vec::new();
    for _ in 0..2 {
        let signed = Signed {
            body: br#"{"date": "2026-11-01"}"#.to_vec(),
            ..Signed::new(&app).await
        };
        let report: Value = signed.send().await.json().await.expect("a report");
        reports.push(report);
    }
    let expected = json!({ "report": {
        "date": "2026-11-01", "totalRequests": 0, "newContacts": 0, "rateLimitHits": 0
    }});
    assert_eq!(reports, [expected.clone(), expected]);
}

#[tokio::test]
async fn the_daily_report_is_sent_once_for_each_message() {
    let app = TestApp::with(|config| {
        let variables = [(
            OsString::from("KITH_REPORT_TO"),
            OsString::from("Admin <admin@example.com>"),
        )];
        let loaded = Config::load(Some("/dev/null".as_ref()), variables);
        config.report = loaded.expect("settings").report;
    })
    .await;
    for id in ["msg_1", "msg_1", "msg_2"] {
        let signed = Signed {
            body: br#"{"date": "2026-11-01"}"#.to_vec(),
            ..Signed::new(&app).await
        };
        let request = app
            .request(Method::POST, REPORT)
            .header("upstash-signature", signed.token())
            .header("upstash-message-id", id)
            .body(signed.body.clone());
        let report: Value = send(request).await.json().await.expect("a report");
        assert_eq!(report["report"]["date"], "2026-11-01");
    }
    let folder = app.part::<Arc<Config>>().data.dir.join("mail");
    let mut mails: Vec<_> = std::fs::read_dir(&folder)
        .expect("there are mails")
        .map(|entry| entry.expect("a mail").path())
        .collect();
    mails.sort();
    assert_eq!(mails.len(), 2, "{mails:?}");
    assert_eq!(app.part::<Mailer>().sent(), 2, "the first was sent once");
    let mail = std::fs::read_to_string(&mails[0]).expect("it can be read");
    for part in [
        "To: Admin <admin@example.com>",
        "Subject: Kith on Sunday, 1 November 2026",
        "Requests: 0",
        "Cache hit rate: nothing was read",
        &format!("{}/dashboard", app.origin),
    ] {
        assert!(mail.contains(part), "{part} in\n{mail}");
    }
}

#[tokio::test]
async fn a_schedule_that_was_missed_fires_once_and_two_instances_fire_it_once() {
    let data = TempDir::new().expect("a directory");
    let beside = |config: &mut Config| config.data.dir = data.path().to_owned();
    let mut first = TestApp::with(beside).await;
    first.stop().await;
    let database = engine::open(data.path()).await;
    let mut tx = database.write().await.expect("nobody writes");
    query("UPDATE schedules SET next_at = 1000")
        .execute(&mut tx)
        .await
        .expect("there is room");
    tx.commit().await.expect("there is room");
    database.close().await;

    let (one, other) = tokio::join!(TestApp::with(beside), TestApp::with(beside));
    let fired = async || {
        let filter = Filter::parse("scheduleId=daily-report&state=DELIVERED").expect("a filter");
        let events = one.broker().events(&filter).await;
        events.expect("the database is there").0
    };
    let start = Instant::now();
    while fired().await.is_empty() {
        assert!(start.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Both have looked at the schedules several times by then.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(fired().await.len(), 1);
    drop(other);
}
