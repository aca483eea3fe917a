//! Whatever a client sends, it is told what to change, and the server stays whole.

use kith::model::error::AppError;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::json;

use crate::app::TestApp;
use crate::app::header;
use crate::app::problem;
use crate::app::send;

#[tokio::test]
async fn a_body_in_a_coding_that_is_not_read_is_refused() {
    let app = TestApp::start().await;
    let json = r#"{"name": "Ada", "email": "ada@example.com"}"#;
    let form = "name=Ada&email=ada%40example.com";
    let send_in = async |codings: &[&str], path: &str, kind: &str, body: &'static str| {
        let mut request = app.request(Method::POST, path).header("content-type", kind);
        for coding in codings {
            request = request.header("content-encoding", *coding);
        }
        send(request.body(body)).await
    };
    let doors = [
        ("/api/contacts", "application/json", json),
        ("/fn/contacts/save", "application/json", json),
        ("/contacts/new", "application/x-www-form-urlencoded", form),
    ];
    for (path, kind, body) in doors {
        for codings in [&["gzip"][..], &["identity, br"], &["identity", "zstd"]] {
            let refused = send_in(codings, path, kind, body).await;
            assert_eq!(header(&refused, "accept-encoding"), "identity", "{path}");
            problem(refused, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
        }
    }
    assert_eq!(app.list("").await["total"], 0);
    let taken = send_in(&["Identity"], "/api/contacts", "application/json", json).await;
    assert_eq!(taken.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_a_clients_mistake() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let deep = format!(r#"{{"name":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000));
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("empty", vec![]),
        ("cut off", br#"{"name": "Ada""#.to_vec()),
        (
            "not UTF-8",
            b"{\"name\": \"\xff\xfe\", \"email\": \"a@example.com\"}".to_vec(),
        ),
        (
            "a lone surrogate",
            br#"{"name": "\ud800", "email": "a@example.com"}"#.to_vec(),
        ),
        ("an array", br#"["Ada"]"#.to_vec()),
        ("a string", br#""Ada""#.to_vec()),
        ("null", b"null".to_vec()),
        (
            "a number for a name",
            br#"{"name": 7, "email": "a@example.com"}"#.to_vec(),
        ),
        (
            "an object for a name",
            br#"{"name": {}, "email": "a@example.com"}"#.to_vec(),
        ),
        (
            "an unknown field",
            br#"{"name": "Ada", "emial": "a@example.com"}"#.to_vec(),
        ),
        (
            "a field twice",
            br#"{"name": "Ada", "name": "Eve"}"#.to_vec(),
        ),
        ("nested without end", deep.into_bytes()),
    ];
    for (what, body) in bodies {
        for (method, path) in [
            (Method::POST, "/api/contacts".to_owned()),
            (Method::PUT, format!("/api/contacts/{}", ada.id)),
            (Method::PATCH, format!("/api/contacts/{}", ada.id)),
        ] {
            let request = app.request(method.clone(), &path);
            let request = request
                .header("content-type", "application/json")
                .body(body.clone());
            let response = send(request).await;
            assert_eq!(
                response.status(),
                StatusCode::BAD_REQUEST,
                "{method} of {what}"
            );
            problem(response, StatusCode::BAD_REQUEST).await;
        }
    }
    assert_eq!(app.list("").await["total"], 1);
}

#[tokio::test]
async fn a_body_of_the_wrong_kind_or_size_is_refused() {
    let app = TestApp::start().await;
    let typed = |kind: &str, body: String| {
        let request = app.request(Method::POST, "/api/contacts");
        send(request.header("content-type", kind.to_owned()).body(body))
    };
    let body = json!({"name": "Ada", "email": "ada@example.com"}).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "",
    ] {
        problem(
            typed(kind, body.clone()).await,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        )
        .await;
    }
    let large = format!(r#"{{"name":"{}"}}"#, "a".repeat(300_000));
    let refused = problem(
        typed("application/json", large.clone()).await,
        StatusCode::PAYLOAD_TOO_LARGE,
    )
    .await;
    assert!(
        refused["detail"]
            .as_str()
            .expect("a detail")
            .contains("256KiB")
    );

    // A body that does not say how long it is comes to the same end.
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(large)]);
    let request = app
        .request(Method::POST, "/api/contacts")
        .header("content-type", "application/json")
        .body(reqwest::Body::wrap_stream(stream));
    problem(send(request).await, StatusCode::PAYLOAD_TOO_LARGE).await;

    // A client that is still sending when the refusal comes can read it.
    for _ in 0..20 {
        let larger = "a".repeat(3 << 20);
        problem(
            typed("application/json", larger).await,
            StatusCode::PAYLOAD_TOO_LARGE,
        )
        .await;
    }
}

#[tokio::test]
async fn every_field_has_its_limits() {
    let app = TestApp::start().await;
    let cases = [
        ("name", json!("a".repeat(201))),
        ("name", json!("Ada\u{0}")),
        ("email", json!("e".repeat(321))),
        ("email", json!("ada\u{1}@example.com")),
        ("phone", json!("1".repeat(201))),
        ("company", json!("c".repeat(201))),
        ("notes", json!("n".repeat(10_001))),
    ];
    for (field, value) in cases {
        let mut body = json!({"name": "Ada", "email": "ada@example.com"});
        body[field] = value;
        let refused = problem(
            app.post("/api/contacts", &body).await,
            StatusCode::BAD_REQUEST,
        )
        .await;
        let fields = refused["fields"].as_object().expect("fields");
        assert_eq!(fields.keys().collect::<Vec<_>>(), [field]);
    }
}

#[tokio::test]
async fn a_query_that_makes_no_sense_says_so() {
    let app = TestApp::start().await;
    app.create("Ada", "ada@example.com").await;
    for query in [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=many",
        "limit=",
        "limit=%20",
        "limit=%205",
        "limit=+5",
        "limit=%2B5",
        "limit=5.0",
        "limit=1e1",
        "limit=5&limit=5",
        "limit",
        "sort=",
        "sort=%20",
        "sort=name&sort=name",
        "cursor=",
        "cursor=%ff",
        "sort=shoe-size",
        "cursor=%00",
        "cursor=AAAA",
        "label=family",
        "q=a&q=b",
        "q=%ff",
    ] {
        let response = app.get(&format!("/api/contacts?{query}")).await;
        if query == "q=%ff" {
            // Bytes that are no text match no text.
            assert_eq!(response.status(), StatusCode::OK);
        } else {
            assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
            problem(response, StatusCode::BAD_REQUEST).await;
        }
    }
    for query in ["", "q=", "q=+", "limit=200&sort=-updated"] {
        let response = app.get(&format!("/api/contacts?{query}")).await;
        assert_eq!(response.status(), StatusCode::OK, "{query}");
    }
    let refused = app.get("/api/contacts?limit=").await;
    let refused = problem(refused, StatusCode::BAD_REQUEST).await;
    let detail = refused["detail"].as_str().expect("a detail");
    assert!(
        detail.contains("limit: give it a value, or leave it out"),
        "{detail}"
    );
    for query in [
        "%22",
        "*",
        "a*",
        "NEAR(a b)",
        "a OR b",
        "-a",
        "%25",
        "_",
        "'; DROP TABLE contacts; --",
    ] {
        assert_eq!(
            app.get(&format!("/api/contacts?q={query}")).await.status(),
            StatusCode::OK,
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_path_or_a_method_that_does_not_exist_is_a_problem_in_the_same_form() {
    let app = TestApp::start().await;
    for path in [
        "/api",
        "/api/nothing",
        "/api/contacts/ada",
        "/api/contacts/00000000-0000-7000-8000-000000000000",
        "/api/contacts/%ff",
        "/fn/nothing",
    ] {
        problem(app.get(path).await, StatusCode::NOT_FOUND).await;
    }
    for (method, path) in [
        (Method::DELETE, "/api/contacts"),
        (Method::POST, "/api/contacts/1"),
        (Method::PUT, "/healthz"),
        (Method::GET, "/fn/contacts/list"),
        (Method::PUT, "/contacts"),
    ] {
        let response = send(app.request(method.clone(), path)).await;
        assert!(response.headers().contains_key("allow"), "{method} {path}");
        problem(response, StatusCode::METHOD_NOT_ALLOWED).await;
    }
}

#[tokio::test]
async fn an_if_match_that_is_no_list_of_tags_is_refused() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", ada.id);
    for value in ["1", "W/1", "\"1", "\"1\" \"2\"", "*, \"1\""] {
        let request = app.request(Method::DELETE, &path).header("if-match", value);
        problem(send(request).await, StatusCode::BAD_REQUEST).await;
    }
    // Tags that are no version of it are well-formed, and the contact comes with the refusal.
    for value in ["\"one\"", "\"2\", \"3\"", "\"99999999999999\""] {
        let request = app.request(Method::DELETE, &path).header("if-match", value);
        let refused = problem(send(request).await, StatusCode::PRECONDITION_FAILED).await;
        assert_eq!(refused["contact"]["version"], 1, "{value}");
    }
    let any = app.request(Method::DELETE, &path).header("if-match", "*");
    assert_eq!(send(any).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_address_too_long_for_a_file_is_just_not_there() {
    let app = TestApp::start().await;
    for length in [200, 300, 5_000, 40_000] {
        let path = format!("/{}", "a".repeat(length));
        assert_eq!(
            app.get(&path).await.status(),
            StatusCode::NOT_FOUND,
            "{length}"
        );
    }
    for path in ["/contacts//edit", "//", "/contacts/new/edit", "/pkg/"] {
        assert_eq!(
            app.get(path).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_island_reads_every_refusal() {
    let app = TestApp::start().await;
    let large = format!(r#"{{"search":"{}"}}"#, "a".repeat(300_000));
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(large.clone())]);
    for body in [large.into(), reqwest::Body::wrap_stream(chunks)] {
        let request = app
            .request(Method::POST, "/fn/contacts/list")
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .body(body);
        let response = send(request).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let error = response.json::<AppError>().await.expect("an error of Kith");
        assert!(error.to_string().contains("256KiB"), "{error}");
    }
}

#[tokio::test]
async fn idempotency_keys_that_come_twice_are_refused() {
    let app = TestApp::start().await;
    let request = app
        .request(Method::POST, "/api/contacts")
        .json(&json!({"name": "Ada", "email": "ada@example.com"}))
        .header("idempotency-key", "one")
        .header("idempotency-key", "two");
    problem(send(request).await, StatusCode::BAD_REQUEST).await;
    assert_eq!(app.list("").await["total"], 0);
}

#[tokio::test]
async fn a_path_that_no_file_can_have_leads_nowhere() {
    let app = TestApp::start().await;
    for path in ["/%00", "/pkg/%00", "/imports/%00/x"] {
        for method in [Method::GET, Method::HEAD] {
            let answer = send(app.request(method.clone(), path)).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
}
