//! Weights, in lists of what a client accepts (RFC 9110, 12.4.2).

use super::Reader;

/// The weight among the parameters that follow, in thousandths; 1000 where there is none. Empty parameters are
/// passed over. `None` where the others do not follow the grammar.
pub fn weighted(reader: &mut Reader) -> Option<u16> {
    let mut weight = 1000;
    loop {
        reader.skip_whitespace();
        if !reader.take(";") {
            return Some(weight);
        }
        reader.skip_whitespace();
        let Some(name) = reader.token() else { continue };
        // What stands after the weight may be a word alone.
        let value = if reader.take("=") {
            reader.token_or_quoted_string()?
        } else {
            Vec::new()
        };
        if name.eq_ignore_ascii_case("q") {
            weight = thousandths(&value)?;
        }
    }
}

/// From 0 to 1 with at most three decimals.
fn thousandths(value: &[u8]) -> Option<u16> {
    let (whole, decimals) = match value {
        [whole] => (whole, &[][..]),
        [whole, b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
        _ => return None,
    };
    let digits = [whole]
        .into_iter()
        .chain(decimals)
        .chain([&b'0'; 3])
        .take(4);
    let number = digits.map(|digit| digit.is_ascii_digit().then(|| u16::from(digit - b'0')));
    let number = number.reduce(|number, digit| Some(number? * 10 + digit?))??;
    (number <= 1000).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_weight_has_at_most_three_decimals() {
        for (text, expected) in [
            ("", Some(1000)),
            (";q=0.5", Some(500)),
            (" ; level=1;Q=0.001;x", Some(1)),
            (";;q=1.000", Some(1000)),
            (";q=1.001", None),
            (";q=0.0000", None),
            (";q=.5", None),
            (";q=", None),
        ] {
            assert_eq!(
                weighted(&mut Reader::new(text.as_bytes())),
                expected,
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = thousandths(&line);
            let _ = weighted(&mut Reader::new(&line));
        }
    }
}
