//! The signals of the contacts page.

use std::ops::Range;

use crate::components::erased_signal::ErasedSignal;
use crate::model::contact::Activities;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::error::AppError;
use crate::model::form::FormInputs;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::ContactsView;
use crate::model::view::Notice;
use crate::model::view::Pane;
use crate::model::view::WelcomeOffer;

/// How many deletions the page offers to undo at once. It has no room for more, and the trash holds all of
/// them.
const MAX_NOTICES: usize = 3;

/// What the page requests from the list.
#[derive(Clone, Copy, Debug)]
pub enum ListRequest {
    /// A new list, from the page that holds this contact on, if there is one.
    Reload(Option<ContactId>),
    /// The page before the first row.
    Previous,
    /// The page after the last row.
    Next,
    /// The page with the contact that has so many others before it, in the place of what is loaded.
    At {
        index: u64,
        /// Whether its row gets the focus.
        focuses: bool,
    },
}

/// A form that was left without saving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub route: PaneRoute,
    /// What was typed, with what the form started from.
    pub inputs: FormInputs,
    pub welcome: bool,
}

/// The signals behind the page. Copies share them.
#[derive(Clone, Copy)]
pub struct State {
    pub location: ErasedSignal<Location>,
    /// The part of the list that is loaded.
    pub list: ErasedSignal<ContactList>,
    /// The rows that are in the document; see the module `window`.
    pub range: ErasedSignal<Range<usize>>,
    /// Whether a row had the focus before the rows in the document were changed.
    pub row_had_focus: ErasedSignal<bool>,
    /// The height of a row in CSS pixels; 0 until it is measured.
    pub row_height: ErasedSignal<f64>,
    /// The height of a row for which the document has space in the place of the rows that are not loaded.
    pub spaced_row_height: ErasedSignal<f64>,
    /// Whether the rows belong to an earlier search, because the current one failed.
    pub list_is_stale: ErasedSignal<bool>,
    pub list_error: ErasedSignal<Option<AppError>>,
    pub list_busy: ErasedSignal<bool>,
    pub pane: ErasedSignal<Pane>,
    pub pane_busy: ErasedSignal<bool>,
    /// The contact that is being restored from the trash.
    pub restoring: ErasedSignal<Option<ContactId>>,
    /// The deletions that can be undone. A slot is used again when all others have been used since.
    pub notices: [ErasedSignal<Option<Notice>>; MAX_NOTICES],
    pub(super) next_notice: ErasedSignal<usize>,
    /// What a screen reader announces: the name of the contact that the pane shows while the focus stays in the
    /// list, and new activities.
    pub announcement: ErasedSignal<String>,
    /// The activities of the contact in the pane.
    pub activities: ErasedSignal<Activities>,
    /// Whether the pane has been loading for longer than `SLOW_PANE_TIMEOUT`.
    pub pane_is_slow: ErasedSignal<bool>,
    /// Why the last action failed, where the page stays as it was.
    pub problem: ErasedSignal<Option<AppError>>,
    pub welcome: ErasedSignal<WelcomeOffer>,
    /// Number the requests for the list and for the pane. A response to an earlier request than the last
    /// one is dropped.
    pub(super) list_request_id: ErasedSignal<u32>,
    pub(super) pane_request_id: ErasedSignal<u32>,
    /// The last request for the list.
    pub(super) last_list_request: ErasedSignal<ListRequest>,
    /// Forms that were left without saving, with what was typed. Each keeps the values that it started
    /// from, so that a later save does not undo what others have saved since.
    pub(super) drafts: ErasedSignal<Vec<Draft>>,
    /// What the form that is shown said when it was shown, or when it was last saved.
    pub(super) form_start: ErasedSignal<FormInputs>,
}

impl State {
    pub fn new(view: ContactsView) -> Self {
        let (list, list_error) = match view.list {
            Ok(list) => (list, None),
            Err(error) => (ContactList::default(), Some(error)),
        };
        let form_start = match &view.pane {
            Pane::Form(form) => form.inputs.clone(),
            _ => FormInputs::new(),
        };
        Self {
            form_start: ErasedSignal::new(form_start),
            welcome: ErasedSignal::new(view.welcome),
            last_list_request: ErasedSignal::new(ListRequest::Reload(view.location.pane.contact())),
            location: ErasedSignal::new(view.location),
            // The server has drawn all rows that it found.
            range: ErasedSignal::new(0..list.rows.len()),
            row_had_focus: ErasedSignal::new(false),
            row_height: ErasedSignal::new(0.0),
            spaced_row_height: ErasedSignal::new(0.0),
            list: ErasedSignal::new(list),
            list_is_stale: ErasedSignal::new(list_error.is_some()),
            list_error: ErasedSignal::new(list_error),
            list_busy: ErasedSignal::new(false),
            pane: ErasedSignal::new(view.pane),
            pane_busy: ErasedSignal::new(false),
            restoring: ErasedSignal::new(None),
            next_notice: ErasedSignal::new(usize::from(view.notice.is_some())),
            notices: [view.notice, None, None].map(ErasedSignal::new),
            announcement: ErasedSignal::new(String::new()),
            activities: ErasedSignal::new(Activities::default()),
            pane_is_slow: ErasedSignal::new(false),
            problem: ErasedSignal::new(None),
            list_request_id: ErasedSignal::new(0),
            pane_request_id: ErasedSignal::new(0),
            drafts: ErasedSignal::new(Vec::new()),
        }
    }
}
