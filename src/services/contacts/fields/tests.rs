//! What the fields accept, what they refuse and in which words.

use proptest::prelude::*;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::*;
use crate::model::form::FormView;
use crate::model::language::Language;
use crate::services::contacts::form::sections;

fn input(name: &str, email: &str) -> ContactInput {
    ContactInput::default()
        .with(Field::Name, name)
        .with(Field::Emails, email)
}

fn parse(input: &ContactInput, required: Required) -> Result<ContactFields, AppError> {
    ContactFields::parse(input, &ContactFields::default(), required)
}

/// The summary and, for each input, its message.
fn refused(input: &ContactInput) -> (String, Vec<(String, String)>) {
    match parse(input, Required::NameAndEmail) {
        Err(AppError::Invalid { detail, fields }) => (
            detail,
            fields
                .into_iter()
                .map(|error| (error.field, error.message))
                .collect(),
        ),
        other => panic!("expected refused fields, got {other:?}"),
    }
}

#[test]
fn what_was_typed_becomes_fields() {
    let typed = input(" Ada   Lovelace ", "Ada@Example.COM")
        .with(Field::Phones, " +44 20 7946 0000 ")
        .with(Field::Company, "   ")
        .with(Field::Notes, "first\r\nsecond");
    let fields = parse(&typed, Required::NameAndEmail).expect("it is valid");
    assert_eq!(fields.text(Field::Name), Some("Ada Lovelace"));
    assert_eq!(fields.text(Field::Emails), Some("Ada@example.com"));
    assert_eq!(fields.text(Field::Phones), Some("+44 20 7946 0000"));
    assert_eq!(fields.text(Field::Company), None);
    assert_eq!(fields.text(Field::Notes), Some("first\nsecond"));
}

#[test]
fn nothing_is_refused_for_its_form() {
    for (field, typed, kept) in [
        (Field::Phones, "1-800-FLOWERS", "1-800-FLOWERS"),
        (Field::Phones, "tel:+1-555;ext=5", "tel:+1-555;ext=5"),
        (
            Field::Phones,
            "020 7946 0000 (work)",
            "020 7946 0000 (work)",
        ),
        (Field::Emails, "not an address", "not an address"),
        (Field::Emails, "Ada <Ada@EXAMPLE.com>", "Ada@example.com"),
        (Field::Emails, "mailto:ada@example.com", "ada@example.com"),
        (Field::Birthday, "12-10", "--12-10"),
        (Field::Birthday, "some day in May", "some day in May"),
        (Field::Websites, "example.com/~ada", "example.com/~ada"),
    ] {
        let typed = ContactInput::default().with(field, typed);
        let typed = match field {
            Field::Websites => {
                ContactInput::of_form(&[("websites.0".to_owned(), "example.com/~ada".to_owned())])
            }
            _ => typed,
        };
        let fields = parse(&typed, Required::AnyField).expect("it is kept");
        assert_eq!(fields.text(field), Some(kept));
    }
}

#[test]
fn a_name_that_was_pasted_with_an_address_is_the_name() {
    let fields = parse(
        &input("", "Ada Lovelace <ada@example.com>"),
        Required::NameAndEmail,
    );
    let fields = fields.expect("it has both");
    assert_eq!(fields.text(Field::Name), Some("Ada Lovelace"));
    let fields = parse(
        &input("Countess", "Ada <ada@example.com>"),
        Required::NameAndEmail,
    );
    assert_eq!(
        fields.expect("it has both").text(Field::Name),
        Some("Countess")
    );
}

#[test]
fn blank_required_fields_are_summed_up_in_the_words_that_programs_look_for() {
    let (detail, fields) = refused(&input("", " "));
    assert_eq!(detail, "Name and email are required");
    assert_eq!(
        fields,
        [
            ("name".to_owned(), "Enter a name.".to_owned()),
            (
                "email".to_owned(),
                "Enter an email address, like ada@example.com.".to_owned()
            ),
        ]
    );
    // A program that knows lists of addresses knows that any field is enough.
    let members = json!({ "emails": [], "title": "Countess" });
    let listed = ContactInput::of_json(members.as_object().expect("members").clone());
    assert!(parse(&listed.expect("fields"), Required::NameAndEmail).is_ok());
}

#[test]
fn one_refused_field_is_its_own_summary() {
    let (detail, fields) = refused(&input(&"x".repeat(214), "ada@example.com"));
    assert_eq!(detail, "Use at most 200 characters; this has 214.");
    assert_eq!(fields, [("name".to_owned(), detail)]);
}

#[test]
fn several_refused_fields_are_summed_up() {
    let typed = input("Ada", "ada@example.com")
        .with(Field::Phones, "1".repeat(201))
        .with(Field::Notes, "a\0b");
    let (detail, fields) = refused(&typed);
    assert_eq!(detail, "Some fields need another look.");
    assert_eq!(
        fields,
        [
            (
                "phone".to_owned(),
                "Use at most 200 characters; this has 201.".to_owned()
            ),
            (
                "notes".to_owned(),
                "Remove the control character U+0000.".to_owned()
            ),
        ]
    );
}

#[test]
fn errors_name_their_inputs() {
    let long = "x".repeat(300);
    let inputs = [
        ("addresses.2.city", long.as_str()),
        ("emails.1", "ada@example.com"),
        ("emails.1.label", &long),
        ("nameParts.given", &long),
    ];
    let inputs = inputs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (_, fields) = refused(&ContactInput::of_form(&inputs));
    let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["nameParts.given", "emails.1.label", "addresses.2.city"]
    );
}

#[test]
fn a_label_that_a_reader_of_another_language_has_left_stays_as_it_is() {
    for (label, changed) in [("home", "work"), ("privat", "work"), ("boat", "home")] {
        let inputs = |label: &str| {
            let inputs = [("emails.0", "ada@example.com"), ("emails.0.label", label)];
            inputs.map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let base = parse(&ContactInput::of_form(&inputs(label)), Required::AnyField);
        let base = base.expect("fields");
        let in_german = |shown: &str| {
            let typed = Language::German.within(|| ContactInput::of_form(&inputs(shown)));
            let typed = Language::German.within(|| typed.keeping_labels_of(&base));
            parse(&typed, Required::AnyField).expect("fields")
        };
        let form = Language::German.within(|| shown_label(label));
        assert_eq!(in_german(form), base, "{label}");
        let other = Language::German.within(|| shown_label(changed));
        let expected = parse(&ContactInput::of_form(&inputs(changed)), Required::AnyField);
        assert_eq!(in_german(other), expected.expect("fields"), "{label}");
    }
}

#[test]
fn a_label_outlives_a_change_of_the_language_and_of_the_entries_before_it() {
    let inputs = |first: &str, labels: [&str; 2]| {
        let inputs = [
            ("phones.0", first),
            ("phones.0.label", labels[0]),
            ("phones.1", "222"),
            ("phones.1.label", labels[1]),
        ];
        inputs.map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let parsed = |input: &ContactInput| parse(input, Required::AnyField).expect("fields");
    let base = parsed(&ContactInput::of_form(&inputs("111", ["home", "work"])));
    // A form that was drawn in German is saved in English.
    let german = Language::German.within(|| ["home", "work"].map(shown_label));
    let typed = ContactInput::of_form(&inputs("111", german)).keeping_labels_of(&base);
    assert_eq!(parsed(&typed), base);
    // An own word that German has for another label, before one of those labels.
    let base = parsed(&ContactInput::of_form(&inputs("111", ["privat", "home"])));
    let left = Language::German.within(|| {
        let typed = ContactInput::of_form(&inputs("", ["privat", "privat"]));
        typed.keeping_labels_of(&base)
    });
    let expected = parsed(&ContactInput::of_form(&inputs("", ["", "home"])));
    assert_eq!(parsed(&left), expected);
}

#[test]
fn a_field_has_so_many_entries_and_no_more() {
    let members = |count: usize| {
        let emails: Vec<Value> = (0..count)
            .map(|number| json!({ "value": format!("a{number}@example.com") }))
            .collect();
        let members = Map::from_iter([("emails".to_owned(), emails.into())]);
        ContactInput::of_json(members).expect("a list")
    };
    assert!(parse(&members(MAX_ENTRIES), Required::AnyField).is_ok());
    let (detail, fields) = refused(&members(MAX_ENTRIES + 1));
    assert_eq!(detail, "Use at most 100 of these.");
    assert_eq!(fields[0].0, "emails.100");
}

#[test]
fn limits_count_characters_and_hold_at_their_edge() {
    let too_long = |length, limit| Err(Refusal::TooLong { length, limit });
    assert!(clean(Field::Name, &"é".repeat(200)).is_ok());
    assert_eq!(clean(Field::Name, &"é".repeat(201)), too_long(201, 200));
    assert!(clean(Field::Company, &"王".repeat(200)).is_ok());
    assert!(clean(Field::Notes, &"n".repeat(10_000)).is_ok());
    assert!(clean(Field::Notes, &"n".repeat(10_001)).is_err());
    assert!(clean(Field::Phones, &"1".repeat(200)).is_ok());
    assert!(clean(Field::Phones, &"1".repeat(201)).is_err());
}

#[test]
fn text_far_over_a_limit_is_refused_before_it_is_cleaned() {
    let blank = |length: usize| " ".repeat(length);
    let too_long = |length, limit| Err(Refusal::TooLong { length, limit });
    assert_eq!(clean(Field::Name, &blank(1600)), Err(Refusal::Blank));
    assert_eq!(clean(Field::Name, &blank(1601)), too_long(1601, 200));
    assert_eq!(clean(Field::Notes, &blank(80_000)), Err(Refusal::Blank));
    assert_eq!(
        clean(Field::Notes, &blank(80_001)),
        too_long(80_001, 10_000)
    );
}

fn of_json(members: Value) -> Result<ContactInput, InputError> {
    ContactInput::of_json(members.as_object().expect("an object").clone())
}

#[test]
fn json_that_is_no_contact_is_told_where() {
    for (members, error) in [
        (json!({ "nmae": "Ada" }), "there is no field `nmae`"),
        (json!({ "name": 1 }), "`name` is not a text or null"),
        (json!({ "email": [] }), "`email` is not a text or null"),
        (
            json!({ "emails": "a@b" }),
            "`emails` is not a list of objects",
        ),
        (json!({ "emails": ["a@b"] }), "`emails.0` is not an object"),
        (
            json!({ "phones": [{ "value": "1", "kind": "work" }] }),
            "there is no field `phones.0.kind`",
        ),
        (
            json!({ "phones": [{ "value": "1" }, { "value": "1", "preferred": "yes" }] }),
            "`phones.1.preferred` is not true or false",
        ),
        (
            json!({ "nameParts": "Ada" }),
            "`nameParts` is not an object",
        ),
        (
            json!({ "addresses": [{ "town": "London" }] }),
            "there is no field `addresses.0.town`",
        ),
        (
            json!({ "favourite": "yes" }),
            "`favourite` is not true or false",
        ),
        (
            json!({ "labels": "friends" }),
            "`labels` is not a list of texts",
        ),
    ] {
        let refused = of_json(members).expect_err(error);
        assert_eq!(refused.to_string(), error);
    }
}

/// A contact that was read, changed in one place and sent back.
#[test]
fn the_first_entry_has_two_names_and_means_one_thing() {
    let saved = parse(
        &of_json(json!({ "name": "Ada", "emails": [
            { "value": "work@example.com", "label": "work" },
            { "value": "home@example.com", "preferred": true },
        ] }))
        .expect("fields"),
        Required::AnyField,
    )
    .expect("valid");
    let change = |members: Value| {
        let input = of_json(members).expect("fields");
        let fields = ContactFields::parse(&input, &saved, Required::NameAndEmail);
        let fields = fields.expect("valid");
        let entries = fields.get(Field::Emails).iter();
        entries
            .map(|entry| (entry.value().to_owned(), entry.preferred))
            .collect::<Vec<_>>()
    };
    let entry = |text: &str, preferred| (text.to_owned(), preferred);
    let list = json!([{ "value": "work@example.com" }, { "value": "home@example.com", "preferred": true }]);
    // Only `email` was changed.
    assert_eq!(
        change(json!({ "email": "new@example.com" })),
        [
            entry("work@example.com", false),
            entry("new@example.com", true)
        ]
    );
    assert_eq!(
        change(json!({ "email": "new@example.com", "emails": list })),
        [
            entry("work@example.com", false),
            entry("new@example.com", true)
        ]
    );
    // Only `emails` was changed.
    assert_eq!(
        change(json!({ "email": "home@example.com", "emails": [{ "value": "only@example.com" }] })),
        [entry("only@example.com", false)]
    );
    // `email` chooses one of them.
    assert_eq!(
        change(json!({ "email": "work@example.com", "emails": list })),
        [
            entry("work@example.com", true),
            entry("home@example.com", false)
        ]
    );
    // Null removes the first one.
    assert_eq!(
        change(json!({ "email": null })),
        [entry("work@example.com", false)]
    );
    assert_eq!(change(json!({ "emails": null, "title": "T" })), []);
}

#[test]
fn fields_are_the_same_again_out_of_their_json() {
    let members = json!({
        "name": "Ada", "nameParts": { "given": "Ada", "family": "Lovelace" }, "nicknames": ["Addy", "A, L"],
        "phones": [{ "value": "1-800-ADA", "label": "summer house", "preferred": true, "dialled": null }],
        "emails": [{ "value": "ada@example.com", "label": "work", "deliverable": true }],
        "addresses": [{ "street": "12 St James", "city": "London", "label": "home" }],
        "birthday": "1815-12-10", "favourite": true, "labels": ["friends"],
    });
    let fields = parse(
        &of_json(members.clone()).expect("fields"),
        Required::AnyField,
    );
    let fields = fields.expect("valid");
    assert_eq!(Value::Object(fields.to_json()), members);
    assert_eq!(ContactFields::of_json(&fields.to_json()), fields);
}

#[test]
fn addresses_that_are_accepted() {
    let longest_domain = [&"d".repeat(63)[..], &"e".repeat(63), &"f".repeat(61)].join(".");
    let longest = format!("{}@{longest_domain}", "l".repeat(64));
    assert_eq!(longest.len(), 254);

    for (typed, kept) in [
        ("ada@example.com", "ada@example.com"),
        (
            "  Ada.Lovelace+tag@EXAMPLE.com\n",
            "Ada.Lovelace+tag@example.com",
        ),
        (
            "o'brien_{}!#$%&*/=?^`|~-@example.co.uk",
            "o'brien_{}!#$%&*/=?^`|~-@example.co.uk",
        ),
        ("root@mail", "root@mail"),
        ("1@2.example", "1@2.example"),
        ("用户@例子.广告", "用户@例子.广告"),
        ("josé@EXÄMPLE.de", "josé@exämple.de"),
        ("अजय@डाटा.भारत", "अजय@डाटा.भारत"),
        ("ada@xn--exmple-cua.com", "ada@xn--exmple-cua.com"),
        ("ada@ｅｘａｍｐｌｅ．com", "ada@example.com"),
        ("\u{202A}ada@example.com\u{202C}", "ada@example.com"),
        (&longest, &longest),
    ] {
        assert_eq!(
            EmailAddress::parse(typed)
                .as_ref()
                .map(EmailAddress::as_str),
            Some(kept)
        );
    }
}

#[test]
fn addresses_that_are_refused() {
    for typed in [
        "ada",
        "@example.com",
        "ada@",
        "ada@@example.com",
        "ada@lovelace@example.com",
        "Ada <ada@example.com>",
        "<ada@example.com>",
        "\"ada\"@example.com",
        "ada(comment)@example.com",
        "ada@example.com, bob@example.com",
        "ada;bob@example.com",
        "mailto:ada@example.com",
        ".ada@example.com",
        "ada.@example.com",
        "a..da@example.com",
        "ada@.example.com",
        "ada@example.com.",
        "ada@example..com",
        "ada@-example.com",
        "ada@example-.com",
        "ada@exam_ple.com",
        "ada@exam ple.com",
        "a da@example.com",
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        "ada@example.com\r\nBcc: all@example.com",
        "ada\u{A0}@example.com",
        "ada，bob@example.com",
        "ada＜@example.com",
        "ad\u{627}\u{200C}a@example.com",
        "ada@exa\u{2100}mple.com",
        &format!("{}@example.com", "l".repeat(65)),
        &format!("ada@{}.com", "d".repeat(64)),
    ] {
        assert_eq!(EmailAddress::parse(typed), None, "{typed:?}");
    }
    let too_long = format!("ada@{}com", "d.".repeat(130));
    assert_eq!(EmailAddress::parse(&too_long), None);
    assert_eq!(EmailAddress::parse("ada\0@x.y"), None);
}

/// Text that gets past the first check often enough to try the others.
fn typed_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~\u{80}-\u{24F}\u{300}-\u{36F}\u{5D0}-\u{6FF}\u{900}-\u{97F}\u{200B}-\u{206F}\u{FF01}-\u{FF5E}]{0,40}",
        "[+0-9٠-٩()./#*,;x –-]{0,40}",
        "[a-zA-Zé中À.+ ]{0,8}@[a-zA-ZÉ中ß.\u{3002}-]{0,12}",
    ]
}

proptest! {
    #[test]
    fn cleaning_clean_text_changes_nothing(typed in typed_text(), index in 0..Field::ALL.len()) {
        let field = Field::ALL[index];
        if let Ok(text) = clean(field, &typed) {
            prop_assert!(!text.is_empty() && text.chars().count() <= field.spec().max_chars);
            prop_assert_eq!(text.trim(), text.as_str());
            prop_assert!(unicode_normalization::is_nfc(&text));
            prop_assert!(!text.chars().any(text::is_invisible));
            prop_assert!(!text.chars().any(|c| c.is_control() && !(c == '\n' || c == '\t')));
            prop_assert_eq!(clean(field, &text), Ok(text));
        }
    }

    #[test]
    fn an_address_can_never_extend_a_header(typed in typed_text()) {
        if let Some(address) = EmailAddress::parse(&typed) {
            let text = address.as_str();
            prop_assert!(text.len() <= EmailAddress::MAX_BYTES);
            prop_assert_eq!(text.matches('@').count(), 1);
            prop_assert!(!text.contains(|c: char| c.is_whitespace() || c.is_control()));
            prop_assert!(!text.contains(['<', '>', ',', ':', ';', '"', '(', ')', '[', ']', '\\']));
            let domain = text.rsplit('@').next().unwrap_or_default();
            prop_assert_eq!(domain.to_lowercase(), domain);
        }
    }

    #[test]
    fn what_is_dialled_cannot_leave_its_link(typed in typed_text()) {
        if let Some(number) = dialled(&typed) {
            let is_part = |c: char| c.is_ascii_digit() || "+*,;=%ext".contains(c);
            prop_assert!(number.chars().all(is_part), "{}", number);
        }
    }

    /// What is written is what a form shows the next time, so saving again must change nothing.
    #[test]
    fn fields_survive_the_way_through_a_form(
        texts in proptest::collection::vec((0..Field::ALL.len(), typed_text(), typed_text()), 1..8),
    ) {
        let mut inputs = Vec::new();
        for (number, (index, text, label)) in texts.into_iter().enumerate() {
            let field = Field::ALL[index];
            let name = entry_name(field, number);
            match field.spec().kind {
                Kind::Parts(parts) => {
                    let part = &parts[number % parts.len()];
                    inputs.push((format!("{name}.{}", part.name), text));
                }
                _ => inputs.push((name.clone(), text)),
            }
            inputs.push((format!("{name}.label"), label));
        }
        if let Ok(fields) = parse(&ContactInput::of_form(&inputs), Required::AnyField) {
            let sections = sections(&fields, &ContactInput::default());
            let form = FormView { sections, ..FormView::default() };
            let again = ContactInput::of_form(&form.said());
            prop_assert_eq!(ContactFields::parse(&again, &fields, Required::AnyField), Ok(fields));
        }
    }
}
