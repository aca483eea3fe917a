//! What is read from a card, and that an edit leaves the rest of it as it was.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::contact::ContactDraft;
use crate::services::contacts::fields::Required;

const APPLE: &str = "BEGIN:VCARD\r
VERSION:3.0\r
PRODID:-//Apple Inc.//macOS 15.5//EN\r
N:Lovelace;Ada;;;\r
FN:Ada Lovelace\r
ORG:Analytical Engines\\, Ltd.;Research\r
EMAIL;type=INTERNET;type=WORK:ada@work.example\r
item1.EMAIL;type=INTERNET;type=pref:ada@home.example\r
item1.X-ABLabel:_$!<HomePage>!$_\r
TEL;type=CELL;type=VOICE:+44 20 7946 0000\r
X-SOCIALPROFILE;type=mastodon:https://example.social/@ada\r
NOTE:first\\nsecond\r
UID:5C0D2D1B-8D1B-4C6C-9D8F-1E2F3A4B5C6D\r
END:VCARD\r
";

fn card(text: &str) -> ContactCard {
    ContactCard::parse(text).expect("a card")
}

fn lines(card: &ContactCard) -> Vec<String> {
    let text = std::str::from_utf8(card.bytes()).expect("text");
    text.lines().map(str::to_owned).collect()
}

/// The fields that a form has of a card, with what is typed over them.
fn edited(card: &ContactCard, edit: impl FnOnce(&mut ContactDraft)) -> ContactFields {
    let summary = card.summary();
    let saved = ContactDraft {
        name: summary.name,
        email: summary.email.unwrap_or_default(),
        phone: summary.phone.unwrap_or_default(),
        company: summary.company.unwrap_or_default(),
        notes: summary.notes.unwrap_or_default(),
    };
    let mut draft = saved.clone();
    edit(&mut draft);
    ContactFields::parse_edited(&draft, &saved, Required::AnyField).expect("valid fields")
}

#[test]
fn the_preferred_entries_are_what_columns_say() {
    let summary = card(APPLE).summary();
    assert_eq!(
        summary,
        Summary {
            name: "Ada Lovelace".to_owned(),
            email: Some("ada@home.example".to_owned()),
            phone: Some("+44 20 7946 0000".to_owned()),
            company: Some("Analytical Engines, Ltd.".to_owned()),
            notes: Some("first\nsecond".to_owned()),
        }
    );
}

#[test]
fn an_edit_changes_the_line_of_what_it_touches() {
    let mut card = card(APPLE);
    let before = lines(&card);
    card.apply(&edited(&card, |draft| {
        draft.email = "countess@home.example".to_owned();
    }));
    let after = lines(&card);
    let differ: Vec<_> = before
        .iter()
        .zip(&after)
        .filter(|(one, other)| one != other)
        .collect();
    assert_eq!(before.len(), after.len());
    assert_eq!(differ.len(), 1);
    assert_eq!(
        differ[0].1,
        "item1.EMAIL;type=INTERNET;type=pref:countess@home.example"
    );
}

#[test]
fn an_edit_that_says_the_same_changes_no_byte() {
    let mut card = card(APPLE);
    let fields = edited(&card, |_| {});
    card.apply(&fields);
    assert_eq!(card.bytes(), APPLE.as_bytes());
}

#[test]
fn a_company_without_a_department_leaves_the_department() {
    let mut card = card(APPLE);
    card.apply(&edited(&card, |draft| draft.company.clear()));
    assert!(lines(&card).contains(&"ORG:;Research".to_owned()));
}

#[test]
fn a_contact_without_a_name_is_called_what_else_it_says() {
    let named = |line: &str| {
        let text = format!("BEGIN:VCARD\nVERSION:3.0\n{line}\nEND:VCARD\n");
        card(&text).summary().name
    };
    assert_eq!(
        named("N:Lovelace;Ada;King;Dr.;PhD"),
        "Dr. Ada King Lovelace PhD"
    );
    assert_eq!(named("NICKNAME:Countess,Addy"), "Countess");
    assert_eq!(named("ORG:Analytical Engines"), "Analytical Engines");
    assert_eq!(named("EMAIL:ada@example.com"), "ada@example.com");
    assert_eq!(named("TEL:tel:+442079460000"), "+442079460000");
    assert_eq!(named("X-OTHER:something"), "No name");
}

#[test]
fn what_a_card_says_fits_the_columns() {
    let text = format!(
        "BEGIN:VCARD\nVERSION:3.0\nFN:{}\nUID:{}\nEND:VCARD\n",
        "x".repeat(300),
        "u".repeat(2_000),
    );
    let card = card(&text);
    assert_eq!(card.summary().name.chars().count(), Name::MAX_CHARS);
    assert_eq!(card.uid(), None);
    assert_eq!(card.bytes(), text.as_bytes());
}

#[test]
fn a_name_in_one_piece_has_parts_as_phones_show_them() {
    let parts = |name: &str| parts_of(name).map(|part| part).to_vec();
    assert_eq!(
        parts("Ada King Lovelace"),
        ["Lovelace", "Ada King", "", "", ""]
    );
    assert_eq!(parts("Cher"), ["", "Cher", "", "", ""]);
    assert_eq!(parts("山田 太郎"), ["山田", "太郎", "", "", ""]);
}

proptest! {
    #[test]
    fn a_new_card_says_what_its_form_said(
        name in "\\PC{0,40}", company in "\\PC{0,40}", notes in "[\\PC\n\t]{0,200}",
    ) {
        let draft = ContactDraft { name, company, notes, email: "ada@example.com".to_owned(), phone: "112".to_owned() };
        if let Ok(fields) = ContactFields::parse(&draft, Required::AnyField) {
            let card = ContactCard::new(ContactId::new(Uuid::nil()), &fields);
            let said = ContactDraft::from(fields.clone());
            let summary = ContactCard::parse(card.bytes()).expect("a card").summary();
            if fields.name.is_some() {
                prop_assert_eq!(summary.name, said.name);
            }
            prop_assert_eq!(summary.company.unwrap_or_default(), said.company);
            prop_assert_eq!(summary.notes.unwrap_or_default(), said.notes);
        }
    }
}
