//! What the entries of a field are.

use crate::card::Card;
use crate::content::Content;
use crate::date;
use crate::entry::{Entry, Label};
use crate::mapping::{Mapping, Shape, Source};

/// An entry and the line that it is in.
pub(crate) struct Found<'m> {
    pub(crate) line: usize,
    pub(crate) source: &'m Source,
    pub(crate) entry: Entry,
}

impl Card {
    /// The entries of a field, in the order of the card. A line without a text is none.
    pub fn entries(&self, mapping: &Mapping) -> Vec<Entry> {
        if mapping.shape == Shape::List {
            return self.items(mapping);
        }
        let found = self.found(mapping);
        let entries = found.into_iter().map(|found| found.entry);
        let most = if mapping.is_many { usize::MAX } else { 1 };
        entries
            .filter(|entry| !entry.is_blank())
            .take(most)
            .collect()
    }

    /// The lines of a field with their entries, blank ones too. For a field with one entry: by the order of its
    /// sources.
    pub(crate) fn found<'m>(&self, mapping: &'m Mapping) -> Vec<Found<'m>> {
        let mut all = Vec::new();
        for line in self.property_lines() {
            let name = self.name(line);
            for (rank, source) in mapping.sources().iter().enumerate() {
                if !name.eq_ignore_ascii_case(source.name.as_bytes()) {
                    continue;
                }
                let label = self.group(line).and_then(|_| self.label(line));
                if let Some((only, wanted)) = source.only {
                    let is_it = label.as_ref().is_some_and(|label| label.apple() == only);
                    if is_it != wanted {
                        continue;
                    }
                }
                let Some(content) = self.content(line) else {
                    continue;
                };
                let entry = self.entry(&content, source, mapping, label);
                all.push((
                    rank,
                    Found {
                        line,
                        source,
                        entry,
                    },
                ));
                if source.parameter.is_none() {
                    break;
                }
            }
        }
        if !mapping.is_many {
            all.sort_by_key(|(rank, _)| *rank);
        }
        all.into_iter().map(|(_, found)| found).collect()
    }

    fn entry(
        &self,
        content: &Content<'_>,
        source: &Source,
        mapping: &Mapping,
        label: Option<Label>,
    ) -> Entry {
        let parts = self.values(content, source, mapping.shape);
        if !mapping.is_many {
            return Entry {
                parts,
                ..Entry::default()
            };
        }
        let types = content.types();
        let of_types = || Label::of_types(&types, source.is_relation);
        Entry {
            parts,
            label: source.label.map(Label::from).or(label).or_else(of_types),
            preferred: content.is_first() || types.iter().any(|word| word == "PREF"),
        }
    }

    fn values(&self, content: &Content<'_>, source: &Source, shape: Shape) -> Vec<String> {
        let version = self.version();
        if let Some((name, index)) = source.parameter {
            let parameter = content.head.parameters.iter().find(|one| one.name == name);
            return vec![
                parameter
                    .and_then(|one| one.pieces().into_iter().nth(index))
                    .unwrap_or_default(),
            ];
        }
        match shape {
            Shape::Text | Shape::List => {
                let text = content.text(version);
                let text = match content.parameter("VALUE") {
                    Some(value) if value.eq_ignore_ascii_case("uri") => number(text),
                    _ => text,
                };
                if text.is_empty() {
                    return vec![text];
                }
                vec![format!("{}{text}", source.prefix)]
            }
            Shape::Component(index) => {
                let parts = content.pieces(b';', index + 1, version);
                vec![parts.into_iter().nth(index).unwrap_or_default()]
            }
            Shape::Structured(count) => {
                let mut parts = content.pieces(b';', count, version);
                parts.resize(count, String::new());
                parts
            }
            Shape::Date => {
                let omitted = content.parameter("X-APPLE-OMIT-YEAR");
                vec![date::normal(&content.text(version), omitted)]
            }
            Shape::Flag => {
                let text = content.text(version);
                let is_set = ["1", "true", "yes"]
                    .iter()
                    .any(|one| text.trim().eq_ignore_ascii_case(one));
                vec![if is_set {
                    "true".to_owned()
                } else {
                    String::new()
                }]
            }
        }
    }
}

/// A number of telephone without the scheme of its URI.
fn number(text: String) -> String {
    match text.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("tel:") => text[4..].to_owned(),
        _ => text,
    }
}

impl crate::grammar::RawParameter {
    /// The values, also where the commas between them are quoted: `SORT-AS="Harten,Rene"`.
    pub(crate) fn pieces(&self) -> Vec<String> {
        let pieces = self.values.iter().flat_map(|value| value.split(','));
        pieces.map(str::to_owned).collect()
    }
}
