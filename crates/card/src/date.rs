//! Dates with or without a year, as the versions and the clients write them.

use crate::version::Version;

/// The year that Apple writes where there is none.
const OMITTED: &str = "1604";

/// A date in one form: `1985-04-15`, `--04-15`, `1985-04`, `1985`; or the text, where it is no date. `omitted` is the
/// year that stands for none.
pub(crate) fn normal(text: &str, omitted: Option<&str>) -> String {
    let text = text.trim();
    match read(text) {
        Some(date) => match date.strip_prefix(omitted.unwrap_or("-")) {
            Some(rest) if omitted.is_some() && rest.len() == 6 => format!("-{rest}"),
            _ => date,
        },
        None => text.to_owned(),
    }
}

fn read(text: &str) -> Option<String> {
    let date = match text.split_once(['T', ' ']) {
        // What follows a date is a time of the day, which says nothing of a birthday.
        Some((date, time)) if time.starts_with(|first: char| first.is_ascii_digit()) => date,
        Some(_) => return None,
        None => text,
    };
    if let Some(rest) = date.strip_prefix("--") {
        let digits = digits(rest)?;
        let (month, day) = (digits.get(..2)?, digits.get(2..)?);
        return is_day(month, day).then(|| format!("--{month}-{day}"));
    }
    let digits = digits(date)?;
    let year = digits.get(..4)?;
    match digits.len() {
        4 => Some(year.to_owned()),
        6 if date.len() == 7 && is_day(&digits[4..], "01") => {
            Some(format!("{year}-{}", &digits[4..]))
        }
        8 if is_day(&digits[4..6], &digits[6..]) => {
            Some(format!("{year}-{}-{}", &digits[4..6], &digits[6..]))
        }
        _ => None,
    }
}

/// The digits of a date, whose hyphens stand where they belong or nowhere.
fn digits(date: &str) -> Option<String> {
    let digits: String = date.split('-').collect();
    let widths: Vec<_> = date.split('-').map(str::len).collect();
    let fits = matches!(widths.as_slice(), [4 | 8] | [4, 2] | [4, 2, 2] | [2, 2]);
    (fits && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn is_day(month: &str, day: &str) -> bool {
    let within = |text: &str, most: u8| {
        text.len() == 2
            && text
                .parse()
                .is_ok_and(|number: u8| (1..=most).contains(&number))
    };
    within(month, 12) && within(day, 31)
}

/// How a date is written.
pub(crate) struct Written {
    pub(crate) value: String,
    /// The year that stands for none is named by a parameter.
    pub(crate) omits: Option<&'static str>,
    pub(crate) is_text: bool,
}

/// A date of the normal form as a version writes it.
pub(crate) fn write(date: &str, version: Version) -> Written {
    let plain = |value: String| Written {
        value,
        omits: None,
        is_text: false,
    };
    if read(date).as_deref() != Some(date) {
        return Written {
            is_text: true,
            ..plain(date.to_owned())
        };
    }
    match (version, date.strip_prefix("--")) {
        (Version::V4_0, _) if date.len() == 7 && !date.starts_with('-') => plain(date.to_owned()),
        (Version::V4_0, Some(rest)) => plain(format!("--{}", rest.replace('-', ""))),
        (Version::V4_0, None) => plain(date.replace('-', "")),
        (Version::V3_0, Some(rest)) => Written {
            omits: Some(OMITTED),
            ..plain(format!("{OMITTED}-{rest}"))
        },
        _ => plain(date.to_owned()),
    }
}
