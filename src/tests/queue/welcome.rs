//! The welcome email: a contact is created, and its mail arrives, once, whatever happens in between.

use kith::services::config::Config;
use kith::services::contacts::activity::Event;
use kith_queue::broker::filter::Filter;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::json;
use tempfile::TempDir;

use crate::app::TestApp;
use crate::app::send;
use crate::mail_server::BUSY;
use crate::mail_server::MailServer;
use crate::mail_server::NO_SUCH_USER;
use crate::mail_server::header;
use crate::queue::support::dead_letters;
use crate::queue::support::events;
use crate::queue::support::eventually;
use crate::queue::support::eventually_dead;
use crate::queue::support::part;
use crate::queue::support::set;
use crate::queue::support::until_events;
use crate::queue::support::with_mail;

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
async fn a_welcome_email_is_sent_only_where_it_is_chosen() {
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
async fn a_mail_that_the_server_refuses_for_now_is_retried() {
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
async fn a_mail_whose_retries_all_fail_is_a_dead_letter_that_can_be_retried_by_hand() {
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

#[tokio::test]
async fn a_mail_that_the_server_refuses_for_good_is_not_retried() {
    let mail = MailServer::start().await;
    mail.refuse(NO_SUCH_USER, 1);
    let app = with_mail(&mail).await;
    let contact = app.create("Ada", "nobody@example.com").await;
    let given_up = |event: &Event| matches!(event, Event::WelcomeGivenUp { .. });
    let events = until_events(&app, &contact, given_up).await;
    assert_eq!(events.len(), 3, "{events:?}");
    eventually_dead(&app, 1).await;
    assert_eq!(mail.asked(), 1);
    // The operator has repaired the mail server and retries the letter by hand.
    let broker = app.broker();
    let sent = broker.retry_dead_letters(&Filter::default(), &[]).await;
    assert_eq!(sent.expect("sent").sent.len(), 1);
    until_events(&app, &contact, |event| *event == Event::WelcomeSent).await;
    assert_eq!(mail.mails().len(), 1);
}

#[tokio::test]
async fn a_contact_in_the_trash_is_not_welcomed() {
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
