//! Latin letters that have no decomposition, second spellings, and one form for punctuation.
//!
//! The second spellings of `ä`, `å`, `ö`, `ø` and `ü` are those of passports (ICAO Doc 9303, part 3, section 6, "Transliteration
//! of multinational Latin-based characters").

/// What people type for a lower case letter, and for its first letter a second spelling.
pub(super) fn plain(c: char) -> Option<(&'static str, Option<&'static str>)> {
    let other = match c {
        'ø' => Some("oe"),
        // As in Djokovic.
        'đ' => Some("dj"),
        _ => None,
    };
    let letters = match c {
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
        'ə' | 'ɛ' | 'ǝ' => "e",
        'ɔ' => "o",
        'ʉ' => "u",
        'ƴ' => "y",
        'ƶ' => "z",
        'ς' => "σ",
        '‐'..='―' | '−' | '⁃' | '־' => "-",
        _ => return None,
    };
    Some((letters, other))
}

/// How German, the languages of the north and those that write as they do spell a letter without its mark.
pub(super) fn umlaut(letter: char, mark: char) -> Option<&'static str> {
    match (letter, mark) {
        ('a', '\u{308}') => Some("ae"),
        ('o', '\u{308}') => Some("oe"),
        ('u', '\u{308}') => Some("ue"),
        ('a', '\u{30A}') => Some("aa"),
        _ => None,
    }
}
