//! What an import says of its end and of the parts that it could not read, in the language of the reader. The database has it
//! in English.

use crate::model::language;
use crate::model::language::t_noop;

/// Why an import ended early, and what `kith_card` says of a part that is no card.
const REASONS: &[&str] = &[
    t_noop!(
        "The file has more than {most} cards, which is the most that Kith imports at once. Divide it into several files."
    ),
    t_noop!("Something went wrong on the server. The log of Kith says more."),
    t_noop!("there is no card in this text"),
    t_noop!("a card begins with BEGIN:VCARD"),
    t_noop!("the card does not end with END:VCARD"),
    t_noop!("the card inside of this card does not end with END:VCARD"),
    t_noop!("there is no colon between a name and a value"),
    t_noop!("there is no name before the value"),
    t_noop!("the version is not 2.1, 3.0 or 4.0"),
    t_noop!("the card says two different versions"),
    t_noop!("there is more text behind END:VCARD"),
    t_noop!("there is a byte of zero, which no text has"),
    t_noop!("the text is UTF-16"),
    t_noop!("the card is larger than {bytes} bytes"),
    t_noop!("the card has more than {lines} lines"),
    t_noop!("this text is in no card"),
    t_noop!("the file cannot be read: {why}"),
];

/// What is stored of an import, in the language of the reader. What is not known stays as it is.
pub fn for_reader(english: &str) -> String {
    language::translated(REASONS, english).unwrap_or_else(|| english.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::language::Language;

    /// The texts of `#[error("…")]` in a source.
    fn texts_of_errors(source: &str) -> Vec<String> {
        let after = source.split("#[error(\"").skip(1);
        let texts = after.filter_map(|rest| rest.split_once("\")]"));
        texts.map(|(text, _)| text.replace("{0}", "12")).collect()
    }

    #[test]
    fn each_reason_is_said_in_the_language_of_the_reader() {
        let sources = [
            include_str!("../../../crates/card/src/error.rs"),
            include_str!("../../../crates/card/src/split.rs"),
        ];
        let texts = sources.into_iter().flat_map(texts_of_errors);
        let reasons = texts.filter(|text| !text.starts_with("line "));
        let of_the_end = [
            "The file has more than 100,000 cards, which is the most that Kith imports at once. Divide it into several files.",
            "Something went wrong on the server. The log of Kith says more.",
        ];
        let reasons: Vec<String> = reasons.chain(of_the_end.map(str::to_owned)).collect();
        assert!(reasons.len() > 15, "{reasons:?}");
        for reason in reasons {
            assert_eq!(for_reader(&reason), reason);
            let german = Language::German.within(|| for_reader(&reason));
            assert_ne!(german, reason);
            assert!(!german.contains('{'), "{german}");
        }
    }
}
