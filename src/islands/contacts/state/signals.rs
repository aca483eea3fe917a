//! What the contacts page knows.

use std::ops::Range;

use leptos::prelude::*;

use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::error::AppError;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::ContactsView;
use crate::model::view::FormView;
use crate::model::view::Notice;
use crate::model::view::Pane;
use crate::model::view::WelcomeOffer;

/// How many deletions can be undone at once. There is room for no more, and the trash has them all.
const MAX_NOTICES: usize = 3;

/// What the list is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Ask {
    /// Another list: the page with this contact, if there is one.
    Anew(Option<ContactId>),
    /// The page before the first row.
    Previous,
    /// The page behind the last row.
    Next,
}

/// The signals behind the page. Copies share them.
#[derive(Clone, Copy)]
pub struct State {
    pub location: RwSignal<Location>,
    /// As much of the list as has been asked for.
    pub list: RwSignal<ContactList>,
    /// The rows of it that are in the document; see the module `window`.
    pub range: RwSignal<Range<usize>>,
    /// Whether a row had the focus before the rows in the document were changed.
    pub row_had_focus: StoredValue<bool>,
    /// How high a row is, in CSS pixels.
    pub row_height: RwSignal<f64>,
    /// Whether the rows are not those of the search, because that search failed.
    pub list_is_stale: RwSignal<bool>,
    pub list_error: RwSignal<Option<AppError>>,
    pub list_busy: RwSignal<bool>,
    pub pane: RwSignal<Pane>,
    pub pane_busy: RwSignal<bool>,
    /// The contact that is being brought back from the trash.
    pub restoring: RwSignal<Option<ContactId>>,
    /// What was deleted and can be undone. A slot is used again when all others have been used since.
    pub notices: [RwSignal<Option<Notice>>; MAX_NOTICES],
    pub(super) next_notice: StoredValue<usize>,
    /// What has come into the pane while the focus stayed in the list, for those who do not see it.
    pub spoken: RwSignal<String>,
    /// Whether the pane has been busy for so long that it has to say so.
    pub pane_is_slow: RwSignal<bool>,
    /// Why the last thing asked for was not done, while the page stays as it was.
    pub problem: RwSignal<Option<AppError>>,
    pub welcome: StoredValue<WelcomeOffer>,
    /// Counts the questions asked of the server about the list and about the pane, so that an
    /// answer that comes after a later question is dropped.
    pub(super) list_question: StoredValue<u32>,
    pub(super) pane_question: StoredValue<u32>,
    /// What the list was asked for last.
    pub(super) asked: StoredValue<Ask>,
    /// Forms that were left without saving, with what was typed. Each keeps what it
    /// started from, so that saving it later does not undo what others have saved since.
    pub(super) kept: StoredValue<Vec<(PaneRoute, FormView)>>,
}

impl State {
    pub fn new(view: ContactsView) -> Self {
        let (list, list_error) = match view.list {
            Ok(list) => (list, None),
            Err(error) => (ContactList::default(), Some(error)),
        };
        Self {
            welcome: StoredValue::new(view.welcome),
            asked: StoredValue::new(Ask::Anew(view.location.pane.contact())),
            location: RwSignal::new(view.location),
            // The server has drawn all that it found.
            range: RwSignal::new(0..list.rows.len()),
            row_had_focus: StoredValue::new(false),
            row_height: RwSignal::new(0.0),
            list: RwSignal::new(list),
            list_is_stale: RwSignal::new(list_error.is_some()),
            list_error: RwSignal::new(list_error),
            list_busy: RwSignal::new(false),
            pane: RwSignal::new(view.pane),
            pane_busy: RwSignal::new(false),
            restoring: RwSignal::new(None),
            next_notice: StoredValue::new(usize::from(view.notice.is_some())),
            notices: [view.notice, None, None].map(RwSignal::new),
            spoken: RwSignal::new(String::new()),
            pane_is_slow: RwSignal::new(false),
            problem: RwSignal::new(None),
            list_question: StoredValue::new(0),
            pane_question: StoredValue::new(0),
            kept: StoredValue::new(Vec::new()),
        }
    }
}
