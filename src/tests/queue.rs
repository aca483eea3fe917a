//! The queue from end to end: a contact is created, and its welcome email arrives, once, whatever
//! happens in between.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use kith::model::contact::Contact;
use kith::model::contact::ContactId;
use kith::services::config::Config;
use kith::services::contacts::ContactService;
use kith::services::contacts::activity::ActivityRecord;
use kith::services::contacts::activity::Event;
use kith::services::database;
use kith::services::mail::Mailer;
use kith_queue::broker::filter::Filter;
use kith_queue::signature::SigningKey;
use kith_queue::signature::sign;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::app::problem;
use crate::app::send;
use crate::mail_server::BUSY;
use crate::mail_server::MailServer;
use crate::mail_server::NO_SUCH_USER;
use crate::mail_server::header;
use kith_test_support::redis_server::free_port;

/// Waits for a condition, for longer than anything here should take.
pub async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(
            start.elapsed() < Duration::from_secs(90),
            "not in time: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sets settings by their names, as an operator does.
fn set(config: &mut Config, settings: &[(&str, &str)]) {
    let variables = settings
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let parsed = Config::load(Some("/dev/null".as_ref()), variables).expect("settings");
    config.mail = parsed.mail;
    config.queue = parsed.queue;
    config.welcome = parsed.welcome;
}

/// A Kith that sends mail to a server, and tries again at once.
async fn with_mail(mail: &MailServer) -> TestApp {
    TestApp::with(|config| {
        set(
            config,
            &[
                ("SMTP_URL", &mail.url),
                ("MAIL_FROM", "Kith <kith@example.org>"),
                ("KITH_WELCOME_DELAY", "1ms"),
                ("KITH_WELCOME_RETRY_DELAY", "10 * (1 + retried)"),
            ],
        );
    })
    .await
}

async fn events(app: &TestApp, contact: ContactId) -> Vec<Event> {
    let contacts = app.part::<ContactService>();
    let activities = contacts.activities(contact).await;
    let activities = activities.expect("the database is there").into_iter();
    activities
        .map(|ActivityRecord { event, .. }| event)
        .collect()
}

async fn until_events(
    app: &TestApp,
    contact: &Contact,
    last: impl Fn(&Event) -> bool,
) -> Vec<Event> {
    let start = Instant::now();
    loop {
        let events = events(app, contact.id).await;
        if events.last().is_some_and(&last) {
            return events;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{events:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn dead_letters(app: &TestApp) -> Vec<Value> {
    let all = Filter::default();
    let found = app.broker().dead_letters(&all).await;
    found.expect("the database is there").0
}

#[tokio::test]
async fn a_new_contact_is_sent_a_mail_and_the_disk_shows_it() {
    let data = TempDir::new().expect("a directory");
    let app = TestApp::with(|config| config.data.dir = data.path().to_owned()).await;
    let contact = app.create("Ada Lovelace", "ada@example.com").await;
    let events = until_events(&app, &contact, |event| *event == Event::WelcomeFiled).await;
    assert_eq!(
        events,
        [Event::Created, Event::WelcomeQueued, Event::WelcomeFiled]
    );
    let files = std::fs::read_dir(data.path().join("mail")).expect("a folder");
    let files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    assert_eq!(files.len(), 1);
    let mail = std::fs::read_to_string(&files[0]).expect("a mail");
    assert_eq!(header(&mail, "To"), "\"Ada Lovelace\" <ada@example.com>");
    assert_eq!(header(&mail, "Subject"), "Welcome, Ada Lovelace");
}

#[tokio::test]
async fn nobody_is_welcomed_who_shall_not_be() {
    let app = TestApp::with(|config| config.welcome.enabled = false).await;
    let quiet = app.create("Ada", "ada@example.com").await;
    let body = json!({"name": "Bob", "email": "bob@example.com", "welcome": true});
    let loud = app.post("/api/contacts", &body).await;
    let loud = crate::app::contact(loud).await;
    until_events(&app, &loud, |event| *event == Event::WelcomeFiled).await;
    assert_eq!(events(&app, quiet.id).await, [Event::Created]);

    // A form says what its box says; a box that is not ticked is not sent.
    for (welcome, expected) in [(Some("true"), 2), (None, 1)] {
        let mut fields = vec![("name", "Eve"), ("email", "eve@example.com")];
        fields.extend(welcome.map(|value| ("welcome", value)));
        let answer = app.submit("/contacts/new", &fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let location = crate::app::header(&answer, "location");
        let id = location.trim_start_matches("/contacts/");
        let id = id.split('?').next().expect("an id").parse().expect("an id");
        let queued = events(&app, id).await.len();
        assert!(
            queued >= expected && (expected > 1 || queued == 1),
            "{queued}"
        );
    }
}

#[tokio::test]
async fn what_a_mail_server_refuses_for_now_is_sent_again() {
    let mail = MailServer::start().await;
    mail.refuse(BUSY, 2);
    let app = with_mail(&mail).await;
    let contact = app.create("Ada", "ada@example.com").await;
    let events = until_events(&app, &contact, |event| *event == Event::WelcomeSent).await;
    let failed = |attempt| Event::WelcomeFailed {
        attempt,
        why: "The mail server cannot take the mail now. It said 451.".to_owned(),
    };
    assert_eq!(
        events,
        [
            Event::Created,
            Event::WelcomeQueued,
            failed(1),
            failed(2),
            Event::WelcomeSent
        ]
    );
    let mails = mail.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(header(&mails[0], "From"), "Kith <kith@example.org>");
    assert!(header(&mails[0], "Message-ID").ends_with("@example.org>"));
    assert!(dead_letters(&app).await.is_empty());
}

#[tokio::test]
async fn what_fails_again_and_again_is_kept_and_can_be_sent_by_hand() {
    let mail = MailServer::start().await;
    mail.refuse(BUSY, 4);
    let app = with_mail(&mail).await;
    let contact = app.create("Ada", "ada@example.com").await;
    let given_up = |event: &Event| matches!(event, Event::WelcomeGivenUp { .. });
    let events = until_events(&app, &contact, given_up).await;
    assert_eq!(events.len(), 7, "four attempts: {events:?}");
    assert_eq!(mail.asked(), 4);
    let state = part(&app, "mail").await;
    assert_eq!(
        (&state["state"], &state["reason"]),
        (
            &json!("down"),
            &json!("The mail server cannot take the mail now. It said 451.")
        )
    );

    let letters = dead_letters(&app).await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["responseStatus"], 503);
    let broker = app.broker();
    let sent = broker
        .retry_dead_letters(&Filter::default(), &[])
        .await
        .expect("sent");
    assert_eq!(sent.sent.len(), 1);
    assert_ne!(json!(sent.sent[0].message_id), letters[0]["messageId"]);
    until_events(&app, &contact, |event| *event == Event::WelcomeSent).await;
    assert!(dead_letters(&app).await.is_empty());
    assert_eq!(mail.mails().len(), 1);
    assert_eq!(part(&app, "mail").await["state"], "up");
}

/// What `/readyz` says of a part.
async fn part(app: &TestApp, name: &str) -> Value {
    let ready: Value = app.get("/readyz").await.json().await.expect("a body");
    ready[name].clone()
}

#[tokio::test]
async fn what_a_mail_server_refuses_for_good_is_not_sent_again() {
    let mail = MailServer::start().await;
    mail.refuse(NO_SUCH_USER, 1);
    let app = with_mail(&mail).await;
    let contact = app.create("Ada", "nobody@example.com").await;
    let given_up = |event: &Event| matches!(event, Event::WelcomeGivenUp { .. });
    let events = until_events(&app, &contact, given_up).await;
    assert_eq!(events.len(), 3, "{events:?}");
    eventually_dead(&app, 1).await;
    assert_eq!(mail.asked(), 1);
    // Somebody has put the server right and sends it by hand.
    let broker = app.broker();
    let sent = broker.retry_dead_letters(&Filter::default(), &[]).await;
    assert_eq!(sent.expect("sent").sent.len(), 1);
    until_events(&app, &contact, |event| *event == Event::WelcomeSent).await;
    assert_eq!(mail.mails().len(), 1);
}

async fn eventually_dead(app: &TestApp, letters: usize) {
    let start = Instant::now();
    while dead_letters(app).await.len() != letters {
        assert!(start.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn who_is_in_the_trash_by_then_is_not_welcomed() {
    let mail = MailServer::start().await;
    let app = TestApp::with(|config| {
        let settings = [("SMTP_URL", &*mail.url), ("KITH_WELCOME_DELAY", "1s")];
        set(config, &settings);
    })
    .await;
    let contact = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", contact.id);
    let deleted = send(app.request(Method::DELETE, &path)).await;
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    until_events(&app, &contact, |event| {
        matches!(event, Event::WelcomeGivenUp { .. })
    })
    .await;
    assert_eq!(mail.asked(), 0);
}

/// A delivery, signed by hand.
struct Signed<'a> {
    app: &'a TestApp,
    key: SigningKey,
    destination: String,
    body: Vec<u8>,
    at: Timestamp,
}

const REPORT: &str = "/api/webhooks/daily-report";

impl<'a> Signed<'a> {
    async fn new(app: &'a TestApp) -> Self {
        let keys = app.broker().keys().await.expect("keys");
        Self {
            app,
            key: keys.current,
            destination: format!("{}{REPORT}", app.origin),
            body: Vec::new(),
            at: Timestamp::now(),
        }
    }

    fn token(&self) -> String {
        sign(&self.key, &self.destination, &self.body, self.at)
    }

    async fn send(&self) -> reqwest::Response {
        deliver(self.app, Some(&self.token()), &self.body).await
    }
}

async fn deliver(app: &TestApp, token: Option<&str>, body: &[u8]) -> reqwest::Response {
    let mut request = app.request(Method::POST, REPORT).body(body.to_vec());
    if let Some(token) = token {
        request = request.header("upstash-signature", token);
    }
    send(request).await
}

async fn said(response: reqwest::Response) -> String {
    let problem = problem(response, StatusCode::UNAUTHORIZED).await;
    problem["detail"].as_str().expect("a detail").to_owned()
}

#[tokio::test]
async fn only_what_the_queue_has_signed_gets_in_and_every_refusal_says_why() {
    let app = TestApp::start().await;
    let signed = Signed::new(&app).await;
    let token = signed.token();
    assert_eq!(
        deliver(&app, Some(&token), b"").await.status(),
        StatusCode::OK
    );
    assert!(
        said(deliver(&app, Some(&token), b"").await)
            .await
            .contains("used before")
    );
    assert!(
        said(deliver(&app, None, b"").await)
            .await
            .contains("no signature")
    );
    let cut = &signed.token()[..40];
    assert!(
        said(deliver(&app, Some(cut), b"").await)
            .await
            .contains("no token")
    );
    assert!(
        said(deliver(&app, Some(&signed.token()), b"more").await)
            .await
            .contains("another body")
    );

    let forged = Signed {
        key: SigningKey::new("sig_of_nobody"),
        ..Signed::new(&app).await
    };
    assert!(said(forged.send().await).await.contains("another key"));
    let old = Signed {
        at: Timestamp::now() - jiff::SignedDuration::from_secs(400),
        ..Signed::new(&app).await
    };
    assert!(said(old.send().await).await.contains("expired"));
    let early = Signed {
        at: Timestamp::now() + jiff::SignedDuration::from_secs(60),
        ..Signed::new(&app).await
    };
    assert!(said(early.send().await).await.contains("not hold yet"));
    let astray = Signed {
        destination: format!("{}/api/webhooks/welcome-email", app.origin),
        ..Signed::new(&app).await
    };
    assert!(said(astray.send().await).await.contains("another address"));

    // The next key is good already, and after a rotation the current one is good no more.
    let broker = app.broker();
    let before = broker.keys().await.expect("keys");
    let next = Signed {
        key: before.next.clone(),
        ..Signed::new(&app).await
    };
    assert_eq!(next.send().await.status(), StatusCode::OK);
    let after = broker.rotate_keys().await.expect("keys");
    assert_eq!(after.current, before.next);
    assert_eq!(next.send().await.status(), StatusCode::OK);
    let rotated = Signed {
        key: before.current,
        ..Signed::new(&app).await
    };
    assert!(said(rotated.send().await).await.contains("another key"));
}

#[tokio::test]
async fn a_message_that_is_not_understood_is_not_sent_again() {
    let app = TestApp::start().await;
    for body in [
        "",
        "{}",
        "[]",
        "{\"date\": \"soon\"}",
        "{\"date\": \"2999-01-01\"}",
    ] {
        let signed = Signed {
            body: body.into(),
            ..Signed::new(&app).await
        };
        let answer = signed.send().await;
        let expected = if matches!(body, "" | "{}") { 200 } else { 489 };
        assert_eq!(answer.status().as_u16(), expected, "{body}");
        if expected == 489 {
            assert_eq!(
                crate::app::header(&answer, "upstash-nonretryable-error"),
                "true"
            );
        }
    }
}

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
    let database = database::open(&data.path().join("kith.db"), NonZeroU32::MIN).await;
    let database = database.expect("it opens");
    let mut tx = database.write().await.expect("nobody writes");
    sqlx::query("UPDATE schedules SET next_at = 1000")
        .execute(&mut *tx)
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_execute_every_message_once() {
    let data = TempDir::new().expect("a directory");
    let mail = MailServer::start().await;
    let beside = |config: &mut Config| {
        set(
            config,
            &[("SMTP_URL", &mail.url), ("KITH_WELCOME_DELAY", "1ms")],
        );
        config.data.dir = data.path().to_owned();
    };
    let (one, other) = tokio::join!(TestApp::with(beside), TestApp::with(beside));
    for number in 0..60 {
        let app = if number % 2 == 0 { &one } else { &other };
        app.create(
            &format!("Person {number}"),
            &format!("p{number}@example.com"),
        )
        .await;
    }
    eventually("all are welcomed", || mail.by_recipient().len() == 60).await;
    assert_eq!(mail.mails().len(), 60);
    let active = Filter::parse("state=ACTIVE&path=/api/webhooks/welcome-email&count=1000");
    let deliveries = one.broker().events(&active.expect("a filter")).await;
    assert_eq!(
        deliveries.expect("events").0.len(),
        60,
        "each is delivered by one of them"
    );
}

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
    let schedule = loop {
        let schedules = qstash.broker().schedules().await.expect("schedules");
        let ours = |schedule: &&Value| {
            schedule["destination"]
                .as_str()
                .is_some_and(|to| to.starts_with(&origin))
        };
        if let Some(schedule) = schedules.iter().find(ours) {
            break schedule.clone();
        }
        assert!(start.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(schedule["scheduleId"], "daily-report");
}

#[tokio::test]
async fn what_qstash_does_not_take_waits_and_nobody_waits_for_it() {
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
    let database = database::open(&data.path().join("kith.db"), NonZeroU32::MIN).await;
    let database = database.expect("it opens");
    let attempts = async || {
        let mut connection = database.reader().await.expect("it is open");
        let attempts: i64 = sqlx::query_scalar("SELECT attempts FROM outbox")
            .fetch_one(&mut *connection)
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

const TOKEN: &str = "a-token-of-this-test";

/// A Kith whose API of the queue is open, and a call of it.
async fn open() -> TestApp {
    TestApp::with(|config| {
        let nowhere = "http://127.0.0.1:1";
        let settings = [("KITH_QUEUE_TOKEN", TOKEN), ("KITH_QUEUE_ALLOW", nowhere)];
        set(config, &settings);
    })
    .await
}

async fn call(app: &TestApp, method: Method, path: &str, body: &str) -> (u16, Value) {
    let request = app.request(method, &format!("/qstash/v2/{path}"));
    let request = request.bearer_auth(TOKEN).body(body.to_owned());
    let answer = send(request).await;
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

const LATER: &str = "publish/http://127.0.0.1:1/later?upstash-delay=1h";

#[tokio::test]
async fn whoever_means_some_messages_does_not_lose_all() {
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
async fn of_many_who_send_a_dead_letter_again_one_does() {
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
async fn the_token_reaches_no_receiver() {
    let app = open().await;
    for name in ["qstash_token", "QSTASH_TOKEN", "qstash%5ftoken"] {
        let path = format!("publish/http://127.0.0.1:1/?a=b&{name}={TOKEN}");
        let (_, answer) = call(&app, Method::POST, &path, "x").await;
        assert_eq!(answer["url"], "http://127.0.0.1:1/?a=b", "{name}");
    }
}

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
    let database = database::open(&data.path().join("kith.db"), NonZeroU32::MIN).await;
    let database = database.expect("it opens");
    let mut tx = database.write().await.expect("it is open");
    sqlx::query(
        "CREATE TRIGGER refuse BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'full'); END",
    )
    .execute(&mut *tx)
    .await
    .expect("it is valid");
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

#[tokio::test]
async fn as_many_are_cancelled_as_somebody_says() {
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
    // Those that are there are deleted, as many as somebody says.
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

#[tokio::test]
async fn answers_have_the_present_date() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/nowhere", "/api/contacts"] {
        let before = jiff::Timestamp::now().as_second();
        let answer = app.get(path).await;
        let date = crate::app::header(&answer, "date");
        let date = jiff::fmt::rfc2822::parse(date).expect("a date").timestamp();
        let after = jiff::Timestamp::now().as_second();
        assert!(
            (before..=after).contains(&date.as_second()),
            "{path}: {date}"
        );
        assert_eq!(answer.headers().get_all("date").iter().count(), 1);
    }
}
