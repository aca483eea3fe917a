//! Metrics over time: as many points as a chart shows.

use kith_database::Connection;

use super::MetricValues;
use super::latency::Histogram;
use super::store;
use super::store::Step;

/// A span of time that ends now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Range {
    #[default]
    Hour,
    Day,
    Month,
    Year,
}

impl Range {
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Month, Self::Year];

    /// Its name in an address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The range of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|range| range.name() == name)
    }

    /// The step that is read, how many steps make a point, and how many points there are.
    fn parts(self) -> (Step, i64, usize) {
        match self {
            Self::Hour => (Step::Minute, 1, 60),
            Self::Day => (Step::Hour, 1, 24),
            Self::Month => (Step::Day, 1, 30),
            Self::Year => (Step::Day, 7, 52),
        }
    }
}

/// What happened in a part of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// When it began, in minutes since the epoch.
    pub start: i64,
    pub values: MetricValues,
    /// Of all routes together.
    pub latency: Histogram,
}

/// A range, point by point. The last point is not over yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pub points: Vec<Point>,
    /// The latencies of the whole range, the most frequent route first.
    pub routes: Vec<(String, Histogram)>,
}

impl Series {
    /// The metrics of the whole range.
    pub fn sum(&self) -> MetricValues {
        let mut sum = MetricValues::default();
        for point in &self.points {
            sum.add(&point.values);
        }
        sum
    }

    /// The latencies of the whole range, of all routes together.
    pub fn latency(&self) -> Histogram {
        let mut sum = Histogram::default();
        for (_, histogram) in &self.routes {
            sum.add(histogram);
        }
        sum
    }
}

pub(super) async fn read(
    connection: &mut Connection,
    range: Range,
    minute: i64,
) -> Result<Series, sqlx::Error> {
    let (step, group, count) = range.parts();
    let length = step.minutes() * group;
    // The last point ends with the present step, so that a week is the last seven days.
    let end = step.start(minute) + step.minutes();
    let start = end - length * count as i64;
    let values = store::values(connection, step, start, end).await?;
    let span = (start, end);
    let latencies = store::latencies(connection, step, span, length).await?;
    let routes = store::latencies_of_routes(connection, step, span).await?;

    let mut points: Vec<Point> = (0..count as i64)
        .map(|number| Point {
            start: start + number * length,
            ..Point::default()
        })
        .collect();
    let place = |at: i64| usize::try_from((at - start) / length).unwrap_or(0);
    for (at, values) in &values {
        points[place(*at)].values.add(values);
    }
    for (place, histogram) in latencies {
        if let Some(point) = usize::try_from(place)
            .ok()
            .and_then(|place| points.get_mut(place))
        {
            point.latency = histogram;
        }
    }
    let mut routes: Vec<_> = routes.into_iter().collect();
    routes.sort_by_key(|(_, histogram)| std::cmp::Reverse(histogram.count()));
    Ok(Series { points, routes })
}
