//! A day in words, from a timestamp.

use leptos::prelude::*;

/// The day of `at` (RFC 3339, UTC), written so that no reader mistakes month and day. Both
/// halves write it alike, whatever the browser's locale and time zone.
#[component]
pub fn Day(at: String) -> impl IntoView {
    let words = in_words(&at).unwrap_or_else(|| at.clone());
    view! { <time datetime=at>{words}</time> }
}

fn in_words(at: &str) -> Option<String> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let mut parts = at.get(..10)?.split('-');
    let year = parts.next()?;
    let month = parts.next()?.parse::<usize>().ok()?.checked_sub(1)?;
    let day = parts.next()?.trim_start_matches('0');
    Some(format!("{day} {} {year}", MONTHS.get(month)?))
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn days_are_written_in_words() {
        let written = in_words("2026-11-02T05:29:00.000Z");
        assert_eq!(written.as_deref(), Some("2 November 2026"));
        for odd in ["", "2026", "2026-13-01", "yesterday at noon"] {
            assert_eq!(in_words(odd), None, "{odd}");
        }
    }
}
