//! The table, and what single searches come to.

use crate::Column;
use crate::Document;
use crate::Part;
use crate::Search;
use crate::SearchError;
use crate::Tier;
use crate::table::cases;

fn parse(text: &str) -> Search {
    Search::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn name(text: &str) -> Document {
    Document::new([(Part::Name, text)])
}

#[test]
fn each_case_of_the_table_holds() {
    let mut wrong = Vec::new();
    for case in cases() {
        let document = Document::new([(case.part, case.text)]);
        let search = parse(case.search);
        if search.tier(&document).is_some() != case.found {
            wrong.push(format!("{case:?}\n  {document:?}\n  {search:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_has_enough_rows() {
    let refused = cases().iter().filter(|case| !case.found).count();
    assert!(refused >= 30, "{refused}");
}

#[test]
fn a_document_has_each_word_once_between_two_spaces() {
    let document = Document::new([
        (Part::Name, "Ada  Lovelace"),
        (Part::Name, "ada"),
        (Part::Phone, "+44 20 7946 0000 ext. 5"),
        (Part::Has, "phone"),
    ]);
    assert_eq!(document.text(Column::Names), "  ada  lovelace  ");
    assert_eq!(document.text(Column::Joined), "  adalovelace  ");
    assert_eq!(
        document.text(Column::Phones),
        "  442079460000  02079460000  05  =5  "
    );
    assert_eq!(document.text(Column::Others), "  ext  ");
    assert_eq!(document.text(Column::Has), "  phone  ");
    assert_eq!(document.text(Column::Notes), "");
}

#[test]
fn better_matches_are_of_better_tiers() {
    let document = Document::new([
        (Part::Name, "Anne Marie O’Brien"),
        (Part::Company, "Acme"),
        (Part::Note, "likes marzipan, Anderson"),
    ]);
    for (search, tier) in [
        ("", Some(Tier::NameWhole)),
        ("anne", Some(Tier::NameWhole)),
        ("marie anne", Some(Tier::NameWhole)),
        ("anne marie o'brien", Some(Tier::NameWhole)),
        ("anne o'brien", Some(Tier::NameStart)),
        ("ann", Some(Tier::NameStart)),
        ("annemarie", Some(Tier::NameStart)),
        ("mar", Some(Tier::NameStart)),
        ("brien", Some(Tier::NameStart)),
        ("nne", Some(Tier::Name)),
        ("mar acme", Some(Tier::Field)),
        ("marz", Some(Tier::Note)),
        ("company:acm anne", Some(Tier::NameWhole)),
        ("marz no:phone", Some(Tier::Note)),
        ("marz has:phone", None),
        ("bert", None),
    ] {
        assert_eq!(parse(search).tier(&document), tier, "{search}");
    }
}

#[test]
fn a_name_in_han_begins_before_it_goes_on() {
    assert_eq!(parse("田").tier(&name("田中")), Some(Tier::NameStart));
    assert_eq!(parse("田").tier(&name("山田")), Some(Tier::Name));
}

#[test]
fn the_same_question_has_the_same_key() {
    for (a, b) in [
        ("ada lovelace", "  LOVELACE, Ada "),
        ("müller", "Mu\u{308}ller müller"),
        ("has:pho ada", "ada"),
        ("has:phone", "HAS:phones"),
        ("label:x", "label:\"X\""),
        ("+44 20 7946 0000", "+442079460000"),
    ] {
        assert_eq!(parse(a).key(), parse(b).key(), "{a} {b}");
    }
    for (a, b) in [
        ("ada", "label:ada"),
        ("has:phone", "no:phone"),
        ("has:phone", "has phone"),
        ("müller", "muller mueller"),
        ("müller", "muller"),
        ("x li", "li x"),
        ("label:ada", "city:ada"),
        ("+44 20 7946 0000", "44 20 7946 0000"),
        ("example.com", "example com"),
        ("", "a"),
    ] {
        assert_ne!(parse(a).key(), parse(b).key(), "{a} {b}");
    }
}

#[test]
fn too_much_is_refused() {
    assert_eq!(Search::parse(&"a".repeat(201)), Err(SearchError::TooLong));
    assert!(Search::parse(&"é".repeat(200)).is_ok());
    let words: String = (0..=Search::MAX_TERMS)
        .map(|number| format!("x{number} "))
        .collect();
    assert_eq!(Search::parse(&words), Err(SearchError::TooManyTerms));
    assert!(Search::parse("a a a a a a a a a a a a").is_ok());
}

#[test]
fn what_was_found_is_marked_in_the_text_as_it_was_written() {
    for (search, part, text, marked) in [
        ("ada", Part::Name, "Ada Lovelace", "[Ada] Lovelace"),
        ("obrien", Part::Name, "Mary O’Brien", "Mary [O’Brien]"),
        ("annemarie", Part::Name, "Anne Marie S", "[Anne Marie] S"),
        ("mueller", Part::Name, "Hans Müller", "Hans [Müller]"),
        (
            "mü",
            Part::Name,
            "Mu\u{308}ller Muller",
            "[Mu\u{308}]ller [Mu]ller",
        ),
        ("lace a", Part::Name, "Ada Lovelace", "[A]da Love[lace]"),
        ("小", Part::Name, "王小明", "王[小]明"),
        ("strasse", Part::Other, "Hauptstraße 5", "Haupt[straße] 5"),
        (
            "2345678",
            Part::Phone,
            "+1 (234) 567-8900",
            "+1 ([234) 567-8]900",
        ),
        (
            "020 7946",
            Part::Phone,
            "+44 (0)20 7946 0000",
            "+44 (0)[20 7946] 0000",
        ),
        (
            "example.com",
            Part::Email,
            "ada@example.com",
            "ada@[example.com]",
        ),
        (
            "ada",
            Part::Note,
            "Met Ada; adapter.",
            "Met [Ada]; [ada]pter.",
        ),
        ("label:ada", Part::Name, "Ada", "Ada"),
        ("label:ada", Part::Label, "Ada", "[Ada]"),
        ("no:phone", Part::Has, "phone", "phone"),
        ("", Part::Name, "Ada", "Ada"),
    ] {
        let mut written = String::new();
        let mut end = 0;
        for mark in parse(search).finder().find(part, text).marks {
            written += &format!("{}[{}]", &text[end..mark.start], &text[mark.clone()]);
            end = mark.end;
        }
        written += &text[end..];
        assert_eq!(written, marked, "{search}");
    }
}

#[test]
fn one_typing_error_is_corrected() {
    for (search, text) in [
        ("lovelcae", "Ada Lovelace"),
        ("ada lovlace", "Ada Lovelace"),
        ("schmit", "Anna Schmidt"),
        ("shcmidt", "Anna Schmidt"),
        ("scchmidt", "Anna Schmidt"),
        ("xchmidt", "Anna Schmidt"),
        ("chmidt", "Anna Schmidt"),
        ("jhon", "John"),
        ("johm", "Johnson"),
        ("adna", "Adan"),
        ("annemarei", "Anne-Marie"),
        ("мюлер", "Мюллер"),
        ("muelller", "Müller"),
        ("محمدد", "محمد"),
    ] {
        let document = name(text);
        let search = parse(search);
        assert!(
            search
                .tier(&document)
                .is_none_or(|tier| tier > Tier::NameStart),
            "{text}"
        );
        let near: Vec<_> = search
            .mistyped()
            .iter()
            .map(|word| {
                let near = word.near(&document);
                let found = word.probes().iter().any(|probe| probe.is_in(&document));
                assert!(found || near.is_empty(), "{text} {word:?}");
                (word.term(), near)
            })
            .collect();
        let corrected = search.corrected(&near);
        let tier = corrected.tier(&document);
        assert!(
            matches!(tier, Some(Tier::NameWhole | Tier::NameStart)),
            "{text} {near:?}"
        );
        assert_ne!(corrected.key(), search.key());
        assert!(!corrected.finder().find(Part::Name, text).marks.is_empty());
    }
}

#[test]
fn two_errors_short_words_digits_and_filters_are_not_corrected() {
    for (search, text) in [
        ("lvoelcae", "Lovelace"),
        ("schmidtxy", "Schmidt"),
        ("meyers", "Maier"),
    ] {
        let search = parse(search);
        let near: Vec<_> = search
            .mistyped()
            .iter()
            .flat_map(|word| word.near(&name(text)))
            .collect();
        assert!(near.is_empty(), "{near:?}");
    }
    for search in [
        "ada",
        "ab12cd",
        "1234567",
        "label:friends",
        "has:phone",
        "ada@example.com",
        "example.com",
    ] {
        assert!(parse(search).mistyped().is_empty(), "{search}");
    }
}

#[test]
fn a_word_has_a_bounded_number_of_corrections() {
    let search = parse("lovelcae");
    let words: Vec<String> = (0..100_u8)
        .map(|at| format!("lovelace{}", char::from(b'a' + at % 26)))
        .collect();
    let probes = |search: &Search| search.terms()[0].probes(Tier::NameStart).len();
    let corrected = search.corrected(&[(0, words), (7, vec!["lovelace".to_owned()])]);
    assert!(probes(&corrected) > probes(&search));
    assert!(probes(&corrected) <= 2 * (1 + Search::MAX_CORRECTIONS));
}

#[test]
fn a_document_grows_with_its_texts_and_no_faster() {
    let held = |part: Part, count: u32, written: fn(u32) -> String| {
        let text: String = (0..count).map(written).collect();
        let document = Document::new([(part, text.as_str())]);
        let held: usize = Column::ALL
            .iter()
            .map(|column| document.text(*column).len())
            .sum();
        assert!(held <= 8 * text.len() + 2000, "{part:?} {held} {text}");
        held
    };
    let texts: [fn(u32) -> String; 6] = [
        |at| format!("wörd{at} "),
        |at| format!("O’x{at}-"),
        |at| format!("{at} "),
        |at| format!("a{at}.b@c "),
        |at| String::from(char::from_u32(0x4E00 + at).unwrap_or('a')),
        |_| "a ".to_owned(),
    ];
    for part in [Part::Name, Part::Phone, Part::Note] {
        for written in texts {
            let (few, many) = (held(part, 400, written), held(part, 1600, written));
            assert!(many <= 6 * few, "{part:?} {few} {many}");
        }
    }
}
