//! [`Phone`]: a phone number as people write it.

use unicode_normalization::UnicodeNormalization;

use super::Refusal;
use crate::services::contacts::text;

/// A phone number of at most 50 characters, for example `+44 (0)20 7946-0000 ext. 12`.
///
/// It stays as people grouped it. It holds ASCII digits (at least two), spaces, the signs
/// `+ - ( ) . / # * , ;`, and the words `x` and `ext` before an extension. Digits and signs of
/// other scripts and widths become the plain ones, so that every number can be dialled.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phone(pub(super) String);

impl Phone {
    pub const MAX_CHARS: usize = 50;
    /// Short codes and extensions of two digits exist; a single digit is a slip.
    const MIN_DIGITS: usize = 2;

    pub fn parse(typed: &str) -> Result<Self, Refusal> {
        super::refuse_far_over(Self::MAX_CHARS, typed.chars().count())?;
        // Cleaned before and after: compatibility forms can bring white space with them.
        let plain: String = text::single_line(typed)?.nfkc().map(plain_sign).collect();
        let number = super::limited(text::single_line(&plain)?, Self::MAX_CHARS)?;
        if !is_number(&number) {
            return Err(Refusal::Malformed);
        }
        Ok(Self(number))
    }
}

fn is_number(number: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_digit() || " +-()./#*,;".contains(c);
    let is_extension = |word: &str| {
        word.is_empty() || word.eq_ignore_ascii_case("x") || word.eq_ignore_ascii_case("ext")
    };
    number.split(is_sign).all(is_extension)
        && number.chars().filter(char::is_ascii_digit).count() >= Phone::MIN_DIGITS
}

/// The ASCII form of the digits and dashes that NFKC leaves alone.
fn plain_sign(c: char) -> char {
    match c {
        '‐'..='―' | '−' => '-',
        // Arabic, Persian and Urdu, Devanagari, Bengali.
        '٠'..='٩' => ascii_digit(c, '٠'),
        '۰'..='۹' => ascii_digit(c, '۰'),
        '०'..='९' => ascii_digit(c, '०'),
        '০'..='৯' => ascii_digit(c, '০'),
        _ => c,
    }
}

fn ascii_digit(c: char, zero: char) -> char {
    char::from_digit(u32::from(c) - u32::from(zero), 10).unwrap_or(c)
}
