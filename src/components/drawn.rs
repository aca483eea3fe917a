//! What the server draws for the browser, which only puts it into its place: the fields of a contact, and the inputs of its
//! form. So a page downloads no code for fields.

use leptos::prelude::*;

use super::conflict::Conflicts;
use super::conflict::ConflictsProps;
use super::detail_actions::DetailActions;
use super::detail_actions::DetailActionsProps;
use super::detail_sections::DetailSections;
use super::detail_sections::DetailSectionsProps;
use super::form_inputs::Inputs;
use crate::model::contact::ContactDetails;
use crate::model::form::FormSection;
use crate::model::form::FormView;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::Pane;

/// A contact whose links lead to forms beside the list that the browser has.
pub fn details(details: ContactDetails) -> ContactDetails {
    details_beside(details, &Location::default())
}

/// A contact beside a list. Without JavaScript, its links lead to forms beside the same list.
fn details_beside(details: ContactDetails, list: &Location) -> ContactDetails {
    let id = details.row.id;
    let links = details.links.clone();
    let sections = DetailSectionsProps {
        fields: details.fields.clone(),
        missing: details.missing.clone(),
        changed_at: details.changed_at.clone(),
        form: list.with_pane(PaneRoute::Edit(id)),
    };
    ContactDetails {
        actions: DetailActions(DetailActionsProps { id, links }).to_html(),
        html: DetailSections(sections).to_html(),
        ..details
    }
}

/// The first input of the field that a form begins at.
fn first_input<'a>(sections: &'a [FormSection], field: &str) -> Option<&'a str> {
    let mut fields = sections.iter().flat_map(|section| &section.fields);
    let field = fields.find(|other| other.name == field)?;
    Some(&field.entries.first()?.first()?.name)
}

pub fn form(form: FormView) -> FormView {
    let begin = first_input(&form.sections, &form.begin);
    let inputs = Inputs::new(form.error.as_ref(), begin);
    let is_begun = |section: &FormSection| {
        let mut fields = section.fields.iter();
        fields.any(|field| field.name == form.begin)
    };
    let section = |section: &FormSection| {
        let section = FormSection {
            is_open: section.is_open || is_begun(section),
            ..section.clone()
        };
        inputs.section(section).to_html()
    };
    // In a wide window, the page shows the main section beside the others.
    let (main, more) = form.sections.split_at(form.sections.len().min(1));
    let parts = [main, more].map(|part| part.iter().map(section).collect::<String>());
    let html = parts
        .iter()
        .flat_map(|part| ["<div class=\"form-part\">", part, "</div>"]);
    let conflicts = form.conflicts.clone();
    let conflict = if conflicts.is_empty() {
        String::new()
    } else {
        let opened = form.opened.clone();
        Conflicts(ConflictsProps { conflicts, opened }).to_html()
    };
    FormView {
        html: html.collect(),
        conflict,
        inputs: form.said(),
        name: form.name_in_sections().to_owned(),
        ..form
    }
}

/// A pane of the page at `location`.
pub fn pane(pane: Pane, location: &Location) -> Pane {
    match pane {
        Pane::Contact(contact) => Pane::Contact(details_beside(contact, location)),
        Pane::Form(view) => Pane::Form(form(FormView {
            begin: location.field.clone(),
            ..view
        })),
        other => other,
    }
}
