//! [`Catalogue`]: the translations into one language, from a `.po` file.

use std::collections::HashMap;

use icu_locale_core::Locale;
use icu_plurals::PluralCategory;
use icu_plurals::PluralRuleType;
use icu_plurals::PluralRules;
use polib::message::MessageView;
use polib::po_file::POParseOptions;
use thiserror::Error;

/// Why a file is no catalogue.
#[derive(Debug, Error)]
pub enum CatalogueError {
    #[error("the file cannot be read as a catalogue of gettext: {0}")]
    Syntax(String),
    #[error("the header names no language that is known: `{0}`")]
    Language(String),
    #[error("`{language}` has {expected} forms of a plural, but the header says {stated}")]
    Plurals {
        language: String,
        expected: usize,
        stated: usize,
    },
    #[error("`{0}` has a form of the plural too few or too many")]
    Forms(String),
}

/// The translations into one language.
pub struct Catalogue {
    language: String,
    locale: Locale,
    /// The categories of whole numbers, in the order of the forms in the file.
    categories: Vec<PluralCategory>,
    entries: HashMap<String, Entry>,
}

/// A text and its translation.
pub struct Entry {
    /// The English text, or its singular.
    pub id: String,
    /// Tells apart texts that are alike in English; mostly empty.
    pub context: String,
    /// Whether the text is about a number.
    is_plural: bool,
    /// One form for each category of numbers, and one for a text without a number.
    forms: Vec<String>,
    /// The files that have the text.
    pub sources: Vec<String>,
}

impl Catalogue {
    /// Reads the content of a `.po` file. Texts without a translation, and those that are marked as fuzzy, are left out.
    ///
    /// # Errors
    /// If the file or its header cannot be read, or a plural has other forms than the language.
    pub fn parse(po: &str) -> Result<Self, CatalogueError> {
        let options = POParseOptions::default();
        let parsed = polib::po_file::parse_from_reader_with_option(po.as_bytes(), &options)
            .map_err(|error| CatalogueError::Syntax(error.to_string()))?;
        let language = parsed.metadata.language.clone();
        let unknown = || CatalogueError::Language(language.clone());
        let locale: Locale = language.parse().map_err(|_| unknown())?;
        let rules = rules_of(&locale).ok_or_else(unknown)?;
        let categories = categories_of_whole_numbers(&rules);
        let stated = parsed.metadata.plural_rules.nplurals;
        if stated != categories.len() {
            return Err(CatalogueError::Plurals {
                language,
                expected: categories.len(),
                stated,
            });
        }
        let usable = |message: &&dyn MessageView| message.is_translated() && !message.is_fuzzy();
        let entries = parsed.messages().filter(usable).map(|message| {
            let entry = Entry::of(message);
            let is_whole = !message.is_plural() || entry.forms.len() == categories.len();
            match is_whole {
                true => Ok((key(&entry.context, &entry.id), entry)),
                false => Err(CatalogueError::Forms(entry.id)),
            }
        });
        let entries = entries.collect::<Result<_, _>>()?;
        Ok(Self {
            language,
            locale,
            categories,
            entries,
        })
    }

    /// The language as BCP 47 writes it, for example `de`.
    pub fn language(&self) -> &str {
        &self.language
    }

    /// The translation of a text; `None` if there is none. `context` is mostly empty.
    pub fn text(&self, context: &str, id: &str) -> Option<&str> {
        let entry = match context {
            "" => self.entries.get(id),
            _ => self.entries.get(&key(context, id)),
        };
        Some(entry?.forms.first()?)
    }

    /// The translation of a text about a number of things; `None` if there is none. `one` is the English singular.
    pub fn plural(&self, one: &str, count: u64) -> Option<&str> {
        let category = rules_of(&self.locale)?.category_for(count);
        let form = self.categories.iter().position(|known| *known == category);
        Some(self.entries.get(one)?.forms.get(form?)?)
    }

    /// All translations, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The forms of a translation, each with the category of numbers that it is for; without one if the text is about no
    /// number. Categories have the names of CLDR, which browsers know as well.
    pub fn forms<'a>(
        &'a self,
        entry: &'a Entry,
    ) -> impl Iterator<Item = (Option<&'static str>, &'a str)> {
        let name = |form: usize| category_name(self.categories[form]);
        let name = move |form: usize| entry.is_plural.then(|| name(form));
        let forms = entry.forms.iter().enumerate();
        forms.map(move |(form, text)| (name(form), &**text))
    }
}

impl Entry {
    fn of(message: &dyn MessageView) -> Self {
        let forms = match message.is_plural() {
            true => message.msgstr_plural().cloned().unwrap_or_default(),
            false => vec![message.msgstr().unwrap_or_default().to_owned()],
        };
        Self {
            id: message.msgid().to_owned(),
            context: message.msgctxt().unwrap_or_default().to_owned(),
            is_plural: message.is_plural(),
            forms,
            sources: message
                .source()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// The rules refer to data of the program, so they cost one lookup. They cannot be kept, because they are for one thread.
fn rules_of(locale: &Locale) -> Option<PluralRules> {
    PluralRules::try_new(locale.into(), PluralRuleType::Cardinal.into()).ok()
}

/// As the compiled catalogues of gettext join the two.
fn key(context: &str, id: &str) -> String {
    match context {
        "" => id.to_owned(),
        _ => [context, "\u{4}", id].concat(),
    }
}

/// All categories in the order of CLDR, which is the order of the forms in a file. `PluralCategory::all` has that of the
/// alphabet.
const CATEGORIES: [PluralCategory; 6] = [
    PluralCategory::Zero,
    PluralCategory::One,
    PluralCategory::Two,
    PluralCategory::Few,
    PluralCategory::Many,
    PluralCategory::Other,
];

/// The categories that whole numbers have, in the order of [`CATEGORIES`]. Some languages have more for fractions.
fn categories_of_whole_numbers(rules: &PluralRules) -> Vec<PluralCategory> {
    let samples = || (0..=200_u64).chain([1_000, 1_000_000]);
    let is_met =
        |category: &PluralCategory| samples().any(|sample| rules.category_for(sample) == *category);
    CATEGORIES.into_iter().filter(is_met).collect()
}

fn category_name(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(language: &str, plurals: &str) -> String {
        format!(
            "msgid \"\"\nmsgstr \"\"\n\"Language: {language}\\n\"\n\"Plural-Forms: {plurals}\\n\"\n\n"
        )
    }

    #[test]
    fn the_forms_of_a_plural_are_those_of_the_language() {
        let polish = header("pl", "nplurals=3; plural=0;")
            + "msgid \"{count} file\"\nmsgid_plural \"{count} files\"\n\
               msgstr[0] \"{count} plik\"\nmsgstr[1] \"{count} pliki\"\nmsgstr[2] \"{count} plików\"\n";
        let polish = Catalogue::parse(&polish).expect("a catalogue");
        let form = |count| polish.plural("{count} file", count);
        assert_eq!(form(1), Some("{count} plik"));
        assert_eq!(form(3), Some("{count} pliki"));
        assert_eq!(form(5), Some("{count} plików"));
        assert_eq!(form(22), Some("{count} pliki"));
        let entry = polish.entries().next().expect("one");
        let names: Vec<_> = polish.forms(entry).map(|(name, _)| name).collect();
        assert_eq!(names, [Some("one"), Some("few"), Some("many")]);
    }

    #[test]
    fn a_language_with_one_form_has_texts_without_a_number() {
        let japanese = header("ja", "nplurals=1; plural=0;")
            + "msgid \"Save\"\nmsgstr \"保存\"\n\n\
               msgid \"{count} file\"\nmsgid_plural \"{count} files\"\nmsgstr[0] \"{count} 件\"\n";
        let japanese = Catalogue::parse(&japanese).expect("a catalogue");
        let category = |id: &str| {
            let entry = japanese.entries().find(|entry| entry.id == id);
            japanese
                .forms(entry.expect("it"))
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        assert_eq!(category("Save"), [None]);
        assert_eq!(category("{count} file"), [Some("other")]);
    }

    #[test]
    fn a_file_that_cannot_be_right_is_refused() {
        let refused = |po: String| Catalogue::parse(&po).err().map(|error| error.to_string());
        assert_eq!(
            refused(header("pl", "nplurals=2; plural=0;")).as_deref(),
            Some("`pl` has 3 forms of a plural, but the header says 2")
        );
        let unknown = refused(header("no language", "nplurals=2; plural=0;"));
        assert!(unknown.is_some_and(|error| error.contains("no language")));
        let short = header("pl", "nplurals=3; plural=0;")
            + "msgid \"file\"\nmsgid_plural \"files\"\nmsgstr[0] \"plik\"\nmsgstr[1] \"pliki\"\n";
        assert!(refused(short).is_some());
    }

    #[test]
    fn what_is_not_translated_is_left_out() {
        let german = header("de", "nplurals=2; plural=(n != 1);")
            + "msgid \"Edit\"\nmsgstr \"\"\n\n#, fuzzy\nmsgid \"Save\"\nmsgstr \"Sichern?\"\n";
        let german = Catalogue::parse(&german).expect("a catalogue");
        assert_eq!(german.text("", "Edit"), None);
        assert_eq!(german.text("", "Save"), None);
    }
}
