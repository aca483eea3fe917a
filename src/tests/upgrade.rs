//! A database that the previous release has written: it opens, nothing is lost, and what it had queued is
//! delivered.
//!
//! `data/previous-release.db` was written over HTTP by that release, with a mail server that could not be
//! reached and, at the end, with a QStash that could not be reached: three welcome emails wait in the
//! broker and one in the outbox.

use std::fs;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use kith::services::accounts::AccountService;
use kith::services::config::Config;
use kith::services::contacts::ContactService;
use kith::services::contacts::activity::Event;
use kith::services::metrics::Counter;
use kith::services::metrics::Metrics;
use kith_limit::Limiter;
use kith_queue::broker::filter::Filter;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::Value;

use crate::app::TestApp;
use crate::app::send;
use crate::mail_server::MailServer;

const NEVER_SWEEP: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
const TOKEN: &str = "a-token-of-sixteen";

/// Kith with a copy of that database.
async fn start(mail: &MailServer) -> TestApp {
    let text = format!(
        "[mail]\nsmtp_url = \"{}\"\n[queue]\ntoken = \"{TOKEN}\"\nallow = \"http://127.0.0.1:9\"",
        mail.url
    );
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), text).expect("there is room");
    let parsed =
        Config::load(Some(file.path()), Vec::<(String, String)>::new()).expect("it is valid");
    TestApp::with(move |config| {
        let database = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/data");
        let database = database.join("previous-release.db");
        fs::copy(database, config.data.dir.join("kith.db")).expect("there is room");
        config.mail = parsed.mail;
        config.queue = parsed.queue;
        config.queue.retention = NEVER_SWEEP;
    })
    .await
}

async fn queue_api(app: &TestApp, path: &str) -> Value {
    let request = app.request(Method::GET, path).bearer_auth(TOKEN);
    let response = send(request).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    response.json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_the_previous_release_opens_with_its_queue_and_metrics() {
    let mail = MailServer::start().await;
    let app = start(&mail).await;

    let accounts = app.part::<AccountService>();
    assert_eq!(
        accounts.has_accounts().await,
        Ok(false),
        "local mode goes on"
    );
    let names = app.names("").await;
    let expected = ["Ada Lovelace", "Bea Lovelace", "Cem Lovelace", "Eve Outbox"];
    assert_eq!(names, expected);
    assert_eq!(app.names("q=eve").await, ["Eve Outbox"]);

    // Messages of the broker, and one that was left in the outbox for QStash.
    let start = Instant::now();
    while mail.mails().len() < 4 {
        assert!(start.elapsed() < Duration::from_secs(60), "four mails wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let contacts = app.part::<ContactService>();
    for contact in app.list("").await["contacts"].as_array().expect("contacts") {
        let id: &str = contact["id"].as_str().expect("an id");
        let id = id.parse().expect("an id");
        // Kith has written its card before it served anything.
        let (_, card) = app.contacts().await.card(id).await.expect("it has a card");
        let card = String::from_utf8_lossy(card.bytes()).into_owned();
        let name = contact["name"].as_str().expect("a name");
        assert!(card.contains(&format!("\r\nFN:{name}\r\n")), "{card}");
        assert!(card.contains(&format!("UID:urn:uuid:{id}\r\n")), "{card}");
        // And everything that it derives from the card, also in columns that the release did not have.
        let email = &contact["emails"][0]["value"];
        assert!(email.is_string(), "{contact}");
        assert_eq!(*email, contact["email"]);
        while !contacts
            .activities_for_job(id)
            .await
            .expect("it is open")
            .iter()
            .any(|activity| activity.event == Event::WelcomeSent)
        {
            assert!(start.elapsed() < Duration::from_secs(60), "{contact}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    let (dead, _) = app
        .broker()
        .dead_letters(&Filter::default())
        .await
        .expect("it is open");
    assert_eq!(dead.len(), 1);
    let schedules = queue_api(&app, "/qstash/v2/schedules").await;
    let ids = schedules.as_array().expect("schedules").iter();
    let ids: Vec<_> = ids
        .map(|one| one["scheduleId"].as_str().unwrap_or_default())
        .collect();
    assert!(
        ids.contains(&"yearly") && ids.contains(&"daily-report"),
        "{ids:?}"
    );

    let totals = app.part::<Metrics>().totals().await.expect("it is open");
    assert_eq!(totals.counts.get(Counter::NewContacts), 5);
    assert_eq!(totals.counts.get(Counter::DeadLetters), 1);
    let limiter = app.part::<Limiter>();
    let api = kith::services::policies::RequestClass::Api.policy();
    assert_eq!(limiter.policy(api).1.limit(), 123, "an admin has set it");
}
