//! What holds for every text.

use proptest::prelude::*;

use crate::Column;
use crate::Document;
use crate::Part;
use crate::Search;
use crate::Tier;
use crate::fold::fold;
use crate::words::Text;

const PARTS: [Part; 10] = [
    Part::Name,
    Part::Company,
    Part::City,
    Part::Label,
    Part::Phone,
    Part::Email,
    Part::Website,
    Part::Other,
    Part::Note,
    Part::Has,
];

fn folded(text: &str) -> String {
    fold(text).iter().map(|unit| unit.c).collect()
}

/// Texts that have something of everything that a search knows.
fn typed() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "label:",
        "has:",
        "no:",
        "company:",
        "\"",
        "“",
        "phone",
        "+",
        "(0)",
        "00",
        "44",
        "7946",
        ".",
        "@",
        "/",
        "-",
        "'",
        "’",
        "·",
        "=",
        " ",
        "  ",
        "\n",
        "a",
        "ada",
        "O",
        "Ü",
        "å",
        "ß",
        "ﬁ",
        "王",
        "々",
        "カ",
        "ﾞ",
        "ｶ",
        "न्",
        "द",
        "ൻ",
        "ء",
        "ة",
        "‌",
        "\u{301}",
        "\u{308}",
        "ไ",
        "👩‍👩‍👧",
        "x.com",
        "www.",
        "٣",
        "ext",
    ]);
    let mixed = prop::collection::vec(
        prop_oneof![pieces.prop_map(str::to_owned), any::<String>()],
        0..12,
    );
    mixed.prop_map(|pieces| pieces.concat())
}

/// Names in several scripts.
fn full_name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-ZÄÖÜÅØÆÉa-zäöüåøæßéñłđ]{1,12}([ -][A-Za-zäöüåø'’]{1,12}){0,3}",
        "[А-яёїў]{1,10} [А-яёїў]{1,10}",
        "[\u{621}-\u{64A}]{1,8} [\u{621}-\u{64A}ی ک]{1,8}",
        "[一-鿋]{1,4}( [一-鿋]{1,3})?",
        "[ぁ-んァ-ン]{1,6} [ぁ-んァ-ン]{1,6}",
        "[가-힣]{2,4}",
        "[अ-ह][ा-ौ]?[क-ह]्[क-ह][ा-ौ]? [क-ह]{1,5}",
        "[ก-ฮ][ะ-ู]?[ก-ฮ]{1,6}",
    ]
}

proptest! {
    #[test]
    fn folding_twice_is_folding_once(text in prop_oneof![any::<String>(), typed(), full_name()]) {
        let once = folded(&text);
        prop_assert_eq!(folded(&once), once);
    }

    #[test]
    fn every_letter_folds_once_and_for_all(c in any::<char>(), mark in "[\u{300}-\u{36F}]") {
        let once = folded(&format!("{c}{mark}"));
        prop_assert_eq!(folded(&once), once);
    }

    #[test]
    fn case_never_matters_for_latin_greek_and_cyrillic(text in "[ -ÿĀ-ſͰ-ϿЀ-џ]{0,20}") {
        let document = |text: &str| Document::new([(Part::Name, text)]);
        prop_assert_eq!(document(&text.to_uppercase()), document(&text.to_lowercase()));
        let key = |text: &str| Search::parse(text).map(|search| search.key().to_owned());
        prop_assert_eq!(key(&text.to_uppercase()), key(&text.to_lowercase()));
    }

    #[test]
    fn no_text_is_too_much(search in typed(), text in typed()) {
        let document = Document::new(PARTS.map(|part| (part, text.as_str())));
        for column in Column::ALL {
            let held = document.text(column);
            prop_assert!(!held.contains(char::is_control));
            prop_assert!(held.is_empty() || (held.starts_with("  ") && held.ends_with("  ")));
            prop_assert!(!held.contains("   "));
            prop_assert!(held.split("  ").all(|word| !word.contains(' ')));
        }
        let Ok(search) = Search::parse(&search) else {
            return Ok(());
        };
        search.tier(&document);
        prop_assert!(!search.key().contains('\n'));
        for part in PARTS {
            let marks = search.finder().find(part, &text).marks;
            prop_assert!(marks.windows(2).all(|two| two[0].end < two[1].start));
            for mark in marks {
                prop_assert!(text.get(mark).is_some_and(|marked| !marked.is_empty()));
            }
        }
        for term in search.terms() {
            for tier in Tier::ALL {
                let probes = term.probes(tier);
                prop_assert!(!probes.is_empty());
                for probe in probes {
                    prop_assert!(probe.text.chars().count() >= 3);
                    prop_assert!(!probe.text.contains(char::is_control));
                }
            }
        }
        for word in search.mistyped() {
            prop_assert!(word.probes().iter().all(|probe| probe.text.chars().count() >= 3));
        }
    }

    #[test]
    fn equal_keys_are_equal_questions(a in typed(), b in typed()) {
        if let (Ok(a), Ok(b)) = (Search::parse(&a), Search::parse(&b)) {
            let terms = |search: &Search| {
                let mut terms: Vec<_> = search.terms().iter().map(|term| format!("{term:?}")).collect();
                terms.sort();
                terms
            };
            prop_assert_eq!(a.key() == b.key(), terms(&a) == terms(&b));
        }
    }

    #[test]
    fn tiers_hold_the_ones_before(search in typed(), text in typed()) {
        let document = Document::new(PARTS.map(|part| (part, text.as_str())));
        let Ok(search) = Search::parse(&search) else {
            return Ok(());
        };
        for term in search.terms() {
            let found = |tier| term.probes(tier).iter().any(|probe| probe.is_in(&document));
            let found = Tier::ALL.map(found);
            prop_assert!(found.is_sorted());
        }
    }

    #[test]
    fn a_name_finds_itself_and_marks_itself(name in full_name()) {
        let document = Document::new([(Part::Name, name.as_str())]);
        if let Ok(search) = Search::parse(&name) {
            prop_assert!(search.tier(&document) <= Some(Tier::Name) && search.tier(&document).is_some());
            prop_assert!(search.is_empty() || !search.finder().find(Part::Name, &name).marks.is_empty());
        }
    }

    #[test]
    fn each_beginning_of_a_word_of_a_name_finds_it(name in full_name()) {
        let document = Document::new([(Part::Name, name.as_str())]);
        for word in Text::new(&name).words {
            let mut letters: Vec<_> = word.units.iter().map(|unit| unit.at.clone()).collect();
            // Two folded letters may be of one that was written.
            letters.dedup();
            let mut typed = String::new();
            for letter in letters {
                typed += &name[letter];
                let search = Search::parse(&typed).map_err(|error| TestCaseError::fail(error.to_string()))?;
                let tier = search.tier(&document);
                prop_assert!(matches!(tier, Some(Tier::NameWhole | Tier::NameStart)), "{}", typed);
            }
        }
    }

    #[test]
    fn a_near_word_is_always_looked_for(
        word in prop_oneof!["[a-d]{4,12}", "[а-г]{4,12}", "[ا-ث]{4,8}", "[一-丄]{4,6}"],
        (at, kind, letter) in (0_usize..13, 0..4, prop_oneof!["[a-d]", "[а-г]", "[一-丄]"]),
        rest in "[a-d]{0,3}",
    ) {
        let mut letters: Vec<char> = word.chars().collect();
        let at = at % letters.len();
        let letter = letter.chars().next().unwrap_or_default();
        match kind {
            0 => letters.insert(at, letter),
            1 => { letters.remove(at); }
            2 => letters[at] = letter,
            _ => {
                let next = (at + 1) % letters.len();
                if next > 0 {
                    letters.swap(at, next);
                }
            }
        }
        let text: String = letters.into_iter().collect::<String>() + &rest;
        let document = Document::new([(Part::Name, text.as_str())]);
        let search = Search::parse(&word).map_err(|error| TestCaseError::fail(error.to_string()))?;
        for mistyped in search.mistyped() {
            let near = mistyped.near(&document);
            let found = mistyped.probes().iter().any(|probe| probe.is_in(&document));
            prop_assert!(found || near.is_empty(), "{:?}", near);
            let same_script = Text::new(&text).words.len() == 1;
            prop_assert!(!same_script || !near.is_empty(), "{} {}", word, text);
        }
    }
}
