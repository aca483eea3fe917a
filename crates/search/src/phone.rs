//! Phone numbers: found in any spelling, with and without the code of the country.
//!
//! A number is held twice. With the code of its country it is `442079460000` and, as it is dialled within the country,
//! `02079460000`. Without one it is `02079460000` and `=2079460000`, where the sign says that the country is not known: a
//! search with a code finds it, but not the same digits of another country.

mod country;

use crate::fold::Class;
use crate::fold::Unit;
use crate::token::Token;
use crate::token::beginning;
use crate::token::spellings;
use crate::words::Number;
use crate::words::Text;
use crate::words::Word;

/// Before a number without the code of its country.
const NATIONAL: char = '=';

/// The fewest digits that are a number even without spaces and signs.
const MIN_DIGITS: usize = 7;

/// From this many digits on, a number that does not begin with `0` has the code of its country.
const MIN_FULL_DIGITS: usize = 11;

/// From this many digits on, groups of digits are a phone number and not several numbers.
pub(crate) const MIN_PHONE_DIGITS: usize = 9;

impl Number {
    /// Whether it is held as a phone number where it stands among other words.
    pub(crate) fn is_long(&self) -> bool {
        self.plus || self.words.len() > 1 || self.digits.len() >= MIN_DIGITS
    }

    /// Whether it can be nothing else than a phone number. Of shorter ones, each group may be a number of its own.
    pub(crate) fn is_phone(&self) -> bool {
        self.plus || self.digits.len() >= MIN_PHONE_DIGITS
    }

    /// As it is written, without signs.
    pub(crate) fn text(&self) -> String {
        self.digits.iter().map(|unit| unit.c).collect()
    }
}

/// The ways to read the digits of a number.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    /// How many of the first digits say nothing.
    skipped: usize,
    /// How many digits are the code of the country behind them.
    country: usize,
    /// How many zeros are between the code and the rest.
    zeros: usize,
}

/// How a number with the code of a country is written, without `+`: `00` or, from North America, `011` before it. Eleven
/// digits from `1` on are a number of North America.
fn international(digits: &str, plus: bool) -> Option<Reading> {
    let skipped = match digits.as_bytes() {
        _ if plus => digits.len() - digits.trim_start_matches('0').len(),
        [b'0', b'0', b'1'..=b'9', ..] => 2,
        [b'0', b'1', b'1', b'1'..=b'9', rest @ ..] if rest.len() >= 9 => 3,
        [b'1', rest @ ..] if rest.len() == 10 => 0,
        _ => return None,
    };
    if skipped == digits.len() {
        return None;
    }
    let country = country::code_len(&digits[skipped..]);
    let rest = &digits[skipped + country..];
    let zeros = rest.len() - rest.trim_start_matches('0').len();
    Some(Reading {
        skipped,
        country,
        zeros,
    })
}

/// Eleven digits from `8` on are how a number of the countries of +7 is dialled within them.
fn is_trunk_eight(digits: &str) -> bool {
    digits.len() == 11 && digits.starts_with('8')
}

/// What is looked for and held of a number within its country: without zeros before it, unless it is nothing else.
fn significant(digits: &str) -> &str {
    match digits.trim_start_matches('0') {
        "" => digits,
        significant => significant,
    }
}

/// The numbers of a text that is a phone number, and its words.
pub(crate) fn tokens(text: &Text) -> (Vec<Token>, Vec<Token>) {
    let mut numbers: Vec<Token> = text.numbers.iter().flat_map(number_tokens).collect();
    let mut words = Vec::new();
    for (at, word) in text.words.iter().enumerate() {
        let digits: Vec<&Unit> = digits(word).collect();
        if digits.len() == word.len() {
            continue;
        }
        words.extend(spellings(&word.units));
        if !digits.is_empty() {
            numbers.extend(held(&digits, false));
        } else if let Some(before) = number_before(text, at)
            && number_behind(text, at).is_none()
        {
            numbers.extend(vanity(before, word));
        }
    }
    (numbers, words)
}

fn digits(word: &Word) -> impl Iterator<Item = &Unit> {
    word.units.iter().filter(|unit| unit.class == Class::Digit)
}

/// Whether a word between two numbers says that the second is an extension: `ext.`, `x`.
pub(crate) fn is_extension_word(text: &Text, at: usize) -> bool {
    let word: String = text.words[at].units.iter().map(|unit| unit.c).collect();
    number_before(text, at).is_some_and(Number::is_long)
        && number_behind(text, at).is_some()
        && ["ext", "extension", "extn", "x"].contains(&word.as_str())
}

/// The digits of an extension that is one word with its sign, behind a number: `x123`.
pub(crate) fn extension(text: &Text, at: usize) -> Option<String> {
    let word = &text.words[at];
    let digits: String = digits(word).map(|unit| unit.c).collect();
    let sign: String = word
        .units
        .iter()
        .map(|unit| unit.c)
        .take(word.len() - digits.len())
        .collect();
    let is_one = !digits.is_empty() && ["x", "ext"].contains(&sign.as_str());
    (is_one && number_before(text, at).is_some_and(Number::is_long)).then_some(digits)
}

/// The number that ends before a word.
fn number_before(text: &Text, at: usize) -> Option<&Number> {
    let place = text
        .numbers
        .binary_search_by_key(&at, |number| number.words.end);
    place.ok().map(|place| &text.numbers[place])
}

fn number_behind(text: &Text, at: usize) -> Option<&Number> {
    let place = text
        .numbers
        .binary_search_by_key(&(at + 1), |number| number.words.start);
    place.ok().map(|place| &text.numbers[place])
}

/// A number as it is held.
pub(crate) fn number_tokens(number: &Number) -> Vec<Token> {
    let digits: Vec<&Unit> = number.digits.iter().collect();
    held(&digits, number.plus)
}

fn held(digits: &[&Unit], plus: bool) -> Vec<Token> {
    let text: String = digits.iter().map(|unit| unit.c).collect();
    if !plus && is_trunk_eight(&text) {
        let (first, rest) = (digits[0], &digits[1..]);
        let seven = Unit {
            c: '7',
            ..first.clone()
        };
        let mut all = vec![&seven];
        all.extend(rest);
        let mut tokens = international_tokens(
            &all,
            &Reading {
                skipped: 0,
                country: 1,
                zeros: 0,
            },
        );
        tokens.extend(national_tokens(digits, 0));
        return tokens;
    }
    match international(&text, plus) {
        Some(reading) => international_tokens(digits, &reading),
        None => national_tokens(digits, text.len() - significant(&text).len()),
    }
}

fn international_tokens(digits: &[&Unit], reading: &Reading) -> Vec<Token> {
    let (code, rest) = digits[reading.skipped..].split_at(reading.country);
    let number = &rest[reading.zeros..];
    let mut full: Vec<&Unit> = code.to_vec();
    full.extend(number);
    let mut tokens = vec![marked(None, &full), marked(Some('0'), number)];
    if reading.zeros > 0 {
        tokens.push(marked(None, &digits[reading.skipped..]));
    }
    tokens
}

fn national_tokens(digits: &[&Unit], zeros: usize) -> Vec<Token> {
    let number = &digits[zeros..];
    vec![marked(Some('0'), number), marked(Some(NATIONAL), number)]
}

fn marked(mark: Option<char>, digits: &[&Unit]) -> Token {
    let mut token = Token::default();
    let start = digits.first().map_or(0, |unit| unit.at.start);
    if let Some(mark) = mark {
        token.push(mark, &(start..start));
    }
    digits.iter().for_each(|unit| token.push(unit.c, &unit.at));
    token
}

/// A number whose end is a word, by the letters on the keys (ITU-T E.161).
fn vanity(number: &Number, word: &Word) -> Vec<Token> {
    let is_word = word.units.iter().all(|unit| unit.c.is_ascii_lowercase());
    let len = number.digits.len() + word.len();
    if !is_word || word.len() < 3 || !(MIN_DIGITS..=15).contains(&len) {
        return Vec::new();
    }
    let keys: Vec<Unit> = word.units.iter().map(on_key).collect();
    let digits: Vec<&Unit> = number.digits.iter().chain(&keys).collect();
    held(&digits, number.plus)
}

fn on_key(unit: &Unit) -> Unit {
    let c = match unit.c {
        'a'..='c' => '2',
        'd'..='f' => '3',
        'g'..='i' => '4',
        'j'..='l' => '5',
        'm'..='o' => '6',
        'p'..='s' => '7',
        't'..='v' => '8',
        _ => '9',
    };
    Unit { c, ..unit.clone() }
}

/// What to look for to find a number, finished or not.
pub(crate) fn probes(digits: &str, plus: bool) -> Vec<String> {
    let mut texts = Vec::new();
    // A number this long has the code of its country, even without a plus.
    let is_full =
        digits.len() >= MIN_FULL_DIGITS && !digits.starts_with('0') && !is_trunk_eight(digits);
    let reading = international(digits, plus || is_full);
    if !plus || reading.is_none() {
        texts.extend(national_texts(digits));
    }
    if let Some(reading) = reading {
        let (code, rest) = digits[reading.skipped..].split_at(reading.country);
        let number = &rest[reading.zeros..];
        texts.push(beginning(&format!("{code}{number}")));
        if !number.is_empty() {
            texts.push(beginning(&format!("{NATIONAL}{number}")));
        }
        if code.len() + number.len() >= MIN_DIGITS {
            texts.push(beginning(&format!("{NATIONAL}{code}{number}")));
        }
    }
    if !plus && is_trunk_eight(digits) {
        texts.push(beginning(&format!("7{}", &digits[1..])));
        texts.push(beginning(&format!("{NATIONAL}{}", &digits[1..])));
    }
    texts
}

fn national_texts(digits: &str) -> Vec<String> {
    let number = significant(digits);
    let mut texts = Vec::new();
    match number.len() {
        3.. => texts.push(number.to_owned()),
        _ if number.starts_with('0') => texts.push(beginning("0")),
        _ => texts.extend([beginning(number), beginning(&format!("0{number}"))]),
    }
    // The last digits of a number may begin with zeros.
    if digits.len() > number.len() && digits.len() >= 3 {
        texts.push(digits.to_owned());
    }
    texts
}
