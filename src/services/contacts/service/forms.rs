//! The forms of contacts: what they start with, and what becomes of what they send.

use serde_json::Map;
use serde_json::Value;
use uuid::Uuid;

use super::Contacts;
use super::update::Edit;
use super::update::FormEdit;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::form::BASE;
use crate::model::form::CHOICE;
use crate::model::form::Conflict;
use crate::model::form::FormInputs;
use crate::model::form::FormView;
use crate::model::form::KEY;
use crate::model::form::OPENED;
use crate::model::form::Saved;
use crate::model::language::t;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::details;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::fields::Required;
use crate::services::contacts::form::sections;
use crate::services::contacts::store::IdempotentRequest;

/// What came of a form.
pub enum FormResult {
    Created(Contact),
    /// The contact, and the fields that others had changed meanwhile and that the edit has kept.
    Saved(Contact, Vec<Field>),
    Conflict(Box<FormView>),
}

impl Contacts {
    /// The form for a new contact, with what was typed into it.
    pub fn new_form(typed: &FormInputs, welcome: bool) -> FormView {
        let key = value(typed, KEY).filter(|key| !key.is_empty());
        FormView {
            sections: sections(&ContactFields::default(), &ContactInput::of_form(typed)),
            key: key.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned),
            welcome,
            ..FormView::default()
        }
    }

    /// The form that edits a contact, with what was typed into it.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for a contact in the trash whose form does not say what it started from.
    pub async fn edit_form(&self, id: ContactId, typed: &FormInputs) -> Result<FormView, AppError> {
        let base = match base(typed, OPENED).or_else(|| base(typed, BASE)) {
            Some(base) => base,
            None => {
                let (contact, card) = self.card(id).await?;
                Base {
                    version: contact.version,
                    fields: card.fields(),
                }
            }
        };
        let row = self.row(id, &base).await;
        Ok(form(
            row,
            &base,
            &base.fields,
            &ContactInput::of_form(typed),
        ))
    }

    /// Does what a form asks for: adds a contact, or changes one. `welcome` says whether a new contact gets a welcome
    /// email.
    ///
    /// # Errors
    /// Those of [`create`](Self::create) and [`edit`](Self::edit).
    pub async fn save_form(
        &self,
        id: Option<ContactId>,
        inputs: &FormInputs,
        welcome: bool,
    ) -> Result<FormResult, AppError> {
        let typed = ContactInput::of_form(inputs);
        let Some(id) = id else {
            let key = value(inputs, KEY).filter(|key| !key.is_empty());
            // A form without a key is accepted each time.
            let request = key.map(|key| IdempotentRequest::of_form(key, &typed));
            let created = self
                .create(
                    &typed,
                    Required::AnyField,
                    Some(welcome),
                    request.transpose()?,
                )
                .await?;
            return Ok(FormResult::Created(created.contact));
        };
        let Some(base) = base(inputs, BASE) else {
            // A form that says nothing of what it started from replaces what it names.
            let version = value(inputs, "version").map(str::parse).transpose();
            let version = version.map_err(|_| {
                AppError::bad_request(t!("This form cannot be read. Open it again from the list."))
            })?;
            let updated = self.update(id, &typed, Required::AnyField, version).await?;
            return Ok(FormResult::Saved(updated, Vec::new()));
        };
        let edit = FormEdit {
            typed: typed.keeping_labels_of(&base.fields),
            base: base.fields,
            left: left_to_others(inputs),
            restore: value(inputs, "restore").is_some(),
        };
        match self.edit(id, &edit).await? {
            Edit::Saved(contact, kept) => Ok(FormResult::Saved(contact, kept)),
            Edit::Conflict {
                fields,
                mine,
                theirs,
                version,
            } => {
                let base = Base {
                    version,
                    fields: theirs,
                };
                let row = self.row(id, &base).await;
                Ok(FormResult::Conflict(Box::new(FormView {
                    conflicts: conflicts(&fields, &mine, &base.fields),
                    opened: value(inputs, OPENED)
                        .or_else(|| value(inputs, BASE))
                        .unwrap_or_default()
                        .to_owned(),
                    ..form(row, &base, &mine, &ContactInput::default())
                })))
            }
        }
    }
}

impl Contacts {
    /// What the head of a form shows of its contact.
    async fn row(&self, id: ContactId, base: &Base) -> ContactRow {
        // A form whose contact has gone is drawn as well.
        let saved = self.get(id).await.ok();
        ContactRow {
            id,
            name: base.fields.text(Field::Name).unwrap_or_default().to_owned(),
            detail: String::new(),
            photo: saved.and_then(|saved| saved.photo),
            marked: None,
            heading: String::new(),
        }
    }
}

/// The value of an input; `None` where the form has no such input.
pub fn value<'a>(inputs: &'a FormInputs, name: &str) -> Option<&'a str> {
    let mut inputs = inputs.iter();
    let found = inputs.find(|(other, _)| other == name);
    found.map(|(_, value)| value.as_str())
}

/// What a form started from.
struct Base {
    version: u32,
    fields: ContactFields,
}

/// The member of [`FormView::base`] with the version.
const VERSION: &str = "version";

impl Base {
    fn to_json(&self) -> String {
        let mut members = self.fields.to_json();
        members.insert(VERSION.to_owned(), self.version.into());
        Value::Object(members).to_string()
    }
}

/// What the form started from. What is no base of Kith's says nothing.
fn base(inputs: &FormInputs, name: &str) -> Option<Base> {
    let members: Map<String, Value> = serde_json::from_str(value(inputs, name)?).ok()?;
    let version = members.get(VERSION).and_then(Value::as_u64);
    Some(Base {
        version: version
            .and_then(|version| version.try_into().ok())
            .unwrap_or_default(),
        fields: ContactFields::of_json(&members),
    })
}

/// The form of a contact that says `said`, with what was typed over it.
fn form(row: ContactRow, base: &Base, said: &ContactFields, typed: &ContactInput) -> FormView {
    FormView {
        sections: sections(said, typed),
        base: base.to_json(),
        saved: Some(Saved {
            subtitle: details::subtitle(&row.name, &base.fields),
            row,
            version: base.version,
        }),
        ..FormView::default()
    }
}

/// The fields for which the reader has chosen what others have saved.
fn left_to_others(inputs: &FormInputs) -> Vec<Field> {
    let choices = inputs.iter().filter(|(_, choice)| choice == "theirs");
    let names = choices.filter_map(|(name, _)| name.strip_prefix(CHOICE));
    names.filter_map(Field::of_name).collect()
}

fn conflicts(fields: &[Field], mine: &ContactFields, theirs: &ContactFields) -> Vec<Conflict> {
    let conflict = |&field: &Field| Conflict {
        field: field.spec().name.to_owned(),
        label: field.spec().label().to_owned(),
        mine: details::as_text(field, mine.get(field)),
        theirs: details::as_text(field, theirs.get(field)),
    };
    fields.iter().map(conflict).collect()
}
