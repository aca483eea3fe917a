//! Two edits of one card, made one card.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::Hash;

use crate::canonical::Canonical;
use crate::card::{Card, Changes};
use crate::entry::Entry;
use crate::groups::Fresh;
use crate::mapping::{Mapping, Shape};

/// What [`merge`] made of two edits.
#[derive(Clone, Debug)]
pub struct Merge {
    /// `mine`, with what only `theirs` changed. Of what both changed it has mine, except that a change of a property that
    /// no mapping names is kept where the other side removed it.
    pub card: Card,
    /// The fields that both sides changed in two ways: their places in the list of mappings, in order.
    pub conflicts: Vec<usize>,
    /// The same for properties that no mapping names: their names, in order.
    pub unmapped: Vec<String>,
}

/// A three-way merge by property. A change of one side is taken, also of properties that no mapping knows; different
/// entries of one field do not conflict, nor do different parts of one property that have mappings of their own, nor
/// two ways of writing the same. The lines that `theirs` did not change are those of `mine`, byte for byte.
///
/// `VERSION` and `UID` stay mine, the later `REV` is taken, and neither is a conflict.
///
/// ```
/// use kith_card::{Card, Entry, Mapping, merge};
///
/// const FIELDS: [Mapping; 2] = [Mapping::text("TITLE"), Mapping::text("NOTE")];
///
/// let base = Card::parse("BEGIN:VCARD\nTITLE:Countess\nNOTE:a\nEND:VCARD\n")?;
/// let (mut mine, mut theirs) = (base.clone(), base.clone());
/// mine.set_entries(&FIELDS[0], &[Entry::text("Analyst")]);
/// theirs.set_entries(&FIELDS[1], &[Entry::text("b")]);
/// let merged = merge(&FIELDS, &base, &mine, &theirs);
/// assert_eq!(merged.card.bytes(), b"BEGIN:VCARD\nTITLE:Analyst\nNOTE:b\nEND:VCARD\n");
/// assert!(merged.conflicts.is_empty());
/// # Ok::<(), kith_card::ParseError>(())
/// ```
pub fn merge(mappings: &[Mapping], base: &Card, mine: &Card, theirs: &Card) -> Merge {
    let mut merger = Merger {
        mappings,
        base,
        mine,
        theirs,
        fresh: mine.groups().fresh(),
        changes: Changes::default(),
        conflicts: BTreeSet::new(),
        unmapped: BTreeSet::new(),
        later: Vec::new(),
    };
    let [base_units, mine_units, their_units] =
        [base, mine, theirs].map(|card| units(mappings, card));
    let fields: BTreeSet<_> = base_units
        .keys()
        .chain(mine_units.keys())
        .chain(their_units.keys())
        .cloned()
        .collect();
    let nothing = Vec::new();
    for field in fields {
        let [base, mine, theirs] = [&base_units, &mine_units, &their_units]
            .map(|units| units.get(&field).unwrap_or(&nothing));
        merger.field(&field, base, mine, theirs);
    }
    let mut card = mine.clone();
    card.apply(&merger.changes);
    for (mapping, entries) in &merger.later {
        card.set_entries(mapping, entries);
    }
    Merge {
        card,
        conflicts: merger.conflicts.into_iter().collect(),
        unmapped: merger.unmapped.into_iter().collect(),
    }
}

/// What is merged together: the property of a mapping, or one that no mapping knows.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
enum Field {
    Mapped(usize),
    Named(String),
}

/// A property with the lines that belong to it.
#[derive(Debug)]
struct Unit {
    line: usize,
    says: Canonical,
}

fn units(mappings: &[Mapping], card: &Card) -> HashMap<Field, Vec<Unit>> {
    let mut units: HashMap<Field, Vec<Unit>> = HashMap::new();
    let found: Vec<HashSet<usize>> = mappings
        .iter()
        .map(|mapping| match mapping.shape {
            Shape::List => mapping
                .sources()
                .iter()
                .flat_map(|source| card.named(source.name))
                .collect(),
            _ => {
                let found = card.found(mapping).into_iter();
                found
                    .filter(|found| found.source.parameter.is_none())
                    .map(|found| found.line)
                    .collect()
            }
        })
        .collect();
    for line in card.property_lines() {
        let Some(says) = card.canonical(line) else {
            continue;
        };
        let is_companion = says.name == "X-ABADR" && card.group(line).is_some();
        if is_companion || matches!(says.name.as_str(), "VERSION" | "UID") {
            continue;
        }
        let field = match found.iter().position(|lines| lines.contains(&line)) {
            Some(mapping) => Field::Mapped(mapping),
            None => Field::Named(says.name.clone()),
        };
        units.entry(field).or_default().push(Unit { line, says });
    }
    units
}

struct Merger<'a> {
    mappings: &'a [Mapping],
    base: &'a Card,
    mine: &'a Card,
    theirs: &'a Card,
    fresh: Fresh,
    changes: Changes,
    conflicts: BTreeSet<usize>,
    unmapped: BTreeSet<String>,
    /// Entries that are set when the lines are merged.
    later: Vec<(Mapping, Vec<Entry>)>,
}

impl Merger<'_> {
    fn field(&mut self, field: &Field, base: &[Unit], mine: &[Unit], theirs: &[Unit]) {
        if let Field::Mapped(place) = field
            && self.mappings[*place].shape == Shape::List
        {
            let mapping = self.mappings[*place];
            return self.list(&mapping);
        }
        if *field == Field::Named("REV".to_owned()) {
            return self.revision(mine, theirs);
        }
        let of_mine = pair(base, mine);
        let of_theirs = pair(base, theirs);
        for (place, old) in base.iter().enumerate() {
            let my = of_mine[place].map(|place| &mine[place]);
            let their = of_theirs[place].map(|place| &theirs[place]);
            self.unit(field, old, my, their);
        }
        let is_new = |pairs: &[Option<usize>], count: usize| {
            let old: HashSet<_> = pairs.iter().flatten().copied().collect();
            (0..count)
                .filter(|place| !old.contains(place))
                .collect::<Vec<_>>()
        };
        let mut my_new: HashMap<&Canonical, usize> = HashMap::new();
        let my_added = is_new(&of_mine, mine.len());
        for place in &my_added {
            *my_new.entry(&mine[*place].says).or_default() += 1;
        }
        let is_single = match field {
            Field::Mapped(place) => !self.mappings[*place].is_many,
            Field::Named(_) => base.len().max(mine.len()).max(theirs.len()) <= 1,
        };
        for place in is_new(&of_theirs, theirs.len()) {
            let their = &theirs[place];
            match my_new.get_mut(&their.says) {
                // Both added it.
                Some(count) if *count > 0 => *count -= 1,
                _ if is_single && mine.iter().any(|unit| !unit.says.is_blank()) => {
                    match my_added.first() {
                        Some(my) => self.both(field, None, &mine[*my], their),
                        None => self.conflict(field),
                    }
                }
                _ => self.add(mine, their),
            }
        }
    }

    /// One property of the base, and what became of it.
    fn unit(&mut self, field: &Field, base: &Unit, mine: Option<&Unit>, theirs: Option<&Unit>) {
        let is_changed = |unit: &Unit| unit.says != base.says;
        match (mine, theirs) {
            (_, Some(theirs)) if !is_changed(theirs) => {}
            (Some(mine), Some(theirs)) if !is_changed(mine) => self.replace(mine, theirs),
            (Some(mine), Some(theirs)) if mine.says == theirs.says => {}
            (Some(mine), Some(theirs)) => self.both(field, Some(base), mine, theirs),
            (None, Some(theirs)) => {
                self.conflict(field);
                if matches!(field, Field::Named(_)) {
                    self.add(&[], theirs);
                }
            }
            (Some(mine), None) if !is_changed(mine) => self.remove(mine),
            (Some(_), None) => self.conflict(field),
            (None, None) => {}
        }
    }

    /// Both sides changed one property. The parts of it that have mappings of their own are merged one by one.
    fn both(&mut self, field: &Field, base: Option<&Unit>, mine: &Unit, theirs: &Unit) {
        let is_component = |mapping: &Mapping| matches!(mapping.shape, Shape::Component(_));
        let Field::Mapped(place) = field else {
            return self.conflict(field);
        };
        if !is_component(&self.mappings[*place]) {
            return self.conflict(field);
        }
        let name = self.mappings[*place].sources()[0].name;
        let parts = |card: &Card, unit: Option<&Unit>| {
            let content = unit.and_then(|unit| card.content(unit.line));
            content.map_or_else(Vec::new, |content| {
                content.pieces(b';', usize::MAX, card.version())
            })
        };
        let old = parts(self.base, base);
        let (mine, theirs) = (
            parts(self.mine, Some(mine)),
            parts(self.theirs, Some(theirs)),
        );
        for index in 0..mine.len().max(theirs.len()) {
            let [old, mine, theirs] =
                [&old, &mine, &theirs].map(|parts| parts.get(index).map_or("", String::as_str));
            if theirs == old || theirs == mine {
                continue;
            }
            let part = Mapping::component(name, index);
            if mine == old {
                self.later.push((part, vec![Entry::text(theirs)]));
                continue;
            }
            let is_it = |mapping: &Mapping| {
                mapping.shape == part.shape && mapping.sources()[0].name.eq_ignore_ascii_case(name)
            };
            match self.mappings.iter().position(is_it) {
                Some(place) => self.conflict(&Field::Mapped(place)),
                None => self.conflict(&Field::Named(name.to_owned())),
            }
        }
    }

    fn conflict(&mut self, field: &Field) {
        match field {
            Field::Mapped(place) => {
                self.conflicts.insert(*place);
            }
            // It says what wrote the card, and mine is what wrote it last.
            Field::Named(name) if name == "PRODID" => {}
            Field::Named(name) => {
                self.unmapped.insert(name.clone());
            }
        }
    }

    /// The items of a list: those that they took out go, those that they added come.
    fn list(&mut self, mapping: &Mapping) {
        let [base, mine, theirs] =
            [self.base, self.mine, self.theirs].map(|card| card.entries(mapping));
        let was: HashSet<_> = base.iter().collect();
        let is: HashSet<_> = mine.iter().collect();
        let is_theirs: HashSet<_> = theirs.iter().collect();
        let stays = |entry: &&Entry| !was.contains(entry) || is_theirs.contains(entry);
        let is_new = |entry: &&Entry| !was.contains(entry) && !is.contains(entry);
        let kept = mine.iter().filter(stays);
        let merged: Vec<_> = kept.chain(theirs.iter().filter(is_new)).cloned().collect();
        if merged != mine {
            self.later.push((*mapping, merged));
        }
    }

    /// The later revision is taken.
    fn revision(&mut self, mine: &[Unit], theirs: &[Unit]) {
        let digits = |unit: &Unit| -> Vec<u8> {
            let bytes = unit.says.value.iter().flatten().copied();
            bytes.filter(u8::is_ascii_digit).collect()
        };
        match (mine.first(), theirs.first()) {
            (Some(mine), Some(theirs)) if digits(theirs) > digits(mine) => {
                self.replace(mine, theirs);
            }
            (None, Some(theirs)) => self.add(&[], theirs),
            _ => {}
        }
    }

    fn replace(&mut self, mine: &Unit, theirs: &Unit) {
        let group = self
            .mine
            .group(mine.line)
            .map(|group| String::from_utf8_lossy(group).into_owned());
        // A group of several properties keeps its name for the others.
        let is_shared = self.mine.is_shared(mine.line);
        let text = self.text(theirs, group.filter(|_| !is_shared));
        self.remove(mine);
        self.changes.instead.insert(mine.line, text);
    }

    fn remove(&mut self, mine: &Unit) {
        self.changes.instead.insert(mine.line, Vec::new());
        let lines = self.mine.companions(mine.line).iter().copied();
        for line in lines.chain(self.mine.inner(mine.line)) {
            self.changes.instead.insert(line, Vec::new());
        }
    }

    /// Writes their property behind the last one of the field.
    fn add(&mut self, mine: &[Unit], theirs: &Unit) {
        let text = self.text(theirs, None);
        let mut anchor = mine
            .last()
            .map_or_else(|| self.mine.end(), |last| last.line + 1);
        if let Some(last) = mine.last() {
            let companions = self.mine.companions(last.line);
            while companions.binary_search(&anchor).is_ok() {
                anchor += 1;
            }
        }
        self.changes.insert(anchor, &text);
    }

    /// Their property as mine would write it. A group gets a name that is free.
    fn text(&mut self, theirs: &Unit, group: Option<String>) -> Vec<u8> {
        let is_grouped = self.theirs.group(theirs.line).is_some();
        let group = is_grouped.then(|| group.unwrap_or_else(|| self.fresh.name()));
        let mut text = self
            .theirs
            .line_for(theirs.line, self.mine, group.as_deref());
        for line in self.theirs.inner(theirs.line) {
            text.extend_from_slice(self.theirs.raw(line));
        }
        let mut lines: Vec<_> = self.theirs.companions(theirs.line).to_vec();
        // The label of a group of several properties comes along with each of them.
        let label = self.theirs.label_line(theirs.line);
        lines.extend(label.filter(|line| !lines.contains(line)));
        for line in lines {
            text.extend(self.theirs.line_for(line, self.mine, group.as_deref()));
        }
        text
    }
}

/// For each property of the base the one of a side that it became: one that says the same, or has the same value, or is
/// the next that is left.
fn pair(base: &[Unit], side: &[Unit]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; base.len()];
    let mut is_free = vec![true; side.len()];
    // Of two that say the same, the first is the one that is read.
    for (place, (old, new)) in base.iter().zip(side).enumerate() {
        if old.says == new.says {
            pairs[place] = Some(place);
            is_free[place] = false;
        }
    }
    pair_by(base, side, &mut pairs, &mut is_free, |unit| &unit.says);
    pair_by(base, side, &mut pairs, &mut is_free, |unit| {
        &unit.says.value
    });
    pair_by(base, side, &mut pairs, &mut is_free, |_| ());
    pairs
}

fn pair_by<'u, K: Eq + Hash>(
    base: &'u [Unit],
    side: &'u [Unit],
    pairs: &mut [Option<usize>],
    is_free: &mut [bool],
    key: impl Fn(&'u Unit) -> K,
) {
    let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (place, unit) in side.iter().enumerate().filter(|(place, _)| is_free[*place]) {
        waiting.entry(key(unit)).or_default().push_back(place);
    }
    for (pair, unit) in pairs
        .iter_mut()
        .zip(base)
        .filter(|(pair, _)| pair.is_none())
    {
        let found = waiting.get_mut(&key(unit)).and_then(VecDeque::pop_front);
        if let Some(place) = found {
            *pair = Some(place);
            is_free[place] = false;
        }
    }
}
