//! Loading the pane and showing it.

use std::time::Duration;

use leptos::prelude::*;

use super::scroll::TAB_STOP_ROW;
use super::signals::State;
use crate::api::contacts as api;
use crate::islands::browser;
use crate::islands::contacts::loaded;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::location::PaneRoute;
use crate::model::view::FormView;
use crate::model::view::Pane;

/// How long a pane loads before it shows that it is loading.
const SLOW_PANE_TIMEOUT: Duration = Duration::from_millis(300);

impl State {
    /// Loads a pane and shows it. A response to an earlier call is dropped.
    pub(super) fn load_pane(self, route: PaneRoute) {
        let request_id = self.pane_request_id.get_untracked() + 1;
        self.pane_request_id.set(request_id);
        let drafts = self.drafts.read_untracked();
        if let Some((_, form)) = drafts.iter().find(|(from, _)| *from == route) {
            return self.show_pane(Pane::Form(form.clone()));
        }
        self.pane_is_slow.set(false);
        match route {
            PaneRoute::Nothing => self.show_pane(Pane::Nothing),
            PaneRoute::New => {
                let ticked = self.welcome.read_untracked().ticked;
                let mut form = FormView::new_contact(browser::random_key(), ticked);
                form.draft = self.location.read_untracked().prefilled_draft();
                self.show_pane(Pane::Form(form));
            }
            PaneRoute::Contact(id) | PaneRoute::Edit(id) => {
                self.load_contact(route, id, request_id);
            }
        }
    }

    fn load_contact(self, route: PaneRoute, id: ContactId, request_id: u32) {
        let is_latest = move || self.pane_request_id.is_now(request_id);
        let shown = self.pane.read_untracked().row().filter(|row| row.id == id);
        let list = self.list.read_untracked();
        let listed = loaded::position(&list, id).map(|index| list.rows[index].clone());
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
        browser::spawn(async move {
            let response = api::get_contact(id).await;
            if !is_latest() {
                return;
            }
            if let Some(seconds) = response.as_ref().err().and_then(AppError::retry_after) {
                browser::set_timeout_seconds(seconds, move || {
                    if is_latest() {
                        self.load_pane(route);
                    }
                });
            }
            // The contact may have changed since the list was loaded.
            match (&response, &listed) {
                (Ok(ContactDetails { contact, .. }), Some(row))
                    if *row != ContactRow::from(contact) =>
                {
                    self.update_row(contact.clone());
                }
                (Err(AppError::NotFound), Some(_)) => {
                    self.update_list(|list| loaded::remove(list, id));
                }
                _ => {}
            }
            self.show_pane(match (response, route) {
                (Ok(details), PaneRoute::Edit(_)) => Pane::Form(FormView::edit(details.contact)),
                (Ok(details), _) => Pane::Contact(details),
                (Err(error), _) => Pane::Failed(error),
            });
        });
    }

    /// Shows a pane and moves the focus to where the reader needs it: into a form, and out of a pane that is
    /// gone. The focus stays in the list where the page shows both.
    pub(super) fn show_pane(self, pane: Pane) {
        let both_shown = browser::is_visible("#contact-list") && browser::is_visible(".pane");
        let focus = match &pane {
            Pane::Form(_) => Some("#contact-form input:not([type=hidden])"),
            // The notice of the deletion takes the focus; the list stays scrolled as it is.
            Pane::Nothing if self.location.read_untracked().deleted.is_some() => None,
            _ if both_shown && !browser::has_focus(".pane, .notice") => None,
            Pane::Nothing => Some(TAB_STOP_ROW),
            Pane::Loading(_) | Pane::Contact(_) | Pane::Failed(_) => Some("#pane-title"),
        };
        // A screen reader announces the pane itself where the focus moves to it.
        self.announcement.set(match &pane {
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
