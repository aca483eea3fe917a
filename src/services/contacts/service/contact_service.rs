//! The struct: what the use cases share, how it is made and closed.

use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;

use kith_runtime::Tasks;
use uuid::ContextV7;

use super::Contacts;
use super::Options;
use super::decoder::Decoder;
use super::shared::Shared;
use crate::model::error::AppError;
use crate::services::book::BookId;
use crate::services::client::Caller;
use crate::services::contacts::list_view::SecondLine;
use crate::services::contacts::uses;
use crate::services::contacts::uses::Uses;

/// Contacts. What callers do with them is in [`Contacts`]; the rest is for Kith itself. Cheap to clone: clones share
/// everything.
///
/// Every error is fit to be shown; its cause has been logged. Spans hold ids and numbers, never
/// what a contact or a search says; those of cached reads are for debugging, because making one
/// takes longer than the read.
#[derive(Clone)]
pub struct ContactService {
    pub(super) shared: Arc<Shared>,
}

impl ContactService {
    pub fn new(options: Options) -> Self {
        let Options {
            store,
            cache,
            clock,
            redis,
            settings,
            trash_rule,
            creation_hook,
        } = options;
        let uses = Uses::new(uses::Options {
            store: store.clone(),
            clock: clock.clone(),
            redis,
        });
        Self {
            shared: Arc::new(Shared {
                rewriting: tokio::sync::Mutex::default(),
                store,
                cache,
                clock,
                settings,
                trash_rule,
                ids: Mutex::new(ContextV7::new()),
                decoder: Decoder::new(),
                creation_hook,
                tasks: Tasks::default(),
                uses,
            }),
        }
    }

    /// Starts the background work, which goes on until [`close`](Self::close).
    pub fn start(&self) {
        self.shared.uses.start();
    }

    /// Whether contacts can be read at the moment.
    ///
    /// # Errors
    /// [`AppError::Unavailable`], [`AppError::Internal`].
    pub async fn ping(&self) -> Result<(), AppError> {
        Ok(self.shared.store.ping().await?)
    }

    /// Contacts as this caller sees them. `asked` is the book that the caller asks for; `None` asks for the first one.
    pub fn of(&self, caller: Caller, asked: Option<BookId>) -> Contacts {
        Contacts {
            shared: self.shared.clone(),
            caller,
            asked,
            second_line: SecondLine::default(),
        }
    }

    /// Waits for running calls, in the cache as well, and closes the database. Later calls fail with
    /// [`AppError::Unavailable`].
    pub async fn close(&self) {
        self.shared.tasks.close().await;
        self.shared.uses.close().await;
        self.shared.cache.close().await;
        self.shared.store.close().await;
    }
}

/// Shows nothing of what is inside.
impl fmt::Debug for ContactService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactService").finish_non_exhaustive()
    }
}
