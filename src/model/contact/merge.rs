//! Merges the edits of two people who edit a contact at the same time.
//!
//! A form carries the values that it started from. A field that differs from its start value was edited;
//! every other field takes the value that is saved now. A field that both have edited differently is a
//! conflict, which a person resolves.

use super::ContactDraft;
use super::Field;

/// The values of a form, merged into those that are saved now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// The typed value of each field that was edited, those of `conflicts` included, and the saved value of
    /// every other field.
    pub draft: ContactDraft,
    /// Fields that only others have changed meanwhile.
    pub theirs: Vec<Field>,
    /// Fields that both have changed differently.
    pub conflicts: Vec<Field>,
}

impl Merge {
    /// `base` holds the values that the form started from, `saved` those that are saved now.
    pub fn new(base: &ContactDraft, typed: &ContactDraft, saved: &ContactDraft) -> Self {
        let mut merge = Self::default();
        for field in Field::ALL {
            let (base, typed, saved) = (base.get(field), typed.get(field), saved.get(field));
            let is_edited = typed != base;
            let is_changed = saved != base;
            if is_edited && is_changed && typed != saved {
                merge.conflicts.push(field);
            } else if is_changed && !is_edited {
                merge.theirs.push(field);
            }
            let text = if is_edited { typed } else { saved };
            text.clone_into(merge.draft.get_mut(field));
        }
        merge
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(name: &str, phone: &str, notes: &str) -> ContactDraft {
        ContactDraft {
            name: name.to_owned(),
            phone: phone.to_owned(),
            notes: notes.to_owned(),
            ..ContactDraft::default()
        }
    }

    #[test]
    fn the_edits_of_both_are_kept() {
        let merge = Merge::new(
            &draft("Ada", "1", "Old"),
            &draft("Ada L", "1", "Old"),
            &draft("Ada", "2", ""),
        );
        assert_eq!(merge.draft, draft("Ada L", "2", ""));
        assert_eq!(merge.theirs, [Field::Phone, Field::Notes]);
        assert_eq!(merge.conflicts, []);
    }

    #[test]
    fn a_conflict_is_a_field_that_both_have_changed_differently() {
        let merge = Merge::new(
            &draft("Ada", "1", "Old"),
            &draft("Mine", "2", ""),
            &draft("Theirs", "2", "Old"),
        );
        assert_eq!(merge.conflicts, [Field::Name]);
        assert_eq!(merge.theirs, []);
        assert_eq!(merge.draft, draft("Mine", "2", ""));
    }

    #[test]
    fn a_field_that_was_changed_back_is_not_edited() {
        let merge = Merge::new(
            &draft("Ada", "1", ""),
            &draft("Ada", "1", ""),
            &draft("Ada", "", ""),
        );
        assert_eq!(merge.draft, draft("Ada", "", ""));
        assert_eq!(merge.theirs, [Field::Phone]);
    }
}
