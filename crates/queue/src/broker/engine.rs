//! The broker itself: its parts, its start and its end.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use kith_database::Database;
use kith_runtime::Clock;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::error::Result;
use super::lane::Lane;
use super::lane::LaneKind;
use super::options::Settings;
use crate::destination::Destinations;

/// For how long a process is believed to deliver a message without saying so again. It says so every
/// third of it.
pub const LEASE: Duration = Duration::from_secs(9);

/// For how long a message that cannot be read is out of the way of the others. Another version may
/// be able to read it.
pub const UNREADABLE_WAIT: Duration = Duration::from_secs(3600);

/// Cheap to clone; clones are the same broker.
#[derive(Clone)]
pub struct Broker(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) database: Database,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Settings,
    pub(super) client: reqwest::Client,
    /// Names this process among those that share the database.
    pub(super) owner: String,
    lanes: [Lane; 2],
    counters: [AtomicU64; 3],
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

/// What this process has done since it started.
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
    pub fn new(database: Database, clock: Arc<dyn Clock>, settings: Settings) -> Self {
        kith_runtime::install_crypto_provider();
        let client = reqwest::Client::builder()
            // A redirect could lead where messages may not go, and so could a proxy.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .user_agent("Upstash-QStash")
            .build()
            .expect("these options go together");
        let concurrency = settings.concurrency.get() as usize;
        Self(Arc::new(Inner {
            database,
            clock,
            client,
            owner: uuid::Uuid::new_v4().simple().to_string(),
            lanes: [LaneKind::External, LaneKind::Webhooks]
                .map(|kind| Lane::new(kind, concurrency)),
            counters: Default::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            settings,
        }))
    }

    /// Delivers, fires schedules and sweeps until [`close`](Self::close).
    pub fn start(&self) {
        let inner = &self.0;
        for kind in [LaneKind::Webhooks, LaneKind::External] {
            inner.tasks.spawn(self.clone().deliver_all(kind));
        }
        inner.tasks.spawn(self.clone().fire_all());
        inner.tasks.spawn(self.clone().sweep_all());
        inner.tasks.spawn(self.clone().watch_clock());
    }

    /// Begins nothing new.
    pub fn stop(&self) {
        self.0.stop.cancel();
    }

    /// Begins nothing new and waits for the deliveries that are under way.
    pub async fn close(&self) {
        self.stop();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    pub fn destinations(&self) -> &Destinations {
        &self.0.settings.destinations
    }

    /// Says that there may be something to deliver.
    pub fn wake(&self) {
        for lane in &self.0.lanes {
            lane.wake.notify_one();
        }
    }

    /// What this process has done since it started.
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

    /// For how long the message that has waited longest has been due.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn lag(&self) -> Result<Duration> {
        let mut connection = self.0.database.reader().await?;
        let oldest: Option<i64> = sqlx::query_scalar(
            "SELECT min(due_at) FROM messages WHERE finished_at IS NULL AND own IN (0, 1)",
        )
        .fetch_one(&mut *connection)
        .await?;
        let lag = oldest.map_or(0, |due_at| self.now().as_millisecond() - due_at);
        Ok(Duration::from_millis(u64::try_from(lag).unwrap_or(0)))
    }

    pub(super) fn lane(&self, kind: LaneKind) -> &Lane {
        &self.0.lanes[kind as usize]
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(super) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Waits, but not past the end of the broker, which is the answer.
    pub(super) async fn pause(&self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => false,
            () = self.0.stop.cancelled() => true,
        }
    }
}
