//! Changing the fields of a contact, beside what others change at the same time.

use std::convert::Infallible;
use std::sync::Arc;

use kith_card::Entry;

use super::Contacts;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::fields::Required;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::store::StoreError;

/// What came of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The contact, and the fields that others had changed meanwhile and that the edit has kept.
    Saved(Contact, Vec<Field>),
    /// Both have changed these fields in two ways. Nothing is saved.
    Conflict {
        fields: Vec<Field>,
        /// The edit with what only others have changed.
        mine: ContactFields,
        /// What is saved, at this version.
        theirs: ContactFields,
        version: u32,
    },
}

/// The card that a contact gets, with a value for the caller; or why it keeps its own.
type Change<T, E> = Result<Result<(ContactCard, T), E>, AppError>;

/// An edit of a form that was opened some time ago.
pub struct FormEdit {
    /// What the contact said then.
    pub base: ContactFields,
    pub typed: ContactInput,
    /// The fields whose changes are left to others.
    pub left: Vec<Field>,
    /// Whether the contact is taken out of the trash first.
    pub restore: bool,
}

impl Contacts {
    /// How often [`rewrite`](Self::rewrite) starts again because another writer was faster. Each time one of
    /// them has succeeded, so many in a row mean that something is wrong.
    const MAX_REWRITES: u32 = 16;

    /// Changes the fields that the input names. With `expected`, only if the contact is still at that version;
    /// without, on top of what others write at the same time.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::NotFound`], [`AppError::Changed`].
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn update(
        &self,
        id: ContactId,
        input: &ContactInput,
        required: Required,
        expected: Option<u32>,
    ) -> Result<Contact, AppError> {
        let change = |current: &Contact, card: &ContactCard| {
            let saved = card.fields();
            let parse = |input: &ContactInput| ContactFields::parse(input, &saved, required);
            // A contact that would say nothing else is called so from now on.
            let fields = parse(&without_echo(input, current, &saved)).or_else(|_| parse(input))?;
            require_version(current, expected)?;
            let mut changed = card.clone();
            changed.apply(&fields);
            Ok(changed)
        };
        self.rewrite_card(id, change).await
    }

    /// Gives a contact the card that `change` makes of the saved one, as [`rewrite`](Self::rewrite) does it.
    pub(super) async fn rewrite_card(
        &self,
        id: ContactId,
        change: impl Fn(&Contact, &ContactCard) -> Result<ContactCard, AppError>,
    ) -> Result<Contact, AppError> {
        let change = |current: &Contact, card: &ContactCard| Ok(Ok((change(current, card)?, ())));
        let (contact, ()) = self
            .rewrite::<_, Infallible>(id, change)
            .await?
            .unwrap_or_else(|never| match never {});
        Ok(contact)
    }

    /// Saves what a form changes, on top of what others have saved since it was opened.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::NotFound`].
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn edit(&self, id: ContactId, edit: &FormEdit) -> Result<Edit, AppError> {
        let mut mine = ContactFields::parse(&edit.typed, &edit.base, Required::AnyField)?;
        for &field in &edit.left {
            mine.set(field, edit.base.get(field).to_vec());
            if field == Field::Name {
                // Its parts say the same.
                let parts = edit.base.get(Field::NameParts).to_vec();
                mine.set(Field::NameParts, parts);
            }
        }
        if edit.restore {
            self.restore(id).await?;
        }
        let merge = |current: &Contact, card: &ContactCard| {
            let theirs = card.fields();
            let mut opened = card.clone();
            opened.apply(&edit.base);
            let mut edited = opened.clone();
            edited.apply(&mine);
            let (card, mut conflicts) = opened.merge(&edited, card);
            if conflicts.contains(&Field::Name) {
                conflicts.retain(|field| *field != Field::NameParts);
            }
            if !conflicts.is_empty() {
                return Ok(Err(Edit::Conflict {
                    fields: conflicts,
                    mine: card.fields(),
                    theirs,
                    version: current.version,
                }));
            }
            let is_theirs = |field: &Field| {
                let base = edit.base.get(*field);
                let is_said_by_name = *field == Field::NameParts;
                !is_said_by_name && theirs.get(*field) != base && mine.get(*field) == base
            };
            let kept: Vec<Field> = Field::ALL.iter().copied().filter(is_theirs).collect();
            Ok(Ok((card, kept)))
        };
        match self.rewrite(id, merge).await? {
            Ok((contact, kept)) => Ok(Edit::Saved(contact, kept)),
            Err(conflict) => Ok(conflict),
        }
    }

    /// Makes a contact one of the favourites, or ends that.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`].
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn set_favourite(&self, id: ContactId, favourite: bool) -> Result<Contact, AppError> {
        let change = |_: &Contact, card: &ContactCard| {
            let mut fields = card.fields();
            let said = favourite.then(|| Entry::text("true"));
            fields.set(Field::Favourite, said.into_iter().collect());
            let mut changed = card.clone();
            changed.apply(&fields);
            Ok(changed)
        };
        self.rewrite_card(id, change).await
    }

    /// Moves a contact to another book of the caller, with all that has happened around it.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::NoBook`] for the other book; [`AppError::Forbidden`] unless the caller may change
    /// both books.
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn move_to(&self, id: ContactId, target: BookId) -> Result<Contact, AppError> {
        self.book_of(id, BookRole::Editor).await?;
        // Before the other book: a contact that is not there is the first thing to say.
        self.get(id).await?;
        let target = self.caller.book(Some(target))?;
        target.require(BookRole::Editor)?;
        let now = self.shared.clock.now();
        let key = target.key;
        let go = |store: Arc<dyn ContactStore>| async move { store.move_to(id, key, now).await };
        self.in_book_of(id, BookRole::Editor, go).await
    }

    /// Gives a contact the card that `change` makes of its card, on top of what others write at the same time. Returns the
    /// contact and the second value of `change`. An inner error says that nothing is to be written.
    pub(super) async fn rewrite<T, E>(
        &self,
        id: ContactId,
        change: impl Fn(&Contact, &ContactCard) -> Change<T, E>,
    ) -> Result<Result<(Contact, T), E>, AppError> {
        // One at a time in this process: of many at once only one in each round would get through.
        let _turn = self.shared.rewriting.lock().await;
        let change = &change;
        let rewrite = |store: Arc<dyn ContactStore>| self.rewrite_in(store, id, change);
        self.in_book_of(id, BookRole::Editor, rewrite).await?
    }

    /// The same in the book of the contact.
    async fn rewrite_in<T, E>(
        &self,
        store: Arc<dyn ContactStore>,
        id: ContactId,
        change: impl Fn(&Contact, &ContactCard) -> Change<T, E>,
    ) -> Result<Result<Result<(Contact, T), E>, AppError>, StoreError> {
        let actor = self.caller.actor();
        for _ in 0..=Self::MAX_REWRITES {
            let (current, card) = store.card(id).await?;
            let (card, said) = match change(&current, &card) {
                Ok(Ok(changed)) => changed,
                Ok(Err(stopped)) => return Ok(Ok(Err(stopped))),
                Err(refused) => return Ok(Err(refused)),
            };
            // What is written back was read at this version, so it may replace no other.
            let read = Some(current.version);
            let now = self.shared.clock.now();
            match store.replace_card(id, &card, read, now, &actor).await {
                Err(StoreError::Changed(_)) => {}
                done => return Ok(Ok(Ok((done?, said)))),
            }
        }
        tracing::warn!("a contact changes faster than it can be written back");
        Ok(Err(AppError::Unavailable))
    }
}

/// Leaves out the name of a contact without a name: an answer calls it by something else that it says, and a client may
/// send that back.
fn without_echo(input: &ContactInput, current: &Contact, saved: &ContactFields) -> ContactInput {
    let mut input = input.clone();
    if saved.get(Field::Name).is_empty() && input.text(Field::Name) == Some(&current.name) {
        input.forget(Field::Name);
    }
    input
}

/// Refuses a change of a contact that is at another version than the client expects.
pub fn require_version(current: &Contact, expected: Option<u32>) -> Result<(), AppError> {
    match expected {
        Some(expected) if expected != current.version => Err(AppError::Changed {
            current: Box::new(current.clone()),
        }),
        _ => Ok(()),
    }
}
