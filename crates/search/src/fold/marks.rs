//! Marks: accents and points that people leave out, and signs that are letters.

use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use icu_properties::props::Script;

/// Whether the character belongs to the one before it: marks, the later parts of a syllable of Hangul, the voicing of half
/// width kana, and what joins letters without being seen.
pub(super) fn continues(c: char) -> bool {
    let is_plain = matches!(
        c,
        '\0'..='\u{AC}'
            | '\u{AE}'..='\u{2FF}'
            | '\u{30A0}'..='\u{30FF}'
            | '\u{3400}'..='\u{9FFF}'
            | '\u{AC00}'..='\u{D7A3}'
    );
    if is_plain {
        return false;
    }
    matches!(c, '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}' | '\u{FF9E}' | '\u{FF9F}')
        || is_mark(c)
        || is_unseen(c)
}

/// Marks that people leave out when they type: accents of the scripts that have them as accents, points of Hebrew, vowels
/// of Arabic, the nukta of Devanagari. Not the vowel signs and tones of other scripts: those are letters.
pub(super) fn is_dropped(c: char, before: Option<char>) -> bool {
    if c.is_ascii() {
        return false;
    }
    if is_unseen(c) {
        return true;
    }
    if c == '\u{640}' || c == '\u{93C}' {
        return true; // the stroke that stretches an Arabic word, and the nukta
    }
    if matches!(c, '\u{3099}' | '\u{309A}') {
        // They give a voice to kana.
        return !before.is_some_and(|before| matches!(before, '\u{3041}'..='\u{309F}'));
    }
    if !is_mark(c) || makes_another_letter(before, c) {
        return false;
    }
    let script = CodePointMapData::<Script>::new().get(c);
    [
        Script::Arabic,
        Script::Common,
        Script::Cyrillic,
        Script::Greek,
        Script::Hebrew,
        Script::Inherited,
        Script::Latin,
        Script::Syriac,
    ]
    .contains(&script)
}

/// Cyrillic letters that only look like another one with an accent: й ў ї ѓ ќ. People do not type и for й.
fn makes_another_letter(before: Option<char>, accent: char) -> bool {
    matches!(
        (before, accent),
        (Some('и' | 'у'), '\u{306}') | (Some('і'), '\u{308}') | (Some('г' | 'к'), '\u{301}')
    )
}

pub(super) fn is_mark(c: char) -> bool {
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        GeneralCategory::NonspacingMark
            | GeneralCategory::SpacingMark
            | GeneralCategory::EnclosingMark
    )
}

/// Format characters: joiners, directions, soft hyphens. People do not see them, so they do not type them.
fn is_unseen(c: char) -> bool {
    let format = CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::Format;
    format
        || matches!(
            c,
            '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}'
        )
}
