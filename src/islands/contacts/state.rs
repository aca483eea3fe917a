//! What the contacts page knows, and how it moves from place to place.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;
use serde::Serialize;
use web_sys::MouseEvent;

use crate::api::contacts as api;
use crate::contact::Contact;
use crate::contact::ContactDetails;
use crate::contact::ContactDraft;
use crate::contact::ContactId;
use crate::contact::ContactList;
use crate::contact::ContactRow;
use crate::error::AppError;
use crate::islands::browser;
use crate::islands::browser::Address;
use crate::place::PanePlace;
use crate::place::Place;

/// What the server hands over to the browser: everything that it has drawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContactsView {
    pub place: Place,
    pub list: Result<ContactList, AppError>,
    pub pane: Pane,
    pub notice: Option<Notice>,
    pub welcome: Welcome,
}

/// The welcome email to a new contact, as the form for one offers it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Welcome {
    /// Whether the box is ticked at first: as it was the last time, or as the settings say.
    pub usual: bool,
    /// Whom it comes from.
    pub from: String,
    /// `{name}` stands for the contact's name, here and in the text.
    pub subject: String,
    pub text: String,
    /// Whether there is a mail server to send it.
    pub is_sent: bool,
}

/// What stands beside the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Pane {
    Nothing,
    Contact(ContactDetails),
    Form(FormView),
    Failed(AppError),
}

impl Pane {
    /// The title of the document while this is shown.
    pub fn title(&self) -> String {
        match self {
            Self::Nothing => "Contacts · Kith".to_owned(),
            Self::Contact(details) => format!("{} · Kith", details.contact.name),
            Self::Form(form) if form.saved.is_some() => "Edit contact · Kith".to_owned(),
            Self::Form(_) => "New contact · Kith".to_owned(),
            Self::Failed(AppError::NotFound) => "Not found · Kith".to_owned(),
            Self::Failed(_) => "Something went wrong · Kith".to_owned(),
        }
    }
}

/// A form as it is drawn: what stands in it and what was wrong with it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FormView {
    pub draft: ContactDraft,
    pub error: Option<AppError>,
    /// The contact being edited, as it was when editing began; `None` for a new one.
    pub saved: Option<Saved>,
    /// Makes creating idempotent: the same key never creates a second contact.
    pub key: String,
    /// Whether the box for a welcome email is ticked.
    pub welcome: bool,
}

/// What an edit starts from and will replace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    pub id: ContactId,
    /// What the contact was when the form was drawn. What differs from it was touched.
    pub base: ContactDraft,
}

impl FormView {
    pub fn new_contact(key: String, welcome: bool) -> Self {
        Self {
            key,
            welcome,
            ..Self::default()
        }
    }

    pub fn edit(contact: Contact) -> Self {
        let id = contact.id;
        let draft = ContactDraft::from(contact);
        Self {
            saved: Some(Saved {
                id,
                base: draft.clone(),
            }),
            draft,
            ..Self::default()
        }
    }
}

/// A contact that was just moved to the trash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub id: ContactId,
    pub name: String,
}

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

/// The signals behind the page. Copies share them.
#[derive(Clone, Copy)]
pub struct State {
    pub place: RwSignal<Place>,
    pub rows: RwSignal<Vec<ContactRow>>,
    pub next_cursor: RwSignal<Option<String>>,
    pub total: RwSignal<u64>,
    pub list_error: RwSignal<Option<AppError>>,
    pub list_busy: RwSignal<bool>,
    pub pane: RwSignal<Pane>,
    pub pane_busy: RwSignal<bool>,
    /// What was deleted and can be undone. Each place is used again when all others were since.
    pub notices: [RwSignal<Option<Notice>>; NOTICES],
    next_notice: StoredValue<usize>,
    /// What has come into the pane while the focus stayed in the list, for those who do not see it.
    pub spoken: RwSignal<String>,
    /// Why the last thing asked for was not done, while the page stays as it was.
    pub problem: RwSignal<Option<AppError>>,
    pub welcome: StoredValue<Welcome>,
    /// Counts the questions asked of the server about the list and about the pane, so that an
    /// answer that comes after a later question is dropped.
    list_question: StoredValue<u32>,
    pane_question: StoredValue<u32>,
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
            place: RwSignal::new(view.place),
            rows: RwSignal::new(list.rows),
            next_cursor: RwSignal::new(list.next_cursor),
            total: RwSignal::new(list.total),
            list_error: RwSignal::new(list_error),
            list_busy: RwSignal::new(false),
            pane: RwSignal::new(view.pane),
            pane_busy: RwSignal::new(false),
            next_notice: StoredValue::new(usize::from(view.notice.is_some())),
            notices: [view.notice, None, None].map(RwSignal::new),
            spoken: RwSignal::new(String::new()),
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
        let (pane, search_changed) = (
            place.pane,
            (&before.search, &before.cursor) != (&place.search, &place.cursor),
        );
        self.problem.set(None);
        self.place.set(place);
        if search_changed {
            self.load_list(0);
        }
        if before.pane != pane || matches!(*self.pane.read_untracked(), Pane::Failed(_)) {
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
        event.prevent_default();
        let stays = place == *self.place.read_untracked();
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
        let place = self.place.read_untracked().beside(pane);
        self.visit(place, Address::Push);
    }

    pub fn search(self, search: String) {
        let place = self.place.read_untracked().searching(search);
        self.visit(place, Address::Replace);
    }

    /// Adds the next page of the list to the rows that are there.
    pub fn load_more(self) {
        let Some(cursor) = self.next_cursor.get_untracked() else {
            return;
        };
        if self.list_busy.get_untracked() {
            return;
        }
        let search = self.place.read_untracked().search.clone();
        self.ask_for_list(search, Some(cursor), 0, move |list| {
            let Some(list) = list else { return };
            // The link that was followed makes way for the rows, and would take the focus along.
            if browser::has_focus(".more") {
                let next = self.rows.read_untracked().len() + 1;
                browser::focus_soon(format!("#contact-list li:nth-child({next}) [data-row]"));
            }
            self.rows.update(|rows| rows.extend(list.rows));
            self.next_cursor.set(list.next_cursor);
            self.total.set(list.total);
        });
    }

    /// Reads the list again, as far as it is shown, after something in it has changed.
    pub fn reload_list(self) {
        let shown = self.rows.read_untracked().len();
        self.load_list(u32::try_from(shown).unwrap_or(u32::MAX));
    }

    fn load_list(self, shown: u32) {
        let place = self.place.get_untracked();
        self.ask_for_list(place.search, place.cursor, shown, move |list| {
            // Rows of another search under this one would be worse than none.
            let list = list.unwrap_or_default();
            self.rows.set(list.rows);
            self.next_cursor.set(list.next_cursor);
            self.total.set(list.total);
        });
    }

    fn ask_for_list(
        self,
        search: String,
        cursor: Option<String>,
        shown: u32,
        show: impl Fn(Option<ContactList>) + Clone + 'static,
    ) {
        let question = self.list_question.with_value(|last| last + 1);
        self.list_question.set_value(question);
        self.list_busy.set(true);
        spawn_local(async move {
            let answer = api::list_contacts(search.clone(), cursor.clone(), shown).await;
            let is_latest = move || self.list_question.try_get_value() == Some(question);
            if !is_latest() {
                return;
            }
            let error = answer.as_ref().err().cloned();
            if let Some(seconds) = error.as_ref().and_then(AppError::retry_after) {
                let show = show.clone();
                browser::after(seconds, move || {
                    if is_latest() {
                        self.ask_for_list(search, cursor, shown, show);
                    }
                });
            }
            self.list_busy.set(false);
            self.list_error.set(error);
            show(answer.ok());
        });
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
        self.pane_busy.set(true);
        spawn_local(async move {
            let answer = api::get_contact(id).await;
            let is_latest = move || self.pane_question.try_get_value() == Some(question);
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
            _ if both_shown && !browser::has_focus(".pane, .notice") => None,
            Pane::Nothing => Some(FIRST_ROW),
            Pane::Contact(_) | Pane::Failed(_) => Some("#pane-title"),
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
            saved: form.saved.as_ref().map(|saved| Saved {
                id: saved.id,
                base: browser::read_draft(&element, BASE),
            }),
            key: browser::input_value(KEY_ID),
        })
    }

    fn keep_draft(self) {
        if let Some(form) = self.unsaved() {
            let place = self.place.read_untracked().pane;
            self.forget_draft(place);
            self.kept.update_value(|kept| kept.push((place, form)));
        }
    }

    /// Forgets what was typed into the form that is shown, because it is saved or was given up.
    pub fn drop_draft(self) {
        self.forget_draft(self.place.read_untracked().pane);
        self.pane.update_untracked(|pane| {
            if let (Pane::Form(form), Some(element)) = (pane, browser::form_by_id("contact-form")) {
                form.draft = browser::read_draft(&element, "");
                form.welcome = browser::is_ticked("welcome");
            }
        });
    }

    fn forget_draft(self, from: PanePlace) {
        self.kept
            .update_value(|kept| kept.retain(|(place, _)| *place != from));
    }

    /// Takes the answer to a form that was sent from `from`. Whoever has moved on meanwhile is
    /// not called back: the list learns of it, and trouble is told beside what they do now.
    /// Returns the error that the form itself has to show.
    pub fn form_answered(
        self,
        from: PanePlace,
        answer: Result<ContactDetails, AppError>,
    ) -> Option<AppError> {
        let is_here = self.place.read_untracked().pane == from;
        match answer {
            Ok(details) if is_here => {
                self.drop_draft();
                self.arrive(details);
            }
            Ok(_) => {
                self.forget_draft(from);
                self.reload_list();
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
        let place = self.place.read_untracked().beside(pane);
        Address::Push.show(&place.href());
        self.forget_notice(details.contact.id);
        self.problem.set(None);
        self.place.set(place);
        self.show(Pane::Contact(details));
        self.reload_list();
    }

    pub fn delete(self, contact: Contact) {
        self.pane_busy.set(true);
        spawn_local(async move {
            if let Err(error) = api::delete_contact(contact.id).await {
                self.pane_busy.set(false);
                return self.problem.set(Some(error));
            }
            self.rows
                .update(|rows| rows.retain(|row| row.id != contact.id));
            // Whoever is elsewhere by now stays there.
            let was_here = browser::has_focus(".pane, .notice") || browser::nothing_has_focus();
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
            self.reload_list();
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

    pub fn restore(self, id: ContactId) {
        spawn_local(async move {
            match api::restore_contact(id).await {
                Ok(details) => self.arrive(details),
                Err(error) => self.problem.set(Some(error)),
            }
        });
    }
}
