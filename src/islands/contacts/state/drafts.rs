//! What the reader has typed into forms and not saved.

use super::signals::State;
use crate::islands::browser;
use crate::model::location::PaneRoute;
use crate::model::view::FormView;
use crate::model::view::Pane;

/// The prefix of the names of the hidden fields that hold the values that a form started from.
pub const BASE_PREFIX: &str = "base-";

/// The id of the hidden field with the idempotency key.
pub const KEY_ID: &str = "key";

impl State {
    /// The form that is shown with its current values; `None` where they are those that it started with.
    pub fn unsaved_form(self) -> Option<FormView> {
        let pane = self.pane.read_untracked();
        let (Pane::Form(form), Some(element)) = (&*pane, browser::form_by_id("contact-form"))
        else {
            return None;
        };
        let draft = browser::read_draft(&element, "");
        // A form without the box counts as one with an unticked box.
        let welcome = browser::is_ticked("welcome");
        (draft != form.draft || welcome != form.welcome).then(|| FormView {
            draft,
            welcome,
            error: None,
            // The next save finds an unresolved conflict again.
            saved: form.saved.clone(),
            key: browser::input_value(KEY_ID),
        })
    }

    /// Whether a form that is not shown has unsaved values.
    pub fn has_drafts(self) -> bool {
        !self.drafts.read_untracked().is_empty()
    }

    pub(super) fn stash_draft(self) {
        if let Some(form) = self.unsaved_form() {
            let route = self.location.read_untracked().pane;
            self.remove_draft(route, &form.key);
            self.drafts.update(|drafts| drafts.push((route, form)));
        }
    }

    /// Discards what was typed into the form that is shown, because it was saved or cancelled.
    pub fn discard_draft(self) {
        self.remove_draft(
            self.location.read_untracked().pane,
            &browser::input_value(KEY_ID),
        );
        self.pane.update_untracked(|pane| {
            if let (Pane::Form(form), Some(element)) = (pane, browser::form_by_id("contact-form")) {
                form.draft = browser::read_draft(&element, "");
                form.welcome = browser::is_ticked("welcome");
            }
        });
    }

    pub(super) fn remove_draft(self, from: PaneRoute, key: &str) {
        self.drafts.update(|drafts| {
            drafts.retain(|(route, form)| *route != from || form.key != key);
        });
    }
}
