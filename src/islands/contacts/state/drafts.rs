//! What was typed into forms and is not saved.

use leptos::prelude::*;

use super::signals::State;
use crate::islands::browser;
use crate::model::location::PaneRoute;
use crate::model::view::FormView;
use crate::model::view::Pane;

/// What the names of the hidden fields begin with that hold what a form started from.
pub const BASE: &str = "base-";

/// The hidden field that makes creating idempotent.
pub const KEY_ID: &str = "key";

impl State {
    /// The form that is shown with what was typed into it, where that differs from what was
    /// there before.
    pub fn unsaved(self) -> Option<FormView> {
        let pane = self.pane.read_untracked();
        let (Pane::Form(form), Some(element)) = (&*pane, browser::form_by_id("contact-form"))
        else {
            return None;
        };
        let draft = browser::read_draft(&element, "");
        // A form without the box has no tick either.
        let welcome = browser::is_ticked("welcome");
        (draft != form.draft || welcome != form.welcome).then(|| FormView {
            draft,
            welcome,
            error: None,
            // A conflict that was not decided is found again.
            saved: form.saved.clone(),
            key: browser::input_value(KEY_ID),
        })
    }

    /// Whether a form that is not shown has something typed into it.
    pub fn has_drafts(self) -> bool {
        self.kept.with_value(|kept| !kept.is_empty())
    }

    pub(super) fn keep_draft(self) {
        if let Some(form) = self.unsaved() {
            let route = self.location.read_untracked().pane;
            self.forget_draft(route, &form.key);
            self.kept.update_value(|kept| kept.push((route, form)));
        }
    }

    /// Forgets what was typed into the form that is shown, because it is saved or was given up.
    pub fn drop_draft(self) {
        self.forget_draft(
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

    pub(super) fn forget_draft(self, from: PaneRoute, key: &str) {
        self.kept
            .update_value(|kept| kept.retain(|(route, form)| *route != from || form.key != key));
    }
}
