//! Work, dates, notes, groups and other people.

use crate::contact::domain;
use crate::cultures::Culture;
use crate::name;
use crate::name::Drawn;
use crate::person::Date;
use crate::person::Labelled;
use crate::person::Person;
use crate::person::Relation;
use crate::random::Random;

const DAYS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const RELATIONS: [&str; 8] = [
    "Spouse",
    "Mother",
    "Father",
    "Child",
    "Sister",
    "Brother",
    "Friend",
    "Assistant",
];

const MIN_WEDDING_YEAR: u16 = 1965;
const MIN_WEDDING_AGE: u16 = 18;
/// The year after the last wedding.
const END_OF_WEDDINGS: u16 = 2025;

/// Gives some people work.
pub(crate) fn employ(person: &mut Person, culture: &Culture, random: &mut Random) {
    if !random.percent(40) {
        return;
    }
    person.organization = Some((*random.pick(&culture.companies)).to_owned());
    if random.percent(75) {
        person.title = Some((*random.pick(&culture.titles)).to_owned());
    }
}

pub(crate) fn fill(person: &mut Person, drawn: &Drawn, culture: &Culture, random: &mut Random) {
    if random.percent(45) {
        let known = !random.percent(35);
        person.birthday = Some(date(known, 1930, 77, random));
    }
    if random.percent(8) {
        let born = person.birthday.and_then(|birthday| birthday.year);
        let first = born.map_or(MIN_WEDDING_YEAR, |year| year + MIN_WEDDING_AGE);
        let years = usize::from(END_OF_WEDDINGS.saturating_sub(first)).max(1);
        person.anniversary = Some(date(true, first, years, random));
    }
    if random.percent(25) {
        person.note = Some(note(culture, random));
    }
    if random.percent(50) {
        person.categories = categories(culture, random);
    }
    if random.percent(10) {
        person.nickname = Some(nickname(drawn));
    }
    links(person, drawn, culture, random);
    if random.percent(10) {
        for _ in 0..=random.below(2) {
            let kind = *random.pick(&RELATIONS);
            person.relations.push(Relation {
                kind,
                name: name::draw(culture, random).full_name,
            });
        }
    }
}

fn date(known: bool, first_year: u16, years: usize, random: &mut Random) -> Date {
    let year = first_year + random.below(years) as u16;
    let month = random.below(12);
    let leap =
        !known || year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = DAYS[month] + u8::from(month == 1 && leap);
    Date {
        year: known.then_some(year),
        month: month as u8 + 1,
        day: 1 + random.below(days.into()) as u8,
    }
}

fn note(culture: &Culture, random: &mut Random) -> String {
    let notes = &culture.notes;
    let first = random.below(notes.len());
    match random.below(10) {
        // A diary of several lines.
        0 | 1 => {
            let line = |index: usize| {
                let (month, day) = (1 + random.below(12), 1 + random.below(28));
                let text = notes[(first + index) % notes.len()];
                format!("{}-{month:02}-{day:02} {text}", 2015 + index)
            };
            let lines: Vec<String> = (0..4 + first).map(line).collect();
            lines.join("\n")
        }
        2 | 3 => {
            let number = 1 + random.below(999);
            format!("{}\nhttps://notes.example/{number}?a=1,2;b", notes[first])
        }
        _ => notes[first].to_owned(),
    }
}

fn categories(culture: &Culture, random: &mut Random) -> Vec<&'static str> {
    let mut categories = Vec::new();
    for _ in 0..random.weighted(&[0, 70, 22, 8]) {
        let group = *random.pick(&culture.groups);
        if !categories.contains(&group) {
            categories.push(group);
        }
    }
    categories
}

/// The first letters of the given name, twice if they are few, as children say it.
fn nickname(drawn: &Drawn) -> String {
    let letters: String = drawn.name.given.chars().take(3).collect();
    match letters.chars().count() {
        1 => letters.repeat(2),
        _ => letters,
    }
}

fn links(person: &mut Person, drawn: &Drawn, culture: &Culture, random: &mut Random) {
    let handle = format!("{}{}", drawn.given_latin, random.below(100));
    if random.percent(12) {
        person.urls.push(match &person.organization {
            Some(company) if random.percent(50) => {
                format!("https://www.{}/", domain(company, culture.language))
            }
            _ => format!("https://{handle}.example/"),
        });
    }
    if random.percent(8) {
        person.messengers.push(Labelled {
            label: "Jabber",
            value: format!("xmpp:{handle}@chat.example"),
        });
    }
    if random.percent(12) {
        let service = *random.pick(&["mastodon", "peertube", "pixelfed"]);
        person.profiles.push(Labelled {
            label: service,
            value: format!("https://{service}.example/@{handle}"),
        });
    }
}
