//! A person as a vCard 3.0 (RFC 2426), with the properties that Apple's and Android's contacts add.

use crate::person::Date;
use crate::person::Person;

/// The most octets of a line without its end (RFC 2426, section 2.6).
const MAX_LINE_OCTETS: usize = 75;

/// The year that Apple writes where a year is not known, and marks.
const OMITTED_YEAR: u16 = 1604;

impl Person {
    /// A vCard 3.0 (RFC 2426) with lines of at most 75 octets, each of which ends with CRLF.
    ///
    /// ```
    /// let person = kith_people::People::new(7).next().unwrap();
    /// assert!(person.card().starts_with("BEGIN:VCARD\r\nVERSION:3.0\r\n"));
    /// ```
    pub fn card(&self) -> String {
        write(self)
    }
}

fn write(person: &Person) -> String {
    let mut card = Card {
        text: String::with_capacity(1024),
        items: 0,
    };
    card.line("BEGIN:VCARD");
    card.line("VERSION:3.0");
    card.line("PRODID:-//kith-people//EN");
    card.line(&format!("UID:{}", person.uid));
    names(&mut card, person);
    ways(&mut card, person);
    dates(&mut card, person);
    rest(&mut card, person);
    card.line("END:VCARD");
    card.text
}

struct Card {
    text: String,
    /// How many groups there are. A group joins a property and its label.
    items: usize,
}

fn names(card: &mut Card, person: &Person) {
    let name = &person.name;
    card.structured(
        "N",
        &[
            &name.family,
            &name.given,
            &name.additional,
            &name.prefix,
            &name.suffix,
        ],
    );
    card.property("FN", &person.full_name);
    if let Some(reading) = &name.family_reading {
        card.property("X-PHONETIC-LAST-NAME", reading);
    }
    if let Some(reading) = &name.given_reading {
        card.property("X-PHONETIC-FIRST-NAME", reading);
    }
    if let Some(nickname) = &person.nickname {
        card.property("NICKNAME", nickname);
    }
    if let Some(organization) = &person.organization {
        card.structured("ORG", &[organization]);
    }
    if let Some(title) = &person.title {
        card.property("TITLE", title);
    }
    if person.company {
        card.line("X-ABShowAs:COMPANY");
    }
}

fn ways(card: &mut Card, person: &Person) {
    for (index, email) in person.emails.iter().enumerate() {
        let preferred = if index == 0 { ",PREF" } else { "" };
        card.property(
            &format!("EMAIL;TYPE={}{preferred}", email.label),
            &email.value,
        );
    }
    for (index, phone) in person.phones.iter().enumerate() {
        let preferred = if index == 0 { ",PREF" } else { "" };
        card.property(
            &format!("TEL;TYPE={}{preferred}", phone.label),
            &phone.value,
        );
    }
    for address in &person.addresses {
        let parts = [
            "",
            "",
            &address.street,
            address.city,
            address.region,
            &address.code,
            address.country,
        ];
        card.structured(&format!("ADR;TYPE={}", address.label), &parts);
    }
}

fn dates(card: &mut Card, person: &Person) {
    if let Some(Date { year, month, day }) = person.birthday {
        match year {
            Some(year) => card.line(&format!("BDAY:{year:04}-{month:02}-{day:02}")),
            None => card.line(&format!(
                "BDAY;X-APPLE-OMIT-YEAR={OMITTED_YEAR}:{OMITTED_YEAR}-{month:02}-{day:02}"
            )),
        }
    }
    if let Some(Date { year, month, day }) = person.anniversary {
        let year = year.unwrap_or(OMITTED_YEAR);
        let date = format!("{year:04}-{month:02}-{day:02}");
        // Apple writes the one, Android and Evolution the other.
        if day % 2 == 0 {
            card.labelled("X-ABDATE;TYPE=PREF", &date, "Anniversary");
        } else {
            card.property("X-ANNIVERSARY", &date);
        }
    }
}

fn rest(card: &mut Card, person: &Person) {
    for url in &person.urls {
        card.property("URL", url);
    }
    for messenger in &person.messengers {
        card.property(
            &format!("IMPP;X-SERVICE-TYPE={}", messenger.label),
            &messenger.value,
        );
    }
    for profile in &person.profiles {
        card.property(
            &format!("X-SOCIALPROFILE;TYPE={}", profile.label),
            &profile.value,
        );
    }
    for relation in &person.relations {
        card.labelled("X-ABRELATEDNAMES", &relation.name, relation.kind);
    }
    if !person.categories.is_empty() {
        let categories: Vec<String> = person.categories.iter().map(|name| escaped(name)).collect();
        card.line(&format!("CATEGORIES:{}", categories.join(",")));
    }
    if let Some(note) = &person.note {
        card.property("NOTE", note);
    }
}

impl Card {
    fn property(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{}", escaped(value)));
    }

    fn structured(&mut self, name: &str, parts: &[&str]) {
        let parts: Vec<String> = parts.iter().map(|part| escaped(part)).collect();
        self.line(&format!("{name}:{}", parts.join(";")));
    }

    /// A property with one of the labels that Apple translates.
    fn labelled(&mut self, name: &str, value: &str, label: &str) {
        self.items += 1;
        let item = self.items;
        self.property(&format!("item{item}.{name}"), value);
        self.line(&format!("item{item}.X-ABLabel:_$!<{label}>!$_"));
    }

    /// Writes a line, and folds it between characters. The space that begins a folded line counts.
    fn line(&mut self, line: &str) {
        let mut octets = 0;
        for character in line.chars() {
            if octets + character.len_utf8() > MAX_LINE_OCTETS {
                self.text.push_str("\r\n ");
                octets = 1;
            }
            self.text.push(character);
            octets += character.len_utf8();
        }
        self.text.push_str("\r\n");
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ',' | ';' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            _ => escaped.push(character),
        }
    }
    escaped
}
