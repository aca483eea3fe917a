//! Phone numbers in every spelling.

use proptest::prelude::*;

use crate::Document;
use crate::Part;
use crate::Search;

/// The code of a country, the number within it, and where a sign goes.
fn number() -> impl Strategy<Value = (&'static str, String, Vec<(usize, char)>)> {
    let code = prop::sample::select(vec!["44", "49", "1", "353", "91", "852", "33"]);
    let signs = prop::collection::vec(
        (1_usize..9, prop::sample::select(vec![' ', '-', '.', '/'])),
        0..4,
    );
    (code, "[2-9][0-9]{7,9}", signs)
}

/// The digits with signs between them, none of which follows another.
fn grouped(number: &str, signs: &[(usize, char)]) -> String {
    let mut written = String::new();
    for (at, digit) in number.chars().enumerate() {
        if let Some((_, sign)) = signs.iter().find(|(place, _)| *place == at) {
            written.push(*sign);
        }
        written.push(digit);
    }
    written
}

fn finds(search: &str, text: &str) -> bool {
    let document = Document::new([(Part::Phone, text)]);
    Search::parse(search).is_ok_and(|search| search.tier(&document).is_some())
}

proptest! {
    #[test]
    fn spellings_of_a_phone_number_find_each_other((code, number, signs) in number()) {
        let within = grouped(&number, &signs);
        let spellings = [
            format!("+{code}{number}"),
            format!("+{code} {within}"),
            format!("+{code} (0) {within}"),
            format!("+{code} (0){within}"),
            format!("00{code} {within}"),
            format!("(0){within}"),
            format!("0{number}"),
            within,
        ];
        for search in &spellings {
            for text in &spellings {
                prop_assert!(finds(search, text), "{} {}", search, text);
            }
        }
    }

    #[test]
    fn each_beginning_and_each_end_of_a_phone_number_finds_it((code, number, signs) in number()) {
        let within = grouped(&number, &signs);
        let text = format!("+{code} {within}");
        for written in [text.clone(), format!("00{code} {within}"), format!("0{within}")] {
            let ends = written.char_indices().map(|(at, c)| at + c.len_utf8());
            for end in ends {
                prop_assert!(finds(&written[..end], &text), "{} {}", &written[..end], text);
            }
        }
        for len in 3..=number.len() {
            prop_assert!(finds(&number[number.len() - len..], &text), "{} {}", len, text);
        }
    }

    #[test]
    fn another_number_or_another_country_is_not_found((code, number, signs) in number(), other in "[2-9][0-9]{7}") {
        prop_assume!(!number.contains(&other) && !other.contains(&number));
        let text = format!("+{code} {}", grouped(&number, &signs));
        prop_assert!(!finds(&other, &text));
        for another in ["44", "49", "353", "852"] {
            if another != code {
                let search = format!("+{another} {number}");
                prop_assert!(!finds(&search, &text), "{} {}", search, text);
            }
        }
    }
}
