//! The number that a phone dials for what people write.

use unicode_normalization::UnicodeNormalization;

/// Short codes and extensions of two digits exist; a single digit is a slip.
const MIN_DIGITS: usize = 2;

/// A phone number as a `tel:` link has it (RFC 3966): without separators, without the trunk prefix `(0)` of an
/// international number, and with its extension as a parameter. `None` where the text is no number, such as
/// `1-800-FLOWERS`.
///
/// Digits and signs of other scripts and widths are read as the plain ones. A remark in parentheses is left out.
pub fn dialled(written: &str) -> Option<String> {
    let plain: String = written.nfkc().map(plain_sign).collect();
    let plain = plain.trim();
    let bare = match plain.split_at_checked("tel:".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("tel:") => rest,
        _ => plain,
    };
    let number = without_remarks(bare).replace(";ext=", " ext ");
    is_number(&number).then(|| tel_number(&number))
}

/// Leaves out what stands in parentheses and has letters.
fn without_remarks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside, behind)) = rest.split_once('(').and_then(|(before, open)| {
        let (inside, behind) = open.split_once(')')?;
        Some((before, inside, behind))
    }) {
        kept.push_str(before);
        if inside.chars().all(|c| !c.is_alphabetic()) {
            kept.push('(');
            kept.push_str(inside);
            kept.push(')');
        }
        rest = behind;
    }
    kept + rest
}

fn is_number(number: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_digit() || " +-()./#*,;".contains(c);
    let is_extension = |word: &str| {
        word.is_empty() || word.eq_ignore_ascii_case("x") || word.eq_ignore_ascii_case("ext")
    };
    number.split(is_sign).all(is_extension)
        && number.chars().filter(char::is_ascii_digit).count() >= MIN_DIGITS
}

fn tel_number(phone: &str) -> String {
    let digits = |part: &str| -> String {
        let is_dialled = |c: &char| c.is_ascii_digit() || matches!(c, '+' | '*' | '#' | ',');
        let digits = part.chars().filter(is_dialled).collect::<String>();
        // A # would start the fragment of the link.
        digits.replace('#', "%23")
    };
    let phone = match phone.split_once('(') {
        Some((country, rest)) if country.starts_with('+') => {
            [country, rest.strip_prefix("0)").unwrap_or(rest)].concat()
        }
        _ => phone.to_owned(),
    };
    let extension = phone.find(|c: char| c.is_ascii_alphabetic());
    let (number, extension) = phone.split_at(extension.unwrap_or(phone.len()));
    let (number, extension) = (digits(number), digits(extension));
    if extension.is_empty() {
        number
    } else {
        [&*number, ";ext=", &*extension].concat()
    }
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

#[cfg(test)]
mod tests {
    use super::dialled;

    #[test]
    fn a_phone_number_is_reduced_to_what_is_dialled() {
        for (written, expected) in [
            ("+44 20 7946-0958", "+442079460958"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("(0)20 7946 0958", "02079460958"),
            ("+44 20 7946 0958 ext. 12", "+442079460958;ext=12"),
            ("tel:+44-20-7946-0958;ext=12", "+442079460958;ext=12"),
            ("020 7946 0000 (work)", "02079460000"),
            ("+49 (0)30 (Zentrale) 123-45", "+493012345"),
            ("*100#", "*100%23"),
            ("٠٢٠ ٧٩٤٦ ٠٠٠٠", "02079460000"),
            ("０２０−７９４６", "0207946"),
        ] {
            assert_eq!(dialled(written).as_deref(), Some(expected), "{written}");
        }
        for written in ["1-800-FLOWERS", "call me", "7", "", "(work)", "112 or 110"] {
            assert_eq!(dialled(written), None, "{written}");
        }
    }
}
