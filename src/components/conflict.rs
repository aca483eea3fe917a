//! Conflicts between two people who edit the same contact. Only the server draws them.

use leptos::prelude::*;

use crate::components::view::view;
use crate::model::form::CHOICE;
use crate::model::form::Conflict;
use crate::model::form::OPENED;
use crate::model::language::t;

/// Both values of each field, side by side, and the choice between them, which is a part of the form.
#[component]
pub fn Conflicts(
    conflicts: Vec<Conflict>,
    /// See [`FormView::opened`](crate::model::form::FormView::opened).
    opened: String,
) -> impl IntoView {
    let choices = conflicts.into_iter().map(|conflict| {
        let Conflict {
            field,
            label,
            mine,
            theirs,
        } = conflict;
        let name = [CHOICE, &field].concat();
        view! {
            <fieldset class="choice">
                <legend>{label}</legend>
                {choice(name.clone(), "mine", t!("Keep mine"), mine)}
                {choice(name, "theirs", t!("Take theirs"), theirs)}
            </fieldset>
        }
    });
    view! {
        <p>
            "Someone else has changed the same in the meantime. Choose what to keep, then save again."
        </p>
        {choices.collect_view()}
        <input type="hidden" name=OPENED value=opened/>
    }
}

fn choice(
    name: String,
    value: &'static str,
    label: &'static str,
    text: String,
) -> impl IntoView + use<> {
    let shown = if text.is_empty() {
        t!("(empty)").to_owned()
    } else {
        text
    };
    view! {
        <label>
            <span class="tick">
                <input type="radio" name=name value=value checked=value == "mine"/>
                {label}
            </span>
            <bdi class="choice-text">{shown}</bdi>
        </label>
    }
}
