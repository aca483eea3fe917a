//! The notices that offer to undo a deletion.

use super::scroll::TAB_STOP_ROW;
use super::signals::State;
use crate::islands::browser;
use crate::islands::browser::HistoryUpdate;
use crate::model::contact::ContactId;
use crate::model::view::Notice;

/// The id of the element with the notice about a contact.
pub fn notice_id(id: ContactId) -> String {
    ["notice-", &id.text()].concat()
}

impl State {
    /// Shows a notice in the slot that was used least recently.
    pub(super) fn add_notice(self, notice: Notice) {
        let next = self.next_notice.get_untracked();
        self.next_notice.set((next + 1) % self.notices.len());
        self.notices[next].set(Some(notice));
    }

    /// Removes a notice, from the location as well, and moves the focus to the next notice or, without
    /// one, to the list or the pane.
    pub fn close_notice(self, id: ContactId) {
        self.remove_notice(id);
        let mut location = self.location.get_untracked();
        if location.deleted == Some(id) {
            location.deleted = None;
            HistoryUpdate::Replace.apply(&location.url());
            self.location.set(location);
        }
        let next = self
            .notices
            .iter()
            .find_map(|notice| Some((*notice.read_untracked()).as_ref()?.id));
        browser::focus_next_frame(match next {
            Some(id) => ["#", &notice_id(id), " button"].concat(),
            None if browser::is_visible("#contact-list") => TAB_STOP_ROW.to_owned(),
            None => "#pane-title".to_owned(),
        });
    }

    pub(super) fn remove_notice(self, id: ContactId) {
        for notice in self.notices {
            if (*notice.read_untracked()).as_ref().map(|notice| notice.id) == Some(id) {
                notice.set(None);
            }
        }
    }
}
