//! A broker in this process: it keeps messages in the database, delivers them, and speaks QStash's
//! protocol.
//!
//! What it promises: a message that was accepted is delivered at least once, unless somebody cancels
//! it; deliveries that fail are repeated, and in the end are dead letters that can be sent again. All
//! of it outlives the process at any instant. Several processes may share the database: a message is
//! delivered by whoever has made it theirs, and by others once they have not been heard of for
//! [`LEASE`].
//!
//! - [`accept`]: taking messages. [`deliver`]: delivering them. [`schedules`]: messages that come again
//!   and again. [`dead`], [`events`], [`messages`], [`overview`]: what is told of them, and done with
//!   them.
//!   [`room`]: how many at once, and how origins share that. [`keys`]: what is signed with. [`sweep`]: removing what is old. [`timekeeping`]: going on when the
//!   clock is set back.

pub mod accept;
mod complete;
pub mod dead;
pub mod deliver;
pub mod events;
pub mod filter;
pub mod keys;
pub mod messages;
pub mod overview;
pub mod response;
mod room;
pub mod schedules;
mod sweep;
#[cfg(test)]
mod tests;
mod timekeeping;
pub mod transaction;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use self::complete::COMPLETED_HEADER;
pub(crate) use self::complete::complete;
use self::room::Room;
use super::destination::Destinations;
use super::rejection::Rejection;
use kith_database::Database;
use kith_runtime::Clock;
use kith_runtime::ErrorLatch;

/// For how long a process is believed to deliver a message without saying so again. It says so every
/// third of it.
pub const LEASE: Duration = Duration::from_secs(9);

/// How often the broker looks for what other processes have left to it. Its own publications and
/// retries wake it in time.
const POLL: Duration = Duration::from_secs(1);

/// How many messages of a lane a process claims at most before it has written down what came of them,
/// for each that it sends at once.
const IN_HAND: usize = 8;

/// For how long a message that cannot be read is out of the way of the others. Another version may
/// be able to read it.
pub const UNREADABLE_WAIT: Duration = Duration::from_secs(3600);

/// How often old rows are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// Cheap to clone; clones are the same broker.
#[derive(Clone)]
pub struct Broker(Arc<Inner>);

struct Inner {
    database: Database,
    clock: Arc<dyn Clock>,
    settings: Settings,
    client: reqwest::Client,
    /// Names this process among those that share the database.
    owner: String,
    lanes: [Lane; 2],
    tally: [AtomicU64; 3],
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What this process has done since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that were delivered.
    pub delivered: u64,
    /// Deliveries that failed and are tried again.
    pub retried: u64,
    /// Messages whose deliveries have all failed.
    pub dead: u64,
}

/// Where messages go. Each way has a lane of its own, so that receivers elsewhere which never answer do
/// not hold up what the application sends to itself. In the lane that leads elsewhere, they leave some of
/// the [`Room`] to other origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Elsewhere,
    Webhooks,
}

/// The room for messages on one way.
struct Lane {
    wake: Notify,
    /// Messages that this process has claimed and not yet written down. More than it sends at once, so
    /// that commits overlap with sending and serve many messages each.
    in_hand: Room,
    sending: Room,
}

impl Lane {
    fn new(way: Way, settings: &Settings) -> Self {
        let room = match way {
            Way::Elsewhere => Room::shared,
            Way::Webhooks => Room::undivided,
        };
        let concurrency = settings.concurrency.get() as usize;
        Self {
            wake: Notify::new(),
            in_hand: room(concurrency * IN_HAND),
            sending: room(concurrency),
        }
    }
}

/// What an operator may choose.
#[derive(Clone, Debug)]
pub struct Settings {
    pub destinations: Destinations,
    /// Deliveries at the same time: so many to webhooks, and so many elsewhere.
    pub concurrency: NonZeroU32,
    /// The longest that one may take.
    pub timeout: Duration,
    /// How long delivered messages, dead letters and events are kept.
    pub retention: Duration,
}

/// Why the broker could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("the database of the queue cannot answer")]
    Database(#[from] sqlx::Error),
    /// A defect, or of the file that messages are kept in.
    #[error("a message cannot be read")]
    Unreadable(#[from] serde_json::Error),
}

pub type Result<T> = std::result::Result<T, BrokerError>;

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
        Self(Arc::new(Inner {
            database,
            clock,
            client,
            owner: uuid::Uuid::new_v4().simple().to_string(),
            lanes: [Way::Elsewhere, Way::Webhooks].map(|way| Lane::new(way, &settings)),
            tally: Default::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            settings,
        }))
    }

    /// Delivers, fires schedules and sweeps until [`close`](Self::close).
    pub fn start(&self) {
        let inner = &self.0;
        for way in [Way::Webhooks, Way::Elsewhere] {
            inner.tasks.spawn(self.clone().deliver_all(way));
        }
        inner.tasks.spawn(self.clone().fire_all());
        inner.tasks.spawn(self.clone().sweep_all());
        inner.tasks.spawn(self.clone().heed_clock());
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
    pub fn tally(&self) -> Tally {
        let [delivered, retried, dead] = &self.0.tally;
        Tally {
            delivered: delivered.load(Ordering::Relaxed),
            retried: retried.load(Ordering::Relaxed),
            dead: dead.load(Ordering::Relaxed),
        }
    }

    fn count(&self, done: Tally) {
        let added = [done.delivered, done.retried, done.dead];
        for (count, added) in self.0.tally.iter().zip(added) {
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

    fn lane(&self, way: Way) -> &Lane {
        &self.0.lanes[way as usize]
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Waits, but not past the end of the broker, which is the answer.
    async fn pause(&self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => false,
            () = self.0.stop.cancelled() => true,
        }
    }
}

/// Logs what went wrong in the background, once for as long as it goes on.
#[derive(Default)]
pub(super) struct Trouble(ErrorLatch);

impl Trouble {
    pub(super) fn heed<T>(&self, what: &'static str, result: Result<T>) -> Option<T> {
        self.0.check(result, |error| {
            let cause = std::error::Error::source(error).map(ToString::to_string);
            tracing::warn!(cause, "{what}: {error}");
        })
    }
}
