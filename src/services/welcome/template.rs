//! The texts of the welcome email, as an operator writes them.

use std::fmt;
use std::str::FromStr;

/// What stands for a contact's name in a [`Template`].
const NAME: &str = "{name}";

/// A text in which `{name}` stands for a contact's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(String);

/// The text is blank, or has braces around something else than `name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("blank, or with other braces than {{name}}")]
pub struct InvalidTemplate;

impl Template {
    /// The text with a contact's name in it.
    pub fn fill(&self, name: &str) -> String {
        self.0.replace(NAME, name)
    }

    /// What stands before, between and after the contact's name.
    pub fn parts(&self) -> Vec<String> {
        self.0.split(NAME).map(str::to_owned).collect()
    }
}

impl FromStr for Template {
    type Err = InvalidTemplate;

    /// No other braces are taken: an operator who writes `{email}` expects something.
    fn from_str(text: &str) -> Result<Self, InvalidTemplate> {
        let rest = text.replace(NAME, "");
        if text.trim().is_empty() || rest.contains(['{', '}']) {
            return Err(InvalidTemplate);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
