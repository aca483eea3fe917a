//! Forms as data. The server knows the fields and what stands in them; the browser draws input after input.

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
    pub sections: Vec<FormSection>,
    /// What the contact said when the form was opened, for the server; blank for a new contact.
    pub base: String,
    /// The contact that the form edits; `None` for a new one.
    pub saved: Option<Saved>,
    pub error: Option<AppError>,
    /// What two people have changed in two ways.
    pub conflicts: Vec<Conflict>,
    /// The idempotency key: the same key never creates a second contact.
    pub key: String,
    /// Whether the box for a welcome email is ticked.
    pub welcome: bool,
}

/// The contact that a form edits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    pub row: ContactRow,
    /// The version that the form started from.
    pub version: u32,
}

impl FormView {
    /// The inputs that say something, as a browser has them when it draws the form.
    pub fn inputs(&self) -> FormInputs {
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
}

impl FormSection {
    /// The name of the contact, where this section has it.
    pub fn name(&self) -> Option<&str> {
        let field = self.fields.iter().find(|field| field.name == "name")?;
        Some(&field.entries.first()?.first()?.value)
    }
}

/// A part of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormSection {
    /// Blank for the part that is always open.
    pub title: String,
    pub is_open: bool,
    pub fields: Vec<FormField>,
}

/// A field with the inputs of its entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormInput {
    pub name: String,
    pub label: String,
    pub value: String,
    pub kind: InputKind,
}

/// How an input looks and what its keyboard offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputKind {
    Line,
    /// Words with capitals, as in names.
    Words,
    Email,
    Phone,
    Website,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// The name of the input with [`FormView::key`].
pub const KEY: &str = "key";

/// What came of saving a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Saving {
    Saved(ContactDetails),
    /// The form needs another look: an input was refused, or another person has changed the same.
    Again(FormView),
}
