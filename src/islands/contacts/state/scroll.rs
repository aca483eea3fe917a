//! Scrolling the list, and moving the focus in it.

use leptos::prelude::*;

use super::signals::ListRequest;
use super::signals::State;
use crate::islands::browser;
use crate::islands::contacts::loaded;
use crate::islands::contacts::window;
use crate::islands::contacts::window::View;
use crate::islands::contacts::window::row_selector;
use crate::model::contact::ContactId;

/// The row that the Tab key leads to.
pub const TAB_STOP_ROW: &str = "#contact-list [data-row]:not([tabindex='-1'])";

/// In pixels, about a page: what is so near to the rows that are loaded is added to them. A page further away takes their
/// place.
const NEAR: f64 = 3000.0;

impl State {
    /// Where the list is scrolled to; `None` while there are no rows.
    pub fn view(self) -> Option<View> {
        let rows_before = window::rows_before(&self.list.read_untracked());
        View::measure(rows_before * self.spaced_row_height.get_untracked())
    }

    /// Renders the rows in view, and loads more rows where fewer than `prefetch_pixels` are left to scroll.
    pub fn handle_scroll(self, prefetch_pixels: f64) {
        let Some(view) = self.view() else { return };
        let rows = self.list.read_untracked().rows.len();
        let range = view.range(rows);
        if *self.range.read_untracked() != range {
            self.row_had_focus.set(browser::has_focus("[data-row]"));
            self.range.set(range);
        }
        if self.row_height.get_untracked() != view.row {
            self.row_height.set(view.row);
        }
        if self.list_error.read_untracked().is_some() {
            return;
        }
        if view.is_further_than(NEAR, rows) {
            // A list that has just come may be about to be scrolled to its place.
            return request_animation_frame(move || self.load_rows_in_view());
        }
        if view.below(rows) <= prefetch_pixels {
            self.load_next();
        }
        if view.top <= prefetch_pixels || view.first() == 0 {
            self.load_previous();
        }
    }

    /// Loads the page in view in the place of the others, if they are far from it.
    fn load_rows_in_view(self) {
        let list = self.list.read_untracked();
        let view = self.view();
        if let Some(view) = view.filter(|view| view.is_further_than(NEAR, list.rows.len())) {
            self.load_more(ListRequest::At {
                index: view.index(list.offset),
                focuses: false,
            });
        }
    }

    /// Scrolls to the row of a contact unless it is in view; without a contact, to the top.
    pub fn scroll_to_contact(self, contact: Option<ContactId>) {
        let index = contact.and_then(|id| loaded::position(&self.list.read_untracked(), id));
        match (index, self.view()) {
            (Some(index), Some(view)) if !view.contains(index) => view.scroll_to(index),
            (None, Some(view)) => window::scroll_by(-view.top),
            _ => {}
        }
        self.handle_scroll(0.0);
    }

    /// Focuses the row of the contact that has so many others before it, also one that is not loaded.
    pub fn focus_index(self, index: u64) {
        let list = self.list.read_untracked();
        let row = index.wrapping_sub(list.offset) as usize;
        let is_loaded = row < list.rows.len();
        drop(list);
        if is_loaded {
            // The reader has moved on from where a pending answer would lead.
            if let ListRequest::At { focuses: true, .. } = self.last_list_request.get_untracked() {
                self.list_request_id.update(|last| *last += 1);
                self.list_busy.set(false);
            }
            self.focus_row(row);
        } else {
            self.request_list(ListRequest::At {
                index,
                focuses: true,
            });
        }
    }

    /// Focuses a row that is in view, in the place of one that is not loaded any more. The reader goes on scrolling.
    pub fn focus_row_in_view(self) {
        let Some(view) = self.view() else { return };
        let list = self.list.read_untracked();
        if let Some(row) = list.rows.get(view.first() + 1) {
            browser::focus_without_scroll(&row_selector(row.id), ".rows");
        }
    }

    /// Focuses a row, also one that is not in view or not in the document.
    pub fn focus_row(self, index: usize) {
        let row = self.list.read_untracked().rows.get(index).map(|row| row.id);
        let Some(id) = row else { return };
        let selector = row_selector(id);
        if self.range.read_untracked().contains(&index) {
            return browser::focus(&selector);
        }
        if let Some(view) = self.view() {
            view.scroll_to(index);
            self.handle_scroll(0.0);
        }
        browser::focus_next_frame(selector);
    }
}
