//! [`Metrics`]: counts, and stores the counts.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kith_cache::Cache;
use kith_database::Database;
use kith_queue::broker::Broker;
use kith_runtime::Clock;
use kith_runtime::ErrorLatch;
use kith_runtime::Tasks;
use uuid::Uuid;

use super::latency::BUCKETS;
use super::latency::Latencies;
use super::latency::Observed;
use super::series;
use super::series::Range;
use super::series::Series;
use super::store;
use super::store::Batch;
use super::store::BatchNumber;
use super::store::Step;
use super::values::Counter;
use super::values::Gauge;
use super::values::MetricValues;
use crate::services::mail::Mailer;

/// How often the counts are stored.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);

/// How often old metrics are removed.
const REMOVAL_INTERVAL: Duration = Duration::from_secs(3600);

/// Counts. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    options: Options,
    counts: [AtomicU64; Counter::COUNT],
    latencies: Latencies,
    /// The number of the last batch in the database.
    number: BatchNumber,
    started: Instant,
    started_at: Timestamp,
    /// Held while the counts are stored, so that no reader counts them twice or misses them.
    written: Arc<tokio::sync::Mutex<Written>>,
    tasks: Tasks,
}

/// Where metrics are stored, and the parts of Kith that have counts of their own.
pub struct Options {
    pub database: Database,
    pub cache: Cache,
    pub broker: Broker,
    pub mailer: Mailer,
    pub clock: Arc<dyn Clock>,
}

/// The metrics of all time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// With the counts that this process has not stored yet.
    pub counts: MetricValues,
    /// What is stored already. It never falls, even if the process is killed now.
    pub written: MetricValues,
}

/// The part of the counts since the start that is stored.
#[derive(Default)]
struct Written {
    /// How many batches that is.
    batches: i64,
    /// The batch after them, once it was written. Nothing is known of its transaction before that has answered.
    unconfirmed: Option<Unwritten>,
    counts: [u64; Counter::COUNT],
    latencies: HashMap<Box<str>, [u64; BUCKETS]>,
    /// The highest values of the present minute.
    gauges: (i64, [Option<u64>; Gauge::ALL.len()]),
}

/// What the next transaction stores, and what is stored then.
#[derive(Clone)]
struct Unwritten {
    minute: i64,
    batch: Batch,
    counted: [u64; Counter::COUNT],
    latencies: Vec<Observed>,
    /// The highest values of the present minute.
    gauges: [Option<u64>; Gauge::ALL.len()],
}

impl Metrics {
    pub fn new(options: Options) -> Self {
        let started_at = options.clock.now();
        Self(Arc::new(Inner {
            options,
            counts: Default::default(),
            latencies: Latencies::default(),
            number: BatchNumber::new(&Uuid::new_v4().simple().to_string(), started_at),
            started: Instant::now(),
            started_at,
            written: Arc::default(),
            tasks: Tasks::default(),
        }))
    }

    /// Counts one. The cache, the broker and the mailer have counts of their own.
    pub fn count(&self, counter: Counter) {
        self.0.counts[counter.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Records how long a request took. Refusals are left out, because they are over at once and would make
    /// everything look fast.
    pub fn observe(&self, route: &str, took: Duration) {
        self.0.latencies.observe(route, took);
    }

    /// The histograms of this process, by route.
    pub fn latencies(&self) -> Vec<Observed> {
        self.0.latencies.read()
    }

    /// Stores the counts again and again until [`close`](Self::close).
    pub fn start(&self) {
        let metrics = self.clone();
        self.0.tasks.spawn(async move {
            let latch = ErrorLatch::default();
            let mut removed: Option<Instant> = None;
            while metrics.0.tasks.sleep(FLUSH_INTERVAL).await {
                let flushed = metrics.flush(metrics.now()).await;
                latch.check("metrics wait to be written down", flushed);
                if removed.is_none_or(|last| last.elapsed() >= REMOVAL_INTERVAL)
                    && metrics.remove_old(metrics.now()).await.is_ok()
                {
                    removed = Some(Instant::now());
                }
            }
        });
    }

    /// Stores the last counts.
    pub async fn close(&self) {
        self.0.tasks.close().await;
        if let Err(error) = self.flush(self.now()).await {
            tracing::warn!(%error, "the last metrics are lost");
        }
    }

    fn now(&self) -> Timestamp {
        self.0.options.clock.now()
    }

    /// What this process has counted since its start.
    pub fn since_start(&self) -> MetricValues {
        MetricValues {
            counts: self.counted(),
            ..MetricValues::default()
        }
    }

    fn counted(&self) -> [u64; Counter::COUNT] {
        let Inner {
            options, counts, ..
        } = &*self.0;
        let mut counted = counts.each_ref().map(|count| count.load(Ordering::Relaxed));
        let mut set = |counter: Counter, count| counted[counter.index()] = count;
        let reads = options.cache.totals();
        let reads = |count: fn(&kith_cache::Totals) -> u64| reads.iter().map(count).sum();
        set(Counter::CacheHits, reads(|tag| tag.hits()));
        set(Counter::CacheStale, reads(|tag| tag.stale_hits));
        set(Counter::CacheMisses, reads(|tag| tag.misses));
        let broker = options.broker.counters();
        set(Counter::Deliveries, broker.delivered);
        set(Counter::Retries, broker.retried);
        set(Counter::DeadLetters, broker.dead);
        set(Counter::Mails, options.mailer.sent());
        counted
    }

    /// The present values of the gauges.
    async fn measured(&self) -> [Option<u64>; Gauge::ALL.len()] {
        let Options { cache, broker, .. } = &self.0.options;
        let lag = broker.lag().await.ok();
        [
            lag.map(|lag| u64::try_from(lag.as_millis()).unwrap_or(u64::MAX)),
            Some(cache.usage().entries),
            Some(self.uptime().as_secs() / 60),
        ]
    }

    /// Adds the new counts to the present minute, hour and day. If this fails, the next call adds them.
    async fn flush(&self, now: Timestamp) -> Result<(), sqlx::Error> {
        let minute = store::minute(now);
        let measured = self.measured().await;
        let new = self.unwritten(&*self.0.written.lock().await, minute, measured);
        if new.batch.is_empty() {
            return Ok(());
        }
        let metrics = self.clone();
        let write = self.0.options.database.change(move |tx| {
            let metrics = metrics.clone();
            Box::pin(async move {
                // Readers need this lock as well and must not wait for other writers, so the transaction takes
                // it only when it is its turn to write.
                let mut written = metrics.0.written.clone().lock_owned().await;
                while !metrics.0.number.claim(tx, written.batches + 1).await? {
                    written.confirm();
                }
                let new = metrics.unwritten(&written, minute, measured);
                new.batch.write(tx, minute).await?;
                written.unconfirmed = Some(new);
                Ok::<_, sqlx::Error>(written)
            })
        });
        write.await?.confirm();
        Ok(())
    }

    /// What is not stored yet.
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
            minute,
            batch,
            counted,
            latencies,
            gauges,
        }
    }

    async fn remove_old(&self, now: Timestamp) -> Result<(), sqlx::Error> {
        let mut tx = self.0.options.database.write().await?;
        store::remove_old(&mut tx, store::minute(now)).await?;
        tx.commit().await
    }

    /// The metrics of a day in UTC. Those of a day that is over do not change any more.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn day(&self, date: Date) -> Result<MetricValues, sqlx::Error> {
        let start = date
            .to_zoned(TimeZone::UTC)
            .map_or(0, |start| store::minute(start.timestamp()));
        let mut connection = self.0.options.database.reader().await?;
        let days = store::values(&mut connection, Step::Day, start, start + 1).await?;
        Ok(days.get(&start).cloned().unwrap_or_default())
    }

    /// The metrics of all time. What other processes have not stored yet is missing for about a second.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn totals(&self) -> Result<Totals, sqlx::Error> {
        let mut state = self.0.written.lock().await;
        let mut connection = self.0.options.database.reader().await?;
        if state.unconfirmed.is_some() && self.0.number.last(&mut connection).await? > state.batches
        {
            state.confirm();
        }
        let counted = self.counted();
        let written = store::totals(&mut connection).await?;
        let mut counts = written.clone();
        for (index, count) in counts.counts.iter_mut().enumerate() {
            *count += counted[index] - state.counts[index];
        }
        Ok(Totals { counts, written })
    }

    /// The metrics of a span of time up to now, over time. Counts of the last second may be missing.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn series(&self, range: Range, now: Timestamp) -> Result<Series, sqlx::Error> {
        let mut connection = self.0.options.database.reader().await?;
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

impl Written {
    /// The last batch is stored.
    fn confirm(&mut self) {
        self.batches += 1;
        if let Some(new) = self.unconfirmed.take() {
            let latencies = new.latencies.into_iter();
            self.latencies = latencies
                .map(|observed| (observed.route, observed.histogram.0))
                .collect();
            self.counts = new.counted;
            self.gauges = (new.minute, new.gauges);
        }
    }
}

/// The counts of a route that are not stored yet, by bucket.
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

#[cfg(test)]
mod tests;
