//! What Kith counts and measures: requests and how long they take, refusals, new contacts, reads of the
//! cache, deliveries, mails.
//!
//! - [`Metrics`]: counts, and stores the counts. [`values`]: what is counted. [`latency`]: histograms. [`store`]: minutes, hours and days in the
//!   database. [`series`]: metrics over time.
//!
//! Each part of Kith counts in memory. About once a second a task stores the counts in one transaction, so
//! metrics of several processes add up and outlive them. A process that is killed loses at most the counts of
//! the last second; a process that is stopped loses nothing.

pub mod latency;
pub mod series;
mod service;
pub mod store;
pub mod values;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

pub use figures::Counter;
pub use figures::Figures;
pub use figures::Gauge;
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

use crate::services::mail::Mailer;
use kith_cache::Cache;
use kith_database::Database;
use kith_queue::broker::Broker;

/// How often figures are written down.
const FLUSH: Duration = Duration::from_secs(1);

/// How often old ones are removed.
const REMOVAL: Duration = Duration::from_secs(3600);

/// Counts. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    setup: Setup,
    counts: [AtomicU64; Counter::COUNT],
    latencies: Latencies,
    started: Instant,
    started_at: Timestamp,
    /// Held while figures are written down, so that nobody counts them twice or misses them.
    written: Arc<tokio::sync::Mutex<Written>>,
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

/// The figures of all time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// With what this process has not written down yet.
    pub counts: Figures,
    /// What a process that is killed now leaves behind: it never falls.
    pub written: Figures,
}

/// How much of what was counted since the start is written down.
#[derive(Default)]
struct Written {
    counts: [u64; Counter::COUNT],
    latencies: HashMap<Box<str>, [u64; BUCKETS]>,
    /// The highest values of the present minute.
    gauges: (i64, [Option<u64>; Gauge::ALL.len()]),
}

/// What is to be written down, and what will be then.
struct Unwritten {
    batch: Batch,
    counted: [u64; Counter::COUNT],
    latencies: Vec<Observed>,
    /// The highest values of the present minute.
    gauges: [Option<u64>; Gauge::ALL.len()],
}

impl Metrics {
    pub fn new(setup: Setup) -> Self {
        Self(Arc::new(Inner {
            setup,
            counts: Default::default(),
            latencies: Latencies::default(),
            started: Instant::now(),
            started_at: Timestamp::now(),
            written: Arc::default(),
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
        let reads = |count: fn(&kith_cache::Totals) -> u64| reads.iter().map(count).sum();
        set(Counter::CacheHits, reads(|tag| tag.hits()));
        set(Counter::CacheStale, reads(|tag| tag.stale_hits));
        set(Counter::CacheMisses, reads(|tag| tag.misses));
        let broker = setup.broker.counters();
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
        let minute = store::minute(now);
        let measured = self.measured().await;
        let new = self.unwritten(&*self.0.written.lock().await, minute, measured);
        if new.batch.is_empty() {
            return Ok(());
        }
        let metrics = self.clone();
        let write = self.0.setup.database.change(move |tx| {
            Box::pin(async move {
                // Not before it is this transaction's turn to write: whoever reads needs the lock too,
                // and does not wait for other writers.
                let written = metrics.0.written.clone().lock_owned().await;
                let new = metrics.unwritten(&written, minute, measured);
                new.batch.write(tx, minute).await?;
                Ok::<_, sqlx::Error>((written, new))
            })
        });
        let (mut written, new) = write.await?;
        written.counts = new.counted;
        written.latencies = new
            .latencies
            .into_iter()
            .map(|observed| (observed.route, observed.histogram.0))
            .collect();
        written.gauges = (minute, new.gauges);
        Ok(())
    }

    /// What is not written down yet.
    fn unwritten(
        &self,
        written: &Written,
        minute: i64,
        measured: [Option<u64>; Gauge::ALL.len()],
    ) -> Unwritten {
        let counted = self.counted();
        let latencies = self.0.latencies.read();
        let counts = Counter::all().map(|counter| {
            let index = counter.index();
            (counter, counted[index] - written.counts[index])
        });
        let known = match written.gauges {
            (of, highest) if of == minute => highest,
            _ => Default::default(),
        };
        let mut gauges = known;
        for (highest, now) in gauges.iter_mut().zip(measured) {
            *highest = now.max(*highest);
        }
        let batch = Batch {
            counts: counts.filter(|(_, count)| *count > 0).collect(),
            gauges: Gauge::ALL
                .into_iter()
                .filter(|gauge| gauges[*gauge as usize] > known[*gauge as usize])
                .filter_map(|gauge| Some((gauge, gauges[gauge as usize]?)))
                .collect(),
            latencies: latencies
                .iter()
                .flat_map(|observed| new_latencies(observed, written))
                .collect(),
        };
        Unwritten {
            batch,
            counted,
            latencies,
            gauges,
        }
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

    /// The figures of all time. What other processes have not written down yet is missing for about a
    /// second.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn totals(&self) -> Result<Totals, sqlx::Error> {
        let state = self.0.written.lock().await;
        let mut connection = self.0.setup.database.reader().await?;
        let counted = self.counted();
        let written = store::totals(&mut connection).await?;
        let mut counts = written.clone();
        for (index, count) in counts.counts.iter_mut().enumerate() {
            *count += counted[index] - state.counts[index];
        }
        Ok(Totals { counts, written })
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

    /// When this process started.
    pub fn started_at(&self) -> Timestamp {
        self.0.started_at
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
