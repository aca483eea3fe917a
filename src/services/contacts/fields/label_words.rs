//! What readers call the labels of entries. Cards, the database and the cache have these words in English.

use crate::model::language::Language;
use crate::model::language::t;
use crate::model::language::t_context;

macro_rules! labels {
    ($($words:literal => $shown:expr,)+) => {
        /// The labels that the cards of all programs know, and those that a form offers.
        const LABELS: &[&str] = &[$($words,)+];

        /// A label as the reader says it. Own words stay.
        pub fn shown_label(label: &str) -> &str {
            match label {
                $($words => $shown,)+
                own => own,
            }
        }
    };
}

labels! {
    "home fax" => t!("home fax"),
    "work fax" => t!("work fax"),
    "fax" => t!("fax"),
    "mobile" => t!("mobile"),
    "pager" => t!("pager"),
    "main" => t_context!("phone", "main"),
    "home" => t_context!("label of an entry", "home"),
    "work" => t_context!("label of an entry", "work"),
    "school" => t!("school"),
    "other" => t_context!("label of an entry", "other"),
    "home page" => t!("home page"),
    "anniversary" => t!("anniversary"),
    "spouse" => t!("spouse"),
    "partner" => t!("partner"),
    "child" => t!("child"),
    "parent" => t!("parent"),
    "mother" => t!("mother"),
    "father" => t!("father"),
    "brother" => t!("brother"),
    "sister" => t!("sister"),
    "sibling" => t!("sibling"),
    "friend" => t!("friend"),
    "colleague" => t!("colleague"),
    "assistant" => t!("assistant"),
    "manager" => t!("manager"),
    "emergency" => t!("emergency"),
    "first met" => t!("first met"),
    "name day" => t!("name day"),
    "graduation" => t!("graduation"),
}

/// The label that a reader has typed as [`shown_label`] says it, in any case of letters; otherwise own words.
pub fn label_of(typed: &str) -> &str {
    let words = typed.trim().to_lowercase();
    let mut labels = LABELS.iter().copied();
    let label = labels.find(|label| shown_label(label).to_lowercase() == words);
    // English words stay as they were typed.
    label.filter(|label| *label != words).unwrap_or(typed)
}

/// Whether a form shows a label as what [`label_of`] has read from it. The reader may have chosen another language since the
/// form was drawn.
pub fn is_shown_as(label: &str, read: &str) -> bool {
    let is_it = |language: Language| language.within(|| shown_label(label) == read);
    label_of(label) == read || Language::ALL.into_iter().any(is_it)
}

#[cfg(test)]
mod tests {
    use kith_card::Label;

    use super::*;
    use crate::services::contacts::catalogue::Field;

    #[test]
    fn english_words_stay_as_they_were_typed() {
        for typed in ["home", "Home Fax", "First met", " boat", ""] {
            assert_eq!(label_of(typed), typed);
            assert_eq!(shown_label(typed), typed);
        }
    }

    #[test]
    fn a_label_is_known_in_the_language_of_the_reader() {
        assert_eq!(Language::German.within(|| label_of("Privat")), "home");
        assert_eq!(Language::German.within(|| shown_label("home")), "privat");
        assert_eq!(label_of("Privat"), "Privat");
    }

    #[test]
    fn each_label_that_a_form_offers_or_a_card_knows_has_words() {
        let offered = Field::ALL.iter().flat_map(|field| field.spec().suggested);
        // The field of the tests has labels of its own.
        let mut offered = offered.filter(|label| !matches!(**label, "left" | "right"));
        assert!(offered.all(|label| LABELS.contains(label)));
        let known = LABELS.iter().map(|label| Label::of_words(label));
        assert_eq!(
            known
                .filter(|label| !matches!(label, Label::Custom(_)))
                .count(),
            26
        );
    }
}
