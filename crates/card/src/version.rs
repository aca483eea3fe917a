//! The version of a card.

/// The version of the format that a card is written in.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Version {
    /// versit's vCard 2.1 of 1996: old phones, Outlook.
    V2_1,
    /// RFC 2426: what every client of `CardDAV` takes.
    #[default]
    V3_0,
    /// RFC 6350.
    V4_0,
}

impl Version {
    /// The value of `VERSION`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2_1 => "2.1",
            Self::V3_0 => "3.0",
            Self::V4_0 => "4.0",
        }
    }

    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        let value = value.trim_ascii();
        [Self::V2_1, Self::V3_0, Self::V4_0]
            .into_iter()
            .find(|version| version.as_str().as_bytes() == value)
    }
}
