//! Moving between the locations of the page.

use web_sys::MouseEvent;

use super::signals::ListRequest;
use super::signals::State;
use crate::islands::browser;
use crate::islands::browser::HistoryUpdate;
use crate::model::error::AppError;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::Pane;

impl State {
    /// Moves to another location and requests only what differs from the current one.
    pub fn navigate(self, location: Location, history: HistoryUpdate) {
        self.stash_draft();
        history.apply(&location.url());
        let before = self.location.get_untracked();
        let (pane, search_changed) = (location.pane, before.search != location.search);
        // A pane that failed is loaded again where the reader follows its link, and not with each search.
        let stays = before == location;
        let is_renamed = pane == PaneRoute::New && before.name != location.name;
        self.problem.set(None);
        self.location.set(location);
        if search_changed {
            // A new search starts at its first page. "Back" returns to the page of the open contact.
            let around = pane.contact().filter(|_| history == HistoryUpdate::None);
            self.request_list(ListRequest::Reload(around));
        }
        if before.pane != pane
            || is_renamed
            || stays && matches!(*self.pane.read_untracked(), Pane::Failed(_))
        {
            self.load_pane(pane);
        }
    }

    /// Moves to the location in the address bar, after "back" or "forward".
    pub fn handle_popstate(self) {
        let (path, query) = browser::current_address();
        if let Some(location) = Location::parse(&path, &query) {
            self.navigate(location, HistoryUpdate::None);
        }
    }

    /// Follows a link to a location of this page, unless another handler has followed it. The browser
    /// follows links to other pages.
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
        // A link that the server has drawn into the pane does not know what the list shows by now.
        let location = if location.field.is_empty() {
            location
        } else {
            here.with_form_at(location.pane, location.field)
        };
        if location.pane == here.pane && location.cursor != here.cursor
            || location.filter != here.filter
        {
            // The browser loads another page of the list, or another list.
            return;
        }
        event.prevent_default();
        let stays = location == here;
        self.navigate(
            location,
            if stays {
                HistoryUpdate::Replace
            } else {
                HistoryUpdate::Push
            },
        );
    }

    /// Shows another pane with the same list.
    pub fn open(self, pane: PaneRoute) {
        let location = self.location.read_untracked().with_opened_pane(pane);
        self.navigate(location, HistoryUpdate::Push);
    }

    pub fn search(self, search: String) {
        let location = self.location.read_untracked().with_search(search);
        self.navigate(location, HistoryUpdate::Replace);
    }

    /// Repeats the requests that failed, for the list and for the pane.
    pub fn retry(self) {
        if self.list_error.read_untracked().is_some() {
            self.request_list(self.last_list_request.get_untracked());
        }
        if matches!(*self.pane.read_untracked(), Pane::Failed(_)) {
            self.load_pane(self.location.read_untracked().pane);
        }
    }

    /// Repeats requests that failed because the server was unreachable.
    pub fn retry_when_online(self) {
        let is_lost = |error: Option<&AppError>| matches!(error, Some(AppError::Unreachable));
        let pane = match &*self.pane.read_untracked() {
            Pane::Failed(error) => is_lost(Some(error)),
            _ => false,
        };
        if pane || is_lost((*self.list_error.read_untracked()).as_ref()) {
            self.retry();
        }
    }
}
