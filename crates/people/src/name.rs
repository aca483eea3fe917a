//! Names in the order and the forms of their language.

use crate::cultures::Culture;
use crate::cultures::Order;
use crate::cultures::Word;
use crate::language::Language;
use crate::person::Name;
use crate::random::Random;

const PREFIX_PERCENT: usize = 5;
const MIDDLE_PERCENT: usize = 15;

/// How many given names and family names a very long name has.
const LONG: usize = 8;

/// A name, and what other parts of a card need of it.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) full_name: String,
    pub(crate) name: Name,
    pub(crate) given_latin: String,
    /// Empty where a person has one name.
    pub(crate) family_latin: String,
}

pub(crate) fn draw(culture: &Culture, random: &mut Random) -> Drawn {
    let female = random.percent(50);
    let givens = if female {
        &culture.female
    } else {
        &culture.male
    };
    let given = random.pick(givens).clone();
    let family = family(culture, female, random);
    let mut name = Name {
        additional: additional(culture, female, givens, random),
        family_reading: family.reading.clone(),
        given_reading: given.reading.clone(),
        given: given.text.clone(),
        family: family.text.clone(),
        ..Name::default()
    };
    if culture.order == Order::Mononym && random.percent(50) {
        name.given = format!("{} {}", name.given, random.pick(givens).text);
    }
    if random.percent(PREFIX_PERCENT) {
        name.prefix = prefix(culture.language, random).to_owned();
    }
    if is_english(culture) && random.percent(3) {
        name.suffix = (*random.pick(&["Jr.", "III", "PhD", "MD"])).to_owned();
    }
    Drawn {
        full_name: full_name(&name, culture.order),
        name,
        given_latin: given.latin,
        family_latin: family.latin,
    }
}

/// A name that no column is wide enough for.
pub(crate) fn draw_long(culture: &Culture, random: &mut Random) -> Drawn {
    let mut drawn = draw(culture, random);
    for _ in 0..LONG {
        let more = draw(culture, random);
        drawn.name.given = format!("{} {}", drawn.name.given, more.name.given);
        drawn.name.family = format!("{} {}", drawn.name.family, more.name.family)
            .trim()
            .to_owned();
    }
    drawn.name.given_reading = None;
    drawn.name.family_reading = None;
    drawn.full_name = full_name(&drawn.name, culture.order);
    drawn
}

fn family(culture: &Culture, female: bool, random: &mut Random) -> Word {
    match culture.order {
        Order::Mononym => Word::default(),
        Order::GivenFather => random.pick(&culture.male).clone(),
        Order::Patronym => {
            let father = random.pick(&culture.family);
            let (child, latin) = if female {
                ("dóttir", "dottir")
            } else {
                ("son", "son")
            };
            Word {
                text: format!("{}{child}", father.text),
                latin: format!("{}{latin}", father.latin),
                reading: None,
            }
        }
        Order::TwoFamilies => {
            let (first, second) = (random.pick(&culture.family), random.pick(&culture.family));
            Word {
                text: format!("{} {}", first.text, second.text),
                // An address names the one that people use.
                latin: if culture.language == Language::Spanish {
                    first.latin.clone()
                } else {
                    second.latin.clone()
                },
                reading: None,
            }
        }
        _ => {
            let word = random.pick(&culture.family).clone();
            if female {
                feminine(culture.language, word)
            } else {
                word
            }
        }
    }
}

/// Endings of family names of men, and of women. The first that fits counts.
fn endings(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::Polish => &[("ski", "ska"), ("cki", "cka"), ("dzki", "dzka")],
        Language::Russian => &[("ов", "ова"), ("ев", "ева"), ("ёв", "ёва"), ("ин", "ина")],
        Language::Greek => &[
            ("όπουλος", "οπούλου"),
            ("ίδης", "ίδου"),
            ("ΐδης", "ΐδου"),
            ("ης", "η"),
            ("ής", "ή"),
            ("άς", "ά"),
            ("ος", "ου"),
        ],
        _ => &[],
    }
}

fn feminine(language: Language, word: Word) -> Word {
    for (male, female) in endings(language) {
        if let Some(stem) = word.text.strip_suffix(male) {
            let latin = match language {
                Language::Russian => format!("{}a", word.latin),
                Language::Polish => format!("{}a", word.latin.trim_end_matches('i')),
                _ => word.latin,
            };
            return Word {
                text: format!("{stem}{female}"),
                latin,
                reading: None,
            };
        }
    }
    word
}

fn additional(culture: &Culture, female: bool, givens: &[Word], random: &mut Random) -> String {
    let middles = if female {
        &culture.middle_female
    } else {
        &culture.middle_male
    };
    match culture.order {
        Order::FamilyMiddleGiven => random.pick(middles).text.clone(),
        // Friends are written down without it.
        Order::Patronymic if random.percent(60) => random.pick(middles).text.clone(),
        Order::GivenFatherFamily if random.percent(50) => random.pick(&culture.male).text.clone(),
        Order::GivenFamily if random.percent(MIDDLE_PERCENT) => {
            let middle = &random.pick(givens).text;
            // An initial is a habit of English.
            if is_english(culture) && random.percent(60) {
                middle.chars().take(1).chain(['.']).collect()
            } else {
                middle.clone()
            }
        }
        _ => String::new(),
    }
}

fn is_english(culture: &Culture) -> bool {
    matches!(culture.language, Language::English | Language::American)
}

fn prefix(language: Language, random: &mut Random) -> &'static str {
    let prefixes: &[&str] = match language {
        Language::English | Language::American | Language::Nigerian => &["Dr", "Prof.", "Rev."],
        Language::German => &["Dr.", "Prof. Dr.", "Dr. med.", "Dipl.-Ing."],
        Language::French => &["Dr", "Me", "Pr"],
        Language::Spanish => &["Dr.", "Lic."],
        Language::Portuguese => &["Dr.", "Prof."],
        Language::Polish => &["dr", "prof.", "mgr inż."],
        Language::Turkish => &["Dr.", "Prof. Dr.", "Av."],
        Language::Arabic => &["د.", "م.", "أ."],
        Language::Hebrew => &["ד\"ר", "פרופ'"],
        Language::Persian => &["دکتر", "مهندس"],
        Language::Hindi => &["डॉ.", "प्रो."],
        _ => &[""],
    };
    prefixes[random.below(prefixes.len())]
}

fn full_name(name: &Name, order: Order) -> String {
    let Name {
        family,
        given,
        additional,
        prefix,
        suffix,
        ..
    } = name;
    let parts: [&str; 5] = match order {
        Order::FamilyGivenJoined => return format!("{family}{given}"),
        Order::FamilyGiven | Order::FamilyMiddleGiven => {
            [prefix, family, additional, given, suffix]
        }
        _ => [prefix, given, additional, family, suffix],
    };
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}
