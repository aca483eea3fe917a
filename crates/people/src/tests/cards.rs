//! Each card is a valid vCard 3.0.

use super::unfolded;
use crate::People;

const COUNT: usize = 5000;

#[test]
fn a_card_has_lines_of_at_most_75_octets_that_end_with_crlf() {
    let mut folded = 0;
    for card in People::new(3).take(COUNT).map(|person| person.card()) {
        assert!(card.ends_with("\r\n"));
        for line in card.split_terminator("\r\n") {
            assert!(!line.is_empty() && line.len() <= 75, "{line}");
            assert!(!line.contains(['\r', '\n']), "{line}");
            folded += usize::from(line.starts_with(' '));
        }
    }
    assert!(folded > COUNT / 20);
}

#[test]
fn a_card_begins_and_ends_once_and_has_what_a_card_must_have() {
    for person in People::new(4).take(COUNT) {
        let lines = unfolded(&person.card());
        assert_eq!(lines.first().map(String::as_str), Some("BEGIN:VCARD"));
        assert_eq!(lines.get(1).map(String::as_str), Some("VERSION:3.0"));
        assert_eq!(lines.last().map(String::as_str), Some("END:VCARD"));
        for name in [
            "BEGIN:",
            "VERSION:",
            "PRODID:",
            "UID:urn:uuid:",
            "N:",
            "FN:",
            "END:",
        ] {
            let count = lines.iter().filter(|line| line.starts_with(name)).count();
            assert_eq!(count, 1, "{name} in {lines:?}");
        }
        assert!(!person.full_name.is_empty());
    }
}

#[test]
fn each_line_is_a_property_whose_value_is_escaped() {
    for person in People::new(5).take(COUNT) {
        for line in unfolded(&person.card()) {
            let (name, value) = line.split_once(':').expect("a property");
            let plain =
                |character: char| character.is_ascii_alphanumeric() || "-;=,.".contains(character);
            assert!(name.chars().all(plain), "{line}");
            let property = name.split([';']).next().unwrap_or_default();
            let semicolons = match property {
                "N" => 4,
                "ADR" => 6,
                _ => 0,
            };
            assert_eq!(bare(value, ';'), semicolons, "{line}");
            if property != "CATEGORIES" {
                assert_eq!(bare(value, ','), 0, "{line}");
            }
        }
    }
}

/// How often a character stands without a backslash before it. Only four characters may follow a backslash.
fn bare(value: &str, wanted: char) -> usize {
    let mut count = 0;
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            let next = characters.next().expect("an escaped character");
            assert!(['\\', ',', ';', 'n'].contains(&next), "{value}");
        } else if character == wanted {
            count += 1;
        }
    }
    count
}

#[test]
fn a_domain_is_one_that_is_reserved() {
    let mut domains = 0;
    for person in People::new(6).take(COUNT) {
        for line in unfolded(&person.card()) {
            for mark in ["@", "://"] {
                let Some((_, rest)) = line.split_once(mark) else {
                    continue;
                };
                if line.contains("/@") && mark == "@" {
                    continue;
                }
                let domain = rest.split(['/', '?', '\\']).next().unwrap_or_default();
                let reserved = ["example.com", "example.net", "example.org"].contains(&domain)
                    || domain.ends_with(".example");
                assert!(reserved, "{line}");
                let plain = |letter: char| {
                    letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-".contains(letter)
                };
                assert!(domain.chars().all(plain), "{line}");
                domains += 1;
            }
        }
        for email in &person.emails {
            let (local, _) = email.value.split_once('@').expect("an address");
            let plain = |letter: char| letter.is_ascii_alphanumeric() || "._+".contains(letter);
            assert!(!local.is_empty() && local.chars().all(plain), "{email:?}");
            assert!(
                !local.starts_with('.') && !local.ends_with('.'),
                "{email:?}"
            );
        }
    }
    assert!(domains > COUNT);
}

#[test]
fn a_uid_is_a_uuid_of_its_own() {
    let mut uids = std::collections::HashSet::new();
    for person in People::new(7).take(COUNT).chain(People::new(8).take(COUNT)) {
        let uuid = person.uid.strip_prefix("urn:uuid:").expect("a URN");
        let parts: Vec<&str> = uuid.split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(parts[2].starts_with('8') && parts[3].starts_with(['8', '9', 'a', 'b']));
        assert!(uids.insert(person.uid));
    }
}
