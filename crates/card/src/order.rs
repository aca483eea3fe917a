//! Which of the old entries the new ones are, and which of them stay in their places.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use crate::entry::Entry;

/// For each new entry the old one that it is: the same one, or one with the same value, or one with the same label, or
/// the next that is left.
pub(crate) fn pair(old: &[&Entry], new: &[Entry]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; new.len()];
    let mut is_free = vec![true; old.len()];
    pair_by(old, new, &mut pairs, &mut is_free, Some);
    pair_by(old, new, &mut pairs, &mut is_free, |entry| {
        Some(&entry.parts)
    });
    pair_by(old, new, &mut pairs, &mut is_free, |entry| {
        entry.label.as_ref()
    });
    pair_by(old, new, &mut pairs, &mut is_free, |_| Some(()));
    pairs
}

fn pair_by<'a, K: Eq + Hash>(
    old: &[&'a Entry],
    new: &'a [Entry],
    pairs: &mut [Option<usize>],
    is_free: &mut [bool],
    key: impl Fn(&'a Entry) -> Option<K>,
) {
    let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
    for (place, entry) in old.iter().enumerate().filter(|(place, _)| is_free[*place]) {
        if let Some(key) = key(entry) {
            waiting.entry(key).or_default().push_back(place);
        }
    }
    for (pair, entry) in pairs.iter_mut().zip(new).filter(|(pair, _)| pair.is_none()) {
        let found = key(entry).and_then(|key| waiting.get_mut(&key)?.pop_front());
        if let Some(place) = found {
            *pair = Some(place);
            is_free[place] = false;
        }
    }
}

/// The longest run of `places` that rises: these entries stay where they are. As many marks as places.
pub(crate) fn staying(places: &[Option<usize>]) -> Vec<bool> {
    // For each length, the index of the run's last place that is the smallest.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; places.len()];
    for (at, place) in places.iter().enumerate() {
        if place.is_none() {
            continue;
        }
        let length = ends.partition_point(|end| places[*end] < *place);
        before[at] = length.checked_sub(1).map(|last| ends[last]);
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut stays = vec![false; places.len()];
    let mut at = ends.last().copied();
    while let Some(place) = at {
        stays[place] = true;
        at = before[place];
    }
    stays
}
