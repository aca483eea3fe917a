//! Snapshots of the HTML that the server draws. Ids, times, hashes, addresses and counts that differ from run to run
//! are replaced.
//!
//! A change of the markup fails here. `INSTA_UPDATE=always cargo test --test integration markup::` accepts it;
//! the diff of `src/tests/snapshots` is then part of the commit.

use std::num::NonZeroU32;
use std::time::Duration;
use std::time::Instant;

use insta::Settings;
use insta::assert_snapshot;
use kith_queue::broker::accept::Provenance;
use kith_queue::message::DeliverySpec;
use kith_queue::message::Publication;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::json;

use crate::app::TestApp;
use crate::app::contact;
use crate::app::send;
use crate::html::Page;

/// What is replaced in every snapshot: a regular expression, and its replacement.
const REPLACED: [(&str, &str); 9] = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]"),
    (r"\d{1,2} \w+ \d{4}, \d\d:\d\d( UTC)?", "[time]"),
    (r"\b\d\d:\d\d:\d\d\b", "[time]"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "[id]"),
    (r"\bmsg_[0-9A-Za-z_-]+", "[id]"),
    (r#"((value|id)="(letter-)?)\d+-\d+""#, "${1}[id]\""),
    // The name has a hash where the site is built.
    (r"/pkg/kith[^/]*\.css", "/pkg/kith.[hash].css"),
    (r"127\.0\.0\.1(:\d+)?", "[address]"),
    // The hue of a contact follows from its id.
    (r"\bhue-\d+", "hue-[id]"),
];

fn settings(more: &[(&str, &str)]) -> Settings {
    let mut settings = Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (expression, replacement) in REPLACED.iter().chain(more) {
        settings.add_filter(expression, *replacement);
    }
    settings
}

/// Compares the one element that a CSS selector finds with a snapshot.
fn assert_markup(name: &str, page: &Page, css: &str) {
    settings(&[]).bind(|| assert_snapshot!(name, page.markup(css)));
}

async fn read_page(app: &TestApp, path: &str) -> Page {
    let request = app.request(Method::GET, path).header("accept", "text/html");
    let answer = send(request).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    Page::read(answer).await
}

async fn quiet_app() -> TestApp {
    TestApp::with(|config| {
        config.welcome.enabled = false;
        config.limits.dashboard.limit = NonZeroU32::MAX;
    })
    .await
}

/// The dashboard, once it shows as many dead letters and the schedule that Kith registers at its start.
async fn dashboard(app: &TestApp, dead_letters: usize) -> Page {
    let start = Instant::now();
    loop {
        let page = read_page(app, "/dashboard").await;
        let letters = page.count("[id^=letter-] > details");
        if page.has("#schedule-daily-report")
            && page.has("#schedule-birthdays")
            && letters == dead_letters
        {
            return page;
        }
        assert!(start.elapsed() < Duration::from_secs(90), "{}", page.text());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn the_headline_figures_of_an_empty_dashboard_match_the_snapshot() {
    let page = dashboard(&quiet_app().await, 0).await;
    let uptime = (r"(<b>\n\s+)\d+ (s|min)\n", "${1}[uptime]\n");
    let sparkline = (r#"\bd="[^"]*""#, "d=\"[path]\"");
    let markup = page.markup("ul.headlines");
    settings(&[uptime, sparkline]).bind(|| assert_snapshot!("dashboard_headlines", markup));
}

#[tokio::test]
async fn the_limits_of_an_empty_dashboard_match_the_snapshot() {
    let page = dashboard(&quiet_app().await, 0).await;
    // The test has asked for the dashboard as often as it had to.
    let own = (
        r"(fixed window\n\s+</p>\n\s+<p>\n\s+)\d+ requests?",
        "${1}[count] requests",
    );
    let markup = page.markup("section[aria-labelledby=limits-title]");
    settings(&[own]).bind(|| assert_snapshot!("dashboard_limits", markup));
}

#[tokio::test]
async fn the_cache_of_an_empty_dashboard_matches_the_snapshot() {
    let page = dashboard(&quiet_app().await, 0).await;
    let css = "section[aria-labelledby=cache-title]";
    assert_markup("dashboard_cache", &page, css);
}

#[tokio::test]
async fn the_queue_of_an_empty_dashboard_matches_the_snapshot() {
    let page = dashboard(&quiet_app().await, 0).await;
    let css = "section[aria-labelledby=queue-title]";
    assert_markup("dashboard_queue", &page, css);
}

#[tokio::test]
async fn the_last_actions_of_an_empty_dashboard_match_the_snapshot() {
    let page = dashboard(&quiet_app().await, 0).await;
    let css = "section[aria-labelledby=actions-title]";
    assert_markup("dashboard_actions", &page, css);
}

#[tokio::test]
async fn the_dead_letters_of_a_dashboard_match_the_snapshot() {
    let app = quiet_app().await;
    let undeliverable = Publication {
        destination: "/api/webhooks/nowhere".to_owned(),
        delivery: DeliverySpec {
            retries: Some(0),
            ..DeliverySpec::default()
        },
        ..Publication::default()
    };
    let published = app
        .broker()
        .publish(&[undeliverable], Provenance::default())
        .await;
    published.expect("the broker takes it");
    let page = dashboard(&app, 1).await;
    assert_markup("dashboard_dead_letters", &page, "#dead-letters");
}

#[tokio::test]
async fn the_pane_of_a_contact_matches_the_snapshot() {
    let app = quiet_app().await;
    let body = json!({
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": "+44 20 7946 0000",
        "company": "Analytical Engines",
        "notes": "First line\nSecond line",
    });
    let ada = contact(app.post("/api/contacts", &body).await).await;
    let page = read_page(&app, &format!("/contacts/{}", ada.id)).await;
    assert_markup("contact_pane", &page, "section.pane");
}

#[tokio::test]
async fn the_page_of_birthdays_matches_the_snapshot() {
    let app = quiet_app().await;
    let body = json!({ "name": "Ada", "email": "ada@example.com", "birthday": "--12-10" });
    contact(app.post("/api/contacts", &body).await).await;
    let page = read_page(&app, "/birthdays").await;
    let of_today = [
        (r"\w+day, \d+ \w+ \d{4}", "[day]"),
        (r"\d{4}-\d\d(-\d\d)?", "[day]"),
        (r"December \d{4}", "[month]"),
        (r"In \d+ days|Today|Tomorrow", "[distance]"),
        (r"\w{3} 10 Dec", "[day]"),
        (r#" data-today="true""#, ""),
    ];
    settings(&of_today).bind(|| assert_snapshot!("birthdays", page.markup("main")));
}

#[tokio::test]
async fn the_form_of_a_new_contact_matches_the_snapshot() {
    let page = read_page(&quiet_app().await, "/contacts/new").await;
    assert_markup("contact_form_new", &page, "#contact-form");
}

#[tokio::test]
async fn the_form_of_a_contact_that_is_edited_matches_the_snapshot() {
    let app = quiet_app().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let page = read_page(&app, &format!("/contacts/{}/edit", ada.id)).await;
    assert_markup("contact_form_edit", &page, "#contact-form");
}

#[tokio::test]
async fn the_problem_page_of_a_forbidden_form_matches_the_snapshot() {
    let app = quiet_app().await;
    let request = app
        .request(Method::POST, "/contacts/new")
        .header("accept", "text/html")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = send(request).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let page = Page::read(answer).await;
    assert_markup("problem_page", &page, "html");
}

#[tokio::test]
async fn the_problem_page_of_a_refused_visit_matches_the_snapshot() {
    let app = TestApp::with(|config| config.limits.ui.limit = NonZeroU32::MIN).await;
    let visit = async || {
        let request = app.request(Method::GET, "/contacts");
        send(request.header("accept", "text/html")).await
    };
    assert_eq!(visit().await.status(), StatusCode::OK);
    let answer = visit().await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    let page = Page::read(answer).await;
    let wait = (r#"data-wait="\d+""#, "data-wait=\"[seconds]\"");
    let left = (r"\d+ seconds?", "[seconds]");
    let markup = page.markup("html");
    settings(&[wait, left]).bind(|| assert_snapshot!("problem_page_wait", markup));
}

#[tokio::test]
async fn the_trash_page_without_and_with_a_contact_matches_the_snapshot() {
    let app = quiet_app().await;
    let empty = read_page(&app, "/trash").await;
    assert_markup("trash_empty", &empty, "main");
    let ada = app.create("Ada", "ada@example.com").await;
    let delete = format!("/contacts/{}/delete", ada.id);
    let deleted = app.submit(&delete, &[]).await;
    assert_eq!(deleted.status(), StatusCode::SEE_OTHER);
    let full = read_page(&app, "/trash").await;
    assert_markup("trash_with_a_contact", &full, "main");
}
