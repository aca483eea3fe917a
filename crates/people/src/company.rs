//! Companies without a person.

use crate::contact::address;
use crate::contact::domain;
use crate::contact::landline;
use crate::cultures::Culture;
use crate::person::Labelled;
use crate::person::Person;
use crate::random::Random;

pub(crate) fn fill(person: &mut Person, culture: &Culture, random: &mut Random) {
    let name = (*random.pick(&culture.companies)).to_owned();
    let domain = domain(&name, culture.language);
    person.company = true;
    person.full_name.clone_from(&name);
    person.organization = Some(name);
    person.phones.push(landline("WORK,VOICE", culture, random));
    if random.percent(20) {
        person.phones.push(landline("WORK,FAX", culture, random));
    }
    if random.percent(80) {
        let local = *random.pick(&["info", "office", "hello", "contact"]);
        person.emails.push(Labelled {
            label: "INTERNET,WORK",
            value: format!("{local}@{domain}"),
        });
    }
    if random.percent(70) {
        person.urls.push(format!("https://www.{domain}/"));
    }
    if random.percent(70) {
        person.addresses.push(address("WORK", culture, random));
    }
    if random.percent(40) {
        person.categories.push(culture.groups[2]);
    }
}
