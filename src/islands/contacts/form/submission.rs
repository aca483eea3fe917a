//! Sending the form to the server.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::contacts as api;
use crate::components::erased_signal::ErasedSignal;
use crate::islands::browser;
use crate::islands::contacts::state::State;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::form::KEY;

/// What a form needs to be sent and to show the response.
#[derive(Clone, Copy)]
pub struct Submission {
    pub state: State,
    /// The contact that the form edits; `None` for a new one.
    pub id: Option<ContactId>,
    pub saving: ErasedSignal<bool>,
    pub error: ErasedSignal<Option<AppError>>,
}

impl Submission {
    /// Sends the form, unless a response is outstanding.
    pub fn submit(self, event: SubmitEvent) {
        event.prevent_default();
        if self.saving.get_untracked() {
            return;
        }
        let mut inputs = browser::form_inputs(&event_target(&event));
        let button = event.submitter();
        if let Some(name) = button.and_then(|button| button.get_attribute("name")) {
            inputs.push((name, "true".to_owned()));
        }
        let key = browser::input_value(KEY);
        let welcome = browser::is_ticked("welcome");
        let from = self.state.location.read_untracked().pane;
        self.set_saving(true);
        browser::spawn(async move {
            let response = api::save_contact(self.id, inputs, welcome).await;
            self.set_saving(false);
            if self.id.is_none() && response.is_ok() {
                self.state.welcome.update(|offer| offer.ticked = welcome);
            }
            if let Some(error) = self.state.handle_form_response(from, &key, response) {
                self.show_error(error);
            }
        });
    }

    /// What is typed while a form is being saved would be lost.
    fn set_saving(self, saving: bool) {
        self.saving.set(saving);
        browser::set_read_only("#contact-form", saving);
    }

    fn show_error(self, error: AppError) {
        // A form that has created its contact may create another one, with another key.
        if let AppError::AlreadyCreated { .. } = &error {
            browser::set_input_value(KEY, &browser::random_key());
        }
        self.error.set(Some(error));
        browser::focus_next_frame("#form-problem");
    }
}
