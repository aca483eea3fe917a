//! What contacts are sorted by in the orders of names: folded texts, which the database keeps beside each contact.
//!
//! A key has its parts on lines. Folding leaves no line feed in a part and no character sorts before it, so the order of keys
//! is the order of their first parts, and among equal ones that of the next.

use super::card::Summary;
use super::catalogue::Field;
use super::fields::ContactFields;
use super::fold::fold;
use super::fold::search_key;
use crate::model::contact::Contact;

/// The longest part of a key, in characters, so that an index of PostgreSQL has room for the whole key. Only what begins
/// alike for so long is not told apart.
const MAX_PART_CHARS: usize = 80;

/// Sorts behind every text.
const LAST: &str = "\u{10FFFF}";

/// The keys of a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKeys {
    /// See [`search_key`].
    pub name: String,
    /// The last name, then the other names, then the address. A contact that says how its names sort is sorted by that.
    pub family: String,
    /// The company, then the name, then the address. Contacts without a company come last.
    pub company: String,
}

impl SortKeys {
    /// Of a contact with all its fields.
    pub fn of(contact: &Contact) -> Self {
        let email = contact.email.as_deref();
        Self::new(&contact.name, email, &ContactFields::of(contact))
    }

    /// Of what a card says.
    pub fn of_summary(summary: &Summary) -> Self {
        let fields = ContactFields::of_columns(&summary.fields, &summary.company, &summary.notes);
        Self::new(&summary.name, summary.email.as_deref(), &fields)
    }

    fn new(name: &str, email: Option<&str>, fields: &ContactFields) -> Self {
        let key_of_name = search_key(name, email);
        let email = part(email.unwrap_or_default());
        let company = fields.text(Field::Company);
        let (family, others) = family_and_others(name, fields);
        let family = [part(&family), part(&others), email.clone()];
        let by_company = [
            company.map_or_else(|| LAST.to_owned(), part),
            part(name),
            email,
        ];
        Self {
            name: key_of_name,
            family: family.join("\n"),
            company: by_company.join("\n"),
        }
    }
}

fn part(text: &str) -> String {
    fold(text).chars().take(MAX_PART_CHARS).collect()
}

/// The last name of a contact and its other names. Where a card does not tell them apart, the last word is the last name, or
/// what stands before a comma. A contact that is called as its company has no last name, and its whole name stands for it.
fn family_and_others(name: &str, fields: &ContactFields) -> (String, String) {
    let parts = fields.get(Field::NameParts).first();
    let part = |place: usize| {
        let part = parts.and_then(|parts| parts.parts.get(place));
        part.map_or("", String::as_str)
    };
    let [family, given, middle] = [0, 1, 2].map(part);
    if !family.is_empty() {
        let family = fields.text(Field::PhoneticFamily).unwrap_or(family);
        let given = fields.text(Field::PhoneticGiven).unwrap_or(given);
        return (family.to_owned(), [given, middle].join(" "));
    }
    let is_company = fields.text(Field::Company) == Some(name);
    let split = match name.split_once(',') {
        Some(split) => Some(split),
        None => name.rsplit_once(' ').map(|(given, family)| (family, given)),
    };
    match split {
        Some((family, others)) if given.is_empty() && !is_company => {
            (family.to_owned(), others.to_owned())
        }
        _ => (name.to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use icu_collator::Collator;
    use icu_collator::options::CollatorOptions;
    use icu_collator::options::Strength;
    use icu_locale_core::Locale;
    use kith_card::Entry;

    use super::*;
    use crate::model::language::Language;

    fn keys(name: &str, others: &[(Field, Entry)]) -> SortKeys {
        let mut fields = ContactFields::default();
        for (field, entry) in others {
            fields.set(*field, vec![entry.clone()]);
        }
        SortKeys::new(name, Some("A@example.com"), &fields)
    }

    fn parts(parts: &[&str]) -> (Field, Entry) {
        let mut entry = Entry::text("");
        entry.parts = parts.iter().map(|part| (*part).to_owned()).collect();
        (Field::NameParts, entry)
    }

    #[test]
    fn a_last_name_comes_first() {
        let phonetic = (Field::PhoneticFamily, Entry::text("さとう"));
        let company = (Field::Company, Entry::text("Analytical Engines"));
        for (name, fields, key) in [
            ("Ada Lovelace", vec![], "lovelace\nada\na@example.com"),
            ("Lovelace, Ada", vec![], "lovelace\nada\na@example.com"),
            ("Ada", vec![], "ada\n\na@example.com"),
            (
                "Vincent van Gogh",
                vec![parts(&["van Gogh", "Vincent", "Willem"])],
                "van gogh\nvincent willem\na@example.com",
            ),
            (
                "佐藤 花子",
                vec![parts(&["佐藤", "花子"]), phonetic],
                "さとう\n花子\na@example.com",
            ),
            (
                "Plato of Athens",
                vec![parts(&["", "Plato"])],
                "plato of athens\n\na@example.com",
            ),
            (
                "Analytical Engines",
                vec![company],
                "analytical engines\n\na@example.com",
            ),
        ] {
            assert_eq!(keys(name, &fields).family, key, "{name}");
        }
    }

    #[test]
    fn who_has_no_company_comes_last() {
        let company = (Field::Company, Entry::text("Éclair"));
        let with = keys("Ada", &[company]).company;
        assert_eq!(with, "eclair\nada\na@example.com");
        let others = ["\u{10FFFD}", "zz", "王"].map(|company| {
            let company = (Field::Company, Entry::text(company));
            keys("Ada", &[company]).company
        });
        let without = keys("Ada", &[]).company;
        assert!(others.iter().all(|key| *key < without), "{without}");
    }

    #[test]
    fn an_index_has_room_for_the_longest_keys() {
        // It folds to eighteen characters.
        let long = "\u{FDFA}".repeat(200);
        let company = (Field::Company, Entry::text(&long));
        let SortKeys {
            family, company, ..
        } = keys(&long, &[company]);
        for key in [family, company] {
            assert!(key.chars().count() <= 242 && key.len() <= 968);
        }
    }

    /// Names whose letters two languages sort in different places.
    const NAMES: [&str; 24] = [
        "Ångström Anders",
        "Aaltonen Aino",
        "Ärzte Anna",
        "Aerts An",
        "Arndt Åke",
        "Çelik Can",
        "Cruz César",
        "Dupont Élodie",
        "Dvořák Jan",
        "Łukasz Ewa",
        "Lund Øystein",
        "Lübeck Uwe",
        "Ludwig Max",
        "Müller Zoë",
        "Mueller Jörg",
        "Muller Karl",
        "Nuñez Íñigo",
        "Nun Ana",
        "Ødegaard Ole",
        "Österreich Ida",
        "Ozan Su",
        "Straße Jo",
        "Strasse Jürgen",
        "Zürn Vera",
    ];

    /// The pairs of names that a language sorts the other way round. It does not look at accents until all else is alike.
    fn sorted_otherwise(tag: &str) -> Vec<(&'static str, &'static str)> {
        let locale: Locale = tag.parse().expect("a tag");
        let mut options = CollatorOptions::default();
        options.strength = Some(Strength::Primary);
        let collator = Collator::try_new(locale.into(), options).expect("data of the language");
        let pairs = NAMES
            .iter()
            .flat_map(|one| NAMES.iter().map(move |other| (*one, *other)));
        let is_other = |(one, other): &(&str, &str)| {
            let order = collator.compare(one, other);
            order != Ordering::Equal && order != part(one).cmp(&part(other))
        };
        pairs.filter(is_other).collect()
    }

    #[test]
    fn each_language_of_the_pages_sorts_names_as_the_keys_do() {
        for language in Language::ALL {
            assert_eq!(sorted_otherwise(language.tag()), [], "{language:?}");
        }
        // Such a language needs keys of its own.
        assert!(sorted_otherwise("sv").contains(&("Ångström Anders", "Zürn Vera")));
    }
}
