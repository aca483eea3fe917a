//! Initials on a quiet colour, so that a face is found again in a long list.

use leptos::prelude::*;

use crate::contact::ContactId;

/// A dozen hues that `style/controls.css` gives a readable pair of colours in both themes.
pub const HUES: [&str; 12] = [
    "hue-0", "hue-1", "hue-2", "hue-3", "hue-4", "hue-5", "hue-6", "hue-7", "hue-8", "hue-9",
    "hue-10", "hue-11",
];

/// The avatar of a row. It repeats the name beside it, so assistive technology passes it over.
#[component]
pub fn Avatar(id: ContactId, name: String) -> impl IntoView {
    view! {
        <span aria-hidden="true" class=["avatar size-9 text-xs ", hue(id)].concat()>
            {initials(&name)}
        </span>
    }
}

#[component]
pub fn LargeAvatar(id: ContactId, name: String) -> impl IntoView {
    view! {
        <span aria-hidden="true" class=["avatar size-16 text-lg ", hue(id)].concat()>
            {initials(&name)}
        </span>
    }
}

/// The same contact has the same hue for ever, whatever it is renamed to. The last bits of a
/// `UUIDv7` are random.
fn hue(id: ContactId) -> &'static str {
    HUES[(id.as_uuid().as_u128() % HUES.len() as u128) as usize]
}

/// The first letters of the first and the last word.
fn initials(name: &str) -> String {
    let mut words = name
        .split_whitespace()
        .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    first
        .into_iter()
        .chain(last)
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_of_many_kinds_of_name() {
        let cases = [
            ("Ada Lovelace", "AL"),
            ("ada", "A"),
            ("Johann Sebastian Bach", "JB"),
            ("(Dr.) Émile Zola", "DZ"),
            ("李 小龍", "李小"),
            ("ßmann", "SS"),
            ("…", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(initials(name), expected, "{name}");
        }
    }
}
