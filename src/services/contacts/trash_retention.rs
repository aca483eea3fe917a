//! [`TrashRetention`]: deletes contacts for ever that have been in the trash for as long as the rule says.

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
use super::trash_rule::TrashRule;
use crate::services::book::BookKey;
use crate::services::lease;
use crate::services::lease::Lease;

/// How often an instance looks whether it is time.
const LOOK_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// How long after one sweep of any instance the next one is due.
const SWEEP_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

const READ: &str = "SELECT changed_at FROM settings WHERE name = 'trash.swept'";

const WRITE: &str =
    "INSERT INTO settings (name, value, changed_at) VALUES ('trash.swept', 'true', $1)
     ON CONFLICT (name) DO UPDATE SET changed_at = excluded.changed_at";

/// Sweeps the trash of all books once a day, in one instance at a time. Cheap to clone.
#[derive(Clone)]
pub struct TrashRetention(Arc<Inner>);

struct Inner {
    options: Options,
    lease: Lease,
    tasks: Tasks,
}

/// What a [`TrashRetention`] is made of.
pub struct Options {
    pub database: Database,
    /// The contacts of any book.
    pub store: Arc<dyn ContactStore>,
    /// The clock of the database, by which all instances agree.
    pub clock: Arc<dyn Clock>,
    pub rule: TrashRule,
}

impl TrashRetention {
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner {
            lease: Lease::new(options.database.clone(), "trash.lease"),
            tasks: Tasks::default(),
            options,
        }))
    }

    /// Sweeps in the background until [`close`](Self::close), if there is a rule.
    pub fn start(&self) {
        if self.0.options.rule.days().is_none() {
            return;
        }
        let own = self.clone();
        self.0.tasks.spawn(async move {
            let latch = ErrorLatch::default();
            loop {
                latch.check("old contacts stay in the trash", own.sweep_if_due().await);
                if !own.0.tasks.sleep(LOOK_INTERVAL).await {
                    break;
                }
            }
        });
    }

    pub async fn close(&self) {
        self.0.tasks.close().await;
    }

    /// Sweeps if it is time and no other instance does.
    async fn sweep_if_due(&self) -> Result<(), StoreError> {
        let Inner { options, lease, .. } = &*self.0;
        if !self.is_due().await? || !lease.take(options.clock.now()).await? {
            return Ok(());
        }
        // Another instance may have swept just before.
        let swept = match self.is_due().await {
            Ok(true) => self.sweep().await,
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        lease.release().await?;
        swept
    }

    async fn is_due(&self) -> Result<bool, StoreError> {
        let Options {
            database, clock, ..
        } = &self.0.options;
        let mut reader = database.reader().await?;
        let last: Option<i64> = query(READ).fetch_optional(&mut reader).await?;
        let last = last.and_then(|last| Timestamp::from_millisecond(last).ok());
        let now = clock.now();
        // A sweep from the future was made before the clock was set back.
        Ok(last.is_none_or(|last| last > now || now >= last + SWEEP_INTERVAL))
    }

    async fn sweep(&self) -> Result<(), StoreError> {
        let Inner {
            options,
            lease,
            tasks,
        } = &*self.0;
        let now = options.clock.now();
        let mut deleted = 0;
        if let Some(cutoff) = options.rule.cutoff(now) {
            let mut renewed = Instant::now();
            for book in self.books().await? {
                let store = options.store.in_book(book);
                loop {
                    let some = store.erase_some(Some(cutoff), None).await?;
                    deleted += some;
                    if tasks.is_stopped() {
                        return Ok(());
                    }
                    if some == 0 {
                        break;
                    }
                    if renewed.elapsed() > lease::TTL / 3 {
                        lease.take(options.clock.now()).await?;
                        renewed = Instant::now();
                    }
                }
            }
        }
        let mut tx = options.database.write().await?;
        let write = query(WRITE).bind(now.as_millisecond());
        write.execute(&mut tx).await?;
        tx.commit().await?;
        if deleted > 0 {
            tracing::info!(deleted, "contacts deleted that were in the trash for long");
        }
        Ok(())
    }

    async fn books(&self) -> Result<Vec<BookKey>, StoreError> {
        let mut reader = self.0.options.database.reader().await?;
        let books: Vec<i64> = query("SELECT seq FROM books ORDER BY seq")
            .fetch_all(&mut reader)
            .await?;
        Ok(books.into_iter().map(BookKey).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;
    use std::sync::atomic::Ordering;

    use uuid::Uuid;

    use super::*;
    use crate::model::contact::ContactId;
    use crate::services::audit_log::Actor;
    use crate::services::contacts::store::conformance;
    use crate::services::contacts::store::sql::SqlStore;
    use crate::services::database::testing::TestDatabase;
    use crate::services::database::testing::on_each_engine;

    on_each_engine! {
        contacts_go_once_their_days_are_over
        one_instance_sweeps_once_a_day
        contacts_of_every_book_go
    }

    const HOUR: i64 = 3_600_000;

    /// An instance with a rule of two days, whose clock a test sets.
    struct Instance {
        retention: TrashRetention,
        store: Arc<dyn ContactStore>,
        now: Arc<AtomicI64>,
    }

    impl Instance {
        async fn new(database: &TestDatabase) -> Self {
            let now = Arc::new(AtomicI64::new(1_800_000_000_000));
            let clock = now.clone();
            let read = move || {
                let now = clock.load(Ordering::Relaxed);
                Timestamp::from_millisecond(now).expect("a time")
            };
            let store = SqlStore::new((*database).clone(), Duration::from_secs(60));
            let store: Arc<dyn ContactStore> = Arc::new(store);
            let rule = TrashRule::open(database, 2, read()).await;
            let retention = TrashRetention::new(Options {
                database: (*database).clone(),
                store: store.clone(),
                clock: Arc::new(read),
                rule: rule.expect("it is open"),
            });
            Self {
                retention,
                store,
                now,
            }
        }

        fn now(&self) -> Timestamp {
            self.retention.0.options.clock.now()
        }

        /// So many hours later, looks whether it is time to sweep.
        async fn look_after(&self, hours: i64) {
            self.now.fetch_add(hours * HOUR, Ordering::Relaxed);
            let swept = self.retention.sweep_if_due().await;
            swept.expect("it is open");
        }

        /// A contact in the trash of a book.
        async fn deleted_in(&self, book: BookKey) {
            let store = self.store.in_book(book);
            let id = ContactId::new(Uuid::now_v7());
            let fields = conformance::fields("Ada", "ada@example.com");
            let created = store.create(id, &fields, self.now(), None, None).await;
            created.expect("it is new");
            let deleted = store.delete(id, None, self.now(), &Actor::operator()).await;
            deleted.expect("it is there");
        }

        async fn trash_of(&self, book: BookKey) -> u64 {
            let totals = self.store.in_book(book).totals().await;
            totals.expect("it is open").trash
        }

        async fn trash(&self) -> u64 {
            self.trash_of(BookKey::FIRST).await
        }
    }

    async fn contacts_go_once_their_days_are_over(database: TestDatabase) {
        let kith = Instance::new(&database).await;
        kith.deleted_in(BookKey::FIRST).await;
        kith.look_after(1).await;
        kith.deleted_in(BookKey::FIRST).await;
        kith.look_after(24).await;
        assert_eq!(kith.trash().await, 2);
        kith.look_after(24).await;
        assert_eq!(kith.trash().await, 1);
        kith.look_after(24).await;
        assert_eq!(kith.trash().await, 0);
    }

    async fn one_instance_sweeps_once_a_day(database: TestDatabase) {
        let [one, other] = [
            Instance::new(&database).await,
            Instance::new(&database).await,
        ];
        one.deleted_in(BookKey::FIRST).await;
        one.look_after(47).await;
        // The other instance finds it swept, and the day is not over.
        other.look_after(49).await;
        assert_eq!(one.trash().await, 1);
        // It has the lease, so the first one leaves the sweep to it.
        one.now.fetch_add(24 * HOUR, Ordering::Relaxed);
        let taken = other.retention.0.lease.take(one.now()).await;
        assert!(taken.expect("it is open"));
        one.look_after(0).await;
        assert_eq!(one.trash().await, 1);
        other.retention.0.lease.release().await.expect("it is open");
        one.look_after(0).await;
        assert_eq!(one.trash().await, 0);
    }

    async fn contacts_of_every_book_go(database: TestDatabase) {
        let mut tx = database.write().await.expect("it is open");
        let add = "INSERT INTO books (seq, id, name, created_at) VALUES (7, $1, 'Other', 0)";
        let add = query(add).bind(vec![7_u8; 16]).execute(&mut tx).await;
        add.expect("it is new");
        tx.commit().await.expect("there is room");
        let kith = Instance::new(&database).await;
        for book in [BookKey::FIRST, BookKey(7)] {
            kith.deleted_in(book).await;
        }
        kith.look_after(49).await;
        assert_eq!(kith.trash_of(BookKey::FIRST).await, 0);
        assert_eq!(kith.trash_of(BookKey(7)).await, 0);
    }
}
