//! A photo, or initials on a muted colour, by which a reader finds a contact again in a long list.

use leptos::prelude::*;

use crate::components::view::view;
use crate::model::contact::ContactId;

/// The classes of a dozen hues. `style/controls.css` gives each a readable pair of colours in both themes.
pub const HUES: [&str; 12] = [
    "hue-0", "hue-1", "hue-2", "hue-3", "hue-4", "hue-5", "hue-6", "hue-7", "hue-8", "hue-9",
    "hue-10", "hue-11",
];

/// The avatar of a row. It repeats the name next to it, so it is hidden from assistive technology. `photo` is an address as
/// in [`Contact`](crate::model::contact::Contact).
#[component]
pub fn Avatar(id: ContactId, name: String, photo: Option<String>) -> impl IntoView {
    view! {
        <span aria-hidden="true" class=["avatar size-9 text-xs ", hue(id)].concat()>
            {initials(&name)}
            {picture(photo, "?small")}
        </span>
    }
}

#[component]
pub fn SmallAvatar(id: ContactId, name: String, photo: Option<String>) -> impl IntoView {
    view! {
        <span aria-hidden="true" class=["avatar size-6 text-xs ", hue(id)].concat()>
            {initials(&name)}
            {picture(photo, "?small")}
        </span>
    }
}

#[component]
pub fn LargeAvatar(id: ContactId, name: String, photo: Option<String>) -> impl IntoView {
    view! {
        <span aria-hidden="true" class=["avatar size-16 text-lg ", hue(id)].concat()>
            {initials(&name)}
            {picture(photo, "")}
        </span>
    }
}

/// The photo over the initials, which are seen until it is there. The avatar has the size of both.
fn picture(photo: Option<String>, size: &str) -> impl IntoView + use<> {
    let address = photo.map(|photo| [&photo, size].concat());
    address.map(|src| view! { <img src=src alt="" width="64" height="64" loading="lazy"/> })
}

/// The hue of a contact, which a new name does not change. The last bits of a `UUIDv7` are random.
fn hue(id: ContactId) -> &'static str {
    HUES[(id.as_uuid().as_u128() % HUES.len() as u128) as usize]
}

/// The first letters of the first and the last word, where both are of one script: letters of two scripts
/// are no abbreviation in either. Text in parentheses explains a name and is not part of it, unless there
/// is no other text.
fn initials(name: &str) -> String {
    let mut depth = 0_u32;
    let outside = name.chars().filter(|letter| {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    });
    let mut letters = first_letters(&outside.collect::<String>());
    if letters.is_empty() {
        letters = first_letters(name);
    }
    let first = letters.first().copied();
    let last = letters.get(1..).and_then(<[char]>::last).copied();
    let last = last.filter(|last| first.map(script) == Some(script(*last)));
    uppercase(first.into_iter().chain(last).collect())
}

fn first_letters(name: &str) -> Vec<char> {
    name.split_whitespace()
        .filter_map(|word| word.chars().find(|letter| is_alphanumeric(*letter)))
        .collect()
}

/// Whether a character is a letter or a digit of any script. In the browser a regular expression decides,
/// because the tables of Rust would add 6 kB.
fn is_alphanumeric(letter: char) -> bool {
    if cfg!(feature = "ssr") {
        return letter.is_alphanumeric();
    }
    let pattern = js_sys::RegExp::new(r"[\p{Alphabetic}\p{N}]", "u");
    pattern.test(letter.encode_utf8(&mut [0; 4]))
}

/// The text in capital letters, for the same reason from the browser.
fn uppercase(text: String) -> String {
    if cfg!(feature = "ssr") {
        return text.to_uppercase();
    }
    js_sys::JsString::from(text).to_upper_case().into()
}

/// The script of a letter, as far as initials need it: the first code point of its range. Scripts that are
/// written together, such as the Japanese ones, count as one.
fn script(letter: char) -> u32 {
    match u32::from(letter) {
        0..0x250 | 0x1e00..0x1f00 | 0xff00..0xff60 => 0,
        0x370..0x400 | 0x1f00..0x2000 => 0x370,
        0x400..0x530 => 0x400,
        0x590..0x600 | 0xfb1d..0xfb50 => 0x590,
        0x600..0x700 | 0x750..0x780 | 0x8a0..0x900 | 0xfb50..0xfe00 | 0xfe70..0xff00 => 0x600,
        0x1100..0x1200 | 0xac00..0xd7b0 => 0x1100,
        0x2e80..0xa000 | 0xf900..0xfb00 | 0xff60..0xffa0 | 0x20000..0x32000 => 0x2e80,
        // Most other scripts have blocks of this length.
        other => other & !0x7f,
    }
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_those_of_the_first_and_the_last_word() {
        let cases = [
            ("Ada Lovelace", "AL"),
            ("ada", "A"),
            ("Johann Sebastian Bach", "JB"),
            ("(Dr.) Émile Zola", "ÉZ"),
            ("ACME Corp. (billing)", "AC"),
            ("Ada [old number] Lovelace", "AL"),
            ("(unknown caller)", "UC"),
            ("Ada Lovelace (", "AL"),
            ("محمد الحسيني (Mohammed al-Husseini)", "ما"),
            ("محمد Mohammed", "م"),
            ("Mohammed الحسيني", "M"),
            ("עמר Omar", "ע"),
            ("Лев Толстой", "ЛТ"),
            ("Лев Tolstoy", "Л"),
            ("山田 たろう", "山た"),
            ("Room 101", "R1"),
            ("नेहा शर्मा", "नश"),
            ("李 小龍", "李小"),
            ("ßmann", "SS"),
            ("…", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(initials(name), expected, "{name}");
        }
    }
}
