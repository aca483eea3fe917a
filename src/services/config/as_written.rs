//! Values that are printed as an operator has written them.

use std::str::FromStr;

use super::setting::Described;
use super::setting::Setting;

/// A value and the text that it was read from, without blanks around it. It has no `Display`, because the
/// text may hold a password.
#[derive(Clone)]
pub struct AsWritten<T> {
    text: String,
    value: T,
}

impl<T> AsWritten<T> {
    /// What the text means.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<T: FromStr> FromStr for AsWritten<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        Ok(Self {
            value: text.parse()?,
            text: text.trim().to_owned(),
        })
    }
}

impl<T: Described> Setting for AsWritten<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const TOML_TYPES: &'static [&'static str] = T::TOML_TYPES;
    const MAY_HOLD_SECRET: bool = T::MAY_HOLD_SECRET;

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn to_text(&self) -> String {
        self.text.clone()
    }
}
