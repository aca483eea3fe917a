//! The form of a contact: which inputs it has, and what stands in them.

use super::card::parts_of;
use super::catalogue::Field;
use super::catalogue::Kind;
use super::catalogue::MAX_ENTRIES;
use super::catalogue::Section;
use super::fields::ContactFields;
use super::fields::ContactInput;
use super::fields::InputEntry;
use super::fields::entry_name;
use super::fields::joined;
use super::fields::shown_label;
use crate::model::form::FormField;
use crate::model::form::FormInput;
use crate::model::form::FormSection;
use crate::model::form::InputKind;
use crate::model::language::t;

/// The sections of a form for a contact that says `saved`, with what was `typed` over it.
pub fn sections(saved: &ContactFields, typed: &ContactInput) -> Vec<FormSection> {
    let said = ContactInput::of_fields(saved).overlaid(typed);
    let section = |section: Section| {
        let fields = Field::ALL.iter().copied();
        let fields = fields.filter(|field| field.spec().section == section);
        let is_filled = |field: Field| {
            let entries = said.entries(field).unwrap_or_default();
            let says_the_name = field == Field::NameParts && follow_name(entries, &said);
            !entries.is_empty() && !says_the_name
        };
        FormSection {
            title: match section {
                Section::Main => String::new(),
                other => other.title().to_owned(),
            },
            is_open: section == Section::Main || fields.clone().any(is_filled),
            fields: fields.map(|field| form_field(field, &said)).collect(),
        }
    };
    [Section::Main]
        .into_iter()
        .chain(Section::MORE)
        .map(section)
        .collect()
}

/// Whether parts of a name say what the name itself says.
fn follow_name(parts: &[InputEntry], said: &ContactInput) -> bool {
    let name = said.text(Field::Name).unwrap_or_default();
    parts.iter().all(|entry| entry.parts == parts_of(name))
}

fn form_field(field: Field, said: &ContactInput) -> FormField {
    let spec = field.spec();
    let blank = InputEntry {
        parts: vec![String::new(); field.part_count()],
        ..InputEntry::default()
    };
    let said = said.entries(field).unwrap_or_default();
    let mut rows: Vec<InputEntry> = match spec.kind {
        Kind::List => vec![one_text(said)],
        _ => said.to_vec(),
    };
    let can_grow = field.has_labels() && rows.len() < MAX_ENTRIES;
    // A field that is always in view has an input for its first entry.
    if rows.is_empty() {
        rows.push(blank.clone());
    }
    let count = rows.len();
    let inputs = |(index, entry): (usize, &InputEntry)| inputs(field, index, entry);
    FormField {
        name: spec.name.to_owned(),
        label: spec.label().to_owned(),
        another: if can_grow {
            inputs((count, &blank))
        } else {
            Vec::new()
        },
        entries: rows.iter().enumerate().map(inputs).collect(),
        suggested: spec
            .suggested
            .iter()
            .map(|&words| shown_label(words).to_owned())
            .collect(),
    }
}

/// A list as one text with commas.
fn one_text(said: &[InputEntry]) -> InputEntry {
    let items: Vec<&str> = said.iter().map(InputEntry::text).collect();
    InputEntry {
        parts: vec![joined(&items)],
        ..InputEntry::default()
    }
}

/// The inputs of an entry.
fn inputs(field: Field, index: usize, entry: &InputEntry) -> Vec<FormInput> {
    let spec = field.spec();
    let name = entry_name(field, index);
    let input = |name: String, label: &str, value: &str, kind: InputKind| FormInput {
        name,
        label: label.to_owned(),
        value: value.to_owned(),
        kind,
    };
    let mut inputs = match spec.kind {
        Kind::Parts(parts) => {
            let mut parts: Vec<_> = parts.iter().zip(&entry.parts).collect();
            parts.sort_by_key(|(part, _)| part.place);
            let parts = parts.into_iter().map(|(part, text)| {
                let name = format!("{name}.{}", part.name);
                input(name, part.label(), text, InputKind::Words)
            });
            parts.collect()
        }
        Kind::Flag => {
            let is_set = entry.text() == "true";
            vec![input(
                name.clone(),
                spec.label(),
                "true",
                InputKind::Flag(is_set),
            )]
        }
        kind => vec![input(
            name.clone(),
            spec.label(),
            entry.text(),
            kind_of(field, kind),
        )],
    };
    if field.has_labels() {
        inputs.push(input(
            format!("{name}.label"),
            t!("Label"),
            shown_label(&entry.label),
            InputKind::Label,
        ));
        let preferred = format!("{}.preferred", spec.name);
        let is_preferred = InputKind::Preferred(entry.preferred);
        inputs.push(input(preferred, t!("Preferred"), &name, is_preferred));
    }
    inputs
}

fn kind_of(field: Field, kind: Kind) -> InputKind {
    match kind {
        Kind::Email => InputKind::Email,
        Kind::Phone => InputKind::Phone,
        Kind::Website => InputKind::Website,
        Kind::Date => InputKind::Date,
        Kind::List => InputKind::List,
        Kind::Text => InputKind::Text,
        Kind::Line if field != Field::Messaging => InputKind::Words,
        _ => InputKind::Line,
    }
}

#[cfg(test)]
mod tests;
