//! Changes that share a transaction.
//!
//! A commit waits for the disk, and one writer has its turn at a time. So changes that come while a
//! commit is under way are made in the next transaction together, and answered once all of them are on the
//! disk. Under load, many changes cost one commit; a change that is alone waits for no other.
//!
//! A change that fails is undone alone. That takes a savepoint for each change, which costs two switches between
//! threads and makes FTS5 write a segment of its index. Changes hardly ever fail, so they are made without
//! savepoints first. If one of several fails, all are undone and made again, each in a savepoint.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::PoisonError;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use crate::attempts::Attempts;
use crate::connection::Connection;
use crate::database::Backend;
use crate::database::Database;
use crate::postgres::PostgresServer;
use crate::query::query;

/// The most changes in one transaction, so that readers of the log never have much to catch up with.
const MAX_GROUP: usize = 64;

/// What waits for the next transaction.
#[derive(Default)]
pub(crate) struct Changes(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    changes: VecDeque<Box<dyn Change>>,
    /// Whether a task is making them.
    has_worker: bool,
}

/// A change of unknown type.
trait Change: Send {
    /// Makes the change, and says whether it succeeded. It does not undo one that failed.
    fn make<'c>(&'c mut self, tx: &'c mut Connection) -> BoxFuture<'c, bool>;

    /// Answers the caller.
    fn answer(self: Box<Self>, committed: Result<(), sqlx::Error>);
}

struct Request<F, T, E> {
    change: F,
    made: Option<Result<T, E>>,
    caller: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Change for Request<F, T, E>
where
    F: for<'c> FnMut(&'c mut Connection) -> BoxFuture<'c, Result<T, E>> + Send,
    T: Send,
    E: From<sqlx::Error> + Send,
{
    fn make<'c>(&'c mut self, tx: &'c mut Connection) -> BoxFuture<'c, bool> {
        Box::pin(async move {
            // What an earlier call has returned may hold what this one waits for.
            self.made = None;
            let made = (self.change)(tx).await;
            let succeeded = made.is_ok();
            self.made = Some(made);
            succeeded
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), sqlx::Error>) {
        let made = match (self.made, committed) {
            // What was undone before the commit does not depend on it.
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(error.into()),
            (Some(Ok(made)), Ok(())) => Ok(made),
            (None, Ok(())) => Err(sqlx::Error::WorkerCrashed.into()),
        };
        // The caller may have gone.
        let _ = self.caller.send(made);
    }
}

impl Database {
    /// Makes a change, all of it or nothing, and answers once it is on the disk. Other changes may share its
    /// transaction; it sees what they have changed before it, and none of them sees what it undoes.
    ///
    /// `change` may be called several times: if any change of its transaction fails, all that were made are undone and
    /// made again, and a change that meets another one in a PostgreSQL server is as well.
    ///
    /// A caller that drops the future does not learn whether the change was made.
    ///
    /// # Errors
    /// Those of the change, which is then undone; [`sqlx::Error`]s of the transaction.
    pub async fn change<T, E>(
        &self,
        change: impl for<'c> FnMut(&'c mut Connection) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<sqlx::Error> + Send + 'static,
    {
        if let Backend::Postgres(server) = &self.shared.backend {
            return self.change_alone(server, change).await;
        }
        let (caller, answer) = oneshot::channel();
        let request = Request {
            change,
            made: None,
            caller,
        };
        let has_worker = {
            let mut queue = self.shared.changes.lock();
            queue.changes.push_back(Box::new(request));
            std::mem::replace(&mut queue.has_worker, true)
        };
        if !has_worker {
            tokio::spawn(self.clone().make_changes());
        }
        answer
            .await
            .unwrap_or_else(|_| Err(sqlx::Error::WorkerCrashed.into()))
    }

    /// Makes a change in a transaction of its own. The server makes several at a time and syncs the disk for all of
    /// them together, so changes that shared a transaction would only wait for each other.
    async fn change_alone<T, E>(
        &self,
        server: &PostgresServer,
        mut change: impl for<'c> FnMut(&'c mut Connection) -> BoxFuture<'c, Result<T, E>>,
    ) -> Result<T, E>
    where
        E: From<sqlx::Error>,
    {
        let _turn = server.turn().await?;
        let mut attempts = Attempts::default();
        loop {
            let mut tx = self.write().await?;
            let error = match change(&mut tx).await {
                Ok(made) => {
                    tx.commit().await?;
                    return Ok(made);
                }
                Err(error) => error,
            };
            let met_another = tx.has_met_another();
            tx.rollback().await?;
            if !attempts.is_another_due(met_another).await {
                return Err(error);
            }
        }
    }

    /// The worker: makes what waits, until nothing does.
    async fn make_changes(self) {
        while let Some(mut group) = self.shared.changes.next_group() {
            // A change that panics must not take those along that come after it.
            let made = AssertUnwindSafe(self.make_together(&mut group)).catch_unwind();
            let mut committed = made.await.unwrap_or(Err(sqlx::Error::WorkerCrashed));
            for change in group {
                // The error itself goes to the first; the others failed because it did.
                let of_this = match &mut committed {
                    Ok(()) => Ok(()),
                    Err(error) => Err(std::mem::replace(error, sqlx::Error::WorkerCrashed)),
                };
                change.answer(of_this);
            }
        }
    }

    async fn make_together(&self, group: &mut [Box<dyn Change>]) -> Result<(), sqlx::Error> {
        let is_alone = group.len() == 1;
        let mut tx = self.write().await?;
        let mut have_succeeded = true;
        for change in group.iter_mut() {
            have_succeeded = change.make(&mut tx).await;
            if !have_succeeded {
                break;
            }
        }
        if have_succeeded {
            return tx.commit().await;
        }
        tx.rollback().await?;
        if is_alone {
            return Ok(());
        }
        self.make_apart(group).await
    }

    /// Makes the changes in one transaction, each in a savepoint, and undoes those that fail.
    async fn make_apart(&self, group: &mut [Box<dyn Change>]) -> Result<(), sqlx::Error> {
        let mut tx = self.write().await?;
        for change in group {
            query("SAVEPOINT change").execute(&mut tx).await?;
            // A full disk makes SQLite undo the whole transaction by itself, which shows here.
            if !change.make(&mut tx).await {
                query("ROLLBACK TO change").execute(&mut tx).await?;
            }
            query("RELEASE change").execute(&mut tx).await?;
        }
        tx.commit().await
    }
}

impl Changes {
    fn lock(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What waits, in order; `None` when nothing does, and then the worker ends.
    fn next_group(&self) -> Option<Vec<Box<dyn Change>>> {
        let mut queue = self.lock();
        let size = queue.changes.len().min(MAX_GROUP);
        if size == 0 {
            queue.has_worker = false;
            return None;
        }
        Some(queue.changes.drain(..size).collect())
    }
}

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Changes").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;
    use std::sync::atomic::Ordering;

    use tempfile::TempDir;

    use super::*;

    async fn database() -> (Database, TempDir) {
        let directory = TempDir::new().expect("a directory");
        let database = Database::open(crate::tests::options(&directory)).await;
        (database.expect("it opens"), directory)
    }

    /// Counts up, and fails where `fails`.
    async fn count(database: &Database, minute: i64, fails: bool) -> Result<i64, sqlx::Error> {
        database
            .change(move |tx| {
                Box::pin(async move {
                    let count = query(
                        "INSERT INTO figures (step, start, name, value) VALUES (1, $1, 'a', 1)
                         ON CONFLICT (step, start, name) DO UPDATE SET value = value + 1
                         RETURNING value",
                    )
                    .bind(minute)
                    .fetch_one(&mut *tx)
                    .await?;
                    if fails {
                        return Err(sqlx::Error::RowNotFound);
                    }
                    Ok(count)
                })
            })
            .await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_changes_are_made_one_after_the_other_and_failed_ones_not_at_all() {
        let (database, _directory) = database().await;
        let changes = (0..500).map(|number| count(&database, 1, number % 5 == 0));
        let made = futures_util::future::join_all(changes).await;
        let mut counts: Vec<i64> = made.into_iter().filter_map(Result::ok).collect();
        counts.sort_unstable();
        assert_eq!(counts, (1..=400).collect::<Vec<_>>());
    }

    /// A full-text index, which writes a segment for each savepoint.
    const INDEX: &str =
        "CREATE VIRTUAL TABLE words USING fts5 (word, content = '', contentless_delete = 1)";

    #[tokio::test]
    async fn changes_that_share_a_commit_share_a_segment_of_a_full_text_index() {
        let (database, _directory) = database().await;
        let mut tx = database.write().await.expect("it is open");
        query(INDEX).execute(&mut tx).await.expect("valid");
        tx.commit().await.expect("there is room");
        let changes = (0..3).map(|_| {
            attempt(&database, |tx| {
                let insert = query("INSERT INTO words (word) VALUES ('a')").execute(tx);
                Box::pin(async { insert.await.map(drop) })
            })
        });
        let made = futures_util::future::join_all(changes).await;
        assert!(made.iter().all(Result::is_ok));
        assert_eq!(database.commits(), 2, "the changes share one");
        let mut reader = database.reader().await.expect("it is open");
        let segments: i64 = query("SELECT count(DISTINCT segid) FROM words_idx")
            .fetch_one(&mut reader)
            .await
            .expect("it counts");
        assert_eq!(segments, 1);
    }

    #[tokio::test]
    async fn a_change_beside_one_that_fails_is_made_again() {
        let (database, _directory) = database().await;
        let calls = Arc::new(AtomicU64::new(0));
        let counted = calls.clone();
        let beside = attempt(&database, move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Ok(()) })
        });
        let fails = attempt(&database, |_| {
            Box::pin(async { Err(sqlx::Error::RowNotFound) })
        });
        let (beside, failed) = tokio::join!(beside, fails);
        assert!(beside.is_ok() && failed.is_err());
        assert_eq!(calls.load(Ordering::Relaxed), 2);
    }

    async fn attempt(
        database: &Database,
        change: impl for<'c> FnMut(&'c mut Connection) -> BoxFuture<'c, Result<(), sqlx::Error>>
        + Send
        + 'static,
    ) -> Result<(), sqlx::Error> {
        database.change(change).await
    }

    #[tokio::test]
    async fn a_change_that_panics_leaves_the_others_alone() {
        let (database, _directory) = database().await;
        let broken = attempt(&database, |_| Box::pin(async { panic!("a defect") }));
        let (broken, _) = tokio::join!(broken, count(&database, 1, false));
        assert!(broken.is_err());
        assert!(count(&database, 2, false).await.is_ok());
    }

    #[tokio::test]
    async fn a_transaction_that_sqlite_has_undone_itself_is_answered_as_undone() {
        let (database, _directory) = database().await;
        let mut tx = database.write().await.expect("it is open");
        query(
            "CREATE TRIGGER full BEFORE INSERT ON figures WHEN NEW.name = 'full'
             BEGIN SELECT RAISE(ROLLBACK, 'the disk is full'); END",
        )
        .execute(&mut tx)
        .await
        .expect("it is valid");
        tx.commit().await.expect("there is room");

        for _ in 0..3 {
            let full = attempt(&database, |tx| {
                Box::pin(async move {
                    let insert =
                        "INSERT INTO figures (step, start, name, value) VALUES (1, 1, 'full', 1)";
                    query(insert).execute(tx).await.map(drop)
                })
            });
            let before = count(&database, 1, false);
            let after = count(&database, 2, false);
            let (before, full, after) = tokio::join!(before, full, after);
            assert!(full.is_err());
            let mut reader = database.reader().await.expect("it is open");
            let stored: Option<i64> = query("SELECT sum(value) FROM figures")
                .fetch_one(&mut reader)
                .await
                .expect("it counts");
            let answered = [before, after].into_iter().filter_map(Result::ok).count();
            assert_eq!(
                stored.unwrap_or(0),
                answered as i64,
                "what is answered is what is there"
            );
            let mut tx = database.write().await.expect("the connection is usable");
            query("DELETE FROM figures")
                .execute(&mut tx)
                .await
                .expect("it works");
            tx.commit().await.expect("there is room");
        }
    }

    #[tokio::test]
    async fn a_change_after_closing_is_refused() {
        let (database, _directory) = database().await;
        database.close().await;
        let refused = futures_util::future::join_all((0..3).map(|_| count(&database, 1, false)));
        for refused in refused.await {
            assert!(crate::is_transient(&refused.expect_err("it is closed")));
        }
    }
}
