//! Many people together: the same from the same seed, and of every kind.

use std::collections::HashMap;

use crate::Language;
use crate::People;
use crate::Person;
use crate::language::WHOLE;

/// FNV-1a of 64 bits.
fn hash(people: impl Iterator<Item = Person>) -> u64 {
    people.fold(0xCBF2_9CE4_8422_2325, |hash, person| {
        person.card().bytes().fold(hash, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        })
    })
}

#[test]
fn a_seed_gives_the_same_bytes_on_every_machine() {
    assert_eq!(hash(People::new(42).take(1000)), SNAPSHOT);
    assert_ne!(hash(People::new(43).take(1000)), SNAPSHOT);
}

/// The hash of the first 1,000 cards of the seed 42. It changes with a list or a rule, and then demos and tests get other people.
const SNAPSHOT: u64 = 8_395_873_832_060_197_466;

#[test]
fn a_person_depends_on_the_place_alone() {
    let people: Vec<Person> = People::new(1).take(300).collect();
    for place in [0, 1, 7, 299] {
        assert_eq!(People::new(1).nth(place).as_ref(), people.get(place));
    }
    let mut rest = People::new(1);
    rest.nth(9);
    assert_eq!(rest.next().as_ref(), people.get(10));
    assert!(People::new(u64::MAX).nth(usize::MAX).is_some());
}

#[test]
fn each_language_has_its_share_of_every_thousand() {
    assert_eq!(
        Language::ALL.map(Language::share).iter().sum::<u64>(),
        WHOLE
    );
    for seed in [0, 1, 621, u64::MAX] {
        let mut counts = HashMap::<Language, u64>::new();
        for person in People::new(seed).skip(123).take(1000) {
            *counts.entry(person.language).or_default() += 1;
        }
        for language in Language::ALL {
            assert_eq!(
                counts.get(&language),
                Some(&language.share()),
                "{language:?}"
            );
        }
    }
}

#[test]
fn each_language_and_script_is_among_the_first_500() {
    let scripts = [
        ("Latin", 'A'..='ÿ'),
        ("Cyrillic", 'А'..='я'),
        ("Greek", 'Α'..='ώ'),
        ("Arabic", 'ء'..='ي'),
        ("Hebrew", 'א'..='ת'),
        ("Devanagari", 'अ'..='ह'),
        ("Bengali", 'অ'..='হ'),
        ("Tamil", 'அ'..='ஹ'),
        ("Thai", 'ก'..='ฮ'),
        ("Han", '一'..='龥'),
        ("Hiragana", 'ぁ'..='ん'),
        ("Hangul", '가'..='힣'),
        ("Ethiopic", 'ሀ'..='ፚ'),
    ];
    for seed in 0..20 {
        let people: Vec<Person> = People::new(seed).take(500).collect();
        let text: String = people.iter().map(Person::card).collect();
        for (script, letters) in &scripts {
            assert!(
                text.chars().any(|letter| letters.contains(&letter)),
                "{script}"
            );
        }
        for language in Language::ALL {
            assert!(
                people.iter().any(|person| person.language == language),
                "{language:?}"
            );
        }
    }
}

#[test]
fn what_a_card_has_is_about_as_frequent_as_it_is_meant_to_be() {
    let people: Vec<Person> = People::new(2).take(20_000).collect();
    let percent = |has: &dyn Fn(&Person) -> bool| {
        let count = people.iter().filter(|person| has(person)).count();
        count as f64 / 200.0
    };
    let within = |name: &str, found: f64, least: f64, most: f64| {
        assert!((least..=most).contains(&found), "{name}: {found}");
    };
    within("company", percent(&|p| p.company), 5.0, 7.0);
    within(
        "phone alone",
        percent(&|p| p.name.given.is_empty() && p.emails.is_empty() && !p.company),
        2.4,
        3.6,
    );
    within(
        "one letter",
        percent(&|p| p.full_name.chars().count() == 1),
        0.6,
        1.5,
    );
    within(
        "long name",
        percent(&|p| p.full_name.chars().count() > 60),
        0.4,
        1.5,
    );
    within("no email", percent(&|p| p.emails.is_empty()), 18.0, 28.0);
    within("two emails", percent(&|p| p.emails.len() >= 2), 15.0, 30.0);
    within("no phone", percent(&|p| p.phones.is_empty()), 8.0, 16.0);
    within("three phones", percent(&|p| p.phones.len() == 3), 6.0, 11.0);
    within("address", percent(&|p| !p.addresses.is_empty()), 40.0, 52.0);
    within("birthday", percent(&|p| p.birthday.is_some()), 35.0, 45.0);
    within(
        "no year",
        percent(&|p| p.birthday.is_some_and(|d| d.year.is_none())),
        11.0,
        17.0,
    );
    within(
        "anniversary",
        percent(&|p| p.anniversary.is_some()),
        5.0,
        9.0,
    );
    within("note", percent(&|p| p.note.is_some()), 18.0, 26.0);
    within(
        "link in a note",
        percent(&|p| p.note.as_ref().is_some_and(|n| n.contains("https"))),
        2.0,
        6.0,
    );
    within(
        "category",
        percent(&|p| !p.categories.is_empty()),
        40.0,
        52.0,
    );
    within(
        "messenger",
        percent(&|p| !p.messengers.is_empty()),
        5.0,
        9.0,
    );
    within("profile", percent(&|p| !p.profiles.is_empty()), 8.0, 13.0);
    within("relation", percent(&|p| !p.relations.is_empty()), 7.0, 11.0);
    within("nickname", percent(&|p| p.nickname.is_some()), 7.0, 11.0);
    within(
        "readings",
        percent(&|p| p.name.family_reading.is_some()),
        2.5,
        3.5,
    );
}

#[test]
fn a_number_is_of_a_range_for_fiction_where_there_is_one() {
    for person in People::new(3).take(5000) {
        let reserved: &[&str] = match person.language {
            Language::English => &["7700900", "79460", "4960"],
            Language::American => &["55501", "1800FLOWERS"],
            Language::German => &["39200", "23125", "99998", "66969", "4710", "90009"],
            Language::French => &["63998", "19900", "26191", "46571", "53649"],
            _ => continue,
        };
        for phone in &person.phones {
            let plain: String = phone
                .value
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect();
            assert!(
                reserved.iter().any(|part| plain.contains(part)),
                "{}",
                phone.value
            );
        }
    }
}

#[test]
fn a_date_is_one_of_the_calendar() {
    let dates = |person: Person| person.birthday.into_iter().chain(person.anniversary);
    let mut leaps = 0;
    for date in People::new(5).take(20_000).flat_map(dates) {
        assert!((1..=12).contains(&date.month) && (1..=31).contains(&date.day));
        if date.month == 2 {
            let leap = date
                .year
                .is_none_or(|year| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
            assert!(date.day <= if leap { 29 } else { 28 });
            leaps += u32::from(date.day == 29);
        }
        if [4, 6, 9, 11].contains(&date.month) {
            assert!(date.day <= 30);
        }
    }
    assert!(leaps > 0);
}
