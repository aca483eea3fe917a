//! Letters of India and its neighbours that have two encodings, and nasals that have two spellings.

use super::Unit;

/// The blocks that follow the plan of ISCII, in which the same letter is at the same place: Devanagari, Bengali, Gujarati,
/// Odia, Telugu, Kannada, Malayalam (The Unicode Standard, chapter 12); each with its anusvara. Gurmukhi writes its nasals
/// by signs only.
const BLOCKS: [(u32, &str); 7] = [
    (0x900, "\u{902}"),
    (0x980, "\u{982}"),
    (0xA80, "\u{A82}"),
    (0xB00, "\u{B02}"),
    (0xC00, "\u{C02}"),
    (0xC80, "\u{C82}"),
    (0xD00, "\u{D02}"),
];

/// Where the sign that takes the vowel from a consonant stands in a block.
const VIRAMA: u32 = 0x4D;

/// One of the encodings. A chillu of Malayalam and the khanda ta of Bengali are a letter with a virama (The Unicode
/// Standard, section 12.9, table "Atomic Encoding of Malayalam Chillus"); a joiner behind it is gone already.
pub(super) fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ൺ' => "ണ\u{D4D}",
        'ൻ' => "ന\u{D4D}",
        'ർ' | 'ൎ' => "ര\u{D4D}",
        'ൽ' => "ല\u{D4D}",
        'ൾ' => "ള\u{D4D}",
        'ൿ' => "ക\u{D4D}",
        'ൔ' => "മ\u{D4D}",
        'ൕ' => "യ\u{D4D}",
        'ൖ' => "ഴ\u{D4D}",
        // The sha of shri in Tamil, and the a of English words in Marathi.
        'ஶ' => "ஸ",
        'ॲ' => "अ\u{945}",
        'ৎ' => "ত\u{9CD}",
        // Assamese and Bengali write ra in two ways.
        'ৰ' => "র",
        // Candrabindu, and the tippi of Gurmukhi, as anusvara.
        '\u{900}' | '\u{901}' => "\u{902}",
        '\u{981}' => "\u{982}",
        '\u{A01}' | '\u{A70}' => "\u{A02}",
        '\u{A81}' => "\u{A82}",
        '\u{B01}' => "\u{B02}",
        '\u{C00}' | '\u{C01}' => "\u{C02}",
        '\u{C80}' | '\u{C81}' => "\u{C82}",
        '\u{D00}' | '\u{D01}' => "\u{D02}",
        _ => return None,
    })
}

/// Whether the sign says nothing behind this character: a chillu has its virama already, and some write it twice.
pub(super) fn is_repeated(before: Option<char>, c: char) -> bool {
    c == '\u{D4D}' && before == Some(c)
}

/// The sign of au of Malayalam is written with and without its left half.
pub(super) fn composed(c: char) -> char {
    match c {
        '\u{D4C}' => '\u{D57}',
        _ => c,
    }
}

/// A nasal before a consonant of its own class is also written as anusvara: `हिन्दी` and `हिंदी`.
pub(super) fn spell_nasals(units: &mut [Unit]) {
    for at in 0..units.len().saturating_sub(2) {
        let [nasal, virama, consonant] = [0, 1, 2].map(|next| units[at + next].c);
        if let Some(anusvara) = anusvara(nasal, virama, consonant) {
            units[at].other = Some(anusvara);
            units[at + 1].other = Some("");
        }
    }
}

fn anusvara(nasal: char, virama: char, consonant: char) -> Option<&'static str> {
    if nasal.is_ascii() {
        return None;
    }
    let start = nasal as u32 & !0x7F;
    let (_, anusvara) = BLOCKS.iter().find(|(block, _)| *block == start)?;
    if virama as u32 != start + VIRAMA {
        return None;
    }
    let stops = match nasal as u32 - start {
        0x19 => 0x15..=0x18,
        0x1E => 0x1A..=0x1D,
        0x23 => 0x1F..=0x22,
        0x28 => 0x24..=0x27,
        0x2E => 0x2A..=0x2D,
        _ => return None,
    };
    let place = (consonant as u32).checked_sub(start)?;
    stops.contains(&place).then_some(*anusvara)
}
