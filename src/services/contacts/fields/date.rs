//! Days as people write them.

use jiff::civil::Date;

use crate::model::format::name_of_month;
use crate::model::language::Language;

/// The fewest letters that name a month.
const MIN_MONTH_LETTERS: usize = 3;

/// A year in which each day of any year exists.
const LEAP_YEAR: i16 = 2000;

/// A day as cards have it, for example `1815-12-10`, or `--12-10` without a year. It is understood from `10 December 1815`,
/// `Dec 10th, 1815`, `10.12.1815` and `12-10`, each also without a year. Other texts stay as they are.
pub fn understood(text: String) -> String {
    day(&text).unwrap_or(text)
}

fn day(text: &str) -> Option<String> {
    let parts: Vec<&str> = text
        .split([' ', ',', '.', '-'])
        .filter(|part| !part.is_empty())
        .collect();
    let (day, month, year) = match parts[..] {
        [one, other, ref year @ ..] if year.len() <= 1 => {
            let named = [(one, other), (other, one)].into_iter();
            let mut named = named.filter_map(|(day, name)| Some((day, month(name)?)));
            let (day, month) = match named.next() {
                Some(named) => named,
                // A point stands after a day everywhere, and only a month goes before a hyphen.
                None if text.contains('.') => (one, number(other)?),
                None if year.is_empty() && text.len() == 5 && text.contains('-') => {
                    (other, number(one)?)
                }
                None => return None,
            };
            (day, month, year.first())
        }
        _ => return None,
    };
    let year = match year {
        Some(year) if year.len() == 4 => Some(year.parse().ok()?),
        Some(_) => return None,
        None => None,
    };
    let day = number(day.trim_end_matches(|c: char| c.is_ascii_alphabetic()))?;
    let date = Date::new(year.unwrap_or(LEAP_YEAR), month, day).ok()?;
    let written = date.to_string();
    Some(match year {
        Some(_) => written,
        None => format!("-{}", &written[4..]),
    })
}

/// The number of a month, by its name in any language of Kith: a form may be read in another one than it was drawn in.
fn month(name: &str) -> Option<i8> {
    let name = name.to_lowercase();
    if name.chars().count() < MIN_MONTH_LETTERS {
        return None;
    }
    let is_it = |month: &u32| {
        Language::ALL.iter().any(|language| {
            let known = language
                .within(|| name_of_month(*month))
                .unwrap_or_default();
            known.to_lowercase().starts_with(&name)
        })
    };
    let month = (0..12).find(is_it)?;
    i8::try_from(month + 1).ok()
}

fn number(digits: &str) -> Option<i8> {
    let is_short = digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_short.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_understood_as_people_write_them() {
        for (typed, understood_as) in [
            ("10 December 1815", "1815-12-10"),
            ("December 10, 1815", "1815-12-10"),
            ("dec 10th 1815", "1815-12-10"),
            ("10. Dec. 1815", "1815-12-10"),
            ("29 February", "--02-29"),
            ("Feb 29, 1984", "1984-02-29"),
            ("29.2.", "--02-29"),
            ("29.2.1984", "1984-02-29"),
            ("12-10", "--12-10"),
        ] {
            assert_eq!(understood(typed.to_owned()), understood_as, "{typed}");
        }
    }

    #[test]
    fn months_have_their_names_in_each_language() {
        for (typed, understood_as) in [
            ("12. März 1990", "1990-03-12"),
            ("3. Okt.", "--10-03"),
            ("3 October", "--10-03"),
        ] {
            assert_eq!(understood(typed.to_owned()), understood_as, "{typed}");
            let in_german = Language::German.within(|| understood(typed.to_owned()));
            assert_eq!(in_german, understood_as, "{typed}");
        }
    }

    #[test]
    fn other_texts_stay_as_they_are() {
        for typed in [
            "1815-12-10",
            "--12-10",
            "30 February",
            "29 February 1985",
            "10/12/1815",
            "10 December 15",
            "about 1815",
            "December 1815",
            "in May",
            "13-10",
            "1.2.3.4",
            "ma 3",
            "",
        ] {
            assert_eq!(understood(typed.to_owned()), typed);
        }
    }

    proptest! {
        #[test]
        fn what_is_understood_is_a_day(text in "[0-9a-zA-Z ,.é-]{0,24}") {
            let once = understood(text.clone());
            if once != text {
                let year = if once.starts_with('-') { "2000" } else { "" };
                let day = [year, once.trim_start_matches("-")].join("-");
                prop_assert!(day.trim_start_matches('-').parse::<Date>().is_ok(), "{text}: {once}");
            }
            prop_assert_eq!(understood(once.clone()), once);
        }
    }
}
