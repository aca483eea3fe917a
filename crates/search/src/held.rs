//! What the columns hold of a text.

use crate::column::Column;
use crate::column::Part;
use crate::fold::Unit;
use crate::phone;
use crate::token::Token;
use crate::token::WITHIN;
use crate::token::spellings;
use crate::words::MAX_SINGLES;
use crate::words::Text;
use crate::words::Word;

/// The most words of a name that are run together with those behind them, and how long they become, in characters.
const MAX_JOINED: usize = 12;
const MAX_JOINED_CHARS: usize = 64;

/// The words that the columns hold of a text.
pub(crate) fn tokens(part: Part, text: &str) -> Vec<(Column, Token)> {
    let text = Text::new(text);
    let mut tokens = Vec::new();
    match part {
        Part::Name => {
            add(&mut tokens, Column::Names, plain(&text));
            add(&mut tokens, Column::Joined, joined(&text.words));
        }
        Part::Phone => {
            let (numbers, words) = phone::tokens(&text);
            add(&mut tokens, Column::Phones, numbers);
            add(&mut tokens, Column::Others, words);
        }
        _ => {
            let column = part.column();
            add(&mut tokens, column, plain(&text));
            add(&mut tokens, column, singles(&text.words));
        }
    }
    tokens
}

fn add(tokens: &mut Vec<(Column, Token)>, column: Column, more: Vec<Token>) {
    let more = more.into_iter().filter(|token| !token.text.is_empty());
    tokens.extend(more.map(|token| (column, token)));
}

/// The words, the pairs within words of scripts without spaces, addresses, and numbers.
fn plain(text: &Text) -> Vec<Token> {
    let mut tokens = Vec::new();
    for word in &text.words {
        tokens.extend(spellings(&word.units));
        if word.spaceless {
            tokens.extend(pairs(&word.units));
        }
    }
    for address in &text.addresses {
        tokens.extend(spellings(&address.units));
        if let Some(at) = address.units.iter().position(|unit| unit.c == '@') {
            tokens.extend(spellings(&address.units[at..]));
        }
    }
    for number in text.numbers.iter().filter(|number| number.is_long()) {
        tokens.extend(phone::number_tokens(number));
    }
    tokens
}

/// From each position within a word, two characters.
fn pairs(units: &[Unit]) -> impl Iterator<Item = Token> {
    (1..units.len()).map(|start| {
        let mut token = Token::default();
        let before = units[start].at.start;
        token.push(WITHIN, &(before..before));
        units[start..]
            .iter()
            .take(2)
            .for_each(|unit| token.push(unit.c, &unit.at));
        token
    })
}

/// The words of a name from each one on, run together, and what is behind an apostrophe.
fn joined(words: &[Word]) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (at, word) in words.iter().enumerate().take(MAX_JOINED) {
        let whole = (at + 1 < words.len()).then_some(0);
        for start in whole.into_iter().chain(word.tails.iter().copied().take(2)) {
            let rest = words[at + 1..].iter().flat_map(|word| &word.units);
            let units: Vec<&Unit> = word.units[start..]
                .iter()
                .chain(rest)
                .take(MAX_JOINED_CHARS)
                .collect();
            tokens.extend(spellings(units));
        }
    }
    tokens
}

/// Letters that stand alone, run together with each other and with their neighbours: `U.S.A.`, `AT&T`, `Plan B`. A letter
/// alone is looked for in names only, so these are how it is found elsewhere.
fn singles(words: &[Word]) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let count = words[at..]
            .iter()
            .take_while(|word| word.is_single())
            .count();
        if (1..=MAX_SINGLES).contains(&count) {
            let run = at..at + count;
            let before = at.saturating_sub(1)..run.end;
            let after = at..(run.end + 1).min(words.len());
            for range in [before, after, run.clone()] {
                let spaced = words[range.clone()].iter().all(|word| !word.spaceless);
                if spaced && range.len() > 1 {
                    let units: Vec<&Unit> =
                        words[range].iter().flat_map(|word| &word.units).collect();
                    tokens.extend(spellings(units));
                }
            }
        }
        at += count.max(1);
    }
    tokens
}
