//! Labels: what the contacts of a book are filed under. A card names its labels; the label itself has a color beside its
//! name.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::RefOr;
use utoipa::openapi::Schema;
use utoipa::openapi::Type;
use uuid::Uuid;

use super::catalogue::Field;
use super::fields::Refusal;
use super::fields::VISIBLE;
use super::fields::clean;
use super::fold::fold;
use crate::model::contact::Contact;
use crate::model::contact::LabelLook;
use crate::model::error::AppError;
use crate::model::language::t;

/// Identifies a label permanently, also when it is renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Uuid)]
pub struct LabelId(pub Uuid);

impl fmt::Display for LabelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for LabelId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// The color of a label, which the style sheet turns into one that fits the theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LabelColour {
    #[default]
    Grey,
    Red,
    Orange,
    Yellow,
    Green,
    Teal,
    Blue,
    Purple,
    Pink,
}

impl LabelColour {
    pub const ALL: [Self; 9] = [
        Self::Grey,
        Self::Red,
        Self::Orange,
        Self::Yellow,
        Self::Green,
        Self::Teal,
        Self::Blue,
        Self::Purple,
        Self::Pink,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Yellow => "yellow",
            Self::Green => "green",
            Self::Teal => "teal",
            Self::Blue => "blue",
            Self::Purple => "purple",
            Self::Pink => "pink",
        }
    }

    pub fn look(self) -> LabelLook {
        let hue = match self {
            Self::Grey => None,
            Self::Red => Some(0),
            Self::Orange => Some(2),
            Self::Yellow => Some(3),
            Self::Green => Some(4),
            Self::Teal => Some(6),
            Self::Blue => Some(8),
            Self::Purple => Some(10),
            Self::Pink => Some(11),
        };
        LabelLook { hue }
    }

    /// The color of this name; grey for a name that another release has written.
    pub fn of_name(name: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|colour| colour.as_str() == name)
            .unwrap_or_default()
    }
}

/// A label of a book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Label {
    pub id: LabelId,
    pub name: String,
    pub colour: LabelColour,
    /// How many contacts outside the trash have it.
    pub contacts: u64,
}

/// The labels of a book.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Labels {
    /// In the order of names.
    pub labels: Vec<Label>,
    /// How many contacts outside the trash are favourites.
    pub favourites: u64,
}

/// The name of a label, cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelName(String);

impl PartialSchema for LabelName {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.max_length(Some(Field::Labels.spec().max_chars))
            .pattern(Some(VISIBLE))
            .into()
    }
}

impl ToSchema for LabelName {}

impl LabelName {
    /// # Errors
    /// [`AppError::BadRequest`], saying what to change.
    pub fn parse(typed: &str) -> Result<Self, AppError> {
        match clean(Field::Labels, typed) {
            Ok(name) => Ok(Self(name)),
            Err(Refusal::Blank) => Err(AppError::bad_request(t!("Enter a name for the label."))),
            Err(refusal) => Err(AppError::bad_request(refusal.message())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an editor wants of a label, which changes the cards of its contacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelEdit {
    Rename {
        to: LabelName,
        /// Whether the contacts go to the label of this name, where there is one.
        merge: bool,
    },
    Remove,
}

/// What is different about a label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelUpdate {
    pub name: Option<LabelName>,
    /// Whether the contacts go to the label of the new name, where there is one. That label keeps its color.
    pub merge: bool,
    pub colour: Option<LabelColour>,
}

/// Identifies a change of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelChangeId(pub Uuid);

/// What a change does with the cards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelChangeKind {
    /// Another name takes the place of the label.
    Replace,
    /// The label goes.
    Remove,
    /// A label that went comes back.
    GiveBack,
}

impl LabelChangeKind {
    /// As the database has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Remove => "remove",
            Self::GiveBack => "give_back",
        }
    }

    pub fn of_name(name: &str) -> Self {
        match name {
            "remove" => Self::Remove,
            "give_back" => Self::GiveBack,
            _ => Self::Replace,
        }
    }
}

/// A change that is under way, or one that took a label away and can be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelChange {
    pub id: LabelChangeId,
    pub kind: LabelChangeKind,
    /// The label as it was called.
    pub name: String,
    /// What takes its place.
    pub target: Option<String>,
    /// How many contacts it is about.
    pub total: u64,
    /// How many of them are to be done.
    pub left: u64,
    pub is_finished: bool,
}

/// What two names have in common that are the same label. It is never empty.
pub fn label_key(name: &str) -> String {
    match fold(name) {
        key if key.is_empty() => name.to_owned(),
        key => key,
    }
}

/// The labels of a contact, as its card has them.
pub fn labels_of(contact: &Contact) -> Vec<&str> {
    labels_in(&contact.fields)
}

/// The same of its fields.
pub fn labels_in(fields: &Map<String, Value>) -> Vec<&str> {
    let said = fields.get(Field::Labels.spec().name);
    let names = said.and_then(|said| said.as_array());
    let names = names.into_iter().flatten().filter_map(|name| name.as_str());
    names.collect()
}

/// Whether a contact with these fields is one of the favourites.
pub fn is_favourite(fields: &Map<String, Value>) -> bool {
    fields.get(Field::Favourite.spec().name) == Some(&Value::Bool(true))
}

/// An edit of the labels that one card has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relabelling {
    /// The [`label_key`] of the label that goes; `None` where one is only added.
    pub from: Option<String>,
    /// The name of the label that takes its place; `None` where one is only removed.
    pub to: Option<String>,
}

impl Relabelling {
    /// The labels after it. The new label stands where the old one stood, and once.
    pub fn apply<'a>(&'a self, names: &[&'a str]) -> Vec<&'a str> {
        let to = self.to.as_deref();
        let to_key = to.map(label_key);
        let mut is_there = false;
        let mut changed = Vec::with_capacity(names.len());
        for &name in names {
            let key = Some(label_key(name));
            let goes = self.from.is_some() && key == self.from;
            let is_target = to_key.is_some() && key == to_key;
            let kept = match (goes, is_target) {
                (false, false) => Some(name),
                (true, _) if to.is_none() => None,
                _ if is_there => None,
                (true, _) => to,
                (false, true) => Some(name),
            };
            is_there |= goes || is_target;
            changed.extend(kept);
        }
        if self.from.is_none() && !is_there {
            changed.extend(to);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relabelled(from: Option<&str>, to: Option<&str>, names: &[&str]) -> Vec<String> {
        let edit = Relabelling {
            from: from.map(label_key),
            to: to.map(str::to_owned),
        };
        let changed = edit.apply(names).into_iter();
        changed.map(str::to_owned).collect()
    }

    #[test]
    fn a_label_takes_the_place_of_another_one() {
        let names = ["Family", "vip", "Press"];
        assert_eq!(
            relabelled(Some("VIP"), Some("Important"), &names),
            ["Family", "Important", "Press"]
        );
        assert_eq!(
            relabelled(Some("VIP"), Some("VIP"), &names),
            ["Family", "VIP", "Press"]
        );
        assert_eq!(relabelled(Some("VIP"), None, &names), ["Family", "Press"]);
        assert_eq!(
            relabelled(Some("other"), Some("x"), &names),
            ["Family", "vip", "Press"]
        );
    }

    #[test]
    fn a_card_has_a_label_once() {
        assert_eq!(
            relabelled(Some("b"), Some("A"), &["a", "b", "B", "c"]),
            ["a", "c"]
        );
        assert_eq!(
            relabelled(Some("b"), Some("A"), &["b", "a", "c"]),
            ["A", "c"]
        );
        assert_eq!(relabelled(None, Some("A"), &["b"]), ["b", "A"]);
        assert_eq!(relabelled(None, Some("A"), &["a", "b"]), ["a", "b"]);
    }

    #[test]
    fn a_name_has_a_key() {
        assert_eq!(label_key("Café"), label_key("CAFE"));
        assert_eq!(label_key("\u{200D}"), "\u{200D}");
    }

    #[test]
    fn a_name_is_cleaned() {
        let name = LabelName::parse("  Book \t club ").expect("a name");
        assert_eq!(name.as_str(), "Book club");
        for typed in ["", "  ", "a\u{0}b", &"x".repeat(101)] {
            assert!(LabelName::parse(typed).is_err(), "{typed:?}");
        }
    }
}
