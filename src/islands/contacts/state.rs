//! What the contacts page knows, and how it moves from place to place.

use std::ops::Range;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::MouseEvent;

use super::loaded;
use super::rows::row_selector;
use super::window;
use super::window::View;
use crate::api::contacts as api;
use crate::islands::browser;
use crate::islands::browser::Address;
use crate::model::contact::Contact;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::place::PanePlace;
use crate::model::place::Place;
use crate::model::view::ContactsView;
use crate::model::view::FormView;
use crate::model::view::Notice;
use crate::model::view::Pane;
use crate::model::view::WelcomeOffer;

/// What the names of the hidden fields begin with that hold what a form started from.
pub const BASE: &str = "base-";

/// The hidden field that makes creating idempotent.
pub const KEY_ID: &str = "key";

/// How many deletions can be undone at once. There is room for no more, and the trash has them all.
const NOTICES: usize = 3;

/// Where the notice about a contact stands.
pub fn notice_id(id: ContactId) -> String {
    format!("notice-{id}")
}

/// Where the keyboard comes into the list.
const FIRST_ROW: &str = "#contact-list [data-row]:not([tabindex='-1'])";

/// What the list is asked for.
#[derive(Clone, Copy, Debug)]
enum Ask {
    /// Another list: the page with this contact, if there is one.
    Anew(Option<ContactId>),
    /// The page before the first row.
    Previous,
    /// The page behind the last row.
    Next,
}

/// How long nothing is said of an answer that takes its time.
const PATIENCE: Duration = Duration::from_millis(300);

/// The signals behind the page. Copies share them.
#[derive(Clone, Copy)]
pub struct State {
    pub place: RwSignal<Place>,
    /// As much of the list as has been asked for.
    pub list: RwSignal<ContactList>,
    /// The rows of it that are in the document; see [`window`].
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
    /// What was deleted and can be undone. Each place is used again when all others were since.
    pub notices: [RwSignal<Option<Notice>>; NOTICES],
    next_notice: StoredValue<usize>,
    /// What has come into the pane while the focus stayed in the list, for those who do not see it.
    pub spoken: RwSignal<String>,
    /// Whether the pane has been busy for so long that it has to say so.
    pub pane_is_slow: RwSignal<bool>,
    /// Why the last thing asked for was not done, while the page stays as it was.
    pub problem: RwSignal<Option<AppError>>,
    pub welcome: StoredValue<WelcomeOffer>,
    /// Counts the questions asked of the server about the list and about the pane, so that an
    /// answer that comes after a later question is dropped.
    list_question: StoredValue<u32>,
    pane_question: StoredValue<u32>,
    /// What the list was asked for last.
    asked: StoredValue<Ask>,
    /// Forms that were left without saving, with what was typed. Each keeps what it
    /// started from, so that saving it later does not undo what others have saved since.
    kept: StoredValue<Vec<(PanePlace, FormView)>>,
}

impl State {
    pub fn new(view: ContactsView) -> Self {
        let (list, list_error) = match view.list {
            Ok(list) => (list, None),
            Err(error) => (ContactList::default(), Some(error)),
        };
        Self {
            welcome: StoredValue::new(view.welcome),
            asked: StoredValue::new(Ask::Anew(view.place.pane.contact())),
            place: RwSignal::new(view.place),
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

    /// Shows another place: only what differs from the present one is asked for again.
    pub fn visit(self, place: Place, address: Address) {
        self.keep_draft();
        address.show(&place.href());
        let before = self.place.get_untracked();
        let (pane, search_changed) = (place.pane, before.search != place.search);
        // A pane that failed is loaded again on request, and not by a search beside it.
        let stays = before == place;
        let is_renamed = pane == PanePlace::New && before.name != place.name;
        self.problem.set(None);
        self.place.set(place);
        if search_changed {
            // Whoever types wants what is found first; whoever goes back, what was there.
            let around = pane.contact().filter(|_| address == Address::Keep);
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
        if let Some(place) = Place::parse(&path, &query) {
            self.visit(place, Address::Keep);
        }
    }

    /// Follows a link to a place of this page, unless somebody else has seen to it. What leads elsewhere is
    /// the browser's.
    pub fn follow_link(self, event: &MouseEvent) {
        let link = browser::closest(event.target(), "a[href]");
        let Some(href) = link.and_then(|link| link.get_attribute("href")) else {
            return;
        };
        let (path, query) = href.split_once('?').unwrap_or((&href, ""));
        let Some(place) = Place::parse(path, query).filter(|_| browser::is_plain_click(event))
        else {
            return;
        };
        let here = self.place.get_untracked();
        if place.pane == here.pane && place.cursor != here.cursor {
            // Another page of the list is loaded anew.
            return;
        }
        event.prevent_default();
        let stays = place == here;
        self.visit(
            place,
            if stays {
                Address::Replace
            } else {
                Address::Push
            },
        );
    }

    /// Shows another pane beside the same list.
    pub fn open(self, pane: PanePlace) {
        let place = self.place.read_untracked().opening(pane);
        self.visit(place, Address::Push);
    }

    pub fn search(self, search: String) {
        let place = self.place.read_untracked().searching(search);
        self.visit(place, Address::Replace);
    }

    /// Shows the list from its first contact on.
    pub fn back_to_first_page(self) {
        let place = Place {
            cursor: None,
            ..self.place.get_untracked()
        };
        Address::Replace.show(&place.href());
        self.place.set(place);
        self.ask(Ask::Anew(None));
    }

    /// Adds the next page of the list to the rows that are there.
    pub fn load_next(self) {
        if self.list.read_untracked().next_cursor.is_some() {
            self.load_more(Ask::Next);
        }
    }

    /// Adds the page before the rows that are there.
    pub fn load_previous(self) {
        if self.list.read_untracked().previous_cursor.is_some() {
            self.load_more(Ask::Previous);
        }
    }

    /// Asks for a page beside the rows that are there, one at a time.
    fn load_more(self, what: Ask) {
        if self.list_busy.get_untracked() {
            return;
        }
        // The cursors of a stale list belong to an earlier search than the address names.
        self.ask(if self.list_is_stale.get_untracked() {
            self.asked.get_value()
        } else {
            what
        });
    }

    /// Asks again for what did not come, the contact in the pane included.
    pub fn try_again(self) {
        if self.list_error.read_untracked().is_some() {
            self.ask(self.asked.get_value());
        }
        if matches!(*self.pane.read_untracked(), Pane::Failed(_)) {
            self.load_pane(self.place.read_untracked().pane);
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

    fn ask(self, what: Ask) {
        let question = self.list_question.with_value(|last| last + 1);
        self.list_question.set_value(question);
        self.asked.set_value(what);
        self.list_busy.set(true);
        let Place { search, cursor, .. } = self.place.get_untracked();
        let (cursor, around) = match what {
            Ask::Anew(around) => (cursor, around),
            Ask::Previous => (self.list.read_untracked().previous_cursor.clone(), None),
            Ask::Next => (self.list.read_untracked().next_cursor.clone(), None),
        };
        spawn_local(async move {
            let answer = api::list_contacts(search, cursor, around).await;
            let is_latest = move || self.list_question.try_get_value() == Some(question);
            if !is_latest() {
                return;
            }
            let error = answer.as_ref().err().cloned();
            if let Some(seconds) = error.as_ref().and_then(AppError::retry_after) {
                browser::after(seconds, move || {
                    if is_latest() {
                        self.ask(what);
                    }
                });
            }
            self.list_busy.set(false);
            self.list_error.set(error);
            match answer {
                Ok(page) => self.take(what, page),
                // What was found before stays, but not as an answer to this.
                Err(_) => {
                    if matches!(what, Ask::Anew(_)) {
                        self.list_is_stale.set(true);
                    }
                }
            }
        });
    }

    fn take(self, asked: Ask, page: ContactList) {
        let count = page.rows.len();
        // The link that was followed disappears with this answer, and would take the focus along. The
        // link to the first page does so only where the list has its first page.
        let asked_by_link = browser::has_focus(if page.offset > 0 {
            ".more[rel], .list-trouble"
        } else {
            ".more, .list-trouble"
        });
        let next_to_link = match asked {
            Ask::Anew(around) => {
                self.list_is_stale.set(false);
                self.range.set(window::around(0, 0, count));
                self.list.set(page);
                return request_animation_frame(move || {
                    self.scroll_to_contact(around);
                    if asked_by_link {
                        let list = self.list.read_untracked();
                        let index = around.and_then(|id| loaded::position(&list, id));
                        drop(list);
                        self.focus_row(index.unwrap_or(0));
                    }
                });
            }
            Ask::Previous => {
                self.change_list(|list| loaded::prepend(list, page));
                count.checked_sub(1)
            }
            Ask::Next => {
                let before = self.list.read_untracked().rows.len();
                self.change_list(|list| loaded::append(list, page));
                Some(before)
            }
        };
        if let Some(index) = next_to_link.filter(|_| asked_by_link) {
            self.focus_row(index);
        }
    }

    /// Changes the rows, and keeps those in view where they are.
    fn change_list(self, change: impl FnOnce(&mut ContactList)) {
        let view = View::measure();
        let list = self.list.read_untracked();
        // At the very top, the top is what stays.
        let in_view = view
            .filter(|view| view.above > 0.0 || list.offset > 0)
            .map_or(0..0, |view| view.first()..view.first() + view.rows())
            .filter_map(|index| Some((index, list.rows.get(index)?.id)))
            .collect::<Vec<_>>();
        drop(list);
        self.row_had_focus
            .set_value(browser::has_focus("[data-row]"));
        self.list.update(change);
        let list = self.list.read_untracked();
        let mut still_there = in_view.into_iter().filter_map(|(before, id)| {
            let now = loaded::position(&list, id)?;
            Some((before, now))
        });
        let (Some((before, now)), Some(earlier)) = (still_there.next(), view) else {
            return;
        };
        let range = self.range.get_untracked();
        let moved = |index: usize| (index + now).saturating_sub(before).min(list.rows.len());
        self.range.set(moved(range.start)..moved(range.end));
        request_animation_frame(move || {
            if let Some(view) = View::measure() {
                let pixels = view.moved_since(&earlier, now as f64 - before as f64);
                if pixels != 0.0 {
                    window::scroll_by(pixels);
                }
            }
        });
    }

    /// Puts a contact that is new or has changed where it belongs.
    fn settle(self, contact: Contact) {
        let id = contact.id;
        self.list.update(|list| {
            let row = ContactRow {
                id,
                name: contact.name,
                email: contact.email,
            };
            loaded::rename(list, row);
        });
        self.place_anew(id);
    }

    /// Asks the server where a contact stands in the list, and puts its row there.
    fn place_anew(self, id: ContactId) {
        let search = self.place.read_untracked().search.clone();
        spawn_local(async move {
            let page = api::list_contacts(search.clone(), None, Some(id)).await;
            // Without an answer, what is known stays. A stale list comes anew as a whole.
            let fits =
                !self.list_is_stale.get_untracked() && self.place.read_untracked().search == search;
            let (Ok(page), true) = (page, fits) else {
                return;
            };
            let was_here = loaded::position(&self.list.read_untracked(), id).is_some();
            self.change_list(|list| loaded::settle(list, page, id));
            if !was_here {
                request_animation_frame(move || self.scroll_to_contact(Some(id)));
            }
        });
    }

    /// Has the rows in view in the document, and asks for more within so many pixels of an end.
    pub fn follow_scroll(self, read_ahead: f64) {
        let Some(view) = View::measure() else { return };
        let range = view.range(self.list.read_untracked().rows.len());
        if *self.range.read_untracked() != range {
            self.row_had_focus
                .set_value(browser::has_focus("[data-row]"));
            self.range.set(range);
        }
        if self.row_height.get_untracked() != view.row {
            self.row_height.set(view.row);
        }
        if self.list_error.read_untracked().is_some() {
            return;
        }
        if view.below <= read_ahead {
            self.load_next();
        }
        if view.above <= read_ahead || view.first() == 0 {
            self.load_previous();
        }
    }

    /// Scrolls to the row of a contact unless it is in view; without one, to the top.
    pub fn scroll_to_contact(self, contact: Option<ContactId>) {
        let index = contact.and_then(|id| loaded::position(&self.list.read_untracked(), id));
        match (index, View::measure()) {
            (Some(index), Some(view)) if !view.has(index) => view.show(index),
            (None, Some(view)) => window::scroll_by(-view.above),
            _ => {}
        }
        self.follow_scroll(0.0);
    }

    /// Focuses a row, which may be out of view and out of the document.
    pub fn focus_row(self, index: usize) {
        let row = self.list.read_untracked().rows.get(index).map(|row| row.id);
        let Some(id) = row else { return };
        let selector = row_selector(id);
        if self.range.read_untracked().contains(&index) {
            return browser::focus(&selector);
        }
        if let Some(view) = View::measure() {
            view.show(index);
            self.follow_scroll(0.0);
        }
        browser::focus_soon(selector);
    }

    fn load_pane(self, place: PanePlace) {
        let question = self.pane_question.with_value(|last| last + 1);
        self.pane_question.set_value(question);
        let kept = self.kept.with_value(|kept| {
            let kept = kept.iter().find(|(from, _)| *from == place);
            kept.map(|(_, form)| form.clone())
        });
        if let Some(form) = kept {
            return self.show(Pane::Form(form));
        }
        self.pane_is_slow.set(false);
        let id = match place {
            PanePlace::Nothing => return self.show(Pane::Nothing),
            PanePlace::New => {
                let usual = self.welcome.with_value(|welcome| welcome.usual);
                let mut form = FormView::new_contact(browser::random_key(), usual);
                form.draft = self.place.read_untracked().draft();
                return self.show(Pane::Form(form));
            }
            PanePlace::Contact(id) | PanePlace::Edit(id) => id,
        };
        let is_latest = move || self.pane_question.try_get_value() == Some(question);
        let here = self.pane.read_untracked().row().filter(|row| row.id == id);
        let list = self.list.read_untracked();
        let listed = loaded::position(&list, id).map(|index| list.rows[index].clone());
        drop(list);
        let coming = Pane::Coming(listed.clone().or_else(|| here.clone()));
        // What is known of the same contact may stay a moment longer; of another one, nothing may.
        if here.is_none() {
            self.show(coming.clone());
        }
        let grow_slow = move || {
            if is_latest() && self.pane_busy.get_untracked() {
                self.pane_is_slow.set(true);
                if here.is_some() {
                    self.show(coming);
                    self.pane_busy.set(true);
                }
            }
        };
        set_timeout(grow_slow, PATIENCE);
        self.pane_busy.set(true);
        spawn_local(async move {
            let answer = api::get_contact(id).await;
            if !is_latest() {
                return;
            }
            if let Some(seconds) = answer.as_ref().err().and_then(AppError::retry_after) {
                browser::after(seconds, move || {
                    if is_latest() {
                        self.load_pane(place);
                    }
                });
            }
            // The row may tell what the contact was when the list came.
            match (&answer, &listed) {
                (Ok(ContactDetails { contact, .. }), Some(row))
                    if row.name != contact.name || row.email != contact.email =>
                {
                    self.settle(contact.clone());
                }
                (Err(AppError::NotFound), Some(_)) => {
                    self.change_list(|list| loaded::remove(list, id));
                }
                _ => {}
            }
            self.show(match (answer, place) {
                (Ok(details), PanePlace::Edit(_)) => Pane::Form(FormView::edit(details.contact)),
                (Ok(details), _) => Pane::Contact(details),
                (Err(error), _) => Pane::Failed(error),
            });
        });
    }

    /// Puts a pane on the page and moves the focus to where it is needed next: into a form, and
    /// out of a pane that is no longer there. Whoever is in the list stays in the list.
    fn show(self, pane: Pane) {
        let both_shown = browser::is_shown("#contact-list") && browser::is_shown(".pane");
        let focus = match &pane {
            Pane::Form(_) => Some("#contact-form input:not([type=hidden])"),
            // The notice of the deletion takes the focus; the list stays scrolled as it is.
            Pane::Nothing if self.place.read_untracked().deleted.is_some() => None,
            _ if both_shown && !browser::has_focus(".pane, .notice") => None,
            Pane::Nothing => Some(FIRST_ROW),
            Pane::Coming(_) | Pane::Contact(_) | Pane::Failed(_) => Some("#pane-title"),
        };
        // Where the focus goes along, it says so itself.
        self.spoken.set(match &pane {
            Pane::Contact(details) if focus.is_none() => details.contact.name.clone(),
            _ => String::new(),
        });
        self.pane_busy.set(false);
        document().set_title(&pane.title());
        self.pane.set(pane);
        if let Some(selector) = focus {
            browser::focus_soon(selector);
        }
    }

    /// The form that is shown with what was typed into it, where that differs from what was
    /// there before.
    pub fn unsaved(self) -> Option<FormView> {
        let pane = self.pane.read_untracked();
        let (Pane::Form(form), Some(element)) = (&*pane, browser::form_by_id("contact-form"))
        else {
            return None;
        };
        let draft = browser::read_draft(&element, "");
        // A form without the box has no tick either.
        let welcome = browser::is_ticked("welcome");
        (draft != form.draft || welcome != form.welcome).then(|| FormView {
            draft,
            welcome,
            error: None,
            // A conflict that was not decided is found again.
            saved: form.saved.clone(),
            key: browser::input_value(KEY_ID),
        })
    }

    /// Whether a form that is not shown has something typed into it.
    pub fn has_drafts(self) -> bool {
        self.kept.with_value(|kept| !kept.is_empty())
    }

    fn keep_draft(self) {
        if let Some(form) = self.unsaved() {
            let place = self.place.read_untracked().pane;
            self.forget_draft(place, &form.key);
            self.kept.update_value(|kept| kept.push((place, form)));
        }
    }

    /// Forgets what was typed into the form that is shown, because it is saved or was given up.
    pub fn drop_draft(self) {
        self.forget_draft(
            self.place.read_untracked().pane,
            &browser::input_value(KEY_ID),
        );
        self.pane.update_untracked(|pane| {
            if let (Pane::Form(form), Some(element)) = (pane, browser::form_by_id("contact-form")) {
                form.draft = browser::read_draft(&element, "");
                form.welcome = browser::is_ticked("welcome");
            }
        });
    }

    fn forget_draft(self, from: PanePlace, key: &str) {
        self.kept
            .update_value(|kept| kept.retain(|(place, form)| *place != from || form.key != key));
    }

    /// Takes the answer to a form that was sent from `from` under `key`. A person who has moved on, even
    /// to another new contact, is not called back: the list learns of it, and trouble is told beside
    /// what they do now. Returns the error that the form itself has to show.
    pub fn form_answered(
        self,
        from: PanePlace,
        key: &str,
        answer: Result<ContactDetails, AppError>,
    ) -> Option<AppError> {
        let pane = self.place.read_untracked().pane;
        let is_here = pane == from && browser::input_value(KEY_ID) == key;
        match answer {
            Ok(details) if is_here => {
                self.drop_draft();
                self.arrive(details);
            }
            Ok(details) => {
                self.forget_draft(from, key);
                self.settle(details.contact.clone());
                if pane == PanePlace::Contact(details.contact.id) {
                    self.show(Pane::Contact(details));
                }
            }
            Err(error) if is_here => return Some(error),
            Err(error) => self.problem.set(Some(error)),
        }
        None
    }

    /// Shows a contact that the server has just answered, without asking for it again.
    fn arrive(self, details: ContactDetails) {
        self.keep_draft();
        // What was asked for before comes too late.
        self.pane_question.update_value(|last| *last += 1);
        let pane = PanePlace::Contact(details.contact.id);
        let place = self.place.read_untracked().opening(pane);
        Address::Push.show(&place.href());
        self.forget_notice(details.contact.id);
        self.problem.set(None);
        self.place.set(place);
        self.settle(details.contact.clone());
        self.show(Pane::Contact(details));
    }

    pub fn delete(self, contact: Contact) {
        self.pane_busy.set(true);
        spawn_local(async move {
            match api::delete_contact(contact.id).await {
                // What was deleted elsewhere is in the trash as well.
                Ok(()) | Err(AppError::NotFound) => {}
                Err(error) => {
                    self.pane_busy.set(false);
                    return self.problem.set(Some(error));
                }
            }
            // Whoever is elsewhere by now stays there.
            let was_here = browser::has_focus(".pane, .notice") || browser::nothing_has_focus();
            let list = self.list.read_untracked();
            let is_loaded = loaded::position(&list, contact.id).is_some();
            let neighbour = list.rows.first().map_or(contact.id, |row| row.id);
            drop(list);
            if is_loaded {
                self.change_list(|list| loaded::remove(list, contact.id));
            } else {
                // Only the server knows whether the search finds the contact, and where it stood.
                self.place_anew(neighbour);
            }
            if self.place.read_untracked().pane.contact() == Some(contact.id) {
                let place = Place {
                    deleted: Some(contact.id),
                    ..self.place.read_untracked().beside(PanePlace::Nothing)
                };
                // "Back" would lead to a contact that is gone.
                self.visit(place, Address::Replace);
                if was_here {
                    browser::focus_soon(format!("#{} button", notice_id(contact.id)));
                }
            }
            let next = self.next_notice.get_value();
            self.next_notice.set_value((next + 1) % NOTICES);
            self.notices[next].set(Some(Notice {
                id: contact.id,
                name: contact.name,
            }));
        });
    }

    /// Takes a notice away, from the address as well. The focus goes on to what is left to undo, or to
    /// what the page is about.
    pub fn close_notice(self, id: ContactId) {
        self.forget_notice(id);
        let mut place = self.place.get_untracked();
        if place.deleted == Some(id) {
            place.deleted = None;
            Address::Replace.show(&place.href());
            self.place.set(place);
        }
        let left = self
            .notices
            .iter()
            .find_map(|notice| Some(notice.read_untracked().as_ref()?.id));
        browser::focus_soon(match left {
            Some(id) => format!("#{} button", notice_id(id)),
            None if browser::is_shown("#contact-list") => FIRST_ROW.to_owned(),
            None => "#pane-title".to_owned(),
        });
    }

    fn forget_notice(self, id: ContactId) {
        for notice in self.notices {
            if notice.read_untracked().as_ref().map(|notice| notice.id) == Some(id) {
                notice.set(None);
            }
        }
    }

    /// Brings a contact back and shows it, unless the person has moved on or types into a form.
    pub fn restore(self, id: ContactId) {
        if self.restoring.get_untracked() == Some(id) {
            return;
        }
        self.restoring.set(Some(id));
        let from = self.place.read_untracked().pane;
        spawn_local(async move {
            let answer = api::restore_contact(id).await;
            self.restoring.set(None);
            let stays = self.place.read_untracked().pane == from && self.unsaved().is_none();
            match answer {
                Ok(details) if stays => self.arrive(details),
                Ok(details) => {
                    self.forget_notice(id);
                    self.settle(details.contact);
                }
                Err(error) => self.problem.set(Some(error)),
            }
        });
    }
}
