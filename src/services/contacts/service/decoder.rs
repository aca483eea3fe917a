//! [`Decoder`]: makes the pictures of photos, a few at a time, because each may take hundreds of megabytes for a second.

use std::sync::Arc;

use kith_photo::Crop;
use kith_photo::PhotoError;
use kith_photo::Prepared;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

use crate::model::error::AppError;

/// The most photos that are decoded at a time.
const MAX_DECODINGS: usize = 2;

/// The most requests that wait for a picture. A screen of a list asks for some tens of them at once.
const MAX_WAITING: usize = 256;

/// The most files that clients send at a time. Each is in memory until it is decoded.
const MAX_UPLOADS: usize = 8;

/// Decodes photos. Callers beyond its limits are told to come back.
pub struct Decoder {
    decodings: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
}

/// A place in the queue, or among the uploads. Dropping it leaves it to others.
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

/// The right to decode one photo.
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Decoder {
    pub fn new() -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self {
            decodings: semaphore(MAX_DECODINGS),
            waiting: semaphore(MAX_WAITING),
            uploads: semaphore(MAX_UPLOADS),
        }
    }

    /// # Errors
    /// [`AppError::Unavailable`] if too many wait.
    pub fn wait_for_picture(&self) -> Result<Place, AppError> {
        place(&self.waiting)
    }

    /// # Errors
    /// [`AppError::Unavailable`] if too many send a file.
    pub fn begin_upload(&self) -> Result<Place, AppError> {
        place(&self.uploads)
    }

    /// Waits until fewer photos are decoded, in the order of the calls.
    pub async fn turn(&self) -> Result<Turn, AppError> {
        let permit = self.decodings.clone().acquire_owned().await;
        permit
            .map(|_permit| Turn { _permit })
            .map_err(|_closed| AppError::Unavailable)
    }
}

fn place(places: &Arc<Semaphore>) -> Result<Place, AppError> {
    let permit = places.clone().try_acquire_owned();
    permit
        .map(|_permit| Place { _permit })
        .map_err(|_full| AppError::Unavailable)
}

impl Turn {
    /// Makes the pictures of a file on a thread of its own. The turn lasts until that is done, even if the caller has
    /// gone. `None` if the decoder panicked.
    pub async fn decode(
        self,
        file: Vec<u8>,
        crop: Option<Crop>,
    ) -> Option<Result<Prepared, PhotoError>> {
        let decode = move || {
            let made = kith_photo::prepare(&file, crop);
            drop(self);
            made
        };
        tokio::task::spawn_blocking(decode).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_caller_beyond_the_queue_is_told_to_come_back() {
        let decoder = Decoder::new();
        for (places, begin) in [
            (
                MAX_WAITING,
                Decoder::wait_for_picture as fn(&Decoder) -> Result<Place, AppError>,
            ),
            (MAX_UPLOADS, Decoder::begin_upload),
        ] {
            let mut taken: Vec<_> = (0..places).map(|_| begin(&decoder)).collect();
            assert!(taken.iter().all(Result::is_ok));
            assert_eq!(begin(&decoder).err(), Some(AppError::Unavailable));
            taken.pop();
            assert!(begin(&decoder).is_ok());
        }
    }

    #[tokio::test]
    async fn two_photos_are_decoded_at_a_time() {
        let decoder = Decoder::new();
        let first = decoder.turn().await.expect("it is open");
        let second = decoder.turn().await.expect("it is open");
        let mut third = std::pin::pin!(decoder.turn());
        assert!(futures_util::poll!(&mut third).is_pending());
        let made = first.decode(b"no picture".to_vec(), None).await;
        assert_eq!(made, Some(Err(PhotoError::Unknown)));
        assert!(third.await.is_ok());
        drop(second);
    }
}
