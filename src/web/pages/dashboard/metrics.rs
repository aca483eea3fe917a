//! The headlines, and the charts of the metrics below them.

use std::sync::Arc;

use leptos::prelude::*;

use super::chart::Chart;
use super::chart::ChartView;
use super::chart::Line;
use super::chart::Sparkline;
use super::format;
use super::table::Table;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::model::language::t_view;
use crate::services::metrics::Gauge;
use crate::services::metrics::MetricValues;
use crate::services::metrics::series::Point;
use crate::services::metrics::series::Range;
use crate::services::metrics::series::Series;
use crate::web::pages::dashboard::view;
use crate::web::pages::dashboard::view::View;

/// The most routes of "By route".
const MAX_ROUTES: usize = 12;

#[component]
pub fn Headlines(view: Arc<View>) -> impl IntoView {
    let snapshot = &view.snapshot;
    let totals = snapshot.totals();
    let total = |value: fn(&MetricValues) -> u64| {
        totals.map_or_else(|| "–".to_owned(), |totals| format::number(value(totals)))
    };
    let hour = snapshot.hour.as_deref();
    let trend = |value: fn(&MetricValues) -> u64| -> Vec<f64> {
        let points = hour.map(|hour| hour.points.iter());
        let points = points.into_iter().flatten();
        points.map(|point| value(&point.values) as f64).collect()
    };
    let sum = hour.map(Series::sum).unwrap_or_default();
    let in_hour = |value: fn(&MetricValues) -> u64| {
        let count = format::number(value(&sum));
        t!("{count} in the last hour", count = count)
    };
    let entries: fn(&MetricValues) -> u64 = |values| values.highest(Gauge::CachedEntries);
    let peak = entries(&sum);
    let oldest = snapshot.instances.first().map(|oldest| {
        let time = view! { <format::Time at=oldest.started_at now=snapshot.at/><format::Utc/> };
        let since = match snapshot.has_several_instances() {
            true => t_view!(
                "the oldest of {count} instances, since {time}",
                count = snapshot.instances.len(),
                time = time
            ),
            false => t_view!("since {time}", time = time),
        };
        view! {
            <b>{format::duration(oldest.uptime)}</b>
            <p>{since}</p>
        }
    });
    view! {
        <ul class="headlines">
            <Headline
                id="total-requests"
                name=t!("Total requests")
                value=total(MetricValues::requests)
                below=in_hour(MetricValues::requests)
                trend=trend(MetricValues::requests)
            />
            <Headline
                id="new-contacts"
                name=t!("New contacts")
                value=total(MetricValues::new_contacts)
                below=in_hour(MetricValues::new_contacts)
                trend=trend(MetricValues::new_contacts)
            />
            <Headline
                id="rate-limit-hits"
                name=t!("Rate limit hits")
                value=total(MetricValues::refusals)
                below=in_hour(MetricValues::refusals)
                trend=trend(MetricValues::refusals)
            />
            <Headline
                id="cached-entries"
                name=t!("Cached entries")
                value=format::number(snapshot.figures.cache.entries)
                below=t!("{count} at most in the last hour", count = format::number(peak))
                trend=trend(entries)
            />
            <li id="uptime">
                <h2>"Uptime"</h2>
                {oldest}
                <Sparkline values=trend(|values| values.highest(Gauge::Uptime))/>
            </li>
        </ul>
    }
}

#[component]
fn Headline(
    id: &'static str,
    name: &'static str,
    value: String,
    below: String,
    trend: Vec<f64>,
) -> impl IntoView {
    view! {
        <li id=id>
            <h2>{name}</h2>
            <b>{value}</b>
            <p>{below}</p>
            <Sparkline values=trend/>
        </li>
    }
}

/// The label of a range.
fn range_label(range: Range) -> &'static str {
    match range {
        Range::Hour => t!("Last hour"),
        Range::Day => t!("24 hours"),
        Range::Month => t!("30 days"),
        Range::Year => t!("One year"),
    }
}

#[component]
pub fn Charts(view: Arc<View>) -> impl IntoView {
    let chosen = view.snapshot.range;
    let ranges = Range::ALL
        .into_iter()
        .map(|range| {
            let current = (range == chosen).then_some("true");
            view! {
                <li>
                    <a href=view::href(range, view.full) aria-current=current data-live="">
                        {range_label(range)}
                    </a>
                </li>
            }
        })
        .collect_view();
    let charts = view.snapshot.series.clone().map(|series| {
        let charts = [
            requests(&series, chosen),
            latency(&series, chosen),
            hit_rate(&series, chosen),
            lag(&series, chosen),
        ];
        view! {
            <div class="charts">
                {charts.map(|chart| view! { <ChartView chart/> }).collect_view()}
            </div>
            <Routes series/>
        }
    });
    view! {
        <section class="part" tabindex="-1" aria-labelledby="figures-title">
            <div class="part-head">
                <h2 id="figures-title">"Figures"</h2>
                <nav aria-label="Range of the charts">
                    <ul class="ranges">{ranges}</ul>
                </nav>
            </div>
            {charts}
        </section>
    }
}

fn line(
    name: &'static str,
    class: &'static str,
    sum: String,
    series: &Series,
    value: impl Fn(&Point) -> Option<f64>,
) -> Line {
    Line {
        name,
        class,
        sum,
        values: series.points.iter().map(value).collect(),
    }
}

fn starts(series: &Series) -> Vec<i64> {
    series.points.iter().map(|point| point.start).collect()
}

fn requests(series: &Series, range: Range) -> Chart {
    let sum = series.sum();
    let allowed = |values: &MetricValues| values.requests().saturating_sub(values.refusals());
    let (answered, refused) = (
        format::number(allowed(&sum)),
        format::number(sum.refusals()),
    );
    Chart {
        id: "requests",
        title: t!("Requests"),
        description: t!(
            "Requests over time: {answered} answered, {refused} refused.",
            answered = answered,
            refused = refused
        ),
        lines: vec![
            line(t!("answered"), "line-1", answered, series, |point| {
                Some(allowed(&point.values) as f64)
            }),
            line(t!("refused"), "line-2", refused, series, |point| {
                Some(point.values.refusals() as f64)
            }),
        ],
        min_top: 10.0,
        format: |value| format::number(value as u64),
        range,
        starts: starts(series),
        empty: "",
    }
}

fn latency(series: &Series, range: Range) -> Chart {
    let all = series.latency();
    let percentile = |name, class, part| {
        let sum = all.percentile(part);
        let sum = sum.map_or_else(|| "–".to_owned(), format::milliseconds);
        line(name, class, sum, series, move |point| {
            point.latency.percentile(part)
        })
    };
    let lines = vec![
        percentile("p50", "line-1", 0.5),
        percentile("p95", "line-2", 0.95),
        percentile("p99", "line-3", 0.99),
    ];
    let percentiles: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {}", line.name, line.sum))
        .collect();
    Chart {
        id: "latency",
        title: t!("Latency"),
        description: t!(
            "How long answers took, by percentile: {percentiles}.",
            percentiles = percentiles.join(", ")
        ),
        lines,
        min_top: 1.0,
        format: format::milliseconds,
        range,
        starts: starts(series),
        empty: t!("Nothing was asked for."),
    }
}

fn hit_rate(series: &Series, range: Range) -> Chart {
    let sum = series.sum().hit_rate();
    let sum = sum.map_or_else(|| "–".to_owned(), format::percent);
    Chart {
        id: "hit-rate",
        title: t!("Cache hit rate"),
        description: t!(
            "The part of all reads that the cache answered: {part}.",
            part = sum
        ),
        lines: vec![line(t!("hits"), "line-1", sum, series, |point| {
            point.values.hit_rate()
        })],
        min_top: 1.0,
        format: format::percent,
        range,
        starts: starts(series),
        empty: t!("Nothing was read."),
    }
}

fn lag(series: &Series, range: Range) -> Chart {
    let milliseconds: fn(f64) -> String = format::milliseconds;
    let highest = milliseconds(series.sum().highest(Gauge::QueueLag) as f64);
    Chart {
        id: "queue-lag",
        title: t!("Queue lag"),
        description: t!(
            "How late the latest message was, over time: {highest} at most.",
            highest = highest
        ),
        lines: vec![line(t!("highest"), "line-1", highest, series, |point| {
            Some(point.values.highest(Gauge::QueueLag) as f64)
        })],
        min_top: 1000.0,
        format: milliseconds,
        range,
        starts: starts(series),
        empty: "",
    }
}

/// How long each route takes.
#[component]
fn Routes(series: Arc<Series>) -> impl IntoView {
    if series.routes.is_empty() {
        return None;
    }
    let rest = series.routes.len().saturating_sub(MAX_ROUTES);
    let rows = series
        .routes
        .iter()
        .take(MAX_ROUTES)
        .map(|(route, histogram)| {
            let percentile = |part| histogram.percentile(part).map(format::milliseconds);
            view! {
                <tr>
                    <th scope="row">{route.clone()}</th>
                    <td>{format::number(histogram.count())}</td>
                    <td>{percentile(0.5)}</td>
                    <td>{percentile(0.95)}</td>
                    <td>{percentile(0.99)}</td>
                </tr>
            }
        })
        .collect_view();
    let heads = vec![t!("Route"), t!("Answers"), "p50", "p95", "p99"];
    let more = (rest > 0).then(|| t_plural!(rest, "{count} more route", "{count} more routes"));
    Some(view! {
        <h3>"By route"</h3>
        <Table label="By route" heads>{rows}</Table>
        {more.map(|more| view! { <p class="note">{more}</p> })}
    })
}
