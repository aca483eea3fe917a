//! A short vCard of a contact, for a QR code: a longer one has smaller dots, which cameras do not read.

use kith_card::Entry;
use kith_card::Label;
use kith_card::ParseError;

use super::card::ContactCard;
use super::catalogue::Field;
use super::catalogue::MAX_ENTRIES;
use super::fields::ContactFields;
use super::fields::first_of;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::services::format;

/// The longest short card. At a medium error correction, its QR code has 77 dots on each side.
pub const MAX_BYTES: usize = 400;

/// The longest name of a contact whose name does not fit, in characters. Each has at most four bytes, and stands in the
/// card twice.
const MAX_NAME_CHARS: usize = 30;

/// A card of 3.0, which all telephones read.
const EMPTY: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:;;;;\r\nFN:\r\nEND:VCARD\r\n";

/// The labels that a card says in one word.
const LABELS: [Label; 3] = [Label::Home, Label::Mobile, Label::Work];

/// A card that is short enough.
pub struct ShortCard {
    pub bytes: Vec<u8>,
    /// What did not fit, as a list in words, such as `2 phones and one company`; blank if all of it did.
    pub left_out: String,
}

impl ShortCard {
    /// The card of a contact that is called `name`. The first phone, the first email and the company go before other
    /// phones and emails.
    ///
    /// # Errors
    /// None in practice: an empty card can be read.
    pub fn of(name: &str, fields: &ContactFields) -> Result<Self, ParseError> {
        let (mut kept, is_whole) = named(name, fields)?;
        let mut left_out = [(Field::Phones, 0), (Field::Emails, 0), (Field::Company, 0)];
        for (field, entry) in in_order(fields) {
            let mut longer = kept.clone();
            let said = longer.get(field).iter().cloned().chain([entry]);
            longer.set(field, said.collect());
            if bytes(&longer)?.len() <= MAX_BYTES {
                kept = longer;
            } else {
                let counts = left_out.iter_mut();
                counts
                    .filter(|(other, _)| *other == field)
                    .for_each(|(_, count)| *count += 1);
            }
        }
        let words = left_out.iter().map(|(field, count)| words(*field, *count));
        let name = (!is_whole).then(|| t!("a part of the name").to_owned());
        let left_out: Vec<String> = name.into_iter().chain(words.flatten()).collect();
        Ok(Self {
            bytes: bytes(&kept)?,
            left_out: format::list(&left_out),
        })
    }
}

/// The name alone, and whether it is whole.
fn named(name: &str, fields: &ContactFields) -> Result<(ContactFields, bool), ParseError> {
    let mut named = ContactFields::default();
    named.set(Field::Name, vec![Entry::text(name)]);
    named.set(Field::NameParts, fields.get(Field::NameParts).to_vec());
    if bytes(&named)?.len() <= MAX_BYTES {
        return Ok((named, true));
    }
    let short: String = name.chars().take(MAX_NAME_CHARS).collect();
    named.set(Field::Name, vec![Entry::text(short.trim())]);
    // The card gets those of the short name.
    named.set(Field::NameParts, Vec::new());
    Ok((named, name.chars().count() <= MAX_NAME_CHARS))
}

/// What the card may say beside the name, the most useful first.
fn in_order(fields: &ContactFields) -> Vec<(Field, Entry)> {
    let of_several = [Field::Phones, Field::Emails];
    let first = |field: Field| {
        let entries = fields.get(field);
        let first = first_of(entries).map(|first| entries[first].clone());
        first.map(|entry| (field, entry))
    };
    let others = |field: Field| {
        let entries = fields.get(field);
        let first = first_of(entries).unwrap_or(MAX_ENTRIES);
        let others = entries.iter().enumerate();
        let others = others.filter(move |(index, _)| *index != first);
        others.map(move |(_, entry)| (field, entry.clone()))
    };
    let firsts = of_several
        .into_iter()
        .chain([Field::Company])
        .filter_map(first);
    let all = firsts.chain(of_several.into_iter().flat_map(others));
    all.map(|(field, entry)| (field, short(entry))).collect()
}

/// An entry without what takes room: own words for it, and that it is the preferred one, which goes first anyway.
fn short(entry: Entry) -> Entry {
    Entry {
        label: entry.label.filter(|label| LABELS.contains(label)),
        preferred: false,
        ..entry
    }
}

fn bytes(fields: &ContactFields) -> Result<Vec<u8>, ParseError> {
    let mut card = ContactCard::parse(EMPTY)?;
    card.apply(fields);
    Ok(card.bytes().to_vec())
}

/// For example `one phone` or `2 phones`; `None` for none.
fn words(field: Field, count: usize) -> Option<String> {
    let words = match field {
        Field::Phones => t_plural!(count, "one phone", "{count} phones"),
        Field::Emails => t_plural!(count, "one email", "{count} emails"),
        _ => t_plural!(count, "one company", "{count} companies"),
    };
    (count > 0).then_some(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(texts: &[&str]) -> Vec<Entry> {
        texts.iter().map(|text| Entry::text(*text)).collect()
    }

    fn short_card(name: &str, fields: &ContactFields) -> (String, String) {
        let short = ShortCard::of(name, fields).expect("an empty card can be read");
        let text = String::from_utf8(short.bytes).expect("UTF-8");
        (text, short.left_out)
    }

    #[test]
    fn a_short_card_says_how_to_reach_the_contact() {
        let mut fields = ContactFields::default();
        let numbers = [
            Entry::text("+1 555").labelled(Label::of_words("boat")),
            Entry {
                preferred: true,
                ..Entry::text("+44 20").labelled(Label::Work)
            },
        ];
        fields.set(Field::Phones, numbers.into());
        fields.set(Field::Emails, texts(&["ada@example.com"]));
        fields.set(Field::Company, texts(&["Engines; Ltd"]));
        fields.set(Field::Notes, texts(&["secret"]));
        fields.set(Field::Birthday, texts(&["1815-12-10"]));
        let (text, left_out) = short_card("Ada Lovelace", &fields);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "BEGIN:VCARD",
                "VERSION:3.0",
                "N:Lovelace;Ada;;;",
                "FN:Ada Lovelace",
                "EMAIL:ada@example.com",
                "TEL;TYPE=WORK:+44 20",
                "TEL:+1 555",
                "ORG:Engines\\; Ltd",
                "END:VCARD",
            ]
        );
        assert_eq!(left_out, "");
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let mut fields = ContactFields::default();
        let long: Vec<String> = (0..3)
            .map(|n| format!("{n}{}@example.com", "x".repeat(120)))
            .collect();
        let long: Vec<&str> = long.iter().map(String::as_str).collect();
        fields.set(Field::Emails, texts(&long));
        fields.set(Field::Phones, texts(&["1", "2"]));
        fields.set(Field::Company, texts(&["c".repeat(200).as_str()]));
        let (text, left_out) = short_card("Ada", &fields);
        assert_eq!(left_out, "one email and one company");
        assert!(
            text.contains("TEL:1") && text.contains("TEL:2") && text.contains("EMAIL:0"),
            "{text}"
        );
        let name = "Ω".repeat(200);
        let (text, left_out) = short_card(&name, &ContactFields::default());
        assert_eq!(left_out, "a part of the name");
        assert!(text.contains(&format!("FN:{}", "Ω".repeat(30))), "{text}");
    }

    proptest! {
        #[test]
        fn a_short_card_is_short_and_can_be_read(
            name in ".{1,200}",
            phones in proptest::collection::vec(".{0,200}", 0..4),
            emails in proptest::collection::vec(".{0,320}", 0..4),
            company in ".{0,200}",
        ) {
            let mut fields = ContactFields::default();
            for (field, said) in [
                (Field::Phones, phones),
                (Field::Emails, emails),
                (Field::Company, vec![company]),
            ] {
                fields.set(field, said.into_iter().map(Entry::text).collect());
            }
            let short = ShortCard::of(&name, &fields).expect("an empty card can be read");
            prop_assert!(short.bytes.len() <= MAX_BYTES);
            prop_assert!(ContactCard::parse(short.bytes).is_ok());
        }
    }
}
