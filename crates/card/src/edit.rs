//! How entries are set: which lines change, and what they become.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::card::{Card, Changes};
use crate::content::Content;
use crate::date;
use crate::draft::{Draft, Piece};
use crate::entry::{Entry, Label};
use crate::grammar::split;
use crate::groups::{Fresh, MAX_LABEL};
use crate::mapping::{Mapping, Shape, Source};
use crate::order::{pair, staying};
use crate::read::Found;
use crate::text::{Escape, clean};
use crate::version::Version;

impl Card {
    /// Makes `entries` what [`entries`](Self::entries) reads, and changes only the lines where they differ.
    ///
    /// - An entry that stays keeps its line byte for byte; one that changes keeps its group and the parameters that say
    ///   nothing of what changed; one that goes takes the lines of its group with it that only say more of it
    ///   (`X-ABLabel`, `X-ABADR`), where the group has no other property.
    /// - A new entry is written behind the one before it, else before the end of the card.
    /// - Entries without a text are left out. Line breaks become `\n`, other control characters are left out, dates
    ///   get the form that [`Mapping::date`] names, items of a list lose the white space around them, and a label is
    ///   cut at 512 bytes.
    pub fn set_entries(&mut self, mapping: &Mapping, entries: &[Entry]) {
        if mapping.shape == Shape::List {
            let changes = self.item_changes(mapping, entries);
            return self.apply(&changes);
        }
        let mut editor = Editor {
            card: self,
            mapping,
            fresh: self.groups().fresh(),
            changes: Changes::default(),
        };
        if mapping.is_many {
            editor.set_many(entries);
        } else {
            editor.set_one(entries);
        }
        let changes = editor.changes;
        self.apply(&changes);
    }
}

struct Editor<'a> {
    card: &'a Card,
    mapping: &'a Mapping,
    fresh: Fresh,
    changes: Changes,
}

impl<'a> Editor<'a> {
    fn version(&self) -> Version {
        self.card.version()
    }

    fn set_one(&mut self, entries: &[Entry]) {
        let found = self.card.found(self.mapping);
        let current = found.iter().find(|found| !found.entry.is_blank());
        let same = |entry: &&Entry| current.is_some_and(|found| found.entry.parts == entry.parts);
        if entries.first().as_ref().is_some_and(same) {
            return;
        }
        let wanted = entries
            .iter()
            .map(|entry| self.normal(entry))
            .find(|entry| !entry.is_blank());
        match (current, wanted) {
            (None, None) => {}
            (Some(current), Some(wanted)) if current.entry.parts == wanted.parts => {}
            (Some(current), Some(wanted)) => self.rewrite(current, &wanted, current.line),
            (Some(_), None) => {
                for found in found.iter().filter(|found| !found.entry.is_blank()) {
                    self.clear(found);
                }
            }
            (None, Some(wanted)) => {
                let written = self.mapping.written(self.version());
                let is_written = |found: &&Found<'_>| {
                    let name = written.map(|source| source.name);
                    found.source.parameter.is_none() && name == Some(found.source.name)
                };
                match found.iter().find(is_written) {
                    Some(blank) => self.rewrite(blank, &wanted, blank.line),
                    None => self.add(&wanted, self.card.end()),
                }
            }
        }
    }

    fn set_many(&mut self, entries: &[Entry]) {
        let mut found = self.card.found(self.mapping);
        let blank = found.iter().position(|found| found.entry.is_blank());
        let blank = blank.map(|place| found.swap_remove(place));
        found.retain(|found| !found.entry.is_blank());
        found.sort_by_key(|found| found.line);
        let old: Vec<_> = found.iter().map(|found| &found.entry).collect();
        let known: HashSet<_> = old.iter().copied().collect();
        let new: Vec<_> = entries
            .iter()
            .map(|entry| {
                if known.contains(entry) {
                    entry.clone()
                } else {
                    self.normal(entry)
                }
            })
            .filter(|entry| !entry.is_blank())
            .collect();
        let pairs = pair(&old, &new);
        let stays = staying(&pairs);
        let is_kept: HashSet<_> = pairs.iter().flatten().copied().collect();
        for (place, found) in found.iter().enumerate() {
            if !is_kept.contains(&place) {
                self.clear(found);
            }
        }
        let mut blank = blank.filter(|_| found.is_empty());
        let first = pairs.iter().zip(&stays).find(|(_, stays)| **stays);
        let first = first
            .and_then(|(place, _)| *place)
            .map(|place| found[place].line);
        let mut anchor = first.unwrap_or_else(|| self.card.end());
        for ((entry, place), stays) in new.iter().zip(&pairs).zip(&stays) {
            match place.map(|place| &found[place]) {
                Some(old) if *stays => {
                    if old.entry != *entry {
                        self.rewrite(old, entry, old.line);
                    }
                    anchor = self.behind(old.line);
                }
                Some(old) => {
                    // It moves: its line goes here, and is written behind the entry before it.
                    if old.entry == *entry {
                        self.changes.insert(anchor, self.card.raw(old.line));
                        self.changes.instead.insert(old.line, Vec::new());
                    } else {
                        self.rewrite(old, entry, anchor);
                    }
                }
                None => match blank.take() {
                    Some(blank) if self.fits(blank.source, entry) => {
                        self.rewrite(&blank, entry, blank.line);
                        anchor = self.behind(blank.line);
                    }
                    _ => self.add(entry, anchor),
                },
            }
        }
    }

    /// The line behind an entry and the lines that say more of it.
    fn behind(&self, line: usize) -> usize {
        let companions = self.card.companions(line);
        let mut next = line + 1;
        while companions.binary_search(&next).is_ok() {
            next += 1;
        }
        next
    }

    /// An entry as a card can hold it.
    fn normal(&self, entry: &Entry) -> Entry {
        let mut parts: Vec<_> = entry
            .parts
            .iter()
            .map(|part| clean(part).into_owned())
            .collect();
        match self.mapping.shape {
            Shape::Structured(count) => parts.resize(count, String::new()),
            Shape::Date => {
                parts = vec![date::normal(parts.first().map_or("", String::as_str), None)];
            }
            Shape::Flag => {
                let is_set = parts.first().is_some_and(|part| !part.is_empty());
                parts = vec![if is_set {
                    "true".to_owned()
                } else {
                    String::new()
                }];
            }
            Shape::Text | Shape::Component(_) | Shape::List => parts.truncate(1),
        }
        let label = entry.label.as_ref().filter(|_| self.mapping.is_many);
        Entry {
            parts,
            label: label.and_then(normal_label),
            preferred: entry.preferred && self.mapping.is_many,
        }
    }

    fn fits(&self, source: &Source, entry: &Entry) -> bool {
        let label = entry.label.as_ref();
        let is = |wanted: &str| label.is_some_and(|label| label.apple() == wanted);
        entry.value().starts_with(source.prefix)
            && source.label.is_none_or(is)
            && source
                .only
                .is_none_or(|(only, wanted)| !self.mapping.is_many || is(only) == wanted)
    }

    /// Takes an entry out of the card.
    fn clear(&mut self, found: &Found<'_>) {
        let name = found.source.name;
        // 3.0 wants these two.
        let is_wanted = !self.mapping.is_many && matches!(name, "N" | "FN");
        let is_part =
            matches!(self.mapping.shape, Shape::Component(_)) || found.source.parameter.is_some();
        if is_wanted || is_part {
            let count = if let Shape::Structured(count) = self.mapping.shape {
                count
            } else {
                1
            };
            let nothing = Entry {
                parts: vec![String::new(); count],
                ..Entry::default()
            };
            return self.rewrite(found, &nothing, found.line);
        }
        self.changes.instead.insert(found.line, Vec::new());
        for line in self.card.companions(found.line) {
            self.changes.instead.insert(*line, Vec::new());
        }
    }

    /// Writes a new line before `anchor`.
    fn add(&mut self, entry: &Entry, anchor: usize) {
        let version = self.version();
        let Some(source) = self.mapping.written(version) else {
            return;
        };
        let mut draft = Draft::new(source.name, version);
        self.write_value(&mut draft, None, source, entry);
        let forced = source
            .only
            .filter(|(_, wanted)| *wanted)
            .map(|(label, _)| Label::from(label));
        let label = forced
            .as_ref()
            .or(entry.label.as_ref())
            .filter(|_| source.label.is_none());
        let mut companion = None;
        if !draft.set_label(label, source.is_relation) {
            let group = self.fresh.name();
            draft.set_group(Some(&group));
            companion = label.map(|label| self.label_line(&group, label));
        }
        if entry.preferred {
            draft.set_preferred(true);
        }
        self.changes
            .insert(anchor, &draft.bytes(self.card.line_end()));
        if let Some(line) = companion {
            self.changes.insert(anchor, &line);
        }
    }

    fn label_line(&self, group: &str, label: &Label) -> Vec<u8> {
        let mut draft = Draft::new(&format!("{group}.X-ABLabel"), self.version());
        draft.set_value(&[Piece::new(&label.apple())], ';', Escape::Text);
        draft.bytes(self.card.line_end())
    }

    /// Makes the line of an entry say another one, at its place or before `anchor`.
    fn rewrite(&mut self, found: &Found<'_>, entry: &Entry, anchor: usize) {
        if !self.fits(found.source, entry) && !entry.is_blank() {
            self.clear(found);
            return self.add(entry, anchor);
        }
        let version = self.version();
        let (Some(content), Some(old)) =
            (self.card.content(found.line), self.card.content(found.line))
        else {
            return;
        };
        let mut draft = Draft::of(content, version);
        if found.entry.parts != entry.parts {
            if let Some((name, index)) = found.source.parameter {
                draft.set_parameter(name, index, entry.value());
            } else if self.write_value(&mut draft, Some(&old), found.source, entry) {
                return self.remove(found.line);
            }
        }
        let mut label = None;
        if self.mapping.is_many {
            if found.entry.label != entry.label {
                label = self.relabel(&mut draft, found, entry);
            }
            if found.entry.preferred != entry.preferred {
                draft.set_preferred(entry.preferred);
            }
        }
        let mut bytes = draft.bytes(self.card.line_end());
        bytes.extend(label.unwrap_or_default());
        if anchor == found.line {
            self.changes.instead.insert(found.line, bytes);
        } else {
            self.changes.insert(anchor, &bytes);
            self.changes.instead.insert(found.line, Vec::new());
        }
    }

    fn remove(&mut self, line: usize) {
        self.changes.instead.insert(line, Vec::new());
    }

    /// Changes the label of a line. A line of `X-ABLabel` that is new comes back.
    fn relabel(&mut self, draft: &mut Draft, found: &Found<'_>, entry: &Entry) -> Option<Vec<u8>> {
        let is_typed = draft.set_label(entry.label.as_ref(), found.source.is_relation);
        let line = self.card.label_line(found.line);
        let is_shared = self.card.is_shared(found.line);
        if is_typed {
            match line {
                // What the group is called is not what this one is called.
                Some(_) if is_shared => draft.set_group(None),
                Some(line) => self.remove(line),
                None => {}
            }
            return None;
        }
        let label = entry.label.as_ref()?;
        let own = draft.group().filter(|_| !is_shared).map(str::to_owned);
        let group = own.unwrap_or_else(|| self.fresh.name());
        draft.set_group(Some(&group));
        let text = self.label_line(&group, label);
        match line.filter(|_| !is_shared) {
            Some(line) => {
                self.changes.instead.insert(line, text);
                None
            }
            None => Some(text),
        }
    }

    /// Writes the value of an entry. True: nothing is left in it.
    fn write_value(
        &self,
        draft: &mut Draft,
        old: Option<&Content<'_>>,
        source: &Source,
        entry: &Entry,
    ) -> bool {
        let how = if source.is_address {
            Escape::Address
        } else {
            Escape::Text
        };
        let value = entry.value();
        match self.mapping.shape {
            Shape::Component(index) => {
                return self.write_parts(draft, old, index, std::slice::from_ref(&entry.parts[0]));
            }
            Shape::Structured(_) => {
                self.write_parts(draft, old, 0, &entry.parts);
            }
            Shape::Flag => draft.set_value(
                &[Piece::new(if value.is_empty() { "0" } else { "1" })],
                ';',
                how,
            ),
            Shape::Date => {
                let written = date::write(value, self.version());
                draft.remove("X-APPLE-OMIT-YEAR");
                draft.remove("VALUE");
                if written.is_text && self.version() == Version::V4_0 {
                    draft.push("VALUE=text");
                }
                if let Some(year) = written.omits {
                    draft.push(&format!("X-APPLE-OMIT-YEAR={year}"));
                }
                draft.set_value(&[Piece::new(&written.value)], ';', how);
            }
            Shape::Text | Shape::List => {
                if !source.is_address {
                    draft.remove_value("VALUE", "uri");
                }
                if source.is_relation && self.version() == Version::V4_0 {
                    draft.remove("VALUE");
                    draft.push(if is_uri(value) {
                        "VALUE=uri"
                    } else {
                        "VALUE=text"
                    });
                }
                let value = value.strip_prefix(source.prefix).unwrap_or(value);
                draft.set_value(&[Piece::new(value)], ';', how);
            }
        }
        false
    }

    /// Writes parts of a structured value from `first` on. The others stay as they are written. True: all are empty.
    fn write_parts(
        &self,
        draft: &mut Draft,
        old: Option<&Content<'_>>,
        first: usize,
        parts: &[String],
    ) -> bool {
        let version = self.version();
        let mut texts = old.map_or_else(Vec::new, |old| old.pieces(b';', usize::MAX, version));
        let raws: Vec<_> = match old {
            Some(old) if old.is_plain() => split(old.raw(), b';')
                .into_iter()
                .map(String::from_utf8_lossy)
                .collect(),
            _ => Vec::new(),
        };
        let mut raws: Vec<_> = raws.into_iter().map(Some).collect();
        raws.resize_with(
            texts.len().max(first + parts.len()),
            || None::<Cow<'_, str>>,
        );
        texts.resize(raws.len(), String::new());
        for (place, part) in parts.iter().enumerate() {
            let at = first + place;
            if texts[at] != *part {
                texts[at].clone_from(part);
                raws[at] = None;
            }
        }
        let pieces = texts.iter().zip(&raws);
        let pieces: Vec<_> = pieces
            .map(|(text, raw)| Piece {
                text,
                raw: raw.as_deref(),
            })
            .collect();
        draft.set_value(&pieces, ';', Escape::Text);
        texts.iter().all(String::is_empty)
    }
}

/// A label as a card can hold it.
fn normal_label(label: &Label) -> Option<Label> {
    let Label::Custom(words) = label else {
        return Some(label.clone());
    };
    let words = clean(words);
    let words = &words[..words.floor_char_boundary(MAX_LABEL)];
    (!words.is_empty()).then(|| Label::from(words))
}

/// Whether a text has the scheme of a URI.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme && !rest.is_empty() && !text.contains([' ', '\n'])
}
