//! Metrics in the database: each is added to the minute, the hour and the day that it belongs to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::QueryBuilder;
use kith_database::Sql;
use kith_database::query;

use super::Counter;
use super::Gauge;
use super::MetricValues;
use super::latency::Histogram;

/// The steps of time by which metrics are stored, each with how long its rows are kept.
const STEPS: [(Step, i64); 3] = [
    (Step::Minute, 25 * 60),
    (Step::Hour, 32 * DAY),
    (Step::Day, 366 * DAY),
];

/// A day in minutes.
const DAY: i64 = 24 * 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Minute,
    Hour,
    Day,
}

impl Step {
    pub fn minutes(self) -> i64 {
        match self {
            Self::Minute => 1,
            Self::Hour => 60,
            Self::Day => DAY,
        }
    }

    /// When the step of `minute` began.
    pub fn start(self, minute: i64) -> i64 {
        minute.div_euclid(self.minutes()) * self.minutes()
    }
}

/// Minutes since the epoch.
pub fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// What one transaction stores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// What to add.
    pub counts: Vec<(Counter, u64)>,
    /// Values to raise to, if they were lower.
    pub gauges: Vec<(Gauge, u64)>,
    /// What to add, by route and bucket.
    pub latencies: Vec<(Box<str>, usize, u64)>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.gauges.is_empty() && self.latencies.is_empty()
    }

    /// Stores the batch as of `minute`, in three statements.
    pub async fn write(&self, tx: &mut Connection, minute: i64) -> Result<(), sqlx::Error> {
        let steps = STEPS.map(|(step, _)| (step.minutes(), step.start(minute)));
        let counts = self
            .counts
            .iter()
            .map(|(counter, count)| (counter.name(), *count));
        let gauges = self
            .gauges
            .iter()
            .map(|(gauge, value)| (gauge.name().to_owned(), *value));
        for (values, merge) in [
            (counts.collect::<Vec<_>>(), "figures.value + excluded.value"),
            (
                gauges.collect(),
                "CASE WHEN figures.value > excluded.value
                     THEN figures.value ELSE excluded.value END",
            ),
        ] {
            if values.is_empty() {
                continue;
            }
            let mut query = QueryBuilder::new(
                tx.engine(),
                "INSERT INTO figures (step, start, name, value) VALUES ",
            );
            let rows = steps
                .iter()
                .flat_map(|step| values.iter().map(move |value| (step, value)));
            query.push_each(", ", rows, |query, ((step, start), (name, value))| {
                let value = i64::try_from(*value).unwrap_or(i64::MAX);
                query.push_list([(*step).into(), (*start).into(), name.into(), value.into()]);
            });
            query
                .push(" ON CONFLICT (step, start, name) DO UPDATE SET value = ")
                .push(merge);
            query.build().once().execute(&mut *tx).await?;
        }
        // SQLite binds some 32,000 values in a statement.
        for part in self.latencies.chunks(1000) {
            let mut query = QueryBuilder::new(
                tx.engine(),
                "INSERT INTO latencies (step, start, route, bucket, count) VALUES ",
            );
            let rows = steps
                .iter()
                .flat_map(|step| part.iter().map(move |counted| (step, counted)));
            query.push_each(
                ", ",
                rows,
                |query, ((step, start), (route, bucket, count))| {
                    let (bucket, count) = (*bucket as i64, i64::try_from(*count));
                    query.push_list([
                        (*step).into(),
                        (*start).into(),
                        (&**route).into(),
                        bucket.into(),
                        count.unwrap_or(i64::MAX).into(),
                    ]);
                },
            );
            query.push(
                " ON CONFLICT (step, start, route, bucket)
                 DO UPDATE SET count = latencies.count + excluded.count",
            );
            query.build().once().execute(&mut *tx).await?;
        }
        Ok(())
    }
}

/// The number of the last batch that a process has stored. It stands among the figures, under the hour in which the
/// process has started, so it is removed with them.
pub struct BatchNumber {
    name: String,
    start: i64,
}

impl BatchNumber {
    pub fn new(process: &str, started_at: Timestamp) -> Self {
        Self {
            name: format!("batch.{process}"),
            start: Step::Hour.start(minute(started_at)),
        }
    }

    /// The number of the last batch; 0 before the first.
    pub async fn last(&self, connection: &mut Connection) -> Result<i64, sqlx::Error> {
        let number =
            query("SELECT value FROM figures WHERE step = $1 AND start = $2 AND name = $3")
                .bind(Step::Hour.minutes())
                .bind(self.start)
                .bind(&self.name)
                .fetch_optional(connection)
                .await?;
        Ok(number.unwrap_or(0))
    }

    /// Stores the number, unless it is there already: then a transaction that seemed to have failed has stored the
    /// batch. A server may commit without an answer. A transaction that is still on its way is waited for.
    pub async fn claim(&self, tx: &mut Connection, number: i64) -> Result<bool, sqlx::Error> {
        let claimed = query(
            "INSERT INTO figures (step, start, name, value) VALUES ($1, $2, $3, $4)
             ON CONFLICT (step, start, name) DO UPDATE SET value = excluded.value
             WHERE figures.value < excluded.value",
        )
        .bind(Step::Hour.minutes())
        .bind(self.start)
        .bind(&self.name)
        .bind(number)
        .execute(tx)
        .await?;
        Ok(claimed > 0)
    }
}

/// On a server, two instances may do this at once. There the rows are removed as they are read, so that only one
/// instance adds them up.
const ADD_UP: Sql = Sql::each(
    "INSERT INTO figures (step, start, name, value)
     SELECT step, 0, name, CAST(sum(value) AS BIGINT) FROM figures
     WHERE step = 1440 AND start > 0 AND start < $1 GROUP BY step, name
     ON CONFLICT (step, start, name) DO UPDATE SET value = figures.value + excluded.value",
    "WITH old AS (
         DELETE FROM figures WHERE step = 1440 AND start > 0 AND start < $1 RETURNING name, value
     )
     INSERT INTO figures (step, start, name, value)
     SELECT 1440, 0, name, CAST(sum(value) AS BIGINT) FROM old GROUP BY name ORDER BY name
     ON CONFLICT (step, start, name) DO UPDATE SET value = figures.value + excluded.value",
);

/// Removes rows that no range shows any more. The sum of the days that are too old goes into one row, so that
/// totals stay as they are.
pub async fn remove_old(tx: &mut Connection, minute: i64) -> Result<(), sqlx::Error> {
    let oldest_day = minute - STEPS[2].1;
    query(ADD_UP).bind(oldest_day).execute(&mut *tx).await?;
    for (step, kept) in STEPS {
        for statement in [
            "DELETE FROM figures WHERE step = $1 AND start > 0 AND start < $2",
            "DELETE FROM latencies WHERE step = $1 AND start < $2",
        ] {
            query(statement)
                .bind(step.minutes())
                .bind(minute - kept)
                .execute(&mut *tx)
                .await?;
        }
    }
    Ok(())
}

/// The sums of all days. Gauges have none.
pub async fn totals(connection: &mut Connection) -> Result<MetricValues, sqlx::Error> {
    let rows: Vec<(String, i64)> = query(
        "SELECT name, CAST(sum(value) AS BIGINT) FROM figures WHERE step = 1440 GROUP BY name",
    )
    .fetch_all(connection)
    .await?;
    let mut values = read(&rows);
    values.gauges = Default::default();
    Ok(values)
}

/// The metrics from `start` to before `end`, as far as there are any, by when their step began.
pub async fn values(
    connection: &mut Connection,
    step: Step,
    start: i64,
    end: i64,
) -> Result<BTreeMap<i64, MetricValues>, sqlx::Error> {
    let rows: Vec<(i64, String, i64)> = query(
        "SELECT start, name, value FROM figures
         WHERE step = $1 AND start >= $2 AND start < $3 ORDER BY start",
    )
    .bind(step.minutes())
    .bind(start)
    .bind(end)
    .fetch_all(connection)
    .await?;
    let parts = rows.chunk_by(|one, other| one.0 == other.0);
    Ok(parts
        .map(|part| {
            let rows: Vec<_> = part
                .iter()
                .map(|(_, name, value)| (name.clone(), *value))
                .collect();
            (part[0].0, read(&rows))
        })
        .collect())
}

/// The latencies of all routes from `start` to before `end`, by which part of `length` minutes they
/// belong to, counted from `start`.
pub async fn latencies(
    connection: &mut Connection,
    step: Step,
    (start, end): (i64, i64),
    length: i64,
) -> Result<BTreeMap<i64, Histogram>, sqlx::Error> {
    let rows: Vec<(i64, i64, i64)> = query(
        "SELECT (start - $1) / $2, bucket, CAST(sum(count) AS BIGINT) FROM latencies
         WHERE step = $3 AND start >= $1 AND start < $4 GROUP BY 1, 2",
    )
    .bind(start)
    .bind(length)
    .bind(step.minutes())
    .bind(end)
    .fetch_all(connection)
    .await?;
    Ok(histograms(rows))
}

/// The same of each route, over all of that time.
pub async fn latencies_of_routes(
    connection: &mut Connection,
    step: Step,
    (start, end): (i64, i64),
) -> Result<BTreeMap<String, Histogram>, sqlx::Error> {
    let rows: Vec<(String, i64, i64)> = query(
        "SELECT route, bucket, CAST(sum(count) AS BIGINT) FROM latencies
         WHERE step = $1 AND start >= $2 AND start < $3 GROUP BY 1, 2",
    )
    .bind(step.minutes())
    .bind(start)
    .bind(end)
    .fetch_all(connection)
    .await?;
    Ok(histograms(rows))
}

fn histograms<K: Ord>(rows: Vec<(K, i64, i64)>) -> BTreeMap<K, Histogram> {
    let mut all = BTreeMap::<_, Histogram>::new();
    for (key, bucket, count) in rows {
        let histogram = all.entry(key).or_default();
        let bucket = usize::try_from(bucket).ok();
        if let Some(place) = bucket.and_then(|bucket| histogram.0.get_mut(bucket)) {
            *place += unsigned(count);
        }
    }
    all
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn read(rows: &[(String, i64)]) -> MetricValues {
    let value = |name: &str| {
        let row = rows.iter().find(|(known, _)| known == name);
        row.map_or(0, |(_, value)| unsigned(*value))
    };
    let mut values = MetricValues::default();
    for counter in Counter::all() {
        values.counts[counter.index()] = value(&counter.name());
    }
    for gauge in Gauge::ALL {
        values.gauges[gauge as usize] = value(gauge.name());
    }
    values
}
