//! Pages and forms for readers without JavaScript.

use kith::model::contact::Contact;
use reqwest::StatusCode;

use crate::app::TestApp;
use crate::app::header;
use crate::app::problem;
use crate::html::Page;

#[tokio::test]
async fn a_contact_is_created_edited_deleted_and_restored_by_forms() {
    let app = TestApp::start().await;
    let fields = [("name", "Ada"), ("email", "ada@example.com"), ("key", "k1")];
    let created = app.submit("/contacts/new?q=a+b", &fields).await;
    assert_eq!(created.status(), StatusCode::SEE_OTHER);
    let page = header(&created, "location").to_owned();
    assert!(
        page.starts_with("/contacts/") && page.ends_with("?q=a+b"),
        "{page}"
    );
    let again = app.submit("/contacts/new?q=a+b", &fields).await;
    assert_eq!(header(&again, "location"), page, "sent twice, created once");

    let path = page.trim_end_matches("?q=a+b");
    let shown = read_page(&app, path).await;
    assert_eq!(shown.texts("title"), ["Ada · Kith"]);

    let edit = [
        ("name", "Ada Lovelace"),
        ("email", "ada@example.com"),
        ("version", "1"),
    ];
    let edited = app.submit(&format!("{path}/edit"), &edit).await;
    assert_eq!(
        (edited.status(), header(&edited, "location")),
        (StatusCode::SEE_OTHER, path)
    );

    let deleted = app.submit(&format!("{path}/delete?q=ada"), &[]).await;
    let id = path.trim_start_matches("/contacts/");
    assert_eq!(
        header(&deleted, "location"),
        format!("/contacts?q=ada&deleted={id}")
    );
    let list = read_page(&app, header(&deleted, "location")).await;
    assert!(list.text().contains("is in the trash"), "{}", list.text());
    assert!(list.has(&format!("form[action^='{path}/restore?q=ada']")));
    let trash = read_page(&app, "/trash").await.text();
    assert!(trash.contains("Ada Lovelace"), "{trash}");

    let restored = app.submit(&format!("{path}/restore"), &[]).await;
    assert_eq!(header(&restored, "location"), path);
    let list = read_page(&app, &format!("/contacts?deleted={id}")).await;
    assert!(
        !list.text().contains("is in the trash"),
        "there is nothing left to undo"
    );
}

async fn read_page(app: &TestApp, path: &str) -> Page {
    Page::read(app.get(path).await).await
}

/// Where a browser posts the form of a page.
fn action_of(page: &Page) -> &str {
    let action = page.attribute_of_id("contact-form", "action");
    action.expect("an action")
}

#[tokio::test]
async fn a_form_that_was_sent_and_changed_asks_whether_another_contact_is_meant() {
    let app = TestApp::start().await;
    let page = read_page(&app, "/contacts/new?q=a").await;
    // A browser keeps the page of an address that nothing is posted to, so "back" brings this key.
    let action = action_of(&page);
    assert_ne!(action, "/contacts/new?q=a");
    let key = page.value("key");
    let ada = [("name", "Ada"), ("email", "ada@example.com"), ("key", key)];
    let created = app.submit(action, &ada).await;
    let contact = header(&created, "location").to_owned();
    assert!(contact.ends_with("?q=a"), "{contact}");
    let again = app.submit(action, &ada).await;
    assert_eq!(
        header(&again, "location"),
        contact,
        "sent twice, created once"
    );

    let lovelace = [
        ("name", "Ada Lovelace"),
        ("email", "ada@example.com"),
        ("key", key),
    ];
    let asked = app.submit(action, &lovelace).await;
    assert_eq!(asked.status(), StatusCode::CONFLICT);
    let asked = Page::read(asked).await;
    let text = asked.text();
    assert!(
        text.contains("You have already added Ada with this form."),
        "{text}"
    );
    assert!(asked.has(&format!("a[href='{contact}']")), "{text}");
    assert_eq!(asked.value("name"), "Ada Lovelace");
    assert_eq!(app.names("").await, ["Ada"]);

    // A person who presses the button again means it.
    assert_ne!(asked.value("key"), key);
    let lovelace = [lovelace[0], lovelace[1], ("key", asked.value("key"))];
    let other = app.submit(action_of(&asked), &lovelace).await;
    assert_eq!(other.status(), StatusCode::SEE_OTHER);
    assert_eq!(app.names("").await, ["Ada", "Ada Lovelace"]);

    // Once the first is in the trash, there is nothing to ask about.
    let path = contact.trim_end_matches("?q=a");
    app.submit(&format!("{path}/delete"), &[]).await;
    let bob = [("name", "Bob"), ("email", "bob@example.com"), ("key", key)];
    let bob = app.submit(action, &bob).await;
    assert_eq!(bob.status(), StatusCode::SEE_OTHER);
    assert_eq!(app.names("").await, ["Ada Lovelace", "Bob"]);
}

#[tokio::test]
async fn a_form_is_the_same_request_from_the_browser_and_from_the_island() {
    let app = TestApp::start().await;
    let form = [
        ("name", "Ada"),
        ("email", "ada@example.com"),
        ("notes", "a\r\nb"),
        ("key", "k"),
    ];
    let created = app.submit("/contacts/new", &form).await;
    assert_eq!(created.status(), StatusCode::SEE_OTHER);
    // The island joins lines as scripts do.
    let inputs = [
        ["name", "Ada"],
        ["email", "ada@example.com"],
        ["notes", "a\nb"],
        ["key", "k"],
    ];
    let body = serde_json::json!({"id": null, "inputs": inputs, "welcome": false});
    let again = app.post("/fn/contacts/save", &body).await;
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(app.names("").await, ["Ada"]);
}

#[tokio::test]
async fn a_refused_form_comes_back_with_what_was_typed() {
    let app = TestApp::start().await;
    let long = "e".repeat(321);
    let fields = [
        ("name", ""),
        ("emails.0", &*long),
        ("emails.1", "b@example.com"),
        ("emails.1.label", "<b>"),
        ("notes", "</textarea><b>kept"),
    ];
    let refused = app.submit("/contacts/new", &fields).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let page = Page::read(refused).await;
    let text = page.text();
    assert!(
        text.contains("Use at most 320 characters; this has 321."),
        "{text}"
    );
    assert_eq!(page.value("emails.0"), long);
    assert_eq!(page.value("emails.1"), "b@example.com");
    assert_eq!(page.value("emails.1.label"), "<b>");
    assert!(page.has("[id='emails-0'][aria-invalid=true][autofocus]"));
    assert_eq!(page.text_of_id("notes"), "</textarea><b>kept");
    assert!(!page.source().contains("<b>kept"));
    assert_eq!(app.list("").await["total"], 0);
}

#[tokio::test]
async fn an_edit_of_an_older_version_shows_both_and_can_be_repeated() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/contacts/{}/edit", ada.id);
    let first = [
        ("name", "First"),
        ("email", "ada@example.com"),
        ("version", "1"),
    ];
    assert_eq!(
        app.submit(&path, &first).await.status(),
        StatusCode::SEE_OTHER
    );
    let second = [
        ("name", "Second"),
        ("email", "ada@example.com"),
        ("version", "1"),
    ];
    let conflict = app.submit(&path, &second).await;
    assert_eq!(conflict.status(), StatusCode::PRECONDITION_FAILED);
    let page = Page::read(conflict).await;
    assert!(
        page.text().contains("changed by someone else"),
        "{}",
        page.text()
    );
    assert_eq!(page.value("name"), "Second");
    assert!(page.value("base").contains("First"));
    let again = [
        ("name", "Second"),
        ("email", "ada@example.com"),
        ("version", "2"),
    ];
    assert_eq!(
        app.submit(&path, &again).await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(app.names("").await, ["Second"]);
}

/// What Ada says when nothing is changed, as a page writes it for the server.
const BASE: &str = r#"{"name":"Ada","nameParts":{"given":"Ada"},
    "emails":[{"value":"ada@example.com","deliverable":true}],"version":1}"#;

/// The inputs of an edit of Ada as a page draws them, and what was typed.
fn edit<'a>(typed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("base", BASE),
        ("name", "Ada"),
        ("emails.0", "ada@example.com"),
        ("phones.0", ""),
        ("company", ""),
        ("notes", ""),
    ];
    for &(name, value) in typed {
        match fields.iter_mut().find(|(known, _)| *known == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        }
    }
    fields
}

async fn read(app: &TestApp, contact: &Contact) -> Contact {
    crate::app::contact(app.get(&format!("/api/contacts/{}", contact.id)).await).await
}

async fn change(app: &TestApp, contact: &Contact, some: serde_json::Value) {
    let path = format!("/api/contacts/{}", contact.id);
    let request = app.request(reqwest::Method::PATCH, &path).json(&some);
    assert_eq!(crate::app::send(request).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_edit_keeps_what_others_have_changed_meanwhile() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/contacts/{}/edit", ada.id);
    let page = read_page(&app, &path).await;
    let base: serde_json::Value = serde_json::from_str(page.value("base")).expect("JSON");
    assert_eq!(
        base,
        serde_json::from_str::<serde_json::Value>(BASE).expect("JSON")
    );

    change(
        &app,
        &ada,
        serde_json::json!({"phone": "112", "notes": "a\nb"}),
    )
    .await;
    let saved = app
        .submit(&format!("{path}?q=a"), &edit(&[("company", "Mine")]))
        .await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    let shown = header(&saved, "location").to_owned();
    assert_eq!(
        shown,
        format!("/contacts/{}?q=a&merged=phones.notes", ada.id)
    );
    let text = read_page(&app, &shown).await.text();
    assert!(
        text.contains("the phone and the notes"),
        "the page has no such sentence: {text}"
    );
    let now = read(&app, &ada).await;
    assert_eq!(now.company.as_deref(), Some("Mine"));
    assert_eq!(now.phone.as_deref(), Some("112"));
    assert_eq!(now.notes.as_deref(), Some("a\nb"));

    // A browser sends lines apart by CRLF, those that it was given as well.
    let page = read_page(&app, &path).await;
    let untouched = edit(&[
        ("base", page.value("base")),
        ("notes", "a\r\nb"),
        ("phones.0", "112"),
        ("company", "Mine"),
    ]);
    change(&app, &ada, serde_json::json!({"notes": "c"})).await;
    let saved = app.submit(&path, &untouched).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    assert_eq!(read(&app, &ada).await.notes.as_deref(), Some("c"));
}

#[tokio::test]
async fn an_entry_that_was_emptied_is_gone_and_the_others_stay() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let phones = serde_json::json!({ "phones": [
        { "value": "112", "label": "work" }, { "value": "113" }, { "value": "114", "preferred": true },
    ] });
    change(&app, &ada, phones).await;
    let path = format!("/contacts/{}/edit", ada.id);
    let page = read_page(&app, &path).await;
    assert_eq!(page.value("phones.0.label"), "work");
    let typed = edit(&[
        ("base", page.value("base")),
        ("phones.0", "112"),
        ("phones.0.label", "summer house"),
        ("phones.1", ""),
        ("phones.2", "114"),
        ("phones.preferred", "phones.0"),
        // The blank one that can be added.
        ("phones.3", ""),
    ]);
    let saved = app.submit(&path, &typed).await;
    assert_eq!(header(&saved, "location"), format!("/contacts/{}", ada.id));
    let now = read(&app, &ada).await;
    assert_eq!(now.phone.as_deref(), Some("112"));
    assert_eq!(
        now.fields["phones"],
        serde_json::json!([
            { "value": "112", "dialled": "112", "label": "summer house", "preferred": true },
            { "value": "114", "dialled": "114" },
        ])
    );
}

#[tokio::test]
async fn a_field_that_both_have_changed_is_shown_and_chosen() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/contacts/{}/edit", ada.id);
    change(
        &app,
        &ada,
        serde_json::json!({"name": "Theirs", "phone": "112"}),
    )
    .await;
    let typed = [("name", "Mine"), ("company", "Mine Ltd")];
    let conflict = app.submit(&path, &edit(&typed)).await;
    assert_eq!(conflict.status(), StatusCode::PRECONDITION_FAILED);
    let page = Page::read(conflict).await;
    assert!(page.has("[name=choice-name]"), "{}", page.text());
    let text = page.text();
    assert!(
        text.contains("Keep mine") && text.contains("Theirs"),
        "{text}"
    );
    for (name, value) in [
        ("name", "Mine"),
        ("phones.0", "112"),
        ("company", "Mine Ltd"),
    ] {
        assert_eq!(page.value(name), value, "{name}");
    }
    assert!(!page.source().contains("choice-phones"), "{text}");

    // As that page is sent back.
    let chosen = edit(&[
        ("base", page.value("base")),
        ("name", "Mine"),
        ("phones.0", "112"),
        ("company", "Mine Ltd"),
        ("choice-name", "theirs"),
    ]);
    let saved = app.submit(&path, &chosen).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    let now = read(&app, &ada).await;
    assert_eq!(now.name, "Theirs");
    assert_eq!(now.phone.as_deref(), Some("112"));
    assert_eq!(now.company.as_deref(), Some("Mine Ltd"));
}

#[tokio::test]
async fn a_contact_that_was_deleted_meanwhile_is_restored_and_saved() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/contacts/{}/edit", ada.id);
    app.submit(&format!("/contacts/{}/delete", ada.id), &[])
        .await;
    let typed = [("company", "Mine")];
    let gone = app.submit(&path, &edit(&typed)).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    let page = Page::read(gone).await;
    assert!(page.has("[name=restore]:not([hidden])"), "{}", page.text());
    assert_eq!(page.value("company"), "Mine");
    assert_eq!(app.list("").await["total"], 0, "nobody asked for it");

    let restore = edit(&[("company", "Mine"), ("restore", "true")]);
    let saved = app.submit(&path, &restore).await;
    assert_eq!(saved.status(), StatusCode::SEE_OTHER);
    assert_eq!(read(&app, &ada).await.company.as_deref(), Some("Mine"));
}

#[tokio::test]
async fn the_last_choice_of_a_welcome_email_is_remembered() {
    let app = TestApp::start().await;
    let is_ticked = async |cookie: &str| {
        let request = app
            .request(reqwest::Method::GET, "/contacts/new")
            .header("cookie", cookie);
        let page = Page::read(crate::app::send(request).await).await;
        page.attribute_of_id("welcome", "checked").is_some()
    };
    assert!(is_ticked("").await, "as the settings have it");

    let ada = [("name", "Ada"), ("email", "ada@example.com")];
    let created = app.submit("/contacts/new", &ada).await;
    let cookie = header(&created, "set-cookie").to_owned();
    assert!(cookie.starts_with("kith-welcome=no; Path=/;"), "{cookie}");
    assert!(cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(!is_ticked("kith-welcome=no").await);
    assert!(is_ticked("kith-welcome=yes").await);

    let inputs = [
        ["name", "Bob"],
        ["emails.0", "bob@example.com"],
        ["key", "k"],
    ];
    let body = serde_json::json!({"id": null, "inputs": inputs, "welcome": true});
    let created = app.post("/fn/contacts/save", &body).await;
    assert!(header(&created, "set-cookie").starts_with("kith-welcome=yes;"));
    let refused = app.submit("/contacts/new", &[("name", "")]).await;
    assert_eq!(header(&refused, "set-cookie"), "", "nothing was chosen");

    let app = TestApp::with(|config| config.welcome.enabled = false).await;
    let page = read_page(&app, "/contacts/new").await;
    assert_eq!(page.attribute_of_id("welcome", "checked"), None);
}

#[tokio::test]
async fn the_form_shows_the_email_that_would_be_sent() {
    let app = TestApp::start().await;
    let page = read_page(&app, "/contacts/new").await;
    let preview = |page: &Page| page.texts(".preview-mail dd");
    assert_eq!(preview(&page), ["Kith <kith@localhost>", "Welcome, (name)"]);
    assert!(
        page.text().contains("no mail server yet"),
        "{}",
        page.text()
    );
    let refused = app
        .submit("/contacts/new", &[("name", "A <b>"), ("notes", "\0")])
        .await;
    let page = Page::read(refused).await;
    assert_eq!(preview(&page)[1], "Welcome, A <b>");
}

#[tokio::test]
async fn pages_have_the_status_of_what_they_show() {
    let app = TestApp::start().await;
    for (path, status) in [
        ("/contacts", 200),
        ("/contacts/new", 200),
        ("/trash", 200),
        ("/nowhere", 404),
        ("/contacts/ada", 404),
        ("/contacts/00000000-0000-7000-8000-000000000000", 404),
        ("/contacts/00000000-0000-7000-8000-000000000000/edit", 404),
        ("/contacts?cursor=nonsense", 400),
        ("/trash?cursor=nonsense", 400),
    ] {
        let response = app.get(path).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert!(
            header(&response, "content-type").starts_with("text/html"),
            "{path}"
        );
    }
    let home = app.get("/").await;
    assert_eq!(
        (home.status(), header(&home, "location")),
        (StatusCode::SEE_OTHER, "/contacts")
    );
}

#[tokio::test]
async fn a_page_that_lost_its_contacts_links_to_the_page_before() {
    let app = TestApp::start().await;
    app.create("Ada 1", "ada@example.com").await;
    let last = app.create("Ada 2", "ada@example.com").await;
    let first = app.list("q=ada&limit=1").await;
    let cursor = first["nextCursor"].as_str().expect("there is more");
    app.submit(&format!("/contacts/{}/delete", last.id), &[])
        .await;
    let empty = app.get(&format!("/contacts?q=ada&cursor={cursor}")).await;
    let page = Page::read(empty).await;
    assert!(page.has("[rel=prev]"), "{}", page.text());
    assert!(!page.source().contains("No contact has"));
}

#[tokio::test]
async fn a_form_that_no_page_of_ours_sends_is_refused() {
    let app = TestApp::start().await;
    let json = app.post("/contacts/new", &serde_json::json!({})).await;
    problem(json, StatusCode::UNSUPPORTED_MEDIA_TYPE).await;
    for action in ["delete", "restore"] {
        let nobody = format!("/contacts/00000000-0000-7000-8000-000000000000/{action}");
        assert_eq!(
            app.submit(&nobody, &[]).await.status(),
            StatusCode::NOT_FOUND
        );
        assert!(
            app.submit(&format!("/contacts/ada/{action}"), &[])
                .await
                .status()
                .is_client_error()
        );
    }
}

#[tokio::test]
async fn markup_in_every_field_comes_out_as_text() {
    let app = TestApp::start().await;
    let markup = r#"</title></textarea><script>alert(1)</script><img src=x onerror=alert(1)>"'"#;
    let body = serde_json::json!({
        "name": markup, "email": "ada@example.com", "company": markup, "notes": markup,
    });
    let ada = crate::app::contact(app.post("/api/contacts", &body).await).await;
    let id = ada.id;
    let search = "%3C%2Ftitle%3E%3C%2Ftextarea%3E%3Cscript%3E";
    for path in [
        format!("/contacts/{id}"),
        format!("/contacts/{id}/edit"),
        "/contacts".to_owned(),
        format!("/contacts?q={search}"),
    ] {
        let html = app.get(&path).await.text().await.expect("a page");
        assert!(!html.contains("<script>alert"), "{path}: {html}");
        assert!(!html.contains("<img"), "{path}: {html}");
    }
    app.submit(&format!("/contacts/{id}/delete"), &[]).await;
    for path in ["/trash".to_owned(), format!("/contacts?deleted={id}")] {
        let html = app.get(&path).await.text().await.expect("a page");
        assert!(html.contains("&lt;script"), "{path}: {html}");
        assert!(
            !html.contains("<script>alert") && !html.contains("<img"),
            "{path}: {html}"
        );
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_read_is_answered_with_a_page() {
    let app = TestApp::start().await;
    let ada = app.create("Ada", "ada@example.com").await;
    let large = "a".repeat(300_000);
    let edit = format!("/contacts/{}/edit", ada.id);
    let long_query = format!("/contacts/new?q={}", "(".repeat(30_000));
    let short_query = "/contacts/new?q=<b>";
    for (path, fields, status) in [
        (
            short_query,
            [("name", &*large), ("email", "")],
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        (
            &*edit,
            [("name", &*large), ("version", "abc")],
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        (
            &*long_query,
            [("name", ""), ("email", "")],
            StatusCode::URI_TOO_LONG,
        ),
    ] {
        let response = app.submit(path, &fields).await;
        assert_eq!(response.status(), status);
        assert_eq!(
            header(&response, "content-type"),
            "text/html; charset=utf-8"
        );
        assert!(header(&response, "content-security-policy").contains("style-src 'self'"));
        let page = Page::read(response).await;
        let text = page.text();
        assert!(text.contains("Nothing you have typed is lost"), "{text}");
        assert!(page.has("link[rel=stylesheet]"), "{text}");
        assert!(page.source().ends_with("</html>"), "{}", page.source());
    }
}
