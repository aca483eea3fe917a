//! [`Contacts`]: contacts, as one caller sees them.

use std::fmt;
use std::sync::Arc;

use kith_cache::Generation;

use super::shared::Shared;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::client::Caller;
use crate::services::contacts::PAGES;
use crate::services::contacts::list_view::SecondLine;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::store::StoreError;

/// How often a contact is followed to another book.
const MAX_MOVES: u32 = 16;

/// The use cases of contacts for one caller: it finds only what is in the books of the caller, and changes only what the
/// role of the caller in the book allows. [`ContactService::of`](super::ContactService::of) makes one.
///
/// What is about one contact finds it in each of the books. What is about a list, a count or a new contact is about the
/// book that the caller asks for, otherwise the first one.
#[derive(Clone)]
pub struct Contacts {
    pub(super) shared: Arc<Shared>,
    pub(super) caller: Caller,
    pub(super) asked: Option<BookId>,
    pub(super) second_line: SecondLine,
}

impl Contacts {
    /// The book that the caller asks for, otherwise the first one.
    ///
    /// # Errors
    /// [`AppError::NoBook`].
    pub fn book(&self) -> Result<&Book, AppError> {
        self.caller.book(self.asked)
    }

    /// The same with this line below the names of lists.
    #[must_use]
    pub fn with_second_line(self, second_line: SecondLine) -> Self {
        Self {
            second_line,
            ..self
        }
    }

    /// What a list shows of a contact.
    pub(super) fn row_of(&self, contact: &Contact) -> ContactRow {
        ContactRow {
            detail: self.second_line.of(contact).to_owned(),
            ..ContactRow::from(contact)
        }
    }

    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The book of a contact, in the trash or not, if the caller has the role in it.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a contact in a book that the caller does not see, as for one that does not exist;
    /// [`AppError::Forbidden`]. If the caller has one book, it is that book, and the contact may be in another one.
    pub async fn book_of(&self, id: ContactId, role: BookRole) -> Result<&Book, AppError> {
        let book = match self.caller.books() {
            [only] => only,
            books => {
                let key = self.shared.store.book_of(id).await?;
                let mut books = books.iter();
                books
                    .find(|book| book.key == key)
                    .ok_or(AppError::NotFound)?
            }
        };
        book.require(role)?;
        Ok(book)
    }

    /// Does something in the book of a contact, if the caller has the role in it. A contact that is moved meanwhile is
    /// followed.
    ///
    /// # Errors
    /// As for [`book_of`](Self::book_of), and those of `act`.
    pub(super) async fn in_book_of<T, F>(
        &self,
        id: ContactId,
        role: BookRole,
        act: impl Fn(Arc<dyn ContactStore>) -> F,
    ) -> Result<T, AppError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut book = self.book_of(id, role).await?;
        for _ in 0..MAX_MOVES {
            match act(self.store(book)).await {
                Err(StoreError::NotFound) => {
                    let found = self.book_of(id, role).await?;
                    if found.key == book.key {
                        return Err(AppError::NotFound);
                    }
                    book = found;
                }
                done => return Ok(done?),
            }
        }
        tracing::warn!("a contact is moved faster than it can be found");
        Err(AppError::Unavailable)
    }

    /// The generation of all that the pages of the book show; `None` if it cannot be read.
    pub async fn generation(&self) -> Option<Generation> {
        let book = self.book().ok()?;
        self.shared.cache.generation(PAGES.part(book.key.0)).await
    }

    /// The contacts of a book.
    pub(super) fn store(&self, book: &Book) -> Arc<dyn ContactStore> {
        self.shared.store.in_book(book.key)
    }
}

/// Shows nothing of what is inside.
impl fmt::Debug for Contacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contacts").finish_non_exhaustive()
    }
}
