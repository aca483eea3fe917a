//! Loading the pane and showing it.

use std::time::Duration;

use leptos::prelude::*;

use super::scroll::TAB_STOP_ROW;
use super::signals::Draft;
use super::signals::State;
use crate::api::contacts as api;
use crate::islands::browser;
use crate::islands::contacts::loaded;
use crate::model::contact::ContactId;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::form::FormInputs;
use crate::model::location::PaneRoute;
use crate::model::view::Pane;

/// How long a pane loads before it shows that it is loading.
const SLOW_PANE_TIMEOUT: Duration = Duration::from_millis(300);

impl State {
    /// Loads a pane and shows it. A response to an earlier call is dropped.
    pub(super) fn load_pane(self, route: PaneRoute) {
        let request_id = self.pane_request_id.get_untracked() + 1;
        self.pane_request_id.set(request_id);
        self.pane_is_slow.set(false);
        match route {
            PaneRoute::Nothing => self.show_pane(Pane::Nothing),
            PaneRoute::New => self.load_form(None, request_id),
            PaneRoute::Edit(id) => self.load_form(Some(id), request_id),
            PaneRoute::Contact(id) => self.load_contact(id, request_id),
        }
    }

    /// Loads a form, with what was typed into it before.
    fn load_form(self, id: Option<ContactId>, request_id: u32) {
        let location = self.location.get_untracked();
        let drafts = self.drafts.read_untracked();
        let draft = drafts.iter().find(|draft| draft.route == location.pane);
        let draft = draft.cloned().unwrap_or_else(|| Draft {
            route: location.pane,
            inputs: if id.is_none() {
                location.prefilled_inputs()
            } else {
                FormInputs::new()
            },
            welcome: self.welcome.read_untracked().ticked,
        });
        drop(drafts);
        self.show_loading(id, request_id);
        browser::spawn(async move {
            let response = api::contact_form(id, draft.inputs, draft.welcome).await;
            if self.is_answer(&response, request_id) {
                self.show_pane(response.map_or_else(Pane::Failed, Pane::Form));
            }
        });
    }

    /// Shows what is known of a contact while it is loading. Returns its row in the list.
    fn show_loading(self, id: Option<ContactId>, request_id: u32) -> Option<ContactRow> {
        let is_latest = move || self.pane_request_id.is_now(request_id);
        let shown = self.pane.read_untracked().row();
        let shown = shown.filter(|row| Some(row.id) == id);
        let list = self.list.read_untracked();
        let listed = id.and_then(|id| loaded::position(&list, id));
        let listed = listed.map(|index| list.rows[index].clone());
        drop(list);
        let loading = Pane::Loading(listed.clone().or_else(|| shown.clone()));
        // A pane with the same contact may stay for a moment, one with another contact may not.
        if shown.is_none() {
            self.show_pane(loading.clone());
        }
        let show_slow = move || {
            if is_latest() && self.pane_busy.get_untracked() {
                self.pane_is_slow.set(true);
                if shown.is_some() {
                    self.show_pane(loading);
                    self.pane_busy.set(true);
                }
            }
        };
        set_timeout(show_slow, SLOW_PANE_TIMEOUT);
        self.pane_busy.set(true);
        listed
    }

    /// Whether a response is the one to the last request. The request is made again when the server allows it.
    fn is_answer<T>(self, response: &Result<T, AppError>, request_id: u32) -> bool {
        let is_latest = move || self.pane_request_id.is_now(request_id);
        if !is_latest() {
            return false;
        }
        if let Some(seconds) = response.as_ref().err().and_then(AppError::retry_after) {
            browser::set_timeout_seconds(seconds, move || {
                if is_latest() {
                    self.load_pane(self.location.read_untracked().pane);
                }
            });
        }
        true
    }

    fn load_contact(self, id: ContactId, request_id: u32) {
        let listed = self.show_loading(Some(id), request_id);
        browser::spawn(async move {
            let response = api::get_contact(id).await;
            if !self.is_answer(&response, request_id) {
                return;
            }
            // The contact may have changed since the list was loaded.
            match (&response, &listed) {
                (Ok(details), Some(row)) if !row.says_the_same(&details.row) => {
                    self.update_row(details.row.clone());
                }
                (Err(AppError::NotFound), Some(_)) => {
                    self.update_list(|list| loaded::remove(list, id));
                }
                _ => {}
            }
            self.show_pane(response.map_or_else(Pane::Failed, Pane::Contact));
        });
    }

    /// Shows a pane and moves the focus to where the reader needs it: into a form, and out of a pane that is
    /// gone. The focus stays in the list where the page shows both.
    pub(super) fn show_pane(self, pane: Pane) {
        let both_shown = browser::is_visible("#contact-list") && browser::is_visible(".pane");
        let focus = match &pane {
            Pane::Form(_) => Some("#contact-form [autofocus]"),
            // The notice of the deletion takes the focus; the list stays scrolled as it is.
            Pane::Nothing if self.location.read_untracked().deleted.is_some() => None,
            _ if both_shown && !browser::has_focus(".pane, .notice") => None,
            Pane::Nothing => Some(TAB_STOP_ROW),
            Pane::Loading(_) | Pane::Contact(_) | Pane::Failed(_) => Some("#pane-title"),
        };
        // A screen reader announces the pane itself where the focus moves to it.
        self.announcement.set(match &pane {
            Pane::Contact(details) if focus.is_none() => details.row.name.clone(),
            _ => String::new(),
        });
        self.pane_busy.set(false);
        document().set_title(&pane.title());
        if let Pane::Form(form) = &pane {
            self.form_start.set(form.inputs.clone());
        }
        self.pane.set(pane);
        if let Some(selector) = focus {
            browser::focus_next_frame(selector);
        }
    }
}
