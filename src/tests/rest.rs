//! The REST API as programs use it.

use reqwest::Method;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::app::contact;
use crate::app::header;
use crate::app::problem;
use crate::app::send;

#[tokio::test]
async fn the_tutorial_works_as_it_is_written() {
    let app = TestApp::start().await;
    assert_eq!(
        app.list("").await,
        json!({"contacts": [], "nextCursor": null, "total": 0})
    );

    let body = json!({"name": "Ada Lovelace", "email": "ada@example.com"});
    let created = app.post("/api/contacts", &body).await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let location = header(&created, "location").to_owned();
    let ada = contact(created).await;
    assert_eq!((ada.name.as_str(), ada.version), ("Ada Lovelace", 1));
    assert_eq!(location, format!("/api/contacts/{}", ada.id));

    let grace = app.create("Grace Hopper", "grace@example.com").await;
    assert_eq!(app.names("q=lovel").await, ["Ada Lovelace"]);
    assert_eq!(app.names("q=GRACE@").await, ["Grace Hopper"]);
    assert_eq!(app.names("").await, ["Ada Lovelace", "Grace Hopper"]);

    let read = app.get(&location).await;
    assert_eq!(header(&read, "etag"), "\"1\"");
    assert_eq!(contact(read).await, ada);

    for body in [
        json!({}),
        json!({"name": "Ada"}),
        json!({"email": "ada@example.com"}),
        json!({"name": " ", "email": null}),
    ] {
        let refused = problem(
            app.post("/api/contacts", &body).await,
            StatusCode::BAD_REQUEST,
        )
        .await;
        assert_eq!(refused["error"], "Name and email are required", "{body}");
        assert!(refused["fields"].is_object());
    }
    assert_eq!(app.list("").await["total"], 2);
    drop(grace);
}

#[tokio::test]
async fn pages_follow_each_other_without_gaps() {
    let app = TestApp::start().await;
    for number in 0..25 {
        app.create(&format!("Person {:02}", number % 7), "same@example.com")
            .await;
    }
    let mut seen = Vec::new();
    let mut query = "limit=4".to_owned();
    loop {
        let page = app.list(&query).await;
        assert_eq!(page["total"], 25);
        let contacts = page["contacts"].as_array().expect("contacts");
        seen.extend(contacts.iter().map(|contact| contact["id"].to_string()));
        match page["nextCursor"].as_str() {
            Some(cursor) => query = format!("limit=4&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 25);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 25, "a contact stood on two pages");
}

#[tokio::test]
async fn a_list_is_sorted_as_asked() {
    let app = TestApp::start().await;
    for name in ["Zoë", "Émile", "adam"] {
        app.create(name, "x@example.com").await;
    }
    assert_eq!(app.names("sort=name").await, ["adam", "Émile", "Zoë"]);
    assert_eq!(app.names("sort=-name").await, ["Zoë", "Émile", "adam"]);
    assert_eq!(app.names("sort=created").await, ["Zoë", "Émile", "adam"]);
    assert_eq!(app.names("sort=-created").await, ["adam", "Émile", "Zoë"]);
}

#[tokio::test]
async fn put_replaces_and_patch_changes() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", ada.id);

    let patch = json!({"phone": "+44 20 7946 0018", "company": "Analytical Engines"});
    let changed = contact(send(app.request(Method::PATCH, &path).json(&patch)).await).await;
    assert_eq!(changed.phone.as_deref(), Some("+44 20 7946 0018"));
    assert_eq!((changed.name.as_str(), changed.version), ("Ada", 2));

    let merge = app
        .request(Method::PATCH, &path)
        .header(
            "content-type",
            "application/merge-patch+json; charset=utf-8",
        )
        .body(r#"{"phone": null}"#);
    let changed = contact(send(merge).await).await;
    assert_eq!(
        (changed.phone, changed.company.as_deref()),
        (None, Some("Analytical Engines"))
    );

    let refused = send(
        app.request(Method::PATCH, &path)
            .json(&json!({"name": null})),
    )
    .await;
    problem(refused, StatusCode::BAD_REQUEST).await;

    // What was answered can be sent back; what Kith keeps itself has no effect.
    let read: Value = app.get(&path).await.json().await.expect("a body");
    let mut echo = read["contact"].clone();
    echo["name"] = json!("Ada Lovelace");
    echo["version"] = json!(77);
    let replaced = contact(send(app.request(Method::PUT, &path).json(&echo)).await).await;
    assert_eq!(
        (replaced.name.as_str(), replaced.version),
        ("Ada Lovelace", 4)
    );

    let sparse = json!({"name": "Ada", "email": "ada@example.com"});
    let replaced = contact(send(app.request(Method::PUT, &path).json(&sparse)).await).await;
    assert_eq!(replaced.company, None);
}

#[tokio::test]
async fn a_conflict_of_two_writers_with_the_same_version_is_won_by_one() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", ada.id);
    let write = |name: &'static str| {
        let body = json!({"name": name, "email": "ada@example.com"});
        send(
            app.request(Method::PUT, &path)
                .header("if-match", "\"1\"")
                .json(&body),
        )
    };
    let (one, two) = tokio::join!(write("First"), write("Second"));
    let (won, lost) = if one.status() == StatusCode::OK {
        (one, two)
    } else {
        (two, one)
    };
    let won = contact(won).await;
    let lost = problem(lost, StatusCode::PRECONDITION_FAILED).await;
    assert_eq!(
        lost["contact"],
        serde_json::to_value(&won).expect("a contact")
    );
    assert_eq!(
        contact(app.get(&path).await).await,
        won,
        "nothing of the winner is lost"
    );
}

#[tokio::test]
async fn deletion_is_a_move_to_the_trash() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", ada.id);
    let stale = app
        .request(Method::DELETE, &path)
        .header("if-match", "\"9\"");
    problem(send(stale).await, StatusCode::PRECONDITION_FAILED).await;

    let deleted = send(app.request(Method::DELETE, &path)).await;
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    problem(app.get(&path).await, StatusCode::NOT_FOUND).await;
    problem(
        send(app.request(Method::DELETE, &path)).await,
        StatusCode::NOT_FOUND,
    )
    .await;
    assert_eq!(app.list("q=ada").await["total"], 0);

    let restore = format!("{path}/restore");
    for _ in 0..2 {
        let restored = contact(send(app.request(Method::POST, &restore)).await).await;
        assert_eq!((restored.name.as_str(), restored.version), ("Ada", 3));
    }
    assert_eq!(app.names("q=ada").await, ["Ada"]);
}

#[tokio::test]
async fn a_repeated_request_creates_once() {
    let app = TestApp::start().await;
    let body = json!({"name": "Ada", "email": "ada@example.com"});
    let create = |body: &Value| {
        let request = app.request(Method::POST, "/api/contacts");
        send(request.header("idempotency-key", "order-66").json(body))
    };
    let first = create(&body).await;
    assert_eq!(header(&first, "idempotency-replayed"), "");
    let first = contact(first).await;
    let again = create(&body).await;
    assert_eq!(again.status(), StatusCode::CREATED);
    assert_eq!(header(&again, "idempotency-replayed"), "true");
    assert_eq!(
        header(&again, "location"),
        format!("/api/contacts/{}", first.id)
    );
    assert_eq!(contact(again).await, first);
    let other = json!({"name": "Grace", "email": "grace@example.com"});
    problem(create(&other).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!(app.list("").await["total"], 1);

    let long = "k".repeat(256);
    for key in ["", "two words", long.as_str()] {
        let request = app
            .request(Method::POST, "/api/contacts")
            .header("idempotency-key", key);
        problem(send(request.json(&body)).await, StatusCode::BAD_REQUEST).await;
    }
}

#[tokio::test]
async fn a_repeated_request_is_known_however_it_is_written() {
    let app = TestApp::start().await;
    let create = |body: &'static str| {
        let request = app.request(Method::POST, "/api/contacts");
        let request = request.header("content-type", "application/json");
        send(request.header("idempotency-key", "order-66").body(body))
    };
    let first = create(r#"{"name":"Zo\u00eb","email":"zoe@example.com","phone":"+44 1"}"#).await;
    assert_eq!(first.status(), StatusCode::CREATED);
    let first = contact(first).await;
    for body in [
        r#"{"email":"zoe@example.com","phone":"+44 1","name":"Zoë"}"#,
        "{\n\t\"phone\": \"+44 1\",\r\n \"name\": \"Zo\u{eb}\", \"email\": \"zoe\\u0040example.com\"\n}\n",
        "\u{feff}{\"name\":\"Zo\u{eb}\",\"email\":\"zoe@example.com\",\"phone\":\"+44 1\"}",
        r#"{"name":"Zoë","email":"zoe@example.com","phone":"+44 1","notes":null,"company":""}"#,
    ] {
        let again = create(body).await;
        assert_eq!(again.status(), StatusCode::CREATED, "{body}");
        assert_eq!(header(&again, "idempotency-replayed"), "true", "{body}");
        assert_eq!(contact(again).await, first);
    }
    for body in [
        r#"{"name":"Zoë","email":"zoe@example.com","phone":"+44 2"}"#,
        r#"{"name":"Zoë","email":"zoe@example.com","company":"+44 1"}"#,
        r#"{"name":"Zoë","email":"zoe@example.com","phone":"+44 1","welcome":false}"#,
    ] {
        problem(create(body).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    assert_eq!(app.list("").await["total"], 1);
}

#[tokio::test]
async fn json_may_begin_with_a_byte_order_mark() {
    let app = TestApp::start().await;
    let ask = |method, path: &str, body: &'static str| {
        let request = app.request(method, path);
        send(
            request
                .header("content-type", "application/json")
                .body(body),
        )
    };
    let body = "\u{feff}{\"name\":\"Ada\",\"email\":\"ada@example.com\"}";
    let ada = ask(Method::POST, "/api/contacts", body).await;
    assert_eq!(ada.status(), StatusCode::CREATED);
    let path = format!("/api/contacts/{}", contact(ada).await.id);
    for method in [Method::PUT, Method::PATCH] {
        assert_eq!(ask(method, &path, body).await.status(), StatusCode::OK);
    }
    // One is enough, and it is no part of JSON.
    let twice = "\u{feff}\u{feff}{\"name\":\"Ada\"}";
    problem(
        ask(Method::PATCH, &path, twice).await,
        StatusCode::BAD_REQUEST,
    )
    .await;
    let duplicate = r#"{"name":"Ada","name":"Bob"}"#;
    problem(
        ask(Method::PATCH, &path, duplicate).await,
        StatusCode::BAD_REQUEST,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_writes_back_only_what_it_has_read() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    for round in 1..=20 {
        // A client that guesses the next version may send its change before that version is there.
        let at = |version: u32| format!("\"{version}\"");
        let path = format!("/api/contacts/{}", ada.id);
        let version = 2 * round - 1;
        let company = format!("C{round}");
        let put = app
            .request(Method::PUT, &path)
            .header("if-match", at(version))
            .json(&json!({"name": "Ada", "email": "ada@example.com", "company": company}));
        let patch = app
            .request(Method::PATCH, &path)
            .header("if-match", at(version + 1))
            .json(&json!({"notes": format!("N{round}")}));
        let (put, patch) = futures_util::future::join(send(put), send(patch)).await;
        assert_eq!(put.status(), StatusCode::OK);
        if patch.status() != StatusCode::OK {
            let again = app
                .request(Method::PATCH, &path)
                .json(&json!({"notes": "again"}));
            assert_eq!(send(again).await.status(), StatusCode::OK);
        }
        let now = contact(app.get(&path).await).await;
        assert_eq!(now.company, Some(company));
        assert_eq!(now.version, version + 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_patches_at_once_all_get_through() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", ada.id);
    let patches = (0..60).map(|number| {
        let patch = app.request(Method::PATCH, &path);
        send(patch.json(&json!({"notes": number.to_string()})))
    });
    for answer in futures_util::future::join_all(patches).await {
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

/// What nginx makes of an `ETag` when it compresses an answer, and what other proxies make of it.
#[tokio::test]
async fn an_etag_that_a_compressing_proxy_has_changed_still_matches() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", ada.id);
    let changes = [
        ("W/\"1\"", StatusCode::OK),
        ("\"2-gzip\"", StatusCode::OK),
        ("\"9\", W/\"3\", \"a,b\"", StatusCode::OK),
        ("W/\"3\"", StatusCode::PRECONDITION_FAILED),
        ("*", StatusCode::OK),
    ];
    for (number, (tags, status)) in changes.into_iter().enumerate() {
        let change = app
            .request(Method::PATCH, &path)
            .header("if-match", tags)
            .json(&json!({ "notes": number.to_string() }));
        assert_eq!(send(change).await.status(), status, "{tags}");
    }
    let put = app
        .request(Method::PUT, &path)
        .header("if-match", "W/\"4\", W/\"5\"")
        .json(&json!({"name": "Ada", "email": "ada@example.com"}));
    assert_eq!(send(put).await.status(), StatusCode::OK);
    // Reads know the same tags.
    for (tags, status) in [
        ("W/\"6\"", StatusCode::NOT_MODIFIED),
        ("\"6-gzip\"", StatusCode::NOT_MODIFIED),
        ("\"x,y\", \"6\"", StatusCode::NOT_MODIFIED),
        ("\"x,\"6\",y\"", StatusCode::OK),
        ("\"W/6\"", StatusCode::OK),
    ] {
        let read = app
            .request(Method::GET, &path)
            .header("if-none-match", tags);
        assert_eq!(send(read).await.status(), status, "{tags}");
    }
    let delete = app
        .request(Method::DELETE, &path)
        .header("if-match", "W/\"6\"");
    assert_eq!(send(delete).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_range_that_is_none_is_answered_with_the_whole() {
    let site = tempfile::tempdir().expect("a directory for the site");
    std::fs::write(site.path().join("a.txt"), "0123456789").expect("a file");
    let app = TestApp::with(|config| config.server.site_root = site.path().to_owned()).await;
    let part = async |method, range: &str| {
        let request = app.request(method, "/a.txt").header("range", range);
        let response = send(request).await;
        let status = response.status().as_u16();
        (status, response.text().await.expect("text"))
    };
    let (whole, none) = ("0123456789", "");
    for (range, status, text) in [
        ("bytes=0-1", 206, "01"),
        ("Bytes=08-99", 206, "89"),
        ("bytes=-2", 206, "89"),
        ("bytes=3-", 206, "3456789"),
        ("bytes=-99", 200, whole),
        ("bytes=10-", 416, none),
        ("bytes=-0", 416, none),
        ("items=0-1", 200, whole),
        ("bytes", 200, whole),
        ("bytes=", 200, whole),
        ("bytes=x-y", 200, whole),
        ("bytes=5-2", 200, whole),
        ("bytes=0-1,4-5", 200, whole),
        ("bytes 0-1", 200, whole),
    ] {
        let (found, body) = part(Method::GET, range).await;
        assert_eq!((found, body.as_str()), (status, text), "{range}");
    }
    // Only GET has ranges.
    for range in ["bytes=0-1", "bytes=10-"] {
        assert_eq!(part(Method::HEAD, range).await.0, 200, "{range}");
    }
    // Parts of two files are never put together.
    let request = app
        .request(Method::GET, "/a.txt")
        .header("range", "bytes=0-1");
    let changed = send(request.header("if-range", "\"another\"")).await;
    assert_eq!(changed.status(), StatusCode::OK);
    assert_eq!(changed.text().await.expect("text"), whole);
    for path in ["/api/contacts", "/contacts", "/api/docs/"] {
        let request = app
            .request(Method::GET, path)
            .header("range", "bytes=99999-");
        assert_eq!(send(request).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_contact_is_read_and_replaced_as_a_card() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", ada.id);
    let get = |accept: &'static str| app.request(Method::GET, &path).header("accept", accept);
    let read = send(get("text/vcard")).await;
    assert_eq!(read.status(), StatusCode::OK);
    assert_eq!(header(&read, "content-type"), "text/vcard; charset=utf-8");
    assert_eq!(header(&read, "etag"), "\"1-vcard\"");
    assert!(header(&read, "vary").contains("accept"));
    let card = read.text().await.expect("a card");
    assert!(card.contains("EMAIL:ada@example.com\r\n"), "{card}");
    let json = send(get("application/json, text/vcard;q=0.5")).await;
    assert_eq!(header(&json, "content-type"), "application/json");
    let known = send(get("text/vcard").header("if-none-match", "\"1-vcard\"")).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);

    let put = |card: String, tag: &'static str| {
        app.request(Method::PUT, &path)
            .header("content-type", "text/vcard; charset=utf-8")
            .header("if-match", tag)
            .body(card)
    };
    let other = card.replace("EMAIL:ada", "X-OTHER;A=b:kept\r\nEMAIL;TYPE=work:countess");
    let replaced = send(put(other.clone(), "\"1-vcard\"")).await;
    assert_eq!(replaced.status(), StatusCode::OK);
    let replaced: Value = replaced.json().await.expect("JSON");
    assert_eq!(replaced["contact"]["email"], "countess@example.com");
    assert_eq!(replaced["contact"]["emails"][0]["label"], "work");
    assert_eq!(replaced["contact"]["version"], 2);
    let kept = send(get("text/vcard")).await.text().await;
    assert_eq!(kept.expect("a card"), other);
    let stale = send(put(card, "\"1-vcard\"")).await;
    assert_eq!(stale.status(), StatusCode::PRECONDITION_FAILED);
    let broken = send(put("FN:Ada".to_owned(), "*")).await;
    let broken = problem(broken, StatusCode::BAD_REQUEST).await;
    let detail = broken["detail"].as_str().expect("a sentence");
    assert!(detail.starts_with("This is not a vCard: "), "{detail}");
}

#[tokio::test]
async fn a_client_of_the_first_release_leaves_what_it_does_not_know() {
    let app = TestApp::start().await;
    let body = json!({
        "name": "Ada", "emails": [{ "value": "work@example.com", "label": "work" }, { "value": "home@example.com" }],
        "birthday": "1815-12-10",
    });
    let created = app.post("/api/contacts", &body).await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let ada = crate::app::contact(created).await;
    assert_eq!(ada.email.as_deref(), Some("work@example.com"));
    let path = format!("/api/contacts/{}", ada.id);
    let put = json!({ "name": "Ada Lovelace", "email": "new@example.com" });
    let replaced = send(app.request(Method::PUT, &path).json(&put)).await;
    let replaced: Value = replaced.json().await.expect("JSON");
    let contact = &replaced["contact"];
    assert_eq!(contact["name"], "Ada Lovelace");
    assert_eq!(contact["emails"][0]["value"], "new@example.com");
    assert_eq!(contact["emails"][0]["label"], "work");
    assert_eq!(contact["emails"][1]["value"], "home@example.com");
    assert_eq!(contact["birthday"], "1815-12-10");
    // What was read may be sent back as it came.
    let again = send(app.request(Method::PUT, &path).json(contact)).await;
    let again: Value = again.json().await.expect("JSON");
    assert_eq!(again["contact"], *contact);
    // A list of addresses is enough, and so is nothing else.
    let only = json!({ "emails": [{ "value": "a@example.com" }] });
    let without = app.post("/api/contacts", &only).await;
    assert_eq!(without.status(), StatusCode::CREATED);
    let refused = app
        .post("/api/contacts", &json!({ "phones": [{ "value": "112" }] }))
        .await;
    let refused = problem(refused, StatusCode::BAD_REQUEST).await;
    assert_eq!(refused["error"], "Name and email are required");
}
