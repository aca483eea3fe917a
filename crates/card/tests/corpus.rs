//! Cards in the manner of many clients: what is read in them, and that their bytes stay.

mod cards;
mod fields;

use std::collections::HashMap;

use kith_card::{Card, Entry, Label, Mapping, Photo, Version, fingerprint, merge};
use proptest::prelude::*;

use crate::cards::{card, corpus};
use crate::fields::{FIELDS, field};

#[test]
fn a_valid_card_keeps_its_bytes() {
    let cards = corpus("valid");
    assert!(cards.len() >= 100, "{} cards", cards.len());
    for (name, bytes) in cards {
        let mut card = Card::parse(bytes.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(card.bytes(), bytes, "{name}");
        for (field, mapping) in FIELDS {
            let entries = card.entries(mapping);
            card.set_entries(mapping, &entries);
            assert_eq!(card.bytes(), bytes, "{name}: {field}");
        }
    }
}

#[test]
fn a_broken_card_is_refused_for_its_reason() {
    let expected = include_str!("corpus/broken/expected.txt");
    let broken = corpus("broken");
    assert!(broken.len() >= 30 && broken.len() == expected.lines().count());
    for (name, bytes) in broken {
        let error = Card::parse(bytes).expect_err(&name);
        let line = format!("{name}: {error}");
        assert!(expected.lines().any(|one| one == line), "{line}");
    }
}

/// The lines of a card, each with what continues it: those that begin with white space or follow a soft break.
fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let has_feeds = bytes.contains(&b'\n');
    let end = if has_feeds { b'\n' } else { b'\r' };
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == end) {
        let is_soft = lines.last().is_some_and(|last| {
            last.to_ascii_uppercase()
                .windows(16)
                .any(|part| part == b"QUOTED-PRINTABLE")
                && last.trim_ascii_end().ends_with(b"=")
        });
        match lines.last_mut() {
            Some(last) if is_soft || line.starts_with(b" ") || line.starts_with(b"\t") => {
                last.extend_from_slice(line);
            }
            _ => lines.push(line.to_vec()),
        }
    }
    lines
}

/// The names of properties that an edit of a field may touch.
fn touched(field: &str) -> &'static [&'static str] {
    match field {
        "full name" => &["FN"],
        "name" => &["N"],
        "nicknames" => &["NICKNAME"],
        "title" => &["TITLE"],
        "role" => &["ROLE"],
        "company" | "department" => &["ORG"],
        "addresses of mail" => &["EMAIL"],
        "numbers" => &["TEL"],
        "pages" => &["URL"],
        "messengers" => &["IMPP", "X-JABBER", "X-SKYPE", "X-AIM"],
        "addresses" => &["ADR", "X-ABADR"],
        "birthday" => &["BDAY"],
        "anniversary" => &["ANNIVERSARY", "X-ANNIVERSARY", "X-ABDATE"],
        "dates" => &["X-ABDATE"],
        "categories" => &["CATEGORIES"],
        "relations" => &["RELATED", "X-ABRELATEDNAMES", "X-SPOUSE"],
        "phonetic first name" => &["X-PHONETIC-FIRST-NAME", "N"],
        "phonetic last name" => &["X-PHONETIC-LAST-NAME", "N"],
        "note" => &["NOTE"],
        "starred" => &["X-KITH-STARRED"],
        _ => panic!("{field} is not a field"),
    }
}

/// The lines that an edit of a field may not touch, in their order.
fn untouched(card: &[u8], field: &str) -> Vec<Vec<u8>> {
    let mut depth = 0;
    let mut kept = Vec::new();
    for line in lines(card) {
        let text = String::from_utf8_lossy(&line).to_ascii_uppercase();
        let text = text.trim_start_matches('\u{feff}').trim().to_owned();
        depth += usize::from(text.starts_with("BEGIN"));
        let head = text.split([':', ';']).next().unwrap_or_default();
        let name = head.split_once('.').map_or(head, |(_, name)| name);
        let is_inner = depth > 1;
        if is_inner || !(touched(field).contains(&name) || name == "X-ABLABEL") {
            kept.push(line);
        }
        depth -= usize::from(text.starts_with("END"));
    }
    kept
}

/// Edits a field in all the ways there are, and holds that the other lines stay.
fn edit(name: &str, original: &Card, (field, mapping): (&str, &Mapping), text: &str) {
    let entries = original.entries(mapping);
    let is_swallowed = name == "odd-trailing-equals";
    let mut edits = vec![Vec::new(), vec![Entry::text(text)]];
    let mut more = entries.clone();
    more.push(Entry::text(text).labelled(Label::Home));
    edits.push(more);
    for place in 0..entries.len() {
        let mut changed = entries.clone();
        changed[place].parts[0] = text.to_owned();
        edits.push(changed);
        let mut renamed = entries.clone();
        renamed[place].label = Some(Label::from(text));
        renamed[place].preferred = !renamed[place].preferred;
        edits.push(renamed);
        let mut fewer = entries.clone();
        fewer.remove(place);
        edits.push(fewer);
    }
    for edited in edits {
        let mut card = original.clone();
        card.set_entries(mapping, &edited);
        if !is_swallowed {
            assert_eq!(
                untouched(card.bytes(), field).concat(),
                untouched(original.bytes(), field).concat(),
                "{name}: {field} set to {edited:?}\n{}",
                String::from_utf8_lossy(card.bytes())
            );
        }
        let read = card.entries(mapping);
        let bytes = card.bytes().to_vec();
        card.set_entries(mapping, &edited);
        assert_eq!(
            card.bytes(),
            bytes,
            "{name}: {field} set twice to {edited:?}"
        );
        card.set_entries(mapping, &read);
        assert_eq!(card.bytes(), bytes, "{name}: {field}");
        if field == "numbers" {
            let says = |text: &str| {
                text.contains(|letter: char| {
                    !letter.is_ascii_control() || "\n\t".contains(letter) || letter == '\r'
                })
            };
            let wanted: Vec<_> = edited.iter().filter(|entry| says(entry.value())).collect();
            assert_eq!(read.len(), wanted.len(), "{name}: {edited:?}");
            for (read, wanted) in read.iter().zip(wanted) {
                let has_label = match &wanted.label {
                    Some(Label::Custom(words)) => says(words),
                    label => label.is_some(),
                };
                assert!(read.label.is_some() || !has_label, "{name}: {edited:?}");
            }
        }
    }
}

#[test]
fn an_edit_touches_only_its_lines() {
    for (name, bytes) in corpus("valid") {
        let card = Card::parse(bytes).expect("a card");
        for (field, mapping) in FIELDS {
            edit(&name, &card, (field, mapping), "new; text, \\ Ä\n");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn any_edit_of_any_card_touches_only_its_lines(
        place in any::<prop::sample::Index>(),
        field in prop::sample::select(FIELDS.to_vec()),
        text in any::<String>(),
    ) {
        let cards = corpus("valid");
        let (name, bytes) = &cards[place.index(cards.len())];
        let card = Card::parse(bytes.clone()).expect("a card");
        edit(name, &card, (field.0, &field.1), &text);
    }

    #[test]
    fn a_merge_of_one_sided_edits_takes_both(
        place in any::<prop::sample::Index>(),
        mine in prop::sample::select((0..FIELDS.len()).collect::<Vec<_>>()),
        theirs in prop::sample::select((0..FIELDS.len()).collect::<Vec<_>>()),
        text in "[a-z]{1,9}",
    ) {
        let cards = corpus("valid");
        let (name, bytes) = &cards[place.index(cards.len())];
        let base = Card::parse(bytes.clone()).expect("a card");
        let mappings: Vec<_> = FIELDS.iter().map(|(_, mapping)| *mapping).collect();
        let set = |place: usize| {
            let mut card = base.clone();
            let mut entries = base.entries(&mappings[place]);
            if mappings[place].is_many() { entries.push(Entry::text(&text)) } else { entries = vec![Entry::text(&text)] }
            card.set_entries(&mappings[place], &entries);
            card
        };
        let nothing = merge(&mappings, &base, &base, &base);
        prop_assert_eq!(nothing.card.bytes(), base.bytes());
        let (my_card, their_card) = (set(mine), set(theirs));
        let only_mine = merge(&mappings, &base, &my_card, &base);
        prop_assert_eq!(only_mine.card.bytes(), my_card.bytes());
        prop_assert!(only_mine.conflicts.is_empty());
        let only_theirs = merge(&mappings, &base, &base, &their_card);
        prop_assert_eq!(fingerprint(&only_theirs.card), fingerprint(&their_card), "{}: {}\n{}", name, FIELDS[theirs].0, String::from_utf8_lossy(only_theirs.card.bytes()));
        prop_assert!(only_theirs.conflicts.is_empty() && only_theirs.unmapped.is_empty());
        let same = |one: &str, other: &str| [FIELDS[mine].0, FIELDS[theirs].0] == [one, other] || [FIELDS[theirs].0, FIELDS[mine].0] == [one, other];
        let is_one_line = same("anniversary", "dates") || FIELDS[mine].0.contains("name") && FIELDS[theirs].0.contains("name");
        if mine != theirs && !is_one_line {
            let both = merge(&mappings, &base, &my_card, &their_card);
            prop_assert!(both.conflicts.is_empty(), "{}: {:?}", name, both.conflicts);
            prop_assert_eq!(both.card.entries(&mappings[mine]), my_card.entries(&mappings[mine]));
            prop_assert_eq!(both.card.entries(&mappings[theirs]), their_card.entries(&mappings[theirs]));
        }
    }
}

#[test]
fn the_fields_of_macos_are_read() {
    let card = card("macos-full");
    let numbers = card.entries(&field("numbers"));
    assert_eq!(numbers.len(), 3);
    assert_eq!(numbers[0].label, Some(Label::Mobile));
    assert!(numbers[0].preferred && !numbers[1].preferred);
    assert_eq!(
        numbers[2].label,
        Some(Label::Custom("Büro Hamburg".to_owned()))
    );
    assert_eq!(
        card.entries(&field("company")),
        [Entry::text("Hafenwerk GmbH")]
    );
    assert_eq!(
        card.entries(&field("department")),
        [Entry::text("Entwicklung")]
    );
    let addresses = card.entries(&field("addresses"));
    let address = [
        "",
        "",
        "Am Sandtorkai 1\nHinterhaus",
        "Hamburg",
        "",
        "20457",
        "Germany",
    ];
    assert_eq!(addresses[0].parts, address);
    assert_eq!(addresses[0].label, Some(Label::Home));
    assert_eq!(
        card.entries(&field("pages"))[0].label,
        Some(Label::HomePage)
    );
    assert_eq!(
        card.entries(&field("note")),
        [Entry::text("Mag Tee; keinen Kaffee, nie.\nZweite Zeile.")]
    );
    assert_eq!(
        card.uid().as_deref(),
        Some("0a1b2c3d-0001-4000-8000-000000000001")
    );
}

#[test]
fn text_is_decoded_from_any_character_set() {
    let name = |file: &str| card(file).entries(&field("name"))[0].parts[..2].join(" ");
    assert_eq!(name("outlook-windows-1252"), "Müller Jürgen");
    assert_eq!(name("outlook-latin1-undeclared"), "Müller Jürgen");
    assert_eq!(name("outlook-qp-latin1"), "Müller Jürgen");
    assert_eq!(name("aosp-21-qp"), "Größe Jörg");
    assert_eq!(name("shift-jis"), "表示 ソ太");
    assert_eq!(name("shift-jis-qp"), "表示 太郎");
    assert_eq!(name("windows-1251"), "Иванов Иван");
    assert_eq!(name("latin1-30"), "Bjørn Åge");
    let address = card("samsung-qp-list").entries(&field("addresses"))[0]
        .parts
        .clone();
    assert_eq!(address[2], "Straße 1;Hof");
    let note = card("aosp-21-soft-breaks").entries(&field("note"))[0]
        .value()
        .to_owned();
    assert!(note.ends_with("umbricht.\nUnd noch eine."), "{note}");
    assert_eq!(
        card("odd-fold-in-utf8").entries(&field("full name")),
        [Entry::text("Müller")]
    );
    assert_eq!(
        card("odd-cr-only").entries(&field("note")),
        [Entry::text("a b")]
    );
    assert_eq!(
        card("odd-crlf-in-qp").entries(&field("note"))[0].value(),
        "a\nb\nc\rd"
    );
}

#[test]
fn dates_have_one_form() {
    let dates: HashMap<&str, &str> = [
        ("macos-no-year", "--04-15"),
        ("google-full", "1979-02-03"),
        ("google-no-year", "--02-29"),
        ("aosp-21-qp", "--04-15"),
        ("davx5-40", "--07-04"),
        ("fastmail-bday", "1985-04-15"),
        ("odd-date-time", "1985-04-15"),
        ("odd-date-forms", "1985-04"),
        ("nextcloud-40", "1988-08-08"),
    ]
    .into();
    for (file, date) in dates {
        assert_eq!(
            card(file).entries(&field("birthday")),
            [Entry::text(date)],
            "{file}"
        );
    }
    assert_eq!(
        card("macos-no-year").entries(&field("anniversary")),
        [Entry::text("2010-06-12")]
    );
    assert_eq!(card("macos-no-year").entries(&field("dates")).len(), 1);
    assert_eq!(
        card("evolution-dates").entries(&field("anniversary")),
        [Entry::text("2001-02-03")]
    );
}

#[test]
fn a_date_without_a_year_is_written_for_the_version() {
    for (version, line) in [
        ("2.1", "BDAY:--04-15\r\n"),
        ("3.0", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15\r\n"),
        ("4.0", "BDAY:--0415\r\n"),
    ] {
        let text = format!("BEGIN:VCARD\r\nVERSION:{version}\r\nEND:VCARD\r\n");
        let mut card = Card::parse(text).expect("a card");
        card.set_entries(&field("birthday"), &[Entry::text("--04-15")]);
        let text = String::from_utf8_lossy(card.bytes()).into_owned();
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn labels_are_read_from_types_and_groups() {
    let labels = |file: &str, name: &str| -> Vec<_> {
        let entries = card(file).entries(&field(name));
        entries.into_iter().map(|entry| entry.label).collect()
    };
    use Label::*;
    assert_eq!(
        labels("macos-fax", "numbers"),
        [HomeFax, WorkFax, Fax, Pager, Main, Other, Mobile].map(Some)
    );
    assert_eq!(labels("outlook-30", "numbers"), [Some(Work), Some(Mobile)]);
    assert_eq!(
        labels("samsung-bare-pref", "numbers"),
        [Some(Work), None, None]
    );
    assert_eq!(
        labels("macos-relations", "relations"),
        [
            Some(Spouse),
            Some(Mother),
            Some(Custom("Patentante".into()))
        ]
    );
    assert_eq!(
        labels("nextcloud-related", "relations"),
        [Spouse, Friend, Child].map(Some)
    );
    assert_eq!(labels("evolution-dates", "relations"), [Some(Spouse)]);
    assert_eq!(
        labels("odd-lower", "numbers"),
        [Some(Custom("Boot".into()))]
    );
    assert_eq!(
        labels("macos-shared-group", "numbers"),
        [Some(Custom("Ferienhaus".into()))]
    );
}

#[test]
fn a_label_of_a_shared_group_stays_with_the_others() {
    let mut card = card("macos-shared-group");
    let (numbers, mail) = (field("numbers"), field("addresses of mail"));
    let mut entries = card.entries(&numbers);
    entries[0].label = Some(Label::Custom("Boot".into()));
    card.set_entries(&numbers, &entries);
    assert_eq!(card.entries(&numbers), entries);
    assert_eq!(
        card.entries(&mail)[0].label,
        Some(Label::Custom("Ferienhaus".into()))
    );
    card.set_entries(&mail, &[]);
    assert_eq!(card.entries(&numbers), entries);
}

#[test]
fn a_removed_entry_takes_its_label_along() {
    let mut card = card("macos-full");
    let numbers = field("numbers");
    let mut entries = card.entries(&numbers);
    entries.pop();
    card.set_entries(&numbers, &entries);
    let text = String::from_utf8_lossy(card.bytes()).into_owned();
    assert!(!text.contains("item1."), "{text}");
    assert!(text.contains("item2.X-ABADR:de"));
}

#[test]
fn a_new_card_has_what_3_0_wants() {
    let mut card = Card::new("a,b;c");
    assert_eq!(card.version(), Version::V3_0);
    assert_eq!(card.uid().as_deref(), Some("a,b;c"));
    assert_eq!(
        card.bytes(),
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a,b;c\r\nN:;;;;\r\nFN:\r\nEND:VCARD\r\n"
    );
    card.set_entries(&field("full name"), &[Entry::text("Ada")]);
    card.set_entries(&field("full name"), &[]);
    let name = Entry {
        parts: vec!["Lovelace".into(), "Ada".into()],
        ..Entry::default()
    };
    card.set_entries(&field("name"), &[name]);
    assert_eq!(
        card.bytes(),
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a,b;c\r\nN:Lovelace;Ada;;;\r\nFN:\r\nEND:VCARD\r\n"
    );
}

#[test]
fn a_photo_is_read_from_any_version_and_replaced() {
    for file in [
        "macos-photo",
        "macos-photo-crop",
        "outlook-photo",
        "aosp-21-photo",
        "nokia-unfolded-photo",
        "nextcloud-photo",
        "nextcloud-photo-40",
        "nextcloud-photo-escaped",
        "evolution-photo",
        "ios-wallpaper",
    ] {
        let original = card(file);
        let Some(Photo::Embedded { media_type, bytes }) = original.photo() else {
            panic!("{file} has a photo");
        };
        assert!(
            [&b"\xFF\xD8"[..], b"\x89P", b"GI"].contains(&&bytes[..2]),
            "{file}"
        );
        let media_type = media_type.unwrap_or_default();
        assert!(media_type.starts_with("image/"), "{file}: {media_type}");
        let mut same = original.clone();
        same.set_photo(Some((&media_type, &bytes)));
        assert_eq!(same.bytes(), original.bytes(), "{file}");
        let mut card = original.clone();
        let file_of_photo: Vec<u8> = (0..=255).cycle().take(3000).collect();
        card.set_photo(Some(("image/webp", &file_of_photo)));
        let wanted = Photo::Embedded {
            media_type: Some("image/webp".into()),
            bytes: file_of_photo.into(),
        };
        assert_eq!(card.photo(), Some(wanted.clone()), "{file}");
        card.set_photo(None);
        assert_eq!(card.photo(), None, "{file}");
        assert_eq!(
            card.entries(&field("name")),
            original.entries(&field("name"))
        );
        card.set_photo(Some((
            "image/webp",
            &(0..=255).cycle().take(3000).collect::<Vec<u8>>(),
        )));
        assert_eq!(card.photo(), Some(wanted), "{file}");
    }
    let card_of_google = card("google-photo-url");
    let url = card_of_google.photo();
    assert_eq!(
        url,
        Some(Photo::Url("https://photos.example/a/1=s100".into()))
    );
    assert_eq!(card("odd-empty-values").photo(), None);
}

#[test]
fn a_fingerprint_is_of_what_a_card_says() {
    let print = |text: &str| fingerprint(&Card::parse(text).expect("a card"));
    let one = print(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nREV:2\r\nFN:Ä\r\nN:;Ä;;;\r\nitem1.TEL;type=HOME;type=VOICE;type=pref:1\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15\r\nNOTE:a\\, b\r\nPHOTO;ENCODING=b;TYPE=PNG:QUJD\r\nCATEGORIES:b,a\r\nX-OWN:1\r\nEND:VCARD\r\n",
    );
    let other = print(
        "BEGIN:VCARD\nVERSION:4.0\nX-OWN:1\nCATEGORIES:a,b\nPHOTO:data:image/png;base64,QUJD\nNOTE:a\n \\, b\nBDAY:--0415\nTEL;PREF=1;TYPE=home:1\nN:;Ä\nFN:Ä\nUID:9\nEND:VCARD\n",
    );
    let old = print(
        "BEGIN:VCARD\nVERSION:2.1\nX-OWN:1\nCATEGORIES:a,b\nPHOTO;BASE64;PNG:QUJD\n\nNOTE;QUOTED-PRINTABLE:a, =\nb\nBDAY:--04-15\nTEL;HOME;PREF:1\nN:;Ä\nFN;CHARSET=UTF-8;QUOTED-PRINTABLE:=C3=84\nEND:VCARD\n",
    );
    assert_eq!(one, other);
    assert_eq!(one, old);
    let mut prints: HashMap<_, Vec<_>> = HashMap::new();
    for (name, bytes) in corpus("valid") {
        let print = fingerprint(&Card::parse(bytes).expect("a card"));
        prints.entry(print).or_default().push(name);
    }
    let mut same: Vec<_> = prints
        .into_values()
        .filter(|names| names.len() > 1)
        .collect();
    same.sort();
    // One photo in three ways of writing it, and two cards that say nothing.
    let photo = [
        "nextcloud-photo",
        "nextcloud-photo-40",
        "nextcloud-photo-escaped",
    ];
    assert_eq!(
        same,
        [&photo[..], &["odd-empty-values", "odd-only-envelope"]]
    );
}
