//! Scrolling the list, and moving the focus in it.

use super::signals::State;
use crate::islands::browser;
use crate::islands::contacts::loaded;
use crate::islands::contacts::window;
use crate::islands::contacts::window::View;
use crate::islands::contacts::window::row_selector;
use crate::model::contact::ContactId;

/// The row that the Tab key leads to.
pub const TAB_STOP_ROW: &str = "#contact-list [data-row]:not([tabindex='-1'])";

impl State {
    /// Renders the rows in view, and loads more rows where fewer than `prefetch_pixels` are left to scroll.
    pub fn handle_scroll(self, prefetch_pixels: f64) {
        let Some(view) = View::measure() else { return };
        let range = view.range(self.list.read_untracked().rows.len());
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
        if view.below <= prefetch_pixels {
            self.load_next();
        }
        if view.above <= prefetch_pixels || view.first() == 0 {
            self.load_previous();
        }
    }

    /// Scrolls to the row of a contact unless it is in view; without a contact, to the top.
    pub fn scroll_to_contact(self, contact: Option<ContactId>) {
        let index = contact.and_then(|id| loaded::position(&self.list.read_untracked(), id));
        match (index, View::measure()) {
            (Some(index), Some(view)) if !view.contains(index) => view.scroll_to(index),
            (None, Some(view)) => window::scroll_by(-view.above),
            _ => {}
        }
        self.handle_scroll(0.0);
    }

    /// Focuses a row, also one that is not in view or not in the document.
    pub fn focus_row(self, index: usize) {
        let row = self.list.read_untracked().rows.get(index).map(|row| row.id);
        let Some(id) = row else { return };
        let selector = row_selector(id);
        if self.range.read_untracked().contains(&index) {
            return browser::focus(&selector);
        }
        if let Some(view) = View::measure() {
            view.scroll_to(index);
            self.handle_scroll(0.0);
        }
        browser::focus_next_frame(selector);
    }
}
