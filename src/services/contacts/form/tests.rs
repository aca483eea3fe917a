//! What a form has in it.

use super::*;
use crate::services::contacts::fields::Required;

fn fields(inputs: &[(&str, &str)]) -> ContactFields {
    let input = ContactInput::of_form(&owned(inputs));
    ContactFields::parse(&input, &ContactFields::default(), Required::AnyField).expect("valid")
}

fn owned(inputs: &[(&str, &str)]) -> Vec<(String, String)> {
    let inputs = inputs.iter();
    inputs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn field<'a>(sections: &'a [FormSection], name: &str) -> &'a FormField {
    let mut fields = sections.iter().flat_map(|section| &section.fields);
    fields
        .find(|field| field.name == name)
        .expect("it is there")
}

#[test]
fn a_new_form_shows_what_people_ask_for_first() {
    let sections = sections(&ContactFields::default(), &ContactInput::default());
    let open: Vec<&FormSection> = sections.iter().filter(|section| section.is_open).collect();
    assert_eq!(open.len(), 1);
    let names: Vec<&str> = open[0]
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    assert_eq!(names, ["name", "emails", "phones", "company", "notes"]);
    let emails = field(&sections, "emails");
    assert_eq!(emails.entries.len(), 1);
    assert_eq!(emails.another[0].name, "emails.1");
}

#[test]
fn sections_with_something_in_them_are_open() {
    let sections = sections(
        &fields(&[("birthday", "1815-12-10")]),
        &ContactInput::default(),
    );
    let dates = sections
        .iter()
        .find(|section| section.title == "Birthday and dates");
    assert!(dates.expect("it is there").is_open);
}

#[test]
fn what_was_typed_stands_over_what_was_saved() {
    let saved = fields(&[
        ("name", "Ada"),
        ("emails.0", "a@example.com"),
        ("emails.1", "b@example.com"),
    ]);
    let typed = [
        ("email", "c@example.com"),
        ("phones.0", "1"),
        ("phones.0.label", "home"),
    ];
    let sections = sections(&saved, &ContactInput::of_form(&owned(&typed)));
    let values = |name: &str| -> Vec<String> {
        let entries = field(&sections, name).entries.iter();
        entries.map(|inputs| inputs[0].value.clone()).collect()
    };
    assert_eq!(values("name"), ["Ada"]);
    assert_eq!(values("emails"), ["c@example.com", "b@example.com"]);
    assert_eq!(values("phones"), ["1"]);
    assert_eq!(field(&sections, "phones").entries[0][1].value, "home");
}

#[test]
fn items_of_a_list_keep_their_commas() {
    let saved = fields(&[
        ("name", "Ada"),
        ("nicknames", "Addy, \"Smith, the \"\"elder\"\"\""),
    ]);
    let texts: Vec<&str> = saved
        .get(Field::Nicknames)
        .iter()
        .map(|entry| entry.value())
        .collect();
    assert_eq!(texts, ["Addy", "Smith, the \"elder\""]);
    let sections = sections(&saved, &ContactInput::default());
    assert_eq!(
        field(&sections, "nicknames").entries[0][0].value,
        "Addy, \"Smith, the \"\"elder\"\"\""
    );
}
