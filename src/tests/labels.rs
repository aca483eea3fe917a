//! Labels and favourites: lists, the forms that change them, and the API.

use std::time::Duration;

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

/// A new contact with these labels; returns its id.
async fn add(app: &TestApp, name: &str, labels: &[&str]) -> String {
    let body = json!({"name": name, "email": "someone@example.com", "labels": labels});
    let answer = app.post("/api/contacts", &body).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let created: Value = answer.json().await.expect("a contact");
    let id = created["contact"]["id"].as_str();
    id.expect("an id").to_owned()
}

async fn labels(app: &TestApp) -> Value {
    let answer = app.get("/api/labels").await;
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.expect("labels")
}

/// Each label with the number of its contacts.
async fn counts(app: &TestApp) -> Vec<(String, u64)> {
    let labels = labels(app).await;
    let labels = labels["labels"].as_array().expect("a list").iter();
    let count = |label: &Value| {
        let name = label["name"].as_str().expect("a name").to_owned();
        (name, label["contacts"].as_u64().expect("a number"))
    };
    labels.map(count).collect()
}

async fn id_of(app: &TestApp, name: &str) -> String {
    let labels = labels(app).await;
    let mut labels = labels["labels"].as_array().expect("a list").iter();
    let label = labels.find(|label| label["name"] == name);
    let id = label.expect("it is there")["id"].as_str();
    id.expect("an id").to_owned()
}

async fn page(app: &TestApp, path: &str) -> Page {
    let answer = app.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    Page::read(answer).await
}

#[tokio::test]
async fn lists_pages_and_files_have_the_contacts_of_a_label() {
    let app = start().await;
    add(&app, "Ada", &["Family", "VIP"]).await;
    add(&app, "Bob", &["VIP"]).await;
    let cyd = add(&app, "Cyd", &[]).await;
    let plain = page(&app, "/contacts").await;
    assert_eq!(plain.count("nav.label-rail a"), 5, "{}", plain.source());
    let vip = id_of(&app, "VIP").await;
    let list = format!("label={vip}");
    assert_eq!(app.names(&list).await, ["Ada", "Bob"]);
    assert_eq!(app.names(&format!("q=ada&{list}")).await, ["Ada"]);
    let shown = page(&app, &format!("/contacts?{list}")).await;
    assert_eq!(shown.count(".row"), 2);
    assert_eq!(shown.texts(".label-rail [aria-current]"), ["VIP 2"]);
    let printed = page(&app, &format!("/contacts/print?{list}")).await;
    assert_eq!(printed.texts("th[scope=row]"), ["Ada", "Bob"]);
    let file = format!("/contacts/export.vcf?{list}");
    assert_eq!(printed.attributes("a[download]", "href"), [&*file]);
    let saved = app.get(&file).await.text().await.expect("a file");
    assert_eq!(saved.matches("BEGIN:VCARD").count(), 2);
    assert!(!saved.contains("Cyd"));

    let ada = page(&app, "/contacts?q=ada").await;
    let ada = ada.attributes(".row a, a.row", "href")[0].to_owned();
    let ada = page(&app, &ada).await;
    assert_eq!(
        ada.attributes(".details a[href*=label]", "href"),
        [
            format!("/contacts?label={}", id_of(&app, "Family").await),
            format!("/contacts?label={vip}")
        ]
    );

    let star = format!("/contacts/{cyd}/favourite");
    let starred = app.submit(&star, &[("favourite", "1")]).await;
    assert_eq!(starred.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(&starred, "location"), format!("/contacts/{cyd}"));
    assert_eq!(app.names("favourites=1").await, ["Cyd"]);
    assert_eq!(labels(&app).await["favourites"], 1);
    let one = page(&app, &format!("/contacts/{cyd}")).await;
    assert_eq!(one.attributes("[name=favourite]", "aria-pressed"), ["true"]);
    assert_eq!(
        one.texts(".details dt"),
        ["Email"],
        "the star says the rest"
    );
    app.submit(&star, &[("favourite", "0")]).await;
    assert_eq!(labels(&app).await["favourites"], 0);

    for wrong in ["label=x", "label=", "favourites=maybe"] {
        let answer = app.get(&format!("/api/contacts?{wrong}")).await;
        problem(answer, StatusCode::BAD_REQUEST).await;
    }
    let unknown = format!("label={}", uuid::Uuid::nil());
    assert!(app.names(&unknown).await.is_empty());
}

#[tokio::test]
async fn programs_add_rename_merge_and_remove_labels() {
    let app = start().await;
    let added = app
        .post("/api/labels", &json!({"name": " Press ", "colour": "teal"}))
        .await;
    assert_eq!(added.status(), StatusCode::CREATED);
    let press: Value = added.json().await.expect("a label");
    assert_eq!(
        (&press["name"], &press["colour"]),
        (&json!("Press"), &json!("teal"))
    );
    let again = app.post("/api/labels", &json!({"name": "press"})).await;
    problem(again, StatusCode::CONFLICT).await;
    let blank = app.post("/api/labels", &json!({"name": " "})).await;
    problem(blank, StatusCode::BAD_REQUEST).await;

    let ada = add(&app, "Ada", &["VIP"]).await;
    let path = format!("/api/labels/{}", id_of(&app, "VIP").await);
    let patch = async |body: Value| send(app.request(Method::PATCH, &path).json(&body)).await;
    let renamed = patch(json!({"name": "Best", "colour": "pink"})).await;
    assert_eq!(renamed.status(), StatusCode::NO_CONTENT);
    let expected = [("Best".to_owned(), 1), ("Press".to_owned(), 0)];
    assert_eq!(counts(&app).await, expected);
    let card = app.get(&format!("/contacts/{ada}/card.vcf")).await;
    let card = card.text().await.expect("a card");
    assert!(card.contains("CATEGORIES:Best"), "{card}");
    problem(patch(json!({"name": "press"})).await, StatusCode::CONFLICT).await;
    let merged = patch(json!({"name": "press", "merge": true})).await;
    assert_eq!(merged.status(), StatusCode::NO_CONTENT);
    for nothing in [
        json!({"colour": "red"}),
        json!({}),
        json!({"merge": true, "colour": "red"}),
    ] {
        problem(patch(nothing).await, StatusCode::NOT_FOUND).await;
    }

    let path = format!("/api/labels/{}", press["id"].as_str().expect("an id"));
    let removed = send(app.request(Method::DELETE, &path)).await;
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    assert!(counts(&app).await.is_empty());
    let removed = send(app.request(Method::DELETE, &path)).await;
    problem(removed, StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn the_forms_of_labels_need_no_script() {
    let app = start().await;
    add(&app, "Ada", &["VIP"]).await;
    add(&app, "Bob", &["Family"]).await;
    let added = app
        .submit("/labels", &[("name", "Press"), ("colour", "red")])
        .await;
    assert_eq!(header(&added, "location"), "/labels?done=added");
    let again = app.submit("/labels", &[("name", "PRESS")]).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
    assert_eq!(Page::read(again).await.value("name"), "PRESS");

    let vip = format!("/labels/{}", id_of(&app, "VIP").await);
    let form = page(&app, &vip).await;
    assert_eq!(form.value("name"), "VIP");
    let asked = app
        .submit(&vip, &[("name", "family"), ("colour", "green")])
        .await;
    assert_eq!(asked.status(), StatusCode::CONFLICT);
    assert_eq!(labels(&app).await["labels"][2]["colour"], "grey");
    let asked = Page::read(asked).await;
    assert_eq!(asked.texts("h1"), ["Merge VIP into Family ?"]);
    let into = asked.value("into").to_owned();
    assert_eq!(
        asked.attributes("main form", "action"),
        [format!("{vip}/merge")]
    );
    let merged = app
        .submit(&format!("{vip}/merge"), &[("into", &into)])
        .await;
    assert_eq!(header(&merged, "location"), "/labels?done=merged");
    let expected = [("Family".to_owned(), 2), ("Press".to_owned(), 0)];
    assert_eq!(counts(&app).await, expected);

    let family = format!("/labels/{}/remove", id_of(&app, "Family").await);
    let removed = app.submit(&family, &[]).await;
    let after = header(&removed, "location").to_owned();
    assert!(after.starts_with("/labels?removed="), "{after}");
    assert_eq!(counts(&app).await.len(), 1);
    let shown = page(&app, &after).await;
    let undo = shown.attributes("[role=status] form", "action")[0].to_owned();
    let undone = app.submit(&undo, &[]).await;
    assert_eq!(header(&undone, "location"), "/labels?done=undone");
    assert_eq!(counts(&app).await[0], ("Family".to_owned(), 2));
    let again = app.submit(&undo, &[]).await;
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    let log: Value = app.get("/api/audit").await.json().await.expect("JSON");
    let kinds = log["entries"].as_array().expect("entries").iter();
    let kinds: Vec<_> = kinds
        .map(|entry| entry["kind"].as_str().expect("a kind"))
        .collect();
    assert_eq!(
        kinds,
        ["label_given_back", "label_removed", "label_changed"]
    );
    for path in ["/labels/x", "/labels/x/remove", "/labels/changes/x/undo"] {
        let answer = app.submit(path, &[("name", "x")]).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_form_of_a_label_changes_what_was_changed_in_it() {
    let app = start().await;
    add(&app, "Ada", &["VIP"]).await;
    let id = id_of(&app, "VIP").await;
    let renamed = app
        .request(Method::PATCH, &format!("/api/labels/{id}"))
        .json(&json!({"name": "Best"}));
    assert_eq!(send(renamed).await.status(), StatusCode::NO_CONTENT);
    // Its form was opened before.
    let form = [
        ("was", "VIP"),
        ("was_colour", "grey"),
        ("name", "VIP"),
        ("colour", "red"),
    ];
    let saved = app.submit(&format!("/labels/{id}"), &form).await;
    assert_eq!(header(&saved, "location"), "/labels?done=changed");
    let label = &labels(&app).await["labels"][0];
    assert_eq!(
        (&label["name"], &label["colour"]),
        (&json!("Best"), &json!("red"))
    );
}

/// More contacts than are done before the answer.
const MANY: usize = 210;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_contacts_are_changed_in_the_background() {
    let app = start().await;
    for number in 0..MANY {
        add(&app, &format!("Ada {number}"), &["VIP"]).await;
    }
    let path = format!("/api/labels/{}", id_of(&app, "VIP").await);
    let renamed = app
        .request(Method::PATCH, &path)
        .json(&json!({"name": "Best"}));
    assert_eq!(send(renamed).await.status(), StatusCode::ACCEPTED);
    while !page(&app, "/labels")
        .await
        .attributes("[data-at-work]", "class")
        .is_empty()
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(counts(&app).await, [("Best".to_owned(), MANY as u64)]);
}
