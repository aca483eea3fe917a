//! What the fields accept, what they refuse and in which words.

use proptest::prelude::*;

use super::*;

fn draft(name: &str, email: &str) -> ContactDraft {
    ContactDraft {
        name: name.to_owned(),
        email: email.to_owned(),
        ..ContactDraft::default()
    }
}

/// The summary and, for each field, its message.
fn refused(draft: ContactDraft) -> (String, Vec<(Field, String)>) {
    match ContactFields::parse(&draft, Required::NameAndEmail) {
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
fn a_draft_becomes_fields() {
    let fields = ContactFields::parse(
        &ContactDraft {
            name: " Ada   Lovelace ".to_owned(),
            email: "Ada@Example.COM".to_owned(),
            phone: " +44 20 7946 0000 ".to_owned(),
            company: "   ".to_owned(),
            notes: "first\r\nsecond".to_owned(),
        },
        Required::NameAndEmail,
    )
    .expect("the draft is valid");

    assert_eq!(fields.name.as_ref().map(Name::as_str), Some("Ada Lovelace"));
    assert_eq!(
        fields.email.as_ref().map(EmailAddress::as_str),
        Some("Ada@example.com")
    );
    assert_eq!(
        fields.phone.as_ref().map(Phone::as_str),
        Some("+44 20 7946 0000")
    );
    assert_eq!(fields.company, None);
    assert_eq!(
        fields.notes.as_ref().map(Notes::as_str),
        Some("first\nsecond")
    );
}

#[test]
fn blank_required_fields_are_summed_up_in_the_words_that_programs_look_for() {
    let (detail, fields) = refused(draft("", " "));
    assert_eq!(detail, "Name and email are required");
    assert_eq!(
        fields,
        [
            (Field::Name, "Enter a name.".to_owned()),
            (
                Field::Email,
                "Enter an email address, like ada@example.com.".to_owned()
            ),
        ]
    );

    let (detail, fields) = refused(draft("\u{200B}", "not an address"));
    assert_eq!(detail, "Name and email are required");
    assert_eq!(fields.len(), 2);
}

#[test]
fn one_refused_field_is_its_own_summary() {
    let (detail, fields) = refused(draft(&"x".repeat(214), "ada@example.com"));
    assert_eq!(detail, "Use at most 200 characters; this has 214.");
    assert_eq!(fields, [(Field::Name, detail)]);
}

#[test]
fn several_refused_fields_are_summed_up() {
    let (detail, fields) = refused(ContactDraft {
        phone: "call me".to_owned(),
        notes: "a\0b".to_owned(),
        ..draft("Ada", "ada@example.com")
    });
    assert_eq!(detail, "Some fields need another look.");
    assert_eq!(
        fields,
        [
            (
                Field::Phone,
                "Enter a phone number, like +44 20 7946 0000 ext. 12.".to_owned()
            ),
            (
                Field::Notes,
                "Remove the control character U+0000.".to_owned()
            ),
        ]
    );
}

#[test]
fn limits_count_characters_and_hold_at_their_edge() {
    assert!(Name::parse(&"é".repeat(200)).is_ok());
    assert_eq!(
        Name::parse(&"é".repeat(201)),
        Err(Refusal::TooLong {
            length: 201,
            limit: 200
        })
    );
    assert!(Company::parse(&"王".repeat(200)).is_ok());
    assert!(Notes::parse(&"n".repeat(10_000)).is_ok());
    assert!(Notes::parse(&"n".repeat(10_001)).is_err());
    assert!(Phone::parse(&"1".repeat(50)).is_ok());
    assert!(Phone::parse(&"1".repeat(51)).is_err());
}

#[test]
fn text_far_over_a_limit_is_refused_before_it_is_cleaned() {
    let blank = |length: usize| " ".repeat(length);
    let too_long = |length, limit| Refusal::TooLong { length, limit };
    assert_eq!(Name::parse(&blank(1600)), Err(Refusal::Blank));
    assert_eq!(Name::parse(&blank(1601)), Err(too_long(1601, 200)));
    assert_eq!(EmailAddress::parse(&blank(2033)), Err(too_long(2033, 254)));
    assert_eq!(Phone::parse(&blank(401)), Err(too_long(401, 50)));
    assert_eq!(Company::parse(&blank(1601)), Err(too_long(1601, 200)));
    assert_eq!(Notes::parse(&blank(80_000)), Err(Refusal::Blank));
    assert_eq!(Notes::parse(&blank(80_001)), Err(too_long(80_001, 10_000)));
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
            Ok(kept)
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
        assert_eq!(
            EmailAddress::parse(typed),
            Err(Refusal::Malformed),
            "{typed:?}"
        );
    }
    let too_long = format!("ada@{}com", "d.".repeat(130));
    assert!(matches!(
        EmailAddress::parse(&too_long),
        Err(Refusal::TooLong { .. })
    ));
    assert_eq!(
        EmailAddress::parse("ada\0@x.y"),
        Err(Refusal::ControlCharacter('\0'))
    );
}

#[test]
fn phones() {
    for (typed, kept) in [
        ("112", "112"),
        ("+44 (0)20  7946-0000", "+44 (0)20 7946-0000"),
        ("030/12 34 56", "030/12 34 56"),
        ("555.0100 x12", "555.0100 x12"),
        ("555 0100 Ext. 12", "555 0100 Ext. 12"),
        ("*31#0612345678,,9", "*31#0612345678,,9"),
        ("\u{202D}+1 555\u{2011}0100\u{202C}", "+1 555-0100"),
        ("＋８１　３−１２３４", "+81 3-1234"),
        ("٠١٢٣٤٥", "012345"),
    ] {
        assert_eq!(Phone::parse(typed).as_ref().map(Phone::as_str), Ok(kept));
    }
    for typed in ["1", "call me", "+", "12a34", "tel:1234", "x", "12 <b>"] {
        assert_eq!(Phone::parse(typed), Err(Refusal::Malformed), "{typed:?}");
    }
    assert_eq!(Phone::parse(" \u{200B}"), Err(Refusal::Blank));
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

macro_rules! parsing_is_idempotent {
    ($($name:ident: $field:ty, $limit:expr;)+) => {
        proptest! {$(
            #[test]
            fn $name(typed in typed_text()) {
                if let Ok(value) = <$field>::parse(&typed) {
                    let text = value.to_string();
                    prop_assert!(!text.is_empty() && text.chars().count() <= $limit);
                    prop_assert_eq!(text.trim(), text.as_str());
                    prop_assert!(unicode_normalization::is_nfc(&text));
                    prop_assert!(!text.chars().any(text::is_invisible));
                    prop_assert!(!text.chars().any(|c| c.is_control() && !(c == '\n' || c == '\t')));
                    prop_assert_eq!(<$field>::parse(&text), Ok(value));
                }
            }
        )+}
    };
}
parsing_is_idempotent! {
    a_name_parses_to_itself: Name, Name::MAX_CHARS;
    an_address_parses_to_itself: EmailAddress, EmailAddress::MAX_BYTES;
    a_phone_parses_to_itself: Phone, Phone::MAX_CHARS;
    a_company_parses_to_itself: Company, Company::MAX_CHARS;
    notes_parse_to_themselves: Notes, Notes::MAX_CHARS;
}

proptest! {
    #[test]
    fn an_address_can_never_extend_a_header(typed in typed_text()) {
        if let Ok(address) = EmailAddress::parse(&typed) {
            let text = address.as_str();
            prop_assert!(text.len() <= EmailAddress::MAX_BYTES);
            prop_assert_eq!(text.matches('@').count(), 1);
            prop_assert!(!text.contains(|c: char| c.is_whitespace() || c.is_control()));
            prop_assert!(!text.contains(['<', '>', ',', ':', ';', '"', '(', ')', '[', ']', '\\']));
            prop_assert_eq!(address.domain().to_lowercase(), address.domain());
        }
    }

    #[test]
    fn a_phone_is_ascii_without_line_breaks(typed in typed_text()) {
        if let Ok(phone) = Phone::parse(&typed) {
            prop_assert!(phone.as_str().chars().all(|c| c == ' ' || c.is_ascii_graphic()));
        }
    }

    /// What is written is what a form shows the next time, so saving again must change nothing.
    #[test]
    fn fields_survive_the_way_through_a_form(
        name in typed_text(), email in typed_text(), phone in typed_text(), notes in any::<String>(),
    ) {
        let typed = ContactDraft { name: name.clone(), email, phone, company: name, notes };
        if let Ok(fields) = ContactFields::parse(&typed, Required::AnyField) {
            let shown = ContactDraft::from(fields.clone());
            prop_assert_eq!(ContactFields::parse(&shown, Required::AnyField), Ok(fields));
        }
    }
}
