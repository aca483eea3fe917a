//! Fields as JSON, as the API and the column `fields` have them.

use kith_card::Entry;
use kith_card::Label;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::ContactFields;
use super::EmailAddress;
use super::dialled;
use super::entry::InputEntry;
use super::entry::InputError;
use super::entry::entry_name;
use crate::model::contact::Contact;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::catalogue::Kind;
use crate::services::contacts::catalogue::MAX_ENTRIES;
use crate::services::contacts::catalogue::MAX_LABEL_CHARS;
use crate::services::contacts::catalogue::Part;

/// What JSON says of an entry beside its value. What Kith derives has no effect in a request.
const LABEL: &str = "label";
const PREFERRED: &str = "preferred";
const VALUE: &str = "value";
/// The number that a phone dials; null where the text is no number.
pub const DIALLED: &str = "dialled";
/// Whether mail can reach the address.
pub const DELIVERABLE: &str = "deliverable";

impl ContactFields {
    /// What a contact says, apart from its name.
    pub fn of(contact: &Contact) -> Self {
        Self::of_columns(&contact.fields, &contact.company, &contact.notes)
    }

    /// The same from the columns that say it.
    pub fn of_columns(
        fields: &Map<String, Value>,
        company: &Option<String>,
        notes: &Option<String>,
    ) -> Self {
        let mut fields = Self::of_json(fields);
        for (field, text) in [(Field::Company, company), (Field::Notes, notes)] {
            fields.set(field, text.iter().map(Entry::text).collect());
        }
        fields
    }

    /// The fields that say something, by their names.
    pub fn to_json(&self) -> Map<String, Value> {
        let said = self.0.iter();
        said.map(|(field, entries)| (field.spec().name.to_owned(), write(*field, entries)))
            .collect()
    }

    /// The fields in an object that [`to_json`](Self::to_json) has written. Other members say nothing.
    pub fn of_json(members: &Map<String, Value>) -> Self {
        let mut fields = Self::default();
        for &field in Field::ALL {
            let value = members.get(field.spec().name).cloned();
            let entries = value.and_then(|value| read(field, value).ok());
            let entries = entries.unwrap_or_default().into_iter().map(|entry| Entry {
                label: (!entry.label.is_empty()).then(|| Label::of_words(&entry.label)),
                parts: entry.parts,
                preferred: entry.preferred,
            });
            fields.set(field, entries.collect());
        }
        fields
    }
}

fn write(field: Field, entries: &[Entry]) -> Value {
    let spec = field.spec();
    let text = |entry: &Entry| Value::from(entry.value());
    match spec.kind {
        Kind::List => entries.iter().map(text).collect(),
        Kind::Flag => Value::Bool(!entries.is_empty()),
        _ if field.has_labels() => entries.iter().map(|entry| labelled(field, entry)).collect(),
        Kind::Parts(parts) => entries
            .first()
            .map_or(Value::Null, |entry| write_parts(parts, entry).into()),
        _ => entries.first().map_or(Value::Null, text),
    }
}

fn labelled(field: Field, entry: &Entry) -> Value {
    let mut object = match field.spec().kind {
        Kind::Parts(parts) => write_parts(parts, entry),
        _ => Map::from_iter([(VALUE.to_owned(), entry.value().into())]),
    };
    let mut say = |name: &str, value: Value| object.insert(name.to_owned(), value);
    match field.spec().kind {
        Kind::Phone => drop(say(DIALLED, dialled(entry.value()).into())),
        Kind::Email => {
            let is_deliverable = EmailAddress::parse(entry.value()).is_some();
            say(DELIVERABLE, is_deliverable.into());
        }
        _ => {}
    }
    if let Some(label) = &entry.label {
        say(LABEL, label.words().into());
    }
    if entry.preferred {
        say(PREFERRED, true.into());
    }
    object.into()
}

/// The parts that say something.
fn write_parts(parts: &[Part], entry: &Entry) -> Map<String, Value> {
    let named = parts.iter().zip(&entry.parts);
    let said = named.filter(|(_, text)| !text.is_empty());
    said.map(|(part, text)| (part.name.to_owned(), text.as_str().into()))
        .collect()
}

/// The entries that a program says of a field.
pub fn read(field: Field, value: Value) -> Result<Vec<InputEntry>, InputError> {
    let spec = field.spec();
    let one = |parts: Vec<String>| {
        vec![InputEntry {
            name: spec.name.to_owned(),
            parts,
            ..InputEntry::default()
        }]
    };
    match (spec.kind, value) {
        (_, Value::Null) => Ok(Vec::new()),
        (Kind::Flag, Value::Bool(true)) => Ok(one(vec!["true".to_owned()])),
        (Kind::Flag, Value::Bool(false)) => Ok(Vec::new()),
        (Kind::Flag, _) => Err(wrong(spec.name, "true or false")),
        (Kind::List, Value::Array(items)) => {
            let item = |(index, item)| {
                let name = format!("{}.{index}", spec.name);
                let parts = vec![text(&name, item)?];
                Ok(InputEntry {
                    name,
                    parts,
                    ..InputEntry::default()
                })
            };
            items.into_iter().enumerate().map(item).collect()
        }
        (Kind::List, _) => Err(wrong(spec.name, "a list of texts")),
        (_, Value::Array(items)) if field.has_labels() => {
            let item = |(index, item)| read_labelled(field, index, item);
            items.into_iter().enumerate().map(item).collect()
        }
        _ if field.has_labels() => Err(wrong(spec.name, "a list of objects")),
        (Kind::Parts(parts), Value::Object(members)) => {
            Ok(one(read_parts(spec.name, parts, members)?))
        }
        (Kind::Parts(_), _) => Err(wrong(spec.name, "an object")),
        (_, value) => Ok(one(vec![text(spec.name, value)?])),
    }
}

fn read_labelled(field: Field, index: usize, value: Value) -> Result<InputEntry, InputError> {
    let name = entry_name(field, index);
    let Value::Object(mut members) = value else {
        return Err(wrong(&name, "an object"));
    };
    let of = |member: &str| format!("{name}.{member}");
    let label = match members.remove(LABEL) {
        Some(label) => text(&of(LABEL), label)?,
        None => String::new(),
    };
    let preferred = match members.remove(PREFERRED) {
        None | Some(Value::Null) => false,
        Some(Value::Bool(preferred)) => preferred,
        Some(_) => return Err(wrong(&of(PREFERRED), "true or false")),
    };
    members.remove(DIALLED);
    members.remove(DELIVERABLE);
    let parts = match field.spec().kind {
        Kind::Parts(parts) => read_parts(&name, parts, members)?,
        _ => {
            let value = members.remove(VALUE).unwrap_or_default();
            if let Some(other) = members.keys().next() {
                return Err(InputError::UnknownField(of(other)));
            }
            vec![text(&of(VALUE), value)?]
        }
    };
    Ok(InputEntry {
        name,
        parts,
        label,
        preferred,
    })
}

fn read_parts(
    name: &str,
    parts: &[Part],
    mut members: Map<String, Value>,
) -> Result<Vec<String>, InputError> {
    let mut texts = Vec::with_capacity(parts.len());
    for part in parts {
        let value = members.remove(part.name).unwrap_or_default();
        texts.push(text(&format!("{name}.{}", part.name), value)?);
    }
    match members.keys().next() {
        Some(other) => Err(InputError::UnknownField(format!("{name}.{other}"))),
        None => Ok(texts),
    }
}

/// A text; null is a blank one.
pub fn text(name: &str, value: Value) -> Result<String, InputError> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null => Ok(String::new()),
        _ => Err(wrong(name, "a text or null")),
    }
}

fn wrong(field: &str, expected: &'static str) -> InputError {
    InputError::WrongType {
        field: field.to_owned(),
        expected,
    }
}

/// The JSON Schema of a field in requests and answers, without its description.
pub fn schema(field: Field) -> Value {
    let spec = field.spec();
    let text = json!({ "type": "string", "maxLength": spec.max_chars, "pattern": PATTERN });
    let or_null = |mut schema: Value| {
        schema["type"] = json!([schema["type"], "null"]);
        schema
    };
    let object = |parts: &[Part]| {
        let named = parts.iter().map(|part| {
            let mut schema = or_null(text.clone());
            schema["description"] = part.label().into();
            (part.name.to_owned(), schema)
        });
        Map::from_iter(named)
    };
    let closed = |members: Map<String, Value>| json!({ "type": "object", "properties": members, "additionalProperties": false });
    let list = |items: Value| {
        let most = MAX_ENTRIES;
        json!({ "type": ["array", "null"], "maxItems": most, "items": items })
    };
    match spec.kind {
        Kind::Flag => json!({ "type": ["boolean", "null"] }),
        Kind::List => list(or_null(text)),
        Kind::Parts(parts) if !field.has_labels() => or_null(closed(object(parts))),
        kind if field.has_labels() => {
            let mut members = match kind {
                Kind::Parts(parts) => object(parts),
                _ => Map::from_iter([(VALUE.to_owned(), or_null(text))]),
            };
            let most = MAX_LABEL_CHARS;
            members.insert(
                LABEL.to_owned(),
                json!({
                    "type": ["string", "null"], "maxLength": most, "pattern": PATTERN,
                    "description": "What the entry is called, in own words.",
                    "examples": spec.suggested,
                }),
            );
            members.insert(
                PREFERRED.to_owned(),
                json!({ "type": ["boolean", "null"], "description": "The first choice among several." }),
            );
            let derived = match kind {
                Kind::Phone => Some((
                    DIALLED,
                    "The number as it is dialled; null where the text is no number. Without effect in a request.",
                )),
                Kind::Email => Some((
                    DELIVERABLE,
                    "Whether mail can reach the address. Without effect in a request.",
                )),
                _ => None,
            };
            members.extend(
                derived.map(|(name, about)| (name.to_owned(), json!({ "description": about }))),
            );
            list(closed(members))
        }
        _ => or_null(text),
    }
}

/// Text with something visible in it, and without control characters: a pattern of JSON Schema.
pub const VISIBLE: &str = concat!(
    r"^[^\u0000-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F]*",
    r"[^\s\u0000-\u001F\u007F-\u009F]",
    r"[^\u0000-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F]*$",
);

/// Text without the control characters that no field takes. Those that are white space become blanks or ends of lines.
const PATTERN: &str = r"^[^\u0000-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F]*$";
