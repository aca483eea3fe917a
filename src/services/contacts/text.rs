//! Cleans text that people typed or pasted, before any field looks at it.
//!
//! What comes out is in Unicode NFC and holds nothing that cannot be seen, because invisible
//! characters make two different names look alike and turn text around on the screen:
//!
//! - **Removed without a word**: characters that show nothing and carry no meaning in a contact
//!   (zero-width spaces, byte order marks, direction marks and overrides, fillers, tags). They
//!   come along when people paste, so a refusal would blame people for what they cannot see.
//! - **Kept where they change what is seen**: the joiners U+200C and U+200D, after a letter of a
//!   script that uses them or between the parts of an emoji; variation selectors, after an emoji,
//!   a symbol or a letter of a script that has variants. Anywhere else they are removed.
//! - **Refused**: control characters other than white space. No keyboard types them; text that
//!   has them is not what its writer believes it to be.
//!
//! Cleaning clean text changes nothing.

use unicode_normalization::UnicodeNormalization;

/// A control character was found where text was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlCharacter(pub char);

/// Text of one line: white space of any kind and length becomes one space, none at the ends.
pub fn single_line(text: &str) -> Result<String, ControlCharacter> {
    let mut line = String::with_capacity(text.len());
    for word in visible(text)
        .split(is_blank)
        .filter(|word| !word.is_empty())
    {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    refuse_control(&line, |_| false)?;
    Ok(line)
}

/// Text of many lines: lines end in LF, tabs stay, no white space at the two ends.
pub fn multi_line(text: &str) -> Result<String, ControlCharacter> {
    let lines = visible(text).replace("\r\n", "\n").replace(
        ['\r', '\u{B}', '\u{C}', '\u{85}', '\u{2028}', '\u{2029}'],
        "\n",
    );
    let lines = lines.trim_matches(is_blank);
    refuse_control(lines, |c| c == '\n' || c == '\t')?;
    Ok(lines.to_owned())
}

fn refuse_control(text: &str, allowed: fn(char) -> bool) -> Result<(), ControlCharacter> {
    match text.chars().find(|&c| c.is_control() && !allowed(c)) {
        Some(c) => Err(ControlCharacter(c)),
        None => Ok(()),
    }
}

/// The most passes over a text. Names and notes settle in two; text that takes more was made for it.
const MAX_PASSES: usize = 4;

/// NFC without invisible characters.
fn visible(text: &str) -> String {
    // ASCII is composed and has no invisible characters. Most text of an import is ASCII.
    if text.is_ascii() {
        return text.to_owned();
    }
    settle(text, without_invisible)
}

/// Repeats a pass until it changes nothing. Taking a character out can bring others together that
/// compose or change places, and a pass judges joiners and selectors by what stands beside them. Text that
/// has not settled after [`MAX_PASSES`] loses all of its joiners and selectors, so the work is linear.
fn settle(text: &str, mut pass: impl FnMut(&str) -> String) -> String {
    let mut text = pass(text);
    for _ in 1..MAX_PASSES {
        let again = pass(&text);
        if again == text {
            return text;
        }
        text = again;
    }
    let is_kept = |c: &char| !is_joiner(*c) && !is_selector(*c);
    text.chars().filter(is_kept).nfc().collect()
}

fn without_invisible(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for c in text.chars().filter(|&c| !is_invisible(c)).nfc() {
        let before = kept.chars().next_back();
        let shows = if is_joiner(c) {
            before.is_some_and(takes_joiner)
        } else if is_selector(c) {
            before.is_some_and(takes_selector)
        } else {
            if is_blank(c) && before.is_some_and(is_joiner) {
                drop_last_joiner(&mut kept);
            }
            true
        };
        if shows {
            kept.push(c);
        }
    }
    drop_last_joiner(&mut kept);
    kept.nfc().collect()
}

/// A joiner at the end of a word joins nothing, but in the scripts of South Asia it still gives
/// the letter before it another form.
fn drop_last_joiner(text: &mut String) {
    let mut last = text.chars().rev();
    if last.next().is_some_and(is_joiner)
        && !last
            .next()
            .is_some_and(|c| matches!(c, '\u{900}'..='\u{DFF}'))
    {
        text.pop();
    }
}

/// White space, or U+2800, a braille cell without dots.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

pub fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200C}' | '\u{200D}')
}

/// A variation selector, which chooses the form of the character before it.
pub fn is_selector(c: char) -> bool {
    matches!(c, '\u{180B}'..='\u{180D}' | '\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Whether a variation selector after this character can change what is seen: in symbols and
/// emoji, the keys of a telephone, Chinese characters, Myanmar, Mongolian and Phags-pa.
fn takes_selector(c: char) -> bool {
    matches!(
        c,
        '#' | '*' | '0'..='9' | '\u{A9}' | '\u{AE}'
            | '\u{1000}'..='\u{109F}'
            | '\u{1800}'..='\u{180A}'
            | '\u{1810}'..='\u{18AF}'
            | '\u{2010}'..='\u{2027}'
            | '\u{2030}'..='\u{205E}'
            | '\u{2100}'..='\u{2BFF}'
            | '\u{3001}'..='\u{9FFF}'
            | '\u{A840}'..='\u{A87F}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{1F000}'..='\u{1FAFF}'
            | '\u{20000}'..='\u{3FFFD}'
    )
}

/// Whether a joiner after this character can change what is seen: the scripts from Hebrew and
/// Arabic over those of South and South-East Asia to Mongolian, and everything emoji are made of.
fn takes_joiner(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{1CFF}'
            | '\u{2190}'..='\u{27FF}'
            | '\u{2900}'..='\u{2BFF}'
            | '\u{A800}'..='\u{AB2F}'
            | '\u{ABC0}'..='\u{ABFF}'
            | '\u{FB1D}'..='\u{FDFF}'
            | '\u{FE0F}'
            | '\u{FE70}'..='\u{FEFC}'
            | '\u{10A00}'..='\u{11FFF}'
            | '\u{1E900}'..='\u{1E95F}'
            | '\u{1F000}'..='\u{1FAFF}'
    )
}

/// Unicode's `Default_Ignorable_Code_Point`, less the joiners and the variation selectors, plus
/// the interlinear marks and the noncharacters.
pub fn is_invisible(c: char) -> bool {
    u32::from(c) & 0xFFFE == 0xFFFE
        || matches!(
            c,
            '\u{AD}' // soft hyphen
                | '\u{34F}' // combining grapheme joiner
                | '\u{61C}' // Arabic letter mark
                | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}' // Hangul fillers
                | '\u{17B4}' | '\u{17B5}' // Khmer inherent vowels
                | '\u{180E}' // Mongolian vowel separator
                | '\u{200B}' // zero-width space
                | '\u{200E}' | '\u{200F}' // direction marks
                | '\u{202A}'..='\u{202E}' // direction embeddings and overrides
                | '\u{2060}'..='\u{206F}' // word joiner, invisible operators, direction isolates
                | '\u{FEFF}' // byte order mark
                | '\u{FFF9}'..='\u{FFFB}' // interlinear annotation
                | '\u{1BCA0}'..='\u{1BCA3}' // shorthand format controls
                | '\u{1D173}'..='\u{1D17A}' // musical format controls
                | '\u{E0000}'..='\u{E007F}' // tags
                | '\u{FDD0}'..='\u{FDEF}' // noncharacters
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_line_has_single_spaces_and_nothing_invisible() {
        for (typed, cleaned) in [
            ("  Ada \t\r\n Lovelace\u{3000}", "Ada Lovelace"),
            ("\u{FEFF}A\u{200B}d\u{202E}a\u{2069}", "Ada"),
            ("e\u{301}", "\u{E9}"),
            ("\u{3164}\u{2800} ", ""),
            // A joiner between Latin letters shows nothing.
            ("Ad\u{200D}a", "Ada"),
            ("\u{200D}\u{200C}", ""),
            // In Persian it parts letters, in an emoji it makes one of two.
            ("می\u{200C}خواهم", "می\u{200C}خواهم"),
            ("👩\u{200D}💻", "👩\u{200D}💻"),
            // A variation selector picks the form of a character in a Japanese name.
            ("葛\u{E0101}城", "葛\u{E0101}城"),
            ("❤\u{FE0F}", "❤\u{FE0F}"),
            // After a Latin letter, a space or nothing it shows nothing.
            ("A\u{FE0F}d\u{E0100}a \u{180B}", "Ada"),
            ("\u{FE0F}\u{FFFF}\u{FDD0}", ""),
            // Two marks that change places leave the selector behind one that takes none.
            ("\u{300}\u{FE0F}\u{3099}\u{E0100}", "\u{3099}\u{300}"),
            // What a joiner at the end of a word joins is not there, except in a Malayalam name.
            ("👩\u{200D} 👩\u{200D}", "👩 👩"),
            ("രാജന\u{D4D}\u{200D}", "രാജന\u{D4D}\u{200D}"),
        ] {
            assert_eq!(single_line(typed).as_deref(), Ok(cleaned), "{typed:?}");
        }
    }

    #[test]
    fn many_lines_keep_lines_and_tabs() {
        assert_eq!(
            multi_line("\r\n one\r\n\ttwo \rthree\u{2028}four\n\n").as_deref(),
            Ok("one\n\ttwo \nthree\nfour")
        );
    }

    #[test]
    fn control_characters_are_refused() {
        assert_eq!(single_line("a\0b"), Err(ControlCharacter('\0')));
        assert_eq!(multi_line("a\u{1B}[31mb"), Err(ControlCharacter('\u{1B}')));
    }

    /// In this text each pass removes one selector, after which one mark changes places.
    fn slow_to_settle(marks: usize) -> String {
        format!("\u{300}\u{FE0F}{}", "\u{3099}\u{FE0F}".repeat(marks))
    }

    #[test]
    fn text_that_is_slow_to_settle_takes_as_few_passes_as_other_text() {
        let mut passes = 0;
        let settled = settle(&slow_to_settle(200), |text| {
            passes += 1;
            without_invisible(text)
        });
        assert!(passes <= 4, "{passes}");
        assert_eq!(settled, format!("{}\u{300}", "\u{3099}".repeat(200)));
    }

    proptest! {
        #[test]
        fn text_of_marks_and_selectors_settles_at_a_fixed_point(
            text in "([\u{300}\u{3099}\u{302A}\u{5B0}\u{64B}][\u{FE0F}\u{200C}\u{200D}]){0,40}",
        ) {
            let settled = visible(&text);
            prop_assert!(unicode_normalization::is_nfc(&settled));
            prop_assert_eq!(without_invisible(&settled), settled);
        }

        #[test]
        fn ascii_has_nothing_invisible(text in "[\\x00-\\x7F]{0,40}") {
            prop_assert_eq!(without_invisible(&text), text);
        }

        #[test]
        fn cleaning_clean_text_changes_nothing(text in any::<String>()) {
            for clean in [single_line, multi_line] {
                if let Ok(once) = clean(&text) {
                    prop_assert!(unicode_normalization::is_nfc(&once));
                    prop_assert!(!once.chars().any(is_invisible));
                    prop_assert_eq!(clean(&once), Ok(once));
                }
            }
        }

        /// Marks, joiners, fillers and spaces at a density that random text never has.
        #[test]
        fn also_where_marks_meet_joiners(
            text in "[aeK\u{1100}\u{1161}\u{11A8}\u{915}\u{94D}\u{300}\u{301}\u{323}\u{345}\u{338}\u{3099}\u{200C}\u{200D}\u{200B}\u{34F}\u{2126}\u{1FEF}\u{FE0F}\u{E0100}\u{1F469} \n]{0,24}"
        ) {
            for clean in [single_line, multi_line] {
                let once = clean(&text).expect("no control characters were typed");
                prop_assert!(unicode_normalization::is_nfc(&once));
                prop_assert_eq!(clean(&once), Ok(once));
            }
        }
    }
}
