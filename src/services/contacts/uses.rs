//! [`Uses`]: counts how contacts are used, and knows which ones are used most.
//!
//! The database has the truth: a [`Frecency`] in each contact, with an index. An instance collects uses and writes them in
//! batches, and what it has not written when it is killed is lost. A use changes nothing that a page or an answer of the
//! API says of a contact, so it replaces no generation: what is cached of lists shows it when it is read the next time.
//!
//! Where instances share a Redis, the contacts that are used most are also in a sorted set there, a [`Leaderboard`].

mod leaderboard;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use kith_cache::Generation;
use kith_redis::Redis;
use kith_runtime::Clock;
use kith_runtime::ErrorLatch;
use kith_runtime::Tasks;

use self::leaderboard::Leaderboard;
use super::frecency::Frecency;
use super::frecency::Use;
use super::store::ContactStore;
use super::store::StoreError;
use super::store::WrittenUses;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;

/// How often an instance writes down what was used.
const WRITE_INTERVAL: Duration = Duration::from_secs(5);

/// The most contacts whose uses wait to be written. Uses of more are not counted.
const MAX_PENDING: usize = 10_000;

/// The most contacts that are written in one transaction.
const BATCH: usize = 500;

/// Counts uses. Cheap to clone.
#[derive(Clone)]
pub struct Uses(Arc<Inner>);

struct Inner {
    options: Options,
    leaderboard: Option<Leaderboard>,
    pending: Mutex<HashMap<ContactId, Frecency>>,
    tasks: Tasks,
}

/// What [`Uses`] are made of.
pub struct Options {
    /// The contacts of any book.
    pub store: Arc<dyn ContactStore>,
    pub clock: Arc<dyn Clock>,
    /// The Redis that instances share, and the beginning of its keys.
    pub redis: Option<(Redis, String)>,
}

impl Uses {
    pub fn new(options: Options) -> Self {
        let redis = options.redis.clone();
        Self(Arc::new(Inner {
            leaderboard: redis.map(|(redis, prefix)| Leaderboard::new(redis, &prefix)),
            options,
            pending: Mutex::default(),
            tasks: Tasks::default(),
        }))
    }

    /// Writes in the background until [`close`](Self::close).
    pub fn start(&self) {
        let own = self.clone();
        self.0.tasks.spawn(async move {
            let latch = ErrorLatch::default();
            while own.0.tasks.sleep(WRITE_INTERVAL).await {
                latch.check("uses of contacts wait to be written", own.write().await);
            }
        });
    }

    /// Writes what is left.
    pub async fn close(&self) {
        self.0.tasks.close().await;
        if let Err(error) = self.write().await {
            tracing::warn!(%error, "the last uses of contacts are not written");
        }
    }

    /// Counts a use, for the next batch.
    pub fn record(&self, contact: ContactId, what: Use) {
        self.add(contact, Frecency::of(what, self.0.options.clock.now()));
    }

    fn add(&self, contact: ContactId, frecency: Frecency) {
        let mut pending = self.0.pending.lock().expect("no panic");
        if pending.len() < MAX_PENDING || pending.contains_key(&contact) {
            let sum = pending.entry(contact).or_default();
            *sum = sum.plus(frecency);
        }
    }

    /// Writes what waits, if anything does.
    ///
    /// # Errors
    /// [`StoreError`]; what is not written then waits for the next time.
    pub async fn write(&self) -> Result<(), StoreError> {
        let pending = std::mem::take(&mut *self.0.pending.lock().expect("no panic"));
        let mut waiting: Vec<_> = pending.into_iter().collect();
        while !waiting.is_empty() {
            let rest = waiting.split_off(waiting.len().min(BATCH));
            match self.write_batch(&waiting).await {
                Ok(()) => waiting = rest,
                Err(error) => {
                    for (contact, frecency) in waiting.into_iter().chain(rest) {
                        self.add(contact, frecency);
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    async fn write_batch(&self, batch: &[(ContactId, Frecency)]) -> Result<(), StoreError> {
        let WrittenUses { written, held } = self.0.options.store.add_uses(batch).await?;
        for (contact, frecency) in batch {
            if held.contains(contact) {
                self.add(*contact, *frecency);
            }
        }
        if let Some(leaderboard) = &self.0.leaderboard {
            leaderboard.add(&written).await;
        }
        Ok(())
    }

    /// The contacts of a book that are used most, outside the trash, at most [`Leaderboard::SIZE`]. `generation` is that of
    /// the contacts of the book.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn most_used(
        &self,
        book: BookKey,
        generation: Option<Generation>,
    ) -> Result<Vec<ContactId>, StoreError> {
        let store = self.0.options.store.in_book(book);
        let most_used = || store.most_used(Leaderboard::SIZE);
        let shared = self.0.leaderboard.as_ref().zip(generation);
        let Some((leaderboard, generation)) = shared else {
            let used = most_used().await?;
            return Ok(used.iter().map(|used| used.contact).collect());
        };
        if let Some(contacts) = leaderboard.read(book, generation).await {
            return Ok(contacts);
        }
        let used = most_used().await?;
        leaderboard.load(book, generation, &used).await;
        Ok(used.iter().map(|used| used.contact).collect())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kith_test_support::redis_server::RedisServer;

    use super::*;
    use crate::services::contacts::store::Used;
    use crate::services::contacts::store::conformance::Store;
    use crate::services::contacts::store::conformance::at;
    use crate::services::contacts::store::conformance::fields;
    use crate::services::contacts::store::conformance::new_id;
    use crate::services::contacts::store::sql::SqlStore;
    use crate::services::database::testing::TestDatabase;
    use crate::services::database::testing::on_each_engine;

    on_each_engine! {
        uses_are_written_in_batches
        uses_that_cannot_be_written_wait
        those_that_are_used_most_are_the_same_with_a_redis
    }

    fn store_of(database: &TestDatabase) -> Store {
        Arc::new(SqlStore::new((*database).clone(), Duration::from_secs(60)))
    }

    /// The uses of another instance.
    fn instance(store: &Store, redis: Option<&Redis>) -> Uses {
        Uses::new(Options {
            store: store.clone(),
            clock: Arc::new(|| Timestamp::from_second(1_800_000_000).expect("a time")),
            redis: redis.map(|redis| (redis.clone(), "test".to_owned())),
        })
    }

    async fn add_contacts(store: &Store, count: usize) -> Vec<ContactId> {
        let mut ids = Vec::new();
        for _ in 0..count {
            let id = new_id();
            let fields = fields("Ada", "ada@example.com");
            let created = store.create(id, &fields, at(0), None, None).await;
            created.expect("it is new");
            ids.push(id);
        }
        ids
    }

    async fn connect(server: &RedisServer) -> Redis {
        let address = server.url().parse().expect("an address");
        let mut options = kith_redis::Options::new(address);
        options.timeout = Duration::from_secs(10);
        let redis = Redis::connect(options);
        redis.wait_until_up().await;
        redis
    }

    async fn most_used(uses: &Uses, generation: Option<Generation>) -> Vec<ContactId> {
        let most_used = uses.most_used(BookKey::FIRST, generation).await;
        most_used.expect("it is open")
    }

    async fn uses_are_written_in_batches(database: TestDatabase) {
        let store = store_of(&database);
        let ids = add_contacts(&store, 3).await;
        let uses = instance(&store, None);
        for (place, what) in [
            (0, Use::Open),
            (1, Use::Open),
            (1, Use::Open),
            (2, Use::Reach),
        ] {
            uses.record(ids[place], what);
        }
        // More contacts than fit into a batch, most of which are not there.
        for _ in 0..BATCH {
            uses.record(new_id(), Use::Open);
        }
        assert_eq!(most_used(&uses, None).await, []);
        uses.write().await.expect("it is open");
        assert_eq!(most_used(&uses, None).await, [ids[2], ids[1], ids[0]]);
        assert!(uses.0.pending.lock().expect("no panic").is_empty());
        // What is used at last is written at the end.
        for _ in 0..4 {
            uses.record(ids[0], Use::Reach);
        }
        uses.close().await;
        assert_eq!(most_used(&uses, None).await, [ids[0], ids[2], ids[1]]);
    }

    async fn uses_that_cannot_be_written_wait(database: TestDatabase) {
        let store = store_of(&database);
        let uses = instance(&store, None);
        store.close().await;
        for _ in 0..=MAX_PENDING {
            uses.record(new_id(), Use::Open);
        }
        for _ in 0..2 {
            uses.write().await.expect_err("it is closed");
            let waiting = uses.0.pending.lock().expect("no panic").len();
            assert_eq!(waiting, MAX_PENDING);
        }
    }

    async fn those_that_are_used_most_are_the_same_with_a_redis(database: TestDatabase) {
        let store = store_of(&database);
        let ids = add_contacts(&store, 40).await;
        let server = RedisServer::start();
        let redis = connect(&server).await;
        let instances = [
            instance(&store, Some(&redis)),
            instance(&store, Some(&redis)),
        ];
        let without = instance(&store, None);
        for round in 0..60_usize {
            let writer = &instances[round % 2];
            writer.record(ids[round * round % 40], Use::Open);
            writer.write().await.expect("it is open");
            // A change of contacts, now and then.
            let generation = Some(Generation(round as i64 / 7));
            let expected = most_used(&without, None).await;
            for reader in &instances {
                assert_eq!(most_used(reader, generation).await, expected, "{round}");
            }
        }
        let expected = most_used(&without, None).await;
        drop(server);
        assert_eq!(
            most_used(&instances[0], Some(Generation(9))).await,
            expected
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_is_written_while_a_set_is_loaded_is_in_it() {
        let server = RedisServer::start();
        let redis = connect(&server).await;
        let board = Leaderboard::new(redis, "test");
        let used = |contact, score| Used {
            book: BookKey::FIRST,
            contact,
            frecency: Frecency(score),
        };
        let [ada, bob] = [new_id(), new_id()];
        let read = async |generation| board.read(BookKey::FIRST, Generation(generation)).await;
        assert_eq!(read(1).await, None);
        board.add(&[used(ada, 3)]).await;
        board
            .load(BookKey::FIRST, Generation(1), &[used(ada, 1), used(bob, 2)])
            .await;
        assert_eq!(read(1).await, Some(vec![ada, bob]));
        // A set of another generation is begun anew, and what an earlier reader loads does not end up in it.
        assert_eq!(read(2).await, None);
        board
            .load(BookKey::FIRST, Generation(1), &[used(ada, 9)])
            .await;
        assert_eq!(read(2).await, None);
        board
            .load(BookKey::FIRST, Generation(2), &[used(bob, 2)])
            .await;
        assert_eq!(read(2).await, Some(vec![bob]));
        // Scores get no lower.
        board.add(&[used(ada, 3), used(bob, 1)]).await;
        assert_eq!(read(2).await, Some(vec![ada, bob]));
        board.add(&[used(bob, 4)]).await;
        assert_eq!(read(2).await, Some(vec![bob, ada]));
    }
}
