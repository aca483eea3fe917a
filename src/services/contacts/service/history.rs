//! The history of a contact: what it said before, who has changed it, and bringing that back.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

use super::Contacts;
use super::update::require_version;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::BookRole;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::history;
use crate::services::contacts::history::Change;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::store::FormerVersion;
use crate::services::contacts::store::PictureThen;
use crate::services::contacts::store::VersionPage;

/// The versions of a page.
const PAGE: u32 = 50;

/// Some of the former versions of a contact.
#[derive(Clone, Debug)]
pub struct History {
    /// The contact as it is now.
    pub contact: Contact,
    /// The latest first.
    pub versions: Vec<Version>,
    /// Asks for earlier ones; `None` if there are none.
    pub next: Option<u32>,
}

/// A version that a contact had before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Version {
    /// The last one of the contact before the change.
    pub version: u32,
    /// When it was changed. RFC 3339, UTC, milliseconds.
    #[schema(format = DateTime)]
    pub at: String,
    /// The name of the account that has changed it, as it was then; null where Kith had no account.
    #[schema(required = true)]
    pub by: Option<String>,
    /// What that has changed, in the order of the form.
    pub changes: Vec<Change>,
}

/// What would come of bringing a version back.
#[derive(Clone, Debug)]
pub struct Restoration {
    /// The contact as it is now.
    pub contact: Contact,
    /// Empty if the contact is as it was then.
    pub changes: Vec<Change>,
}

impl Contacts {
    /// The versions that a contact had, those before the version `before` if there is one.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also for a contact in the trash.
    #[tracing::instrument(level = "debug", skip_all, fields(contact = %id))]
    pub async fn history(&self, id: ContactId, before: Option<u32>) -> Result<History, AppError> {
        let read =
            |store: Arc<dyn ContactStore>| async move { store.versions(id, before, PAGE).await };
        let page = self.in_book_of(id, BookRole::Viewer, read).await?;
        Ok(told(page))
    }

    /// The card of a version: of the present one, or of one in [`history`](Self::history); `None` if there is no such
    /// version, or not any more.
    ///
    /// # Errors
    /// As for [`history`](Self::history).
    #[tracing::instrument(level = "debug", skip_all, fields(contact = %id))]
    pub async fn version(
        &self,
        id: ContactId,
        version: u32,
    ) -> Result<Option<ContactCard>, AppError> {
        let read = |store: Arc<dyn ContactStore>| async move { store.version(id, version).await };
        self.in_book_of(id, BookRole::Viewer, read).await
    }

    /// What would change if a version was brought back; `None` as for [`version`](Self::version).
    ///
    /// # Errors
    /// As for [`history`](Self::history).
    pub async fn restoration(
        &self,
        id: ContactId,
        version: u32,
    ) -> Result<Option<Restoration>, AppError> {
        let Some(former) = self.version(id, version).await? else {
            return Ok(None);
        };
        let (contact, present) = self.card(id).await?;
        let restored = restored(&former, &present);
        let changes = if restored.bytes() == present.bytes() {
            Vec::new()
        } else {
            history::changes(&present, &restored, !restored.has_picture_of(&present))
        };
        Ok(Some(Restoration { contact, changes }))
    }

    /// Gives a contact the card of a former version; `None` as for [`version`](Self::version). With `expected`, only if the
    /// contact is still at that version.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Changed`].
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn restore_version(
        &self,
        id: ContactId,
        version: u32,
        expected: Option<u32>,
    ) -> Result<Option<Contact>, AppError> {
        self.book_of(id, BookRole::Editor).await?;
        let Some(former) = self.version(id, version).await? else {
            return Ok(None);
        };
        let restore = |current: &Contact, present: &ContactCard| {
            require_version(current, expected)?;
            Ok(restored(&former, present))
        };
        self.rewrite_card(id, restore).await.map(Some)
    }
}

/// The card that brings a former one back. The contact stays known by the UID that it has.
fn restored(former: &ContactCard, present: &ContactCard) -> ContactCard {
    let mut restored = former.clone();
    restored.take_uid_of(present);
    restored
}

fn told(page: VersionPage) -> History {
    let mut after = page.after;
    let mut versions = Vec::with_capacity(page.versions.len());
    for former in page.versions {
        let FormerVersion {
            version,
            at,
            name,
            picture,
            card,
            ..
        } = former;
        versions.push(Version {
            version,
            at,
            by: name,
            changes: history::changes(&card, &after, picture == PictureThen::Changed),
        });
        after = card;
    }
    let last = versions.last().map(|last| last.version);
    History {
        contact: page.contact,
        versions,
        next: last.filter(|_| page.has_more),
    }
}
