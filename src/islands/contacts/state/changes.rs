//! Saving, deleting and restoring a contact.

use super::notices::notice_id;
use super::signals::State;
use crate::api::contacts as api;
use crate::islands::browser;
use crate::islands::browser::HistoryUpdate;
use crate::islands::contacts::loaded;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::form::KEY;
use crate::model::form::Saving;
use crate::model::language::t;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::Notice;
use crate::model::view::Pane;

impl State {
    /// Handles the response to a form that was sent from `from` with `key`. A reader who has moved on, even
    /// to another new contact, stays there: only the list changes, and an error is shown as a notice.
    /// Returns the error that the form itself has to show.
    pub fn handle_form_response(
        self,
        from: PaneRoute,
        key: &str,
        response: Result<Saving, AppError>,
    ) -> Option<AppError> {
        let pane = self.location.read_untracked().pane;
        let is_here = pane == from && browser::input_value(KEY) == key;
        match response {
            Ok(Saving::Saved(details)) if is_here => {
                self.discard_draft();
                self.show_saved(details);
            }
            Ok(Saving::Saved(details)) => {
                self.remove_draft(from, key);
                self.update_row(details.row.clone());
                if pane == PaneRoute::Contact(details.row.id) {
                    self.show_pane(Pane::Contact(details));
                }
            }
            Ok(Saving::Again(form)) if is_here => {
                let focus = if form.conflict.is_empty() {
                    "#contact-form [aria-invalid=true]"
                } else {
                    "#form-problem"
                };
                self.pane.set(Pane::Form(form));
                browser::focus_next_frame(focus);
            }
            // What was typed waits among the drafts.
            Ok(Saving::Again(form)) => self.problem.set(form.error.or_else(|| {
                Some(AppError::bad_request(t!(
                    "Someone else has changed the same contact. Open its form again to choose."
                )))
            })),
            Err(error) if is_here => return Some(error),
            Err(error) => self.problem.set(Some(error)),
        }
        None
    }

    /// Shows a contact from the response of the server, without another request.
    pub(super) fn show_saved(self, details: ContactDetails) {
        self.stash_draft();
        // The response to an earlier request is dropped.
        self.pane_request_id.update(|last| *last += 1);
        let pane = PaneRoute::Contact(details.row.id);
        let location = self.location.read_untracked().with_opened_pane(pane);
        HistoryUpdate::Push.apply(&location.url());
        self.remove_notice(details.row.id);
        self.problem.set(None);
        self.location.set(location);
        self.update_row(details.row.clone());
        self.show_pane(Pane::Contact(details));
    }

    /// Moves a contact to the trash and offers to undo that.
    pub fn delete(self, contact: ContactRow) {
        self.pane_busy.set(true);
        browser::spawn(async move {
            match api::delete_contact(contact.id).await {
                // A contact that is not found is in the trash already.
                Ok(()) | Err(AppError::NotFound) => {}
                Err(error) => {
                    self.pane_busy.set(false);
                    return self.problem.set(Some(error));
                }
            }
            // The focus stays where the reader has moved it meanwhile.
            let moves_focus = browser::has_focus(".pane, .notice") || browser::is_focus_lost();
            let list = self.list.read_untracked();
            let is_loaded = loaded::position(&list, contact.id).is_some();
            let neighbour = list.rows.first().map_or(contact.id, |row| row.id);
            drop(list);
            if is_loaded {
                self.update_list(|list| loaded::remove(list, contact.id));
            } else {
                // Only the server knows whether the search finds the contact, and at which position.
                self.reposition_row(neighbour);
            }
            self.show_deleted(contact, moves_focus);
        });
    }

    /// Closes the pane of a contact that is in the trash, and offers to undo that.
    pub(super) fn show_deleted(self, contact: ContactRow, moves_focus: bool) {
        if self.location.read_untracked().pane.contact() == Some(contact.id) {
            let location = Location {
                deleted: Some(contact.id),
                ..self.location.read_untracked().with_pane(PaneRoute::Nothing)
            };
            // "Back" would lead to a contact that is gone.
            self.navigate(location, HistoryUpdate::Replace);
            if moves_focus {
                browser::focus_next_frame(["#", &notice_id(contact.id), " button"].concat());
            }
        }
        self.add_notice(Notice {
            id: contact.id,
            name: contact.name,
        });
    }

    /// Restores a contact and shows it, unless the reader has moved on or has typed into a form.
    pub fn restore(self, id: ContactId) {
        if self.restoring.get_untracked() == Some(id) {
            return;
        }
        self.restoring.set(Some(id));
        let from = self.location.read_untracked().pane;
        browser::spawn(async move {
            let response = api::restore_contact(id).await;
            self.restoring.set(None);
            let stays =
                self.location.read_untracked().pane == from && self.unsaved_form().is_none();
            match response {
                Ok(details) if stays => self.show_saved(details),
                Ok(details) => {
                    self.remove_notice(id);
                    self.update_row(details.row);
                }
                Err(error) => self.problem.set(Some(error)),
            }
        });
    }
}
