//! Imports over HTTP: the page, and the API.

use std::time::Duration;

use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::app::header;
use crate::app::problem;
use crate::app::send;
use crate::html::Page;

/// The pause between two looks at an import.
const PAUSE: Duration = Duration::from_millis(20);

const BROKEN: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bob\r\nnonsense\r\nEND:VCARD\r\n";

async fn start() -> TestApp {
    TestApp::with(|config| config.welcome.enabled = false).await
}

fn card(name: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nFN:{name}\r\n\
         EMAIL:{name}@example.com\r\nEND:VCARD\r\n"
    )
}

async fn post(app: &TestApp, path: &str, body: impl Into<reqwest::Body>) -> Response {
    let request = app.request(Method::POST, path);
    send(request.header("content-type", "text/vcard").body(body)).await
}

/// Sends files as the form of the page does.
async fn submit(app: &TestApp, files: &[(&str, &str)], welcome: bool) -> Response {
    let mut body = String::new();
    let mut field = |head: &str, value: &str| {
        body += &format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{value}\r\n");
    };
    for (name, content) in files {
        field(&format!("name=\"files\"; filename=\"{name}\""), content);
    }
    if welcome {
        field("name=\"welcome\"", "on");
    }
    body += "--x--\r\n";
    let request = app
        .request(Method::POST, "/import")
        .header("content-type", "multipart/form-data; boundary=x")
        .header("accept", "text/html")
        .header("sec-fetch-site", "same-origin")
        .body(body);
    send(request).await
}

/// What the API says of an import, once it is over.
async fn over(app: &TestApp, id: &str) -> Value {
    loop {
        let answer = app.get(&format!("/api/imports/{id}")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let body: Value = answer.json().await.expect("JSON");
        let state = body["import"]["state"].as_str().expect("a state");
        if !["running", "undoing"].contains(&state) {
            return body;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The id in an address that ends with it.
fn id(location: &str) -> String {
    let (_, id) = location.rsplit_once('/').expect("a path");
    id.to_owned()
}

async fn page(app: &TestApp, path: &str) -> Page {
    let answer = app.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    Page::read(answer).await
}

#[tokio::test]
async fn programs_import_read_the_report_and_undo() {
    let app = start().await;
    let file = format!("{}{BROKEN}{}", card("Ada"), card("Cy"));
    let answer = post(&app, "/api/imports", file.clone()).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let location = header(&answer, "location").to_owned();
    assert!(location.starts_with("/api/imports/"), "{location}");
    let id = id(&location);
    let begun: Value = answer.json().await.expect("JSON");
    assert_eq!(begun["import"]["id"], json!(id));
    assert_eq!(begun["import"]["bytes"], file.len());

    let report = over(&app, &id).await;
    let import = &report["import"];
    let counts = ["state", "read", "added", "known", "broken"].map(|name| import[name].clone());
    assert_eq!(json!(counts), json!(["done", 3, 2, 0, 1]));
    let reason = "there is no colon between a name and a value";
    assert_eq!(
        report["problems"],
        json!([{ "line": 10, "reason": reason }])
    );
    let broken = app.get(&format!("{location}/broken")).await;
    assert_eq!(header(&broken, "content-type"), "text/vcard; charset=utf-8");
    assert_eq!(broken.text().await.expect("a body"), BROKEN);
    assert_eq!(app.names("sort=name").await, ["Ada", "Cy"]);
    assert_eq!(app.names("q=cy@").await, ["Cy"]);

    // The same again adds nothing.
    let again = post(&app, "/api/imports", file).await;
    let again = over(&app, &self::id(header(&again, "location"))).await;
    assert_eq!(
        (&again["import"]["added"], &again["import"]["known"]),
        (&json!(0), &json!(2))
    );

    for _ in 0..2 {
        let undone = send(app.request(Method::DELETE, &location)).await;
        assert_eq!(undone.status(), StatusCode::ACCEPTED);
        let report = over(&app, &id).await;
        let import = &report["import"];
        assert_eq!(
            (&import["state"], &import["removed"]),
            (&json!("undone"), &json!(2))
        );
    }
    assert!(app.names("").await.is_empty());
    let log: Value = app.get("/api/audit").await.json().await.expect("JSON");
    let kinds = log["entries"].as_array().expect("entries").iter();
    let kinds: Vec<_> = kinds
        .map(|entry| entry["kind"].as_str().expect("a kind"))
        .collect();
    let count = |kind| kinds.iter().filter(|one| **one == kind).count();
    assert_eq!((count("contacts_imported"), count("import_undone")), (2, 1));
}

#[tokio::test]
async fn what_is_no_import_is_refused() {
    let app = start().await;
    let json = app.request(Method::POST, "/api/imports").json(&json!({}));
    problem(send(json).await, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    for wrong in ["welcome=perhaps", "x=1"] {
        let answer = post(&app, &format!("/api/imports?{wrong}"), card("Ada")).await;
        problem(answer, StatusCode::BAD_REQUEST).await;
    }
    let nowhere = uuid::Uuid::now_v7();
    let answer = post(&app, &format!("/api/imports?book={nowhere}"), card("Ada")).await;
    problem(answer, StatusCode::NOT_FOUND).await;
    for path in [
        format!("/api/imports/{nowhere}"),
        format!("/api/imports/{nowhere}/broken"),
        "/api/imports/x".to_owned(),
        format!("/imports/{nowhere}"),
        format!("/imports/{nowhere}/undo"),
        format!("/imports/{nowhere}/broken.vcf"),
        "/imports/x".to_owned(),
    ] {
        let answer = app.get(&path).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    // A page of another site cannot send the form.
    let foreign = app
        .request(Method::POST, "/import")
        .header("sec-fetch-site", "cross-site");
    assert_eq!(send(foreign).await.status(), StatusCode::FORBIDDEN);
    assert!(app.names("").await.is_empty());
}

#[tokio::test]
async fn a_file_above_the_limit_is_refused_in_clear_words() {
    let app = TestApp::with(|config| {
        config.import.max_file = "1MiB".parse().expect("a size");
    })
    .await;
    // Larger than other bodies may be.
    let large = format!("{}{}", card("Ada"), " \r\n".repeat(300_000));
    let answer = post(&app, "/api/imports", large).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let report = over(&app, &id(header(&answer, "location"))).await;
    assert_eq!(report["import"]["added"], 1);

    let too_large = "x".repeat((1 << 20) + 1);
    let announced = post(&app, "/api/imports", "x".repeat(2 << 20)).await;
    let counted = post(&app, "/api/imports", too_large.clone()).await;
    let pieces: Vec<Result<_, std::io::Error>> = vec![Ok("x".repeat(1 << 20)), Ok("x".to_owned())];
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let chunked = post(&app, "/api/imports", stream).await;
    for refused in [announced, counted, chunked] {
        let problem = problem(refused, StatusCode::PAYLOAD_TOO_LARGE).await;
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains("which is 1 MiB. Divide it"), "{detail}");
    }
    let form = submit(&app, &[("a.vcf", &too_large)], false).await;
    assert_eq!(form.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let text = Page::read(form).await.text();
    assert!(text.contains("Divide it into several files"), "{text}");
    // Several files in one form are together within the limit.
    let half = "x".repeat(600_000);
    let form = submit(&app, &[("a.vcf", &half), ("b.vcf", &half)], false).await;
    assert_eq!(form.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(page(&app, "/import").await.texts("main li").len(), 1);

    // Bodies of other routes are as small as before.
    let notes = json!({ "name": "Ada", "email": "a@example.com", "notes": "n".repeat(300_000) });
    let answer = app.post("/api/contacts", &notes).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let put = app
        .request(Method::PUT, "/import")
        .body("x".repeat(300_000));
    assert_eq!(send(put).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_file_is_imported_on_the_page_without_scripts() {
    let app = start().await;
    let form = page(&app, "/import").await;
    assert!(
        form.has("form[method=post][enctype='multipart/form-data'] input[type=file][required]")
    );
    assert!(
        form.text().contains("At most 200 MiB and 100,000 cards."),
        "{}",
        form.text()
    );
    assert!(!form.has("main li"));

    let file = format!("{}{BROKEN}", card("Ada"));
    let sent = submit(&app, &[("Ada's <b>.vcf", &file)], false).await;
    assert_eq!(sent.status(), StatusCode::SEE_OTHER);
    let path = header(&sent, "location").to_owned();
    over(&app, &id(&path)).await;
    let shown = page(&app, &path).await;
    assert_eq!(shown.texts("h1"), ["Ada's <b>.vcf"]);
    assert_eq!(shown.text_of_id("state"), "Done");
    for (field, count) in [("added", "1"), ("known", "0"), ("broken", "1")] {
        assert_eq!(shown.text_of_id(field), count, "{field}");
    }
    let problems = shown.texts("#problems li");
    assert_eq!(
        problems,
        ["Line 10 : there is no colon between a name and a value."]
    );
    let broken = app.get(&format!("{path}/broken.vcf")).await;
    assert!(header(&broken, "content-disposition").starts_with("attachment;"));
    assert_eq!(broken.text().await.expect("a body"), BROKEN);
    let listed = page(&app, "/import").await;
    assert!(listed.has(&format!("main li a[href='{path}']")));

    // The undo asks first.
    assert!(shown.has(&format!("a[href='{path}/undo']")));
    let question = page(&app, &format!("{path}/undo")).await;
    assert_eq!(question.texts("h1"), ["Undo the import of Ada's <b>.vcf ?"]);
    assert_eq!(app.names("").await, ["Ada"]);
    let undone = app.submit(&format!("{path}/undo"), &[]).await;
    assert_eq!(header(&undone, "location"), path);
    over(&app, &id(&path)).await;
    let shown = page(&app, &path).await;
    assert_eq!(shown.text_of_id("state"), "Undone");
    assert_eq!(shown.text_of_id("removed"), "1");
    assert!(app.names("").await.is_empty());
    let question = page(&app, &format!("{path}/undo")).await;
    assert!(!question.has("main form"));
    // Nothing is left to cancel.
    let cancelled = app.submit(&format!("{path}/cancel"), &[]).await;
    assert_eq!(cancelled.status(), StatusCode::SEE_OTHER);
    assert_eq!(page(&app, &path).await.text_of_id("state"), "Undone");
}

#[tokio::test]
async fn a_form_may_bring_several_files_and_brings_one_at_least() {
    let app = start().await;
    for files in [&[][..], &[("", "")]] {
        let sent = submit(&app, files, true).await;
        assert_eq!(sent.status(), StatusCode::BAD_REQUEST);
        let text = Page::read(sent).await.text();
        assert!(text.contains("Choose a file of vCards first."), "{text}");
    }
    let other = app.submit("/import", &[("files", "a")]).await;
    assert_eq!(other.status(), StatusCode::BAD_REQUEST);
    let files = [
        ("a.vcf", card("Ada")),
        ("b.vcf", card("Bob")),
        ("c.vcf", String::new()),
    ];
    let files = files
        .each_ref()
        .map(|(name, content)| (*name, content.as_str()));
    let sent = submit(&app, &files, false).await;
    assert_eq!(header(&sent, "location"), "/import");
    let listed = page(&app, "/import").await;
    let links: Vec<String> = listed
        .attributes("main li a", "href")
        .into_iter()
        .map(str::to_owned)
        .collect();
    assert_eq!(links.len(), 3);
    for path in links {
        let report = over(&app, &id(&path)).await;
        assert_eq!(report["import"]["state"], "done");
    }
    assert_eq!(app.names("sort=name").await, ["Ada", "Bob"]);
    assert!(page(&app, "/contacts/print").await.has("a[href='/import']"));
}

#[tokio::test]
async fn welcome_emails_go_to_imported_contacts_only_if_the_box_is_ticked() {
    let app = start().await;
    for (name, welcome, expected) in [("Ada", false, 0), ("Bob", true, 1)] {
        let sent = submit(&app, &[("a.vcf", &card(name))], welcome).await;
        over(&app, &id(header(&sent, "location"))).await;
        let found = app.list(&format!("q={name}")).await;
        let contact = found["contacts"][0]["id"]
            .as_str()
            .expect("an id")
            .to_owned();
        let shown = page(&app, &format!("/contacts/{contact}")).await.text();
        assert!(shown.contains("Imported from a file"), "{shown}");
        let queued = shown.contains("Welcome email");
        assert_eq!(usize::from(queued), expected, "{name}: {shown}");
    }
}
