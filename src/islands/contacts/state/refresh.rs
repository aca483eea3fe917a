//! Showing what others have changed, in place: what the reader does goes before.

use std::sync::Arc;

use leptos::prelude::*;

use super::signals::State;
use crate::api::contacts as api;
use crate::islands::browser;
use crate::islands::contacts::loaded;
use crate::islands::contacts::window;
use crate::islands::contacts::window::MAX_UNWINDOWED_ROWS;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::html::escape_html;
use crate::model::language::t;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::Pane;

/// In seconds, after a failure for which the server names no time.
const RETRY_DELAY: u32 = 10;

/// In seconds: how long a screen reader may take to meet a change that it does not announce.
const QUIET_TIME: u32 = 1;

/// A row that has the focus may be far from the rows in view. At most so many requests are made for all of them.
const MAX_REQUESTS: usize = 4;

impl State {
    /// Requests the list and the contact in the pane again, and shows what is different. Returns the number of seconds
    /// after which it has to be done again, if it has to: because it failed, or because the reader has done something
    /// meanwhile.
    pub async fn refresh(self) -> Option<u32> {
        match self.try_refresh().await {
            Ok(is_done) => (!is_done).then_some(0),
            Err(error) => Some(error.retry_after().unwrap_or(RETRY_DELAY)),
        }
    }

    async fn try_refresh(self) -> Result<bool, AppError> {
        let list = self.list.read_untracked();
        let pane = self.pane.read_untracked();
        let is_settled = || {
            let is_busy = self.list_busy.get_untracked()
                || self.list_is_stale.get_untracked()
                || self.pane_busy.get_untracked()
                // What the reader saves is no change of others.
                || browser::query("#contact-form [aria-disabled]").is_some();
            !is_busy
                && Arc::ptr_eq(&list, &self.list.read_untracked())
                && Arc::ptr_eq(&pane, &self.pane.read_untracked())
        };
        if !is_settled() {
            return Ok(false);
        }
        let shown = self.shown_rows(&list);
        let fresh = self.fetch_shown(&list, shown).await?;
        let found = match pane.contact() {
            Some(id) => match api::get_contact(id).await {
                Ok(details) => Some(Some(details)),
                Err(AppError::NotFound) => Some(None),
                Err(error) => return Err(error),
            },
            None => None,
        };
        // A reader who has scrolled meanwhile sees other rows.
        if !is_settled() || self.shown_rows(&list).as_ptr_range() != shown.as_ptr_range() {
            return Ok(false);
        }
        if !loaded::has_part(&list, &fresh) {
            drop(list);
            self.show_fresh(fresh);
        }
        if let Some(found) = found {
            self.show_found(&pane, found);
        }
        Ok(true)
    }

    /// Shows in the pane what has become of its contact; `None` if it is in the trash.
    fn show_found(self, pane: &Pane, found: Option<ContactDetails>) {
        match (pane, found) {
            (Pane::Contact(known), Some(details)) => self.show_newer(known, details),
            (Pane::Contact(known), None) => {
                self.show_deleted(known.row.clone(), browser::has_focus(".pane"));
            }
            (Pane::Form(form), Some(details)) => {
                let started_from = form.saved.as_ref().map(|saved| saved.version);
                self.tell_form(if started_from != Some(details.version) {
                    t!("This contact was changed by somebody else.")
                } else {
                    ""
                });
            }
            (_, None) => {
                self.tell_form(t!("This contact was moved to the trash by somebody else."));
            }
            (_, Some(_)) => {}
        }
    }

    /// The pages with the rows that the reader sees. A row that others have removed is on no page, so several rows are
    /// tried.
    async fn fetch_shown(
        self,
        list: &ContactList,
        shown: &[ContactRow],
    ) -> Result<ContactList, AppError> {
        let Location { search, filter, .. } = self.location.get_untracked();
        let is_shown = |row: &ContactRow| shown.iter().any(|other| other.id == row.id);
        let begins = list.offset == 0 && shown.as_ptr() == list.rows.as_ptr();
        let mut fresh = ContactList::default();
        for attempt in 0..MAX_REQUESTS.min(shown.len() + 1) {
            let mut cursor = None;
            let mut around = None;
            match fresh.rows.iter().position(is_shown) {
                // The list may begin before its first row now.
                None if attempt > 0 || !begins => {
                    around = shown
                        .get(attempt * shown.len() / MAX_REQUESTS)
                        .map(|row| row.id);
                }
                None => {}
                Some(first) if first + shown.len() > fresh.rows.len() => {
                    cursor.clone_from(&fresh.next_cursor);
                    if cursor.is_none() {
                        break;
                    }
                }
                Some(_) => break,
            }
            let is_next = cursor.is_some();
            let page =
                api::list_contacts(search.clone(), filter.clone(), cursor, around, None).await?;
            if is_next {
                loaded::append(&mut fresh, page);
            } else {
                fresh = page;
            }
        }
        Ok(fresh)
    }

    /// The rows that have to stay in the document: all of a short list; otherwise those in view, the one with the focus,
    /// and those between.
    fn shown_rows(self, list: &ContactList) -> &[ContactRow] {
        let count = list.rows.len();
        let view = self.view();
        let mut range = match view.filter(|_| count > MAX_UNWINDOWED_ROWS) {
            Some(view) => view.first()..view.first() + view.rows() + 2,
            None => 0..count,
        };
        let focused = document().active_element().map(Into::into);
        let focused = window::row_of(focused).and_then(|id| loaded::position(list, id));
        if let Some(index) = focused {
            range = range.start.min(index)..range.end.max(index + 1);
        }
        &list.rows[range.start.min(count)..range.end.min(count)]
    }

    fn show_fresh(self, fresh: ContactList) {
        for row in &fresh.rows {
            // Others have restored it.
            self.remove_notice(row.id);
        }
        if let Some(count) = browser::query("#count") {
            let _ = count.set_attribute("aria-live", "off");
            browser::set_timeout_seconds(QUIET_TIME, move || {
                let _ = count.remove_attribute("aria-live");
            });
        }
        self.update_list(|list| *list = fresh);
    }

    /// Shows a newer state of the contact in the pane. The pane is drawn anew only where the contact is different.
    fn show_newer(self, known: &ContactDetails, details: ContactDetails) {
        let ContactDetails { activities, .. } = &details;
        if *activities != known.activities {
            if let (true, Some(last)) = (known.activities.pending, activities.list.last()) {
                self.announcement.set(last.text.clone());
            }
            self.activities.set(activities.clone());
        }
        let is_changed = details.version != known.version;
        let pane = Pane::Contact(details);
        if !is_changed {
            return self.pane.update_untracked(|shown| *shown = pane);
        }
        let focused = focused_in_pane();
        document().set_title(&pane.title());
        self.pane.set(pane);
        if let Some(selector) = focused {
            request_animation_frame(move || {
                if browser::is_focus_lost() {
                    let is_there = browser::query(&selector).is_some();
                    let selector = if is_there { &*selector } else { "#pane-title" };
                    browser::focus_without_scroll(selector, ".pane");
                }
            });
        }
    }

    /// Says above a form what others have done to its contact, with a link to the contact. What was typed waits until
    /// the form is open again.
    fn tell_form(self, text: &str) {
        let Some(status) = browser::query("#form-status") else {
            return;
        };
        let location = self.location.read_untracked();
        let id = location.pane.contact();
        let href = id.map(|id| location.with_pane(PaneRoute::Contact(id)).url());
        let href = escape_html(&href.unwrap_or_default());
        let html = if text.is_empty() {
            String::new()
        } else {
            let link = [
                " <a class=\"underline\" href=\"",
                &href,
                "\">",
                t!("Show it as it is now"),
                "</a>",
            ]
            .concat();
            ["<p class=\"merged\">", text, &link, "</p>"].concat()
        };
        // A screen reader says it once.
        if status.inner_html() != html {
            status.set_inner_html(&html);
        }
    }
}

/// Finds the element with the focus again after the pane was drawn anew.
fn focused_in_pane() -> Option<String> {
    let focused = document().active_element()?;
    focused.closest(".pane").ok()??;
    let id = focused.id();
    let found = match focused.get_attribute("href") {
        Some(href) => ["[href='", &href, "']"].concat(),
        None if !id.is_empty() => ["#", &id].concat(),
        None => focused.tag_name(),
    };
    Some([".pane ", &found].concat())
}
