//! Names, places and habits of each language, and how they are written down here.
//!
//! Names are separated by spaces, everything else by `|`. An underscore stands for a space within a name. A name in another
//! script than Latin is followed by `/` and its Latin form, and in Japanese by `/` and its reading.

mod american;
mod arabic;
mod bengali;
mod chinese;
mod english;
mod ethiopian;
mod french;
mod german;
mod greek;
mod hebrew;
mod hindi;
mod icelandic;
mod indonesian;
mod japanese;
mod korean;
mod nigerian;
mod persian;
mod polish;
mod portuguese;
mod russian;
mod spanish;
mod taiwanese;
mod tamil;
mod thai;
mod turkish;
mod ukrainian;
mod vietnamese;

use std::sync::LazyLock;

use crate::language::Language;
use crate::latin::latin;

/// How a full name is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    GivenFamily,
    /// The family name of each parent.
    TwoFamilies,
    /// A form of the father's given name in the middle.
    Patronymic,
    /// A form of the father's given name at the end, in place of a family name.
    Patronym,
    /// The father's given name at the end, in place of a family name.
    GivenFather,
    GivenFatherFamily,
    FamilyMiddleGiven,
    FamilyGiven,
    /// Without a space.
    FamilyGivenJoined,
    /// One name, or given names alone.
    Mononym,
}

/// What a file of a language says.
pub(super) struct Source {
    order: Order,
    country: &'static str,
    female: &'static str,
    male: &'static str,
    middle_female: &'static str,
    middle_male: &'static str,
    family: &'static str,
    /// With `{street}` and `{number}`.
    street: &'static str,
    streets: &'static str,
    /// City, region and postal code.
    places: &'static str,
    mobiles: &'static str,
    landlines: &'static str,
    companies: &'static str,
    titles: &'static str,
    notes: &'static str,
    /// The first four are family, friends, work and a club.
    groups: &'static str,
}

/// A name, and its forms in other letters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// In lower case, with letters of ASCII alone.
    pub(crate) latin: String,
    pub(crate) reading: Option<String>,
}

pub(crate) struct Place {
    pub(crate) city: &'static str,
    pub(crate) region: &'static str,
    pub(crate) code: &'static str,
}

/// The same, read.
pub(crate) struct Culture {
    pub(crate) language: Language,
    pub(crate) order: Order,
    pub(crate) country: &'static str,
    pub(crate) female: Vec<Word>,
    pub(crate) male: Vec<Word>,
    pub(crate) middle_female: Vec<Word>,
    pub(crate) middle_male: Vec<Word>,
    pub(crate) family: Vec<Word>,
    pub(crate) street: &'static str,
    pub(crate) streets: Vec<&'static str>,
    pub(crate) places: Vec<Place>,
    pub(crate) mobiles: Vec<&'static str>,
    pub(crate) landlines: Vec<&'static str>,
    pub(crate) companies: Vec<&'static str>,
    pub(crate) titles: Vec<&'static str>,
    pub(crate) notes: Vec<&'static str>,
    pub(crate) groups: Vec<&'static str>,
}

static CULTURES: LazyLock<Vec<Culture>> = LazyLock::new(|| Language::ALL.map(Culture::read).into());

impl Culture {
    pub(crate) fn of(language: Language) -> &'static Self {
        &CULTURES[language as usize]
    }

    fn read(language: Language) -> Self {
        let source = source(language);
        let names = |text: &str| -> Vec<Word> {
            let words = text.split_ascii_whitespace();
            words.map(|word| Word::read(word, language)).collect()
        };
        Self {
            language,
            order: source.order,
            country: source.country,
            female: names(source.female),
            male: names(source.male),
            middle_female: names(source.middle_female),
            middle_male: names(source.middle_male),
            family: names(source.family),
            street: source.street,
            streets: list(source.streets),
            places: list(source.places).into_iter().map(Place::read).collect(),
            mobiles: list(source.mobiles),
            landlines: list(source.landlines),
            companies: list(source.companies),
            titles: list(source.titles),
            notes: list(source.notes),
            groups: list(source.groups),
        }
    }
}

impl Word {
    fn read(word: &str, language: Language) -> Self {
        let mut parts = word.split('/');
        let text = parts.next().unwrap_or_default().replace('_', " ");
        let latin = match parts.next() {
            Some(given) => given.to_owned(),
            None => latin(&text, language),
        };
        let reading = parts.next().map(str::to_owned);
        Self {
            text,
            latin,
            reading,
        }
    }
}

impl Place {
    fn read(text: &'static str) -> Self {
        let mut parts = text.split(';');
        let mut part = || parts.next().unwrap_or_default();
        Self {
            city: part(),
            region: part(),
            code: part(),
        }
    }
}

fn list(text: &'static str) -> Vec<&'static str> {
    text.split('|').collect()
}

fn source(language: Language) -> &'static Source {
    match language {
        Language::English => &english::SOURCE,
        Language::American => &american::SOURCE,
        Language::German => &german::SOURCE,
        Language::French => &french::SOURCE,
        Language::Spanish => &spanish::SOURCE,
        Language::Portuguese => &portuguese::SOURCE,
        Language::Polish => &polish::SOURCE,
        Language::Turkish => &turkish::SOURCE,
        Language::Vietnamese => &vietnamese::SOURCE,
        Language::Icelandic => &icelandic::SOURCE,
        Language::Russian => &russian::SOURCE,
        Language::Ukrainian => &ukrainian::SOURCE,
        Language::Greek => &greek::SOURCE,
        Language::Arabic => &arabic::SOURCE,
        Language::Hebrew => &hebrew::SOURCE,
        Language::Persian => &persian::SOURCE,
        Language::Hindi => &hindi::SOURCE,
        Language::Bengali => &bengali::SOURCE,
        Language::Tamil => &tamil::SOURCE,
        Language::Thai => &thai::SOURCE,
        Language::Chinese => &chinese::SOURCE,
        Language::Taiwanese => &taiwanese::SOURCE,
        Language::Japanese => &japanese::SOURCE,
        Language::Korean => &korean::SOURCE,
        Language::Indonesian => &indonesian::SOURCE,
        Language::Nigerian => &nigerian::SOURCE,
        Language::Ethiopian => &ethiopian::SOURCE,
    }
}
