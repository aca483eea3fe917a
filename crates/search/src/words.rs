//! The words of a text: folded, and with what stands between them where it says how they belong together.

use std::ops::Range;

use crate::fold::Class;
use crate::fold::Unit;
use crate::fold::fold;

/// The longest address that is kept whole, in characters (RFC 5321, section 4.5.3.1.3).
const MAX_ADDRESS_CHARS: usize = 254;

/// The most digits of a number that is written in groups: a phone number has 15 (ITU-T E.164), and an extension.
const MAX_NUMBER_DIGITS: usize = 20;

/// The most letters that stand alone in a row, as in `U.S.A.`.
pub(crate) const MAX_SINGLES: usize = 8;

/// A folded text, in words.
pub(crate) struct Text {
    pub(crate) words: Vec<Word>,
    /// What is an address as a whole, or was perhaps meant for one: it has an `@`, or a dot within.
    pub(crate) addresses: Vec<Address>,
    /// Words that are digits, in a row, as phone numbers are written. Each such word is in one of them.
    pub(crate) numbers: Vec<Number>,
}

/// A word, without apostrophes.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) units: Vec<Unit>,
    /// Where the parts behind its apostrophes begin.
    pub(crate) tails: Vec<usize>,
    /// Whether it is of a script without spaces.
    pub(crate) spaceless: bool,
    /// The folded characters of the text that it was made of.
    place: Range<usize>,
}

/// Words with what stands between them.
pub(crate) struct Address {
    pub(crate) units: Vec<Unit>,
    pub(crate) words: Range<usize>,
}

/// Digits in groups.
pub(crate) struct Number {
    pub(crate) words: Range<usize>,
    /// Written with `+`.
    pub(crate) plus: bool,
    /// Without the `(0)` of `+44 (0)20`.
    pub(crate) digits: Vec<Unit>,
}

impl Word {
    pub(crate) fn len(&self) -> usize {
        self.units.len()
    }

    /// A letter or a digit alone, of a script with spaces.
    pub(crate) fn is_single(&self) -> bool {
        self.len() == 1 && !self.spaceless
    }

    fn is_number(&self) -> bool {
        self.units.iter().all(|unit| unit.class == Class::Digit)
    }
}

impl Text {
    pub(crate) fn new(text: &str) -> Self {
        let units = fold(text);
        let words = words(&units);
        let addresses = addresses(&units, &words);
        let numbers = numbers(&units, &words);
        Self {
            words,
            addresses,
            numbers,
        }
    }
}

fn words(units: &[Unit]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open = false;
    let mut at = 0;
    while let Some(unit) = units.get(at) {
        if unit.class.is_word() {
            let spaceless = unit.class == Class::Spaceless;
            match words.last_mut() {
                Some(word) if open && word.spaceless == spaceless => {
                    word.units.push(unit.clone());
                    word.place.end = at + 1;
                }
                _ => words.push(Word {
                    units: vec![unit.clone()],
                    tails: Vec::new(),
                    spaceless,
                    place: at..at + 1,
                }),
            }
            open = true;
            at += 1;
            continue;
        }
        let behind = apostrophes(units, at);
        open &= behind > at && units.get(behind).is_some_and(|unit| unit.class.is_word());
        if open && let Some(word) = words.last_mut() {
            word.tails.push(word.units.len());
        }
        at = behind.max(at + 1);
    }
    words
}

/// The place behind the apostrophes that begin at `at`. A quotation mark between letters of Hebrew is a gershayim.
fn apostrophes(units: &[Unit], at: usize) -> usize {
    let is_hebrew = |at: Option<usize>| {
        let c = at.and_then(|at| units.get(at)).map(|unit| unit.c);
        c.is_some_and(|c| matches!(c, 'א'..='ת'))
    };
    if matches!(units[at].c, '"' | '“' | '”' | '„')
        && is_hebrew(at.checked_sub(1))
        && is_hebrew(Some(at + 1))
    {
        return at + 1;
    }
    let more = units[at..]
        .iter()
        .take_while(|unit| unit.class == Class::Apostrophe);
    at + more.count()
}

fn addresses(units: &[Unit], words: &[Word]) -> Vec<Address> {
    let ends = |unit: &Unit| {
        matches!(unit.class, Class::Space | Class::Spaceless)
            || matches!(
                unit.c,
                ',' | ';' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | '"' | '|'
            )
    };
    let mut addresses = Vec::new();
    let mut first_word = 0;
    let mut start = 0;
    for chunk in units.split(ends) {
        let place = start..start + chunk.len();
        start = place.end + 1;
        let before = |limit: usize| move |word: &&Word| word.place.start < limit;
        first_word += words[first_word..]
            .iter()
            .take_while(before(place.start))
            .count();
        let count = words[first_word..]
            .iter()
            .take_while(before(place.end))
            .count();
        let marked = chunk.iter().any(|unit| matches!(unit.c, '@' | '.'));
        if marked && let Some(units) = address(chunk) {
            addresses.push(Address {
                units,
                words: first_word..first_word + count,
            });
        }
        first_word += count;
    }
    addresses
}

/// What is left of a chunk without what surrounds an address, if it may be one.
fn address(chunk: &[Unit]) -> Option<Vec<Unit>> {
    let belongs = |unit: &Unit| unit.class.is_word() || unit.c == '@';
    let start = chunk.iter().position(belongs)?;
    let end = chunk.iter().rposition(belongs)? + 1;
    let mut chunk = &chunk[start..end];
    for scheme in ["http://", "https://", "mailto:", "www."] {
        let found = chunk
            .iter()
            .map(|unit| unit.c)
            .take(scheme.len())
            .eq(scheme.chars());
        if found && chunk.len() > scheme.len() {
            chunk = &chunk[scheme.len()..];
        }
    }
    let has = |c: char| chunk.iter().any(|unit| unit.c == c);
    let has_word = chunk.iter().any(|unit| unit.class.is_word());
    let fits = chunk.len() <= MAX_ADDRESS_CHARS;
    (fits && has_word && (has('@') || has('.'))).then(|| {
        let kept = chunk.iter().filter(|unit| unit.class != Class::Apostrophe);
        kept.cloned().collect()
    })
}

fn numbers(units: &[Unit], words: &[Word]) -> Vec<Number> {
    let mut numbers: Vec<Number> = Vec::new();
    for (at, word) in words
        .iter()
        .enumerate()
        .filter(|(_, word)| word.is_number())
    {
        let before = &units[..word.place.start];
        if let Some(number) = numbers.last_mut().filter(|number| number.words.end == at) {
            let between = &before[words[at - 1].place.end..];
            let joins = between.len() <= 3
                && between
                    .iter()
                    .all(|unit| matches!(unit.c, ' ' | '-' | '.' | '/' | '(' | ')'));
            if joins && number.digits.len() + word.len() <= MAX_NUMBER_DIGITS {
                number.words.end = at + 1;
                let is_trunk = word.len() == 1 && word.units[0].c == '0';
                if !(number.plus && is_trunk && between.last().is_some_and(|unit| unit.c == '(')) {
                    number.digits.extend(word.units.iter().cloned());
                }
                continue;
            }
        }
        let mut signs = before.iter().rev().take(2).skip_while(|unit| unit.c == '(');
        numbers.push(Number {
            words: at..at + 1,
            plus: signs.next().is_some_and(|unit| unit.c == '+'),
            digits: word.units.clone(),
        });
    }
    numbers
}
