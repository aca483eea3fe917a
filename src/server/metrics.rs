//! What is counted: requests, refusals, new contacts. Counted in memory where it happens, and added to
//! the minute in the database about once a second, so that counts of several processes add up and
//! outlive them. A process that is killed loses at most what it has counted since.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::server::database::Database;
use crate::server::policies::RequestClass;

/// How often counts are written down.
const FLUSH: Duration = Duration::from_secs(1);

/// Counts of days that are older than this are summed up: nobody asks for their minutes any more.
const MINUTES_KEPT: i64 = 3 * DAY;

/// In minutes.
const DAY: i64 = 24 * 60;

/// How often that is done.
const SUMMARY: Duration = Duration::from_secs(3600);

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Requests that the limiter has decided on, by their class.
    Requests(RequestClass),
    /// Those that it has refused.
    Refusals(RequestClass),
    NewContacts,
}

impl Counter {
    const COUNT: usize = 2 * CLASSES + 1;

    fn all() -> impl Iterator<Item = Self> {
        let requests = RequestClass::ALL.into_iter().map(Self::Requests);
        let refusals = RequestClass::ALL.into_iter().map(Self::Refusals);
        requests.chain(refusals).chain([Self::NewContacts])
    }

    fn index(self) -> usize {
        match self {
            Self::Requests(class) => class as usize,
            Self::Refusals(class) => CLASSES + class as usize,
            Self::NewContacts => 2 * CLASSES,
        }
    }

    /// Its name in the database, for example `requests.api`.
    fn name(self) -> String {
        match self {
            Self::Requests(class) => format!("requests.{}", class.name()),
            Self::Refusals(class) => format!("refusals.{}", class.name()),
            Self::NewContacts => "new_contacts".to_owned(),
        }
    }
}

const CLASSES: usize = RequestClass::ALL.len();

/// The counts of a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    counts: [u64; Counter::COUNT],
}

impl Figures {
    pub fn get(&self, counter: Counter) -> u64 {
        self.counts[counter.index()]
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

    fn read(rows: &[(String, i64)]) -> Self {
        let mut figures = Self::default();
        for counter in Counter::all() {
            let name = counter.name();
            let row = rows.iter().find(|(known, _)| *known == name);
            let count = row.map_or(0, |(_, count)| u64::try_from(*count).unwrap_or(0));
            figures.counts[counter.index()] = count;
        }
        figures
    }
}

/// Counts. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    database: Database,
    /// What is not written down yet.
    counts: [AtomicU64; Counter::COUNT],
    started: Instant,
    /// Held while counts move from memory to the database, so that nobody misses them on the way.
    moving: tokio::sync::Mutex<()>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Metrics {
    pub fn new(database: Database) -> Self {
        Self(Arc::new(Inner {
            database,
            counts: Default::default(),
            started: Instant::now(),
            moving: tokio::sync::Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// Counts one.
    pub fn count(&self, counter: Counter) {
        self.0.counts[counter.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Writes counts down again and again until [`close`](Self::close).
    pub fn start(&self) {
        let metrics = self.clone();
        self.0.tasks.spawn(async move {
            let mut healthy = true;
            let mut summed_up: Option<Instant> = None;
            loop {
                tokio::select! {
                    () = tokio::time::sleep(FLUSH) => {}
                    () = metrics.0.stop.cancelled() => return,
                }
                let flushed = metrics.flush(Timestamp::now()).await;
                if let Err(error) = &flushed
                    && healthy
                {
                    tracing::warn!(%error, "counts wait to be written down");
                }
                healthy = flushed.is_ok();
                if summed_up.is_none_or(|last| last.elapsed() >= SUMMARY)
                    && metrics.sum_up(Timestamp::now()).await.is_ok()
                {
                    summed_up = Some(Instant::now());
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
            tracing::warn!(%error, "the last counts are lost");
        }
    }

    /// Adds what was counted to the minute of `now`. What cannot be written down stays counted.
    async fn flush(&self, now: Timestamp) -> Result<(), sqlx::Error> {
        let _moving = self.0.moving.lock().await;
        let counts = self.0.counts.each_ref();
        let taken = counts.map(|count| count.swap(0, Ordering::Relaxed));
        if taken.iter().all(|count| *count == 0) {
            return Ok(());
        }
        let written = self.write(now, &taken).await;
        if written.is_err() {
            for (count, taken) in counts.into_iter().zip(taken) {
                count.fetch_add(taken, Ordering::Relaxed);
            }
        }
        written
    }

    async fn write(&self, now: Timestamp, taken: &[u64]) -> Result<(), sqlx::Error> {
        let mut tx = self.0.database.write().await?;
        for (counter, count) in Counter::all().zip(taken).filter(|(_, count)| **count > 0) {
            sqlx::query(
                "INSERT INTO counters (minute, name, count) VALUES (?, ?, ?)
                 ON CONFLICT (minute, name) DO UPDATE SET count = count + excluded.count",
            )
            .bind(now.as_second().div_euclid(60))
            .bind(counter.name())
            .bind(i64::try_from(*count).unwrap_or(i64::MAX))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await
    }

    /// Sums up the minutes of old days into the first of each.
    async fn sum_up(&self, now: Timestamp) -> Result<(), sqlx::Error> {
        let minute = now.as_second().div_euclid(60);
        let until = (minute - MINUTES_KEPT).div_euclid(DAY) * DAY;
        let mut tx = self.0.database.write().await?;
        for statement in [
            "INSERT INTO counters (minute, name, count)
             SELECT minute / 1440 * 1440, name, sum(count) FROM counters
             WHERE minute < ? AND minute % 1440 <> 0 GROUP BY 1, 2
             ON CONFLICT (minute, name) DO UPDATE SET count = count + excluded.count",
            "DELETE FROM counters WHERE minute < ? AND minute % 1440 <> 0",
        ] {
            sqlx::query(statement).bind(until).execute(&mut *tx).await?;
        }
        tx.commit().await
    }

    /// The figures of a day in UTC. Those of a day that is over do not change any more.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn day(&self, date: Date) -> Result<Figures, sqlx::Error> {
        let start = date
            .to_zoned(TimeZone::UTC)
            .map_or(0, |start| start.timestamp().as_second().div_euclid(60));
        let mut connection = self.0.database.reader().await?;
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT name, sum(count) FROM counters WHERE minute >= ? AND minute < ? GROUP BY name",
        )
        .bind(start)
        .bind(start + DAY)
        .fetch_all(&mut *connection)
        .await?;
        Ok(Figures::read(&rows))
    }

    /// The figures of all time, with what this process has not written down yet. What others have not
    /// is missing for about a second.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn totals(&self) -> Result<Figures, sqlx::Error> {
        let mut connection = self.0.database.reader().await?;
        let _moving = self.0.moving.lock().await;
        let pending = self
            .0
            .counts
            .each_ref()
            .map(|count| count.load(Ordering::Relaxed));
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT name, sum(count) FROM counters GROUP BY name")
                .fetch_all(&mut *connection)
                .await?;
        let mut figures = Figures::read(&rows);
        for (count, pending) in figures.counts.iter_mut().zip(pending) {
            *count += pending;
        }
        Ok(figures)
    }

    /// How long this process has been running.
    pub fn uptime(&self) -> Duration {
        self.0.started.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[tokio::test]
    async fn counts_of_a_day_add_up_over_processes_and_restarts() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("kith.db");
        let open = async || {
            Database::open(&path, NonZeroU32::MIN)
                .await
                .expect("it opens")
        };
        let day: Date = "2026-11-24".parse().expect("a date");
        let at = |text: &str| -> Timestamp { text.parse().expect("a time") };

        let (one, other) = (Metrics::new(open().await), Metrics::new(open().await));
        for (metrics, time) in [
            (&one, "2026-11-23T23:59:59Z"),
            (&one, "2026-11-24T00:00:00Z"),
            (&other, "2026-11-24T00:00:30Z"),
            (&other, "2026-11-24T23:59:59Z"),
            (&one, "2026-11-25T00:00:00Z"),
        ] {
            metrics.count(Counter::Requests(RequestClass::Api));
            metrics.flush(at(time)).await.expect("room");
        }
        other.count(Counter::NewContacts);
        other.flush(at("2026-11-24T12:00:00Z")).await.expect("room");

        other.count(Counter::Requests(RequestClass::Dashboard));
        other.flush(at("2026-11-24T12:00:00Z")).await.expect("room");

        let figures = one.day(day).await.expect("figures");
        assert_eq!(
            (
                figures.requests(),
                figures.new_contacts(),
                figures.refusals()
            ),
            (3, 1, 0)
        );
        let totals = one.totals().await.expect("figures");
        assert_eq!((totals.requests(), totals.new_contacts()), (5, 1));
        // Summing up changes no sum.
        one.sum_up(at("2026-12-24T00:00:00Z")).await.expect("room");
        one.sum_up(at("2026-12-24T00:00:00Z")).await.expect("room");
        let mut reader = one.0.database.reader().await.expect("it is open");
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM counters")
            .fetch_one(&mut *reader)
            .await
            .expect("it counts");
        assert_eq!(rows, 5, "three days, one of them with three counts");
        drop(reader);
        // A report is only read.
        let again = Metrics::new(open().await);
        assert_eq!(again.day(day).await.expect("figures"), figures);
    }

    #[tokio::test]
    async fn what_cannot_be_written_down_stays_counted() {
        let directory = tempfile::tempdir().expect("a directory");
        let database = Database::open(&directory.path().join("kith.db"), NonZeroU32::MIN).await;
        let database = database.expect("it opens");
        let metrics = Metrics::new(database.clone());
        metrics.count(Counter::Refusals(RequestClass::Ui));
        database.close().await;
        let now = Timestamp::now();
        assert!(metrics.flush(now).await.is_err());
        let counter = Counter::Refusals(RequestClass::Ui);
        assert_eq!(metrics.0.counts[counter.index()].load(Ordering::Relaxed), 1);
    }
}
