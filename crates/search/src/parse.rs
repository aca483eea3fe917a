//! From text to what it asks for.

use std::collections::BTreeSet;

use crate::column::Column;
use crate::filter::Piece;
use crate::filter::pieces;
use crate::fold::Class;
use crate::fold::Unit;
use crate::phone;
use crate::term::Ask;
use crate::term::AskedWord;
use crate::token::spellings;
use crate::words::Address;
use crate::words::MAX_SINGLES;
use crate::words::Number;
use crate::words::Text;
use crate::words::Word;

/// The most words that are looked for as a whole name. Each is looked for beside each other one.
const MAX_NAME_WORDS: usize = 4;

/// What a search asks for, in its order.
pub(crate) fn asks(search: &str) -> Vec<Ask> {
    let mut asks = Vec::new();
    for piece in pieces(search) {
        match piece {
            Piece::Plain(text) => plain(&Text::new(text), &mut asks),
            Piece::In(column, value) => asks.extend(words_in(column, value)),
            Piece::Has { kind, negated } => asks.push(Ask::Has { kind, negated }),
        }
    }
    asks
}

fn words_in(column: Column, value: &str) -> Vec<Ask> {
    let word = |word: &Word| Ask::In {
        column,
        word: texts(&word.units),
        spaceless: word.spaceless,
    };
    Text::new(value).words.iter().map(word).collect()
}

fn texts(units: &[Unit]) -> Vec<String> {
    spellings(units)
        .map(|token| token.text)
        .filter(|text| !text.is_empty())
        .collect()
}

fn plain(text: &Text, asks: &mut Vec<Ask>) {
    let mut at = 0;
    while let Some(word) = text.words.get(at) {
        if phone::is_extension_word(text, at) {
            at += 1;
            continue;
        }
        if let Some(digits) = phone::extension(text, at) {
            asks.push(Ask::number_word(digits));
            at += 1;
            continue;
        }
        let address = text
            .addresses
            .iter()
            .find(|address| address.words.contains(&at));
        if let Some(address) = address.filter(|address| is_whole(address)) {
            asks.push(Ask::Address(texts(&address.units)));
            at = address.words.end;
            continue;
        }
        let number = text
            .numbers
            .iter()
            .find(|number| number.words.contains(&at));
        if let Some(number) = number.filter(|number| number.is_phone() && !is_one_word(number)) {
            asks.push(Ask::Number {
                digits: number.text(),
                plus: number.plus,
            });
            at = number.words.end;
            continue;
        }
        let address = address.filter(|address| is_domain(address, &text.words));
        asks.push(Ask::Word(AskedWord {
            spellings: texts(&word.units),
            spaceless: word.spaceless,
            after: after(&text.words, at),
            beside: beside(&text.words, at),
            runs: runs(&text.words, at),
            number: number.map(Number::text),
            address: address.map(|address| string(&address.units)),
        }));
        at += 1;
    }
}

fn string(units: &[Unit]) -> String {
    units.iter().map(|unit| unit.c).collect()
}

fn is_one_word(number: &Number) -> bool {
    number.words.len() == 1 && !number.plus
}

/// Whether it is looked for as a whole: an email address, the name at a messenger, a path at a website.
fn is_whole(address: &Address) -> bool {
    let has = |c: char| address.units.iter().any(|unit| unit.c == c);
    has('@')
        || (has('.') && has('/') && address.units.iter().any(|unit| unit.class == Class::Letter))
}

/// Whether it may be the name of a host, and not initials or a number: its last part is letters, and one is of three.
fn is_domain(address: &Address, words: &[Word]) -> bool {
    let words = &words[address.words.clone()];
    let is_letters = |word: &Word| word.units.iter().all(|unit| unit.class == Class::Letter);
    words.len() > 1
        && words.last().is_some_and(is_letters)
        && words.iter().any(|word| word.len() > 2)
}

/// A short word with the one before it, because the name may be written without the space or the hyphen: `Xiao-Li`.
fn after(words: &[Word], at: usize) -> Option<String> {
    let before = words[..at].last()?;
    let word = &words[at];
    let fits = word.len() <= 2 && !word.spaceless && !before.spaceless;
    fits.then(|| string(&before.units) + &string(&word.units))
}

/// The other words of what may be a name.
fn beside(words: &[Word], at: usize) -> Vec<String> {
    if words.len() > MAX_NAME_WORDS {
        return Vec::new();
    }
    let others: BTreeSet<String> = words.iter().flat_map(|word| texts(&word.units)).collect();
    let own = texts(&words[at].units);
    others
        .into_iter()
        .filter(|other| !own.contains(other))
        .collect()
}

/// How many of the first words stand alone.
fn singles<'a>(words: impl Iterator<Item = &'a Word>) -> usize {
    let words = words.take(MAX_SINGLES);
    words.take_while(|word| word.is_single()).count()
}

/// A letter that stands alone, with its neighbours as a document has them run together.
fn runs(words: &[Word], at: usize) -> Vec<String> {
    if !words[at].is_single() {
        return Vec::new();
    }
    let start = at - singles(words[..at].iter().rev());
    let end = at + singles(words[at..].iter());
    let has_space = |word: &&Word| !word.spaceless;
    let before = words[..start].last().filter(has_space);
    let behind = words.get(end).filter(has_space);
    let join = |words: &[Word]| {
        words
            .iter()
            .map(|word| string(&word.units))
            .collect::<String>()
    };
    let mut runs = Vec::new();
    if before.is_some() {
        runs.push(join(&words[start - 1..=at]));
    }
    if at > start {
        runs.push(join(&words[start..=at]));
    } else if end > at + 1 || behind.is_some() {
        runs.push(join(&words[at..end + usize::from(behind.is_some())]));
    }
    runs
}
