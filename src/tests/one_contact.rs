//! The pages about one contact that change nothing, and what its pane and its form offer, over HTTP.

use kith::model::contact::Contact;
use reqwest::Method;
use reqwest::StatusCode;
use serde_json::json;

use crate::app::TestApp;
use crate::app::contact;
use crate::app::header;
use crate::app::send;
use crate::html::Page;

async fn ada(app: &TestApp) -> Contact {
    let body = json!({
        "name": "Ada Lovelace",
        "emails": [{ "value": "ada@example.com" }],
        "phones": [{ "value": "+44 20 7946 0000", "label": "work" }, { "value": "call me" }],
        "company": "Engines",
        "addresses": [{ "street": "12 St James", "city": "London" }],
        "notes": "Met in Turin.",
    });
    contact(app.post("/api/contacts", &body).await).await
}

async fn page(app: &TestApp, path: &str) -> Page {
    let answer = app.get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    Page::read(answer).await
}

#[tokio::test]
async fn the_page_of_a_qr_code_has_a_code_and_says_what_is_in_it() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let path = format!("/contacts/{}/qr", ada.id);
    let answer = app.get(&path).await;
    let caching = header(&answer, "cache-control").to_owned();
    assert!(caching.contains("private"), "{caching}");
    let shown = Page::read(answer).await;
    assert_eq!(shown.texts("h1"), ["QR code of Ada Lovelace"]);
    let label = shown.attributes("[role=img]", "aria-label");
    assert_eq!(label, ["QR code of Ada Lovelace"]);
    let code = shown.markup("[role=img]");
    assert!(code.contains("<svg") && code.contains("#fff"), "{code}");
    assert!(!code.contains("<?xml"), "{code}");
    assert!(!shown.text().contains("leaves out"), "{}", shown.text());
    let back = format!("/contacts/{}?book=", ada.id);
    let links = shown.attributes("a.back", "href");
    assert!(links[0].starts_with(&back), "{links:?}");

    let emails: Vec<_> = (0..6)
        .map(|n| json!({ "value": format!("{n}{}@example.com", "x".repeat(60)) }))
        .collect();
    let request = app.request(Method::PATCH, &format!("/api/contacts/{}", ada.id));
    send(request.json(&json!({ "emails": emails }))).await;
    let text = page(&app, &path).await.text();
    assert!(text.contains("It leaves out 3 emails."), "{text}");
}

#[tokio::test]
async fn a_contact_is_printed_on_a_page_of_its_own() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let shown = page(&app, &format!("/contacts/{}/print", ada.id)).await;
    assert!(shown.has("script[src='/print.js'][defer]"));
    assert!(shown.has("button#print[hidden]"));
    let text = shown.text();
    for said in [
        "Ada Lovelace",
        "Engines",
        "ada@example.com",
        "12 St James",
        "Met in Turin.",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(!text.contains("Edit") && !text.contains("Delete"), "{text}");
}

#[tokio::test]
async fn pages_about_a_contact_that_is_not_there_say_so() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let path = format!("/api/contacts/{}", ada.id);
    send(app.request(Method::DELETE, &path)).await;
    for name in ["qr", "print"] {
        for id in [ada.id.to_string(), "ada".to_owned()] {
            let answer = app.get(&format!("/contacts/{id}/{name}")).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{id} {name}");
            let text = Page::read(answer).await.text();
            assert!(!text.contains("Lovelace"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_contact_offers_what_can_be_done_with_it_and_delete_stands_at_its_end() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let path = format!("/contacts/{}", ada.id);
    let shown = page(&app, &path).await;
    let actions = shown.texts(".person-actions .button");
    assert_eq!(
        actions,
        [
            "Call",
            "Message",
            "Mail",
            "Map",
            "Colleagues",
            "Copy",
            "QR code",
            "Print",
            "Download",
            "Share",
            "Edit",
        ]
    );
    let hrefs = shown.attributes(".person-actions a", "href");
    for href in [
        "tel:+442079460000".to_owned(),
        "sms:+442079460000".to_owned(),
        "mailto:ada@example.com".to_owned(),
        format!("{path}/qr"),
        format!("{path}/print"),
        format!("{path}/card.vcf"),
    ] {
        assert!(hrefs.contains(&href.as_str()), "{href}: {hrefs:?}");
    }
    assert!(!shown.has(".person-actions form[action$='/delete']"));
    assert!(shown.has("article > .pane-end:last-of-type form[action$='/delete']"));
    // What can be copied by itself.
    assert_eq!(shown.count("[data-copy=value]"), 4);
    assert_eq!(shown.count("[data-copy=contact]"), 1);
}

#[tokio::test]
async fn each_section_leads_to_its_place_in_the_form() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let path = format!("/contacts/{}", ada.id);
    let shown = page(&app, &format!("{path}?q=ada")).await;
    assert_eq!(
        shown.texts(".section h2"),
        ["Email and phone", "Addresses", "Notes"]
    );
    assert_eq!(
        shown.texts(".section header a"),
        ["Edit email and phone", "Edit addresses", "Edit notes"]
    );
    let hrefs = shown.attributes(".section header a", "href");
    assert_eq!(hrefs[1], format!("{path}/edit?q=ada&field=addresses"));
    // What the contact does not say is offered, and nothing else.
    assert_eq!(shown.texts(".offers a"), ["Add birthday"]);

    for (field, first) in [
        ("emails", "emails.0"),
        ("addresses", "addresses.0.street"),
        ("birthday", "birthday"),
        ("notes", "notes"),
        ("nothing", "name"),
    ] {
        let form = page(&app, &format!("{path}/edit?field={field}")).await;
        let focused = form.attributes("#contact-form [autofocus]", "name");
        assert_eq!(focused, [first], "{field}");
        let in_closed = "details:not([open]) [autofocus]";
        assert!(!form.has(in_closed), "{field}");
    }
}

#[tokio::test]
async fn a_form_begins_under_the_name_of_its_contact() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let path = format!("/contacts/{}", ada.id);
    let (contact, form) = (
        page(&app, &path).await,
        page(&app, &format!("{path}/edit")).await,
    );
    assert_eq!(contact.texts("h1"), ["Ada Lovelace"]);
    assert_eq!(form.texts("h1"), ["Edit Ada Lovelace"]);
    for shown in [&contact, &form] {
        assert_eq!(shown.texts(".person-name p"), ["Engines"]);
        assert!(shown.has(".sheet .person .avatar"));
    }
}

#[tokio::test]
async fn a_contact_says_when_it_was_changed() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let path = format!("/contacts/{}", ada.id);
    assert!(!page(&app, &path).await.text().contains("Changed"));
    let request = app.request(Method::PATCH, &format!("/api{path}"));
    let changed = contact(send(request.json(&json!({ "name": "Ada King" }))).await).await;
    let shown = page(&app, &path).await;
    let times = shown.attributes("p > time[data-age]", "datetime");
    assert_eq!(times, [changed.updated_at]);
    let text = shown.texts("p > time[data-age]");
    assert!(text[0].ends_with(" UTC"), "{text:?}");
    let activities = shown.count(".activities li");
    assert_eq!(shown.count(".activities time[data-age]"), activities);
}
