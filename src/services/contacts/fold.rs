//! Folding: what makes `alvaro` find `Álvaro`, and `Łukasz` stand between `Lukas` and `Luke`.
//!
//! Two texts that people would call the same when they search fold to the same text: case,
//! accents, width, ligatures and the kind of apostrophe are gone. The result is for comparing
//! only and is never shown.
//!
//! The database keeps folded text. A change of [`fold`] needs a migration that folds every contact again.

use unicode_normalization::UnicodeNormalization;

use super::text::is_invisible;
use super::text::is_joiner;

/// The longest key of a name, in characters. It has at most 1,000 bytes, and an index of PostgreSQL has room for it.
pub const MAX_KEY_CHARS: usize = 250;

/// What a contact is sorted by: the first [`MAX_KEY_CHARS`] of its folded name, a line feed, its folded address.
///
/// Folding leaves no line feed in either part and no character sorts before it, so the order of
/// keys is the order of names and, among equal names, of addresses.
pub fn search_key(name: &str, email: Option<&str>) -> String {
    let key = format!("{}\n{}", fold(name), fold(email.unwrap_or_default()));
    match key.char_indices().nth(MAX_KEY_CHARS) {
        Some((end, _)) => key[..end].to_owned(),
        None => key,
    }
}

/// Folds `text`. Folding twice is folding once.
///
/// Decomposes (NFKD), drops accents, lower-cases, replaces letters that have no decomposition by
/// the plain ones that people type for them, and composes what is left (NFC), so that Hangul,
/// kana and Indic text come out as they went in. White space of any kind becomes one space, none
/// at the ends.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd() {
        if c.is_whitespace() || c.is_control() {
            if !folded.is_empty() && !folded.ends_with(' ') {
                folded.push(' ');
            }
            continue;
        }
        if is_unseen(c) || (is_accent(c) && !makes_another_letter(folded.chars().last(), c)) {
            continue;
        }
        for lower in c.to_lowercase() {
            match plain(lower) {
                Some(letters) => folded.push_str(letters),
                None => folded.push(lower),
            }
        }
    }
    folded.trim_end().nfc().collect()
}

/// Invisible characters, joiners and variation selectors: people cannot tell, so they do not type them.
fn is_unseen(c: char) -> bool {
    is_invisible(c)
        || is_joiner(c)
        || matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Marks that people leave out when they type: accents of every script that has them, Hebrew
/// points, Arabic vowel marks. Not the vowel signs of Indic scripts: those are letters.
fn is_accent(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36F}'
            | '\u{1AB0}'..='\u{1AFF}'
            | '\u{1DC0}'..='\u{1DFF}'
            | '\u{20D0}'..='\u{20FF}'
            | '\u{FE20}'..='\u{FE2F}'
            | '\u{591}'..='\u{5BD}'
            | '\u{5BF}'
            | '\u{5C1}' | '\u{5C2}'
            | '\u{5C4}' | '\u{5C5}'
            | '\u{5C7}'
            | '\u{640}' // the stroke that stretches an Arabic word
            | '\u{64B}'..='\u{652}'
            | '\u{670}'
    )
}

/// Cyrillic letters that only look like another one with an accent: й ў ї ѓ ќ. People do not type и for й.
fn makes_another_letter(before: Option<char>, accent: char) -> bool {
    matches!(
        (before, accent),
        (Some('и' | 'у'), '\u{306}') | (Some('і'), '\u{308}') | (Some('г' | 'к'), '\u{301}')
    )
}

/// What people type for a letter that Unicode does not decompose, and one form for the
/// punctuation that phones and word processors vary.
fn plain(lower: char) -> Option<&'static str> {
    Some(match lower {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' | 'ɖ' | 'ɗ' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ŧ' => "t",
        'ŋ' => "n",
        'ı' | 'ɨ' => "i",
        'ȷ' => "j",
        'ĸ' | 'ƙ' => "k",
        'ɓ' | 'ƀ' => "b",
        'ǥ' => "g",
        'ə' | 'ɛ' => "e",
        'ɔ' => "o",
        'ʉ' => "u",
        'ƴ' => "y",
        'ƶ' => "z",
        'ς' => "σ",
        '‘' | '’' | '‛' | '′' | 'ʹ' | 'ʻ' | 'ʼ' | '`' => "'",
        '“' | '”' | '„' | '″' | '«' | '»' => "\"",
        '‐'..='―' | '−' | '⁃' => "-",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_people_call_the_same_folds_to_the_same() {
        for (text, folded) in [
            ("Álvaro", "alvaro"),
            ("A\u{301}lvaro", "alvaro"),
            ("Łukasz", "lukasz"),
            ("Straße", "strasse"),
            ("STRASSE", "strasse"),
            ("GROẞ", "gross"),
            ("Søren", "soren"),
            ("Đặng Thị", "dang thi"),
            ("Þórður Æsir", "thordur aesir"),
            ("Œuvre", "oeuvre"),
            ("Ħal Għaxaq", "hal ghaxaq"),
            ("ＦＵＬＬ　Ｗｉｄｔｈ", "full width"),
            ("ﬁnance", "finance"),
            // Turkish: dotted and dotless, capital and small, are all one i.
            ("İstanbul", "istanbul"),
            ("ISPARTA ısparta", "isparta isparta"),
            ("O’Brien", "o'brien"),
            ("Anne\u{2011}Marie", "anne-marie"),
            ("  many \t\n spaces\u{A0}", "many spaces"),
            ("zero\u{200B}width", "zerowidth"),
            // Greek: accents go, the final sigma is a sigma.
            ("Οδυσσέας", "οδυσσεασ"),
            ("ΟΔΥΣΣΕΑΣ", "οδυσσεασ"),
            // Cyrillic: й ї ў are letters of their own, ё is typed as е.
            ("Андрей", "андрей"),
            ("Київ", "київ"),
            ("Пётр", "петр"),
            // Scripts without case and accents come out as they went in.
            ("王小明", "王小明"),
            ("がぎぐ", "がぎぐ"),
            ("한국어", "한국어"),
            ("कीर्ति", "कीर्ति"),
            ("தமிழ்", "தமிழ்"),
            ("محمد", "محمد"),
            ("مُحَمَّد", "محمد"),
            ("أحمد", "أحمد"),
            ("שָׁלוֹם", "שלום"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn keys_sort_by_name_and_then_by_address() {
        let keys = [
            search_key("Ada", Some("a@example.com")),
            search_key("ada", Some("b@example.com")),
            search_key("Ada B", Some("a@example.com")),
            search_key("Adam", Some("a@example.com")),
        ];
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn a_key_fits_into_an_index() {
        // Each of these characters folds to eighteen.
        let longest = search_key(&"\u{FDFA}".repeat(200), Some("a@example.com"));
        assert_eq!(longest.chars().count(), MAX_KEY_CHARS);
        let long = "a".repeat(MAX_KEY_CHARS - 1);
        assert_eq!(
            search_key(&long, Some("b@example.com")),
            format!("{long}\n")
        );
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in any::<String>()) {
            let folded = fold(&text);
            prop_assert!(!folded.chars().any(char::is_control));
            prop_assert_eq!(fold(&folded), folded);
        }

        #[test]
        fn every_letter_folds_once_and_for_all(c in any::<char>(), mark in "[\u{300}-\u{36F}]") {
            let folded = fold(&format!("{c}{mark}"));
            prop_assert_eq!(fold(&folded), folded);
        }

        #[test]
        fn case_never_matters_for_latin_greek_and_cyrillic(text in "[ -ÿĀ-ſͰ-ϿЀ-џ]{0,20}") {
            prop_assert_eq!(fold(&text.to_uppercase()), fold(&text.to_lowercase()));
        }
    }
}
