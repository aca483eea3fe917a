//! What pages say to people, before any script runs.

use futures_util::future::join_all;
use kith::services::contacts::Contacts;
use kith::services::contacts::catalogue::Field;
use kith::services::contacts::fields::ContactInput;
use kith::services::contacts::fields::Required;
use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;

use crate::app::TestApp;
use crate::app::header;
use crate::app::send;
use crate::html::Page;

async fn visit(app: &TestApp, path: &str) -> Response {
    send(app.request(Method::GET, path).header("accept", "text/html")).await
}

async fn read_page(app: &TestApp, path: &str) -> Page {
    let response = visit(app, path).await;
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    Page::read(response).await
}

#[tokio::test]
async fn a_refused_visit_is_told_once_and_comes_back_by_itself() {
    let app = TestApp::with(|config| config.limits.ui.limit = 1.try_into().expect("a limit")).await;
    assert_eq!(visit(&app, "/contacts").await.status(), StatusCode::OK);
    let refused = visit(&app, "/contacts").await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = header(&refused, "retry-after").parse().expect("seconds");
    let refresh: u32 = header(&refused, "refresh").parse().expect("seconds");
    assert_eq!(refresh, wait + 1);
    let page = Page::read(refused).await;
    assert_eq!(page.texts("title"), ["One moment · Kith"]);
    let waits = page.attributes("[data-wait]", "data-wait");
    assert_eq!(waits, [wait.to_string()]);
    let source = page.source();
    assert!(!source.to_lowercase().contains("too many"), "{source}");
    assert_eq!(source.matches("One moment").count(), 2, "{source}");
    // The script that counts down is a file, which is never refused.
    assert!(page.has("script[src='/wait.js'][defer]"), "{source}");

    // A form is not sent again by itself.
    let refused = app.submit("/contacts/new", &[("name", "Ada")]).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(header(&refused, "refresh"), "");
    let text = Page::read(refused).await.text();
    assert!(text.contains("Nothing you have typed is lost"), "{text}");
}

#[tokio::test]
async fn refusals_are_headed_in_plain_words() {
    let app = TestApp::start().await;
    let denied = send(
        app.request(Method::POST, "/contacts/new")
            .header("accept", "text/html")
            .header("sec-fetch-site", "cross-site")
            .header("content-type", "application/x-www-form-urlencoded"),
    )
    .await;
    assert_eq!(denied.status(), StatusCode::FORBIDDEN);
    let page = Page::read(denied).await;
    let text = page.text();
    assert!(text.contains("This is not allowed"), "{text}");
    assert!(!page.source().contains("Forbidden"), "{}", page.source());
}

#[tokio::test]
async fn the_dashboard_is_not_in_the_main_menu() {
    let app = TestApp::start().await;
    for path in ["/contacts", "/trash", "/dashboard"] {
        let page = read_page(&app, path).await;
        let menu = page.attributes("nav[aria-label=Main] a", "href");
        assert!(menu.contains(&"/trash"), "{path}: {menu:?}");
        assert!(!menu.contains(&"/dashboard"), "{path}: {menu:?}");
        assert!(page.has("a[href='/dashboard']"), "{path}");
    }
}

#[tokio::test]
async fn the_print_page_shows_all_contacts_or_all_that_a_search_finds() {
    let app = TestApp::start().await;
    for number in 0..60 {
        let name = format!(
            "{} {number:02}",
            if number % 2 == 0 { "Ada" } else { "Grace" }
        );
        app.create(&name, &format!("n{number}@example.com")).await;
    }
    let all = read_page(&app, "/contacts/print").await;
    assert_eq!(all.count("tr"), 61, "a head and all contacts");
    assert!(all.text().contains("60 contacts"), "{}", all.text());
    assert!(!all.has("#parts"), "{}", all.text());
    let found = read_page(&app, "/contacts/print?q=grace").await;
    assert_eq!(found.count("tr"), 31);
    let text = found.text();
    assert!(
        text.contains("30 contacts") && !text.contains("Ada 00"),
        "{text}"
    );

    let list = read_page(&app, "/contacts?q=grace").await;
    assert!(list.has("a[href='/contacts/print?q=grace']"));
    for address in ["/contacts/print", "/trash", "/dashboard"] {
        let slash = visit(&app, &format!("{address}/")).await;
        assert_eq!(header(&slash, "location"), address);
    }
    for wrong in [format!("q={}", "x".repeat(201)), "cursor=none".to_owned()] {
        let refused = visit(&app, &format!("/contacts/print?{wrong}")).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    let no_match = read_page(&app, "/contacts/print?q=nobody").await;
    assert!(
        no_match.text().contains("0 contacts"),
        "{}",
        no_match.text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_too_long_to_print_at_once_is_printed_in_parts() {
    let app = TestApp::start().await;
    let most = Contacts::MAX_PRINTED_CONTACTS.get();
    let contacts = app.contacts().await;
    // The last ones share a commit.
    for batch in (0..most + 2).collect::<Vec<_>>().chunks(100) {
        let add = batch.iter().map(|number| {
            let draft = ContactInput::default()
                .with(Field::Name, format!("N{number:05}"))
                .with(Field::Emails, "n@example.com");
            let contacts = &contacts;
            async move {
                let required = Required::AnyField;
                contacts.create(&draft, required, Some(false), None).await
            }
        });
        for added in join_all(add).await {
            added.expect("it can be added");
        }
    }
    let first = read_page(&app, "/contacts/print").await;
    assert_eq!(first.count("tr"), most as usize + 1);
    assert!(
        first.text().contains("2,500 of 2,502 contacts"),
        "which part this is"
    );
    let parts = first.attributes("#parts a", "href");
    let next = parts.first().expect("a link to the next part");
    let last = read_page(&app, next).await;
    assert_eq!(last.count("tr"), 3);
    assert!(
        last.text().contains("N02501") && !last.has("#parts"),
        "{}",
        last.text()
    );
}

#[tokio::test]
async fn changes_are_among_the_activities_and_never_crowd_out_the_rest() {
    let app = TestApp::with(|config| config.welcome.enabled = false).await;
    let ada = app.create("Ada", "ada@example.com").await;
    let path = format!("/api/contacts/{}", ada.id);
    let change = async |phone: &str| {
        let body = serde_json::json!({"phone": phone, "company": format!("{phone} Ltd")});
        let changed = send(app.request(Method::PATCH, &path).json(&body)).await;
        assert_eq!(changed.status(), StatusCode::OK);
    };
    let texts = async || {
        let details = app.contacts().await.details(ada.id).await;
        let list = details.expect("it is there").activities.list;
        list.into_iter().map(|one| one.text).collect::<Vec<_>>()
    };
    change("123456").await;
    assert_eq!(texts().await, ["Added", "Phone and company changed"]);
    // What changes nothing is none.
    change("123456").await;
    assert_eq!(texts().await.len(), 2);
    let contacts = app.contacts().await;
    contacts.delete(ada.id, None).await.expect("it is there");
    contacts.restore(ada.id).await.expect("it is there");
    assert_eq!(
        texts().await[2..],
        ["Moved to the trash", "Restored from the trash"]
    );
    for number in 0..120 {
        change(&format!("1234{number:03}")).await;
    }
    let texts = texts().await;
    assert_eq!(texts.len(), 51, "{texts:?}");
    assert_eq!(texts[0], "Added");
    assert!(
        texts[1..]
            .iter()
            .all(|text| text == "Phone and company changed")
    );
}

#[tokio::test]
async fn a_search_without_a_result_fills_the_form_for_a_new_contact() {
    let app = TestApp::start().await;
    app.create("Ada", "ada@example.com").await;
    let no_match = read_page(&app, "/contacts?q=xqzv").await;
    assert!(no_match.has("a[href='/contacts/new?q=xqzv&name=xqzv']"));
    let form = read_page(&app, "/contacts/new?q=xqzv&name=xqzv").await;
    assert_eq!(form.attribute_of_id("name", "value"), Some("xqzv"));
    assert!(form.attribute_of_id("name", "autofocus").is_some());
}
