//! What the owner of a session knows it by.

use crate::model::language::t;

/// The most characters of a label.
const MAX_LENGTH: usize = 40;

/// What a user agent says of its browser, and how people call it. The first match counts: many claim to be others as
/// well.
const BROWSERS: [(&str, &str); 7] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// The same for systems.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

const UNKNOWN: &str = "Unknown client";

/// Stands between a browser and its system.
const ON: &str = " on ";

/// The label of a session in the language of the reader. It is stored in English.
pub fn shown(label: String) -> String {
    match label.split_once(ON) {
        Some((browser, system)) => t!("{browser} on {system}", browser = browser, system = system),
        None if label == UNKNOWN => t!("Unknown client").to_owned(),
        None => label,
    }
}

/// The label of a session that a client with this `User-Agent` begins, such as `Firefox on Linux`.
pub fn of(user_agent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        let mut known = known.iter();
        known
            .find(|(mark, _)| user_agent.contains(mark))
            .map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => [browser, ON, system].concat(),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => {
            let product = user_agent.split(['/', ' ']).next().unwrap_or_default();
            let is_shown = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
            let product: String = product.chars().filter(is_shown).take(MAX_LENGTH).collect();
            if product.is_empty() {
                UNKNOWN.to_owned()
            } else {
                product
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_the_browser_and_the_system() {
        let long = "x".repeat(500);
        for (user_agent, label) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl"),
            ("<script>", "script"),
            ("", "Unknown client"),
            (long.as_str(), &long[..MAX_LENGTH]),
        ] {
            assert_eq!(of(user_agent), label);
        }
    }
}
