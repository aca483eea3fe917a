//! Birthdays and other dates: the page, the API, the feed for calendars, and the mails.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kith::services::config::Config;
use kith_database::query;
use kith_queue::broker::accept::Provenance;
use kith_queue::broker::filter::Filter;
use kith_queue::message::Publication;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::app::header;
use crate::app::problem;
use crate::app::send;
use crate::engine;
use crate::html::Page;
use crate::mail_server::MailServer;
use crate::mail_server::header as mail_header;
use crate::queue::support::set;
use crate::sign_in::submit;
use crate::sign_in::token;
use crate::sign_in::visit;
use crate::sign_in::with_account;

async fn start() -> TestApp {
    TestApp::with(|config| config.welcome.enabled = false).await
}

/// A new contact that says this as well; returns its id.
async fn add(app: &TestApp, name: &str, says: &Value) -> String {
    let mut body = json!({ "name": name, "email": "someone@example.com" });
    for (field, value) in says.as_object().expect("fields") {
        body[field] = value.clone();
    }
    let answer = app.post("/api/contacts", &body).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let created: Value = answer.json().await.expect("a contact");
    let id = created["contact"]["id"].as_str();
    id.expect("an id").to_owned()
}

async fn dates(app: &TestApp, query: &str) -> Value {
    let answer = app.get(&format!("/api/birthdays?{query}")).await;
    assert_eq!(answer.status(), StatusCode::OK, "{query}");
    answer.json().await.expect("dates")
}

/// Each date as the name of its contact and the day on which it comes.
fn told(list: &Value) -> Vec<String> {
    let dates = list["dates"].as_array().expect("a list").iter();
    let text = |date: &Value, name: &str| date[name].as_str().expect("a text").to_owned();
    dates
        .map(|date| format!("{} {}", text(date, "name"), text(date, "next")))
        .collect()
}

async fn page(app: &TestApp, path: &str, cookie: &str) -> Page {
    let request = app.request(Method::GET, path).header("cookie", cookie);
    let answer = send(request).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    Page::read(answer).await
}

#[tokio::test]
async fn the_api_lists_dates_in_the_order_in_which_they_come() {
    let app = start().await;
    assert_eq!(
        dates(&app, "").await,
        json!({ "dates": [], "nextCursor": null })
    );
    let ada = add(
        &app,
        "Ada",
        &json!({
            "birthday": "1815-12-10",
            "anniversary": "--07-08",
            "dates": [{ "value": "1833-06-05", "label": "first met" }, { "value": "in spring" }],
        }),
    )
    .await;
    let leap = add(&app, "Leap", &json!({ "birthday": "1984-02-29" })).await;
    let gone = add(&app, "Gone", &json!({ "birthday": "1900-01-01" })).await;
    app.request(Method::DELETE, &format!("/api/contacts/{gone}"))
        .send()
        .await
        .expect("an answer");

    let list = dates(&app, "from=2026-11-28").await;
    assert_eq!(
        list["dates"],
        json!([
            { "contact": ada, "name": "Ada", "kind": "birthday", "label": "", "date": "1815-12-10",
              "next": "2026-12-10", "years": 211 },
            { "contact": leap, "name": "Leap", "kind": "birthday", "label": "", "date": "1984-02-29",
              "next": "2027-02-28", "years": 43 },
            { "contact": ada, "name": "Ada", "kind": "other", "label": "first met", "date": "1833-06-05",
              "next": "2027-06-05", "years": 194 },
            { "contact": ada, "name": "Ada", "kind": "anniversary", "label": "", "date": "--07-08",
              "next": "2027-07-08", "years": null },
        ])
    );
    assert_eq!(list["nextCursor"], Value::Null);
    assert_eq!(
        told(&dates(&app, "from=2028-02-29&days=1").await),
        ["Leap 2028-02-29"]
    );
    assert_eq!(
        told(&dates(&app, "from=2026-12-11&days=80").await),
        ["Leap 2027-02-28"]
    );

    let mut pages = Vec::new();
    let mut query = "from=2026-11-28&limit=1".to_owned();
    loop {
        let list = dates(&app, &query).await;
        pages.extend(told(&list));
        match list["nextCursor"].as_str() {
            Some(next) => query = format!("from=2026-11-28&limit=1&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(pages, told(&list));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let app = start().await;
    for wrong in [
        "from=x",
        "from=2026-02-29",
        "from=2026-11-28T00:00",
        "from=9999-01-01",
        "from=-001-01-01",
        "from=0000-01-01",
        "days=0",
        "days=367",
        "days=%2B1",
        "days=1.5",
        "days=99999999999",
        "limit=0",
        "limit=101",
        "cursor=x",
        "cursor=1310.00000000-0000-0000-0000-000000000000.0",
        "cursor=1210.00000000-0000-0000-0000-000000000000.-1",
        "to=2026-11-28",
    ] {
        let answer = app.get(&format!("/api/birthdays?{wrong}")).await;
        problem(answer, StatusCode::BAD_REQUEST).await;
    }
    let unknown = format!("/api/birthdays?book={}", uuid::Uuid::nil());
    problem(app.get(&unknown).await, StatusCode::NOT_FOUND).await;
    let request = app
        .request(Method::GET, "/birthdays?cursor=x")
        .header("accept", "text/html");
    assert_eq!(send(request).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_page_shows_each_date_of_the_coming_year_once() {
    let app = start().await;
    let empty = page(&app, "/birthdays", "").await;
    assert!(empty.text().contains("No birthdays yet."));
    assert_eq!(
        empty.attributes(".empty a", "href"),
        ["/contacts/new?field=birthday"]
    );
    assert_eq!(
        empty.texts("nav[aria-label=Main] [aria-current=page]"),
        ["Birthdays"]
    );

    let names: Vec<String> = (0..130).map(|number| format!("P{number:03}")).collect();
    let added = names.iter().enumerate().map(|(number, name)| {
        let birthday = format!(
            "19{:02}-{:02}-{:02}",
            number % 100,
            number % 12 + 1,
            number % 28 + 1
        );
        let app = &app;
        async move { add(app, name, &json!({ "birthday": birthday })).await }
    });
    join_all(added).await;
    let first = page(&app, "/birthdays", "").await;
    assert_eq!(first.count("#dates li"), 100);
    let more = first.attributes("a[rel=next]", "href")[0].to_owned();
    let second = page(&app, &more, "").await;
    assert_eq!(second.count("#dates li"), 30);
    assert!(!second.has("a[rel=next]"));
    let mut shown = [
        first.texts("#dates bdi.row-name"),
        second.texts("#dates bdi.row-name"),
    ]
    .concat();
    shown.sort();
    assert_eq!(shown, names);
}

#[tokio::test]
async fn the_day_is_that_of_the_reader() {
    let app = TestApp::with(|config| {
        config.server.time_zone = "Asia/Tokyo".parse().expect("a time zone");
    })
    .await;
    for (cookie, zone) in [
        ("", "Asia/Tokyo"),
        ("kith-zone=Pacific/Kiritimati", "Pacific/Kiritimati"),
        ("a=b; kith-zone=Europe/Berlin", "Europe/Berlin"),
        ("kith-zone=../../etc/passwd", "Asia/Tokyo"),
        ("kith-zone=<b>", "Asia/Tokyo"),
    ] {
        let shown = page(&app, "/birthdays", cookie).await;
        assert_eq!(
            shown.attributes("[data-zone]", "data-zone"),
            [zone],
            "{cookie}"
        );
    }
}

/// The address of the feed that a page shows, without the origin.
async fn make_feed(app: &TestApp, session: &str) -> String {
    let made = submit(app, session, "/birthdays/feed", &[]).await;
    assert_eq!(made.status(), StatusCode::OK);
    assert_eq!(header(&made, "cache-control"), "no-store");
    let shown = Page::read(made).await.texts("#new-feed code");
    let (_, path) = shown[0].split_once("/calendar/").expect("an address");
    format!("/calendar/{path}")
}

#[tokio::test]
async fn a_calendar_reads_names_and_days_under_a_secret_address() {
    let (app, session) = with_account(|config| config.welcome.enabled = false).await;
    let token = token(&app, &session, "write").await;
    let body = json!({
        "name": "Ada; Lovelace", "email": "ada@example.com", "phone": "+44 20 7946",
        "birthday": "1815-12-10", "dates": [{ "value": "--02-29", "label": "first met" }],
    });
    let post = app
        .request(Method::POST, "/api/contacts")
        .bearer_auth(&token);
    let created = send(post.json(&body)).await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let page = Page::read(send(visit(&app, &session, "/birthdays")).await).await;
    assert!(!page.has("#new-feed") && page.count("form[action='/birthdays/feed#feed']") == 1);

    let path = make_feed(&app, &session).await;
    let answer = app.get(&path).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        header(&answer, "content-type"),
        "text/calendar; charset=utf-8"
    );
    assert!(header(&answer, "cache-control").starts_with("private"));
    assert_eq!(header(&answer, "x-ratelimit-limit"), "60");
    let etag = header(&answer, "etag").to_owned();
    let calendar = answer.text().await.expect("a calendar");
    assert!(
        calendar.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"),
        "{calendar}"
    );
    assert!(
        calendar.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"),
        "{calendar}"
    );
    assert_eq!(calendar.matches("BEGIN:VEVENT").count(), 2);
    for line in [
        "DTSTART;VALUE=DATE:18151210",
        "SUMMARY:Ada\\; Lovelace: birthday (1815)",
        "SUMMARY:Ada\\; Lovelace: first met",
        "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
    ] {
        assert!(
            calendar.contains(&format!("{line}\r\n")),
            "{line} in {calendar}"
        );
    }
    assert!(!calendar.contains("example.com") && !calendar.contains("7946"));

    let again = app
        .request(Method::GET, &path)
        .header("if-none-match", &etag);
    let again = send(again).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(again.text().await.expect("no body"), "");
    let post = app
        .request(Method::POST, "/api/contacts")
        .bearer_auth(&token);
    let more = json!({ "name": "Bea", "email": "b@example.com", "birthday": "--12-11" });
    assert_eq!(send(post.json(&more)).await.status(), StatusCode::CREATED);
    let changed = app
        .request(Method::GET, &path)
        .header("if-none-match", &etag);
    let changed = send(changed).await;
    assert_eq!(changed.status(), StatusCode::OK);
    assert_eq!(
        changed
            .text()
            .await
            .expect("a body")
            .matches("BEGIN:VEVENT")
            .count(),
        3
    );

    let replaced = make_feed(&app, &session).await;
    problem(app.get(&path).await, StatusCode::NOT_FOUND).await;
    assert_eq!(app.get(&replaced).await.status(), StatusCode::OK);
    let revoked = submit(&app, &session, "/birthdays/feed/revoke", &[]).await;
    assert_eq!(header(&revoked, "location"), "/birthdays?done=revoked");
    problem(app.get(&replaced).await, StatusCode::NOT_FOUND).await;
    let twice = submit(&app, &session, "/birthdays/feed/revoke", &[]).await;
    assert_eq!(twice.status(), StatusCode::SEE_OTHER);
    for unknown in [
        "/calendar/x.ics",
        "/calendar/x",
        &replaced[..replaced.len() - 4],
    ] {
        problem(app.get(unknown).await, StatusCode::NOT_FOUND).await;
    }
}

#[tokio::test]
async fn a_calendar_of_many_dates_is_sent_whole() {
    let (app, session) = with_account(|config| config.welcome.enabled = false).await;
    let mut cards = String::new();
    for number in 0..1001 {
        let (month, day) = (number % 12 + 1, number % 28 + 1);
        cards += &format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:P{number}\r\nBDAY:--{month:02}{day:02}\r\nEND:VCARD\r\n"
        );
    }
    let token = token(&app, &session, "write").await;
    let import = app
        .request(Method::POST, "/api/imports")
        .bearer_auth(&token);
    let begun = send(import.header("content-type", "text/vcard").body(cards)).await;
    assert!(begun.status().is_success());
    let path = make_feed(&app, &session).await;
    loop {
        let answer = app.get(&path).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let calendar = answer.text().await.expect("a calendar");
        assert!(calendar.ends_with("END:VCALENDAR\r\n"));
        let events = calendar.matches("BEGIN:VEVENT").count();
        assert_eq!(events, calendar.matches("END:VEVENT").count());
        if events == 1001 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_feed_has_a_limit_of_its_own() {
    let (app, session) = with_account(|config| {
        config.limits.calendar.limit = 2.try_into().expect("a limit");
    })
    .await;
    let path = make_feed(&app, &session).await;
    for _ in 0..2 {
        assert_eq!(app.get(&path).await.status(), StatusCode::OK);
    }
    problem(app.get(&path).await, StatusCode::TOO_MANY_REQUESTS).await;
    // Guesses are charged as well, and pages are not.
    problem(
        app.get("/calendar/x.ics").await,
        StatusCode::TOO_MANY_REQUESTS,
    )
    .await;
    let page = send(visit(&app, &session, "/birthdays")).await;
    assert_eq!(page.status(), StatusCode::OK);
}

#[tokio::test]
async fn without_an_account_there_is_no_feed() {
    let app = start().await;
    assert!(!page(&app, "/birthdays", "").await.has("form[action*=feed]"));
    let refused = app.submit("/birthdays/feed", &[]).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    problem(app.get("/calendar/x.ics").await, StatusCode::NOT_FOUND).await;
}

/// A Kith that sends mail to a server, with an account that has a confirmed address and wants mails, and its session.
async fn with_mails(server: &MailServer) -> (TestApp, String) {
    let (app, session) = with_account(|config| {
        set(
            config,
            &[("SMTP_URL", &server.url), ("KITH_WELCOME_ENABLED", "false")],
        );
    })
    .await;
    let shown = Page::read(send(visit(&app, &session, "/birthdays")).await).await;
    assert!(
        shown.text().contains("has a confirmed address"),
        "{}",
        shown.text()
    );
    let config: Arc<Config> = app.part();
    let database = engine::open(&config.data.dir).await;
    let mut tx = database.write().await.expect("it is open");
    query("UPDATE accounts SET email = 'ada@example.com'")
        .execute(&mut tx)
        .await
        .expect("there is room");
    tx.commit().await.expect("there is room");
    database.close().await;
    let wanted = submit(&app, &session, "/birthdays/mail", &[("wanted", "1")]).await;
    assert_eq!(header(&wanted, "location"), "/birthdays?done=mails");
    (app, session)
}

/// Starts a round of mails, as the schedule does, and waits until so many messages of all rounds are delivered.
async fn round(app: &TestApp, delivered: usize) {
    let publication = Publication {
        destination: "/api/webhooks/birthdays".to_owned(),
        ..Publication::default()
    };
    let publications = [publication];
    let broker = app.broker();
    let published = broker.publish(&publications, Provenance::default()).await;
    published.expect("the broker takes it");
    let start = Instant::now();
    loop {
        let filter = Filter::parse("state=DELIVERED").expect("a filter");
        let events = app.broker().events(&filter).await;
        if events.expect("the database is there").0.len() == delivered {
            break;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{delivered} are not delivered"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_account_that_wants_it_is_written_to_once_on_the_morning_of_a_day() {
    let server = MailServer::start().await;
    let (app, session) = with_mails(&server).await;
    let token = token(&app, &session, "write").await;
    // Wherever midnight is, one of them is today.
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    for (name, date) in [
        ("Ada Lovelace", today),
        ("Grace Hopper", today.tomorrow().expect("it comes")),
    ] {
        let birthday = format!("1906-{:02}-{:02}", date.month(), date.day());
        let body = json!({ "name": name, "email": "a@example.com", "birthday": birthday });
        let post = app
            .request(Method::POST, "/api/contacts")
            .bearer_auth(&token);
        assert_eq!(send(post.json(&body)).await.status(), StatusCode::CREATED);
    }
    // Each round and each job is a message.
    round(&app, 2).await;
    round(&app, 4).await;
    let mails = server.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mail_header(&mails[0], "To").trim(), "ada <ada@example.com>");
    let text = mails[0].replace("=\r\n", "");
    assert!(text.contains("Turns 120"), "{text}");
    assert!(text.contains("/birthdays"), "{text}");

    let shown = Page::read(send(visit(&app, &session, "/birthdays")).await).await;
    assert_eq!(
        shown.attributes("form[action='/birthdays/mail'] input", "value"),
        ["0"]
    );
    let ended = submit(&app, &session, "/birthdays/mail", &[("wanted", "0")]).await;
    assert_eq!(header(&ended, "location"), "/birthdays?done=no-mails");
    round(&app, 5).await;
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn on_a_day_without_a_date_no_mail_is_sent() {
    let server = MailServer::start().await;
    let (app, _) = with_mails(&server).await;
    round(&app, 2).await;
    assert_eq!(server.asked(), 0);
}
