//! Where contacts are kept: the contract of a store, and the store that fulfils it.
//!
//! [`ContactStore`] is all that the use cases know of a database. [`sql`] is the store, in a SQLite file or on a
//! PostgreSQL server. On both it runs the conformance tests (`conformance.rs`); what each method promises is said
//! there in prose and here in types.
//!
//! What both engines have in common:
//! - A change is one transaction: done completely or not at all, and durable when it returns.
//! - Text comes in as parsed fields and goes out as it came in.
//! - Times have milliseconds. Nothing reads a clock: `now` is a parameter.
//! - Sorting by a name compares [`SortKeys`](super::sort_keys::SortKeys), byte by byte.
//! - Contacts may share a name or an address: families and teams do.

#[cfg(test)]
pub mod conformance;
mod idempotency;
pub mod sql;

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kith_database::StepError;
use kith_database::TransactionStep;
use kith_photo::Prepared;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::card::ContactCard;
use super::dates::DateCursor;
use super::dates::DateOfContact;
use super::dates::DayOfYear;
use super::fields::ContactFields;
use super::frecency::Frecency;
use super::labels::Label;
use super::labels::LabelChange;
use super::labels::LabelChangeId;
use super::labels::LabelColour;
use super::labels::LabelEdit;
use super::labels::LabelId;
use super::labels::LabelName;
use super::labels::Labels;
use super::letters::LetterOrder;
use super::photo::PhotoKey;
use super::photo::Picture;
use super::photo::Size;
use super::query::ContactQuery;
use super::query::Cursor;
use super::query::Filter;
use super::saved_search::SavedSearch;
use super::search_marks::Marked;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::audit_log::Actor;
use crate::services::book::BookId;
use crate::services::book::BookKey;
use crate::services::contacts::activity::ActivityRecord;
use crate::services::contacts::activity::Event;

pub use idempotency::IdempotencyKey;
pub use idempotency::IdempotentRequest;

/// Keeps the contacts of a book.
///
/// Every contact has a version: 1 when it is created, one more with every change, deletion and
/// restoration included. A writer that passes an `expected` version writes only if no other
/// writer has since. `updated_at` moves with the version and never backwards, even if `now` does.
///
/// Dropping a future before it is done leaves the change either done or not begun.
#[async_trait]
pub trait ContactStore: Send + Sync {
    /// The store of another book. A store knows the contacts of its own book, and no other.
    fn in_book(&self, book: BookKey) -> Arc<dyn ContactStore>;

    /// The book of a contact, in the trash or not. The only question that is about all books.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such contact at all.
    async fn book_of(&self, id: ContactId) -> Result<BookKey, StoreError>;

    /// Moves a contact that is not in the trash to another book, with all that has happened around it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] as for [`get`](Self::get).
    async fn move_to(
        &self,
        id: ContactId,
        book: BookKey,
        now: Timestamp,
    ) -> Result<Contact, StoreError>;

    /// Adds a contact under an id that has never been used.
    ///
    /// With `idempotency`, a repeated request adds nothing and gets the contact as the first one
    /// got it, even if the contact has changed since, for as long as the store remembers keys. Of requests at
    /// the same time one adds the contact and the others wait for it.
    ///
    /// `step` joins the transaction, unless the request is a repeated one.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] when the key came with a different fingerprint before,
    /// [`StoreError::AlreadyCreated`] when the form has created a contact that is still there.
    async fn create(
        &self,
        id: ContactId,
        fields: &ContactFields,
        now: Timestamp,
        idempotency: Option<&IdempotentRequest>,
        step: Option<&TransactionStep>,
    ) -> Result<Creation, StoreError>;

    /// # Errors
    /// [`StoreError::NotFound`] when there is no such contact, or it is in the trash.
    async fn get(&self, id: ContactId) -> Result<Contact, StoreError>;

    /// A contact in the trash.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such contact in there.
    async fn get_deleted(&self, id: ContactId) -> Result<Contact, StoreError>;

    /// One page of a list, and how long the list is at the same instant.
    async fn list(&self, query: &ContactQuery) -> Result<ContactPage, StoreError>;

    /// The same page with what stands before it, for people to choose from: its contacts come without
    /// their notes.
    async fn stretch(&self, query: &ContactQuery) -> Result<Stretch, StoreError>;

    /// The characters that the keys of the contacts begin with, in order: one of each heading of [`letters`](super::letters),
    /// and at most [`MAX_LETTERS`](super::letters::MAX_LETTERS).
    async fn first_letters(&self, order: LetterOrder) -> Result<Vec<char>, StoreError>;

    /// Adds uses to contacts of any book. Contacts that are not there, or in the trash, are left out. This replaces no
    /// generation.
    async fn add_uses(&self, uses: &[(ContactId, Frecency)]) -> Result<WrittenUses, StoreError>;

    /// The contacts that are used most, the first one first: at most `limit`, and none that was never used.
    async fn most_used(&self, limit: u32) -> Result<Vec<Used>, StoreError>;

    /// A contact with its card.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] as for [`get`](Self::get).
    async fn card(&self, id: ContactId) -> Result<(Contact, ContactCard), StoreError>;

    /// Records that contacts of this book, which is that of the store, are read for a file.
    async fn begin_export(
        &self,
        book: BookId,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<(), StoreError>;

    /// The cards of contacts outside the trash, in the order of their creation: those behind the number `after`.
    async fn cards(&self, of: &CardsOf, after: i64) -> Result<CardPage, StoreError>;

    /// Gives a contact another card. When it is the one that it has, nothing changes, the version neither. The former card
    /// is kept, with who has replaced it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] as for [`get`](Self::get); [`StoreError::Changed`] when the
    /// contact is no longer at the `expected` version.
    async fn replace_card(
        &self,
        id: ContactId,
        card: &ContactCard,
        expected: Option<u32>,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Contact, StoreError>;

    /// At most `limit` of the cards that a contact had before, the latest first; with `before` those of earlier versions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] as for [`get`](Self::get).
    async fn versions(
        &self,
        id: ContactId,
        before: Option<u32>,
        limit: u32,
    ) -> Result<VersionPage, StoreError>;

    /// The card of a version, as far as it is kept: that of the present one, and of those in [`versions`](Self::versions).
    ///
    /// # Errors
    /// [`StoreError::NotFound`] as for [`get`](Self::get).
    async fn version(&self, id: ContactId, version: u32)
    -> Result<Option<ContactCard>, StoreError>;
    /// Makes a picture the only photo in the card of a contact, or takes all photos out of it. The rest of the card stays
    /// as others have written it. When the card is the one that it was, nothing changes.
    ///
    /// # Errors
    /// As for [`replace_card`](Self::replace_card).
    async fn set_photo(
        &self,
        id: ContactId,
        photo: Option<&Prepared>,
        expected: Option<u32>,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Contact, StoreError>;

    /// A picture of the photo in the card of a contact.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] as for [`get`](Self::get), and if the contact has another photo or none.
    async fn picture(
        &self,
        id: ContactId,
        key: &PhotoKey,
        size: Size,
    ) -> Result<Picture, StoreError>;

    /// Keeps the pictures that were made of a photo; `None` for one that cannot be decoded. Does nothing if the contact
    /// has another photo by now.
    async fn keep_pictures(
        &self,
        id: ContactId,
        key: &PhotoKey,
        made: Option<&Prepared>,
    ) -> Result<(), StoreError>;

    /// Moves a contact to the trash: only lists of the trash show it from then on. The audit log says who did that.
    ///
    /// # Errors
    /// As for [`replace_card`](Self::replace_card).
    async fn delete(
        &self,
        id: ContactId,
        expected: Option<u32>,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<(), StoreError>;

    /// Takes a contact out of the trash. A contact that is not in there stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such contact at all.
    async fn restore(&self, id: ContactId, now: Timestamp) -> Result<Contact, StoreError>;

    /// Removes a contact of the trash for good, with all that is kept of it. The audit log says who did that.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such contact in there.
    async fn erase(&self, id: ContactId, now: Timestamp, actor: &Actor) -> Result<(), StoreError>;

    /// Removes some of the contacts of the trash for good, those that have been there for longest; with `deleted_before`
    /// only those that came there before. Returns how many, and 0 once none is left: a caller that wants to remove all
    /// of them asks again, and other writers have their turn in between.
    async fn erase_some(
        &self,
        deleted_before: Option<Timestamp>,
        emptying: Option<&Emptying<'_>>,
    ) -> Result<u64, StoreError>;

    /// Dates of the contacts outside the trash, from a day to one before another, in the order of days: those behind
    /// `after`, if there is one, and at most `limit` of them.
    async fn dates(
        &self,
        days: [DayOfYear; 2],
        after: Option<&DateCursor>,
        limit: u32,
    ) -> Result<Vec<DateOfContact>, StoreError>;

    /// The labels of the book, and how many contacts have them.
    async fn labels(&self) -> Result<Labels, StoreError>;

    /// Adds a label without contacts.
    ///
    /// # Errors
    /// [`StoreError::LabelExists`].
    async fn add_label(&self, name: &LabelName, colour: LabelColour) -> Result<Label, StoreError>;

    /// # Errors
    /// [`StoreError::NoLabel`].
    async fn recolour_label(&self, id: LabelId, colour: LabelColour) -> Result<(), StoreError>;

    /// Begins a change of a label that edits the cards of its contacts. [`step_label_change`](Self::step_label_change)
    /// does the rest. The audit log and the history of each contact say who did that.
    ///
    /// # Errors
    /// [`StoreError::NoLabel`]; [`StoreError::LabelExists`] unless the edit merges labels; [`StoreError::LabelsBusy`].
    async fn begin_label_change(
        &self,
        id: LabelId,
        edit: &LabelEdit,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<BegunLabelChange, StoreError>;

    /// Gives a label back to the contacts that a change has taken it from.
    ///
    /// # Errors
    /// [`StoreError::NoLabel`] when there is nothing to undo any more; [`StoreError::LabelsBusy`].
    async fn undo_label_change(
        &self,
        id: LabelChangeId,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<BegunLabelChange, StoreError>;

    /// Does some of what the change of the book has left: each contact gets another version and an activity, and keeps its
    /// former card. Whether there may be more.
    async fn step_label_change(&self, now: Timestamp) -> Result<bool, StoreError>;

    /// The changes of labels that are under way or can be undone, the last one first.
    async fn label_changes(&self) -> Result<Vec<LabelChange>, StoreError>;

    /// The searches that the book keeps, in the order of their words.
    async fn saved_searches(&self) -> Result<Vec<String>, StoreError>;

    /// Keeps a search, once. Whether it is kept: a book keeps
    /// [`MAX_SAVED_SEARCHES`](super::saved_search::MAX_SAVED_SEARCHES).
    async fn keep_search(&self, search: &SavedSearch) -> Result<bool, StoreError>;

    /// Forgets a search, if it is kept.
    async fn forget_search(&self, search: &SavedSearch) -> Result<(), StoreError>;

    /// How many contacts there are.
    async fn totals(&self) -> Result<Totals, StoreError>;

    /// What has happened around a contact, the first thing first; nothing where there is none.
    async fn activities(&self, id: ContactId) -> Result<Vec<ActivityRecord>, StoreError>;

    /// A step that writes what happened around a contact at `now`, for a transaction of another module. Of a
    /// contact that is gone for good, it writes nothing.
    fn recording(&self, id: ContactId, event: Event, now: Timestamp) -> TransactionStep;

    /// Whether contacts can be read at the moment.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Waits for what is under way and lets go of the database. Later calls are
    /// [`StoreError::Unavailable`].
    async fn close(&self);
}

/// A contact of a book, and what its uses count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    pub book: BookKey,
    pub contact: ContactId,
    pub frecency: Frecency,
}

/// What came of writing uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WrittenUses {
    pub written: Vec<Used>,
    /// Contacts that another writer holds at the moment.
    pub held: Vec<ContactId>,
}

/// Who empties the trash of which book, for the audit log, and when.
#[derive(Clone, Copy, Debug)]
pub struct Emptying<'a> {
    pub actor: &'a Actor,
    pub book: BookId,
    pub now: Timestamp,
}

/// What came of a request to add a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    pub contact: Contact,
    /// The request was a repeated one and added nothing.
    pub replayed: bool,
}

/// A part of a list of contacts. Its JSON is what the API answers with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ContactPage {
    pub contacts: Vec<Contact>,
    /// Asks for the next page; null on the last.
    #[serde(rename = "nextCursor")]
    #[schema(required = true)]
    pub next: Option<Cursor>,
    /// How many contacts match, over all pages.
    pub total: u64,
}

/// A change of a label that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BegunLabelChange {
    pub id: LabelChangeId,
    /// How many contacts it is about.
    pub total: u64,
}

/// Whose cards are read. By default those of all contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardsOf {
    pub search: kith_search::Search,
    pub filter: Filter,
}

/// Some of the cards of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardPage {
    /// One card behind the other; empty behind the last one.
    pub bytes: Vec<u8>,
    /// The number of the last of these contacts.
    pub last: i64,
}

/// Some of the cards that a contact had before.
#[derive(Clone, Debug)]
pub struct VersionPage {
    /// The contact as it is now.
    pub contact: Contact,
    /// The card that came after the first of these.
    pub after: ContactCard,
    /// The latest first.
    pub versions: Vec<FormerVersion>,
    /// Whether there are earlier ones.
    pub has_more: bool,
}

/// A card that a contact had before.
#[derive(Clone, Debug)]
pub struct FormerVersion {
    /// The last version of the contact with this card.
    pub version: u32,
    /// When it got another one. RFC 3339, UTC, milliseconds.
    pub at: String,
    /// The account that gave it the other one, and its name then; `None` where Kith had no account.
    pub account: Option<Uuid>,
    pub name: Option<String>,
    pub picture: PictureThen,
    pub card: ContactCard,
}

/// The picture of a card, compared with the one of the card that came after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureThen {
    Same,
    /// It is the same, and only the later card has it.
    LeftOut,
    Changed,
}

/// A page of a list for a reader who turns pages both ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    pub page: ContactPage,
    /// How many contacts of the list stand before the page.
    pub offset: u64,
    /// Asks for the page before this one; `None` on the first.
    pub previous: Option<Cursor>,
    /// Of a search, where it has found each contact of the page.
    pub marked: Vec<Marked>,
    /// The heading that each contact of the page stands under. An order without headings has none at all; a contact
    /// behind all headings has an empty one.
    pub headings: Vec<String>,
    /// What was looked for instead of a search that finds nothing.
    pub corrected: Option<String>,
}

/// How many contacts there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Totals {
    /// Those that are not in the trash.
    pub contacts: u64,
    /// Those that are.
    pub trash: u64,
}

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no such contact")]
    NotFound,
    #[error("the contact has another version than expected")]
    Changed(Box<Contact>),
    #[error("the idempotency key was used for a different request")]
    KeyReused,
    #[error("the form has created another contact before")]
    AlreadyCreated(Box<Contact>),
    #[error("there is no such label, or no such change of one")]
    NoLabel,
    #[error("there is a label of this name")]
    LabelExists(Label),
    #[error("another change of the labels of the book is under way")]
    LabelsBusy,
    /// Busy, full, gone: this may pass without a change of Kith.
    #[error("the database cannot answer at the moment")]
    Unavailable(#[source] Cause),
    /// A defect of Kith, or of the file that it keeps contacts in.
    #[error("the database answered something unexpected")]
    Internal(#[source] Cause),
}

/// An error of a driver. Its text never leaves the server.
pub type Cause = Box<dyn Error + Send + Sync>;

impl From<StepError> for StoreError {
    fn from(error: StepError) -> Self {
        let other = match error.downcast::<Self>() {
            Ok(error) => return *error,
            Err(error) => error,
        };
        match other.downcast::<sqlx::Error>() {
            Ok(error) => (*error).into(),
            Err(error) => Self::Internal(error),
        }
    }
}

/// Keeps the kind and logs the cause, which never leaves the server. This happens once for each error, on its
/// way out of the service. Neither the messages nor the causes hold contact data: drivers
/// name tables and codes, and values only ever travel as bound parameters. PostgreSQL quotes a row that it refuses in
/// a field of its own (`DETAIL`), which the driver shows with `Debug` only. So causes are logged with `Display`.
impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::Changed(current) => Self::Changed { current },
            StoreError::KeyReused => Self::KeyReused,
            StoreError::AlreadyCreated(contact) => Self::AlreadyCreated { contact },
            StoreError::NoLabel | StoreError::LabelExists(_) | StoreError::LabelsBusy => {
                Self::bad_request(format!("{error}."))
            }
            StoreError::Unavailable(ref cause) => {
                tracing::warn!(cause = %Chain(cause.as_ref()), "{error}");
                Self::Unavailable
            }
            StoreError::Internal(ref cause) => {
                tracing::error!(cause = %Chain(cause.as_ref()), "{error}");
                Self::Internal
            }
        }
    }
}

/// An error and everything that caused it, on one line.
struct Chain<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
