//! The trash: what it shows, and what is deleted for ever.

use std::num::NonZeroU32;

use kith::model::contact::Contact;
use kith::services::config::Count;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::app::header;
use crate::app::problem;
use crate::app::send;
use crate::html::Page;

async fn start() -> TestApp {
    TestApp::with(|config| config.welcome.enabled = false).await
}

async fn page(app: &TestApp, path: &str) -> Page {
    let answer = app.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    Page::read(answer).await
}

async fn delete(app: &TestApp, path: &str) -> StatusCode {
    send(app.request(Method::DELETE, path)).await.status()
}

/// A contact in the trash.
async fn deleted(app: &TestApp, name: &str) -> Contact {
    let contact = app.create(name, "someone@example.com").await;
    let path = format!("/api/contacts/{}", contact.id);
    assert_eq!(delete(app, &path).await, StatusCode::NO_CONTENT);
    contact
}

async fn trash(app: &TestApp, query: &str) -> Value {
    let answer = app.get(&format!("/api/trash?{query}")).await;
    assert_eq!(answer.status(), StatusCode::OK, "{query}");
    answer.json().await.expect("a list")
}

fn names(list: &Value) -> Vec<&str> {
    let contacts = list["contacts"].as_array().expect("contacts").iter();
    contacts
        .map(|contact| contact["name"].as_str().expect("a name"))
        .collect()
}

#[tokio::test]
async fn the_trash_says_when_contacts_were_deleted_and_when_they_go() {
    for (days, fate, rule) in [
        (30, ", gone in 30 days", "for 30 days"),
        (1, ", gone in 1 day", "for 1 day"),
        (0, "UTC", "until you want it back"),
    ] {
        let app = TestApp::with(|config| config.contacts.trash_days = Count(days)).await;
        let empty = page(&app, "/trash").await.text();
        assert!(empty.contains("The trash is empty.") && empty.contains(rule));
        let ada = deleted(&app, "Ada").await;
        deleted(&app, "Bob").await;
        let shown = page(&app, "/trash").await;
        assert_eq!(shown.text_of_id("count"), "2 contacts");
        assert!(shown.text().contains(rule), "{}", shown.text());
        let row = &shown.texts("li")[1];
        assert!(row.contains("Ada") && row.contains("Deleted "), "{row}");
        assert!(row.contains(fate), "{row}");
        assert_eq!(row.contains("gone in"), days > 0, "{row}");
        let list = trash(&app, "q=ada").await;
        let at = list["contacts"][0]["deletedAt"].as_str().expect("a time");
        assert!(shown.attributes("li time", "datetime").contains(&at));
        let one = page(&app, &format!("/trash/{}", ada.id)).await;
        assert!(one.text().contains(fate), "{}", one.text());
    }
}

#[tokio::test]
async fn a_search_of_the_trash_has_pages() {
    let app = TestApp::with(|config| {
        config.welcome.enabled = false;
        config.contacts.page_size = NonZeroU32::MIN;
    })
    .await;
    for name in ["Ada One", "Bob", "Ada Two"] {
        deleted(&app, name).await;
    }
    app.create("Ada Kept", "kept@example.com").await;
    let first = page(&app, "/trash?q=ADA").await;
    assert_eq!(first.text_of_id("count"), "2 contacts found");
    assert_eq!(first.texts("li bdi"), ["Ada Two"]);
    assert_eq!(first.attribute_of_id("search", "value"), Some("ADA"));
    let next = first.attributes("a[rel=next]", "href")[0].to_owned();
    let second = page(&app, &next).await;
    assert_eq!(second.texts("li bdi"), ["Ada One"]);
    assert!(!second.has("a[rel=next]"));
    // Emptying is about all of the trash, so a search does not offer it.
    assert!(!first.has("a[href='/trash/empty']"));
    let none = page(&app, "/trash?q=nobody").await;
    assert_eq!(none.text_of_id("count"), "0 contacts found");
    let long = format!("/trash?q={}", "a".repeat(201));
    assert_eq!(app.get(&long).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_contact_of_the_trash_can_be_read() {
    let app = start().await;
    let body = json!({
        "name": "Ada <b>", "email": "ada@example.com", "phone": "+44 20 7946",
        "company": "Engines", "notes": "Met in Turin.\nTwice.",
    });
    let created = app.post("/api/contacts", &body).await;
    let id = crate::app::contact(created).await.id;
    let path = format!("/trash/{id}");
    // One that is not in the trash is not shown as if it were.
    let live = app.get(&path).await;
    assert_eq!(live.status(), StatusCode::NOT_FOUND);
    assert!(Page::read(live).await.has("main a[href='/trash']"));

    assert_eq!(
        delete(&app, &format!("/api/contacts/{id}")).await,
        StatusCode::NO_CONTENT
    );
    let shown = page(&app, &path).await;
    assert_eq!(shown.texts("h1"), ["Ada <b>"]);
    assert_eq!(
        shown.texts("dd"),
        ["ada@example.com", "+44 20 7946", "Met in Turin. Twice."]
    );
    assert!(shown.text().contains("Engines"), "{}", shown.text());
    assert!(shown.has(&format!("form[action='/contacts/{id}/restore']")));
    assert!(!shown.has("main input"));
    let answer = app.get(&path).await;
    assert_eq!(header(&answer, "cache-control"), "private, no-store");
}

#[tokio::test]
async fn a_contact_is_deleted_for_ever_after_a_question() {
    let app = start().await;
    let kept = deleted(&app, "Bob").await;
    let ada = deleted(&app, "Ada").await;
    let path = format!("/trash/{}/delete", ada.id);
    let shown = page(&app, &format!("/trash/{}", ada.id)).await;
    assert!(shown.has(&format!("a[href='{path}']")));
    let question = page(&app, &path).await;
    assert_eq!(question.texts("h1"), ["Delete Ada for ever?"]);
    assert!(question.text().contains("This cannot be undone."));
    assert!(question.has(&format!("form[method=post][action='{path}']")));
    assert_eq!(names(&trash(&app, "").await), ["Ada", "Bob"]);

    // A page of another site cannot send the form.
    let foreign = app
        .request(Method::POST, &path)
        .header("sec-fetch-site", "cross-site");
    assert_eq!(send(foreign).await.status(), StatusCode::FORBIDDEN);

    let answer = app.submit(&path, &[]).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let after = page(&app, header(&answer, "location")).await;
    assert_eq!(
        after.text_of_id("notice"),
        "The contact is deleted for ever."
    );
    assert_eq!(after.texts("li bdi"), ["Bob"]);
    for gone in [format!("/trash/{}", ada.id), path.clone()] {
        assert_eq!(app.get(&gone).await.status(), StatusCode::NOT_FOUND);
    }
    let again = app.submit(&path, &[]).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    let restored = app
        .post(&format!("/api/contacts/{}/restore", kept.id), &json!({}))
        .await;
    assert_eq!(restored.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_trash_is_emptied_after_a_question() {
    let app = start().await;
    let nothing = page(&app, "/trash/empty").await;
    assert!(nothing.text().contains("The trash is empty."));
    assert!(!nothing.has("main form"));
    for name in ["Ada", "Bob", "Cem"] {
        deleted(&app, name).await;
    }
    app.create("Kept", "kept@example.com").await;
    assert!(page(&app, "/trash").await.has("a[href='/trash/empty']"));
    let question = page(&app, "/trash/empty").await;
    assert!(question.text().contains("All 3 contacts"));
    assert!(question.has("form[method=post][action='/trash/empty']"));
    assert_eq!(trash(&app, "").await["total"], 3);

    let answer = app.submit("/trash/empty", &[]).await;
    assert_eq!(header(&answer, "location"), "/trash");
    let text = page(&app, "/trash").await.text();
    assert!(text.contains("The trash is empty."), "{text}");
    assert_eq!(app.names("").await, ["Kept"]);
}

#[tokio::test]
async fn programs_read_the_trash_and_delete_for_ever() {
    let app = start().await;
    for name in ["Ada", "Bob", "Cem"] {
        deleted(&app, name).await;
    }
    let first = trash(&app, "limit=2").await;
    assert_eq!(names(&first), ["Cem", "Bob"]);
    assert_eq!(first["total"], 3);
    let deleted = &first["contacts"][0];
    assert_eq!(deleted["deletedAt"], deleted["updatedAt"]);
    assert_eq!(
        (&deleted["version"], &deleted["phone"]),
        (&json!(2), &Value::Null)
    );
    let cursor = first["nextCursor"].as_str().expect("a cursor");
    let second = trash(&app, &format!("limit=2&cursor={cursor}")).await;
    assert_eq!(names(&second), ["Ada"]);
    assert_eq!(second["nextCursor"], Value::Null);

    let answer = app.get("/api/trash").await;
    let etag = header(&answer, "etag").to_owned();
    let known = app
        .request(Method::GET, "/api/trash")
        .header("if-none-match", &etag);
    assert_eq!(send(known).await.status(), StatusCode::NOT_MODIFIED);
    for wrong in [
        "limit=0",
        "limit=x",
        "cursor=x",
        "cursor=",
        "sort=name",
        "x=1",
    ] {
        let answer = app.get(&format!("/api/trash?{wrong}")).await;
        problem(answer, StatusCode::BAD_REQUEST).await;
    }

    let id = second["contacts"][0]["id"].as_str().expect("an id");
    let path = format!("/api/trash/{id}");
    assert_eq!(delete(&app, &path).await, StatusCode::NO_CONTENT);
    for nowhere in [&path, "/api/trash/x"] {
        let answer = send(app.request(Method::DELETE, nowhere)).await;
        problem(answer, StatusCode::NOT_FOUND).await;
    }
    assert_eq!(trash(&app, "").await["total"], 2);
    let live = app.create("Kept", "kept@example.com").await;
    let path = format!("/api/trash/{}", live.id);
    assert_eq!(delete(&app, &path).await, StatusCode::NOT_FOUND);
    for _ in 0..2 {
        assert_eq!(delete(&app, "/api/trash").await, StatusCode::NO_CONTENT);
    }
    assert_eq!(trash(&app, "").await["total"], 0);
    assert_eq!(app.names("").await, ["Kept"]);
}

#[tokio::test]
async fn the_audit_log_says_who_deleted_what_for_ever_by_ids() {
    let app = start().await;
    let ada = deleted(&app, "Ada Lovelace").await;
    deleted(&app, "Bob").await;
    delete(&app, &format!("/api/trash/{}", ada.id)).await;
    for _ in 0..2 {
        delete(&app, "/api/trash").await;
    }
    let log = app.get("/api/audit").await.text().await.expect("a body");
    assert!(!log.contains("Lovelace"), "{log}");
    let log: Value = serde_json::from_str(&log).expect("JSON");
    let entries = log["entries"].as_array().expect("entries");
    let of = |kind: &str| -> Vec<&Value> {
        let found = entries.iter().filter(|entry| entry["kind"] == kind);
        found.map(|entry| &entry["subject"]).collect()
    };
    assert_eq!(of("contact_deleted_for_ever"), [&json!(ada.id)]);
    assert_eq!(of("trash_emptied").len(), 1, "{log}");
}
