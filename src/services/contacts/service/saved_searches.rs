//! Searches that people keep.

use super::Contacts;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::book::BookRole;
use crate::services::contacts::saved_search::MAX_SAVED_SEARCHES;
use crate::services::contacts::saved_search::SavedSearch;

impl Contacts {
    /// The searches that the book keeps, in the order of their words.
    ///
    /// # Errors
    /// [`AppError::NoBook`], [`AppError::Unavailable`], [`AppError::Internal`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn saved_searches(&self) -> Result<Vec<String>, AppError> {
        let store = self.store(self.book()?);
        Ok(store.saved_searches().await?)
    }

    /// Keeps a search. One that is kept stays as it is.
    ///
    /// # Errors
    /// [`AppError::BadRequest`] if the book keeps too many; [`AppError::Forbidden`], [`AppError::NoBook`],
    /// [`AppError::Unavailable`], [`AppError::Internal`].
    #[tracing::instrument(skip_all)]
    pub async fn keep_search(&self, search: &SavedSearch) -> Result<(), AppError> {
        let book = self.book()?;
        book.require(BookRole::Editor)?;
        if self.store(book).keep_search(search).await? {
            return Ok(());
        }
        Err(AppError::bad_request(t!(
            "An address book keeps at most {most} searches. Forget one of them first.",
            most = MAX_SAVED_SEARCHES,
        )))
    }

    /// Forgets a search. One that is not kept is forgotten already.
    ///
    /// # Errors
    /// As for [`keep_search`](Self::keep_search).
    #[tracing::instrument(skip_all)]
    pub async fn forget_search(&self, search: &SavedSearch) -> Result<(), AppError> {
        let book = self.book()?;
        book.require(BookRole::Editor)?;
        Ok(self.store(book).forget_search(search).await?)
    }
}
