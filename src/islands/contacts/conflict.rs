//! Conflicts between two people who edit the same contact.

use leptos::prelude::*;

use crate::components::dynamic::on;
use crate::islands::browser;
use crate::model::contact::ContactDraft;
use crate::model::contact::Field;
use crate::model::contact::Merge;

/// A field that both people have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    field: Field,
    mine: String,
    theirs: String,
}

impl Conflict {
    /// The conflicts of `merge`; `saved` is what the other person has saved.
    pub fn all(merge: &Merge, saved: &ContactDraft) -> Vec<Self> {
        let fields = merge.conflicts.iter();
        fields
            .map(|&field| Self {
                field,
                mine: merge.draft.get(field).to_owned(),
                theirs: saved.get(field).to_owned(),
            })
            .collect()
    }
}

/// Both values of each field, side by side, and the choice between them. The choice is a part of the form;
/// once the page is hydrated, the field shows the chosen value at once.
#[component]
pub fn Conflicts(conflicts: Vec<Conflict>) -> impl IntoView {
    let fields: Vec<Field> = conflicts.iter().map(|conflict| conflict.field).collect();
    let choices = conflicts.into_iter().map(|conflict| {
        let Conflict {
            field,
            mine,
            theirs,
        } = conflict;
        view! {
            <fieldset class="choice">
                <legend>{label(field)}</legend>
                <Choice field value="mine" label="Keep mine" text=mine/>
                <Choice field value="theirs" label="Take theirs" text=theirs/>
            </fieldset>
        }
    });
    view! {
        <p>
            "Someone else has changed " {enumerate(&fields)}
            " in the meantime, too. Choose what to keep, then save again."
        </p>
        {choices.collect_view()}
    }
}

#[component]
fn Choice(field: Field, value: &'static str, label: &'static str, text: String) -> impl IntoView {
    let is_default = value == "mine";
    let shown = if text.is_empty() {
        "(empty)".to_owned()
    } else {
        text.clone()
    };
    view! {
        <label>
            <span class="tick">
                <input
                    type="radio"
                    name=["choice-", field.name()].concat()
                    value=value
                    checked=is_default
                    on:change=on(move |_| browser::set_input_value(field.name(), &text))
                />
                {label}
            </span>
            <bdi class="choice-text">{shown}</bdi>
        </label>
    }
}

/// The note after a save that others had changed other fields meanwhile.
#[component]
pub fn Merged(fields: Vec<Field>) -> impl IntoView {
    (!fields.is_empty()).then(|| {
        view! {
            <p class="merged" role="status">
                "Saved. Someone else had changed " {enumerate(&fields)}
                " in the meantime; both changes are kept."
            </p>
        }
    })
}

fn label(field: Field) -> &'static str {
    match field {
        Field::Name => "Name",
        Field::Email => "Email",
        Field::Phone => "Phone",
        Field::Company => "Company",
        Field::Notes => "Notes",
    }
}

/// The names of fields in a sentence, such as `the name, the phone and the notes`.
fn enumerate(fields: &[Field]) -> String {
    let mut text = String::new();
    for (index, field) in fields.iter().enumerate() {
        text += match index {
            0 => "the ",
            _ if index + 1 == fields.len() => " and the ",
            _ => ", the ",
        };
        text += field.name();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_enumerated_in_a_sentence() {
        assert_eq!(enumerate(&[Field::Phone]), "the phone");
        assert_eq!(
            enumerate(&[Field::Phone, Field::Notes]),
            "the phone and the notes"
        );
        assert_eq!(
            enumerate(&[Field::Name, Field::Phone, Field::Notes]),
            "the name, the phone and the notes"
        );
    }
}
