//! That a field is described in one place: `Shoe` stands in the catalogue of the tests, and nowhere else.

use std::collections::BTreeSet;

use serde_json::Value;
use serde_json::json;

use super::*;
use crate::model::contact::Activities;
use crate::model::contact::Contact;
use crate::model::contact::ContactDetails;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::fields::Required;
use crate::services::contacts::fields::schema;
use crate::services::contacts::form::sections;

#[test]
fn a_field_that_is_added_is_everywhere() {
    // What a program sends,
    let members = json!({ "name": "Ada", "shoes": [{ "value": "38", "label": "left" }] });
    let members = members.as_object().expect("an object").clone();
    let input = ContactInput::of_json(members).expect("fields");
    let fields = ContactFields::parse(&input, &ContactFields::default(), Required::AnyField);
    let fields = fields.expect("valid");
    // stands in the card,
    let id = "01a21781-4da9-77fc-bc25-b4ab41265a39"
        .parse()
        .expect("an id");
    let card = ContactCard::new(id, &fields);
    let text = std::str::from_utf8(card.bytes()).expect("text");
    assert!(text.contains("X-SHOE-SIZE:38\r\n"), "{text}");
    // in the answer,
    let summary = card.summary();
    assert_eq!(summary.fields["shoes"][0]["value"], "38");
    assert_eq!(
        schema(Field::Shoe)["items"]["properties"]["value"]["maxLength"],
        200
    );
    // on the page of the contact,
    let contact = Contact {
        id,
        name: summary.name,
        email: None,
        phone: None,
        company: None,
        notes: None,
        fields: summary.fields,
        photo: None,
        created_at: String::new(),
        updated_at: String::new(),
        version: 1,
    };
    let details = ContactDetails::of(&contact, Activities::default());
    let shown = details
        .fields
        .iter()
        .find(|field| field.label == "Shoe size");
    let shown = shown.expect("it is shown");
    assert_eq!(shown.entries[0].pieces[0].text, "38");
    assert_eq!(shown.entries[0].label, "left");
    // in the form,
    let sections = sections(&card.fields(), &ContactInput::default());
    let fields = sections.iter().flat_map(|section| &section.fields);
    let field = fields.clone().find(|field| field.name == "shoes");
    let field = field.expect("it has inputs");
    assert_eq!(field.entries[0][0].name, "shoes.0");
    assert_eq!(field.entries[0][0].value, "38");
    assert_eq!(field.suggested, ["left", "right"]);
    // and in the history.
    assert_eq!(Field::words_of("shoes"), "shoe size");
}

#[test]
fn names_are_used_once() {
    let names = Field::ALL.iter().flat_map(|field| {
        let spec = field.spec();
        [Some(spec.name), spec.first].into_iter().flatten()
    });
    let names: Vec<&str> = names.collect();
    let different: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(names.len(), different.len());
    // An input is called by the name of its field, an index and a part.
    assert!(
        names
            .iter()
            .all(|name| name.chars().all(|c| c.is_ascii_alphabetic()))
    );
}

#[test]
fn each_field_has_a_schema_that_its_own_json_fits() {
    for &field in Field::ALL {
        let schema = schema(field);
        assert!(schema["type"].is_array(), "{field:?} may be null: {schema}");
        if field.has_labels() {
            assert_eq!(schema["items"]["additionalProperties"], Value::Bool(false));
        }
    }
}

#[test]
fn fields_are_enumerated_in_a_sentence() {
    assert_eq!(in_words(&[]), "");
    assert_eq!(in_words(&[Field::Phones]), "the phone");
    assert_eq!(
        in_words(&[Field::Name, Field::Phones, Field::Notes]),
        "the name, the phone and the notes"
    );
}
