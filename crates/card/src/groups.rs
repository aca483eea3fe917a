//! Groups: lines that belong together by the word before their names, `item1.TEL` and `item1.X-ABLabel`.

use std::collections::HashMap;

use crate::card::Card;
use crate::entry::Label;

/// Bytes of a label that is written. A line of twice as many, with its escapes, is read.
pub(crate) const MAX_LABEL: usize = 512;

/// The groups of a card.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    groups: HashMap<Vec<u8>, Group>,
    next: u64,
}

#[derive(Clone, Debug, Default)]
struct Group {
    /// The line of `X-ABLabel`, and what it says.
    label: Option<(usize, Option<Label>)>,
    /// Lines that say more of the group's property, as Apple writes them. The label is one of them.
    companions: Vec<usize>,
    /// Lines of other properties.
    members: usize,
}

impl Groups {
    pub(crate) fn of(card: &Card) -> Self {
        let mut groups: HashMap<Vec<u8>, Group> = HashMap::new();
        let mut next = 1;
        for line in card.property_lines() {
            let Some(name) = card.group(line) else {
                continue;
            };
            let name = name.to_ascii_lowercase();
            if let Some(number) = number(&name) {
                next = next.max(number.saturating_add(1));
            }
            let group = groups.entry(name).or_default();
            let property = card.name(line);
            if property.eq_ignore_ascii_case(b"X-ABLABEL") {
                group.label.get_or_insert_with(|| (line, read(card, line)));
                group.companions.push(line);
            } else if property.eq_ignore_ascii_case(b"X-ABADR") {
                group.companions.push(line);
            } else {
                group.members += 1;
            }
        }
        Self { groups, next }
    }

    fn group(&self, card: &Card, line: usize) -> Option<&Group> {
        self.groups.get(&card.group(line)?.to_ascii_lowercase())
    }

    /// The line that names the property of a line.
    pub(crate) fn label_line(&self, card: &Card, line: usize) -> Option<usize> {
        let (line, _) = self.group(card, line)?.label.as_ref()?;
        Some(*line)
    }

    /// What the group calls the property of a line.
    pub(crate) fn label(&self, card: &Card, line: usize) -> Option<Label> {
        let (_, label) = self.group(card, line)?.label.as_ref()?;
        label.clone()
    }

    /// Whether other properties are in the group of a line.
    pub(crate) fn is_shared(&self, card: &Card, line: usize) -> bool {
        self.group(card, line)
            .is_some_and(|group| group.members > 1)
    }

    /// The lines that say more of the property of a line, and of no other.
    pub(crate) fn companions(&self, card: &Card, line: usize) -> &[usize] {
        match self.group(card, line) {
            Some(group) if group.members == 1 => &group.companions,
            _ => &[],
        }
    }

    /// Names that no group of the card has.
    pub(crate) fn fresh(&self) -> Fresh {
        Fresh { next: self.next }
    }
}

/// Names of new groups.
pub(crate) struct Fresh {
    next: u64,
}

impl Fresh {
    pub(crate) fn name(&mut self) -> String {
        let name = format!("item{}", self.next);
        self.next = self.next.saturating_add(1);
        name
    }
}

fn read(card: &Card, line: usize) -> Option<Label> {
    // Many lines can share one label, and each entry has a copy of it.
    if card.raw(line).len() > 2 * MAX_LABEL {
        return None;
    }
    let text = card.content(line)?.text(card.version());
    (!text.is_empty()).then(|| Label::from(text.as_str()))
}

fn number(name: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(name.strip_prefix(b"item")?).ok()?;
    let number = digits.parse().ok()?;
    // A number that is longer is not one of those that clients count.
    (number < u64::from(u32::MAX)).then_some(number)
}
