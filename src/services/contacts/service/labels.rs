//! Labels and favourites.

use std::sync::Arc;

use kith_cache::Cached;
use kith_cache::Key;

use super::Contacts;
use super::caching::AUDIENCE;
use super::shared::Shared;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::book::Book;
use crate::services::book::BookRole;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::labels::Label;
use crate::services::contacts::labels::LabelChange;
use crate::services::contacts::labels::LabelChangeId;
use crate::services::contacts::labels::LabelColour;
use crate::services::contacts::labels::LabelEdit;
use crate::services::contacts::labels::LabelId;
use crate::services::contacts::labels::LabelName;
use crate::services::contacts::labels::LabelUpdate;
use crate::services::contacts::labels::Labels;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::store::StoreError;

/// Up to this many cards are edited before the caller has the answer; more of them in the background.
const MAX_AT_ONCE: u64 = 200;

/// Why a label cannot be changed as it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    #[error("{}", t!("There is no such label. It may have been deleted."))]
    NoLabel,
    /// Another label has the name.
    #[error("{}", t!("There is a label “{name}” already.", name = .0.name))]
    Exists(Label),
    /// A change of many contacts is under way.
    #[error(
        "{}",
        t!("The labels of this address book are being changed. Try again when that is done.")
    )]
    Busy,
    #[error(transparent)]
    Other(#[from] AppError),
}

impl From<StoreError> for LabelError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NoLabel => Self::NoLabel,
            StoreError::LabelExists(label) => Self::Exists(label),
            StoreError::LabelsBusy => Self::Busy,
            other => Self::Other(other.into()),
        }
    }
}

/// What came of a change of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelAnswer {
    pub change: LabelChangeId,
    /// Whether all contacts are done. Otherwise Kith goes on in the background.
    pub is_done: bool,
}

/// What is to be done with the labels of many contacts.
enum Change {
    Begin(LabelId, LabelEdit),
    Undo(LabelChangeId),
}

impl Contacts {
    /// The labels of the book, in the order of names, and how many contacts each has.
    ///
    /// # Errors
    /// [`AppError::NoBook`], [`AppError::Unavailable`], [`AppError::Internal`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn labels(&self) -> Result<Cached<Labels>, AppError> {
        self.labels_of_book(self.book()?).await
    }

    /// The same of a book that the caller sees.
    pub(super) async fn labels_of_book(&self, book: &Book) -> Result<Cached<Labels>, AppError> {
        let Shared {
            cache, settings, ..
        } = &*self.shared;
        let store = self.store(book);
        let key = Key::new(CONTACTS.part(book.key.0), AUDIENCE, "labels");
        let fetch = move || async move { Ok(store.labels().await?) };
        cache.get(key, settings.exact(), fetch).await
    }

    /// The changes of labels that are under way or can be undone, the last one first.
    ///
    /// # Errors
    /// As for [`labels`](Self::labels).
    pub async fn label_changes(&self) -> Result<Vec<LabelChange>, AppError> {
        Ok(self.store(self.book()?).label_changes().await?)
    }

    /// # Errors
    /// [`LabelError::Exists`]; [`AppError::Forbidden`], [`AppError::NoBook`].
    #[tracing::instrument(skip_all)]
    pub async fn add_label(
        &self,
        name: &LabelName,
        colour: LabelColour,
    ) -> Result<Label, LabelError> {
        Ok(self.label_store()?.add_label(name, colour).await?)
    }

    /// Renames, merges or recolors a label, in the cards of all its contacts. Returns whether all of them are done;
    /// otherwise Kith goes on in the background.
    ///
    /// # Errors
    /// [`LabelError`]; a name that another label has is one unless the update merges.
    #[tracing::instrument(skip_all)]
    pub async fn change_label(&self, id: LabelId, update: LabelUpdate) -> Result<bool, LabelError> {
        let store = self.label_store()?;
        let labels = store.labels().await?.labels;
        if !labels.iter().any(|label| label.id == id) {
            return Err(LabelError::NoLabel);
        }
        let LabelUpdate {
            name,
            merge,
            colour,
        } = update;
        let mut is_done = true;
        if let Some(to) = name {
            let edit = LabelEdit::Rename { to, merge };
            is_done = self.change_labels(Change::Begin(id, edit)).await?.is_done;
        }
        if let Some(colour) = colour {
            match store.recolour_label(id, colour).await {
                // It has become another label, which keeps its color.
                Err(StoreError::NoLabel) if merge => {}
                recolored => recolored?,
            }
        }
        Ok(is_done)
    }

    /// Removes a label, from the cards of all its contacts.
    ///
    /// # Errors
    /// [`LabelError::NoLabel`], [`LabelError::Busy`]; [`AppError::Forbidden`], [`AppError::NoBook`].
    #[tracing::instrument(skip_all)]
    pub async fn remove_label(&self, id: LabelId) -> Result<LabelAnswer, LabelError> {
        self.change_labels(Change::Begin(id, LabelEdit::Remove))
            .await
    }

    /// Gives a label back that was removed.
    ///
    /// # Errors
    /// [`LabelError::NoLabel`] if that cannot be undone any more; [`LabelError::Busy`].
    #[tracing::instrument(skip_all)]
    pub async fn undo_label_change(&self, id: LabelChangeId) -> Result<LabelAnswer, LabelError> {
        self.change_labels(Change::Undo(id)).await
    }

    fn label_store(&self) -> Result<Arc<dyn ContactStore>, AppError> {
        let book = self.book()?;
        book.require(BookRole::Editor)?;
        Ok(self.store(book))
    }

    /// Begins a change, and ends it if it is a small one. That goes on when the caller hangs up. What is left by a process
    /// that is stopped is done by [`LabelWork`](crate::services::contacts::LabelWork).
    async fn change_labels(&self, change: Change) -> Result<LabelAnswer, LabelError> {
        let store = self.label_store()?;
        let clock = self.shared.clock.clone();
        let actor = self.caller.actor();
        let changed = self.shared.tasks.run_to_end(async move {
            let now = clock.now();
            let begun = match change {
                Change::Begin(id, edit) => store.begin_label_change(id, &edit, now, &actor).await?,
                Change::Undo(id) => store.undo_label_change(id, now, &actor).await?,
            };
            let is_done = begun.total <= MAX_AT_ONCE;
            while is_done && store.step_label_change(clock.now()).await? {}
            Ok(LabelAnswer {
                change: begun.id,
                is_done,
            })
        });
        changed
            .await
            .unwrap_or(Err(LabelError::Other(AppError::Internal)))
    }
}
