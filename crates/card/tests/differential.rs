//! The same cards read by a second parser: calcard.

mod cards;
mod fields;

use calcard::common::IanaString;
use calcard::vcard::{
    VCard, VCardEntry, VCardParameterName, VCardParameterValue, VCardProperty, VCardValue,
};
use kith_card::{Card, Entry, Label, Property};
use proptest::prelude::*;

use crate::cards::corpus;
use crate::fields::field;

/// What a parser says of a property.
#[derive(Debug, PartialEq)]
struct Said {
    name: String,
    group: Option<String>,
    types: Vec<String>,
    /// None where calcard gives another type than text: a date, a file, a number.
    value: Option<Vec<String>>,
}

fn sorted(types: impl Iterator<Item = String>) -> Vec<String> {
    let mut types: Vec<_> = types.map(|word| word.to_ascii_uppercase()).collect();
    // calcard keeps this one with the types, or not, by the version.
    types.retain(|word| word != "PREF");
    types.sort();
    types.dedup();
    types
}

/// Properties whose values are files: calcard decodes them.
fn is_file(name: &str) -> bool {
    matches!(name, "PHOTO" | "LOGO" | "SOUND" | "KEY")
}

fn theirs(entry: &VCardEntry) -> Said {
    let mut types = Vec::new();
    for parameter in &entry.params {
        if parameter.name == VCardParameterName::Type {
            match &parameter.value {
                VCardParameterValue::Type(word) => types.push(word.as_str().to_owned()),
                VCardParameterValue::Text(word) => types.push(word.clone()),
                _ => {}
            }
        }
    }
    let mut value = Some(Vec::new());
    for one in &entry.values {
        match (one, &mut value) {
            (VCardValue::Text(text), Some(value)) => value.push(text.clone()),
            (VCardValue::Component(texts), Some(value)) => value.extend(texts.iter().cloned()),
            _ => value = None,
        }
    }
    if is_file(entry.name.as_str()) {
        value = None;
    }
    let value = value.map(|value| {
        value
            .iter()
            .map(|text| text.replace("\r\n", "\n"))
            .collect()
    });
    Said {
        name: entry.name.as_str().to_ascii_uppercase(),
        group: entry.group.clone(),
        types: if is_file(entry.name.as_str()) {
            Vec::new()
        } else {
            sorted(types.into_iter())
        },
        value,
    }
}

/// What this crate says, cut as calcard cuts it.
fn ours(property: &Property, theirs: &Said) -> Said {
    let is_one = theirs.value.as_ref().is_none_or(|value| value.len() <= 1);
    let pieces = property.parts.iter().flatten().cloned().collect();
    Said {
        name: property.name.clone(),
        group: property.group.clone(),
        types: if is_file(&property.name) {
            Vec::new()
        } else {
            sorted(property.types.iter().cloned())
        },
        value: theirs.value.as_ref().map(|_| match is_one {
            true => vec![property.text.clone()],
            false => pieces,
        }),
    }
}

/// The properties that the parsers do not read alike: those of this crate, and those of calcard.
fn differences(text: &str) -> Vec<(String, String)> {
    let card = Card::parse(text).expect("a card");
    let Ok(other) = VCard::parse(text) else {
        return vec![("(card)".to_owned(), "no card".to_owned())];
    };
    let properties = card.properties();
    let is_end = |entry: &&VCardEntry| entry.name == VCardProperty::End;
    let entries: Vec<_> = other
        .entries
        .iter()
        .filter(|entry| !is_end(entry))
        .map(theirs)
        .collect();
    let mut found = Vec::new();
    if properties.len() != entries.len() {
        let counts = format!("{} and {} properties", properties.len(), entries.len());
        found.push(("(count)".to_owned(), counts));
    }
    for (property, theirs) in properties.iter().zip(&entries) {
        let ours = ours(property, theirs);
        if ours != *theirs {
            found.push((property.name.clone(), format!("{ours:?}\n{theirs:?}")));
        }
    }
    found
}

const BARE: &str = "a bare word that RFC 6350 does not name is a type here, and a parameter there";
const AGENT: &str = "calcard takes the card of an AGENT for the end of the card";

/// Where they differ in the corpus, and why this crate reads it as it does.
const DIFFERENCES: [(&str, &str, &str); 12] = [
    ("aosp-custom", "TEL", BARE),
    (
        "odd-cr-only",
        "(card)",
        "calcard does not know the ends of lines of old Macs",
    ),
    ("odd-nested-twice", "(count)", AGENT),
    (
        "odd-quoted-colon",
        "TEL",
        "a quote that nothing closes hides the colon from calcard",
    ),
    (
        "odd-space-values",
        "CATEGORIES",
        "calcard trims the items; here the mapping of a list does",
    ),
    (
        "odd-trailing-equals",
        "NOTE",
        "a last soft break hides the end of the card from calcard",
    ),
    ("outlook-21", "EMAIL", BARE),
    ("outlook-agent", "(count)", AGENT),
    (
        "shift-jis-qp",
        "N",
        "calcard ignores CHARSET where the value has parts",
    ),
    (
        "siemens-semicolons",
        "NOTE",
        "2.1 escapes nothing but a semicolon; calcard reads it as 3.0",
    ),
    ("sony-21", "X-IRMC-CALL-DATETIME", BARE),
    ("thunderbird-old", "EMAIL", BARE),
];

/// A second difference of one file.
const MORE: (&str, &str, &str) = (
    "thunderbird-old",
    "NOTE",
    "calcard does not know the bare word QUOTED-PRINTABLE in small letters",
);

#[test]
fn calcard_reads_the_corpus_alike_but_for_known_differences() {
    let mut found = Vec::new();
    for (name, bytes) in corpus("valid") {
        // calcard reads text: other character sets without quoted-printable are beyond it.
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        for (property, what) in differences(&text) {
            let known = DIFFERENCES.iter().chain([&MORE]);
            let is_known = known
                .clone()
                .any(|one| (one.0, one.1) == (&name, &property));
            assert!(is_known, "{name}:\n{what}");
            found.push((name.clone(), property));
        }
    }
    for (name, property, why) in DIFFERENCES.iter().chain([&MORE]) {
        let is_there = found
            .iter()
            .any(|one| (one.0.as_str(), one.1.as_str()) == (name, property));
        assert!(is_there, "{name} is read alike now, though {why}");
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9.,;:@+-]{1,30}",
        "[a-z,;\\\\\n]{1,30}",
        "[äöüß日本語 a-z]{1,60}",
        "\\PC{1,120}",
    ]
    // calcard trims what it reads.
    .prop_map(|text| text.trim().to_owned())
    .prop_filter("a text", |text| {
        !text.is_empty() && !text.contains(char::is_control)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn calcard_reads_what_is_written_here(
        version in prop::sample::select(vec!["3.0", "4.0"]),
        words in prop::collection::vec(word(), 9),
        labels in prop::collection::vec(prop::sample::select(vec![Label::Home, Label::Mobile, Label::WorkFax, Label::School]), 3),
    ) {
        let mut card = Card::parse(format!("BEGIN:VCARD\nVERSION:{version}\nEND:VCARD\n")).expect("a card");
        for (place, name) in ["full name", "title", "note", "company", "addresses of mail", "numbers"].iter().enumerate() {
            let mut entry = Entry::text(&words[place]);
            if field(name).is_many() {
                entry.label = Some(labels[place % 3].clone());
            }
            card.set_entries(&field(name), &[entry]);
        }
        let address = Entry { parts: words[..7].to_vec(), label: Some(labels[2].clone()), preferred: true };
        card.set_entries(&field("addresses"), &[address]);
        card.set_entries(&field("name"), &[Entry { parts: words[3..8].to_vec(), ..Entry::default() }]);
        let text = String::from_utf8(card.into_bytes()).expect("UTF-8");
        prop_assert_eq!(differences(&text), vec![], "{}", text);
    }
}
