//! Names in the order and with the forms of their language.

use crate::Language;
use crate::People;
use crate::Person;
use crate::cultures::Culture;

fn people(language: Language) -> impl Iterator<Item = Person> {
    People::new(9)
        .take(10_000)
        .filter(move |person| person.language == language && !person.company)
        .filter(|person| {
            person.name.given.chars().count() > 1 && person.full_name.chars().count() < 40
        })
}

#[test]
fn a_full_name_is_in_the_order_of_its_language() {
    for person in people(Language::Hindi) {
        assert!(person.full_name.ends_with(&person.name.family));
    }
    for person in people(Language::Japanese) {
        let name = &person.name;
        assert_eq!(person.full_name, format!("{} {}", name.family, name.given));
        assert!(name.family_reading.is_some() && name.given_reading.is_some());
    }
    for language in [Language::Chinese, Language::Taiwanese, Language::Korean] {
        for person in people(language) {
            let name = &person.name;
            assert_eq!(person.full_name, format!("{}{}", name.family, name.given));
        }
    }
    for person in people(Language::Vietnamese) {
        assert!(person.full_name.starts_with(&person.name.family));
        assert!(person.full_name.ends_with(&person.name.given));
        assert!(!person.name.additional.is_empty());
    }
}

#[test]
fn a_name_has_the_parts_that_its_language_has() {
    assert!(people(Language::Spanish).all(|person| person.name.family.contains(' ')));
    let patronym = |person: Person| {
        person.name.family.ends_with("son") || person.name.family.ends_with("dóttir")
    };
    assert!(people(Language::Icelandic).all(patronym));
    assert!(people(Language::Indonesian).all(|person| person.name.family.is_empty()));
    let single = |person: &Person| !person.full_name.contains(' ');
    assert!(people(Language::Indonesian).any(|person| single(&person)));
    let dotless = |person: Person| person.full_name.contains(['ı', 'İ']);
    assert!(people(Language::Turkish).any(dotless));
}

#[test]
fn a_woman_has_the_family_name_of_a_woman() {
    let women = |language: Language| {
        let names: Vec<&str> = Culture::of(language)
            .female
            .iter()
            .map(|word| word.text.as_str())
            .collect();
        people(language)
            .filter(|person| names.contains(&person.name.given.as_str()))
            .map(|person| person.name.family)
            .collect::<Vec<_>>()
    };
    let ends = |families: &[String], endings: &[&str]| {
        assert!(!families.is_empty());
        for family in families {
            assert!(
                endings.iter().all(|ending| !family.ends_with(ending)),
                "{family}"
            );
        }
    };
    ends(&women(Language::Polish), &["ski"]);
    ends(&women(Language::Russian), &["ов", "ев", "ёв", "ин"]);
    ends(&women(Language::Greek), &["ος", "ης", "ής", "άς"]);
}

#[test]
fn each_list_of_names_is_long_and_has_latin_forms() {
    for language in Language::ALL {
        let culture = Culture::of(language);
        for names in [&culture.female, &culture.male] {
            assert!(
                (20..=60).contains(&names.len()),
                "{language:?}: {}",
                names.len()
            );
        }
        assert!(
            culture.family.is_empty() || culture.family.len() >= 20,
            "{language:?}"
        );
        for word in [&culture.female, &culture.male, &culture.family]
            .into_iter()
            .flatten()
        {
            let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
            assert!(
                !word.latin.is_empty() && word.latin.chars().all(plain),
                "{word:?}"
            );
        }
        assert!(culture.groups.len() >= 4 && culture.places.len() >= 4 && culture.notes.len() >= 3);
        for place in &culture.places {
            assert!(
                !place.city.is_empty() && !place.code.is_empty(),
                "{language:?}"
            );
        }
    }
}
