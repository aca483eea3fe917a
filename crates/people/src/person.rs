//! What is known of a person.

use crate::language::Language;

/// A person, or a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `urn:uuid:` and a UUID of version 8 (RFC 9562), derived from the seed and the index.
    pub uid: String,
    /// Where the name and the habits come from.
    pub language: Language,
    /// The name as it is written: `FN` of a vCard. A nearly empty card has a phone number or an address of email here.
    pub full_name: String,
    /// The parts of the name, all of them empty for a company and a nearly empty card.
    pub name: Name,
    /// What friends say.
    pub nickname: Option<String>,
    /// Whether this is a company without a person.
    pub company: bool,
    /// The employer, or the company itself.
    pub organization: Option<String>,
    /// The work, in the language of the person.
    pub title: Option<String>,
    /// Addresses of email, at most three, all of domains that RFC 2606 reserves.
    pub emails: Vec<Labelled>,
    /// Phone numbers as people write them, at most three.
    pub phones: Vec<Labelled>,
    /// Postal addresses, at most two.
    pub addresses: Vec<Address>,
    /// The date of birth, of some people without its year.
    pub birthday: Option<Date>,
    /// The date of a wedding.
    pub anniversary: Option<Date>,
    /// A note of one line or of several.
    pub note: Option<String>,
    /// Family, friends, work and clubs, in the language of the person.
    pub categories: Vec<&'static str>,
    /// Pages on the web.
    pub urls: Vec<String>,
    /// Addresses of messengers, as URIs. The label is the service.
    pub messengers: Vec<Labelled>,
    /// Profiles of social networks, as URLs. The label is the service.
    pub profiles: Vec<Labelled>,
    /// Other people who have something to do with this one.
    pub relations: Vec<Relation>,
}

/// The parts of a name, as `N` of a vCard has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    /// The family name or names, the patronym, or the father's name. Empty where a person has one name.
    pub family: String,
    /// The given name or names.
    pub given: String,
    /// Middle names and patronymics.
    pub additional: String,
    /// Titles before the name.
    pub prefix: String,
    /// What follows the name.
    pub suffix: String,
    /// How the family name is read, in Japanese.
    pub family_reading: Option<String>,
    /// How the given name is read, in Japanese.
    pub given_reading: Option<String>,
}

/// A value and what it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// Types of a vCard, separated by commas, or a service.
    pub label: &'static str,
    /// The value.
    pub value: String,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `HOME` or `WORK`.
    pub label: &'static str,
    /// Street and number, in the order of the country.
    pub street: String,
    /// The city.
    pub city: &'static str,
    /// The region, where addresses name one.
    pub region: &'static str,
    /// The postal code.
    pub code: String,
    /// The country, in the language of the person.
    pub country: &'static str,
}

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// The year, if it is known.
    pub year: Option<u16>,
    /// From 1 to 12.
    pub month: u8,
    /// From 1 to 31.
    pub day: u8,
}

/// Another person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// What the other person is to this one, such as `Mother`.
    pub kind: &'static str,
    /// The full name of the other person.
    pub name: String,
}
