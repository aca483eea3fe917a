//! Folding: texts that people would call the same become the same letters.
//!
//! Case, accents, width and ligatures go; letters that people exchange when they type become one. Where a letter has a
//! second spelling of two letters (`ü` is also typed `ue`), both are kept: a word is found by either. Each folded letter
//! knows which bytes it was made of, so that a match can be marked in the text as it was written.
//!
//! A change of what comes out needs a new [`VERSION`](crate::VERSION).

mod arabic;
mod han;
mod indic;
mod latin;
mod marks;
mod script;

use std::collections::HashMap;
use std::ops::Range;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::DecomposingNormalizerBorrowed;

pub(crate) use script::Class;

/// A folded character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) c: char,
    /// What else it is written as, perhaps nothing at all.
    pub(crate) other: Option<&'static str>,
    pub(crate) class: Class,
    /// The bytes that it was made of.
    pub(crate) at: Range<usize>,
}

/// What becomes of a character and the marks behind it.
type Folded = Vec<(char, Option<&'static str>, Class)>;

/// The folded characters of `text`, with everything between its words.
pub(crate) fn fold(text: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::with_capacity(text.len());
    // A text has few different characters, and to fold one is slow.
    let mut known: HashMap<&str, Folded> = HashMap::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        if c.is_ascii() && next.is_none_or(|next| next.is_ascii()) {
            units.push(Unit {
                c: c.to_ascii_lowercase(),
                other: None,
                class: Class::of_ascii(c),
                at: start..start + 1,
            });
            continue;
        }
        let mut end = start + c.len_utf8();
        while let Some((at, mark)) = chars.next_if(|(_, next)| marks::continues(*next)) {
            end = at + mark.len_utf8();
        }
        let repeated = (c == '々').then(|| units.last().cloned()).flatten();
        if let Some(last) = repeated.filter(|last| han::is_han(last.c)) {
            units.push(Unit {
                at: start..end,
                ..last
            });
            continue;
        }
        let cluster = &text[start..end];
        let folded = known
            .entry(cluster)
            .or_insert_with(|| fold_cluster(cluster));
        units.extend(folded.iter().map(|(c, other, class)| Unit {
            c: *c,
            other: *other,
            class: *class,
            at: start..end,
        }));
    }
    indic::spell_nasals(&mut units);
    units
}

/// Folds a character and the marks behind it. No other character has a part in what becomes of them.
fn fold_cluster(cluster: &str) -> Folded {
    let mut folded: Vec<(char, Option<&'static str>)> = Vec::with_capacity(2);
    let chars = cluster.chars().map(before_decomposition);
    for (at, c) in DecomposingNormalizerBorrowed::new_nfkd()
        .normalize_iter(chars)
        .enumerate()
    {
        if at > 0 && folded.is_empty() {
            // What the others belong to is left out. They must not go with the character before it.
            break;
        }
        if marks::is_dropped(c, folded.last().map(|(before, _)| *before)) {
            if let Some(last) = folded.last_mut() {
                last.1 = last.1.or(latin::umlaut(last.0, c));
            }
        } else {
            c.to_lowercase()
                .for_each(|lower| push_letter(lower, &mut folded));
        }
    }
    if folded.len() > 1 && !folded.iter().all(|(c, _)| c.is_ascii()) {
        compose(&mut folded);
    }
    let mut before = None;
    let classed = folded.into_iter().map(|(c, other)| {
        let class = Class::of(c, before);
        before = Some(class);
        (c, other, class)
    });
    classed.collect()
}

/// Replaces characters that Unicode decomposes into something that people do not mean.
fn before_decomposition(c: char) -> char {
    match c {
        // They decompose into a space and a mark, and people type them for an apostrophe.
        '\u{B4}' | '\u{384}' | '\u{1FBD}' | '\u{1FBF}' | '\u{1FFD}' | '\u{1FFE}' => '\'',
        _ => c,
    }
}

fn push_letter(c: char, folded: &mut Vec<(char, Option<&'static str>)>) {
    if let Some((letters, other)) = latin::plain(c) {
        let mut letters = letters.chars();
        folded.extend(letters.next().map(|first| (first, other)));
        folded.extend(letters.map(|letter| (letter, None)));
        return;
    }
    if indic::is_repeated(folded.last().map(|(before, _)| *before), c) {
        return;
    }
    if let Some(letters) = indic::plain(c) {
        folded.extend(letters.chars().map(|letter| (letter, None)));
        return;
    }
    let c = script::digit(c).unwrap_or(c);
    let c = script::hiragana(arabic::plain(c));
    if c != arabic::HAMZA {
        folded.push((han::plain(c), None));
    }
}

/// Puts together what belongs together, so that Hangul and kana come out as they went in.
fn compose(folded: &mut Vec<(char, Option<&'static str>)>) {
    let composed =
        ComposingNormalizerBorrowed::new_nfc().normalize_iter(folded.iter().map(|(c, _)| *c));
    let composed: Vec<char> = composed.collect();
    if !folded.iter().map(|(c, _)| c).eq(&composed) {
        *folded = composed
            .into_iter()
            .map(|c| (indic::composed(c), None))
            .collect();
    }
}
