//! The description of the API, and the page to try it.

use std::num::NonZeroU32;

use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::app::header;
use crate::app::problem;
use crate::app::send;

/// The description of the API, as `app` serves it.
async fn description(app: &TestApp) -> Value {
    let description = app.get("/api/openapi.json").await;
    description.json().await.expect("JSON")
}

/// What `value` is or refers to.
fn resolve<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference.trim_start_matches('#');
            let found = description.pointer(pointer);
            resolve(description, found.expect("what is referred to"))
        }
        None => value,
    }
}

/// Every operation, by its method and its path.
fn operations(description: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = description["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods");
        methods
            .iter()
            .map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    });
    operations.collect()
}

/// The schema of a parameter.
fn parameter<'a>(description: &'a Value, method: &str, path: &str, name: &str) -> &'a Value {
    let parameters = &description["paths"][path][method]["parameters"];
    let parameters = parameters.as_array().expect("parameters");
    let parameter = parameters
        .iter()
        .find(|parameter| parameter["name"] == name);
    let parameter = parameter.unwrap_or_else(|| panic!("{method} {path} describes no {name}"));
    assert_eq!(parameter["required"], false, "{name}");
    resolve(description, &parameter["schema"])
}

/// The schema of a field of a body, and whether it may be null.
fn field<'a>(description: &'a Value, body: &str, name: &str) -> (&'a Value, bool) {
    let schema = &description["components"]["schemas"][body]["properties"][name];
    match schema["oneOf"].as_array() {
        Some(choices) => {
            let (null, other): (Vec<_>, Vec<_>) =
                choices.iter().partition(|choice| choice["type"] == "null");
            assert_eq!((null.len(), other.len()), (1, 1), "{name}: {schema}");
            (resolve(description, other[0]), true)
        }
        None => {
            let schema = resolve(description, schema);
            let nullable = schema["type"]
                .as_array()
                .is_some_and(|types| types.contains(&json!("null")));
            (schema, nullable)
        }
    }
}

#[tokio::test]
async fn the_description_names_every_operation() {
    let app = TestApp::start().await;
    let description = description(&app).await;
    let operations = operations(&description).into_iter();
    let mut operations: Vec<String> = operations
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    operations.sort_unstable();
    assert_eq!(
        operations,
        [
            "delete /api/contacts/{id}",
            "delete /api/contacts/{id}/photo",
            "delete /api/imports/{id}",
            "delete /api/labels/{id}",
            "delete /api/trash",
            "delete /api/trash/{id}",
            "get /api/audit",
            "get /api/birthdays",
            "get /api/books",
            "get /api/contacts",
            "get /api/contacts/totals",
            "get /api/contacts/{id}",
            "get /api/contacts/{id}/photo",
            "get /api/contacts/{id}/versions",
            "get /api/contacts/{id}/versions/{version}",
            "get /api/imports/{id}",
            "get /api/imports/{id}/broken",
            "get /api/labels",
            "get /api/metrics",
            "get /api/trash",
            "get /healthz",
            "get /readyz",
            "patch /api/contacts/{id}",
            "patch /api/labels/{id}",
            "post /api/contacts",
            "post /api/contacts/{id}/move",
            "post /api/contacts/{id}/restore",
            "post /api/contacts/{id}/versions/{version}/restore",
            "post /api/imports",
            "post /api/labels",
            "put /api/contacts/{id}",
            "put /api/contacts/{id}/photo",
        ]
    );
    let contact = &description["components"]["schemas"]["Contact"]["properties"];
    for field in ["id", "name", "email", "createdAt", "updatedAt", "version"] {
        assert!(contact[field].is_object(), "{field} in {contact}");
    }
    let problem = &description["components"]["schemas"]["Problem"]["properties"];
    assert!(problem["error"].is_object() && problem["fields"].is_object());
}

/// The statuses that an operation may answer, apart from those of its own.
const EVERYWHERE: [&str; 4] = ["413", "421", "500", "503"];
const WHERE_LIMITED: [&str; 3] = ["401", "403", "429"];

#[tokio::test]
async fn every_refusal_is_described_as_a_problem() {
    let app = TestApp::start().await;
    let description = description(&app).await;
    for (method, path, operation) in operations(&description) {
        let responses = operation["responses"].as_object().expect("responses");
        let limited = path.starts_with("/api/");
        let expected = EVERYWHERE.iter();
        let expected = expected.chain(WHERE_LIMITED.iter().filter(|_| limited));
        for status in expected {
            assert!(responses.contains_key(*status), "{method} {path}: {status}");
        }
        for (status, response) in responses {
            let response = resolve(&description, response);
            assert!(response["description"].is_string(), "{response}");
            let content = &response["content"];
            if status.as_str() < "400" {
                assert!(content["application/problem+json"].is_null());
                continue;
            }
            let problem = &content["application/problem+json"]["schema"]["$ref"];
            assert_eq!(
                problem, "#/components/schemas/Problem",
                "{method} {path}: {status}"
            );
            let other = &content["application/json"]["schema"]["$ref"];
            assert_ne!(other, problem, "{method} {path}: {status}");
        }
    }
    for (method, path, statuses) in [
        ("get", "/api/books", vec!["200"]),
        ("get", "/api/contacts", vec!["200", "304", "400", "404"]),
        (
            "post",
            "/api/contacts",
            vec!["201", "400", "404", "415", "422"],
        ),
        ("get", "/api/contacts/totals", vec!["200", "304", "404"]),
        ("get", "/api/contacts/{id}", vec!["200", "304", "404"]),
        (
            "put",
            "/api/contacts/{id}",
            vec!["200", "400", "404", "412", "415"],
        ),
        (
            "patch",
            "/api/contacts/{id}",
            vec!["200", "400", "404", "412", "415"],
        ),
        (
            "delete",
            "/api/contacts/{id}",
            vec!["204", "400", "404", "412"],
        ),
        (
            "post",
            "/api/contacts/{id}/move",
            vec!["200", "400", "404", "415", "422"],
        ),
        ("post", "/api/contacts/{id}/restore", vec!["200", "404"]),
        (
            "get",
            "/api/contacts/{id}/versions",
            vec!["200", "400", "404"],
        ),
        (
            "get",
            "/api/contacts/{id}/versions/{version}",
            vec!["200", "404"],
        ),
        (
            "post",
            "/api/contacts/{id}/versions/{version}/restore",
            vec!["200", "400", "404", "412"],
        ),
        (
            "post",
            "/api/imports",
            vec!["202", "400", "404", "408", "415"],
        ),
        ("get", "/api/imports/{id}", vec!["200", "404"]),
        ("delete", "/api/imports/{id}", vec!["202", "404"]),
        ("get", "/api/imports/{id}/broken", vec!["200", "404"]),
        ("get", "/api/contacts/{id}/photo", vec!["200", "304", "404"]),
        (
            "put",
            "/api/contacts/{id}/photo",
            vec!["200", "400", "404", "412", "415"],
        ),
        (
            "delete",
            "/api/contacts/{id}/photo",
            vec!["200", "400", "404", "412"],
        ),
        ("get", "/api/birthdays", vec!["200", "400", "404"]),
        ("get", "/api/labels", vec!["200", "304", "404"]),
        (
            "post",
            "/api/labels",
            vec!["201", "400", "404", "409", "415"],
        ),
        (
            "patch",
            "/api/labels/{id}",
            vec!["202", "204", "400", "404", "409", "415"],
        ),
        (
            "delete",
            "/api/labels/{id}",
            vec!["202", "204", "404", "409"],
        ),
        ("get", "/api/trash", vec!["200", "304", "400", "404"]),
        ("delete", "/api/trash", vec!["204", "404"]),
        ("delete", "/api/trash/{id}", vec!["204", "404"]),
        ("get", "/api/metrics", vec!["200"]),
        ("get", "/healthz", vec!["200"]),
        ("get", "/readyz", vec!["200"]),
    ] {
        let responses = &description["paths"][path][method]["responses"];
        let responses = responses.as_object().expect("responses").keys();
        let own: Vec<&str> = responses
            .map(String::as_str)
            .filter(|status| !EVERYWHERE.contains(status) && !WHERE_LIMITED.contains(status))
            .collect();
        assert_eq!(own, statuses, "{method} {path}");
    }
    let problem = &description["components"]["schemas"]["Problem"];
    for field in ["type", "title", "status", "detail", "error"] {
        let required = problem["required"].as_array().expect("required fields");
        assert!(required.contains(&json!(field)), "{field}");
    }
    let fields = &problem["properties"]["fields"];
    assert_eq!(fields["additionalProperties"]["type"], "string");
}

#[tokio::test]
async fn parameters_are_described_with_their_limits() {
    let app = TestApp::with(|config| {
        config.contacts.page_size = NonZeroU32::new(3).expect("3");
        config.contacts.max_page_size = NonZeroU32::new(7).expect("7");
    })
    .await;
    let description = description(&app).await;
    let list = |name| parameter(&description, "get", "/api/contacts", name);
    let limit = list("limit");
    assert_eq!(limit["type"], "integer");
    assert_eq!(
        (&limit["minimum"], &limit["maximum"], &limit["default"]),
        (&json!(1), &json!(7), &json!(3))
    );
    for (limit, status) in [(1, 200), (7, 200), (0, 400), (8, 400)] {
        let answer = app.get(&format!("/api/contacts?limit={limit}")).await;
        assert_eq!(answer.status().as_u16(), status, "{limit}");
    }

    let sorts = list("sort")["enum"].as_array().expect("the choices");
    assert_eq!(sorts.len(), 12);
    for sort in sorts {
        let sort = sort.as_str().expect("a choice");
        let answer = app.get(&format!("/api/contacts?sort={sort}")).await;
        assert_eq!(answer.status(), StatusCode::OK, "{sort}");
    }

    let longest = list("q")["maxLength"].as_u64().expect("a length") as usize;
    for (length, status) in [(longest, 200), (longest + 1, 400)] {
        let query = "ä".repeat(length);
        let answer = app.get(&format!("/api/contacts?q={query}")).await;
        assert_eq!(answer.status().as_u16(), status, "{length}");
    }
    assert_eq!(list("cursor")["pattern"], "^[A-Za-z0-9_-]+$");

    let key = parameter(&description, "post", "/api/contacts", "Idempotency-Key");
    let limits = (&key["minLength"], &key["maxLength"], &key["pattern"]);
    assert_eq!(limits, (&json!(1), &json!(255), &json!("^[!-~]+$")));
    for method in ["put", "patch", "delete"] {
        let tags = parameter(&description, method, "/api/contacts/{id}", "If-Match");
        assert!(tags["pattern"].is_string(), "{method}: {tags}");
    }
    for (method, path, operation) in operations(&description) {
        let parameters = operation["parameters"].as_array();
        for parameter in parameters.into_iter().flatten() {
            let schema = resolve(&description, &parameter["schema"]);
            assert_eq!(schema["type"].as_str().map(str::is_empty), Some(false));
            assert!(
                !parameter["description"].is_null() || parameter["in"] == "path",
                "{method} {path}: {parameter}"
            );
        }
    }
}

#[tokio::test]
async fn bodies_are_described_as_they_are_judged() {
    let app = TestApp::start().await;
    let description = description(&app).await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", ada.id);
    let whole = |field: &str, value: &Value| {
        let mut body = json!({"name": "Ada", "email": "ada@example.com"});
        body[field] = value.clone();
        body
    };
    let try_all = async |field: &str, value: Value, status: StatusCode| {
        let part = json!({ field: value });
        for (method, body) in [(Method::PUT, whole(field, &value)), (Method::PATCH, part)] {
            let answer = send(app.request(method.clone(), &path).json(&body)).await;
            assert_eq!(answer.status(), status, "{method} {field} {value}");
        }
        let answer = app.post("/api/contacts", &whole(field, &value)).await;
        let created = if status == StatusCode::OK {
            StatusCode::CREATED
        } else {
            status
        };
        assert_eq!(answer.status(), created, "POST {field} {value}");
    };

    for body in ["ContactInput", "ContactChange", "Contact"] {
        let schema = &description["components"]["schemas"][body];
        if body != "Contact" {
            assert_eq!(schema["additionalProperties"], false, "{body}");
        }
        let required = match body {
            "ContactInput" | "ContactChange" => Value::Null,
            _ => json!([
                "id",
                "name",
                "email",
                "phone",
                "company",
                "notes",
                "photo",
                "createdAt",
                "updatedAt",
                "version"
            ]),
        };
        assert_eq!(schema["required"], required, "{body}");
        for name in ["name", "email"] {
            // Another program may have written a contact without an address. A change may empty what a list says instead.
            let may_be_null = body != "Contact" || name == "email";
            let is_nullable = field(&description, body, name).1;
            assert_eq!(is_nullable, may_be_null, "{body}: {name}");
            assert!(!schema["properties"][name].to_string().contains("default"));
        }
        for name in ["phone", "company", "notes"] {
            assert!(field(&description, body, name).1, "{body}: {name}");
        }
    }
    let new = &description["components"]["schemas"]["ContactInput"];
    let [both, list] = [&new["anyOf"][0], &new["anyOf"][1]];
    assert_eq!(both["required"], json!(["name", "email"]));
    assert_eq!(list, &json!({ "required": ["emails"] }));
    for name in ["name", "email"] {
        try_all(name, Value::Null, StatusCode::BAD_REQUEST).await;
        try_all(name, json!(""), StatusCode::BAD_REQUEST).await;
        let said = &both["properties"][name];
        assert_eq!(said["type"], "string", "{name}");
        assert!(said["pattern"].is_string(), "{name}");
    }
    for name in ["phone", "company", "notes"] {
        try_all(name, Value::Null, StatusCode::OK).await;
        try_all(name, json!(""), StatusCode::OK).await;
    }
    for name in ["name", "company", "notes"] {
        let (schema, _) = field(&description, "ContactInput", name);
        let most = schema["maxLength"].as_u64().expect("a length") as usize;
        try_all(name, json!("ä".repeat(most)), StatusCode::OK).await;
        try_all(name, json!("ä".repeat(most + 1)), StatusCode::BAD_REQUEST).await;
        assert!(schema["pattern"].is_string());
        for control in [
            "a\u{0}", "a\u{8}", "a\u{e}", "a\u{1f}", "a\u{7f}", "a\u{9f}",
        ] {
            try_all(name, json!(control), StatusCode::BAD_REQUEST).await;
        }
    }
    let most = |name| field(&description, "ContactInput", name).0["maxLength"].as_u64();
    assert_eq!((most("email"), most("phone")), (Some(320), Some(200)));
    try_all("phone", json!("1".repeat(200)), StatusCode::OK).await;
    try_all("phone", json!("1".repeat(201)), StatusCode::BAD_REQUEST).await;
    let list =
        json!([{ "value": "call me", "label": "summer house", "dialled": null }, { "value": "1" }]);
    try_all("phones", list, StatusCode::OK).await;
    try_all(
        "phones",
        json!([{ "number": "1" }]),
        StatusCode::BAD_REQUEST,
    )
    .await;
    try_all("birthday", json!("--12-10"), StatusCode::OK).await;
    try_all("addresses", json!([{ "city": "London" }]), StatusCode::OK).await;
    try_all("nameParts", json!({ "given": "Ada" }), StatusCode::OK).await;
    try_all("labels", json!(["friends"]), StatusCode::OK).await;
    try_all("favourite", json!("yes"), StatusCode::BAD_REQUEST).await;

    // What Kith itself keeps may be sent back as it came. PATCH names what it changes.
    for name in ["id", "createdAt", "updatedAt", "version"] {
        let input = &description["components"]["schemas"]["ContactInput"]["properties"][name];
        assert!(input.is_object() && input["type"].is_null(), "{input}");
        let change = &description["components"]["schemas"]["ContactChange"]["properties"][name];
        assert!(change.is_null(), "{name}");
    }
    let patch = &description["paths"]["/api/contacts/{id}"]["patch"]["requestBody"]["content"];
    for kind in ["application/json", "application/merge-patch+json"] {
        let schema = &patch[kind]["schema"]["$ref"];
        assert_eq!(schema, "#/components/schemas/ContactChange", "{kind}");
    }
}

/// Holds an answer against its description: the status, the type of its body and its headers.
fn conforms(description: &Value, operation: &Value, answer: &Response) {
    let status = answer.status();
    let described = &operation["responses"][status.as_str()];
    assert!(!described.is_null(), "{status} is not described");
    let described = resolve(description, described);
    let kind = header(answer, "content-type");
    let kind = kind.split(';').next().unwrap_or_default();
    match described["content"].as_object() {
        Some(content) => assert!(content.contains_key(kind), "{status}: {kind}"),
        None => assert_eq!(kind, "", "{status}"),
    }
    let headers = described["headers"].as_object().expect("headers");
    assert!(headers.contains_key("X-Request-Id"));
    for (name, described) in headers {
        let described = resolve(description, described);
        let value = header(answer, name);
        assert!(
            !value.is_empty() || described["required"] == false,
            "{status}: {name} is missing"
        );
        if described["schema"]["type"] == "integer" {
            let number: i64 = value.parse().expect("a number");
            assert!(Some(number) >= described["schema"]["minimum"].as_i64());
        }
        if let Some(choices) = described["schema"]["enum"].as_array() {
            assert!(choices.contains(&json!(value)), "{name}: {value}");
        }
    }
    // And the other way round: what Kith says in a header of its own is described.
    for name in [
        "etag",
        "location",
        "retry-after",
        "x-cache",
        "server-timing",
        "ratelimit",
        "ratelimit-policy",
        "x-ratelimit-limit",
        "idempotency-replayed",
    ] {
        let described = headers.keys().any(|known| known.eq_ignore_ascii_case(name));
        assert!(
            described || header(answer, name).is_empty(),
            "{status}: {name} is not described"
        );
    }
}

#[tokio::test]
async fn answers_are_as_described() {
    let app = TestApp::start().await;
    let description = description(&app).await;
    let operation = |method: &str, path: &str| &description["paths"][path][method];
    let ada = app.create("Ada", "ada@example.com").await;
    let one = format!("/api/contacts/{}", ada.id);
    let body = json!({"name": "Ada", "email": "ada@example.com"});

    let list = operation("get", "/api/contacts");
    let totals = operation("get", "/api/contacts/totals");
    let read = operation("get", "/api/contacts/{id}");
    for (operation, path) in [
        (list, "/api/contacts"),
        (totals, "/api/contacts/totals"),
        (read, one.as_str()),
    ] {
        let answer = app.get(path).await;
        conforms(&description, operation, &answer);
        let known = app
            .request(Method::GET, path)
            .header("if-none-match", header(&answer, "etag"));
        let answer = send(known).await;
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED);
        conforms(&description, operation, &answer);
    }
    conforms(&description, list, &app.get("/api/contacts?limit=0").await);
    conforms(&description, read, &app.get("/api/contacts/ada").await);

    let create = operation("post", "/api/contacts");
    let keyed = |key: &str, body: &Value| {
        let request = app.request(Method::POST, "/api/contacts");
        send(request.header("idempotency-key", key).json(body))
    };
    for (body, status) in [
        (&body, 201),
        (&body, 201),
        (&json!({"name": "Eve", "email": "e@x"}), 422),
    ] {
        let answer = keyed("key", body).await;
        assert_eq!(answer.status().as_u16(), status);
        conforms(&description, create, &answer);
    }
    conforms(
        &description,
        create,
        &app.post("/api/contacts", &json!({})).await,
    );
    let untyped = app.request(Method::POST, "/api/contacts").body("{}");
    conforms(&description, create, &send(untyped).await);
    let large = json!({"notes": "n".repeat(300_000)});
    conforms(
        &description,
        create,
        &app.post("/api/contacts", &large).await,
    );
    let foreign = app
        .request(Method::POST, "/api/contacts")
        .header("host", "kith.example");
    conforms(&description, create, &send(foreign).await);
    let cross_site = app
        .request(Method::POST, "/api/contacts")
        .header("sec-fetch-site", "cross-site")
        .json(&body);
    let answer = send(cross_site).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    conforms(&description, create, &answer);

    for (method, name) in [(Method::PUT, "put"), (Method::PATCH, "patch")] {
        let operation = operation(name, "/api/contacts/{id}");
        let stale = app.request(method.clone(), &one).json(&body);
        let answer = send(stale.header("if-match", "\"9\"")).await;
        assert_eq!(answer.status(), StatusCode::PRECONDITION_FAILED);
        conforms(&description, operation, &answer);
        conforms(
            &description,
            operation,
            &send(app.request(method.clone(), &one).json(&body)).await,
        );
        let untyped = app.request(method, &one).body("{}");
        conforms(&description, operation, &send(untyped).await);
    }
    let (versions, version) = (
        "/api/contacts/{id}/versions",
        "/api/contacts/{id}/versions/{version}",
    );
    let renamed = json!({"name": "Ada King"});
    send(app.request(Method::PATCH, &one).json(&renamed)).await;
    for (path, operation) in [
        (format!("{one}/versions"), operation("get", versions)),
        (
            format!("{one}/versions?cursor=x"),
            operation("get", versions),
        ),
        (format!("{one}/versions/1"), operation("get", version)),
        (format!("{one}/versions/77"), operation("get", version)),
    ] {
        conforms(&description, operation, &app.get(&path).await);
    }
    let bring_back = operation("post", "/api/contacts/{id}/versions/{version}/restore");
    for tag in ["1", "\"77\"", "*"] {
        let request = app.request(Method::POST, &format!("{one}/versions/1/restore"));
        let answer = send(request.header("if-match", tag)).await;
        conforms(&description, bring_back, &answer);
    }
    let delete = operation("delete", "/api/contacts/{id}");
    let mistaken = app.request(Method::DELETE, &one).header("if-match", "1");
    let answer = send(mistaken).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    conforms(&description, delete, &answer);
    for _ in 0..2 {
        let answer = send(app.request(Method::DELETE, &one)).await;
        conforms(&description, delete, &answer);
    }
    let restore = operation("post", "/api/contacts/{id}/restore");
    for path in [&one, "/api/contacts/ada"] {
        let answer = send(app.request(Method::POST, &format!("{path}/restore"))).await;
        conforms(&description, restore, &answer);
    }
    for path in ["/api/metrics", "/healthz", "/readyz"] {
        conforms(&description, operation("get", path), &app.get(path).await);
    }
}

#[tokio::test]
async fn a_refusal_for_haste_is_as_described() {
    let app = TestApp::with(|config| config.limits.api.limit = NonZeroU32::MIN).await;
    let description = description(&app).await;
    let list = &description["paths"]["/api/contacts"]["get"];
    let first = app.get("/api/contacts").await;
    assert_eq!(first.status(), StatusCode::OK);
    conforms(&description, list, &first);
    let second = app.get("/api/contacts").await;
    conforms(&description, list, &second);
    problem(second, StatusCode::TOO_MANY_REQUESTS).await;
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

#[tokio::test]
async fn operations_have_ids_of_their_own() {
    let app = TestApp::start().await;
    let description = description(&app).await;
    let mut ids: Vec<&str> = operations(&description)
        .iter()
        .map(|(_, _, operation)| operation["operationId"].as_str().expect("an id"))
        .collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    // The page that tries the API sends the operation that the id names.
    assert_eq!(ids.len(), count, "{ids:?}");
}
