//! Two people who edit one contact at once: each field beside each other one, in each way, loses nothing.

use kith_card::Entry;
use serde_json::Value;

use super::Service;
use super::edit;
use super::fields_of;
use super::service;
use crate::model::contact::ContactId;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::catalogue::Kind;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::fields::Required;
use crate::services::contacts::service::update::Edit;

/// What a person does to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Changes,
    Empties,
    Adds,
}

const WAYS: [Way; 3] = [Way::Changes, Way::Empties, Way::Adds];

/// Each field in each way.
fn edits() -> impl Iterator<Item = (Field, Way)> {
    let fields = Field::ALL.iter().copied();
    fields.flat_map(|field| WAYS.map(|way| (field, way)))
}

/// An entry of a field whose text is made of a word.
fn entry(field: Field, word: &str) -> Entry {
    let text = match field.spec().kind {
        Kind::Email => format!("{word}@example.com"),
        Kind::Flag => "true".to_owned(),
        _ => word.to_owned(),
    };
    match field.spec().kind {
        Kind::Parts(parts) => Entry {
            parts: parts
                .iter()
                .map(|part| format!("{} {word}", part.name))
                .collect(),
            label: None,
            preferred: false,
        },
        _ => Entry::text(text),
    }
}

fn may_have_several(field: Field) -> bool {
    field.has_labels() || field.spec().kind == Kind::List
}

/// What a form says after its field was edited, with the words of one person; `None` if the field cannot be edited so.
fn edited(base: &ContactFields, field: Field, way: Way, word: &str) -> Option<ContactFields> {
    let mut fields = base.clone();
    let entries = match way {
        // A flag that is set can only be taken away.
        Way::Changes if field.spec().kind == Kind::Flag => return None,
        Way::Changes => vec![entry(field, word)],
        // A name and its parts follow each other, so one alone cannot be emptied.
        Way::Empties if is_name(field) => return None,
        Way::Empties => Vec::new(),
        Way::Adds if !may_have_several(field) => return None,
        Way::Adds => [base.get(field), &[entry(field, word)]].concat(),
    };
    fields.set(field, entries);
    Some(fields)
}

/// Creates a contact with a text in each field. Returns its id, and the fields as a form shows them.
async fn opened(service: &Service) -> (ContactId, ContactFields) {
    let mut fields = ContactFields::default();
    for &field in Field::ALL {
        fields.set(field, vec![entry(field, "before")]);
    }
    let input = ContactInput::of_fields(&fields);
    let created = service.create(&input, Required::AnyField, None, None).await;
    let id = created.expect("it is valid").contact.id;
    (id, fields_of(service, id).await)
}

/// The name follows its parts, so both are one field for two people.
fn is_name(field: Field) -> bool {
    matches!(field, Field::Name | Field::NameParts)
}

fn are_one(one: Field, other: Field) -> bool {
    one == other || is_name(one) && is_name(other)
}

async fn send(
    service: &Service,
    id: ContactId,
    base: &ContactFields,
    form: &ContactFields,
) -> Edit {
    let mut said = form.to_json();
    for &field in Field::ALL {
        // A form has an empty input for what a contact does not say.
        said.entry(field.spec().name).or_insert(Value::Null);
    }
    let typed = ContactInput::of_json(said).expect("it is as written");
    let sent = edit(service, id, base, typed, false).await;
    sent.expect("it is valid")
}

#[tokio::test]
async fn two_people_who_edit_different_fields_have_both() {
    let service = service().await;
    for (one, theirs) in edits() {
        // Each other field is edited once, and once left alone beside edits of its neighbours.
        for half in [0, 1] {
            let (id, base) = opened(&service).await;
            let Some(first) = edited(&base, one, theirs, "theirs") else {
                continue;
            };
            let others = Field::ALL.iter().filter(|&&other| !are_one(one, other));
            let mine: Vec<Field> = others.skip(half).step_by(2).copied().collect();
            let second = mine.iter().fold(base.clone(), |fields, &other| {
                let way = match other.spec().kind {
                    Kind::Flag => Way::Empties,
                    _ => Way::Changes,
                };
                edited(&fields, other, way, "mine").expect("each field can be edited so")
            });
            let what = format!("they {theirs:?} {one:?}, I change {mine:?}");
            assert!(
                matches!(send(&service, id, &base, &first).await, Edit::Saved(..)),
                "{what}"
            );
            let alone = fields_of(&service, id).await;
            assert_eq!(alone.get(one), first.get(one), "{what}");
            let sent = send(&service, id, &base, &second).await;
            assert!(matches!(sent, Edit::Saved(..)), "{what}: {sent:?}");
            let both = fields_of(&service, id).await;
            for &field in Field::ALL {
                let is_mine = mine.contains(&field);
                let said = if is_mine { &second } else { &alone };
                if is_mine || !mine.iter().any(|&other| are_one(field, other)) {
                    assert_eq!(both.get(field), said.get(field), "{what}: {field:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn two_people_who_edit_one_field_have_both_or_a_choice() {
    let service = service().await;
    for (field, theirs) in edits() {
        for mine in WAYS {
            let (id, base) = opened(&service).await;
            let Some(first) = edited(&base, field, theirs, "theirs") else {
                continue;
            };
            let Some(second) = edited(&base, field, mine, "mine") else {
                continue;
            };
            let what = format!("they {theirs:?} and I {mine:?} {field:?}");
            send(&service, id, &base, &first).await;
            let sent = send(&service, id, &base, &second).await;
            let now = fields_of(&service, id).await;
            match sent {
                Edit::Conflict {
                    fields,
                    mine,
                    theirs,
                    ..
                } => {
                    assert!(fields.iter().all(|&named| are_one(named, field)), "{what}");
                    assert_eq!(mine.get(field), second.get(field), "{what}");
                    assert_eq!(theirs.get(field), first.get(field), "{what}");
                    assert_eq!(now.get(field), first.get(field), "{what}");
                }
                Edit::Saved(..) => {
                    let is_there = |entry: &&Entry| base.get(field).contains(entry);
                    for form in [&first, &second] {
                        for entry in form.get(field).iter().filter(|entry| !is_there(entry)) {
                            assert!(now.get(field).contains(entry), "{what}: {now:?}");
                        }
                    }
                    let both_empty = first.get(field).is_empty() && second.get(field).is_empty();
                    assert_eq!(now.get(field).is_empty(), both_empty, "{what}: {now:?}");
                }
            }
        }
    }
}
