//! The language of the reader, and the macros that say something in it.
//!
//! A text stands in the sources in English, and this English is its key in the catalogues of `locales/`, as with GNU
//! gettext. `cargo xtask messages` keeps them up to date, and a test holds that no text is missing.
//!
//! - A text between the tags of `view!`, or in an attribute that people read, is looked up by the macro.
//! - `t!("Save")` is the text as `&'static str`. `t!("{done} of {total}", done = 1, total = 2)` fills in values, and is a
//!   `String`.
//! - `t_plural!(count, "{count} contact", "{count} contacts")` chooses by a number, which it fills in.
//! - `t_context!("month", "May")` tells apart texts that are alike in English.
//! - `t_noop!("May")` or `t_noop!("month", "May")` is the English text, which is looked up elsewhere.
//! - `t_view!("Read {link} first.", link = view! { <a>"this"</a> })` is a sentence with elements in it.
//! - `t_around!("Add “{search}”")` is what stands before and after its only placeholder.
//!
//! Outside a request of a reader, texts are English: those of the log, of the REST API, and of what is stored.
#![cfg_attr(
    not(feature = "page-contacts"),
    allow(
        unused_imports,
        unused_macros,
        reason = "the island of the dashboard says little"
    )
)]

#[cfg(not(feature = "ssr"))]
mod browser;
#[cfg(feature = "ssr")]
mod server;

#[cfg(not(feature = "ssr"))]
use browser as half;
#[cfg(feature = "ssr")]
use server as half;

pub use half::plural;
pub use half::text;
pub use half::text_in_context;
#[cfg(feature = "ssr")]
pub use server::Language;
#[cfg(feature = "ssr")]
pub use server::sentence;
#[cfg(feature = "ssr")]
pub use server::translated;

/// The id of the element in which a page gives its island the texts.
pub const TEXTS_ID: &str = "island-texts";

/// The key of the language itself, as the header of a catalogue has it. It comes before all others.
#[cfg(feature = "ssr")]
const LANGUAGE_KEY: &str = "";

/// Stands between the parts of a key, as in the compiled catalogues of gettext.
const SEPARATOR: &str = "\u{4}";

/// The text with each placeholder replaced by the value of its name.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        text.push_str(before);
        let value = values.iter().find(|(known, _)| *known == name);
        text.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    text + rest
}

/// What stands before and after the only placeholder of a text.
pub fn around(template: &'static str) -> (&'static str, &'static str) {
    let before_and_after = |(before, rest): (&'static str, &'static str)| {
        let (_, after) = rest.split_once('}')?;
        Some((before, after))
    };
    let split = template.split_once('{').and_then(before_and_after);
    split.unwrap_or((template, ""))
}

macro_rules! t {
    ($text:literal) => {
        $crate::model::language::text($text)
    };
    ($text:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::model::language::fill(
            $crate::model::language::text($text),
            &[$((stringify!($name), &*$value.to_string())),+],
        )
    };
}

macro_rules! t_plural {
    ($count:expr, $one:literal, $many:literal $(, $name:ident = $value:expr)* $(,)?) => {{
        let count = $count as u64;
        $crate::model::language::fill(
            $crate::model::language::plural(count, $one, $many),
            &[("count", &*$crate::model::language::number(count)) $(, (stringify!($name), &*$value.to_string()))*],
        )
    }};
}

macro_rules! t_context {
    ($context:literal, $text:literal) => {
        $crate::model::language::text_in_context($context, $text)
    };
}

macro_rules! t_noop {
    ($text:literal) => {
        $text
    };
    ($context:literal, $text:literal) => {
        $text
    };
}

macro_rules! t_around {
    ($text:literal) => {
        $crate::model::language::around($crate::model::language::text($text))
    };
}

#[cfg(feature = "ssr")]
macro_rules! t_view {
    ($text:literal, $($name:ident = $view:expr),+ $(,)?) => {
        $crate::model::language::sentence(
            $crate::model::language::text($text),
            vec![$((stringify!($name), leptos::prelude::IntoAny::into_any($view))),+],
        )
    };
}

pub(crate) use t;
pub(crate) use t_around;
pub(crate) use t_context;
pub(crate) use t_noop;
pub(crate) use t_plural;
#[cfg(feature = "ssr")]
pub(crate) use t_view;

/// A number as the reader's language groups its digits, for example `12,345`.
pub fn number(number: u64) -> String {
    let separator = t_context!("separator of thousands", ",");
    group_digits(number, separator.chars().next().unwrap_or(','))
}

/// A number with a separator between its groups of three digits, for example `12,345`.
pub fn group_digits(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ];
        for (number, text) in cases {
            assert_eq!(group_digits(number, ','), text);
        }
        assert_eq!(
            group_digits(1_234_567, '\u{202f}'),
            "1\u{202f}234\u{202f}567"
        );
    }

    #[test]
    fn values_take_the_places_of_their_names() {
        assert_eq!(t!("{day} {month}", day = 1, month = "May"), "1 May");
        assert_eq!(fill("a {b", &[]), "a {b");
        assert_eq!(
            t_plural!(1, "{count} second", "{count} seconds"),
            "1 second"
        );
        assert_eq!(
            t_plural!(1200, "{count} second", "{count} seconds"),
            "1,200 seconds"
        );
        assert_eq!(t_around!("Add “{search}”"), ("Add “", "”"));
    }
}
