//! Searches that people keep beside the list.

use reqwest::Response;
use reqwest::StatusCode;

use crate::app::TestApp;
use crate::app::header;
use crate::html::Page;

async fn send(app: &TestApp, path: &str, words: &str) -> Response {
    app.submit(path, &[("q", words)]).await
}

/// The searches beside the list of a page.
async fn kept(app: &TestApp, path: &str) -> Vec<String> {
    let page = Page::read(app.get(path).await).await;
    page.texts(".label-rail a[data-search] bdi")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_is_kept_and_forgotten() {
    let app = TestApp::start().await;
    app.create("Ada", "ada@example.com").await;
    assert_eq!(kept(&app, "/contacts").await, [""; 0]);
    for words in ["  ada   lovelace ", "city:Zürich", "city:Zürich"] {
        let answer = send(&app, "/searches", words).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert!(header(&answer, "location").starts_with("/contacts?q="));
    }
    let all = ["ada lovelace", "city:Zürich"];
    assert_eq!(kept(&app, "/contacts").await, all);
    let page = Page::read(app.get("/contacts?q=ada+lovelace").await).await;
    let current = page.texts(".label-rail a[aria-current] bdi");
    assert_eq!(current, ["ada lovelace"]);
    assert!(page.has(".keep-search.is-kept"));
    let answer = send(&app, "/searches/forget", "ada lovelace").await;
    assert_eq!(header(&answer, "location"), "/contacts?q=ada+lovelace");
    assert_eq!(kept(&app, "/contacts").await, ["city:Zürich"]);
    let page = Page::read(app.get("/contacts?q=ada+lovelace").await).await;
    assert!(!page.has(".keep-search.is-kept"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_that_cannot_be_kept_says_why() {
    let app = TestApp::start().await;
    for path in ["/searches", "/searches/forget"] {
        let answer = send(&app, path, "  ").await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let page = Page::read(answer).await;
        assert!(page.text().contains("Search for something first."));
        // A reload of the address leads to the list.
        let list = app.get(path).await;
        assert_eq!(header(&list, "location"), "/contacts");
    }
    for number in 0..50 {
        let answer = send(&app, "/searches", &format!("word {number}")).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    }
    let answer = send(&app, "/searches", "one more").await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let page = Page::read(answer).await;
    assert!(page.text().contains("Forget one of them first."));
    assert_eq!(kept(&app, "/contacts").await.len(), 50);
}
