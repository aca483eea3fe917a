//! Forms as data. Only the server knows the fields, what stands in them, and how they are drawn.

use crate::model::contact::ContactDetails;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::wire::Deserialize;
use crate::model::wire::Serialize;

/// The inputs of a form by their names, in their order.
pub type FormInputs = Vec<(String, String)>;

/// The form of a contact, with its values and its error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormView {
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub sections: Vec<FormSection>,
    /// What two people have changed in two ways.
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub conflicts: Vec<Conflict>,
    /// Of a form with conflicts: what the contact said when the form was opened. A reader who leaves
    /// the form without a choice meets them again.
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub opened: String,
    /// The name of the field that the form begins at; blank for its first one.
    #[cfg(feature = "ssr")]
    #[serde(skip)]
    pub begin: String,
    /// The sections, as the server has drawn them.
    pub html: String,
    /// The conflicts; blank if there are none.
    pub conflict: String,
    /// The inputs that say something, as a browser has them once the form is drawn.
    pub inputs: FormInputs,
    /// The name of the contact.
    pub name: String,
    /// What the contact said when the form was opened, for the server; blank for a new contact.
    pub base: String,
    /// The contact that the form edits; `None` for a new one.
    pub saved: Option<Saved>,
    pub error: Option<AppError>,
    /// The idempotency key: the same key never creates a second contact.
    pub key: String,
    /// Whether the box for a welcome email is ticked.
    pub welcome: bool,
}

/// The contact that a form edits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    pub row: ContactRow,
    /// What stands below the name.
    pub subtitle: String,
    /// The version that the form started from.
    pub version: u32,
}

#[cfg(feature = "ssr")]
impl FormView {
    /// The inputs that say something.
    pub fn said(&self) -> FormInputs {
        let fields = self.sections.iter().flat_map(|section| &section.fields);
        let inputs = fields.flat_map(|field| field.entries.iter().flatten());
        let said = inputs.filter(|input| match input.kind {
            InputKind::Preferred(is_set) | InputKind::Flag(is_set) => is_set,
            _ => !input.value.is_empty(),
        });
        let mut inputs: FormInputs = said
            .map(|input| (input.name.clone(), input.value.clone()))
            .collect();
        if self.welcome {
            inputs.push(("welcome".to_owned(), "true".to_owned()));
        }
        inputs
    }

    /// The name of the contact, as its input says it.
    pub fn name_in_sections(&self) -> &str {
        let mut fields = self.sections.iter().flat_map(|section| &section.fields);
        let name = fields.find(|field| field.name == "name");
        let input = name.and_then(|field| field.entries.first()?.first());
        input.map_or("", |input| &input.value)
    }
}

/// A part of a form.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormSection {
    /// Blank for the part that is always open.
    pub title: String,
    pub is_open: bool,
    pub fields: Vec<FormField>,
}

/// A field with the inputs of its entries.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    pub name: String,
    pub label: String,
    /// The entries, of which only the last one may be blank.
    pub entries: Vec<Vec<FormInput>>,
    /// A blank entry that the reader may add; empty for a field of one entry.
    pub another: Vec<FormInput>,
    /// The labels that are offered.
    pub suggested: Vec<String>,
}

/// One input.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormInput {
    pub name: String,
    pub label: String,
    pub value: String,
    pub kind: InputKind,
}

/// How an input looks and what its keyboard offers.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    Line,
    /// Words with capitals, as in names.
    Words,
    Email,
    Phone,
    Website,
    Date,
    /// Texts with commas between them.
    List,
    /// Many lines.
    Text,
    /// What an entry is called.
    Label,
    /// The first choice among the entries of a field.
    Preferred(bool),
    /// A box.
    Flag(bool),
}

/// A field that two people have changed in two ways, as text.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub field: String,
    pub label: String,
    pub mine: String,
    pub theirs: String,
}

/// The name of the input that says which change of a field stays: `mine` or `theirs`.
pub const CHOICE: &str = "choice-";

/// The name of the input with [`FormView::base`].
pub const BASE: &str = "base";

/// The name of the input with [`FormView::opened`].
#[cfg(feature = "ssr")]
pub const OPENED: &str = "opened";

/// The name of the input with [`FormView::key`].
pub const KEY: &str = "key";

/// What came of saving a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Saving {
    Saved(ContactDetails),
    /// The form needs another look: an input was refused, or another person has changed the same.
    Again(FormView),
}
