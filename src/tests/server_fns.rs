//! Server functions as the browser calls them, and as no client should.

use kith::model::error::AppError;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::app::problem;
use crate::app::send;

#[tokio::test]
async fn the_browser_reads_and_writes_the_same_contacts_as_programs() {
    let app = TestApp::start().await;
    let inputs = [
        ["name", "Ada"],
        ["emails.0", "ada@example.com"],
        ["notes", "first\nsecond"],
        ["key", "k1"],
    ];
    let form = json!({"id": null, "inputs": inputs, "welcome": false});
    let created = app.post("/fn/contacts/save", &form).await;
    assert_eq!(created.status(), StatusCode::OK);
    let created: Value = created.json().await.expect("a contact");
    let again = app.post("/fn/contacts/save", &form).await;
    assert_eq!(
        again.json::<Value>().await.expect("a contact"),
        created,
        "created once"
    );

    let list = app
        .post(
            "/fn/contacts/list",
            &json!({"search": "ada", "filter": {"label": "", "favourites": false}, "cursor": null, "around": null}),
        )
        .await;
    let list: Value = list.json().await.expect("a list");
    assert_eq!(list["total"], 1);
    assert_eq!(list["rows"][0]["id"], created["Saved"]["row"]["id"]);
    assert_eq!(app.names("q=ada").await, ["Ada"]);
}

#[tokio::test]
async fn an_error_has_its_own_status_and_shape() {
    let app = TestApp::start().await;
    // What a form has to show comes with the form.
    let wrong = [["name", "a\u{0}"], ["emails.0", "\u{1}"]];
    let wrong = json!({"id": null, "inputs": wrong, "welcome": false});
    let refused = app.post("/fn/contacts/save", &wrong).await;
    assert_eq!(refused.status(), StatusCode::OK);
    let refused: Value = refused.json().await.expect("a form");
    let fields = &refused["Again"]["error"]["invalid"]["fields"];
    assert_eq!(fields[0]["field"], "name");
    assert_eq!(fields[1]["field"], "emails.0");

    let nobody = json!({"id": "00000000-0000-7000-8000-000000000000"});
    let missing = app.post("/fn/contacts/get", &nobody).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        missing.json::<AppError>().await.expect("an error"),
        AppError::NotFound
    );

    let ada = app.create("Ada", "ada@example.com").await;
    let base = json!({"name": "Eva", "nameParts": {"given": "Eva"}}).to_string();
    let inputs = [["base", base.as_str()], ["name", "Eve"]];
    let stale = json!({"id": ada.id, "inputs": inputs, "welcome": false});
    let conflict = app.post("/fn/contacts/save", &stale).await;
    assert_eq!(conflict.status(), StatusCode::OK);
    let conflict: Value = conflict.json().await.expect("a form");
    let conflict = conflict["Again"]["conflict"].as_str().expect("a choice");
    assert!(
        conflict.contains("Eve") && conflict.contains("Ada"),
        "{conflict}"
    );
    // A form that does not say what it started from is refused as a whole.
    let inputs = [["name", "Eve"], ["version", "7"]];
    let stale = json!({"id": ada.id, "inputs": inputs, "welcome": false});
    let refused = app.post("/fn/contacts/save", &stale).await;
    assert_eq!(refused.status(), StatusCode::PRECONDITION_FAILED);
    let error: AppError = refused.json().await.expect("an error");
    assert!(matches!(error, AppError::Changed { current } if current.id == ada.id));
}

#[tokio::test]
async fn a_body_that_a_server_function_cannot_read_is_a_clients_mistake() {
    let app = TestApp::start().await;
    let bodies: [&[u8]; 5] = [b"", b"{", b"[]", b"\xff\xfe", br#"{"id": 7}"#];
    for body in bodies {
        for function in ["save", "form", "get", "delete", "restore", "list"] {
            let request = app
                .request(Method::POST, &format!("/fn/contacts/{function}"))
                .header("content-type", "application/json")
                .body(body.to_vec());
            let response = send(request).await;
            assert_eq!(
                response.status(),
                StatusCode::BAD_REQUEST,
                "{function}: {body:?}"
            );
            response.json::<AppError>().await.expect("an error of ours");
        }
    }
}

/// A form can be sent by any page, and would be sent back to wherever its `Referer` says.
#[tokio::test]
async fn forms_are_refused_by_server_functions_without_a_redirect() {
    let app = TestApp::start().await;
    let form = app
        .request(Method::POST, "/fn/contacts/delete")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .header("referer", "https://elsewhere.example/")
        .body("id=1");
    problem(send(form).await, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    let html = app
        .request(Method::POST, "/fn/contacts/get")
        .header("content-type", "application/json")
        .header("accept", "text/html")
        .header("referer", "https://elsewhere.example/")
        .body("{}");
    let response = send(html).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(!response.headers().contains_key("location"));
}
