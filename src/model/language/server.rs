//! The languages that the server knows, and that of the request it is answering.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::sync::PoisonError;

use kith_messages::Catalogue;
use kith_messages::pseudo;
use kith_messages::template::Piece;
use kith_messages::template::pieces;
use leptos::prelude::AnyView;
use leptos::prelude::IntoAny;

tokio::task_local! {
    static CURRENT: Language;
}

/// A language that pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    German,
    /// English with accents: a text that has none goes by no catalogue. For tests; a release does not have it.
    #[cfg(debug_assertions)]
    Accented,
    /// The same, written from right to left.
    #[cfg(debug_assertions)]
    Mirrored,
}

static GERMAN: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::parse(include_str!("../../../locales/de.po")).expect("a test reads it")
});

impl Language {
    /// Those that a person can choose, in the order of their names.
    pub const ALL: [Self; 2] = [Self::German, Self::English];

    /// The language as HTML and HTTP write it (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            #[cfg(debug_assertions)]
            Self::Accented => "en-XA",
            #[cfg(debug_assertions)]
            Self::Mirrored => "ar-XB",
        }
    }

    /// The language in its own words.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            #[cfg(debug_assertions)]
            Self::Accented | Self::Mirrored => self.tag(),
        }
    }

    /// As HTML says that lines begin on the right; `None` for the left.
    pub fn direction(self) -> Option<&'static str> {
        match self {
            Self::English | Self::German => None,
            #[cfg(debug_assertions)]
            Self::Accented => None,
            #[cfg(debug_assertions)]
            Self::Mirrored => Some("rtl"),
        }
    }

    /// The language for a tag, whatever region or script it names: `de-AT` is German.
    pub fn of_tag(tag: &str) -> Option<Self> {
        #[cfg(debug_assertions)]
        for made_up in [Self::Accented, Self::Mirrored] {
            if tag.eq_ignore_ascii_case(made_up.tag()) {
                return Some(made_up);
            }
        }
        let primary = tag.split('-').next()?;
        let mut all = Self::ALL.into_iter();
        all.find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// That of the reader whose request this task answers; English elsewhere.
    pub fn current() -> Self {
        CURRENT.try_get().unwrap_or_default()
    }

    /// Runs a future whose texts are in this language. Tasks that it spawns are in English.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }

    /// The same for what waits for nothing.
    pub fn within<T>(self, run: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, run)
    }

    /// The texts of the islands in this language, each after its key, sorted by the keys, with the tag of the language before
    /// them; none for English.
    pub fn island_texts(self) -> &'static [(String, String)] {
        &self.browser_texts().islands
    }

    /// Those of the scripts in `public/`.
    pub fn script_texts(self) -> &'static [(String, String)] {
        &self.browser_texts().scripts
    }

    fn browser_texts(self) -> &'static BrowserTexts {
        static NONE: BrowserTexts = BrowserTexts {
            islands: Vec::new(),
            scripts: Vec::new(),
        };
        static OF_GERMAN: LazyLock<BrowserTexts> = LazyLock::new(|| BrowserTexts::of(&GERMAN));
        match self {
            Self::English => &NONE,
            Self::German => &OF_GERMAN,
            #[cfg(debug_assertions)]
            Self::Accented | Self::Mirrored => {
                static ACCENTED: LazyLock<BrowserTexts> = LazyLock::new(|| OF_GERMAN.accented());
                &ACCENTED
            }
        }
    }

    fn text(self, context: &str, text: &'static str) -> &'static str {
        match self {
            Self::English => text,
            Self::German => GERMAN.text(context, text).unwrap_or(text),
            #[cfg(debug_assertions)]
            Self::Accented | Self::Mirrored => accented(text),
        }
    }

    fn plural(self, count: u64, one: &'static str, many: &'static str) -> &'static str {
        let english = if count == 1 { one } else { many };
        match self {
            Self::English => english,
            Self::German => GERMAN.plural(one, count).unwrap_or(english),
            #[cfg(debug_assertions)]
            Self::Accented | Self::Mirrored => accented(english),
        }
    }
}

/// The text in the language of the reader.
pub fn text(text: &'static str) -> &'static str {
    Language::current().text("", text)
}

/// The text in the language of the reader. The context tells apart texts that are alike in English.
pub fn text_in_context(context: &'static str, text: &'static str) -> &'static str {
    Language::current().text(context, text)
}

/// The text for this number of things in the language of the reader.
pub fn plural(count: u64, one: &'static str, many: &'static str) -> &'static str {
    Language::current().plural(count, one, many)
}

/// A text that was said in English by one of these templates, in the language of the reader; `None` if no template fits. The
/// values stay as they are. What is stored and what reports say is English, and becomes the reader's language so.
pub fn translated(templates: &[&'static str], english: &str) -> Option<String> {
    templates.iter().find_map(|template| {
        let values = values_in(template, english)?;
        Some(super::fill(text(template), &values))
    })
}

/// The values that make a template this text; `None` if none do.
fn values_in<'a>(template: &'static str, filled: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let mut values = Vec::new();
    let mut rest = filled;
    let mut pieces = pieces(template).peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Text(text) => rest = rest.strip_prefix(text)?,
            Piece::Placeholder(name) => {
                let end = match pieces.peek() {
                    Some(Piece::Text(text)) => rest.find(text)?,
                    _ => rest.len(),
                };
                let (value, after) = rest.split_at(end);
                values.push((name, value));
                rest = after;
            }
        }
    }
    rest.is_empty().then_some(values)
}

/// A sentence with an element in the place of each placeholder.
pub fn sentence(template: &'static str, elements: Vec<(&'static str, AnyView)>) -> AnyView {
    let mut elements: HashMap<&str, AnyView> = elements.into_iter().collect();
    let views = pieces(template).filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.into_any()),
        Piece::Placeholder(name) => elements.remove(name),
    });
    // A list would leave a comment in the page for the browser half, which draws no sentence.
    let whole = views.reduce(|before, view| (before, view).into_any());
    whole.unwrap_or_else(|| template.into_any())
}

/// What a page gives to what runs in the browser.
struct BrowserTexts {
    islands: Vec<(String, String)>,
    scripts: Vec<(String, String)>,
}

impl BrowserTexts {
    fn of(catalogue: &Catalogue) -> Self {
        Self {
            islands: texts_of(
                catalogue,
                &["src/islands/", "src/components/", "src/model/"],
            ),
            scripts: texts_of(catalogue, &["public/"]),
        }
    }

    /// The same texts in English with accents.
    #[cfg(debug_assertions)]
    fn accented(&self) -> Self {
        let accented = |texts: &[(String, String)]| {
            let accented = texts.iter().map(|(key, _)| {
                let text = match key.split_once(super::SEPARATOR) {
                    Some((one, "one" | "other")) => pseudo::accented(one),
                    Some((_context, text)) => pseudo::accented(text),
                    None if key == super::LANGUAGE_KEY => Language::English.tag().to_owned(),
                    None => pseudo::accented(key),
                };
                (key.clone(), text)
            });
            accented.collect()
        };
        Self {
            islands: accented(&self.islands),
            scripts: accented(&self.scripts),
        }
    }
}

/// The texts of the files in these folders, each after its key. The form of a plural has the singular and the category of
/// numbers for a key.
fn texts_of(catalogue: &Catalogue, folders: &[&str]) -> Vec<(String, String)> {
    let is_of_folders = |source: &String| folders.iter().any(|folder| source.starts_with(folder));
    let entries = catalogue.entries();
    let entries = entries.filter(|entry| entry.sources.iter().any(is_of_folders));
    let texts = entries.flat_map(|entry| {
        catalogue.forms(entry).map(|(category, text)| {
            let key = match category {
                Some(category) => [&entry.id, super::SEPARATOR, category].concat(),
                None if entry.context.is_empty() => entry.id.clone(),
                None => [&entry.context, super::SEPARATOR, &entry.id].concat(),
            };
            (key, text.to_owned())
        })
    });
    let language = (
        super::LANGUAGE_KEY.to_owned(),
        catalogue.language().to_owned(),
    );
    let mut texts: Vec<_> = texts.chain([language]).collect();
    texts.sort();
    texts
}

/// A text with accents. It is made once, and kept for ever, as those of a catalogue are.
#[cfg(debug_assertions)]
fn accented(text: &'static str) -> &'static str {
    static MADE: LazyLock<Mutex<HashMap<&'static str, &'static str>>> =
        LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    made.entry(text)
        .or_insert_with(|| pseudo::accented(text).leak())
}
