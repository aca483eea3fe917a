//! What a search sees of a contact.

use std::collections::HashSet;

use kith_search::Document;
use kith_search::Part;

use super::card::Summary;
use super::card::joined_parts;
use super::catalogue::Field;
use super::catalogue::Kind;
use super::fields::ContactFields;
use crate::model::contact::Contact;

/// What each contact has.
pub const CONTACT: &str = "contact";

/// The part of an address that has a filter of its own.
const CITY: &str = "city";

/// What a search sees of a contact.
pub fn document(contact: &Contact) -> Document {
    document_with(contact, contact.photo.is_some())
}

/// The same of a contact that may be in the trash, where it shows no photo.
pub fn document_with(contact: &Contact, has_photo: bool) -> Document {
    of_fields(&contact.name, &ContactFields::of(contact), has_photo)
}

/// The same of a card.
pub fn document_of(summary: &Summary) -> Document {
    let fields = ContactFields::of_columns(&summary.fields, &summary.company, &summary.notes);
    of_fields(&summary.name, &fields, summary.photo.is_some())
}

fn of_fields(name: &str, fields: &ContactFields, has_photo: bool) -> Document {
    let texts = texts(name, fields);
    let mut kinds: Vec<&str> = fields.iter().filter_map(|(field, _)| kind(field)).collect();
    if has_photo {
        kinds.push("photo");
    }
    kinds.push(CONTACT);
    let kinds = kinds.into_iter().map(|kind| (Part::Has, kind));
    let said = texts.iter().map(|text| (text.part, text.text.as_str()));
    Document::new(said.chain(kinds))
}

/// A text of a contact, as a search reads it.
pub struct Text {
    pub field: Field,
    pub part: Part,
    pub text: String,
}

/// The texts of a contact that has this name, each once.
pub fn texts(name: &str, fields: &ContactFields) -> Vec<Text> {
    let mut texts = vec![Text {
        field: Field::Name,
        part: Part::Name,
        text: name.to_owned(),
    }];
    for (field, entries) in fields.iter() {
        let Some(part) = field.spec().searched else {
            continue;
        };
        let mut add = |part: Part, text: String| texts.push(Text { field, part, text });
        for entry in entries {
            match field.spec().kind {
                Kind::Parts(parts) if field == Field::Addresses => {
                    for (which, text) in parts.iter().zip(&entry.parts) {
                        let part = if which.name == CITY { Part::City } else { part };
                        add(part, text.clone());
                    }
                }
                _ => add(part, joined_parts(field, entry, " ")),
            }
        }
    }
    // A contact without a name is called by another field, and a name usually says what its parts say.
    let mut known = HashSet::new();
    texts.retain(|text| !text.text.is_empty() && known.insert((text.part, text.text.clone())));
    texts
}

/// What `has:` and `no:` call a field.
fn kind(field: Field) -> Option<&'static str> {
    Some(match field {
        Field::Emails => "email",
        Field::Phones => "phone",
        Field::Addresses => "address",
        Field::Websites => "website",
        Field::Birthday => "birthday",
        Field::Labels => "label",
        Field::Company => "company",
        Field::Notes => "note",
        _ => return None,
    })
}
