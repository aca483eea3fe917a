//! What the tests of the queue share: settings, waits, signed deliveries and calls of the API.

use std::ffi::OsString;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use kith::model::contact::Contact;
use kith::model::contact::ContactId;
use kith::services::config::Config;
use kith::services::contacts::ContactService;
use kith::services::contacts::activity::ActivityRecord;
use kith::services::contacts::activity::Event;
use kith_queue::broker::filter::Filter;
use kith_queue::signature::SigningKey;
use kith_queue::signature::sign;
use reqwest::Method;
use serde_json::Value;

use crate::app::TestApp;
use crate::app::send;
use crate::mail_server::MailServer;

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
pub fn set(config: &mut Config, settings: &[(&str, &str)]) {
    let variables = settings
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let parsed = Config::load(Some("/dev/null".as_ref()), variables).expect("settings");
    config.mail = parsed.mail;
    config.queue = parsed.queue;
    config.welcome = parsed.welcome;
}

/// A Kith that sends mail to a server, and tries again at once.
pub async fn with_mail(mail: &MailServer) -> TestApp {
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

pub async fn events(app: &TestApp, contact: ContactId) -> Vec<Event> {
    let contacts = app.part::<ContactService>();
    let activities = contacts.activities_for_job(contact).await;
    let activities = activities.expect("the database is there").into_iter();
    activities
        .map(|ActivityRecord { event, .. }| event)
        .collect()
}

pub async fn until_events(
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

pub async fn dead_letters(app: &TestApp) -> Vec<Value> {
    let all = Filter::default();
    let found = app.broker().dead_letters(&all).await;
    found.expect("the database is there").0
}

/// What `/readyz` says of a part.
pub async fn part(app: &TestApp, name: &str) -> Value {
    let ready: Value = app.get("/readyz").await.json().await.expect("a body");
    ready[name].clone()
}

pub async fn eventually_dead(app: &TestApp, letters: usize) {
    let start = Instant::now();
    while dead_letters(app).await.len() != letters {
        assert!(start.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A delivery, signed by hand.
pub struct Signed<'a> {
    pub app: &'a TestApp,
    pub key: SigningKey,
    pub destination: String,
    pub body: Vec<u8>,
    pub at: Timestamp,
}

pub const REPORT: &str = "/api/webhooks/daily-report";

impl<'a> Signed<'a> {
    pub async fn new(app: &'a TestApp) -> Self {
        let keys = app.broker().keys().await.expect("keys");
        Self {
            app,
            key: keys.current,
            destination: format!("{}{REPORT}", app.origin),
            body: Vec::new(),
            at: Timestamp::now(),
        }
    }

    pub fn token(&self) -> String {
        sign(&self.key, &self.destination, &self.body, self.at)
    }

    pub async fn send(&self) -> reqwest::Response {
        deliver(self.app, Some(&self.token()), &self.body).await
    }
}

pub async fn deliver(app: &TestApp, token: Option<&str>, body: &[u8]) -> reqwest::Response {
    let mut request = app.request(Method::POST, REPORT).body(body.to_vec());
    if let Some(token) = token {
        request = request.header("upstash-signature", token);
    }
    send(request).await
}

pub const TOKEN: &str = "a-token-of-this-test";

/// A Kith whose API of the queue is open, and a call of it.
pub async fn open() -> TestApp {
    TestApp::with(|config| {
        let nowhere = "http://127.0.0.1:1";
        let settings = [("KITH_QUEUE_TOKEN", TOKEN), ("KITH_QUEUE_ALLOW", nowhere)];
        set(config, &settings);
    })
    .await
}

pub async fn call(app: &TestApp, method: Method, path: &str, body: &str) -> (u16, Value) {
    let request = app.request(method, &format!("/qstash/v2/{path}"));
    let request = request.bearer_auth(TOKEN).body(body.to_owned());
    let answer = send(request).await;
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

pub const LATER: &str = "publish/http://127.0.0.1:1/later?upstash-delay=1h";
