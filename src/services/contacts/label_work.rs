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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;
    use std::sync::atomic::Ordering;

    use kith_card::Entry;
    use uuid::Uuid;

    use super::*;
    use crate::model::contact::ContactId;
    use crate::services::audit_log::Actor;
    use crate::services::contacts::catalogue::Field;
    use crate::services::contacts::labels::LabelEdit;
    use crate::services::contacts::labels::LabelName;
    use crate::services::contacts::store::conformance;
    use crate::services::contacts::store::sql::SqlStore;
    use crate::services::database::testing::TestDatabase;
    use crate::services::database::testing::on_each_engine;

    on_each_engine! {
        a_change_that_is_killed_again_and_again_is_made_once
        what_can_no_longer_be_undone_is_forgotten
    }

    /// More than fit into two steps.
    const CONTACTS: i64 = 1_100;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    /// A database in which contacts have a label, and a clock that a test sets.
    struct Book {
        database: Database,
        store: Arc<dyn ContactStore>,
        now: Arc<AtomicI64>,
    }

    impl Book {
        async fn new(database: &TestDatabase, contacts: i64) -> Self {
            let store = SqlStore::new((*database).clone(), Duration::from_secs(60));
            let book = Self {
                database: (*database).clone(),
                store: Arc::new(store),
                now: Arc::new(AtomicI64::new(1_800_000_000_000)),
            };
            let mut fields = conformance::fields("Ada", "ada@example.com");
            fields.set(Field::Labels, vec![Entry::text("VIP")]);
            for _ in 0..contacts {
                let id = ContactId::new(Uuid::now_v7());
                let created = book.store.create(id, &fields, book.now(), None, None);
                created.await.expect("it is new");
            }
            book
        }

        fn now(&self) -> Timestamp {
            let now = self.now.load(Ordering::Relaxed);
            Timestamp::from_millisecond(now).expect("a time")
        }

        /// The work of another process.
        fn work(&self) -> LabelWork {
            let clock = self.now.clone();
            let read = move || {
                let now = clock.load(Ordering::Relaxed);
                Timestamp::from_millisecond(now).expect("a time")
            };
            LabelWork::new(Options {
                database: self.database.clone(),
                store: self.store.clone(),
                clock: Arc::new(read),
            })
        }

        async fn begin(&self, edit: LabelEdit) {
            let labels = self.store.labels().await.expect("it is open").labels;
            let (id, by) = (labels[0].id, Actor::operator());
            let begun = self.store.begin_label_change(id, &edit, self.now(), &by);
            begun.await.expect("the label is there");
        }

        /// How many contacts are to be done; `None` where nothing is under way.
        async fn left(&self) -> Option<u64> {
            let changes = self.store.label_changes().await.expect("it is open");
            changes.first().map(|change| change.left)
        }

        async fn count(&self, sql: &'static str) -> i64 {
            let mut reader = self.database.reader().await.expect("it is open");
            let count = query(sql).fetch_one(&mut reader).await;
            count.expect("it is a number")
        }
    }

    async fn a_change_that_is_killed_again_and_again_is_made_once(database: TestDatabase) {
        let book = Book::new(&database, CONTACTS).await;
        let to = LabelName::parse("Best").expect("a name");
        book.begin(LabelEdit::Rename { to, merge: false }).await;
        let mut killed = 0;
        while let Some(left) = book.left().await {
            let work = book.work();
            let process = tokio::spawn(async move { work.work_if_any().await });
            while book.left().await == Some(left) && !process.is_finished() {
                tokio::task::yield_now().await;
            }
            killed += usize::from(!process.is_finished());
            process.abort();
            drop(process.await);
            // The lease of a process that was killed ends.
            book.now.fetch_add(DAY, Ordering::Relaxed);
        }
        assert!(killed > 0);
        let labels = book.store.labels().await.expect("it is open").labels;
        let labels: Vec<_> = labels
            .iter()
            .map(|label| (&*label.name, label.contacts))
            .collect();
        assert_eq!(labels, [("Best", CONTACTS.unsigned_abs())]);
        for (sql, expected) in [
            ("SELECT count(*) FROM contacts WHERE version = 2", CONTACTS),
            ("SELECT count(*) FROM contact_versions", CONTACTS),
            ("SELECT count(*) FROM activities", CONTACTS * 2),
            ("SELECT count(*) FROM audit_log", 1),
            ("SELECT count(*) FROM label_change_contacts", 0),
        ] {
            assert_eq!(book.count(sql).await, expected, "{sql}");
        }
    }

    async fn what_can_no_longer_be_undone_is_forgotten(database: TestDatabase) {
        let book = Book::new(&database, 1).await;
        book.begin(LabelEdit::Remove).await;
        let work = book.work();
        for (days, expected) in [(0, 1), (29, 1), (2, 0)] {
            book.now.fetch_add(days * DAY, Ordering::Relaxed);
            work.work_if_any().await.expect("it is open");
            for sql in [
                "SELECT count(*) FROM label_changes WHERE finished_at IS NOT NULL",
                "SELECT count(*) FROM label_change_contacts",
            ] {
                assert_eq!(book.count(sql).await, expected, "{sql}, {days} days later");
            }
        }
    }
}
