//! How contacts are used: what a script of the page tells, and the order that this makes.

use std::time::Duration;
use std::time::Instant;

use reqwest::StatusCode;

use crate::app::TestApp;
use crate::html::Page;

/// How long uses may wait on a busy machine, until they are written.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tells of a use, as the script does.
async fn record(app: &TestApp, id: &str, kind: &str) -> StatusCode {
    let path = format!("/contacts/{id}/uses");
    app.submit(&path, &[("kind", kind)]).await.status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_that_are_used_most_come_first() {
    let app = TestApp::with(|config| {
        config.welcome.enabled = false;
        config.cache.fresh_for = Duration::from_millis(1);
        config.contacts.page_size = 2.try_into().expect("not 0");
    })
    .await;
    let mut ids = Vec::new();
    for name in ["Ada", "Bob", "Cyd"] {
        let contact = app.create(name, "someone@example.com").await;
        ids.push(contact.id.to_string());
    }
    let shown = async || {
        let page = Page::read(app.get("/contacts").await).await;
        page.texts("nav.frequent a bdi")
    };
    assert_eq!(shown().await, [""; 0]);
    for (id, kind) in [(&ids[0], "open"), (&ids[1], "reach")] {
        assert_eq!(record(&app, id, kind).await, StatusCode::NO_CONTENT);
    }
    let start = Instant::now();
    // Those that were never used are not shown, and are in the order all the same.
    while shown().await != ["Bob", "Ada"] {
        assert!(start.elapsed() < PATIENCE, "{:?}", shown().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let order = app.names("sort=frequent&limit=3").await;
    assert_eq!(order, ["Bob", "Ada", "Cyd"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_use_that_makes_no_sense_is_refused() {
    let app = TestApp::start().await;
    let id = app
        .create("Ada", "someone@example.com")
        .await
        .id
        .to_string();
    let unknown = uuid::Uuid::now_v7().to_string();
    for (id, kind, expected) in [
        (&*id, "bite", StatusCode::UNPROCESSABLE_ENTITY),
        (&id, "", StatusCode::UNPROCESSABLE_ENTITY),
        ("not-an-id", "open", StatusCode::NOT_FOUND),
        (&unknown, "open", StatusCode::NOT_FOUND),
    ] {
        assert_eq!(record(&app, id, kind).await, expected, "{id} {kind}");
    }
    let answer = app.get(&format!("/contacts/{id}/uses")).await;
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    app.submit(&format!("/contacts/{id}/delete"), &[]).await;
    assert_eq!(record(&app, &id, "open").await, StatusCode::NOT_FOUND);
}
