//! Which rows of a long list are in the document: those in view and some around them. Empty space of the
//! same height takes the place of the others, whether they are loaded or not, so that the scroll bar is that of the whole
//! list.

use std::ops::Range;

use leptos::wasm_bindgen::JsCast;
use web_sys::EventTarget;
use web_sys::HtmlElement;

use crate::islands::browser;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;

/// A list with no more rows is in the document as a whole.
pub const MAX_UNWINDOWED_ROWS: usize = 100;

/// Rows on either side of the view, so that a fast scroll does not overtake the rendering.
const OVERSCAN_ROWS: usize = 25;

/// Both ends move by so many rows at once, so that most scrolling changes nothing.
const STEP_ROWS: usize = 10;

/// The maximum for a screen of any height.
const MAX_ROWS: usize = 190;

/// There is space for so many rows at most that are not loaded on either side: Firefox draws nothing that is further than
/// 17.8 million pixels from the top.
const MAX_SPACE_ROWS: u64 = 125_000;

/// The rows before those that are loaded, as far as there is space for them.
pub fn rows_before(list: &ContactList) -> f64 {
    list.offset.min(MAX_SPACE_ROWS) as f64
}

/// How many rows further down each contact of the list stands than its place in the list says. Without a limit of space it
/// would be 0.
pub fn shift(list: &ContactList) -> f64 {
    rows_before(list) - list.offset as f64
}

/// The rows behind those that are loaded, as far as there is space for them.
pub fn rows_behind(list: &ContactList) -> f64 {
    let behind = list.offset + list.rows.len() as u64;
    list.total.saturating_sub(behind).min(MAX_SPACE_ROWS) as f64
}

/// The rows of a list that are in the document when those from `first` to `last` are in view.
pub fn rendered_range(first: usize, last: usize, rows: usize) -> Range<usize> {
    if rows <= MAX_UNWINDOWED_ROWS {
        return 0..rows;
    }
    let start = first.min(rows - 1).saturating_sub(OVERSCAN_ROWS) / STEP_ROWS * STEP_ROWS;
    let end = (last + OVERSCAN_ROWS)
        .next_multiple_of(STEP_ROWS)
        .min(start + MAX_ROWS);
    start..end.clamp(start + 1, rows)
}

/// The scroll position and the size of the list, in CSS pixels.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The height of every row; never 0.
    pub row: f64,
    /// How far the first row that is loaded is above the view; negative where it is below the upper edge.
    pub top: f64,
    height: f64,
    /// How far the list can scroll up.
    pub above: f64,
    /// The most that `above` can be.
    end: f64,
}

impl View {
    /// `space` is that for the rows before those that are loaded. `None` while there are no rows.
    pub fn measure(space: f64) -> Option<Self> {
        let scroller = browser::query(".rows")?.dyn_into::<HtmlElement>().ok()?;
        let rows = browser::query(".rows > ul")?
            .dyn_into::<HtmlElement>()
            .ok()?;
        // The computed style, because the height in the properties of an element is rounded.
        let row = browser::computed_style(&browser::query(".rows li")?, "height")?;
        // The browser parses the fraction: Rust's own code for that is large.
        let row = js_sys::parse_float(&row);
        let above = f64::from(scroller.scroll_top());
        let height = f64::from(scroller.client_height());
        (row > 0.0).then(|| Self {
            row,
            top: above - f64::from(rows.offset_top() - scroller.offset_top()) - space,
            height,
            above,
            end: f64::from(scroller.scroll_height()) - height,
        })
    }

    /// How far the last of so many loaded rows is below the view.
    pub fn below(&self, rows: usize) -> f64 {
        rows as f64 * self.row - self.top - self.height
    }

    /// Whether all of so many loaded rows are further away from the view than `pixels`.
    pub fn is_further_than(&self, pixels: f64, rows: usize) -> bool {
        self.top + self.height < -pixels || self.below(rows) + self.height < -pixels
    }

    /// How many contacts come before the one in the middle of the view, where so many come before the first that is
    /// loaded.
    pub fn index(&self, offset: u64) -> u64 {
        (offset as f64 + (self.top + self.height / 2.0) / self.row) as u64
    }

    /// The index of the first row that is at least partly in view.
    pub fn first(&self) -> usize {
        (self.top / self.row) as usize
    }

    /// How many rows fit into the view.
    pub fn rows(&self) -> usize {
        ((self.height / self.row) as usize).max(1)
    }

    pub fn range(&self, rows: usize) -> Range<usize> {
        rendered_range(self.first(), self.first() + self.rows() + 1, rows)
    }

    /// Whether a row is entirely in view.
    pub fn contains(&self, index: usize) -> bool {
        let y = index as f64 * self.row - self.top;
        y >= 0.0 && y + self.row <= self.height
    }

    /// Scrolls a row into the middle.
    pub fn scroll_to(&self, index: usize) {
        let y = index as f64 * self.row - self.top;
        scroll_by(y - (self.height - self.row) / 2.0);
    }

    /// Scrolls the first row to the upper edge, where there are links above it and the list is not scrolled yet.
    pub fn scroll_past_links(&self) {
        if self.above == 0.0 {
            scroll_by(-self.top);
        }
    }

    /// How much lower the same rows are than in an earlier view, which had `rows` fewer above them. The browser has scrolled
    /// a list up that was scrolled further than its new end.
    pub fn moved_since(&self, earlier: &Self, rows: f64) -> f64 {
        let first_row = |view: &Self| view.above - view.top;
        let scrolled_up = (earlier.above - self.end).max(0.0);
        rows * self.row + first_row(self) - first_row(earlier) + scrolled_up
    }
}

pub fn scroll_by(pixels: f64) {
    if let Some(scroller) = browser::query(".rows") {
        scroller.set_scroll_top(scroller.scroll_top() + pixels.round() as i32);
    }
}

/// How far the list is scrolled.
pub fn scroll_top() -> f64 {
    browser::query(".rows").map_or(0.0, |scroller| f64::from(scroller.scroll_top()))
}

/// Finds the row of a contact.
pub fn row_selector(id: ContactId) -> String {
    ["[data-row='", &id.text(), "']"].concat()
}

/// The contact of the row that an event comes from.
pub fn row_of(target: Option<EventTarget>) -> Option<ContactId> {
    let row = browser::closest(target, "[data-row]")?;
    row.get_attribute("data-row")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_list_is_rendered_as_a_whole() {
        for rows in [0, 1, 50, MAX_UNWINDOWED_ROWS] {
            assert_eq!(rendered_range(0, 17, rows), 0..rows);
        }
    }

    #[test]
    fn a_long_list_is_rendered_around_the_view() {
        assert_eq!(rendered_range(0, 17, 20_000), 0..50);
        assert_eq!(rendered_range(1000, 1017, 20_000), 970..1050);
        assert_eq!(rendered_range(19_983, 20_000, 20_000), 19_950..20_000);
    }

    #[test]
    fn most_scrolling_leaves_the_range() {
        let starts = (1000..1100).map(|first| rendered_range(first, first + 17, 20_000));
        let mut ranges: Vec<_> = starts.collect();
        ranges.dedup();
        assert!(ranges.len() <= 21, "{}", ranges.len());
    }

    /// A view of ten rows of 50 pixels whose first one is `row` rows behind the first that is loaded.
    fn view(row: f64) -> View {
        View {
            row: 50.0,
            top: row * 50.0,
            height: 500.0,
            above: 0.0,
            end: 10_000.0,
        }
    }

    #[test]
    fn rows_move_by_what_changed_above_them() {
        // Ten rows are loaded, after space for fifty and a link of 44 pixels.
        let scrolled_to = |above| View {
            top: above - 2544.0,
            above,
            end: 2608.0,
            ..view(0.0)
        };
        // Then all are loaded, without a link.
        let all = |above| View {
            top: above,
            above,
            end: 2564.0,
            ..view(0.0)
        };
        assert_eq!(all(2000.0).moved_since(&scrolled_to(2000.0), 50.0), -44.0);
        // The reader has scrolled on meanwhile.
        assert_eq!(all(2030.0).moved_since(&scrolled_to(2000.0), 50.0), -44.0);
        // The list has become shorter than it was scrolled.
        assert_eq!(all(2564.0).moved_since(&scrolled_to(2608.0), 50.0), 0.0);
        assert_eq!(all(2564.0).moved_since(&scrolled_to(2584.0), 50.0), -24.0);
    }

    #[test]
    fn a_view_knows_how_far_the_loaded_rows_are() {
        assert_eq!(view(0.0).below(100), 4500.0);
        assert_eq!(view(95.0).below(100), -250.0);
        for (row, is_far) in [
            (-41.0, true),
            (-40.0, false),
            (0.0, false),
            (99.0, false),
            (130.0, false),
            (131.0, true),
        ] {
            assert_eq!(view(row).is_further_than(1500.0, 100), is_far, "{row}");
        }
    }

    #[test]
    fn a_view_knows_its_place_in_the_whole_list() {
        assert_eq!(view(0.0).index(0), 5);
        assert_eq!(view(1000.0).index(200), 1205);
        assert_eq!(view(-200.0).index(200), 5);
        assert_eq!(view(-300.0).index(200), 0);
    }

    #[test]
    fn there_is_space_for_what_is_not_loaded() {
        let list = |offset, total| ContactList {
            offset,
            total,
            ..ContactList::default()
        };
        let short = list(50, 120);
        assert_eq!((rows_before(&short), rows_behind(&short)), (50.0, 70.0));
        assert_eq!(shift(&short), 0.0);
        let long = list(500_000, 1_000_000);
        let most = MAX_SPACE_ROWS as f64;
        assert_eq!((rows_before(&long), rows_behind(&long)), (most, most));
        assert_eq!(shift(&long), most - 500_000.0);
        // Others may have deleted contacts since.
        assert_eq!(rows_behind(&list(50, 20)), 0.0);
    }

    proptest! {
        #[test]
        fn rows_in_view_are_rendered_and_never_too_many(
            first in 0..30_000_usize, height in 1..140_usize, rows in 1..20_000_usize
        ) {
            let last = first + height;
            let range = rendered_range(first, last, rows);
            prop_assert!(range.start < range.end && range.end <= rows);
            prop_assert!(range.len() <= MAX_ROWS);
            for row in first..last.min(rows) {
                prop_assert!(range.contains(&row), "{row} in {range:?}");
            }
        }
    }
}
