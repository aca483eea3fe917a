//! An entry of a field as a client writes it, and why it may be refused.

use crate::services::contacts::catalogue::Field;

/// An entry as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputEntry {
    /// What an error calls it: the name of its input.
    pub name: String,
    /// As many as the field has.
    pub parts: Vec<String>,
    pub label: String,
    pub preferred: bool,
}

impl InputEntry {
    pub fn text(&self) -> &str {
        self.parts.first().map_or("", String::as_str)
    }

    /// How many entries of its field its form had before it; `None` where a field has one only.
    pub fn index(&self) -> Option<usize> {
        self.name.rsplit_once('.')?.1.parse().ok()
    }
}

/// Why a program's JSON is no contact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    #[error("there is no field `{0}`")]
    UnknownField(String),
    #[error("`{field}` is not {expected}")]
    WrongType {
        field: String,
        expected: &'static str,
    },
}

/// The name of the input of an entry.
pub fn entry_name(field: Field, index: usize) -> String {
    let name = field.spec().name;
    if field.has_labels() {
        format!("{name}.{index}")
    } else {
        name.to_owned()
    }
}
