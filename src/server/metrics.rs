//! What is counted and measured: requests and how long they take, refusals, new contacts, reads of the
//! cache, deliveries, mails.
//!
//! - [`latency`]: histograms. [`store`]: minutes, hours and days in the database. [`series`]: figures
//!   over time.
//!
//! Counted in memory where it happens, by whoever does it, and written down about once a second in one
//! transaction, so that figures of several processes add up and outlive them. A process that is killed
//! loses at most what it has counted in the last second; one that is stopped loses nothing.

pub mod latency;
pub mod series;
pub mod store;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use latency::BUCKETS;
use latency::Latencies;
use latency::Observed;
use series::Range;
use series::Series;
use store::Batch;
use store::Step;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::server::cache::Cache;
use crate::server::database::Database;
use crate::server::mail::Mailer;
use crate::server::policies::RequestClass;
use crate::server::queue::broker::Broker;

/// How often figures are written down.
const FLUSH: Duration = Duration::from_secs(1);

/// How often old ones are removed.
const REMOVAL: Duration = Duration::from_secs(3600);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Requests that the limiter has decided on, by their class.
    Requests(RequestClass),
    /// Those that it has refused.
    Refusals(RequestClass),
    NewContacts,
    /// Reads answered with a cached value that was fresh.
    CacheHits,
    /// Those answered with one that was stale.
    CacheStale,
    /// Those that waited for the value.
    CacheMisses,
    /// Messages that the broker has delivered.
    Deliveries,
    /// Deliveries that failed and are tried again.
    Retries,
    /// Messages whose deliveries have all failed.
    DeadLetters,
    /// Mails that were sent, or kept as files where there is no server.
    Mails,
}

const CLASSES: usize = RequestClass::ALL.len();

impl Counter {
    const COUNT: usize = 2 * CLASSES + 8;

    pub fn all() -> impl Iterator<Item = Self> {
        let requests = RequestClass::ALL.into_iter().map(Self::Requests);
        let refusals = RequestClass::ALL.into_iter().map(Self::Refusals);
        requests.chain(refusals).chain([
            Self::NewContacts,
            Self::CacheHits,
            Self::CacheStale,
            Self::CacheMisses,
            Self::Deliveries,
            Self::Retries,
            Self::DeadLetters,
            Self::Mails,
        ])
    }

    fn index(self) -> usize {
        let others = 2 * CLASSES;
        match self {
            Self::Requests(class) => class as usize,
            Self::Refusals(class) => CLASSES + class as usize,
            Self::NewContacts => others,
            Self::CacheHits => others + 1,
            Self::CacheStale => others + 2,
            Self::CacheMisses => others + 3,
            Self::Deliveries => others + 4,
            Self::Retries => others + 5,
            Self::DeadLetters => others + 6,
            Self::Mails => others + 7,
        }
    }

    /// Its name in the database, for example `requests.api`.
    pub fn name(self) -> String {
        let name = match self {
            Self::Requests(class) => return format!("requests.{}", class.name()),
            Self::Refusals(class) => return format!("refusals.{}", class.name()),
            Self::NewContacts => "new_contacts",
            Self::CacheHits => "cache.hits",
            Self::CacheStale => "cache.stale",
            Self::CacheMisses => "cache.misses",
            Self::Deliveries => "deliveries",
            Self::Retries => "retries",
            Self::DeadLetters => "dead_letters",
            Self::Mails => "mails",
        };
        name.to_owned()
    }
}

/// What rises and falls. The highest value of each minute, hour and day is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gauge {
    /// For how many milliseconds the message that had waited longest had been due.
    QueueLag,
    /// Values in the cache of a process.
    CachedEntries,
    /// How many minutes a process had been running.
    Uptime,
}

impl Gauge {
    pub const ALL: [Self; 3] = [Self::QueueLag, Self::CachedEntries, Self::Uptime];

    fn name(self) -> &'static str {
        match self {
            Self::QueueLag => "queue.lag",
            Self::CachedEntries => "cache.entries",
            Self::Uptime => "uptime",
        }
    }
}

/// The figures of a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    counts: [u64; Counter::COUNT],
    gauges: [u64; Gauge::ALL.len()],
}

impl Figures {
    pub fn get(&self, counter: Counter) -> u64 {
        self.counts[counter.index()]
    }

    pub fn highest(&self, gauge: Gauge) -> u64 {
        self.gauges[gauge as usize]
    }

    /// Requests that the limiter has decided on, but for those that ask for figures.
    pub fn requests(&self) -> u64 {
        let api = self.get(Counter::Requests(RequestClass::Api));
        api + self.get(Counter::Requests(RequestClass::Ui))
    }

    /// Those of them that it has refused.
    pub fn refusals(&self) -> u64 {
        let api = self.get(Counter::Refusals(RequestClass::Api));
        api + self.get(Counter::Refusals(RequestClass::Ui))
    }

    pub fn new_contacts(&self) -> u64 {
        self.get(Counter::NewContacts)
    }

    /// The part of all reads through the cache, from 0 to 1, that did not wait. `None` without reads.
    pub fn hit_rate(&self) -> Option<f64> {
        let hits = self.get(Counter::CacheHits) + self.get(Counter::CacheStale);
        let reads = hits + self.get(Counter::CacheMisses);
        (reads > 0).then(|| hits as f64 / reads as f64)
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            *mine += theirs;
        }
        for (mine, theirs) in self.gauges.iter_mut().zip(other.gauges) {
            *mine = theirs.max(*mine);
        }
    }
}

/// Counts. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    setup: Setup,
    counts: [AtomicU64; Counter::COUNT],
    latencies: Latencies,
    started: Instant,
    /// Held while figures are written down, so that nobody counts them twice or misses them.
    written: tokio::sync::Mutex<Written>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Where figures are kept, and those who count for themselves.
pub struct Setup {
    pub database: Database,
    pub cache: Cache,
    pub broker: Broker,
    pub mailer: Mailer,
}

/// How much of what was counted since the start is written down.
#[derive(Default)]
struct Written {
    counts: [u64; Counter::COUNT],
    latencies: HashMap<Box<str>, [u64; BUCKETS]>,
    /// The highest values of the present minute.
    gauges: (i64, [Option<u64>; Gauge::ALL.len()]),
}

impl Metrics {
    pub fn new(setup: Setup) -> Self {
        Self(Arc::new(Inner {
            setup,
            counts: Default::default(),
            latencies: Latencies::default(),
            started: Instant::now(),
            written: tokio::sync::Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// Counts one. What the cache, the broker and the mailer do is asked of them.
    pub fn count(&self, counter: Counter) {
        self.0.counts[counter.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts how long a request took that was answered. Refusals are not: they are over at once, and
    /// would make everything look fast.
    pub fn observe(&self, route: &str, took: Duration) {
        self.0.latencies.observe(route, took);
    }

    /// The histograms of this process, by route.
    pub fn latencies(&self) -> Vec<Observed> {
        self.0.latencies.read()
    }

    /// Writes figures down again and again until [`close`](Self::close).
    pub fn start(&self) {
        let metrics = self.clone();
        self.0.tasks.spawn(async move {
            let mut healthy = true;
            let mut removed: Option<Instant> = None;
            loop {
                tokio::select! {
                    () = tokio::time::sleep(FLUSH) => {}
                    () = metrics.0.stop.cancelled() => return,
                }
                let flushed = metrics.flush(Timestamp::now()).await;
                if let Err(error) = &flushed
                    && healthy
                {
                    tracing::warn!(%error, "figures wait to be written down");
                }
                healthy = flushed.is_ok();
                if removed.is_none_or(|last| last.elapsed() >= REMOVAL)
                    && metrics.remove_old(Timestamp::now()).await.is_ok()
                {
                    removed = Some(Instant::now());
                }
            }
        });
    }

    /// Writes down what is left.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        if let Err(error) = self.flush(Timestamp::now()).await {
            tracing::warn!(%error, "the last figures are lost");
        }
    }

    /// Everything that was counted since the start.
    fn counted(&self) -> [u64; Counter::COUNT] {
        let Inner { setup, counts, .. } = &*self.0;
        let mut counted = counts.each_ref().map(|count| count.load(Ordering::Relaxed));
        let mut set = |counter: Counter, count| counted[counter.index()] = count;
        let reads = setup.cache.totals();
        let reads = |count: fn(&crate::server::cache::Totals) -> u64| reads.iter().map(count).sum();
        set(
            Counter::CacheHits,
            reads(|tag| tag.near_hits + tag.far_hits),
        );
        set(Counter::CacheStale, reads(|tag| tag.stale_hits));
        set(Counter::CacheMisses, reads(|tag| tag.misses));
        let broker = setup.broker.tally();
        set(Counter::Deliveries, broker.delivered);
        set(Counter::Retries, broker.retried);
        set(Counter::DeadLetters, broker.dead);
        set(Counter::Mails, setup.mailer.sent());
        counted
    }

    /// What gauges show now.
    async fn measured(&self) -> [Option<u64>; Gauge::ALL.len()] {
        let Setup { cache, broker, .. } = &self.0.setup;
        let lag = broker.lag().await.ok();
        [
            lag.map(|lag| u64::try_from(lag.as_millis()).unwrap_or(u64::MAX)),
            Some(cache.usage().entries),
            Some(self.uptime().as_secs() / 60),
        ]
    }

    /// Adds what was counted to the present minute, hour and day. What cannot be written down now is
    /// written down later.
    async fn flush(&self, now: Timestamp) -> Result<(), sqlx::Error> {
        let mut written = self.0.written.lock().await;
        let minute = store::minute(now);
        let counted = self.counted();
        let latencies = self.0.latencies.read();
        let measured = self.measured().await;

        let counts = Counter::all().map(|counter| {
            let index = counter.index();
            (counter, counted[index] - written.counts[index])
        });
        let known = match written.gauges {
            (of, highest) if of == minute => highest,
            _ => Default::default(),
        };
        let higher = known
            .iter()
            .zip(measured)
            .map(|(known, now)| now.max(*known));
        let higher: Vec<_> = higher.collect();
        let batch = Batch {
            counts: counts.filter(|(_, count)| *count > 0).collect(),
            gauges: Gauge::ALL
                .into_iter()
                .filter(|gauge| higher[*gauge as usize] > known[*gauge as usize])
                .filter_map(|gauge| Some((gauge, higher[gauge as usize]?)))
                .collect(),
            latencies: latencies
                .iter()
                .flat_map(|observed| new_latencies(observed, &written))
                .collect(),
        };
        if batch.is_empty() {
            return Ok(());
        }
        let database = &self.0.setup.database;
        let write =
            database.change(move |tx| Box::pin(async move { batch.write(tx, minute).await }));
        write.await?;
        written.counts = counted;
        written.latencies = latencies
            .into_iter()
            .map(|observed| (observed.route, observed.histogram.0))
            .collect();
        for (place, higher) in written.gauges.1.iter_mut().zip(higher) {
            *place = higher;
        }
        written.gauges.0 = minute;
        Ok(())
    }

    async fn remove_old(&self, now: Timestamp) -> Result<(), sqlx::Error> {
        let mut tx = self.0.setup.database.write().await?;
        store::remove_old(&mut tx, store::minute(now)).await?;
        tx.commit().await
    }

    /// The figures of a day in UTC. Those of a day that is over do not change any more.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn day(&self, date: Date) -> Result<Figures, sqlx::Error> {
        let start = date
            .to_zoned(TimeZone::UTC)
            .map_or(0, |start| store::minute(start.timestamp()));
        let mut connection = self.0.setup.database.reader().await?;
        let days = store::figures(&mut connection, Step::Day, start, start + 1).await?;
        Ok(days.get(&start).cloned().unwrap_or_default())
    }

    /// The figures of all time, with what this process has not written down yet. What others have not
    /// is missing for about a second.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn totals(&self) -> Result<Figures, sqlx::Error> {
        let mut connection = self.0.setup.database.reader().await?;
        let written = self.0.written.lock().await;
        let counted = self.counted();
        let mut figures = store::totals(&mut connection).await?;
        for (index, figure) in figures.counts.iter_mut().enumerate() {
            *figure += counted[index] - written.counts[index];
        }
        Ok(figures)
    }

    /// The figures of a span of time up to now, over time. What was counted in the last second may be
    /// missing.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn series(&self, range: Range, now: Timestamp) -> Result<Series, sqlx::Error> {
        let mut connection = self.0.setup.database.reader().await?;
        series::read(&mut connection, range, store::minute(now)).await
    }

    /// How long this process has been running.
    pub fn uptime(&self) -> Duration {
        self.0.started.elapsed()
    }
}

/// What was counted of a route since it was written down, by bucket.
fn new_latencies(
    Observed {
        route, histogram, ..
    }: &Observed,
    written: &Written,
) -> impl Iterator<Item = (Box<str>, usize, u64)> + use<> {
    let known = written.latencies.get(route);
    let known = known.copied().unwrap_or([0; BUCKETS]);
    let (route, counts) = (route.clone(), histogram.0);
    (0..BUCKETS)
        .map(move |bucket| (route.clone(), bucket, counts[bucket] - known[bucket]))
        .filter(|(_, _, count)| *count > 0)
}
