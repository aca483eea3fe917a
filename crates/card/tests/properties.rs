//! What is set is read, in any version; what is not set keeps its bytes.

mod fields;

use kith_card::{Card, Entry, Label, Mapping};
use proptest::prelude::*;

use crate::fields::FIELDS;

const VERSIONS: [&str; 3] = ["2.1", "3.0", "4.0"];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9 ,;:=\\\\\"'._@+-]{1,40}",
        2 => any::<String>(),
        1 => "[\\\\;,=\\n\\t ^\"]{1,12}",
        1 => "\\PC{60,200}",
        1 => "(BEGIN:VCARD|END:VCARD|\\n|ä|日本|=3D|\\\\n){1,40}",
    ]
}

fn label() -> impl Strategy<Value = Option<Label>> {
    let known = [
        Label::Home,
        Label::Work,
        Label::Mobile,
        Label::HomeFax,
        Label::WorkFax,
        Label::Fax,
        Label::Pager,
    ];
    let rare = [
        Label::Main,
        Label::Other,
        Label::School,
        Label::Spouse,
        Label::Mother,
        Label::HomePage,
    ];
    prop_oneof![
        2 => Just(None),
        3 => prop::sample::select(known.to_vec()).prop_map(Some),
        2 => prop::sample::select(rare.to_vec()).prop_map(Some),
        2 => text().prop_map(|words| Some(Label::Custom(words))),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    (prop::collection::vec(text(), 1..8), label(), any::<bool>()).prop_map(
        |(parts, label, preferred)| Entry {
            parts,
            label,
            preferred,
        },
    )
}

/// What a card makes of entries that it has not had before: set and read once, they are in the form that it keeps.
fn kept(mapping: &Mapping, entries: &[Entry], version: &str) -> Vec<Entry> {
    let mut card = Card::parse(minimal(version)).expect("a card");
    card.set_entries(mapping, entries);
    card.entries(mapping)
}

fn minimal(version: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:{version}\r\nFN:\r\nN:;;;;\r\nEND:VCARD\r\n")
}

/// The text that any version keeps of a text.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|letter| !letter.is_ascii_control() || "\n\t".contains(*letter))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn entries_that_are_set_are_read(
        version in prop::sample::select(VERSIONS.to_vec()),
        first in prop::collection::vec(entry(), 0..5),
        then in prop::collection::vec(entry(), 0..5),
        order in any::<prop::sample::Index>(),
    ) {
        for (name, mapping) in FIELDS {
            let mut card = Card::parse(minimal(version)).expect("a card");
            card.set_entries(mapping, &first);
            let read = card.entries(mapping);
            let bytes = card.bytes().to_vec();
            card.set_entries(mapping, &read);
            prop_assert_eq!(card.bytes(), bytes, "{} is not stable", name);
            // Some of the old ones, turned around, among new ones.
            let mut mixed: Vec<_> = read.iter().cloned().rev().chain(then.iter().cloned()).collect();
            let middle = order.index(mixed.len() + 1);
            mixed.rotate_left(middle);
            let wanted = kept(mapping, &mixed, version);
            card.set_entries(mapping, &mixed);
            prop_assert_eq!(
                card.entries(mapping), wanted, "{} {}\n{}", name, version, String::from_utf8_lossy(card.bytes())
            );
        }
    }

    #[test]
    fn a_text_is_read_as_it_was_set(
        version in prop::sample::select(VERSIONS.to_vec()),
        parts in prop::collection::vec(text(), 7),
        label in label(),
        preferred in any::<bool>(),
    ) {
        for name in ["note", "numbers", "addresses", "name", "company", "department", "pages", "relations"] {
            let mapping = fields::field(name);
            let mut card = Card::parse(minimal(version)).expect("a card");
            let entry = Entry { parts: parts.clone(), label: label.clone(), preferred };
            card.set_entries(&mapping, std::slice::from_ref(&entry));
            let read = card.entries(&mapping);
            let count = read.first().map_or(0, |read| read.parts.len());
            let wanted: Vec<_> = parts.iter().take(count).map(|part| plain(part)).collect();
            if let Some(read) = read.first() {
                prop_assert_eq!(&read.parts, &wanted);
                if let (true, Some(label @ (Label::Home | Label::Spouse))) =
                    (matches!(name, "numbers" | "addresses" | "pages" | "relations"), &label)
                {
                    prop_assert_eq!(read.label.as_ref(), Some(label));
                    prop_assert_eq!(read.preferred, preferred);
                }
            } else {
                prop_assert!(plain(&parts[0]).is_empty());
            }
            let width = |line: &[u8]| line.len();
            if version != "2.1" {
                prop_assert!(card.bytes().split(|byte| *byte == b'\n').all(|line| width(line) <= 76));
            }
            prop_assert!(std::str::from_utf8(card.bytes()).is_ok());
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<Vec<u8>>(), lines in prop::collection::vec("(BEGIN:VCARD|END:VCARD|VERSION:2.1|VERSION:3.0|AGENT:|NOTE;QUOTED-PRINTABLE:a=|PHOTO;BASE64:|item1.TEL;TYPE=HOME:1|item1.X-ABLabel:b|ORG:a;b|N;SORT-AS=\"a,b\":c;d| x|QUJD|FN:a|CATEGORIES:a,b||TEL;CELL;PREF:2|BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15)", 0..20)) {
        let _ = Card::parse(text);
        let text = format!("BEGIN:VCARD\n{}\nEND:VCARD\n", lines.join("\n"));
        if let Ok(card) = Card::parse(text.clone()) {
            prop_assert_eq!(card.bytes(), text.as_bytes());
            for (name, mapping) in FIELDS {
                let mut edited = card.clone();
                edited.set_entries(mapping, &card.entries(mapping));
                prop_assert_eq!(edited.bytes(), text.as_bytes(), "{}", name);
                edited.set_entries(mapping, &[Entry::text("new")]);
                let wanted = if *name == "starred" { "true" } else { "new" };
                let read = edited.entries(mapping);
                prop_assert_eq!(read.first().map(Entry::value), Some(wanted), "{} {}", name, text);
                edited.set_entries(mapping, &[]);
                prop_assert_eq!(edited.entries(mapping), vec![], "{} {}", name, text);
            }
        }
    }
}
