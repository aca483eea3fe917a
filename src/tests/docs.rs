//! The description of the API, and the page to try it.

use reqwest::StatusCode;
use serde_json::Value;

use crate::app::TestApp;

#[tokio::test]
async fn the_description_names_every_operation() {
    let app = TestApp::start().await;
    let description: Value = app
        .get("/api/openapi.json")
        .await
        .json()
        .await
        .expect("JSON");
    let paths = description["paths"].as_object().expect("paths");
    let mut operations: Vec<String> = Vec::new();
    for (path, methods) in paths {
        let methods = methods.as_object().expect("methods").keys();
        operations.extend(methods.map(|method| format!("{method} {path}")));
    }
    operations.sort_unstable();
    assert_eq!(
        operations,
        [
            "delete /api/contacts/{id}",
            "get /api/contacts",
            "get /api/contacts/totals",
            "get /api/contacts/{id}",
            "get /api/metrics",
            "get /healthz",
            "get /readyz",
            "patch /api/contacts/{id}",
            "post /api/contacts",
            "post /api/contacts/{id}/restore",
            "put /api/contacts/{id}",
        ]
    );
    let contact = &description["components"]["schemas"]["Contact"]["properties"];
    for field in ["id", "name", "email", "createdAt", "updatedAt", "version"] {
        assert!(contact[field].is_object(), "{field} in {contact}");
    }
    let problem = &description["components"]["schemas"]["Problem"]["properties"];
    assert!(problem["error"].is_object() && problem["fields"].is_object());
}

#[tokio::test]
async fn the_page_to_try_it_comes_from_the_binary() {
    let app = TestApp::start().await;
    let page = app.get("/api/docs/").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().await.expect("a page").contains("swagger-ui"));
    let script = app.get("/api/docs/swagger-initializer.js").await;
    assert!(
        script
            .text()
            .await
            .expect("a script")
            .contains("/api/openapi.json")
    );
}
