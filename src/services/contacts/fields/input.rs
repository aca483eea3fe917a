//! What a client says of a contact, not cleaned: from JSON, or from the inputs of a form.

use std::collections::BTreeMap;

use kith_card::Label;
use serde_json::Map;
use serde_json::Value;

use super::ContactFields;
use super::entry::InputEntry;
use super::entry::InputError;
use super::entry::entry_name;
use super::json;
use super::label_words::is_shown_as;
use super::label_words::label_of;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::catalogue::Kind;

/// What a client says of a contact: entries for some of the fields. What it says nothing of stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactInput {
    entries: BTreeMap<Field, Vec<InputEntry>>,
    /// The texts of first entries; blank for none.
    firsts: BTreeMap<Field, String>,
}

impl ContactInput {
    /// All that these fields say.
    pub fn of_fields(fields: &ContactFields) -> Self {
        let said = fields.iter().map(|(field, entries)| {
            let entries = entries.iter().enumerate().map(|(index, entry)| InputEntry {
                name: entry_name(field, index),
                parts: entry.parts.clone(),
                label: entry.label.as_ref().map_or("", Label::words).to_owned(),
                preferred: entry.preferred,
            });
            (field, entries.collect())
        });
        Self {
            entries: said.collect(),
            firsts: BTreeMap::new(),
        }
    }

    /// The same with the labels of these fields where the reader has left them. A reader of German who sees `privat` has not
    /// changed it, whether it is the word of a card or the translation of one. An entry is known by what it says, and one that
    /// was changed by its place.
    pub fn keeping_labels_of(mut self, base: &ContactFields) -> Self {
        for (&field, entries) in &mut self.entries {
            let known = base.get(field);
            for entry in entries {
                let same = known.iter().find(|before| before.parts == entry.parts);
                let Some(before) = same.or_else(|| known.get(entry.index()?)) else {
                    continue;
                };
                let label = before.label.as_ref().map_or("", Label::words);
                if is_shown_as(label, &entry.label) {
                    label.clone_into(&mut entry.label);
                }
            }
        }
        self
    }

    /// The same with what `other` says over it.
    pub fn overlaid(mut self, other: &Self) -> Self {
        for (&field, entries) in &other.entries {
            self.entries.insert(field, entries.clone());
        }
        for (&field, text) in &other.firsts {
            let entry = InputEntry {
                name: entry_name(field, 0),
                parts: vec![text.clone()],
                ..InputEntry::default()
            };
            match self.entries.entry(field).or_default().first_mut() {
                Some(first) => first.parts = entry.parts,
                None => drop(self.entries.insert(field, vec![entry])),
            }
        }
        self
    }

    /// What is said of a field; `None` if nothing.
    pub fn entries(&self, field: Field) -> Option<&[InputEntry]> {
        self.entries.get(&field).map(Vec::as_slice)
    }

    /// The text that the first entry of a field gets; blank for none.
    pub fn first(&self, field: Field) -> Option<&str> {
        self.firsts.get(&field).map(String::as_str)
    }

    /// Says the text of a field that has one, or of the first entry of one that has several.
    pub fn with(mut self, field: Field, text: impl Into<String>) -> Self {
        self.say(field, text.into());
        self
    }

    /// The text that is said of a field of one entry.
    pub fn text(&self, field: Field) -> Option<&str> {
        self.entries(field)?.first().map(InputEntry::text)
    }

    /// The texts that say what is asked for: first those of the first release, in the order that it had.
    pub fn meaning(&self) -> Vec<String> {
        let first = |field: Field| self.first(field).or(self.text(field));
        let firsts = Field::ALL
            .iter()
            .filter(|field| field.is_of_first_release());
        let mut texts: Vec<String> = firsts
            .map(|&field| first(field).unwrap_or_default().to_owned())
            .collect();
        for (field, entries) in &self.entries {
            if field.is_of_first_release() && field.spec().first.is_none() {
                continue;
            }
            texts.push(field.spec().name.to_owned());
            for entry in entries {
                texts.extend_from_slice(&entry.parts);
                texts.push(entry.label.clone());
                texts.push(entry.preferred.to_string());
            }
        }
        texts
    }

    /// Says nothing of a field.
    pub fn forget(&mut self, field: Field) {
        self.entries.remove(&field);
        self.firsts.remove(&field);
    }

    fn say(&mut self, field: Field, text: String) {
        let spec = field.spec();
        if spec.first.is_some() {
            self.firsts.insert(field, text);
            return;
        }
        let entry = InputEntry {
            name: spec.name.to_owned(),
            parts: vec![text],
            ..InputEntry::default()
        };
        self.entries.insert(field, vec![entry]);
    }

    /// Says that the fields of the first release are empty where nothing is said of them.
    pub fn complete(mut self) -> Self {
        for &field in Field::ALL {
            let is_said = self.entries.contains_key(&field) || self.firsts.contains_key(&field);
            if field.is_of_first_release() && !is_said {
                self.say(field, String::new());
            }
        }
        self
    }

    /// The members of an object: fields by their names, as [`ContactFields::to_json`](super::ContactFields::to_json)
    /// writes them. Null empties a field.
    ///
    /// # Errors
    /// A member is no field, or has another type.
    pub fn of_json(members: Map<String, Value>) -> Result<Self, InputError> {
        let mut input = Self::default();
        for (name, value) in members {
            if let Some(field) = Field::of_name(&name) {
                input.entries.insert(field, json::read(field, value)?);
            } else if let Some(field) = Field::of_first(&name) {
                let text = json::text(&name, value)?;
                input.firsts.insert(field, text);
            } else {
                return Err(InputError::UnknownField(name));
            }
        }
        Ok(input)
    }

    /// The inputs of a form, as [`form`](crate::services::contacts::form) draws them. Those of other names say nothing of
    /// a field.
    pub fn of_form(inputs: &[(String, String)]) -> Self {
        let mut input = Self::default();
        let mut entries: BTreeMap<(Field, usize), InputEntry> = BTreeMap::new();
        let mut preferred = Vec::new();
        for (name, value) in inputs {
            let mut path = name.split('.');
            let base = path.next().unwrap_or_default();
            let rest: Vec<&str> = path.collect();
            let Some(field) = Field::of_name(base) else {
                if let (Some(field), []) = (Field::of_first(base), rest.as_slice()) {
                    input.firsts.insert(field, value.clone());
                }
                continue;
            };
            input.entries.entry(field).or_default();
            if let ["preferred"] = rest.as_slice() {
                let index = value
                    .rsplit('.')
                    .next()
                    .and_then(|index| index.parse().ok());
                preferred.extend(index.map(|index: usize| (field, index)));
                continue;
            }
            let (index, place) = match rest.split_first() {
                Some((first, place)) if field.has_labels() => match first.parse() {
                    Ok(index) => (index, place),
                    Err(_) => continue,
                },
                _ => (0, rest.as_slice()),
            };
            let entry = entries.entry((field, index)).or_insert_with(|| InputEntry {
                name: entry_name(field, index),
                parts: vec![String::new(); field.part_count()],
                ..InputEntry::default()
            });
            entry.take(field, place, value);
        }
        for key in preferred {
            if let Some(entry) = entries.get_mut(&key) {
                entry.preferred = true;
            }
        }
        for ((field, _), entry) in entries {
            let said = input.entries.entry(field).or_default();
            if entry.parts.iter().all(|part| part.trim().is_empty()) {
                continue;
            }
            match field.spec().kind {
                Kind::List => said.extend(entry.items()),
                _ => said.push(entry),
            }
        }
        input
    }
}

impl InputEntry {
    /// Takes the value of an input of the entry.
    fn take(&mut self, field: Field, place: &[&str], value: &str) {
        match (place, field.spec().kind) {
            (["label"], _) => label_of(value).clone_into(&mut self.label),
            ([name], Kind::Parts(parts)) => {
                if let Some(index) = parts.iter().position(|part| part.name == *name) {
                    value.clone_into(&mut self.parts[index]);
                }
            }
            // A box that is not ticked is not sent, so an empty input of its name goes before it.
            ([], Kind::Flag) if value.is_empty() => {}
            ([], Kind::Line | Kind::Text | Kind::Email | Kind::Phone | Kind::Website)
            | ([], Kind::Date | Kind::List | Kind::Flag) => {
                // A browser sends the lines of a text apart by CRLF.
                self.parts[0] = value.replace("\r\n", "\n");
            }
            _ => {}
        }
    }

    /// The texts between the commas of a list.
    fn items(&self) -> impl Iterator<Item = Self> {
        items(self.text()).into_iter().map(|item| Self {
            name: self.name.clone(),
            parts: vec![item],
            ..Self::default()
        })
    }
}

/// Texts as one, with commas between. A text with a comma stands in quotes.
pub fn joined(texts: &[&str]) -> String {
    let quoted = |text: &&str| match text.contains([',', '،', '、', '"']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => (*text).to_owned(),
    };
    let texts: Vec<String> = texts.iter().map(quoted).collect();
    texts.join(", ")
}

/// The texts that [`joined`] has joined.
fn items(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut is_quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let item = items.last_mut().expect("there is one from the beginning");
        match letter {
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => item.push('"'),
            '"' if is_quoted || item.trim().is_empty() => is_quoted = !is_quoted,
            ',' | '،' | '、' if !is_quoted => items.push(String::new()),
            _ => item.push(letter),
        }
    }
    items
}

impl Field {
    /// The field whose first entry JSON calls this.
    fn of_first(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|field| field.spec().first == Some(name))
    }

    /// Whether the API has had it, or its first entry, from the first release on.
    pub fn is_of_first_release(self) -> bool {
        matches!(
            self,
            Self::Name | Self::Emails | Self::Phones | Self::Company | Self::Notes
        )
    }

    /// How many texts an entry has.
    pub fn part_count(self) -> usize {
        match self.spec().kind {
            Kind::Parts(parts) => parts.len(),
            _ => 1,
        }
    }
}
