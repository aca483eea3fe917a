//! Lists in one property: `CATEGORIES:work,chess`.

use crate::card::{Card, Changes};
use crate::content::Content;
use crate::draft::{Draft, Piece};
use crate::entry::Entry;
use crate::grammar::split;
use crate::mapping::Mapping;
use crate::text::{Escape, clean};

impl Card {
    /// The items of all lines of the property.
    pub(crate) fn items(&self, mapping: &Mapping) -> Vec<Entry> {
        let lines = self.item_lines(mapping).into_iter();
        lines
            .flat_map(|(_, items)| items)
            .map(Entry::text)
            .collect()
    }

    fn item_lines(&self, mapping: &Mapping) -> Vec<(usize, Vec<String>)> {
        let mut lines = Vec::new();
        for source in mapping.sources() {
            for line in self.named(source.name) {
                if let Some(content) = self.content(line) {
                    lines.push((line, self.line_items(&content)));
                }
            }
        }
        lines
    }

    fn line_items(&self, content: &Content<'_>) -> Vec<String> {
        let items = content.pieces(b',', usize::MAX, self.version()).into_iter();
        let items = items.map(|item| item.trim().to_owned());
        items.filter(|item| !item.is_empty()).collect()
    }

    /// The first lines stay as long as they say what they shall; the next one says the rest.
    pub(crate) fn item_changes(&self, mapping: &Mapping, entries: &[Entry]) -> Changes {
        let mut changes = Changes::default();
        let old = self.item_lines(mapping);
        let new = entries.iter().map(|entry| entry.value());
        if old.iter().flat_map(|(_, items)| items).eq(new.clone()) {
            return changes;
        }
        let new: Vec<_> = new
            .map(|item| clean(item).trim().to_owned())
            .filter(|item| !item.is_empty())
            .collect();
        if old.iter().flat_map(|(_, items)| items).eq(&new) {
            return changes;
        }
        let mut rest = new.as_slice();
        let mut is_written = false;
        for (place, (line, items)) in old.iter().enumerate() {
            let is_last = place + 1 == old.len();
            match rest.strip_prefix(items.as_slice()) {
                Some(after) if !is_written && (after.is_empty() || !is_last) => rest = after,
                _ if is_written || rest.is_empty() => {
                    changes.instead.insert(*line, Vec::new());
                }
                _ => {
                    changes.instead.insert(*line, self.with_items(*line, rest));
                    is_written = true;
                    rest = &[];
                }
            }
        }
        if let (false, Some(source)) = (rest.is_empty(), mapping.written(self.version())) {
            let mut draft = Draft::new(source.name, self.version());
            let pieces: Vec<_> = rest.iter().map(|item| Piece::new(item)).collect();
            draft.set_value(&pieces, ',', Escape::Text);
            changes.insert(self.end(), &draft.bytes(self.line_end()));
        }
        changes
    }

    /// A line with other items. Those that it had are written as they were.
    fn with_items(&self, line: usize, items: &[String]) -> Vec<u8> {
        let version = self.version();
        let (Some(content), Some(old)) = (self.content(line), self.content(line)) else {
            return self.raw(line).to_vec();
        };
        let texts = old.pieces(b',', usize::MAX, version);
        let raws: Vec<_> = match old.is_plain() {
            true => split(old.raw(), b',')
                .into_iter()
                .map(String::from_utf8_lossy)
                .collect(),
            false => Vec::new(),
        };
        let known: std::collections::HashMap<_, _> =
            texts.iter().map(String::as_str).zip(&raws).collect();
        let piece = |item: &'_ String| known.get(item.as_str()).map(|raw| raw.to_string());
        let kept: Vec<_> = items.iter().map(piece).collect();
        let pieces = items.iter().zip(&kept);
        let pieces: Vec<_> = pieces
            .map(|(text, raw)| Piece {
                text,
                raw: raw.as_deref(),
            })
            .collect();
        let mut draft = Draft::of(content, version);
        draft.set_value(&pieces, ',', Escape::Text);
        draft.bytes(self.line_end())
    }
}
