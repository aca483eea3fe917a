//! The former versions of a contact, over HTTP.

use kith::model::contact::Contact;
use kith::services::config::Count;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::app::contact;
use crate::app::header;
use crate::app::problem;
use crate::app::send;
use crate::html::Page;

async fn start() -> TestApp {
    TestApp::with(|config| config.welcome.enabled = false).await
}

async fn patch(app: &TestApp, id: &str, body: &Value) -> Contact {
    let request = app.request(Method::PATCH, &format!("/api/contacts/{id}"));
    contact(send(request.json(body)).await).await
}

/// A contact that was Ada, and then called King with a phone.
async fn changed_twice(app: &TestApp) -> String {
    let id = app.create("Ada", "ada@example.com").await.id.to_string();
    patch(app, &id, &json!({ "name": "Ada King" })).await;
    patch(
        app,
        &id,
        &json!({ "phone": "+44 1", "notes": "Met in Turin." }),
    )
    .await;
    id
}

async fn versions(app: &TestApp, id: &str, query: &str) -> Value {
    let answer = app
        .get(&format!("/api/contacts/{id}/versions{query}"))
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.expect("JSON")
}

async fn restore(app: &TestApp, id: &str, version: u32, tag: &str) -> reqwest::Response {
    let path = format!("/api/contacts/{id}/versions/{version}/restore");
    send(app.request(Method::POST, &path).header("if-match", tag)).await
}

async fn page(app: &TestApp, path: &str) -> Page {
    let answer = app.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    Page::read(answer).await
}

#[tokio::test]
async fn programs_read_what_has_changed_and_bring_it_back() {
    let app = start().await;
    let id = changed_twice(&app).await;
    let list = versions(&app, &id, "").await;
    let all = list["versions"].as_array().expect("versions");
    assert_eq!(all.len(), 2, "{list}");
    assert_eq!(list["nextCursor"], Value::Null);
    assert_eq!(
        (&all[0]["version"], &all[1]["version"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(all[0]["by"], Value::Null, "Kith has no account");
    let expected = json!([
        { "field": "phones", "label": "Phone", "from": null, "to": "+44 1" },
        { "field": "notes", "label": "Notes", "from": null, "to": "Met in Turin." },
    ]);
    assert_eq!(all[0]["changes"], expected);
    let expected = json!([{ "field": "name", "label": "Name", "from": "Ada", "to": "Ada King" }]);
    assert_eq!(all[1]["changes"], expected);

    let card = app.get(&format!("/api/contacts/{id}/versions/1")).await;
    assert_eq!(header(&card, "content-type"), "text/vcard; charset=utf-8");
    let card = card.text().await.expect("text");
    assert!(card.contains("\r\nFN:Ada\r\n"), "{card}");

    assert_eq!(
        restore(&app, &id, 1, "\"2\"").await.status(),
        StatusCode::PRECONDITION_FAILED
    );
    let restored = restore(&app, &id, 1, "\"3\"").await;
    assert_eq!(header(&restored, "etag"), "\"4\"");
    let restored = contact(restored).await;
    assert_eq!((restored.name.as_str(), restored.phone), ("Ada", None));
    let again = restore(&app, &id, 1, "\"4\"").await;
    assert_eq!(contact(again).await.version, 4, "nothing is new");
    let back = contact(restore(&app, &id, 3, "*").await).await;
    assert_eq!(back.phone.as_deref(), Some("+44 1"));
}

#[tokio::test]
async fn a_restored_contact_keeps_the_uid_that_it_has() {
    let app = start().await;
    let id = app.create("Ada", "ada@example.com").await.id;
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:another\r\nFN:Grace\r\nEND:VCARD\r\n";
    let contacts = app.contacts().await;
    let replaced = contacts.replace_card(id, card.into(), None).await;
    replaced.expect("a card");
    let restored = restore(&app, &id.to_string(), 1, "*").await;
    assert_eq!(contact(restored).await.name, "Ada");
    let (_, card) = contacts.card(id).await.expect("it is there");
    assert_eq!(card.uid().as_deref(), Some("another"));
}

#[tokio::test]
async fn versions_that_are_not_there_are_refused() {
    let app = start().await;
    let id = changed_twice(&app).await;
    for path in [
        format!("/api/contacts/{id}/versions/7"),
        format!("/api/contacts/{id}/versions/0"),
        format!("/api/contacts/{id}/versions/-1"),
        format!("/api/contacts/{id}/versions/99999999999999"),
        format!("/api/contacts/{id}/versions/one"),
        "/api/contacts/0198c0de-0000-7000-8000-000000000001/versions/1".to_owned(),
        "/api/contacts/ada/versions/1".to_owned(),
        "/api/contacts/ada/versions".to_owned(),
    ] {
        problem(app.get(&path).await, StatusCode::NOT_FOUND).await;
    }
    assert_eq!(
        restore(&app, &id, 7, "*").await.status(),
        StatusCode::NOT_FOUND
    );
    for cursor in ["", "x", "-1", "9999999999", "1&cursor=2", "1&other=2"] {
        let path = format!("/api/contacts/{id}/versions?cursor={cursor}");
        assert_eq!(
            app.get(&path).await.status(),
            StatusCode::BAD_REQUEST,
            "{path}"
        );
    }
    for path in [
        format!("/contacts/{id}/history/7"),
        format!("/contacts/{id}/history/one"),
        "/contacts/ada/history".to_owned(),
    ] {
        let answer = app.get(&path).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let path = format!("/contacts/{id}/history?cursor=x");
    assert_eq!(app.get(&path).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn people_read_what_has_changed_and_bring_it_back() {
    let app = start().await;
    let id = changed_twice(&app).await;
    let pane = page(&app, &format!("/contacts/{id}")).await;
    let history = format!("/contacts/{id}/history");
    assert!(pane.has(&format!(".activity a[href='{history}']")));
    let shown = page(&app, &history).await;
    assert_eq!(shown.texts("h1"), ["History of Ada King"]);
    assert_eq!(
        shown.texts("main ol ul li"),
        [
            "Phone added: +44 1",
            "Notes added: Met in Turin.",
            "Name changed from Ada to Ada King"
        ]
    );
    assert_eq!(shown.attributes("main ol time", "datetime").len(), 2);

    let question = shown.attributes("main ol a", "href")[1].to_owned();
    assert!(question.starts_with(&format!("{history}/1")), "{question}");
    let asked = page(&app, &question).await;
    assert_eq!(
        asked.texts("main ul li"),
        [
            "Name changed from Ada King to Ada",
            "Phone removed: +44 1",
            "Notes removed: Met in Turin."
        ]
    );
    let stale = app.submit(&question, &[("expected", "2")]).await;
    assert_eq!(stale.status(), StatusCode::PRECONDITION_FAILED);
    let stale = Page::read(stale).await;
    assert!(stale.text().contains("has changed in the meantime"));
    assert_eq!(stale.attributes("input[name=expected]", "value"), ["3"]);

    let restored = app.submit(&question, &[("expected", "3")]).await;
    assert_eq!(restored.status(), StatusCode::SEE_OTHER);
    let location = header(&restored, "location").to_owned();
    assert!(
        location.starts_with(&format!("/contacts/{id}")),
        "{location}"
    );
    assert_eq!(app.get(&location).await.status(), StatusCode::OK);
    assert_eq!(app.names("").await, ["Ada"]);
    let same = page(&app, &question).await;
    assert!(same.text().contains("The contact is as it was then."));
    assert!(!same.has("main form"));
}

#[tokio::test]
async fn a_history_has_pages() {
    let app = start().await;
    let id = app.create("Ada", "ada@example.com").await.id.to_string();
    let empty = page(&app, &format!("/contacts/{id}/history")).await;
    assert!(empty.text().contains("Kith keeps no former version"));
    let kept = 53;
    let app_of = |config: &mut kith::services::config::Config| {
        config.welcome.enabled = false;
        config.contacts.max_versions = Count(kept);
    };
    let app = TestApp::with(app_of).await;
    let id = app.create("Ada", "ada@example.com").await.id.to_string();
    for number in 0..60 {
        patch(&app, &id, &json!({ "name": format!("Ada {number}") })).await;
    }
    let first = page(&app, &format!("/contacts/{id}/history")).await;
    assert_eq!(first.attributes("main ol time", "datetime").len(), 50);
    let next = first.attributes("a[rel=next]", "href")[0].to_owned();
    let second = page(&app, &next).await;
    assert_eq!(
        second.texts("main ol ul li"),
        [
            "Name changed from Ada 8 to Ada 9",
            "Name changed from Ada 7 to Ada 8",
            "Name changed from Ada 6 to Ada 7",
        ]
    );
    assert!(!second.has("a[rel=next]"));
    let list = versions(&app, &id, "").await;
    let cursor = list["nextCursor"].as_str().expect("a cursor");
    let rest = versions(&app, &id, &format!("?cursor={cursor}")).await;
    assert_eq!(rest["versions"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn no_versions_are_kept_if_an_operator_wants_none() {
    let app = TestApp::with(|config| config.contacts.max_versions = Count(0)).await;
    let id = changed_twice(&app).await;
    assert_eq!(versions(&app, &id, "").await["versions"], json!([]));
}
