//! Cards that are made to take long. A limit bounds their size; what they take grows with it, and no faster. The
//! tests assert no time: work that grew with the square of these sizes would not end within the time of a run.

mod fields;

use kith_card::{Card, Entry, Label, Limits, fingerprint, merge, split};

use crate::fields::FIELDS;

const COUNT: usize = 4_000;

fn made(version: &str, lines: &str) -> Card {
    let text = format!("BEGIN:VCARD\nVERSION:{version}\n{lines}END:VCARD\n");
    Card::parse(text).expect("a card")
}

/// Reads and edits everything, and merges with an edit.
fn work(card: &Card) {
    let mappings: Vec<_> = FIELDS.iter().map(|(_, mapping)| *mapping).collect();
    let mut edited = card.clone();
    for mapping in &mappings {
        let mut entries = card.entries(mapping);
        entries.reverse();
        entries.push(Entry::text("new").labelled(Label::Custom("words".into())));
        edited.set_entries(mapping, &entries);
    }
    edited.set_photo(Some(("image/png", b"ABC")));
    merge(&mappings, card, &edited, card);
    merge(&mappings, card, card, &edited);
    fingerprint(card);
    card.properties();
}

#[test]
fn many_entries_of_one_field() {
    work(&made(
        "3.0",
        &(0..COUNT).map(|n| format!("TEL:{n}\n")).collect::<String>(),
    ));
    work(&made("3.0", &"TEL;TYPE=HOME:1\n".repeat(COUNT)));
    work(&made(
        "4.0",
        &(0..COUNT)
            .map(|n| format!("X-{n}:{n}\n"))
            .collect::<String>(),
    ));
}

#[test]
fn many_groups_and_one_group_of_many() {
    work(&made(
        "3.0",
        &(0..COUNT / 2)
            .map(|n| format!("item{n}.TEL:{n}\nitem{n}.X-ABLabel:{n}\n"))
            .collect::<String>(),
    ));
    work(&made(
        "3.0",
        &"a.TEL:1\na.X-ABLabel:b\na.X-ABADR:c\n".repeat(COUNT / 3),
    ));
    work(&made(
        "3.0",
        &format!("a.TEL:1\n{}", "a.X-ABADR:c\n".repeat(COUNT)),
    ));
}

#[test]
fn long_values_of_many_parts() {
    for value in [";", ",", "\\,", "a;", "\\"] {
        let value = value.repeat(COUNT * 4);
        for version in ["2.1", "3.0", "4.0"] {
            work(&made(
                version,
                &format!("N:{value}\nORG:{value}\nADR:{value}\nCATEGORIES:{value}\nNOTE:{value}\n"),
            ));
        }
    }
    work(&made(
        "3.0",
        &format!(
            "CATEGORIES:{}\n",
            (0..COUNT).map(|n| format!("{n},")).collect::<String>()
        ),
    ));
    work(&made(
        "3.0",
        &(0..COUNT)
            .map(|n| format!("CATEGORIES:{n}\n"))
            .collect::<String>(),
    ));
}

#[test]
fn long_heads_and_folds() {
    work(&made(
        "3.0",
        &format!("TEL{}:1\n", ";TYPE=HOME,WORK".repeat(COUNT)),
    ));
    work(&made(
        "2.1",
        &format!("TEL{}:1\n", ";HOME;\"".repeat(COUNT)),
    ));
    work(&made(
        "3.0",
        &format!("TEL\n{} :1\n", " ;A=b\n".repeat(COUNT)),
    ));
    work(&made("3.0", &format!("NOTE:\n{}", " a\n".repeat(COUNT))));
    work(&made(
        "2.1",
        &format!("NOTE;QUOTED-PRINTABLE:=\n{}\n", "=C3=\n".repeat(COUNT)),
    ));
    work(&made(
        "2.1",
        &format!("PHOTO;BASE64:\n{}\n", "QUJD\n".repeat(COUNT)),
    ));
}

#[test]
fn many_cards_inside_of_cards() {
    let depth = COUNT / 4;
    work(&made(
        "2.1",
        &format!(
            "{}{}",
            "AGENT:\nBEGIN:VCARD\n".repeat(depth),
            "END:VCARD\n".repeat(depth)
        ),
    ));
    work(&made(
        "2.1",
        &"AGENT:\nBEGIN:VCARD\nEND:VCARD\n".repeat(depth),
    ));
    work(&made(
        "2.1",
        &format!("AGENT:\nBEGIN:VCARD\nEND:VCARD\n{}", "\n".repeat(COUNT)),
    ));
}

#[test]
fn files_without_ends() {
    let begins = "BEGIN:VCARD\n".repeat(COUNT);
    assert_eq!(split(begins.as_bytes(), Limits::default()).count(), COUNT);
    let agents = "BEGIN:VCARD\nAGENT:\n".repeat(COUNT);
    assert_eq!(split(agents.as_bytes(), Limits::default()).count(), 1);
    let text = "x\n".repeat(COUNT * 10);
    assert_eq!(split(text.as_bytes(), Limits::default()).count(), 1);
}
