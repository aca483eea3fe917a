//! Contacts as files of vCards.

use kith_card::Limits;
use kith_card::split;
use reqwest::Method;
use reqwest::StatusCode;

use crate::app::TestApp;
use crate::app::header;
use crate::app::send;

/// More than a page of the export.
const CONTACTS: usize = 230;

#[tokio::test]
async fn a_contact_is_saved_as_its_card() {
    let app = TestApp::start().await;
    let ada = app.create("Ada \"Ü\"; Lovelace", "ada@example.com").await;
    let path = format!("/contacts/{}/card.vcf", ada.id);
    let saved = send(app.request(Method::GET, &path)).await;
    assert_eq!(saved.status(), StatusCode::OK);
    assert_eq!(header(&saved, "content-type"), "text/vcard; charset=utf-8");
    assert_eq!(
        header(&saved, "content-disposition"),
        "attachment; filename=\"contacts.vcf\"; filename*=UTF-8''Ada%20%22%C3%9C%22%3B%20Lovelace.vcf"
    );
    let text = saved.text().await.expect("a body");
    let expected = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:urn:uuid:{}\r\nN:Lovelace;Ada \"Ü\"\\;;;;\r\n\
         FN:Ada \"Ü\"\\; Lovelace\r\nEMAIL:ada@example.com\r\nEND:VCARD\r\n",
        ada.id
    );
    assert_eq!(text, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_contacts_of_a_book_are_saved_and_the_trash_is_not() {
    let app = TestApp::start().await;
    let mut expected = Vec::new();
    for number in 0..CONTACTS {
        let contact = app
            .create(&format!("Ada {number}"), "ada@example.com")
            .await;
        let path = format!("/contacts/{}/card.vcf", contact.id);
        let card = send(app.request(Method::GET, &path)).await;
        expected.push(card.bytes().await.expect("a body").to_vec());
        if number == 7 {
            let path = format!("/api/contacts/{}", contact.id);
            let deleted = send(app.request(Method::DELETE, &path)).await;
            assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
            expected.pop();
            let path = format!("/contacts/{}/card.vcf", contact.id);
            let gone = send(app.request(Method::GET, &path)).await;
            assert_eq!(gone.status(), StatusCode::NOT_FOUND);
        }
    }
    let saved = send(app.request(Method::GET, "/contacts/export.vcf")).await;
    assert_eq!(saved.status(), StatusCode::OK);
    // No shared cache may keep contacts.
    assert_eq!(saved.headers()["cache-control"], "private, no-cache");
    let saved = saved.bytes().await.expect("a body");
    let cards: Vec<_> = split(&saved[..], Limits::default())
        .map(|card| card.expect("a card").bytes)
        .collect();
    assert_eq!(cards, expected);
    let log = send(app.request(Method::GET, "/api/audit")).await;
    let log: serde_json::Value = log.json().await.expect("JSON");
    assert_eq!(log["entries"][0]["kind"], "contacts_exported", "{log}");
}
