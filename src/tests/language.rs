//! Pages in the language of the reader.

use std::collections::BTreeSet;

use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;
use reqwest::header::ACCEPT;
use reqwest::header::ACCEPT_LANGUAGE;
use reqwest::header::CONTENT_TYPE;
use reqwest::header::COOKIE;
use serde_json::json;

use crate::app::TestApp;
use crate::app::contact;
use crate::app::header;
use crate::app::send;
use crate::html::Page;
use crate::sign_in::with_account;

/// English with accents, which debug builds have: a word without them goes by no catalogue.
const ACCENTED: &str = "en-XA";

/// Words that stay as they are in each language: names, of what an operator configures as well, abbreviations, and units.
const KEPT: [&str; 50] = [
    "AM",
    "CPU",
    "CRON",
    "Contacts",
    "Deutsch",
    "English",
    "GiB",
    "HTTP",
    "JPEG",
    "KiB",
    "Kith",
    "MB",
    "MiB",
    "Mozilla",
    "PNG",
    "POST",
    "PostgreSQL",
    "QStash",
    "REST",
    "Redis",
    "SMTP",
    "SQLite",
    "TTL",
    "TZ",
    "UTC",
    "WebP",
    "XA",
    "ada",
    "api",
    "birthdays",
    "calendar",
    "contacts",
    "daily",
    "dashboard",
    "en",
    "h",
    "kith",
    "localhost",
    "min",
    "ms",
    "p50",
    "p95",
    "p99",
    "pages",
    "report",
    "s",
    "token",
    "ui",
    "vCard",
    "vCards",
];

async fn visit(app: &TestApp, path: &str, language: &str) -> Response {
    let request = app.request(Method::GET, path).header(ACCEPT, "text/html");
    send(request.header(ACCEPT_LANGUAGE, language)).await
}

#[tokio::test]
async fn a_page_is_in_the_language_that_the_browser_accepts() {
    let app = TestApp::start().await;
    app.create("Ada", "ada@example.com").await;
    // Each page twice: the second time from the cache.
    for _ in 0..2 {
        for (language, tag, count) in [
            ("de-AT,de;q=0.9,en;q=0.5", "de", "1 Kontakt"),
            ("en-US,en", "en", "1 contact"),
            ("fr", "en", "1 contact"),
        ] {
            let answer = visit(&app, "/contacts", language).await;
            assert_eq!(header(&answer, "content-language"), tag);
            // Back shows the page that the browser has, whatever cookies there are by now.
            let varies: Vec<_> = answer.headers().get_all("vary").iter().collect();
            assert!(varies.iter().any(|names| *names == "accept-language"));
            assert!(varies.iter().all(|names| *names != "cookie"));
            let page = Page::read(answer).await;
            assert_eq!(page.attributes("html", "lang"), [tag]);
            assert_eq!(page.text_of_id("count"), count);
            // Only a page that needs them has texts for what runs in the browser.
            assert_eq!(page.has("#texts"), tag == "de", "{language}");
            assert_eq!(page.has("#island-texts"), tag == "de", "{language}");
        }
    }
    let missing = Page::read(visit(&app, "/nothing-here", "de").await).await;
    assert_eq!(missing.attributes("html", "lang"), ["de"]);
    assert!(!missing.has("#island-texts"));
}

#[tokio::test]
async fn a_chosen_language_comes_before_that_of_the_browser() {
    let app = TestApp::start().await;
    let page = Page::read(visit(&app, "/language", "en").await).await;
    assert_eq!(page.attributes("input[checked]", "value"), [""]);

    let chosen = app.submit("/language", &[("language", "de")]).await;
    assert_eq!(chosen.status(), StatusCode::SEE_OTHER);
    let cookie = header(&chosen, "set-cookie").to_owned();
    let cookie = cookie.split(';').next().expect("a cookie");
    let request = app.request(Method::GET, "/language").header(COOKIE, cookie);
    let page = Page::read(send(request.header(ACCEPT_LANGUAGE, "en")).await).await;
    assert_eq!(page.texts("h1"), ["Sprache"]);
    assert_eq!(page.attributes("input[checked]", "value"), ["de"]);

    // What is no language is no choice.
    let forgotten = app.submit("/language", &[("language", "xx")]).await;
    assert!(header(&forgotten, "set-cookie").contains("Max-Age=0"));
}

#[tokio::test]
async fn errors_are_in_the_language_of_the_reader_and_programs_are_answered_in_english() {
    let app = TestApp::start().await;
    let wrong = json!({"name": "", "email": ""});
    let answer = app
        .request(Method::POST, "/api/contacts")
        .header(ACCEPT_LANGUAGE, "de");
    let refused = send(answer.json(&wrong)).await.text().await.expect("text");
    assert!(refused.contains("Name and email are required"), "{refused}");

    let sent = app
        .request(Method::POST, "/contacts/new")
        .header(ACCEPT, "text/html")
        .header(ACCEPT_LANGUAGE, "de")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(format!("name={}", "x".repeat(1000)));
    let answer = send(sent).await;
    assert_eq!(
        answer.status(),
        StatusCode::BAD_REQUEST,
        "{:?}",
        answer.headers()
    );
    let page = Page::read(answer).await;
    assert!(page.text().contains("Zeichen"), "{}", page.text());
    assert!(!page.text().contains("character"), "{}", page.text());
}

#[tokio::test]
async fn every_text_of_every_page_goes_by_the_catalogue() {
    let app = TestApp::with(|config| {
        // What an operator has written is in the language of the operator.
        config.welcome.subject = "Ω".parse().expect("a template");
        config.welcome.body = "Ω {name}".parse().expect("a template");
        config.limits.dashboard.limit = std::num::NonZeroU32::MAX;
    })
    .await;
    let id = add_contact(&app, "Αδα").await;
    let trashed = add_contact(&app, "Βαρβάρα").await;
    let gone = app.request(Method::DELETE, &format!("/api/contacts/{trashed}"));
    assert_eq!(send(gone).await.status(), StatusCode::NO_CONTENT);
    app.submit("/labels", &[("name", "Φίλοι"), ("colour", "blue")])
        .await;
    let mut paths: Vec<String> = [
        "/contacts",
        "/contacts?q=Ωμέγα",
        "/contacts?sort=frequent",
        "/contacts/new",
        "/contacts/print",
        "/trash",
        "/trash/empty",
        "/import",
        "/labels",
        "/birthdays",
        "/dashboard",
        "/dashboard?range=month",
        "/dashboard/audit",
        "/language",
        "/nothing-here",
    ]
    .map(str::to_owned)
    .into();
    paths.extend(
        [
            "",
            "/edit",
            "/history",
            "/history/1",
            "/print",
            "/qr",
            "/photo",
        ]
        .map(|part| format!("/contacts/{id}{part}")),
    );
    paths.extend(["", "/delete"].map(|part| format!("/trash/{trashed}{part}")));
    assert_accented(&app, &paths, "").await;
}

#[tokio::test]
async fn every_text_of_the_pages_of_accounts_goes_by_the_catalogue() {
    let (app, session) = with_account(|config| config.welcome.enabled = false).await;
    let session = format!("kith-session={session}");
    let own = ["/account", "/account/activity", "/accounts", "/books"];
    assert_accented(&app, &own.map(str::to_owned), &session).await;
    let open = ["/sign-in", "/reset", "/nothing-here"];
    assert_accented(&app, &open.map(str::to_owned), "").await;
}

async fn add_contact(app: &TestApp, name: &str) -> String {
    let body = json!({
        "name": name,
        "email": "1@2.3",
        "phones": [{"value": "+30 21 0123 4567", "label": "work"}],
        "company": "Ωμέγα",
        "birthday": "1990-03-12",
        "labels": ["Φίλοι"],
    });
    contact(app.post("/api/contacts", &body).await)
        .await
        .id
        .to_string()
}

/// Asserts that the pages have no word in letters of English, and are whole.
async fn assert_accented(app: &TestApp, paths: &[String], cookie: &str) {
    let mut plain = BTreeSet::new();
    for path in paths {
        let request = app.request(Method::GET, path).header(ACCEPT, "text/html");
        let request = request
            .header(ACCEPT_LANGUAGE, ACCENTED)
            .header(COOKIE, cookie);
        let page = Page::read(send(request).await).await;
        assert_eq!(page.attributes("html", "lang"), [ACCENTED], "{path}");
        for text in page.read_texts() {
            if is_plain(&text) {
                plain.insert(format!("{path}: {text}"));
            }
        }
    }
    assert!(
        plain.is_empty(),
        "{}",
        plain.into_iter().collect::<Vec<_>>().join("\n")
    );
}

/// Whether a text has a word of English. Paths of files are no words.
fn is_plain(text: &str) -> bool {
    let parts = text
        .split_whitespace()
        .filter(|part| !part.starts_with('/'));
    let mut words = parts.flat_map(|part| part.split(|letter: char| !letter.is_alphanumeric()));
    words.any(|word| {
        let word = word.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let is_word = word.is_ascii() && word.bytes().any(|letter| letter.is_ascii_alphabetic());
        is_word && !KEPT.contains(&word)
    })
}
