//! The description of each field of a contact. Everything that knows fields is made from it: the form, the page of a
//! contact, the JSON of the API and its OpenAPI schema, what is read from a card and written into it, and what a search
//! sees. So a field is added here, and nowhere else.

use kith_card::Mapping;
use kith_card::Source;
use kith_card::Version;
use kith_search::Part as Searched;

use crate::model::format::within_sentence;
use crate::model::language::t;
use crate::services::format;

/// The name of a change of the picture, which is no field.
pub const PHOTO: &str = "photo";

/// What Kith knows of a field.
pub struct FieldSpec {
    /// In JSON, in forms and in the history.
    pub name: &'static str,
    /// What JSON calls the value of the first entry of a field of several, as the API has called it from its first
    /// release on.
    pub first: Option<&'static str>,
    label: fn() -> &'static str,
    pub kind: Kind,
    /// The longest text of a part, in characters.
    pub max_chars: usize,
    /// Where it lives in a card.
    pub mapping: Mapping,
    /// The labels that the form offers. Own words are accepted as well.
    pub suggested: &'static [&'static str],
    /// The part of the form and of the page that the field is in.
    pub section: Section,
    /// What a search takes it for; a search does not see a field without.
    pub searched: Option<Searched>,
    /// For the reference of the API.
    pub about: &'static str,
}

impl FieldSpec {
    /// For people. Of a field of several, what one of its entries is called.
    pub fn label(&self) -> &'static str {
        (self.label)()
    }
}

/// What a field holds, and how its text is cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One line.
    Line,
    /// Any number of lines.
    Text,
    Email,
    Phone,
    Website,
    /// `1815-12-10`, without a year `--12-10`; other texts are kept as they are.
    Date,
    /// Several parts.
    Parts(&'static [Part]),
    /// Short texts without labels of their own.
    List,
    /// Something that is so or not.
    Flag,
}

/// A part of a field of several parts, in the order of its property.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    pub name: &'static str,
    /// Where it stands in the form and in a text for people; a smaller number goes before.
    pub place: u8,
}

/// The parts of the form and of the page of a contact, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// What is always open in the form.
    Main,
    Name,
    Work,
    Address,
    Online,
    Dates,
    People,
    Other,
}

impl Section {
    /// The sections that the form shows on request.
    pub const MORE: [Self; 7] = [
        Self::Name,
        Self::Work,
        Self::Address,
        Self::Online,
        Self::Dates,
        Self::People,
        Self::Other,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Main => t!("Contact"),
            Self::Name => t!("Parts of the name"),
            Self::Work => t!("Work"),
            Self::Address => t!("Addresses"),
            Self::Online => t!("Websites and messaging"),
            Self::Dates => t!("Birthday and dates"),
            Self::People => t!("Related people"),
            Self::Other => t!("Labels and favourite"),
        }
    }
}

/// The most entries of a field.
pub const MAX_ENTRIES: usize = 100;

/// The longest label, in characters.
pub const MAX_LABEL_CHARS: usize = 100;

const NAME_PARTS: [Part; 5] = [
    part("family", 3),
    part("given", 1),
    part("middle", 2),
    part("prefix", 0),
    part("suffix", 4),
];

pub const ADDRESS_PARTS: [Part; 7] = [
    part("poBox", 1),
    part("extended", 2),
    part("street", 0),
    part("city", 4),
    part("region", 5),
    part("postalCode", 3),
    part("country", 6),
];

const fn part(name: &'static str, place: u8) -> Part {
    Part { name, place }
}

impl Part {
    /// For people.
    pub fn label(&self) -> &'static str {
        match self.name {
            "family" => t!("Last name"),
            "given" => t!("First name"),
            "middle" => t!("Middle names"),
            "prefix" => t!("Title before the name"),
            "suffix" => t!("Suffix"),
            "poBox" => t!("PO box"),
            "extended" => t!("Building, floor"),
            "street" => t!("Street"),
            "city" => t!("City"),
            "region" => t!("State or region"),
            "postalCode" => t!("Postal code"),
            "country" => t!("Country"),
            name => name,
        }
    }
}

/// A field of one line, to which the others are compared.
const LINE: FieldSpec = FieldSpec {
    name: "",
    first: None,
    label: || "",
    kind: Kind::Line,
    max_chars: 200,
    mapping: Mapping::text(""),
    suggested: &[],
    section: Section::Main,
    searched: Some(Searched::Other),
    about: "One line.",
};

macro_rules! catalogue {
    ($($(#[$only:meta])* $field:ident = $spec:expr;)+) => {
        /// A field of a contact.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field {
            $($(#[$only])* $field,)+
        }

        impl Field {
            /// In the order of the form.
            pub const ALL: &'static [Self] = &[$($(#[$only])* Self::$field,)+];

            pub fn spec(self) -> &'static FieldSpec {
                match self {
                    $($(#[$only])* Self::$field => {
                        static SPEC: FieldSpec = $spec;
                        &SPEC
                    })+
                }
            }
        }
    };
}

catalogue! {
    Name = FieldSpec {
        name: "name",
        label: || t!("Name"),
        mapping: Mapping::text("FN"),
        searched: Some(Searched::Name),
        about: "As it is written, for example `Ada Lovelace`.",
        ..LINE
    };
    NameParts = FieldSpec {
        name: "nameParts",
        label: || t!("Parts of the name"),
        kind: Kind::Parts(&NAME_PARTS),
        mapping: Mapping::structured("N", 5),
        section: Section::Name,
        searched: Some(Searched::Name),
        about: "What the name consists of.",
        ..LINE
    };
    PhoneticGiven = FieldSpec {
        name: "phoneticGiven",
        label: || t!("Phonetic first name"),
        mapping: Mapping::text_of(&[
            Source::new("X-PHONETIC-FIRST-NAME"),
            Source::parameter("N", "SORT-AS", 1),
        ]),
        section: Section::Name,
        searched: Some(Searched::Name),
        about: "How the first name is said or sorted.",
        ..LINE
    };
    PhoneticFamily = FieldSpec {
        name: "phoneticFamily",
        label: || t!("Phonetic last name"),
        mapping: Mapping::text_of(&[
            Source::new("X-PHONETIC-LAST-NAME"),
            Source::parameter("N", "SORT-AS", 0),
        ]),
        section: Section::Name,
        searched: Some(Searched::Name),
        about: "How the last name is said or sorted.",
        ..LINE
    };
    Nicknames = FieldSpec {
        name: "nicknames",
        label: || t!("Nicknames"),
        kind: Kind::List,
        mapping: Mapping::list("NICKNAME"),
        section: Section::Name,
        searched: Some(Searched::Name),
        about: "What else the person is called.",
        ..LINE
    };
    Emails = FieldSpec {
        name: "emails",
        first: Some("email"),
        label: || t!("Email"),
        kind: Kind::Email,
        max_chars: 320,
        mapping: Mapping::entries(&[Source::new("EMAIL")]),
        suggested: &["home", "work"],
        searched: Some(Searched::Email),
        about: "Addresses of mail. One that no mail can reach is kept as it was typed.",
        ..LINE
    };
    Phones = FieldSpec {
        name: "phones",
        first: Some("phone"),
        label: || t!("Phone"),
        kind: Kind::Phone,
        mapping: Mapping::entries(&[Source::new("TEL")]),
        suggested: &["mobile", "home", "work", "main", "home fax", "work fax"],
        searched: Some(Searched::Phone),
        about: "Phone numbers, as they were typed.",
        ..LINE
    };
    Company = FieldSpec {
        name: "company",
        label: || t!("Company"),
        mapping: Mapping::component("ORG", 0),
        searched: Some(Searched::Company),
        ..LINE
    };
    Department = FieldSpec {
        name: "department",
        label: || t!("Department"),
        mapping: Mapping::component("ORG", 1),
        section: Section::Work,
        searched: Some(Searched::Company),
        ..LINE
    };
    Title = FieldSpec {
        name: "title",
        label: || t!("Job title"),
        mapping: Mapping::text("TITLE"),
        section: Section::Work,
        ..LINE
    };
    Addresses = FieldSpec {
        name: "addresses",
        label: || t!("Address"),
        kind: Kind::Parts(&ADDRESS_PARTS),
        mapping: Mapping::structured_entries(&[Source::new("ADR")], 7),
        suggested: &["home", "work"],
        section: Section::Address,
        about: "Postal addresses.",
        ..LINE
    };
    Websites = FieldSpec {
        name: "websites",
        label: || t!("Website"),
        kind: Kind::Website,
        max_chars: 2_000,
        mapping: Mapping::entries(&[Source::uri("URL")]),
        suggested: &["home page", "work"],
        section: Section::Online,
        searched: Some(Searched::Website),
        about: "Pages of the person.",
        ..LINE
    };
    Messaging = FieldSpec {
        name: "messaging",
        label: || t!("Messaging"),
        max_chars: 2_000,
        mapping: Mapping::entries(&[
            Source::uri("IMPP"),
            Source::service("X-JABBER", "xmpp:"),
            Source::service("X-SKYPE", "skype:"),
            Source::service("X-AIM", "aim:"),
        ]),
        suggested: &["home", "work"],
        section: Section::Online,
        searched: Some(Searched::Website),
        about: "Accounts of instant messages, best as a URI such as `xmpp:ada@example.org`.",
        ..LINE
    };
    Birthday = FieldSpec {
        name: "birthday",
        label: || t!("Birthday"),
        kind: Kind::Date,
        mapping: Mapping::date(&[Source::new("BDAY")]),
        section: Section::Dates,
        searched: None,
        about: "`1815-12-10`, or `--12-10` without a year.",
        ..LINE
    };
    Anniversary = FieldSpec {
        name: "anniversary",
        label: || t!("Anniversary"),
        kind: Kind::Date,
        mapping: Mapping::date(&[
            Source::new("ANNIVERSARY").in_version(Version::V4_0),
            Source::new("X-ANNIVERSARY"),
            Source::new("X-ABDATE").with_label("_$!<Anniversary>!$_"),
        ]),
        section: Section::Dates,
        searched: None,
        about: "`1835-07-08`, or `--07-08` without a year.",
        ..LINE
    };
    Dates = FieldSpec {
        name: "dates",
        label: || t!("Another date"),
        kind: Kind::Date,
        mapping: Mapping::dates(&[Source::new("X-ABDATE").without_label("_$!<Anniversary>!$_")]),
        suggested: &["first met", "name day", "graduation"],
        section: Section::Dates,
        searched: None,
        about: "Other days to remember.",
        ..LINE
    };
    Relations = FieldSpec {
        name: "relations",
        label: || t!("Related person"),
        mapping: Mapping::entries(&[
            Source::relation("RELATED").in_version(Version::V4_0),
            Source::new("X-ABRELATEDNAMES"),
            Source::labelled("X-SPOUSE", "_$!<Spouse>!$_"),
        ]),
        suggested: &[
            "spouse", "partner", "child", "parent", "mother", "father", "brother", "sister",
            "friend", "colleague", "assistant", "manager", "emergency",
        ],
        section: Section::People,
        about: "The names of people around this one.",
        ..LINE
    };
    Labels = FieldSpec {
        name: "labels",
        label: || t!("Labels"),
        kind: Kind::List,
        max_chars: 100,
        mapping: Mapping::list("CATEGORIES"),
        section: Section::Other,
        searched: Some(Searched::Label),
        about: "What the contact is filed under.",
        ..LINE
    };
    Favourite = FieldSpec {
        name: "favourite",
        label: || t!("Favourite"),
        kind: Kind::Flag,
        mapping: Mapping::flag("X-KITH-STARRED"),
        section: Section::Other,
        searched: None,
        about: "Whether the contact is one of the favourites.",
        ..LINE
    };
    Notes = FieldSpec {
        name: "notes",
        label: || t!("Notes"),
        kind: Kind::Text,
        max_chars: 10_000,
        mapping: Mapping::text("NOTE"),
        searched: Some(Searched::Note),
        about: "Free text of any number of lines.",
        ..LINE
    };
    // What the tests add, to show that a field needs nothing else.
    #[cfg(test)]
    Shoe = FieldSpec {
        name: "shoes",
        label: || "Shoe size",
        mapping: Mapping::entries(&[Source::new("X-SHOE-SIZE")]),
        suggested: &["left", "right"],
        section: Section::Other,
        about: "What fits.",
        ..LINE
    };
}

impl Field {
    /// The field of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|field| field.spec().name == name)
    }

    /// What people call the field whose name the history has: for example `email` for `emails`, which it was called before.
    pub fn words_of(name: &str) -> String {
        let mut all = Self::ALL.iter().map(|field| field.spec());
        let spec = all.find(|spec| spec.name == name || spec.first == Some(name));
        let label = match spec {
            Some(spec) => spec.label(),
            None if name == PHOTO => t!("Photo"),
            None => name,
        };
        within_sentence(label)
    }

    /// Whether it has several entries, each with a label.
    pub fn has_labels(self) -> bool {
        let spec = self.spec();
        spec.mapping.is_many() && spec.kind != Kind::List
    }
}

/// Fields as a list in words, such as `the phone and the notes`; blank where there are none.
pub fn in_words(fields: &[Field]) -> String {
    let labels = fields.iter().map(|field| field.spec().label());
    let words = labels.map(|label| t!("the {field}", field = within_sentence(label)));
    format::list(&words.collect::<Vec<String>>())
}

#[cfg(test)]
mod tests;
