//! Groups: lines that belong together by the word before their names, `item1.TEL` and `item1.X-ABLabel`.

use std::collections::HashMap;

use crate::entry::Label;

/// Bytes of a label that is written. A line of four times as many, with its escapes, is read.
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

/// A line of a group.
pub(crate) struct Member<'a> {
    pub(crate) line: usize,
    pub(crate) group: &'a [u8],
    pub(crate) name: &'a [u8],
    /// What it says, where it is an `X-ABLabel`.
    pub(crate) label: Option<Label>,
}

impl Groups {
    pub(crate) fn of<'a>(members: impl Iterator<Item = Member<'a>>) -> Self {
        let mut groups: HashMap<Vec<u8>, Group> = HashMap::new();
        let mut next = 1;
        for member in members {
            let name = member.group.to_ascii_lowercase();
            if let Some(number) = number(&name) {
                next = next.max(number.saturating_add(1));
            }
            let group = groups.entry(name).or_default();
            if is_label(member.name) {
                group.label.get_or_insert((member.line, member.label));
                group.companions.push(member.line);
            } else if member.name.eq_ignore_ascii_case(b"X-ABADR") {
                group.companions.push(member.line);
            } else {
                group.members += 1;
            }
        }
        Self { groups, next }
    }

    fn group(&self, name: Option<&[u8]>) -> Option<&Group> {
        self.groups.get(&name?.to_ascii_lowercase())
    }

    /// The line that names the properties of a group.
    pub(crate) fn label_line(&self, group: Option<&[u8]>) -> Option<usize> {
        let (line, _) = self.group(group)?.label.as_ref()?;
        Some(*line)
    }

    /// What a group calls its properties.
    pub(crate) fn label(&self, group: Option<&[u8]>) -> Option<Label> {
        let (_, label) = self.group(group)?.label.as_ref()?;
        label.clone()
    }

    /// Whether a group has several properties.
    pub(crate) fn is_shared(&self, group: Option<&[u8]>) -> bool {
        self.group(group).is_some_and(|group| group.members > 1)
    }

    /// The lines that say more of the only property of a group, in order.
    pub(crate) fn companions(&self, group: Option<&[u8]>) -> &[usize] {
        match self.group(group) {
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

/// Whether a property is the label of a group.
pub(crate) fn is_label(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"X-ABLABEL")
}

fn number(name: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(name.strip_prefix(b"item")?).ok()?;
    let number = digits.parse().ok()?;
    // A number that is longer is not one of those that clients count.
    (number < u64::from(u32::MAX)).then_some(number)
}
