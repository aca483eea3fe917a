//! What the reader has typed into forms and not saved.

use super::signals::Draft;
use super::signals::State;
use crate::islands::browser;
use crate::model::form::CHOICE;
use crate::model::form::FormInputs;
use crate::model::form::KEY;
use crate::model::location::PaneRoute;
use crate::model::view::Pane;

impl State {
    /// The inputs of the form that is shown; `None` where they are those that it started with.
    pub fn unsaved_form(self) -> Option<FormInputs> {
        if !matches!(*self.pane.read_untracked(), Pane::Form(_)) {
            return None;
        }
        let inputs = browser::form_inputs(&browser::form_by_id("contact-form")?);
        let said = said(&inputs);
        (said != *self.form_start.read_untracked()).then_some(inputs)
    }

    /// Whether a form that is not shown has unsaved values.
    pub fn has_drafts(self) -> bool {
        !self.drafts.read_untracked().is_empty()
    }

    pub(super) fn stash_draft(self) {
        if let Some(inputs) = self.unsaved_form() {
            let route = self.location.read_untracked().pane;
            self.remove_draft(route, &browser::input_value(KEY));
            let welcome = browser::is_ticked("welcome");
            self.drafts.update(|drafts| {
                drafts.push(Draft {
                    route,
                    inputs,
                    welcome,
                });
            });
        }
    }

    /// Discards what was typed into the form that is shown, because it was saved or cancelled.
    pub fn discard_draft(self) {
        self.remove_draft(
            self.location.read_untracked().pane,
            &browser::input_value(KEY),
        );
        if let Some(form) = browser::form_by_id("contact-form") {
            self.form_start.set(said(&browser::form_inputs(&form)));
        }
    }

    pub(super) fn remove_draft(self, from: PaneRoute, key: &str) {
        let is_key = |(name, value): &(String, String)| name == KEY && value != key;
        self.drafts.update(|drafts| {
            drafts.retain(|draft| draft.route != from || draft.inputs.iter().any(is_key));
        });
    }
}

/// What inputs say to the reader: not the blank ones, and not what the server has hidden in the form.
pub fn said(inputs: &FormInputs) -> FormInputs {
    let is_said = |(name, value): &&(String, String)| {
        !value.is_empty() && name != KEY && name != "base" && !name.starts_with(CHOICE)
    };
    inputs.iter().filter(is_said).cloned().collect()
}
