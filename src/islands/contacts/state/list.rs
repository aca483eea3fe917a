//! Loading the list and changing its rows.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::signals::Ask;
use super::signals::State;
use crate::api::contacts as api;
use crate::islands::browser;
use crate::islands::browser::HistoryUpdate;
use crate::islands::contacts::loaded;
use crate::islands::contacts::window;
use crate::islands::contacts::window::View;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::location::Location;

impl State {
    /// Shows the list from its first contact on.
    pub fn back_to_first_page(self) {
        let location = Location {
            cursor: None,
            ..self.location.get_untracked()
        };
        HistoryUpdate::Replace.apply(&location.url());
        self.location.set(location);
        self.ask(Ask::Anew(None));
    }

    /// Adds the next page of the list to the rows that are there.
    pub fn load_next(self) {
        if self.list.read_untracked().next_cursor.is_some() {
            self.load_more(Ask::Next);
        }
    }

    /// Adds the page before the rows that are there.
    pub fn load_previous(self) {
        if self.list.read_untracked().previous_cursor.is_some() {
            self.load_more(Ask::Previous);
        }
    }

    /// Asks for a page beside the rows that are there, one at a time.
    fn load_more(self, what: Ask) {
        if self.list_busy.get_untracked() {
            return;
        }
        // The cursors of a stale list belong to an earlier search than the address names.
        self.ask(if self.list_is_stale.get_untracked() {
            self.asked.get_value()
        } else {
            what
        });
    }

    pub(super) fn ask(self, what: Ask) {
        let question = self.list_question.with_value(|last| last + 1);
        self.list_question.set_value(question);
        self.asked.set_value(what);
        self.list_busy.set(true);
        let Location { search, cursor, .. } = self.location.get_untracked();
        let (cursor, around) = match what {
            Ask::Anew(around) => (cursor, around),
            Ask::Previous => (self.list.read_untracked().previous_cursor.clone(), None),
            Ask::Next => (self.list.read_untracked().next_cursor.clone(), None),
        };
        spawn_local(async move {
            let answer = api::list_contacts(search, cursor, around).await;
            let is_latest = move || self.list_question.try_get_value() == Some(question);
            if !is_latest() {
                return;
            }
            let error = answer.as_ref().err().cloned();
            if let Some(seconds) = error.as_ref().and_then(AppError::retry_after) {
                browser::set_timeout_seconds(seconds, move || {
                    if is_latest() {
                        self.ask(what);
                    }
                });
            }
            self.list_busy.set(false);
            self.list_error.set(error);
            match answer {
                Ok(page) => self.take(what, page),
                // What was found before stays, but not as an answer to this.
                Err(_) => {
                    if matches!(what, Ask::Anew(_)) {
                        self.list_is_stale.set(true);
                    }
                }
            }
        });
    }

    fn take(self, asked: Ask, page: ContactList) {
        let count = page.rows.len();
        // The link that was followed disappears with this answer, and would take the focus along. The
        // link to the first page does so only where the list has its first page.
        let asked_by_link = browser::has_focus(if page.offset > 0 {
            ".more[rel], .list-trouble"
        } else {
            ".more, .list-trouble"
        });
        let next_to_link = match asked {
            Ask::Anew(around) => {
                self.list_is_stale.set(false);
                self.range.set(window::around(0, 0, count));
                self.list.set(page);
                return request_animation_frame(move || {
                    self.scroll_to_contact(around);
                    if asked_by_link {
                        let list = self.list.read_untracked();
                        let index = around.and_then(|id| loaded::position(&list, id));
                        drop(list);
                        self.focus_row(index.unwrap_or(0));
                    }
                });
            }
            Ask::Previous => {
                self.change_list(|list| loaded::prepend(list, page));
                count.checked_sub(1)
            }
            Ask::Next => {
                let before = self.list.read_untracked().rows.len();
                self.change_list(|list| loaded::append(list, page));
                Some(before)
            }
        };
        if let Some(index) = next_to_link.filter(|_| asked_by_link) {
            self.focus_row(index);
        }
    }

    /// Changes the rows, and keeps those in view where they are.
    pub(super) fn change_list(self, change: impl FnOnce(&mut ContactList)) {
        let view = View::measure();
        let list = self.list.read_untracked();
        // At the very top, the top is what stays.
        let in_view = view
            .filter(|view| view.above > 0.0 || list.offset > 0)
            .map_or(0..0, |view| view.first()..view.first() + view.rows())
            .filter_map(|index| Some((index, list.rows.get(index)?.id)))
            .collect::<Vec<_>>();
        drop(list);
        self.row_had_focus
            .set_value(browser::has_focus("[data-row]"));
        self.list.update(change);
        let list = self.list.read_untracked();
        let mut still_there = in_view.into_iter().filter_map(|(before, id)| {
            let now = loaded::position(&list, id)?;
            Some((before, now))
        });
        let (Some((before, now)), Some(earlier)) = (still_there.next(), view) else {
            return;
        };
        let range = self.range.get_untracked();
        let moved = |index: usize| (index + now).saturating_sub(before).min(list.rows.len());
        self.range.set(moved(range.start)..moved(range.end));
        request_animation_frame(move || {
            if let Some(view) = View::measure() {
                let pixels = view.moved_since(&earlier, now as f64 - before as f64);
                if pixels != 0.0 {
                    window::scroll_by(pixels);
                }
            }
        });
    }

    /// Puts a contact that is new or has changed where it belongs.
    pub(super) fn settle(self, contact: Contact) {
        let id = contact.id;
        self.list.update(|list| {
            let row = ContactRow {
                id,
                name: contact.name,
                email: contact.email,
            };
            loaded::rename(list, row);
        });
        self.place_anew(id);
    }

    /// Asks the server where a contact stands in the list, and puts its row there.
    pub(super) fn place_anew(self, id: ContactId) {
        let search = self.location.read_untracked().search.clone();
        spawn_local(async move {
            let page = api::list_contacts(search.clone(), None, Some(id)).await;
            // Without an answer, what is known stays. A stale list comes anew as a whole.
            let fits = !self.list_is_stale.get_untracked()
                && self.location.read_untracked().search == search;
            let (Ok(page), true) = (page, fits) else {
                return;
            };
            let was_here = loaded::position(&self.list.read_untracked(), id).is_some();
            self.change_list(|list| loaded::settle(list, page, id));
            if !was_here {
                request_animation_frame(move || self.scroll_to_contact(Some(id)));
            }
        });
    }
}
