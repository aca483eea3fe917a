//! The photo of a contact: the pictures that pages show of it, and another one in its place.
//!
//! The pictures of a photo are made when they are first asked for. An import of thousands of cards decodes none.

use std::sync::Arc;

use kith_photo::Crop;
use kith_photo::Prepared;

use super::Contacts;
use super::decoder::Place;
use super::shared::Shared;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::BookRole;
use crate::services::contacts::photo;
use crate::services::contacts::photo::PhotoKey;
use crate::services::contacts::photo::Picture;
use crate::services::contacts::photo::Size;
use crate::services::contacts::store::ContactStore;

/// A client that may send a photo, and has a place among the uploads.
pub struct Upload {
    shared: Arc<Shared>,
    _place: Place,
}

impl Upload {
    /// Makes the pictures of the file that was sent. This goes on when the client hangs up.
    ///
    /// # Errors
    /// [`AppError::BadRequest`] for a file that is no photo, with a sentence that says what to do.
    pub async fn prepare(self, file: Vec<u8>, crop: Option<Crop>) -> Result<Prepared, AppError> {
        let turn = self.shared.decoder.turn().await?;
        let made = turn.decode(file, crop).await;
        made.ok_or(AppError::Internal)?
            .map_err(|error| AppError::bad_request(photo::for_reader(&error.to_string())))
    }
}

impl Contacts {
    /// A picture of the photo with this key, as a JPEG. It is made if this is the first time.
    ///
    /// # Errors
    /// [`AppError::NotFound`], also if the contact has another photo by now, or one that cannot be decoded;
    /// [`AppError::Unavailable`], also if too many wait for pictures.
    #[tracing::instrument(level = "debug", skip_all, fields(contact = %id))]
    pub async fn picture(
        &self,
        id: ContactId,
        key: &PhotoKey,
        size: Size,
    ) -> Result<Vec<u8>, AppError> {
        let find = |store: Arc<dyn ContactStore>| async move {
            let found = store.picture(id, key, size).await?;
            Ok((found, store))
        };
        let found = match self.in_book_of(id, BookRole::Viewer, find).await? {
            (Picture::NotMade, store) => {
                let place = self.shared.decoder.wait_for_picture()?;
                let (shared, key) = (self.shared.clone(), key.clone());
                let make = async move {
                    let _place = place;
                    make_picture(&shared, &*store, id, &key, size).await
                };
                let made = self.shared.tasks.run_to_end(make).await;
                made.unwrap_or(Err(AppError::Internal))?
            }
            (found, _) => found,
        };
        match found {
            Picture::Made(jpeg) => Ok(jpeg),
            Picture::Undecodable | Picture::NotMade => Err(AppError::NotFound),
        }
    }

    /// The large picture of a contact, and the key of its photo.
    ///
    /// # Errors
    /// As for [`picture`](Self::picture); [`AppError::NotFound`] if the contact has no photo.
    pub async fn photo(&self, id: ContactId) -> Result<(PhotoKey, Vec<u8>), AppError> {
        let contact = self.get(id).await?;
        let address = contact.photo.ok_or(AppError::NotFound)?;
        let key = PhotoKey::in_address(&address).ok_or(AppError::NotFound)?;
        let jpeg = self.picture(id, &key, Size::Large).await?;
        Ok((key, jpeg))
    }

    /// Lets a client send a photo for a contact. This comes before the file, so that no memory is used for a file that is
    /// refused anyway.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`]; [`AppError::Unavailable`], also if too many send one.
    pub async fn begin_upload(&self, id: ContactId) -> Result<Upload, AppError> {
        self.book_of(id, BookRole::Editor).await?;
        self.get(id).await?;
        Ok(Upload {
            _place: self.shared.decoder.begin_upload()?,
            shared: self.shared.clone(),
        })
    }

    /// Makes a picture the only photo of a contact, or takes its photo away. With `expected`, only if the contact is still
    /// at that version; without, on top of what others write at the same time.
    ///
    /// # Errors
    /// [`AppError::Forbidden`], [`AppError::NotFound`], [`AppError::Changed`].
    #[tracing::instrument(skip_all, fields(contact = %id))]
    pub async fn set_photo(
        &self,
        id: ContactId,
        photo: Option<&Prepared>,
        expected: Option<u32>,
    ) -> Result<Contact, AppError> {
        let now = self.shared.clock.now();
        let actor = &self.caller.actor();
        let set = |store: Arc<dyn ContactStore>| async move {
            store.set_photo(id, photo, expected, now, actor).await
        };
        self.in_book_of(id, BookRole::Editor, set).await
    }
}

/// Makes the pictures of a photo, keeps them, and returns one of them.
async fn make_picture(
    shared: &Shared,
    store: &dyn ContactStore,
    id: ContactId,
    key: &PhotoKey,
    size: Size,
) -> Result<Picture, AppError> {
    let turn = shared.decoder.turn().await?;
    // Another request may have made them meanwhile.
    let found = store.picture(id, key, size).await?;
    if found != Picture::NotMade {
        return Ok(found);
    }
    let (_, card) = store.card(id).await?;
    let file = card.photo().filter(|file| PhotoKey::of(file) == *key);
    let file = file.ok_or(AppError::NotFound)?;
    // A decoder that panics once would do so each time.
    let made = turn.decode(file, None).await.and_then(Result::ok);
    store.keep_pictures(id, key, made.as_ref()).await?;
    Ok(match made {
        Some(prepared) => Picture::Made(size.of(prepared)),
        None => Picture::Undecodable,
    })
}
