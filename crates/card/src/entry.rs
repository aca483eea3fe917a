//! An entry of a field, and what it is called.

/// One entry of a field: an address of mail, a birthday, a name.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Entry {
    /// The parts of a structured value; one part for all others. Lines end with `\n`.
    pub parts: Vec<String>,
    /// What the person calls it. Fields of one entry have none.
    pub label: Option<Label>,
    /// The first choice among several.
    pub preferred: bool,
}

impl Entry {
    /// An entry of one part.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            parts: vec![text.into()],
            ..Self::default()
        }
    }

    /// The same entry with a label.
    pub fn labelled(mut self, label: Label) -> Self {
        self.label = Some(label);
        self
    }

    /// The text of the first part.
    pub fn value(&self) -> &str {
        self.parts.first().map_or("", String::as_str)
    }

    pub(crate) fn is_blank(&self) -> bool {
        self.parts.iter().all(String::is_empty)
    }
}

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident, $apple:literal, $types:expr, $relation:literal, $words:literal;)*) => {
        /// What an entry is called.
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum Label {
            $($(#[$doc])* $name,)*
            /// The person's own words. Words that Apple has a name for are the other variants, as `Label::from` finds.
            Custom(String),
        }

        const KNOWN: &[Known] = &[$(Known {
            label: Label::$name,
            apple: $apple,
            types: $types,
            relation: $relation,
            words: $words,
        },)*];
    };
}

struct Known {
    label: Label,
    /// Between `_$!<` and `>!$_`.
    apple: &'static str,
    /// The values of `TYPE`, in capitals.
    types: &'static [&'static str],
    /// The `TYPE` of `RELATED` (RFC 6350, 6.6.6).
    relation: &'static str,
    /// In English, for people.
    words: &'static str,
}

labels! {
    /// Fax at home.
    HomeFax, "HomeFAX", &["HOME", "FAX"], "", "home fax";
    /// Fax at work.
    WorkFax, "WorkFAX", &["WORK", "FAX"], "", "work fax";
    /// Another fax.
    Fax, "OtherFAX", &["FAX"], "", "fax";
    /// A mobile phone.
    Mobile, "Mobile", &["CELL"], "", "mobile";
    /// A pager.
    Pager, "Pager", &["PAGER"], "", "pager";
    /// The main number.
    Main, "Main", &["MAIN"], "", "main";
    /// At home.
    Home, "Home", &["HOME"], "", "home";
    /// At work.
    Work, "Work", &["WORK"], "", "work";
    /// At school.
    School, "School", &["SCHOOL"], "", "school";
    /// Something else.
    Other, "Other", &["OTHER"], "", "other";
    /// A page of the person.
    HomePage, "HomePage", &[], "", "home page";
    /// An anniversary.
    Anniversary, "Anniversary", &[], "", "anniversary";
    /// Husband or wife.
    Spouse, "Spouse", &[], "SPOUSE", "spouse";
    /// Partner.
    Partner, "Partner", &[], "SWEETHEART", "partner";
    /// Child.
    Child, "Child", &[], "CHILD", "child";
    /// Parent.
    Parent, "Parent", &[], "PARENT", "parent";
    /// Mother.
    Mother, "Mother", &[], "", "mother";
    /// Father.
    Father, "Father", &[], "", "father";
    /// Brother.
    Brother, "Brother", &[], "", "brother";
    /// Sister.
    Sister, "Sister", &[], "", "sister";
    /// Brother or sister.
    Sibling, "Sibling", &[], "SIBLING", "sibling";
    /// Friend.
    Friend, "Friend", &[], "FRIEND", "friend";
    /// Colleague.
    Colleague, "Colleague", &[], "COLLEAGUE", "colleague";
    /// Assistant.
    Assistant, "Assistant", &[], "AGENT", "assistant";
    /// Manager.
    Manager, "Manager", &[], "", "manager";
    /// Whom to call in an emergency.
    Emergency, "Emergency", &[], "EMERGENCY", "emergency";
}

impl From<&str> for Label {
    /// The label of an `X-ABLabel`: Apple's name in `_$!<…>!$_`, or the person's words.
    fn from(text: &str) -> Self {
        let inner = text
            .strip_prefix("_$!<")
            .and_then(|rest| rest.strip_suffix(">!$_"));
        let known = inner.and_then(|inner| {
            KNOWN
                .iter()
                .find(|known| known.apple.eq_ignore_ascii_case(inner))
        });
        known.map_or_else(
            || Self::Custom(text.to_owned()),
            |known| known.label.clone(),
        )
    }
}

impl Label {
    /// What people read, such as `home fax`, or their own words.
    pub fn words(&self) -> &str {
        match self {
            Self::Custom(words) => words,
            known => known.known().map_or("", |known| known.words),
        }
    }

    /// The label of these [`words`](Self::words), in any case of letters; otherwise own words.
    pub fn of_words(words: &str) -> Self {
        let words = words.trim();
        let mut known = KNOWN.iter();
        let known = known.find(|known| known.words.eq_ignore_ascii_case(words));
        known.map_or_else(
            || Self::Custom(words.to_owned()),
            |known| known.label.clone(),
        )
    }

    fn known(&self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.label == *self)
    }

    /// The value of `X-ABLabel`.
    pub(crate) fn apple(&self) -> String {
        match self {
            Self::Custom(words) => words.clone(),
            known => known
                .known()
                .map(|known| format!("_$!<{}>!$_", known.apple))
                .unwrap_or_default(),
        }
    }

    /// The values of `TYPE` that say this label; none if it takes an `X-ABLabel`.
    pub(crate) fn types(&self, is_relation: bool) -> Vec<&'static str> {
        match self.known() {
            Some(known) if is_relation && !known.relation.is_empty() => vec![known.relation],
            Some(known) if !is_relation => known.types.to_vec(),
            _ => Vec::new(),
        }
    }

    /// What the values of `TYPE`, in capitals, say together. The first label in the table whose types are all there.
    pub(crate) fn of_types(types: &[String], is_relation: bool) -> Option<Self> {
        if types.is_empty() {
            return None;
        }
        let has = |wanted: &&'static str| types.iter().any(|found| found == wanted);
        let fits = |known: &&Known| {
            if is_relation {
                !known.relation.is_empty() && has(&known.relation)
            } else {
                !known.types.is_empty() && known.types.iter().all(has)
            }
        };
        KNOWN.iter().find(fits).map(|known| known.label.clone())
    }

    /// Whether a value of `TYPE` is part of a label.
    pub(crate) fn is_type(value: &str, is_relation: bool) -> bool {
        KNOWN.iter().any(|known| {
            if is_relation {
                known.relation.eq_ignore_ascii_case(value)
            } else {
                known
                    .types
                    .iter()
                    .any(|one| one.eq_ignore_ascii_case(value))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_label_is_found_by_its_words() {
        for known in KNOWN {
            let label = Label::of_words(&known.words.to_uppercase());
            assert_eq!(label, known.label);
            assert_eq!(label.words(), known.words);
        }
        let own = Label::of_words(" summer house ");
        assert_eq!(own, Label::Custom("summer house".to_owned()));
        assert_eq!(own.words(), "summer house");
    }
}
