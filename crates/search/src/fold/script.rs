//! What a character is to a search, and scripts that are written without spaces.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use icu_properties::props::GeneralCategoryGroup;
use icu_properties::props::Script;

/// What a character is to a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A part of a word.
    Letter,
    /// A part of a word in a script without spaces between words; a pictograph.
    Spaceless,
    /// A part of a word or of a number.
    Digit,
    /// Between letters it is as good as left out.
    Apostrophe,
    /// White space and control characters.
    Space,
    /// Everything else ends a word.
    Other,
}

impl Class {
    pub(super) fn of_ascii(c: char) -> Self {
        match c {
            'a'..='z' | 'A'..='Z' => Self::Letter,
            '0'..='9' => Self::Digit,
            '\'' | '`' => Self::Apostrophe,
            '\0'..=' ' | '\u{7F}' => Self::Space,
            _ => Self::Other,
        }
    }

    /// Of a folded character. A mark goes with the character before it.
    pub(super) fn of(c: char, before: Option<Self>) -> Self {
        if c.is_ascii() {
            return Self::of_ascii(c);
        }
        if is_apostrophe(c) {
            return Self::Apostrophe;
        }
        if c.is_whitespace() || c.is_control() {
            return Self::Space;
        }
        if is_spaceless(c) {
            return Self::Spaceless;
        }
        let category = CodePointMapData::<GeneralCategory>::new().get(c);
        if GeneralCategoryGroup::Mark.contains(category) && before == Some(Self::Spaceless) {
            return Self::Spaceless;
        }
        match category {
            GeneralCategory::OtherSymbol => Self::Spaceless,
            _ if GeneralCategoryGroup::Mark.contains(category) || c.is_alphanumeric() => {
                Self::Letter
            }
            _ => Self::Other,
        }
    }

    pub(crate) fn is_word(self) -> bool {
        matches!(self, Self::Letter | Self::Spaceless | Self::Digit)
    }
}

/// Whether words of the script of `c` are written without spaces between them.
fn is_spaceless(c: char) -> bool {
    match c {
        '\0'..='\u{DFF}' => false,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' => true,
        // The mark of a long vowel is of both kana; the others stand for a repeated or a closed character.
        '\u{30FC}' | '\u{3006}' | '\u{303C}' => true,
        _ => [
            Script::Bopomofo,
            Script::Han,
            Script::Hangul,
            Script::Hiragana,
            Script::Katakana,
            Script::Khmer,
            Script::Lao,
            Script::Myanmar,
            Script::Thai,
        ]
        .contains(&CodePointMapData::<Script>::new().get(c)),
    }
}

/// Every kind of apostrophe, and what is typed for one: quotation marks, primes, the letters of Hawaiian and of
/// transliterations, the geresh and gershayim of Hebrew.
fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\u{2018}'..='\u{201B}'
            | '\u{2B9}'..='\u{2BF}'
            | '\u{2C8}'
            | '\u{2CA}' | '\u{2CB}'
            | '\u{2EE}'
            | '\u{2032}' | '\u{2035}'
            | '\u{5F3}' | '\u{5F4}'
            | '\u{55A}'
            | '\u{A78B}' | '\u{A78C}'
    )
}

/// Katakana as hiragana.
pub(super) fn hiragana(c: char) -> char {
    match c {
        '\u{30A1}'..='\u{30F6}' | '\u{30FD}' | '\u{30FE}' => {
            char::from_u32(c as u32 - 0x60).unwrap_or(c)
        }
        _ => c,
    }
}

/// A decimal digit of any script. Unicode encodes the ten of a script in a row, so the value is the distance from the first
/// of the row, or of several rows (The Unicode Standard, section 4.6).
pub(super) fn digit(c: char) -> Option<char> {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_digit = |code| categories.get32(code) == GeneralCategory::DecimalNumber;
    if c.is_ascii() || !is_digit(c as u32) {
        return None;
    }
    let before = (1..60).take_while(|back| is_digit(c as u32 - back)).count() as u32;
    char::from_digit(before % 10, 10)
}
