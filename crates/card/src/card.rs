//! A card: its bytes, and the index of its lines.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::content::Content;
use crate::entry::Label;
use crate::error::{Limits, ParseError};
use crate::groups::{Groups, MAX_LABEL, Member, is_label};
use crate::lines::{self, Index, Kind, Line};
use crate::text::{Escape, clean, escape, fold};
use crate::version::Version;

/// One vCard. Its bytes are the truth: what is read is read from them, and an edit changes only the lines that it
/// touches.
///
/// ```
/// use kith_card::{Card, Entry, Mapping};
///
/// const TITLE: Mapping = Mapping::text("TITLE");
///
/// let text = "BEGIN:VCARD\nVERSION:3.0\nX-OWN:kept\nFN:Ada\ntitle:Countess\nEND:VCARD\n";
/// let mut card = Card::parse(text.as_bytes())?;
/// assert_eq!(card.entries(&TITLE), [Entry::text("Countess")]);
/// card.set_entries(&TITLE, &[Entry::text("Analyst")]);
/// assert_eq!(card.bytes(), text.replace("Countess", "Analyst").as_bytes());
/// # Ok::<(), kith_card::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Card {
    bytes: Vec<u8>,
    index: Index,
    /// Found when they are first asked for.
    groups: OnceLock<Groups>,
}

/// One property as any reader sees it, whether this crate knows it or not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Property {
    /// `item1` of `item1.TEL`, as it is written.
    pub group: Option<String>,
    /// In capitals, without the group.
    pub name: String,
    /// The values of `TYPE` and the bare words of 2.1, in capitals.
    pub types: Vec<String>,
    /// The other parameters: their names in capitals, and their values.
    pub parameters: Vec<(String, Vec<String>)>,
    /// The value as one text: decoded, and without escapes.
    pub text: String,
    /// The value between its semicolons, each part between its commas. At most 64 parts of 1024 pieces.
    pub parts: Vec<Vec<String>>,
}

impl Card {
    /// The card in `bytes`: exactly one, of version 2.1, 3.0 or 4.0, within the default [`Limits`]. A card without
    /// `VERSION` is one of 3.0.
    ///
    /// # Errors
    ///
    /// The text is not one card. What is in the properties is no reason: all of them are kept, whatever they say.
    pub fn parse(bytes: impl Into<Vec<u8>>) -> Result<Self, ParseError> {
        Self::parse_within(bytes, Limits::default())
    }

    /// The same within other limits.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_within(bytes: impl Into<Vec<u8>>, limits: Limits) -> Result<Self, ParseError> {
        let bytes = bytes.into();
        let index = lines::index(&bytes, limits)?;
        Ok(Self::of(bytes, index))
    }

    /// A card of 3.0, which all clients take, without a name. 3.0 wants `N` and `FN` nevertheless.
    pub fn new(uid: &str) -> Self {
        let uid = format!("UID:{}", escape(&clean(uid), Escape::Address));
        let uid = fold(&uid, false, Version::V3_0, b"\r\n");
        let mut bytes = b"BEGIN:VCARD\r\nVERSION:3.0\r\n".to_vec();
        bytes.extend_from_slice(&uid);
        bytes.extend_from_slice(b"N:;;;;\r\nFN:\r\nEND:VCARD\r\n");
        let index = lines::index(&bytes, UNLIMITED).unwrap_or_else(|_| Index::empty());
        Self::of(bytes, index)
    }

    fn of(bytes: Vec<u8>, index: Index) -> Self {
        Self {
            bytes,
            index,
            groups: OnceLock::new(),
        }
    }

    pub(crate) fn groups(&self) -> &Groups {
        let member = |line: usize| {
            let (group, name) = (self.group(line)?, self.name(line));
            let label = is_label(name).then(|| self.own_words(line)).flatten();
            Some(Member {
                line,
                group,
                name,
                label,
            })
        };
        self.groups
            .get_or_init(|| Groups::of(self.property_lines().filter_map(member)))
    }

    /// What a line of `X-ABLabel` says.
    fn own_words(&self, line: usize) -> Option<Label> {
        // Many lines can share one label, and each entry has a copy of it.
        if self.raw(line).len() > 4 * MAX_LABEL {
            return None;
        }
        let text = self.content(line)?.text(self.version());
        (!text.is_empty()).then(|| Label::from(text.as_str()))
    }

    /// What the group of a line calls its property.
    pub(crate) fn label(&self, line: usize) -> Option<Label> {
        self.groups().label(self.group(line))
    }

    /// The line that names the property of a line.
    pub(crate) fn label_line(&self, line: usize) -> Option<usize> {
        self.groups().label_line(self.group(line))
    }

    /// Whether other properties are in the group of a line.
    pub(crate) fn is_shared(&self, line: usize) -> bool {
        self.groups().is_shared(self.group(line))
    }

    /// The lines that say more of the property of a line, and of no other, in order.
    pub(crate) fn companions(&self, line: usize) -> &[usize] {
        self.groups().companions(self.group(line))
    }

    /// The card as it was read or edited.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The card as it was read or edited.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The version that the card says, or 3.0.
    pub fn version(&self) -> Version {
        self.index.version
    }

    /// The text of `UID`.
    pub fn uid(&self) -> Option<String> {
        let line = self.named("UID").next()?;
        let text = self.content(line)?.text(self.version());
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// All properties in their order, without the cards inside of this one. Lines whose heads are not text are left
    /// out.
    pub fn properties(&self) -> Vec<Property> {
        let version = self.version();
        let read = |line: usize| {
            let content = self.content(line)?;
            let (group, name) = content.group_and_name();
            let other = |one: &&crate::grammar::RawParameter| one.name != "TYPE" && !one.is_bare();
            Some(Property {
                group: group.map(str::to_owned),
                name: name.to_ascii_uppercase(),
                types: content.types(),
                parameters: content
                    .head
                    .parameters
                    .iter()
                    .filter(other)
                    .map(|one| (one.name.clone(), one.values.clone()))
                    .collect(),
                text: content.text(version),
                parts: content.parts(version),
            })
        };
        self.property_lines().filter_map(read).collect()
    }

    pub(crate) fn lines(&self) -> &[Line] {
        &self.index.lines
    }

    pub(crate) fn line_end(&self) -> &'static [u8] {
        self.index.line_end
    }

    pub(crate) fn property_lines(&self) -> impl Iterator<Item = usize> + '_ {
        let is_property = |line: &usize| self.index.lines[*line].kind == Kind::Property;
        (0..self.index.lines.len()).filter(is_property)
    }

    /// The lines of a property.
    pub(crate) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.property_lines()
            .filter(move |line| self.name(*line).eq_ignore_ascii_case(name.as_bytes()))
    }

    pub(crate) fn name(&self, line: usize) -> &[u8] {
        &self.bytes[self.index.lines[line].name.clone()]
    }

    pub(crate) fn group(&self, line: usize) -> Option<&[u8]> {
        let group = self.index.lines[line].group.clone()?;
        Some(&self.bytes[group])
    }

    /// The bytes of a line with its folds and its end.
    pub(crate) fn raw(&self, line: usize) -> &[u8] {
        &self.bytes[self.index.lines[line].span.clone()]
    }

    /// A line without its folds.
    pub(crate) fn unfolded(&self, line: usize) -> std::borrow::Cow<'_, [u8]> {
        lines::unfold(&self.bytes, &self.index.lines[line], self.index.terminator)
    }

    /// A line in its pieces; none where its head is not text.
    pub(crate) fn content(&self, line: usize) -> Option<Content<'_>> {
        Content::read(self.unfolded(line), self.version())
    }

    /// Where the card ends, as an index of lines.
    pub(crate) fn end(&self) -> usize {
        let is_end = |line: &Line| line.kind == Kind::End;
        self.lines().iter().rposition(is_end).unwrap_or_default()
    }

    pub(crate) fn apply(&mut self, changes: &Changes) {
        if changes.is_empty() {
            return;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len() + 256);
        let mut inserted = changes.before.iter().peekable();
        let first = self.lines().first().map_or(0, |line| line.span.start);
        bytes.extend_from_slice(&self.bytes[..first]);
        for line in 0..self.lines().len() {
            // A card inside of this one belongs to the line before it.
            let is_inner = self.lines()[line].kind == Kind::Inner;
            while let Some((_, text)) = inserted.next_if(|(place, _)| !is_inner && **place <= line)
            {
                if line > 0 && self.swallows(line - 1) {
                    bytes.extend_from_slice(self.line_end());
                }
                bytes.extend_from_slice(text);
            }
            match changes.instead.get(&line) {
                Some(text) => bytes.extend_from_slice(text),
                None => bytes.extend_from_slice(self.raw(line)),
            }
        }
        // What is written here is a card again; if it were not, the card would stay what it was.
        match lines::index(&bytes, UNLIMITED) {
            Ok(index) => *self = Self::of(bytes, index),
            Err(error) => debug_assert!(false, "an edit broke the card: {error}"),
        }
    }

    /// Whether a line of quoted-printable would continue in the line that follows it.
    fn swallows(&self, line: usize) -> bool {
        self.lines()[line].quoted_printable && self.raw(line).trim_ascii_end().ends_with(b"=")
    }
}

const UNLIMITED: Limits = Limits {
    max_bytes: usize::MAX,
    max_lines: usize::MAX,
};

/// What an edit does to the lines of a card.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// The bytes of a line; none for one that goes.
    pub(crate) instead: BTreeMap<usize, Vec<u8>>,
    /// New lines before a line.
    pub(crate) before: BTreeMap<usize, Vec<u8>>,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.instead.is_empty() && self.before.is_empty()
    }

    pub(crate) fn insert(&mut self, line: usize, text: &[u8]) {
        self.before.entry(line).or_default().extend_from_slice(text);
    }
}
