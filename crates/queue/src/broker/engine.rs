//! The broker itself: its parts, its start and its end.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use kith_database::Database;
use kith_database::QueryBuilder;
use kith_database::Row;
use kith_database::query;
use kith_runtime::Clock;
use kith_runtime::Tasks;

use super::error::Result;
use super::lane::Lane;
use super::lane::LaneKind;
use super::options::Options;
use crate::destination::Destinations;

/// How long a claim on a message is valid. The process that delivers the message renews the claim after each third
/// of this time.
pub const LEASE: Duration = Duration::from_secs(9);

/// How long a message waits that this version cannot read, so that it does not hold up others. Another version may
/// be able to read it.
pub(crate) const UNREADABLE_WAIT: Duration = Duration::from_secs(3600);

/// How long connecting to a receiver may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the broker keeps a connection for the next message. A receiver closes connections without requests, often
/// after five seconds, and a message that is sent at that instant costs an attempt.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(1);

/// When the message that has waited longest was due. Each half is read from an index alone.
pub(super) const OLDEST: &str = "SELECT min(due_at) FROM (
         SELECT min(due_at) AS due_at FROM messages WHERE finished_at IS NULL AND own = FALSE
         UNION ALL
         SELECT min(due_at) FROM messages WHERE finished_at IS NULL AND own = TRUE
     ) AS first";

/// The broker; see the [module](super). It is cheap to clone, and clones are the same broker.
#[derive(Clone)]
pub struct Broker(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) database: Database,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) options: Options,
    pub(super) client: reqwest::Client,
    /// The name of this process among those that share the database.
    pub(super) owner: String,
    lanes: [Lane; 2],
    counters: [AtomicU64; 3],
    pub(super) tasks: Tasks,
}

/// What a broker has done since its process started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages that were delivered.
    pub delivered: u64,
    /// Deliveries that failed and are tried again.
    pub retried: u64,
    /// Messages whose deliveries have all failed.
    pub dead: u64,
}

impl Broker {
    /// A broker that does nothing before [`start`](Self::start), except what is called on it. The application has
    /// run the [migrations](crate::migrations) on `database`.
    pub fn new(database: Database, clock: Arc<dyn Clock>, options: Options) -> Self {
        kith_runtime::install_crypto_provider();
        let client = reqwest::Client::builder()
            // A redirect could lead where messages may not go, and so could a proxy.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent("Upstash-QStash")
            .build()
            .expect("these options go together");
        let concurrency = options.concurrency.get() as usize;
        Self(Arc::new(Inner {
            database,
            clock,
            client,
            owner: uuid::Uuid::new_v4().simple().to_string(),
            lanes: [LaneKind::External, LaneKind::Webhooks]
                .map(|kind| Lane::new(kind, concurrency)),
            counters: Default::default(),
            tasks: Tasks::default(),
            options,
        }))
    }

    /// Spawns the tasks that deliver messages, fire schedules, remove old rows and watch the clock. They run until
    /// [`close`](Self::close).
    pub fn start(&self) {
        let inner = &self.0;
        for kind in [LaneKind::Webhooks, LaneKind::External] {
            inner.tasks.spawn(self.clone().deliver_all(kind));
        }
        inner.tasks.spawn(self.clone().fire_all());
        inner.tasks.spawn(self.clone().sweep_all());
        inner.tasks.spawn(self.clone().watch_clock());
    }

    /// Tells the tasks to end, and does not wait. The broker begins no delivery afterwards.
    pub fn stop(&self) {
        self.0.tasks.stop();
    }

    /// Tells the tasks to end and waits for them and for the deliveries under way. What the broker has not
    /// delivered stays in the database for the next start.
    pub async fn close(&self) {
        self.0.tasks.close().await;
    }

    /// Where messages may go.
    pub fn destinations(&self) -> &Destinations {
        &self.0.options.destinations
    }

    /// Makes the broker look for messages to deliver now. It looks once a second on its own.
    pub fn wake(&self) {
        for lane in &self.0.lanes {
            lane.wake.notify_one();
        }
    }

    /// What this broker has done since its process started.
    pub fn counters(&self) -> Counters {
        let [delivered, retried, dead] = &self.0.counters;
        Counters {
            delivered: delivered.load(Ordering::Relaxed),
            retried: retried.load(Ordering::Relaxed),
            dead: dead.load(Ordering::Relaxed),
        }
    }

    pub(super) fn count(&self, done: Counters) {
        let added = [done.delivered, done.retried, done.dead];
        for (count, added) in self.0.counters.iter().zip(added) {
            count.fetch_add(added, Ordering::Relaxed);
        }
    }

    /// How long the message that has waited longest has been due, zero where none is.
    ///
    /// # Errors
    /// [`BrokerError::Database`](super::BrokerError::Database).
    pub async fn lag(&self) -> Result<Duration> {
        let mut connection = self.0.database.reader().await?;
        let oldest: Option<i64> = query(OLDEST).fetch_one(&mut connection).await?;
        let lag = oldest.map_or(0, |due_at| self.now().as_millisecond() - due_at);
        Ok(Duration::from_millis(u64::try_from(lag).unwrap_or(0)))
    }

    /// Whether the queue is paused; see [`Options::paused`].
    ///
    /// # Errors
    /// Those of the database.
    pub(crate) async fn is_paused(&self) -> Result<bool> {
        let mut connection = self.0.database.reader().await?;
        let works = self.unless_paused("SELECT 1").build();
        let row = works.fetch_optional::<Row>(&mut connection).await?;
        Ok(row.is_none())
    }

    /// A query that finds what `sql` finds, and nothing while the queue is paused. With it, a look for what is due costs
    /// one statement.
    pub(crate) fn unless_paused(&self, sql: &'static str) -> QueryBuilder<'static> {
        let mut query = QueryBuilder::new(self.0.database.engine(), "SELECT * FROM (");
        query.push(sql).push(") AS found");
        if let Some(paused) = self.0.options.paused {
            query.push(" WHERE NOT EXISTS (").push(paused).push(")");
        }
        query
    }

    pub(super) fn lane(&self, kind: LaneKind) -> &Lane {
        &self.0.lanes[kind as usize]
    }

    pub(crate) fn database(&self) -> &Database {
        &self.0.database
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}
