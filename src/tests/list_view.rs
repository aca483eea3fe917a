//! How a reader wants to see lists.

use reqwest::Method;
use reqwest::StatusCode;
use serde_json::json;

use crate::app::TestApp;
use crate::app::header;
use crate::app::send;
use crate::html::Page;

/// The lines below the names, for a browser with this cookie.
async fn lines(app: &TestApp, cookie: &str) -> Vec<String> {
    let request = app.request(Method::GET, "/contacts");
    let page = Page::read(send(request.header("cookie", cookie)).await).await;
    let compact = page.count(".is-compact");
    assert_eq!(
        compact,
        usize::from(cookie.ends_with("compact")),
        "{cookie}"
    );
    page.texts("a.row span.text-muted")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_shows_what_the_reader_chose() {
    let app = TestApp::start().await;
    for (name, company) in [("Ada", Some("Engines")), ("Bob", None)] {
        let body = json!({
            "name": name,
            "email": format!("{name}@example.com"),
            "company": company,
        });
        let answer = app.post("/api/contacts", &body).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
    }
    // Each of them comes from the cache the second time.
    for _ in 0..2 {
        for (cookie, expected) in [
            ("", ["Ada@example.com", "Bob@example.com"]),
            ("kith-list=company.", ["Engines", ""]),
            ("a=b; kith-list=company.compact", ["Engines", ""]),
            (
                "kith-list=fax.compact",
                ["Ada@example.com", "Bob@example.com"],
            ),
        ] {
            assert_eq!(lines(&app, cookie).await, expected, "{cookie}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_keeps_what_the_form_says() {
    let app = TestApp::start().await;
    for (fields, cookie) in [
        (
            &[("line", "phone"), ("compact", "1")][..],
            "kith-list=phone.compact;",
        ),
        (&[("line", "company")], "kith-list=company.;"),
        (&[("line", "; Path=/evil")], "kith-list=usual.;"),
        (&[], "kith-list=usual.;"),
    ] {
        let answer = app.submit("/list-view?q=ada&sort=family", fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(header(&answer, "location"), "/contacts?q=ada&sort=family");
        assert!(
            header(&answer, "set-cookie").starts_with(cookie),
            "{fields:?}"
        );
    }
}
