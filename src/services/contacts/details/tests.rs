//! What people read of a contact.

use super::*;
use crate::services::contacts::labels::LabelColour;

fn contact(fields: serde_json::Value, notes: Option<&str>) -> Contact {
    Contact {
        id: "01a21781-4da9-77fc-bc25-b4ab41265a39"
            .parse()
            .expect("an id"),
        name: "Ada".to_owned(),
        email: None,
        phone: None,
        company: Some("Engines".to_owned()),
        notes: notes.map(str::to_owned),
        fields: fields.as_object().expect("an object").clone(),
        photo: None,
        created_at: String::new(),
        updated_at: String::new(),
        version: 1,
    }
}

fn details(contact: &Contact) -> ContactDetails {
    ContactDetails::of(contact, Activities::default())
}

fn said(details: &ContactDetails, label: &str) -> Vec<(String, String, String)> {
    let field = details.fields.iter().find(|field| field.label == label);
    let entries = field.expect("it is shown").entries.iter();
    entries
        .map(|entry| {
            let text: Vec<&str> = entry
                .pieces
                .iter()
                .map(|piece| piece.text.as_str())
                .collect();
            (text.concat(), entry.label.clone(), entry.remark.clone())
        })
        .collect()
}

fn row(text: &str, label: &str, remark: &str) -> (String, String, String) {
    (text.to_owned(), label.to_owned(), remark.to_owned())
}

#[test]
fn entries_have_their_labels_and_remarks() {
    let details = details(&contact(
        serde_json::json!({
            "title": "Analyst",
            "phones": [
                { "value": "1-800-ADA", "label": "summer house" },
                { "value": "+44 20 7946 0000", "label": "work", "preferred": true },
            ],
            "emails": [{ "value": "gone" }],
            "addresses": [{ "street": "12 St James", "postalCode": "SW1Y", "city": "London", "country": "England" }],
            "birthday": "--12-10", "anniversary": "1835-07-08",
        }),
        None,
    ));
    assert_eq!(details.subtitle, "Analyst · Engines");
    assert_eq!(
        said(&details, "Phone"),
        [
            row("1-800-ADA", "summer house", "This cannot be dialled."),
            row("+44 20 7946 0000", "work, preferred", ""),
        ]
    );
    assert_eq!(
        said(&details, "Email"),
        [row("gone", "", "No mail can reach this address.")]
    );
    assert_eq!(
        said(&details, "Address"),
        [row("12 St James\nSW1Y London\nEngland", "", "")]
    );
    assert_eq!(said(&details, "Birthday"), [row("10 December", "", "")]);
    assert_eq!(said(&details, "Anniversary"), [row("8 July 1835", "", "")]);
    let actions: Vec<&str> = details
        .links
        .iter()
        .map(|action| action.href.as_str())
        .collect();
    assert_eq!(
        actions,
        [
            "tel:+442079460000",
            "sms:+442079460000",
            "https://www.openstreetmap.org/search?query=12%20St%20James%2C%20SW1Y%2C%20London%2C%20England",
            "company:\"Engines\"",
        ]
    );
}

#[test]
fn a_contact_is_called_by_a_number_that_can_be_dialled() {
    let details = details(&contact(
        serde_json::json!({
            "phones": [{ "value": "call me", "preferred": true }, { "value": "+44 20" }],
            "emails": [{ "value": "gone" }],
        }),
        None,
    ));
    let hrefs: Vec<&str> = details
        .links
        .iter()
        .map(|link| link.href.as_str())
        .collect();
    let colleagues = "company:\"Engines\"";
    assert_eq!(hrefs, ["tel:+4420", "sms:+4420", colleagues]);
}

#[test]
fn what_a_contact_does_not_say_is_offered() {
    let details = details(&contact(
        serde_json::json!({ "phones": [{ "value": "+44 20" }] }),
        Some("Notes"),
    ));
    let offered: Vec<&str> = details.missing.iter().map(|(name, _)| *name).collect();
    assert_eq!(offered, ["emails", "addresses", "birthday"]);
    let sections: Vec<&str> = details.fields.iter().map(|field| field.section).collect();
    assert_eq!(sections, ["Email and phone", "Notes"]);
}

#[test]
fn links_in_notes_can_be_followed() {
    let details = details(&contact(
        serde_json::json!({}),
        Some("See https://example.com/a?b=c. Or (http://example.org)! javascript:alert(1)"),
    ));
    let notes = details.fields.last().expect("they are shown");
    let pieces: Vec<(&str, &str)> = notes.entries[0]
        .pieces
        .iter()
        .map(|piece| (piece.text.as_str(), piece.href.as_str()))
        .collect();
    assert_eq!(
        pieces,
        [
            ("See ", ""),
            ("https://example.com/a?b=c", "https://example.com/a?b=c"),
            (". Or (", ""),
            ("http://example.org", "http://example.org"),
            (")! javascript:alert(1)", ""),
        ]
    );
}

#[test]
fn a_website_is_a_link_only_where_it_leads_to_one() {
    let details = details(&contact(
        serde_json::json!({ "websites": [
            { "value": "example.com/~ada" }, { "value": "javascript:alert(1)" }, { "value": "HTTPS://example.com" },
        ] }),
        None,
    ));
    let websites = details.fields.iter().find(|field| field.label == "Website");
    let hrefs: Vec<&str> = websites
        .expect("they are shown")
        .entries
        .iter()
        .map(|entry| entry.pieces[0].href.as_str())
        .collect();
    assert_eq!(
        hrefs,
        ["https://example.com/~ada", "", "HTTPS://example.com"]
    );
}

#[test]
fn a_mailto_link_escapes_what_would_add_a_header() {
    assert_eq!(mailto("ada+x@example.com"), "mailto:ada+x@example.com");
    assert_eq!(
        mailto("a?bcc=b&c%0D@example.com"),
        "mailto:a%3Fbcc%3Db%26c%250D@example.com"
    );
}

#[test]
fn a_label_leads_to_its_contacts_and_a_favourite_is_a_star() {
    let fields = serde_json::json!({ "labels": ["vip", "Gone", "Book club"], "favourite": true });
    let label = |number, name: &str| Label {
        id: LabelId(uuid::Uuid::from_u128(number)),
        name: name.to_owned(),
        colour: LabelColour::Pink,
        contacts: 1,
    };
    let labels = [
        label(1, "VIP"),
        label(2, "Book club"),
        label(3, ","),
        label(4, "Other"),
    ];
    for (book, prefix) in [("", ""), ("b", "book=b&")] {
        let details = details(&contact(fields.clone(), None)).with_lists(&labels, book);
        assert!(details.favourite);
        let field = details.fields.iter().find(|field| field.label == "Labels");
        let field = field.expect("it has labels");
        let pieces = &field.entries[0].pieces;
        let pieces: Vec<_> = pieces
            .iter()
            .map(|piece| {
                (
                    piece.text.as_str(),
                    piece
                        .href
                        .replace("00000000-0000-0000-0000-00000000000", ""),
                )
            })
            .collect();
        let link = |number: u8| format!("/contacts?{prefix}label={number}");
        let none = String::new;
        let expected = [
            ("vip", link(1)),
            (" ", none()),
            ("Gone", none()),
            (" ", none()),
            ("Book club", link(2)),
        ];
        assert_eq!(pieces, expected);
    }
}

#[test]
fn a_company_and_a_city_lead_to_those_who_share_them() {
    let fields = serde_json::json!({ "addresses": [
        { "street": "1 \"The\" Way", "city": "Ulm \"A\"", "postalCode": "89073", "country": "Germany" },
        { "city": "Ulm" }, { "street": "Ulm Street" },
    ] });
    let details = details(&contact(fields, None)).with_lists(&[], "b");
    let pieces = |label: &str| -> Vec<(String, String)> {
        let field = details.fields.iter().find(|field| field.label == label);
        let entries = field.expect("it is shown").entries.iter();
        let pieces = entries.flat_map(|entry| entry.pieces.clone());
        pieces.map(|piece| (piece.text, piece.href)).collect()
    };
    let piece = |text: &str, href: &str| (text.to_owned(), href.to_owned());
    let colleagues = details.links.last().expect("it has a company");
    assert_eq!(
        colleagues.href,
        "/contacts?book=b&q=company%3A%22Engines%22"
    );
    assert_eq!(
        pieces("Address"),
        [
            piece("1 \"The\" Way\n89073 ", ""),
            piece("Ulm \"A\"", "/contacts?book=b&q=city%3A%22Ulm++A+%22"),
            piece("\nGermany", ""),
            piece("Ulm", "/contacts?book=b&q=city%3A%22Ulm%22"),
            piece("Ulm Street", ""),
        ]
    );
}
