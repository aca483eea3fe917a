//! Loading the list and changing its rows.

use leptos::prelude::*;

use super::signals::ListRequest;
use super::signals::State;
use crate::api::contacts as api;
use crate::islands::browser;
use crate::islands::browser::HistoryUpdate;
use crate::islands::contacts::loaded;
use crate::islands::contacts::window;
use crate::islands::contacts::window::View;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::location::Location;

/// Where the rows in view were before a change.
struct RowsInView {
    view: Option<View>,
    rows: Vec<(usize, ContactId)>,
}

impl State {
    /// Loads the first page of the list.
    pub fn load_first_page(self) {
        let location = Location {
            cursor: None,
            ..self.location.get_untracked()
        };
        HistoryUpdate::Replace.apply(&location.url());
        self.location.set(location);
        self.request_list(ListRequest::Reload(None));
    }

    /// Loads the page after the last row.
    pub fn load_next(self) {
        if self.list.read_untracked().next_cursor.is_some() {
            self.load_more(ListRequest::Next);
        }
    }

    /// Loads the page before the first row.
    pub fn load_previous(self) {
        if self.list.read_untracked().previous_cursor.is_some() {
            self.load_more(ListRequest::Previous);
        }
    }

    /// Requests another page, one at a time.
    pub(super) fn load_more(self, request: ListRequest) {
        if self.list_busy.get_untracked() {
            return;
        }
        // The cursors of a stale list belong to an earlier search.
        self.request_list(if self.list_is_stale.get_untracked() {
            self.last_list_request.get_untracked()
        } else {
            request
        });
    }

    pub(super) fn request_list(self, request: ListRequest) {
        let request_id = self.list_request_id.get_untracked() + 1;
        self.list_request_id.set(request_id);
        self.last_list_request.set(request);
        self.list_busy.set(true);
        let Location {
            search,
            filter,
            cursor,
            ..
        } = self.location.get_untracked();
        let list = self.list.read_untracked();
        let (cursor, around, at) = match request {
            ListRequest::Reload(around) => (cursor, around, None),
            ListRequest::Previous => (list.previous_cursor.clone(), None, None),
            ListRequest::Next => (list.next_cursor.clone(), None, None),
            ListRequest::At { index, .. } => (None, None, Some(index)),
        };
        drop(list);
        browser::spawn(async move {
            let response = api::list_contacts(search, filter, cursor, around, at).await;
            let is_latest = move || self.list_request_id.is_now(request_id);
            if !is_latest() {
                return;
            }
            let error = response.as_ref().err().cloned();
            if let Some(seconds) = error.as_ref().and_then(AppError::retry_after) {
                browser::set_timeout_seconds(seconds, move || {
                    if is_latest() {
                        self.request_list(request);
                    }
                });
            }
            self.list_busy.set(false);
            self.list_error.set(error);
            match response {
                Ok(page) => self.apply_page(request, page),
                // The rows of the earlier search stay, marked as stale.
                Err(_) => {
                    // The message is drawn anew, and with it the link that has repeated the request.
                    if browser::has_focus(".list-trouble") {
                        browser::focus_next_frame(".list-trouble a");
                    }
                    if matches!(request, ListRequest::Reload(_)) {
                        self.list_is_stale.set(true);
                    }
                }
            }
        });
    }

    fn apply_page(self, request: ListRequest, page: ContactList) {
        let count = page.rows.len();
        // This response removes the link that requested it, and the focus would be lost with the link. It
        // removes the link to the first page only where the list now has its first page.
        let link_had_focus = browser::has_focus(if page.offset > 0 {
            ".more[rel], .list-trouble"
        } else {
            ".more, .list-trouble"
        });
        let row_at_link = match request {
            ListRequest::Reload(around) => {
                self.list_is_stale.set(false);
                self.range.set(window::rendered_range(0, 0, count));
                self.list.set(page);
                return request_animation_frame(move || {
                    self.scroll_to_contact(around);
                    if link_had_focus {
                        let list = self.list.read_untracked();
                        let index = around.and_then(|id| loaded::position(&list, id));
                        drop(list);
                        self.focus_row(index.unwrap_or(0));
                    }
                });
            }
            ListRequest::At { index, focuses } => {
                let here = index.saturating_sub(page.offset) as usize;
                let moved = window::shift(&page) - window::shift(&self.list.read_untracked());
                let has_focus = browser::has_focus("[data-row]");
                self.list_is_stale.set(false);
                self.list.set(page);
                let range = self.view().map_or(0..count, |view| view.range(count));
                self.range.set(range);
                return request_animation_frame(move || {
                    if moved != 0.0 {
                        window::scroll_by(moved * self.row_height.get_untracked());
                    }
                    if focuses {
                        self.focus_row(here);
                    } else if has_focus && browser::is_focus_lost() {
                        self.focus_row_in_view();
                    }
                });
            }
            ListRequest::Previous => {
                self.update_list(|list| loaded::prepend(list, page));
                count.checked_sub(1)
            }
            ListRequest::Next => {
                let before = self.list.read_untracked().rows.len();
                self.update_list(|list| loaded::append(list, page));
                Some(before)
            }
        };
        if let Some(index) = row_at_link.filter(|_| link_had_focus) {
            self.focus_row(index);
        }
    }

    /// Changes the rows, and scrolls so that the rows in view do not move.
    pub(super) fn update_list(self, change: impl FnOnce(&mut ContactList)) {
        let in_view = self.rows_in_view();
        // It may have thousands of rows.
        let mut changed = self.list.take();
        change(&mut changed);
        self.show_list(changed, in_view);
        // A page that is on its way may be older than the change.
        if self.list_busy.get_untracked() {
            self.request_list(self.last_list_request.get_untracked());
        }
    }

    /// The rows in view, with their indices.
    fn rows_in_view(self) -> RowsInView {
        let view = self.view();
        let list = self.list.read_untracked();
        // A list that is scrolled to its very top stays at the top.
        let rows = view
            .filter(|view| view.above > 0.0 || list.offset > 0)
            .map_or(0..0, |view| view.first()..view.first() + view.rows())
            .filter_map(|index| Some((index, list.rows.get(index)?.id)))
            .collect();
        RowsInView { view, rows }
    }

    fn show_list(self, list: ContactList, RowsInView { view, rows }: RowsInView) {
        self.row_had_focus.set(browser::has_focus("[data-row]"));
        self.list.set(list);
        let list = self.list.read_untracked();
        let mut remaining = rows.into_iter().filter_map(|(before, id)| {
            let now = loaded::position(&list, id)?;
            Some((before, now))
        });
        let (Some((before, now)), Some(earlier)) = (remaining.next(), view) else {
            return;
        };
        let range = self.range.get_untracked();
        let moved = |index: usize| (index + now).saturating_sub(before).min(list.rows.len());
        self.range.set(moved(range.start)..moved(range.end));
        request_animation_frame(move || {
            if let Some(view) = self.view() {
                let pixels = view.moved_since(&earlier, now as f64 - before as f64);
                if pixels != 0.0 {
                    window::scroll_by(pixels);
                }
            }
        });
    }

    /// Updates the row of a contact that is new or has changed, and moves it to its position.
    pub(super) fn update_row(self, row: ContactRow) {
        let id = row.id;
        let mut list = self.list.take();
        loaded::replace_row(&mut list, row);
        self.list.set(list);
        self.reposition_row(id);
    }

    /// Requests the page that holds a contact, and moves its row to where that page has it.
    pub(super) fn reposition_row(self, id: ContactId) {
        let Location { search, filter, .. } = self.location.get_untracked();
        browser::spawn(async move {
            let page = api::list_contacts(search.clone(), filter, None, Some(id), None).await;
            // Without a page, the row stays where it is. A stale list is reloaded as a whole.
            let is_current = !self.list_is_stale.get_untracked()
                && self.location.read_untracked().search == search;
            let (Ok(page), true) = (page, is_current) else {
                return;
            };
            let was_here = loaded::position(&self.list.read_untracked(), id).is_some();
            self.update_list(|list| loaded::merge_page(list, page, id));
            if !was_here {
                request_animation_frame(move || self.scroll_to_contact(Some(id)));
            }
        });
    }
}
