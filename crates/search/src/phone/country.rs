//! Codes of countries: the list of ITU-T E.164 assigned country codes (Annex to ITU Operational Bulletin No. 1114).

/// The codes of two digits. One digit have 1 and 7, all others have three.
const TWO_DIGITS: [&str; 44] = [
    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47",
    "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65",
    "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
];

/// How many of the first digits are the code of a country, as far as they are there.
pub(super) fn code_len(digits: &str) -> usize {
    let len = match digits.get(..2) {
        _ if digits.starts_with(['1', '7']) => 1,
        Some(two) if TWO_DIGITS.contains(&two) => 2,
        _ => 3,
    };
    len.min(digits.len())
}
