//! Moving from location to location.

use leptos::prelude::*;
use web_sys::MouseEvent;

use super::signals::Ask;
use super::signals::State;
use crate::islands::browser;
use crate::islands::browser::HistoryUpdate;
use crate::model::error::AppError;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::Pane;

impl State {
    /// Shows another location and requests only what differs from the present one.
    pub fn visit(self, location: Location, history: HistoryUpdate) {
        self.keep_draft();
        history.apply(&location.url());
        let before = self.location.get_untracked();
        let (pane, search_changed) = (location.pane, before.search != location.search);
        // A pane that failed is loaded again on request, and not by a search beside it.
        let stays = before == location;
        let is_renamed = pane == PaneRoute::New && before.name != location.name;
        self.problem.set(None);
        self.location.set(location);
        if search_changed {
            // Whoever types wants what is found first; whoever goes back, what was there.
            let around = pane.contact().filter(|_| history == HistoryUpdate::None);
            self.ask(Ask::Anew(around));
        }
        if before.pane != pane
            || is_renamed
            || stays && matches!(*self.pane.read_untracked(), Pane::Failed(_))
        {
            self.load_pane(pane);
        }
    }

    /// Shows what the address bar says, after "back" or "forward".
    pub fn follow_address(self) {
        let (path, query) = browser::current_address();
        if let Some(location) = Location::parse(&path, &query) {
            self.visit(location, HistoryUpdate::None);
        }
    }

    /// Follows a link to a location of this page, unless somebody else has seen to it. What leads elsewhere is
    /// the browser's.
    pub fn follow_link(self, event: &MouseEvent) {
        let link = browser::closest(event.target(), "a[href]");
        let Some(href) = link.and_then(|link| link.get_attribute("href")) else {
            return;
        };
        let (path, query) = href.split_once('?').unwrap_or((&href, ""));
        let Some(location) =
            Location::parse(path, query).filter(|_| browser::is_plain_click(event))
        else {
            return;
        };
        let here = self.location.get_untracked();
        if location.pane == here.pane && location.cursor != here.cursor {
            // Another page of the list is loaded anew.
            return;
        }
        event.prevent_default();
        let stays = location == here;
        self.visit(
            location,
            if stays {
                HistoryUpdate::Replace
            } else {
                HistoryUpdate::Push
            },
        );
    }

    /// Shows another pane beside the same list.
    pub fn open(self, pane: PaneRoute) {
        let location = self.location.read_untracked().with_opened_pane(pane);
        self.visit(location, HistoryUpdate::Push);
    }

    pub fn search(self, search: String) {
        let location = self.location.read_untracked().with_search(search);
        self.visit(location, HistoryUpdate::Replace);
    }

    /// Asks again for what did not come, the contact in the pane included.
    pub fn try_again(self) {
        if self.list_error.read_untracked().is_some() {
            self.ask(self.asked.get_value());
        }
        if matches!(*self.pane.read_untracked(), Pane::Failed(_)) {
            self.load_pane(self.location.read_untracked().pane);
        }
    }

    /// Tries again once the browser is online, if it was not.
    pub fn came_online(self) {
        let lost = |error: Option<&AppError>| matches!(error, Some(AppError::Unreachable));
        let pane = match &*self.pane.read_untracked() {
            Pane::Failed(error) => lost(Some(error)),
            _ => false,
        };
        if pane || lost(self.list_error.read_untracked().as_ref()) {
            self.try_again();
        }
    }
}
