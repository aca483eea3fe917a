//! [`LabelWork`]: edits the cards of contacts whose label was renamed, merged or removed, and forgets in time what can be
//! undone.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kith_database::Database;
use kith_database::query;
use kith_runtime::Clock;
use kith_runtime::ErrorLatch;
use kith_runtime::Tasks;
use tokio::time::Instant;

use super::store::ContactStore;
use super::store::StoreError;
use crate::services::book::BookKey;
use crate::services::lease;
use crate::services::lease::Lease;

/// How often an instance looks whether there is something to do.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// How long a removed label can be given back.
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const FORGET: &str = "DELETE FROM label_changes WHERE finished_at < $1";

/// Works through the changes of labels in the background, in one instance at a time. Cheap to clone.
#[derive(Clone)]
pub struct LabelWork(Arc<Inner>);

struct Inner {
    options: Options,
    lease: Lease,
    tasks: Tasks,
}

/// What a [`LabelWork`] is made of.
pub struct Options {
    pub database: Database,
    /// The contacts of any book.
    pub store: Arc<dyn ContactStore>,
    /// The clock of the database, by which all instances agree.
    pub clock: Arc<dyn Clock>,
}

impl LabelWork {
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner {
            lease: Lease::new(options.database.clone(), "labels.lease"),
            tasks: Tasks::default(),
            options,
        }))
    }

    /// Works in the background until [`close`](Self::close).
    pub fn start(&self) {
        let own = self.clone();
        self.0.tasks.spawn(async move {
            let latch = ErrorLatch::default();
            loop {
                latch.check("labels wait to be changed", own.work_if_any().await);
                if !own.0.tasks.sleep(LOOK_INTERVAL).await {
                    break;
                }
            }
        });
    }

    pub async fn close(&self) {
        self.0.tasks.close().await;
    }

    /// Works if there is something to do and no other instance does it.
    async fn work_if_any(&self) -> Result<(), StoreError> {
        let Inner { options, lease, .. } = &*self.0;
        let outdated = options.clock.now() - KEPT_FOR;
        let (books, has_outdated) = self.look(outdated).await?;
        if books.is_empty() && !has_outdated || !lease.take(options.clock.now()).await? {
            return Ok(());
        }
        let worked = self.work(books, outdated).await;
        lease.release().await?;
        worked
    }

    /// The books whose labels are being changed, and whether there is something to forget.
    async fn look(&self, outdated: Timestamp) -> Result<(Vec<BookKey>, bool), StoreError> {
        let mut reader = self.0.options.database.reader().await?;
        let books: Vec<i64> = query("SELECT book FROM label_changes WHERE finished_at IS NULL")
            .fetch_all(&mut reader)
            .await?;
        let old: Option<i64> = query("SELECT seq FROM label_changes WHERE finished_at < $1")
            .bind(outdated.as_millisecond())
            .fetch_optional(&mut reader)
            .await?;
        Ok((books.into_iter().map(BookKey).collect(), old.is_some()))
    }

    async fn work(&self, books: Vec<BookKey>, outdated: Timestamp) -> Result<(), StoreError> {
        let Inner {
            options,
            lease,
            tasks,
        } = &*self.0;
        let mut renewed = Instant::now();
        for book in books {
            let store = options.store.in_book(book);
            while store.step_label_change(options.clock.now()).await? {
                if tasks.is_stopped() {
                    return Ok(());
                }
                if renewed.elapsed() > lease::TTL / 3 {
                    lease.take(options.clock.now()).await?;
                    renewed = Instant::now();
                }
            }
        }
        let mut tx = options.database.write().await?;
        let forget = query(FORGET).bind(outdated.as_millisecond());
        forget.execute(&mut tx).await?;
        Ok(tx.commit().await?)
    }
}
