//! What is read from a card, and that an edit leaves the rest of it as it was.

use kith_card::Label;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::services::contacts::fields::ContactInput;
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

/// The fields of a card, with what is typed over them.
fn edited(card: &ContactCard, typed: ContactInput) -> ContactFields {
    ContactFields::parse(&typed, &card.fields(), Required::AnyField).expect("valid fields")
}

fn typed(field: Field, text: &str) -> ContactInput {
    ContactInput::default().with(field, text)
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
            fields: summary.fields.clone(),
            photo: None,
        }
    );
    let said = Value::Object(summary.fields);
    assert_eq!(
        said,
        json!({
            "nameParts": { "family": "Lovelace", "given": "Ada" },
            "emails": [
                { "value": "ada@work.example", "label": "work", "deliverable": true },
                { "value": "ada@home.example", "label": "home page", "preferred": true, "deliverable": true },
            ],
            "phones": [{ "value": "+44 20 7946 0000", "label": "mobile", "dialled": "+442079460000" }],
            "department": "Research",
        })
    );
}

#[test]
fn an_edit_changes_the_line_of_what_it_touches() {
    let mut card = card(APPLE);
    let before = lines(&card);
    card.apply(&edited(
        &card,
        typed(Field::Emails, "countess@home.example"),
    ));
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
    let fields = edited(&card, ContactInput::default());
    card.apply(&fields);
    assert_eq!(card.bytes(), APPLE.as_bytes());
}

#[test]
fn a_company_without_a_department_leaves_the_department() {
    let mut card = card(APPLE);
    card.apply(&edited(&card, typed(Field::Company, "")));
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
    let uri = "BEGIN:VCARD\nVERSION:4.0\nTEL;VALUE=uri:tel:+442079460000\nEND:VCARD\n";
    assert_eq!(card(uri).summary().name, "+442079460000");
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
    assert_eq!(
        card.summary().name.chars().count(),
        Field::Name.spec().max_chars
    );
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

#[test]
fn a_name_follows_its_parts_unless_it_says_something_else() {
    let parts = |given: &str| {
        let inputs = [("nameParts.given", given), ("nameParts.family", "Lovelace")];
        let inputs = inputs.map(|(name, text)| (name.to_owned(), text.to_owned()));
        ContactInput::of_form(&inputs)
    };
    let mut card = card(APPLE);
    card.apply(&edited(&card, parts("Augusta")));
    assert_eq!(card.summary().name, "Augusta Lovelace");
    card.apply(&edited(&card, typed(Field::Name, "The Countess")));
    assert_eq!(lines(&card)[3], "N:Countess;The;;;");
    card.apply(&edited(
        &card,
        parts("Ada").with(Field::Name, "Enchantress"),
    ));
    assert_eq!(card.summary().name, "Enchantress");
    card.apply(&edited(&card, parts("Augusta")));
    assert_eq!(card.summary().name, "Enchantress");
    // Without parts, the name says them.
    card.apply(&edited(
        &card,
        ContactInput::of_form(&[("nameParts.given".to_owned(), String::new())]),
    ));
    assert_eq!(card.summary().name, "Enchantress");
    assert_eq!(lines(&card)[3], "N:;Enchantress;;;");
}

#[test]
fn a_label_and_a_preference_are_edited_without_the_text() {
    let long = "x".repeat(400);
    let text = format!("BEGIN:VCARD\nVERSION:3.0\nFN:Ada\nTEL;X-A=b:{long}\nTEL:2\nEND:VCARD\n");
    let mut card = card(&text);
    let shown = card
        .fields()
        .text(Field::Phones)
        .expect("a number")
        .to_owned();
    assert_eq!(shown.chars().count(), 200);
    let inputs = [
        ("phones.0", shown.as_str()),
        ("phones.0.label", "work"),
        ("phones.1", "2"),
        ("phones.preferred", "phones.1"),
    ];
    let inputs = inputs.map(|(name, text)| (name.to_owned(), text.to_owned()));
    card.apply(&edited(&card, ContactInput::of_form(&inputs)));
    let fields = card.fields();
    let phones = fields.get(Field::Phones);
    assert_eq!(phones[0].label.as_ref().map(Label::words), Some("work"));
    assert!(phones[1].preferred && !phones[0].preferred);
    let unfolded = String::from_utf8(card.bytes().to_vec()).expect("text");
    let unfolded = unfolded.replace("\n ", "");
    assert!(unfolded.contains(&long), "the whole text stays: {unfolded}");
}

#[test]
fn entries_beyond_the_most_that_are_shown_stay() {
    let numbers: String = (0..MAX_ENTRIES + 20)
        .map(|number| format!("TEL:{number}00\n"))
        .collect();
    let text = format!("BEGIN:VCARD\nVERSION:3.0\nFN:Ada\n{numbers}END:VCARD\n");
    let mut card = card(&text);
    assert_eq!(card.fields().get(Field::Phones).len(), MAX_ENTRIES);
    card.apply(&edited(&card, typed(Field::Phones, "new")));
    let after = lines(&card);
    assert_eq!(
        after.iter().filter(|line| line.starts_with("TEL:")).count(),
        MAX_ENTRIES + 20
    );
    assert!(after.contains(&"TEL:new".to_owned()));
}

proptest! {
    #[test]
    fn a_new_card_says_what_its_form_said(
        texts in proptest::collection::vec((0..Field::ALL.len(), "\\PC{0,40}", "\\PC{0,12}"), 1..8),
    ) {
        let mut inputs = Vec::new();
        for (number, (index, text, label)) in texts.into_iter().enumerate() {
            let field = Field::ALL[index];
            let name = crate::services::contacts::fields::entry_name(field, number);
            match field.spec().kind {
                Kind::Parts(parts) => {
                    let part = &parts[number % parts.len()];
                    inputs.push((format!("{name}.{}", part.name), text));
                }
                _ => inputs.push((name.clone(), text)),
            }
            inputs.push((format!("{name}.label"), label));
        }
        let typed = ContactInput::of_form(&inputs);
        let fields = ContactFields::parse(&typed, &ContactFields::default(), Required::AnyField);
        if let Ok(fields) = fields {
            let card = ContactCard::new(ContactId::new(Uuid::nil()), &fields);
            let read = ContactCard::parse(card.bytes()).expect("a card").fields();
            for &field in Field::ALL {
                // The name and its parts follow each other.
                if !matches!(field, Field::Name | Field::NameParts) {
                    prop_assert_eq!(read.get(field), fields.get(field), "{:?}", field);
                }
            }
            if let Some(name) = fields.text(Field::Name) {
                prop_assert_eq!(read.text(Field::Name), Some(name));
            }
            let mut again = card.clone();
            again.apply(&read);
            prop_assert_eq!(again.bytes(), card.bytes());
        }
    }
}
