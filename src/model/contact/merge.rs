//! Two people who edit a contact at the same time: what each of them touched is kept.
//!
//! A form travels with what it showed at first. What differs from that was touched; everything
//! else is as it is saved by now. Only a field that both have touched, in different ways, needs a person.

use super::ContactDraft;
use super::Field;

/// What a form says, put over what is saved by now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merge {
    /// What was typed where something was typed, otherwise what is saved. In a field of `conflicts`,
    /// what was typed.
    pub draft: ContactDraft,
    /// Fields that others have changed meanwhile and that are kept as they are.
    pub theirs: Vec<Field>,
    /// Fields that both have changed, in different ways.
    pub conflicts: Vec<Field>,
}

impl Merge {
    /// `base` is what the form showed at first, `saved` what is saved now.
    pub fn new(base: &ContactDraft, typed: &ContactDraft, saved: &ContactDraft) -> Self {
        let mut merge = Self::default();
        for field in Field::ALL {
            let (base, typed, saved) = (base.get(field), typed.get(field), saved.get(field));
            let touched = typed != base;
            let changed = saved != base;
            if touched && changed && typed != saved {
                merge.conflicts.push(field);
            } else if changed && !touched {
                merge.theirs.push(field);
            }
            let text = if touched { typed } else { saved };
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
    fn what_each_has_touched_is_kept() {
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
    fn only_a_field_that_both_have_changed_differently_is_a_conflict() {
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
    fn what_was_typed_and_taken_back_is_not_touched() {
        let merge = Merge::new(
            &draft("Ada", "1", ""),
            &draft("Ada", "1", ""),
            &draft("Ada", "", ""),
        );
        assert_eq!(merge.draft, draft("Ada", "", ""));
        assert_eq!(merge.theirs, [Field::Phone]);
    }
}
