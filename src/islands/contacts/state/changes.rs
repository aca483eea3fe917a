//! What happens to the page when a contact is saved, deleted or restored.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::drafts::KEY_ID;
use super::notices::notice_id;
use super::signals::State;
use crate::api::contacts as api;
use crate::islands::browser;
use crate::islands::browser::HistoryUpdate;
use crate::islands::contacts::loaded;
use crate::model::contact::Contact;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::Notice;
use crate::model::view::Pane;

impl State {
    /// Takes the answer to a form that was sent from `from` under `key`. A person who has moved on, even
    /// to another new contact, is not called back: the list learns of it, and trouble is told beside
    /// what they do now. Returns the error that the form itself has to show.
    pub fn form_answered(
        self,
        from: PaneRoute,
        key: &str,
        answer: Result<ContactDetails, AppError>,
    ) -> Option<AppError> {
        let pane = self.location.read_untracked().pane;
        let is_here = pane == from && browser::input_value(KEY_ID) == key;
        match answer {
            Ok(details) if is_here => {
                self.drop_draft();
                self.arrive(details);
            }
            Ok(details) => {
                self.forget_draft(from, key);
                self.settle(details.contact.clone());
                if pane == PaneRoute::Contact(details.contact.id) {
                    self.show(Pane::Contact(details));
                }
            }
            Err(error) if is_here => return Some(error),
            Err(error) => self.problem.set(Some(error)),
        }
        None
    }

    /// Shows a contact that the server has just answered, without asking for it again.
    pub(super) fn arrive(self, details: ContactDetails) {
        self.keep_draft();
        // What was asked for before comes too late.
        self.pane_question.update_value(|last| *last += 1);
        let pane = PaneRoute::Contact(details.contact.id);
        let location = self.location.read_untracked().with_opened_pane(pane);
        HistoryUpdate::Push.apply(&location.url());
        self.forget_notice(details.contact.id);
        self.problem.set(None);
        self.location.set(location);
        self.settle(details.contact.clone());
        self.show(Pane::Contact(details));
    }

    pub fn delete(self, contact: Contact) {
        self.pane_busy.set(true);
        spawn_local(async move {
            match api::delete_contact(contact.id).await {
                // What was deleted elsewhere is in the trash as well.
                Ok(()) | Err(AppError::NotFound) => {}
                Err(error) => {
                    self.pane_busy.set(false);
                    return self.problem.set(Some(error));
                }
            }
            // Whoever is elsewhere by now stays there.
            let was_here = browser::has_focus(".pane, .notice") || browser::is_focus_lost();
            let list = self.list.read_untracked();
            let is_loaded = loaded::position(&list, contact.id).is_some();
            let neighbour = list.rows.first().map_or(contact.id, |row| row.id);
            drop(list);
            if is_loaded {
                self.change_list(|list| loaded::remove(list, contact.id));
            } else {
                // Only the server knows whether the search finds the contact, and where it stood.
                self.place_anew(neighbour);
            }
            if self.location.read_untracked().pane.contact() == Some(contact.id) {
                let location = Location {
                    deleted: Some(contact.id),
                    ..self.location.read_untracked().with_pane(PaneRoute::Nothing)
                };
                // "Back" would lead to a contact that is gone.
                self.visit(location, HistoryUpdate::Replace);
                if was_here {
                    browser::focus_next_frame(format!("#{} button", notice_id(contact.id)));
                }
            }
            self.add_notice(Notice {
                id: contact.id,
                name: contact.name,
            });
        });
    }

    /// Brings a contact back and shows it, unless the person has moved on or types into a form.
    pub fn restore(self, id: ContactId) {
        if self.restoring.get_untracked() == Some(id) {
            return;
        }
        self.restoring.set(Some(id));
        let from = self.location.read_untracked().pane;
        spawn_local(async move {
            let answer = api::restore_contact(id).await;
            self.restoring.set(None);
            let stays = self.location.read_untracked().pane == from && self.unsaved().is_none();
            match answer {
                Ok(details) if stays => self.arrive(details),
                Ok(details) => {
                    self.forget_notice(id);
                    self.settle(details.contact);
                }
                Err(error) => self.problem.set(Some(error)),
            }
        });
    }
}
