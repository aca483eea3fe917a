//! The languages, and how often each of them is.

/// The language, or the country, that a person's name and habits come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Language {
    /// English, of Britain.
    English,
    /// English, of the United States.
    American,
    /// German.
    German,
    /// French.
    French,
    /// Spanish, with a family name of each parent.
    Spanish,
    /// Portuguese, of Brazil.
    Portuguese,
    /// Polish.
    Polish,
    /// Turkish.
    Turkish,
    /// Vietnamese.
    Vietnamese,
    /// Icelandic, with patronyms.
    Icelandic,
    /// Russian, in Cyrillic.
    Russian,
    /// Ukrainian, in Cyrillic.
    Ukrainian,
    /// Greek.
    Greek,
    /// Arabic, of Egypt.
    Arabic,
    /// Hebrew.
    Hebrew,
    /// Persian.
    Persian,
    /// Hindi, in Devanagari.
    Hindi,
    /// Bengali.
    Bengali,
    /// Tamil.
    Tamil,
    /// Thai.
    Thai,
    /// Chinese in simplified characters.
    Chinese,
    /// Chinese in traditional characters, of Taiwan.
    Taiwanese,
    /// Japanese, with readings.
    Japanese,
    /// Korean.
    Korean,
    /// Indonesian, with single names.
    Indonesian,
    /// Names of Nigeria.
    Nigerian,
    /// Amharic, of Ethiopia.
    Ethiopian,
}

/// What the shares add up to.
pub(crate) const WHOLE: u64 = 1000;

/// A step that has no factor in common with [`WHOLE`], near its golden section: 250 steps
/// reach any ten numbers in a row.
const STEP: u64 = 621;

impl Language {
    /// All languages.
    pub const ALL: [Self; 27] = [
        Self::English,
        Self::American,
        Self::German,
        Self::French,
        Self::Spanish,
        Self::Portuguese,
        Self::Polish,
        Self::Turkish,
        Self::Vietnamese,
        Self::Icelandic,
        Self::Russian,
        Self::Ukrainian,
        Self::Greek,
        Self::Arabic,
        Self::Hebrew,
        Self::Persian,
        Self::Hindi,
        Self::Bengali,
        Self::Tamil,
        Self::Thai,
        Self::Chinese,
        Self::Taiwanese,
        Self::Japanese,
        Self::Korean,
        Self::Indonesian,
        Self::Nigerian,
        Self::Ethiopian,
    ];

    /// How many of 1,000 people have this language. It is exact for each 1,000 people in a row.
    pub fn share(self) -> u64 {
        match self {
            Self::English => 110,
            Self::American | Self::German => 90,
            Self::Spanish => 80,
            Self::French | Self::Portuguese => 60,
            Self::Arabic | Self::Chinese => 50,
            Self::Russian | Self::Hindi => 45,
            Self::Polish => 40,
            Self::Turkish | Self::Japanese => 35,
            Self::Vietnamese => 30,
            Self::Korean => 25,
            Self::Ukrainian | Self::Indonesian => 20,
            Self::Persian => 15,
            Self::Greek | Self::Hebrew | Self::Bengali | Self::Taiwanese | Self::Nigerian => 12,
            Self::Icelandic | Self::Tamil | Self::Thai | Self::Ethiopian => 10,
        }
    }

    /// The language of a person. Chance alone would leave out some languages of a short list.
    pub(crate) fn at(seed: u64, index: u64) -> Self {
        let mut ticket = (seed % WHOLE + index % WHOLE * STEP) % WHOLE;
        for language in Self::ALL {
            let share = language.share();
            if ticket < share {
                return language;
            }
            ticket -= share;
        }
        Self::English
    }
}
