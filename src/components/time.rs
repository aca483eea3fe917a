//! A moment in words: as the reader's own clock shows it, and in UTC until that is known.

use leptos::prelude::*;

use crate::islands::clock;

/// Says when something happened. `at` is RFC 3339 in UTC; `now` is the reader's clock once the page is
/// alive, in milliseconds.
#[component]
pub fn Time(at: String, now: ReadSignal<Option<f64>>) -> impl IntoView {
    let datetime = at.clone();
    let words = move || match now.get() {
        Some(now) => clock::in_words(&at, now),
        None => in_utc(&at).unwrap_or_else(|| at.clone()),
    };
    view! { <time datetime=datetime>{words}</time> }
}

/// For example `2 November 2026, 05:29 UTC`.
fn in_utc(at: &str) -> Option<String> {
    let number = |part: std::ops::Range<usize>| at.get(part)?.parse::<u32>().ok();
    let day = clock::Day {
        year: number(0..4)?,
        month: number(5..7)?.checked_sub(1)?,
        day: number(8..10)?,
    };
    Some(format!("{}, {} UTC", day.in_words()?, at.get(11..16)?))
}

#[cfg(test)]
mod tests {
    use super::in_utc;

    #[test]
    fn a_moment_is_written_so_that_nobody_mistakes_month_and_day() {
        let written = in_utc("2026-11-02T05:29:00.000Z");
        assert_eq!(written.as_deref(), Some("2 November 2026, 05:29 UTC"));
        for odd in ["", "2026", "2026-13-01T00:00:00.000Z", "yesterday at noon"] {
            assert_eq!(in_utc(odd), None, "{odd}");
        }
    }
}
