//! People from a seed, one after the other.

use crate::company;
use crate::contact;
use crate::cultures::Culture;
use crate::language::Language;
use crate::life;
use crate::name;
use crate::name::Drawn;
use crate::person::Person;
use crate::random::Random;

/// How many of 1,000 cards are of which kind, in the order of [`Kind`].
const KINDS: [usize; 6] = [870, 60, 30, 20, 10, 10];

/// What is different about a card.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Person,
    Company,
    PhoneAlone,
    EmailAlone,
    OneLetter,
    LongName,
}

/// People without an end, from a seed: the same on every machine.
///
/// A person depends on the seed and on the place in the sequence alone, so [`Iterator::nth`] costs no more than
/// [`Iterator::next`].
///
/// ```
/// use kith_people::People;
///
/// let cards: Vec<String> = People::new(42).take(3).map(|person| person.card()).collect();
/// assert_eq!(People::new(42).nth(2).unwrap().card(), cards[2]);
/// ```
#[derive(Debug, Clone)]
pub struct People {
    seed: u64,
    index: u64,
}

impl People {
    /// Begins with the first person of this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, index: 0 }
    }
}

impl Iterator for People {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        let person = person(self.seed, self.index);
        self.index = self.index.wrapping_add(1);
        Some(person)
    }

    fn nth(&mut self, count: usize) -> Option<Person> {
        self.index = self.index.wrapping_add(count as u64);
        self.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

fn person(seed: u64, index: u64) -> Person {
    let mut random = Random::new(seed, index);
    let culture = Culture::of(Language::at(seed, index));
    let mut person = empty(uid(&mut random), culture.language);
    let kinds = [
        Kind::Person,
        Kind::Company,
        Kind::PhoneAlone,
        Kind::EmailAlone,
        Kind::OneLetter,
        Kind::LongName,
    ];
    match kinds[random.weighted(&KINDS)] {
        Kind::Company => company::fill(&mut person, culture, &mut random),
        Kind::PhoneAlone => {
            person.phones.push(contact::mobile(culture, &mut random));
            person.full_name.clone_from(&person.phones[0].value);
        }
        Kind::EmailAlone => {
            let drawn = name::draw(culture, &mut random);
            person
                .emails
                .push(contact::private_email(&drawn, &mut random));
            person.full_name.clone_from(&person.emails[0].value);
        }
        Kind::OneLetter => {
            let drawn = name::draw(culture, &mut random);
            let letter: String = drawn.name.given.chars().take(1).collect();
            person.full_name.clone_from(&letter);
            person.name.given = letter;
            person.phones.push(contact::mobile(culture, &mut random));
        }
        Kind::LongName => {
            let drawn = name::draw_long(culture, &mut random);
            named(&mut person, drawn, culture, &mut random);
        }
        Kind::Person => {
            let drawn = name::draw(culture, &mut random);
            named(&mut person, drawn, culture, &mut random);
        }
    }
    person
}

fn named(person: &mut Person, drawn: Drawn, culture: &Culture, random: &mut Random) {
    life::employ(person, culture, random);
    contact::fill(person, &drawn, culture, random);
    life::fill(person, &drawn, culture, random);
    person.full_name = drawn.full_name;
    person.name = drawn.name;
}

fn uid(random: &mut Random) -> String {
    // The version is 8, for a layout of one's own, and the variant that of RFC 9562.
    let high = random.next() & !0xF000 | 0x8000;
    let low = random.next() & (u64::MAX >> 2) | 1 << 63;
    let (first, second, third) = (high >> 32, high >> 16 & 0xFFFF, high & 0xFFFF);
    let (fourth, fifth) = (low >> 48, low & 0xFFFF_FFFF_FFFF);
    format!("urn:uuid:{first:08x}-{second:04x}-{third:04x}-{fourth:04x}-{fifth:012x}")
}

fn empty(uid: String, language: Language) -> Person {
    Person {
        uid,
        language,
        full_name: String::new(),
        name: crate::person::Name::default(),
        nickname: None,
        company: false,
        organization: None,
        title: None,
        emails: Vec::new(),
        phones: Vec::new(),
        addresses: Vec::new(),
        birthday: None,
        anniversary: None,
        note: None,
        categories: Vec::new(),
        urls: Vec::new(),
        messengers: Vec::new(),
        profiles: Vec::new(),
        relations: Vec::new(),
    }
}
