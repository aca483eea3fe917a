//! Updating the rows that are in the document.

use std::ops::Range;
use std::sync::Arc;

use web_sys::Element;
use web_sys::HtmlElement;

use super::row::RowAttributes;
use crate::components::erased_signal::ErasedSignal;
use crate::islands::browser;
use crate::islands::contacts::state::State;
use crate::islands::contacts::window::row_selector;
use crate::islands::contacts::window::rows_before;
use crate::islands::contacts::window::rows_behind;
use crate::islands::contacts::window::scroll_by;
use crate::islands::contacts::window::scroll_top;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::location::Location;

/// The rows that are in the document, with their indices in the list. The tab stop is always one of
/// them, so that it keeps the focus or can get it.
pub fn rendered_rows(
    list: &ContactList,
    range: Range<usize>,
    tab_stop: Option<usize>,
) -> Vec<(usize, ContactRow)> {
    let range = range.start.min(list.rows.len())..range.end.min(list.rows.len());
    let far = tab_stop.filter(|index| !range.contains(index));
    let (before, after) = match far {
        Some(index) if index < range.start => (far, None),
        _ => (None, far),
    };
    let indices = before.into_iter().chain(range).chain(after);
    indices
        .map(|index| (index, list.rows[index].clone()))
        .collect()
}

/// What the rows in the document change to.
pub struct Update {
    pub rendered: Vec<(usize, ContactRow)>,
    pub tab_stop: Option<usize>,
    pub list: Arc<ContactList>,
    pub row_height: f64,
}

impl Update {
    /// Updates the space around the rows and the attributes of each row, and restores the focus.
    pub fn apply(&self, state: State, ul: &HtmlElement, is_restoring: ErasedSignal<bool>) {
        if self.update_attributes(state, ul).is_some() {
            self.restore_focus(state, is_restoring);
        }
    }

    /// Returns `None` where the document does not have all rows yet.
    fn update_attributes(&self, state: State, ul: &HtmlElement) -> Option<()> {
        self.update_space(state, ul);
        // A click leads to the page of its contact: the rows belong to several pages.
        let location = Location {
            cursor: None,
            ..state.location.get_untracked()
        };
        let mut next = ul.first_element_child();
        for (index, row) in &self.rendered {
            let item = next?;
            let link = item.first_element_child()?;
            let attributes = RowAttributes::new(&location, &self.list, *index, row);
            set(&item, "aria-posinset", &attributes.position);
            set(&item, "aria-setsize", &attributes.total);
            let heading = attributes.heading.as_deref();
            set_if(
                &item,
                heading.is_some(),
                "data-heading",
                heading.unwrap_or_default(),
            );
            set(&link, "href", &attributes.href);
            set_if(&link, attributes.current.is_some(), "aria-current", "true");
            set_if(&link, self.tab_stop != Some(*index), "tabindex", "-1");
            next = item.next_element_sibling();
        }
        Some(())
    }

    /// Sets the space above and below for the rows that are not in the document, and keeps what is in view there when rows
    /// have another height than before. Otherwise it measures nothing: that would force a layout without the space, which
    /// is too short for the current scroll position.
    fn update_space(&self, state: State, ul: &HtmlElement) {
        let known_height = state.spaced_row_height.replace(self.row_height);
        let grown = rows_before(&self.list) * (self.row_height - known_height);
        // The browser may move the rows by itself when they get space.
        let scrolled = (grown != 0.0).then(scroll_top);
        self.set_spacers(ul);
        if let Some(scrolled) = scrolled {
            scroll_by(scrolled + grown - scroll_top());
        }
    }

    fn set_spacers(&self, ul: &HtmlElement) {
        let (rendered, rows) = (&self.rendered, self.list.rows.len());
        let below = rendered
            .last()
            .map_or(0, |(last, _)| rows.saturating_sub(last + 1));
        // A tab stop far above or below takes up one of the rows that are left out.
        let first = rendered.first().map_or(0, |(first, _)| *first);
        let gaps = (rows - first - below).saturating_sub(rendered.len());
        let gap_is_above = rendered
            .get(1)
            .is_some_and(|(second, _)| *second > first + 1);
        let (above, below) = if gap_is_above {
            (first + gaps, below)
        } else {
            (first, below + gaps)
        };
        let (before, behind) = (rows_before(&self.list), rows_behind(&self.list));
        for (side, count) in [
            ("padding-top", before + above as f64),
            ("padding-bottom", behind + below as f64),
        ] {
            // The browser formats the fraction: Rust's own code for that is large.
            let space = js_sys::Number::from(count * self.row_height).to_fixed(2);
            let space = space.map(String::from).unwrap_or_default() + "px";
            let _ = ul.style().set_property(side, &space);
        }
    }

    /// Gives the focus back to the tab stop, which loses it when its row is moved within the document.
    fn restore_focus(&self, state: State, is_restoring: ErasedSignal<bool>) {
        let mut rows = self.rendered.iter();
        let row = rows.find(|(index, _)| self.tab_stop == Some(*index));
        let had_focus = state.row_had_focus.replace(false);
        if let Some((_, row)) = row.filter(|_| had_focus)
            && browser::is_focus_lost()
        {
            is_restoring.set(true);
            browser::focus_without_scroll(&row_selector(row.id), ".rows");
            is_restoring.set(false);
        }
    }
}

fn set(element: &Element, name: &str, value: &str) {
    let _ = element.set_attribute(name, value);
}

fn set_if(element: &Element, condition: bool, name: &str, value: &str) {
    if condition {
        set(element, name, value);
    } else {
        let _ = element.remove_attribute(name);
    }
}
