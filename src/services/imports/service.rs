//! [`ImportService`]: what callers can do with imports, and the task that works them off.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use kith_database::Database;
use kith_runtime::Clock;
use kith_runtime::ErrorLatch;
use kith_runtime::Tasks;
use tokio::sync::Notify;

use super::error::ImportError;
use super::import::Import;
use super::import::ImportId;
use super::import::ImportState;
use super::import::Problem;
use super::limits::Limits;
use super::store;
use super::store::End;
use crate::model::error::AppError;
use crate::services::audit_log;
use crate::services::audit_log::Entry;
use crate::services::audit_log::Kind;
use crate::services::book::Book;
use crate::services::book::BookRole;
use crate::services::client::Caller;
use crate::services::contacts::CreationHook;
use crate::services::contacts::store::StoreError;
use crate::services::lease;
use crate::services::lease::Lease;

/// How often an instance looks for imports that another one has taken in.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

/// How often an instance removes what is outdated.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// How long a report is kept.
const KEEP_REPORTS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// After this time, a file that has not arrived never will.
const KEEP_ARRIVALS: Duration = Duration::from_secs(24 * 60 * 60);

/// The imports of a list.
const MAX_LISTED: u32 = 50;

/// What an [`ImportService`] is made of.
pub struct Options {
    pub database: Database,
    /// The clock of the database, by which all instances agree.
    pub clock: Arc<dyn Clock>,
    pub limits: Limits,
    /// What else happens when a contact is added.
    pub creation_hook: Option<Box<dyn CreationHook>>,
}

/// Takes in files, and works them off in one instance at a time. Cheap to clone.
#[derive(Clone)]
pub struct ImportService(Arc<Inner>);

struct Inner {
    options: Options,
    lease: Lease,
    renewed: Mutex<Instant>,
    arrived: Notify,
    tasks: Tasks,
}

impl ImportService {
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner {
            lease: Lease::new(options.database.clone(), "imports.lease"),
            renewed: Mutex::new(Instant::now()),
            arrived: Notify::new(),
            tasks: Tasks::default(),
            options,
        }))
    }

    /// Works off imports in the background until [`close`](Self::close).
    pub fn start(&self) {
        let own = self.clone();
        self.0.tasks.spawn(async move {
            let latch = ErrorLatch::default();
            let mut swept: Option<Instant> = None;
            loop {
                if swept.is_none_or(|swept| swept.elapsed() > SWEEP_INTERVAL) {
                    swept = Some(Instant::now());
                    latch.check("outdated imports stay", own.sweep().await);
                }
                latch.check("imports wait", own.work_off().await.map(drop));
                let arrived = own.0.arrived.notified();
                tokio::select! {
                    () = arrived => {}
                    goes_on = own.0.tasks.sleep(LOOK_INTERVAL) => if !goes_on { break },
                }
            }
        });
    }

    pub async fn close(&self) {
        self.0.tasks.close().await;
    }

    /// Works off what waits, unless another instance does that. Returns whether this one has.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Internal`].
    pub async fn work_off(&self) -> Result<bool, StoreError> {
        if store::next_at_work(self.database()).await?.is_none() {
            return Ok(true);
        }
        if !self.0.lease.take(self.now()).await? {
            return Ok(false);
        }
        self.set_renewed();
        let done = self.work().await;
        self.0.lease.release().await?;
        done.map(|()| true)
    }

    async fn work(&self) -> Result<(), StoreError> {
        while let Some(import) = store::next_at_work(self.database()).await? {
            let worked = match import.state {
                ImportState::Undoing => self.remove_added(&import).await,
                _ => self.run(&import).await,
            };
            match worked {
                Ok(()) => {}
                // A defect would hold up the imports behind this one.
                Err(StoreError::Internal(cause)) => {
                    let _ = AppError::from(StoreError::Internal(cause));
                    self.give_up(&import).await?;
                }
                Err(error) => return Err(error),
            }
            if !self.goes_on().await? {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn give_up(&self, import: &Import) -> Result<(), StoreError> {
        let end = End {
            from: import.state,
            to: ImportState::Failed,
            why: Some("Something went wrong on the server. The log of Kith says more.".to_owned()),
            now: self.now(),
        };
        self.end(import, &end).await
    }

    /// Whether this instance goes on: it is not told to end, and has the lease, which this renews.
    pub(super) async fn goes_on(&self) -> Result<bool, StoreError> {
        if self.0.tasks.is_stopped() {
            return Ok(false);
        }
        let renewed = *self
            .0
            .renewed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if renewed.elapsed() < lease::TTL / 3 {
            return Ok(true);
        }
        self.set_renewed();
        Ok(self.0.lease.take(self.now()).await?)
    }

    fn set_renewed(&self) {
        *self
            .0
            .renewed
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Removes reports that are too old, files that never arrived, and files that a process has left behind.
    pub(super) async fn sweep(&self) -> Result<(), StoreError> {
        let now = self.now();
        store::sweep(self.database(), now - KEEP_REPORTS, now - KEEP_ARRIVALS).await
    }

    /// The last imports into a book, the latest first.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for a book that the caller may only read.
    pub async fn list(&self, book: &Book) -> Result<Vec<Import>, ImportError> {
        book.require(BookRole::Editor)?;
        let mut reader = self.database().reader().await?;
        Ok(store::of_book(&mut reader, book.key, MAX_LISTED).await?)
    }

    /// An import into a book that the caller may change.
    ///
    /// # Errors
    /// [`ImportError::NoImport`], also for one into a book that the caller does not see; [`AppError::Forbidden`].
    pub async fn get(&self, caller: &Caller, id: ImportId) -> Result<Import, ImportError> {
        let import = self.find(id).await?;
        let mut books = caller.books().iter();
        let book = books.find(|book| book.key == import.book);
        book.ok_or(ImportError::NoImport)?
            .require(BookRole::Editor)?;
        Ok(import)
    }

    /// An import into any book, for Kith itself.
    ///
    /// # Errors
    /// [`ImportError::NoImport`].
    pub(super) async fn find(&self, id: ImportId) -> Result<Import, ImportError> {
        let mut reader = self.database().reader().await?;
        let found = store::find(&mut reader, id).await?;
        found.ok_or(ImportError::NoImport)
    }

    /// The first parts of the file that could not be read, at most `limit`.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn problems(&self, import: &Import, limit: u32) -> Result<Vec<Problem>, ImportError> {
        let mut reader = self.database().reader().await?;
        Ok(store::problems(&mut reader, import.seq, limit).await?)
    }

    /// The text of the next part of the file that could not be read, and its place. The first one stands behind -1.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn broken_behind(
        &self,
        import: &Import,
        place: i64,
    ) -> Result<Option<(i64, Vec<u8>)>, ImportError> {
        let mut reader = self.database().reader().await?;
        Ok(store::problem_behind(&mut reader, import.seq, place).await?)
    }

    /// Ends an import that waits or is under way. What it has added stays.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn cancel(&self, caller: &Caller, id: ImportId) -> Result<(), ImportError> {
        let import = self.get(caller, id).await?;
        if import.state == ImportState::Running {
            let end = End {
                from: ImportState::Running,
                to: ImportState::Cancelled,
                why: None,
                now: self.now(),
            };
            self.end(&import, &end).await?;
        }
        Ok(())
    }

    /// Has what an import has added removed, and ends the import before that if it is under way. The audit log says who
    /// asked for it. An import that is undone stays so.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub async fn undo(&self, caller: &Caller, id: ImportId) -> Result<Import, ImportError> {
        let import = self.get(caller, id).await?;
        let mut tx = self.database().write().await?;
        let state = store::lock(&mut tx, import.seq).await?;
        let Some((state, _)) = state.filter(|(state, _)| state.can_be_undone()) else {
            return Ok(import);
        };
        store::change_state(&mut tx, import.seq, state, ImportState::Undoing).await?;
        let books = caller.books().iter();
        let book = books.clone().find(|book| book.key == import.book);
        let actor = caller.actor();
        let entry = Entry {
            subject: book.map(|book| book.id.0),
            ..Entry::new(&actor, Kind::ImportUndone)
        };
        audit_log::record(&mut tx, &entry, self.now()).await?;
        tx.commit().await?;
        self.wake();
        self.get(caller, id).await
    }

    pub fn limits(&self) -> Limits {
        self.0.options.limits
    }

    pub(super) fn database(&self) -> &Database {
        &self.0.options.database
    }

    pub(super) fn creation_hook(&self) -> Option<&dyn CreationHook> {
        self.0.options.creation_hook.as_deref()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.options.clock.now()
    }

    /// There is work to do.
    pub(super) fn wake(&self) {
        self.0.arrived.notify_one();
    }

    /// Removes a file that has not arrived.
    pub(super) fn forget(&self, import: i64) {
        let own = self.clone();
        self.0.tasks.spawn(async move {
            // What is left behind is removed a day later.
            let _ = store::remove(own.database(), import).await;
        });
    }
}
