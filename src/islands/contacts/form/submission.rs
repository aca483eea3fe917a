//! Sending the form to the server.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::contacts as api;
use crate::components::erased_signal::ErasedSignal;
use crate::islands::browser;
use crate::islands::contacts::conflict::Conflict;
use crate::islands::contacts::state::BASE_PREFIX;
use crate::islands::contacts::state::KEY_ID;
use crate::islands::contacts::state::State;
use crate::model::contact::Contact;
use crate::model::contact::ContactDraft;
use crate::model::contact::ContactId;
use crate::model::contact::Field;
use crate::model::contact::Merge;
use crate::model::error::AppError;

/// What a form needs to be sent and to show the response.
#[derive(Clone, Copy)]
pub struct Submission {
    pub state: State,
    /// The contact that the form edits; `None` for a new one.
    pub id: Option<ContactId>,
    pub saving: ErasedSignal<bool>,
    pub error: ErasedSignal<Option<AppError>>,
    pub conflicts: ErasedSignal<Vec<Conflict>>,
}

impl Submission {
    /// Sends the form, unless a response is outstanding.
    pub fn submit(self, event: SubmitEvent) {
        event.prevent_default();
        if self.saving.get_untracked() {
            return;
        }
        let form = event_target(&event);
        let draft = browser::read_draft(&form, "");
        let base = browser::read_draft(&form, BASE_PREFIX);
        let key = browser::input_value(KEY_ID);
        let welcome = browser::is_ticked("welcome");
        let restore = event
            .submitter()
            .is_some_and(|button| button.has_attribute("name"));
        let from = self.state.location.read_untracked().pane;
        self.saving.set(true);
        browser::spawn(async move {
            let response = match self.id {
                None => api::create_contact(draft.clone(), welcome, key.clone()).await,
                Some(id) => api::update_contact(id, base.clone(), draft.clone(), restore).await,
            };
            self.saving.set(false);
            if self.id.is_none() && response.is_ok() {
                self.state.welcome.update(|offer| offer.ticked = welcome);
            }
            if let Some(error) = self.state.handle_form_response(from, &key, response) {
                self.show_error(error, &base, &draft);
            }
        });
    }

    fn show_error(self, error: AppError, base: &ContactDraft, draft: &ContactDraft) {
        if let AppError::Changed { current } = &error {
            let (merged, base, conflicts) = rebase(base, draft, current);
            for field in Field::ALL {
                browser::set_input_value(field.name(), merged.get(field));
                browser::set_input_value(&base_id(field), base.get(field));
            }
            self.conflicts.set(conflicts);
        }
        // A form that has created its contact may create another one, with another key.
        if let AppError::AlreadyCreated { .. } = &error {
            browser::set_input_value(KEY_ID, &browser::random_key());
        }
        let concerns_form = error.fields().is_empty();
        self.error.set(Some(error));
        browser::focus_next_frame(if concerns_form {
            "#form-problem"
        } else {
            "#contact-form [aria-invalid=true]"
        });
    }
}

/// Merges what was typed into what others have saved meanwhile. Returns the new values of the form, the
/// values that it now starts from, and the fields that the reader has to choose.
pub fn rebase(
    base: &ContactDraft,
    typed: &ContactDraft,
    current: &Contact,
) -> (ContactDraft, ContactDraft, Vec<Conflict>) {
    let saved = ContactDraft::from(current.clone());
    let merge = Merge::new(base, typed, &saved);
    let conflicts = Conflict::all(&merge, &saved);
    (merge.draft, saved, conflicts)
}

/// The id of the hidden field with the value that a field started from.
pub fn base_id(field: Field) -> String {
    [BASE_PREFIX, field.name()].concat()
}
