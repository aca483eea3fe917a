//! Changing the fields of a contact, beside what others change at the same time.

use std::sync::Arc;

use super::Contacts;
use crate::model::contact::Contact;
use crate::model::contact::ContactDraft;
use crate::model::contact::ContactId;
use crate::model::contact::Field;
use crate::model::contact::Merge;
use crate::model::error::AppError;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fields::Required;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::store::StoreError;

/// A change to some fields. `None` leaves a field as it is; `Some(None)` empties it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactPatch {
    pub name: Option<Option<String>>,
    pub email: Option<Option<String>>,
    pub phone: Option<Option<String>>,
    pub company: Option<Option<String>>,
    pub notes: Option<Option<String>>,
}

impl ContactPatch {
    fn applied_to(self, mut draft: ContactDraft) -> ContactDraft {
        let fields = [
            (&mut draft.name, self.name),
            (&mut draft.email, self.email),
            (&mut draft.phone, self.phone),
            (&mut draft.company, self.company),
            (&mut draft.notes, self.notes),
        ];
        for (field, change) in fields {
            if let Some(text) = change {
                *field = text.unwrap_or_default();
            }
        }
        draft
    }
}

impl Contacts {
    /// How often [`rewrite`](Self::rewrite) starts again because another writer was faster. Each time one of
    /// them has succeeded, so many in a row mean that something is wrong.
    const MAX_REWRITES: u32 = 16;

    /// Replaces all fields; a blank one becomes empty, unless it is `required`. With `expected`, only if the contact is
    /// still at that version.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::NotFound`], [`AppError::Changed`].
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn update(
        &self,
        id: ContactId,
        draft: &ContactDraft,
        required: Required,
        expected: Option<u32>,
    ) -> Result<Contact, AppError> {
        let replace = |current: &Contact| {
            let saved = current.clone().into();
            let fields = ContactFields::parse_edited(draft, &saved, required)?;
            require_version(current, expected)?;
            Ok((fields, ()))
        };
        let (replaced, ()) = self.rewrite(id, replace).await?;
        Ok(replaced)
    }

    /// Changes some fields. With `expected`, only if the contact is still at that version;
    /// without, on top of what others write at the same time.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::NotFound`], [`AppError::Changed`].
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn patch(
        &self,
        id: ContactId,
        patch: ContactPatch,
        expected: Option<u32>,
    ) -> Result<Contact, AppError> {
        let apply = |current: &Contact| {
            require_version(current, expected)?;
            let saved = ContactDraft::from(current.clone());
            let draft = patch.clone().applied_to(saved.clone());
            let required = Required::NameAndEmail;
            Ok((ContactFields::parse_edited(&draft, &saved, required)?, ()))
        };
        let (patched, ()) = self.rewrite(id, apply).await?;
        Ok(patched)
    }

    /// Saves the touched fields of a form that started from `base`, on top of what others have saved since.
    /// `restore` takes the contact out of the trash first. Returns the contact, and the fields that others have
    /// changed and this edit has kept.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::Invalid`], [`AppError::NotFound`]; [`AppError::Changed`] where others have changed
    /// a touched field, in another way.
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn edit(
        &self,
        id: ContactId,
        base: &ContactDraft,
        typed: ContactDraft,
        restore: bool,
    ) -> Result<(Contact, Vec<Field>), AppError> {
        // As it would be saved, so that blanks around a text are no difference.
        let fields = ContactFields::parse_edited(&typed, base, Required::AnyField)?;
        let typed = ContactDraft::from(fields);
        if restore {
            self.restore(id).await?;
        }
        let merge = |current: &Contact| {
            let saved = current.clone().into();
            let merge = Merge::new(base, &typed, &saved);
            if !merge.conflicts.is_empty() {
                return Err(AppError::Changed {
                    current: Box::new(current.clone()),
                });
            }
            let fields = ContactFields::parse_edited(&merge.draft, &saved, Required::AnyField)?;
            Ok((fields, merge.theirs))
        };
        self.rewrite(id, merge).await
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

    /// Replaces a contact by what `change` makes of it, on top of what others write at the same time. Returns
    /// the contact, and the second value of `change`.
    async fn rewrite<T>(
        &self,
        id: ContactId,
        change: impl Fn(&Contact) -> Result<(ContactFields, T), AppError>,
    ) -> Result<(Contact, T), AppError> {
        // One at a time in this process: of many at once only one in each round would get through.
        let _turn = self.shared.rewriting.lock().await;
        let change = &change;
        let rewrite = |store: Arc<dyn ContactStore>| self.rewrite_in(store, id, change);
        self.in_book_of(id, BookRole::Editor, rewrite).await?
    }

    /// The same in the book of the contact.
    async fn rewrite_in<T>(
        &self,
        store: Arc<dyn ContactStore>,
        id: ContactId,
        change: impl Fn(&Contact) -> Result<(ContactFields, T), AppError>,
    ) -> Result<Result<(Contact, T), AppError>, StoreError> {
        let mut current = store.get(id).await?;
        for _ in 0..=Self::MAX_REWRITES {
            let (fields, said) = match change(&current) {
                Ok(changed) => changed,
                Err(refused) => return Ok(Err(refused)),
            };
            // What is written back was read at this version, so it may replace no other.
            let read = Some(current.version);
            let now = self.shared.clock.now();
            match store.update(id, &fields, read, now).await {
                Err(StoreError::Changed(newer)) => current = *newer,
                done => return Ok(Ok((done?, said))),
            }
        }
        tracing::warn!("a contact changes faster than it can be written back");
        Ok(Err(AppError::Unavailable))
    }
}

/// Refuses a change of a contact that is at another version than the client expects.
fn require_version(current: &Contact, expected: Option<u32>) -> Result<(), AppError> {
    match expected {
        Some(expected) if expected != current.version => Err(AppError::Changed {
            current: Box::new(current.clone()),
        }),
        _ => Ok(()),
    }
}
