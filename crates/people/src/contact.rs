//! Addresses of email, phone numbers and postal addresses.

use crate::cultures::Culture;
use crate::language::Language;
use crate::latin::latin;
use crate::name::Drawn;
use crate::person::Address;
use crate::person::Labelled;
use crate::person::Person;
use crate::random::Random;

/// How many of 100 people have none, one, two and three.
const EMAILS: [usize; 4] = [20, 50, 22, 8];
const PHONES: [usize; 4] = [12, 50, 28, 10];
const ADDRESSES: [usize; 3] = [52, 40, 8];

/// All are reserved by RFC 2606.
const PRIVATE_DOMAINS: [&str; 7] = [
    "example.com",
    "example.com",
    "example.org",
    "example.net",
    "mail.example",
    "post.example",
    "web.example",
];

/// The shortest name that a company of another script takes for its domain.
const MIN_DOMAIN_LETTERS: usize = 4;
const MAX_DOMAIN_LETTERS: usize = 24;

pub(crate) fn fill(person: &mut Person, drawn: &Drawn, culture: &Culture, random: &mut Random) {
    for index in 0..random.weighted(&EMAILS) {
        let email = match &person.organization {
            Some(company) if index == 1 || random.percent(35) => {
                work_email(drawn, company, culture.language)
            }
            _ => private_email(drawn, random),
        };
        if person.emails.iter().all(|known| known.value != email.value) {
            person.emails.push(email);
        }
    }
    for index in 0..random.weighted(&PHONES) {
        let phone = if index == 0 && random.percent(80) {
            mobile(culture, random)
        } else if person.organization.is_some() && random.percent(60) {
            landline("WORK,VOICE", culture, random)
        } else {
            landline("HOME,VOICE", culture, random)
        };
        person.phones.push(phone);
    }
    for index in 0..random.weighted(&ADDRESSES) {
        let label = if index == 0 { "HOME" } else { "WORK" };
        person.addresses.push(address(label, culture, random));
    }
}

pub(crate) fn private_email(drawn: &Drawn, random: &mut Random) -> Labelled {
    let Drawn {
        given_latin: given,
        family_latin: family,
        ..
    } = drawn;
    let number = 1 + random.below(99);
    let local = match (family.is_empty(), random.below(6)) {
        (true, 0..3) => given.clone(),
        (true, _) => format!("{given}{number}"),
        (false, 0 | 1) => format!("{given}.{family}"),
        (false, 2) => format!("{given}_{family}{number}"),
        (false, 3) => format!("{}{family}", &given[..given.len().min(1)]),
        (false, 4) => format!("{given}+contacts"),
        (false, _) => format!("{family}.{given}"),
    };
    let domain = random.pick(&PRIVATE_DOMAINS);
    Labelled {
        label: "INTERNET,HOME",
        value: format!("{local}@{domain}"),
    }
}

fn work_email(drawn: &Drawn, company: &str, language: Language) -> Labelled {
    let local = if drawn.family_latin.is_empty() {
        drawn.given_latin.clone()
    } else {
        format!("{}.{}", drawn.given_latin, drawn.family_latin)
    };
    Labelled {
        label: "INTERNET,WORK",
        value: format!("{local}@{}", domain(company, language)),
    }
}

/// The domain of a company, which is reserved by RFC 2606 as everything below `.example` is.
pub(crate) fn domain(company: &str, language: Language) -> String {
    let mut name = latin(company, language);
    name.truncate(MAX_DOMAIN_LETTERS);
    if name.len() < MIN_DOMAIN_LETTERS {
        // A name in another script has no letters here, so its length tells it apart.
        let language = format!("{language:?}").to_lowercase();
        name = format!("{language}-{}", company.len());
    }
    format!("{name}.example")
}

pub(crate) fn mobile(culture: &Culture, random: &mut Random) -> Labelled {
    let pattern = *random.pick(&culture.mobiles);
    Labelled {
        label: "CELL,VOICE",
        value: random.fill(pattern),
    }
}

pub(crate) fn landline(label: &'static str, culture: &Culture, random: &mut Random) -> Labelled {
    let pattern = *random.pick(&culture.landlines);
    Labelled {
        label,
        value: random.fill(pattern),
    }
}

pub(crate) fn address(label: &'static str, culture: &Culture, random: &mut Random) -> Address {
    let place = random.pick(&culture.places);
    let number = (1 + random.below(120)).to_string();
    let street = *random.pick(&culture.streets);
    let street = culture
        .street
        .replace("{street}", street)
        .replace("{number}", &number);
    Address {
        label,
        street,
        city: place.city,
        region: place.region,
        code: random.fill(place.code),
        country: culture.country,
    }
}
