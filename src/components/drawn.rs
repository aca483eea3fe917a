//! What the server draws for the browser, which only puts it into its place: the fields of a contact, and the inputs of its
//! form. So a page downloads no code for fields.

use leptos::prelude::*;

use super::conflict::Conflicts;
use super::conflict::ConflictsProps;
use super::detail_fields::DetailFields;
use super::detail_fields::DetailFieldsProps;
use super::form_inputs::Inputs;
use crate::model::contact::ContactDetails;
use crate::model::form::FormView;
use crate::model::view::Pane;

pub fn details(details: ContactDetails) -> ContactDetails {
    let fields = details.fields.clone();
    ContactDetails {
        html: DetailFields(DetailFieldsProps { fields }).to_html(),
        ..details
    }
}

pub fn form(form: FormView) -> FormView {
    let inputs = Inputs::new(form.error.as_ref());
    let sections = form.sections.iter().cloned();
    let sections = sections.map(|section| inputs.section(section).to_html());
    let conflicts = form.conflicts.clone();
    let conflict = if conflicts.is_empty() {
        String::new()
    } else {
        let opened = form.opened.clone();
        Conflicts(ConflictsProps { conflicts, opened }).to_html()
    };
    FormView {
        html: sections.collect(),
        conflict,
        inputs: form.said(),
        name: form.name_in_sections().to_owned(),
        ..form
    }
}

pub fn pane(pane: Pane) -> Pane {
    match pane {
        Pane::Contact(contact) => Pane::Contact(details(contact)),
        Pane::Form(view) => Pane::Form(form(view)),
        other => other,
    }
}
