//! Two edits of one card.

mod cards;
mod fields;

use kith_card::{Card, Entry, Label, Mapping, Merge, Photo, merge};

use crate::cards::{card, corpus};
use crate::fields::{FIELDS, field};

fn mappings() -> Vec<Mapping> {
    FIELDS.iter().map(|(_, mapping)| *mapping).collect()
}

fn place(name: &str) -> usize {
    FIELDS
        .iter()
        .position(|(field, _)| *field == name)
        .expect("a field")
}

fn made(lines: &str) -> Card {
    Card::parse(format!("BEGIN:VCARD\nVERSION:3.0\n{lines}END:VCARD\n")).expect("a card")
}

fn merged(base: &str, mine: &str, theirs: &str) -> Merge {
    merge(&mappings(), &made(base), &made(mine), &made(theirs))
}

/// The lines of a merge without conflicts.
fn clean(base: &str, mine: &str, theirs: &str) -> String {
    let merge = merged(base, mine, theirs);
    assert!(
        merge.conflicts.is_empty() && merge.unmapped.is_empty(),
        "{merge:?}"
    );
    lines(&merge)
}

fn lines(merge: &Merge) -> String {
    let text = String::from_utf8_lossy(merge.card.bytes()).into_owned();
    let text = text
        .strip_prefix("BEGIN:VCARD\nVERSION:3.0\n")
        .expect("the same beginning");
    text.strip_suffix("END:VCARD\n")
        .expect("the same end")
        .to_owned()
}

#[test]
fn what_one_side_changed_is_taken() {
    assert_eq!(clean("FN:a\n", "FN:b\n", "FN:a\n"), "FN:b\n");
    assert_eq!(clean("FN:a\n", "FN:a\n", "FN:b\n"), "FN:b\n");
    assert_eq!(clean("NOTE:a\n", "NOTE:a\n", ""), "");
    assert_eq!(
        clean("X-OWN:a\n", "X-OWN:a\nFN:b\n", "X-OWN:c\n"),
        "X-OWN:c\nFN:b\n"
    );
    assert_eq!(
        clean("", "TITLE:a\n", "X-NEW;X-P=1:b\n"),
        "TITLE:a\nX-NEW;X-P=1:b\n"
    );
    assert_eq!(clean("FN:a\n", "FN:b\n", "FN:b\n"), "FN:b\n");
    assert_eq!(clean("X-A:1\n", "", ""), "");
}

#[test]
fn of_two_lines_that_say_the_same_the_one_that_changed_is_changed() {
    let (base, changed) = ("FN:a\nFN:a\n", "FN:b\nFN:a\n");
    assert_eq!(clean(base, base, changed), changed);
    assert_eq!(clean(base, changed, base), changed);
}

#[test]
fn another_way_of_writing_the_same_is_no_change() {
    let base = "TEL;TYPE=HOME,PREF:1\nNOTE:a\\, b\n";
    let other = "note:a\n \\, b\nitem1.TEL;type=pref;type=home;type=VOICE:1\n";
    assert_eq!(clean(base, base, other), base);
    assert_eq!(clean(base, other, base), other);
    assert_eq!(
        clean(base, "TEL;TYPE=WORK:1\nNOTE:a\\, b\n", other),
        "TEL;TYPE=WORK:1\nNOTE:a\\, b\n"
    );
}

#[test]
fn different_entries_of_one_field_do_not_conflict() {
    let base = "TEL:1\nTEL:2\nTEL:3\n";
    assert_eq!(
        clean(
            base,
            "TEL:1\nTEL:22\nTEL:3\n",
            "TEL:1\nTEL:2\nTEL:3\nTEL:4\n"
        ),
        "TEL:1\nTEL:22\nTEL:3\nTEL:4\n"
    );
    assert_eq!(
        clean(base, "TEL:2\nTEL:3\n", "TEL:1\nTEL;TYPE=HOME:2\nTEL:3\n"),
        "TEL;TYPE=HOME:2\nTEL:3\n"
    );
    assert_eq!(clean("", "EMAIL:a\n", "EMAIL:b\n"), "EMAIL:a\nEMAIL:b\n");
    assert_eq!(clean("", "EMAIL:a\n", "EMAIL:a\n"), "EMAIL:a\n");
    assert_eq!(
        clean(
            "CATEGORIES:a,b,c\n",
            "CATEGORIES:a,b,c,mine\n",
            "CATEGORIES:b,c,theirs\n"
        ),
        "CATEGORIES:b,c,mine,theirs\n"
    );
}

#[test]
fn parts_with_mappings_of_their_own_do_not_conflict() {
    assert_eq!(clean("ORG:a;b\n", "ORG:c;b\n", "ORG:a;d\n"), "ORG:c;d\n");
    assert_eq!(clean("", "ORG:c\n", "ORG:;d\n"), "ORG:c;d\n");
    let merge = merged("ORG:a;b;x\n", "ORG:c;e;x\n", "ORG:a;d;y\n");
    assert_eq!(merge.conflicts, [place("department")]);
    assert_eq!(lines(&merge), "ORG:c;e;y\n");
}

#[test]
fn one_entry_changed_in_two_ways_is_a_conflict_of_its_field() {
    let merge = merged(
        "FN:a\nNOTE:x\nTEL:1\n",
        "FN:b\nNOTE:x\nTEL:2\n",
        "FN:c\nNOTE:y\nTEL:3\n",
    );
    assert_eq!(merge.conflicts, [place("full name"), place("numbers")]);
    assert_eq!(lines(&merge), "FN:b\nNOTE:y\nTEL:2\n");
    let merge = merged("", "TITLE:a\n", "TITLE:b\n");
    assert_eq!(merge.conflicts, [place("title")]);
    assert_eq!(lines(&merge), "TITLE:a\n");
    let merge = merged("X-OWN:1\n", "X-OWN:2\n", "X-OWN:3\n");
    assert_eq!(merge.unmapped, ["X-OWN"]);
    assert_eq!(lines(&merge), "X-OWN:2\n");
}

#[test]
fn what_one_side_changed_and_the_other_one_removed_is_mine() {
    let conflict = |mine: &str, theirs: &str| {
        let merge = merged("NOTE:a\n", mine, theirs);
        assert_eq!(merge.conflicts, [place("note")]);
        lines(&merge)
    };
    assert_eq!(conflict("", "NOTE:b\n"), "");
    assert_eq!(conflict("NOTE:b\n", ""), "NOTE:b\n");
    // No form offers a choice between two properties that Kith does not show.
    for (mine, theirs) in [("", "X-OWN:2\n"), ("X-OWN:2\n", "")] {
        let merge = merged("X-OWN:1\n", mine, theirs);
        assert_eq!(merge.unmapped, ["X-OWN"]);
        assert_eq!(lines(&merge), "X-OWN:2\n");
    }
}

#[test]
fn labels_and_groups_come_along() {
    let base = "item1.TEL:1\nitem1.X-ABLabel:Boat\n";
    let renamed = "item7.TEL:1\nitem7.X-ABLabel:Ship\n";
    assert_eq!(
        clean(base, base, renamed),
        "item1.TEL:1\nitem1.X-ABLabel:Ship\n"
    );
    let more = "item1.TEL:1\nitem1.X-ABLabel:Boat\nitem2.TEL:2\nitem2.X-ABLabel:House\n";
    let url = "item1.TEL:1\nitem1.X-ABLabel:Boat\nitem2.URL:u\nitem2.X-ABLabel:Blog\n";
    let both = "item1.TEL:1\nitem1.X-ABLabel:Boat\nitem3.TEL:2\nitem3.X-ABLabel:House\nitem2.URL:u\nitem2.X-ABLabel:Blog\n";
    assert_eq!(clean(base, url, more), both);
    assert_eq!(clean(base, base, ""), "");
    let mut card = made(base);
    card.set_entries(&field("numbers"), &[Entry::text("1").labelled(Label::Home)]);
    let text = String::from_utf8_lossy(card.bytes()).into_owned();
    assert!(text.contains("item1.TEL;TYPE=HOME:1\nEND"), "{text}");
}

#[test]
fn the_later_revision_is_taken() {
    let (early, late) = ("REV:2024-01-01T00:00:00Z\n", "REV:20240301T000000Z\n");
    assert_eq!(clean("REV:2023\n", early, late), late);
    assert_eq!(clean("REV:2023\n", late, early), late);
    assert_eq!(
        clean(
            "PRODID:a\nUID:1\n",
            "PRODID:b\nUID:1\n",
            "PRODID:c\nUID:2\n"
        ),
        "PRODID:b\nUID:1\n"
    );
}

#[test]
fn a_change_of_another_version_is_written_for_mine() {
    let base = made("FN:a\nBDAY:1985-04-15\nTEL;TYPE=HOME:1\n");
    let theirs = "BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=84, b\r\nBDAY:--04-15\r\nTEL;HOME;PREF:1\r\nX-P;LANGUAGE=de:x\r\nPHOTO;ENCODING=BASE64;PNG:QUJD\r\n\r\nEND:VCARD\r\n";
    let theirs = Card::parse(theirs).expect("a card");
    let merge = merge(&mappings(), &base, &base, &theirs);
    let text = "FN:Ä\\, b\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15\nTEL;TYPE=HOME;TYPE=PREF:1\nPHOTO;ENCODING=b;TYPE=PNG:QUJD\nX-P;LANGUAGE=de:x\n";
    assert_eq!(lines(&merge), text);
    assert!(merge.conflicts.is_empty());
    let photo = Photo::Embedded {
        media_type: Some("image/png".into()),
        bytes: b"ABC".into(),
    };
    assert_eq!(merge.card.photo(), Some(photo));
}

#[test]
fn a_card_inside_of_a_card_comes_along() {
    let agent = card("outlook-agent");
    let base = Card::parse("BEGIN:VCARD\r\nVERSION:2.1\r\nN:Chef;Cora\r\nFN:Cora Chef\r\nTEL;WORK;VOICE:2\r\nEND:VCARD\r\n").expect("a card");
    let taken = merge(&mappings(), &base, &base, &agent).card;
    assert!(String::from_utf8_lossy(taken.bytes()).contains("FN:Hugo Helfer\r\n"));
    assert_eq!(
        merge(&mappings(), &agent, &agent, &base).card.bytes(),
        base.bytes()
    );
}

#[test]
fn any_two_cards_can_be_merged() {
    let cards: Vec<_> = corpus("valid")
        .into_iter()
        .map(|(_, bytes)| Card::parse(bytes).expect("a card"))
        .collect();
    let mappings = mappings();
    for (place, base) in cards.iter().enumerate() {
        for distance in [1, 7, 31] {
            let mine = &cards[(place + distance) % cards.len()];
            let theirs = &cards[(place + 2 * distance) % cards.len()];
            let same = merge(&mappings, base, mine, mine);
            assert_eq!(same.card.bytes(), mine.bytes());
            let merged = merge(&mappings, base, mine, theirs);
            Card::parse(merged.card.bytes()).expect("a card again");
        }
    }
}
