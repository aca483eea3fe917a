//! The fields of an application like Kith, for the tests.

use kith_card::{Mapping, Source, Version};

/// Every shape, by the names that a person would call the fields.
pub const FIELDS: &[(&str, Mapping)] = &[
    ("full name", Mapping::text("FN")),
    ("name", Mapping::structured("N", 5)),
    ("nicknames", Mapping::list("NICKNAME")),
    ("title", Mapping::text("TITLE")),
    ("role", Mapping::text("ROLE")),
    ("company", Mapping::component("ORG", 0)),
    ("department", Mapping::component("ORG", 1)),
    (
        "addresses of mail",
        Mapping::entries(&[Source::new("EMAIL")]),
    ),
    ("numbers", Mapping::entries(&[Source::new("TEL")])),
    ("pages", Mapping::entries(&[Source::uri("URL")])),
    (
        "messengers",
        Mapping::entries(&[
            Source::uri("IMPP"),
            Source::service("X-JABBER", "xmpp:"),
            Source::service("X-SKYPE", "skype:"),
            Source::service("X-AIM", "aim:"),
        ]),
    ),
    (
        "addresses",
        Mapping::structured_entries(&[Source::new("ADR")], 7),
    ),
    ("birthday", Mapping::date(&[Source::new("BDAY")])),
    (
        "anniversary",
        Mapping::date(&[
            Source::new("ANNIVERSARY").in_version(Version::V4_0),
            Source::new("X-ANNIVERSARY"),
            Source::new("X-ABDATE").with_label("_$!<Anniversary>!$_"),
        ]),
    ),
    (
        "dates",
        Mapping::dates(&[Source::new("X-ABDATE").without_label("_$!<Anniversary>!$_")]),
    ),
    ("categories", Mapping::list("CATEGORIES")),
    (
        "relations",
        Mapping::entries(&[
            Source::relation("RELATED").in_version(Version::V4_0),
            Source::new("X-ABRELATEDNAMES"),
            Source::labelled("X-SPOUSE", "_$!<Spouse>!$_"),
        ]),
    ),
    (
        "phonetic first name",
        Mapping::text_of(&[
            Source::new("X-PHONETIC-FIRST-NAME"),
            Source::parameter("N", "SORT-AS", 1),
        ]),
    ),
    (
        "phonetic last name",
        Mapping::text_of(&[
            Source::new("X-PHONETIC-LAST-NAME"),
            Source::parameter("N", "SORT-AS", 0),
        ]),
    ),
    ("note", Mapping::text("NOTE")),
    ("starred", Mapping::flag("X-KITH-STARRED")),
];

/// The mapping of a field.
#[allow(dead_code)]
pub fn field(name: &str) -> Mapping {
    let found = FIELDS.iter().find(|(field, _)| *field == name);
    found.expect("a field of this name").1
}
