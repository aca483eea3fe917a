//! Loading and showing what stands beside the list.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::scroll::FIRST_ROW;
use super::signals::State;
use crate::api::contacts as api;
use crate::islands::browser;
use crate::islands::contacts::loaded;
use crate::model::contact::ContactDetails;
use crate::model::error::AppError;
use crate::model::location::PaneRoute;
use crate::model::view::FormView;
use crate::model::view::Pane;

/// How long nothing is said of an answer that takes its time.
const PATIENCE: Duration = Duration::from_millis(300);

impl State {
    pub(super) fn load_pane(self, route: PaneRoute) {
        let question = self.pane_question.with_value(|last| last + 1);
        self.pane_question.set_value(question);
        let kept = self.kept.with_value(|kept| {
            let kept = kept.iter().find(|(from, _)| *from == route);
            kept.map(|(_, form)| form.clone())
        });
        if let Some(form) = kept {
            return self.show(Pane::Form(form));
        }
        self.pane_is_slow.set(false);
        let id = match route {
            PaneRoute::Nothing => return self.show(Pane::Nothing),
            PaneRoute::New => {
                let usual = self.welcome.with_value(|welcome| welcome.usual);
                let mut form = FormView::new_contact(browser::random_key(), usual);
                form.draft = self.location.read_untracked().prefilled_draft();
                return self.show(Pane::Form(form));
            }
            PaneRoute::Contact(id) | PaneRoute::Edit(id) => id,
        };
        let is_latest = move || self.pane_question.try_get_value() == Some(question);
        let here = self.pane.read_untracked().row().filter(|row| row.id == id);
        let list = self.list.read_untracked();
        let listed = loaded::position(&list, id).map(|index| list.rows[index].clone());
        drop(list);
        let coming = Pane::Coming(listed.clone().or_else(|| here.clone()));
        // What is known of the same contact may stay a moment longer; of another one, nothing may.
        if here.is_none() {
            self.show(coming.clone());
        }
        let grow_slow = move || {
            if is_latest() && self.pane_busy.get_untracked() {
                self.pane_is_slow.set(true);
                if here.is_some() {
                    self.show(coming);
                    self.pane_busy.set(true);
                }
            }
        };
        set_timeout(grow_slow, PATIENCE);
        self.pane_busy.set(true);
        spawn_local(async move {
            let answer = api::get_contact(id).await;
            if !is_latest() {
                return;
            }
            if let Some(seconds) = answer.as_ref().err().and_then(AppError::retry_after) {
                browser::set_timeout_seconds(seconds, move || {
                    if is_latest() {
                        self.load_pane(route);
                    }
                });
            }
            // The row may tell what the contact was when the list came.
            match (&answer, &listed) {
                (Ok(ContactDetails { contact, .. }), Some(row))
                    if row.name != contact.name || row.email != contact.email =>
                {
                    self.settle(contact.clone());
                }
                (Err(AppError::NotFound), Some(_)) => {
                    self.change_list(|list| loaded::remove(list, id));
                }
                _ => {}
            }
            self.show(match (answer, route) {
                (Ok(details), PaneRoute::Edit(_)) => Pane::Form(FormView::edit(details.contact)),
                (Ok(details), _) => Pane::Contact(details),
                (Err(error), _) => Pane::Failed(error),
            });
        });
    }

    /// Puts a pane on the page and moves the focus to where it is needed next: into a form, and
    /// out of a pane that is no longer there. Whoever is in the list stays in the list.
    pub(super) fn show(self, pane: Pane) {
        let both_shown = browser::is_visible("#contact-list") && browser::is_visible(".pane");
        let focus = match &pane {
            Pane::Form(_) => Some("#contact-form input:not([type=hidden])"),
            // The notice of the deletion takes the focus; the list stays scrolled as it is.
            Pane::Nothing if self.location.read_untracked().deleted.is_some() => None,
            _ if both_shown && !browser::has_focus(".pane, .notice") => None,
            Pane::Nothing => Some(FIRST_ROW),
            Pane::Coming(_) | Pane::Contact(_) | Pane::Failed(_) => Some("#pane-title"),
        };
        // Where the focus goes along, it says so itself.
        self.spoken.set(match &pane {
            Pane::Contact(details) if focus.is_none() => details.contact.name.clone(),
            _ => String::new(),
        });
        self.pane_busy.set(false);
        document().set_title(&pane.title());
        self.pane.set(pane);
        if let Some(selector) = focus {
            browser::focus_next_frame(selector);
        }
    }
}
