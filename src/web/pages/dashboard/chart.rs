//! Lines over time, drawn by the server: an SVG that stretches, text beside it that does not, and the
//! same values as a table.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use leptos::prelude::*;

use super::table::Table;
use crate::components::view::view;
use crate::model::language::t;
use crate::services::format;
use crate::services::metrics::series::Range;

/// The size of the drawing in its own units. The browser stretches it.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;

/// One value over time.
pub struct Line {
    pub name: &'static str,
    /// How it is drawn, for example `line-1`. Lines differ by their dashes, not by colour alone.
    pub class: &'static str,
    /// `None` where there is no such value, as there is no latency without requests.
    pub values: Vec<Option<f64>>,
    /// The value of the whole range, for the legend.
    pub sum: String,
}

/// Lines that share their axes.
pub struct Chart {
    pub id: &'static str,
    pub title: &'static str,
    /// What the chart shows, for readers who do not see it.
    pub description: String,
    pub lines: Vec<Line>,
    /// The axis ends at this value or above.
    pub min_top: f64,
    /// Formats a value.
    pub format: fn(f64) -> String,
    pub range: Range,
    /// When each point begins, in minutes since the epoch.
    pub starts: Vec<i64>,
    /// The text where there is nothing to draw.
    pub empty: &'static str,
}

/// A chart with its legend and its table.
#[component]
pub fn ChartView(chart: Chart) -> impl IntoView {
    let Chart {
        id,
        title,
        description,
        lines,
        min_top,
        format,
        range,
        starts,
        empty,
    } = &chart;
    let values = || lines.iter().flat_map(|line| line.values.iter().flatten());
    let top = nice(values().copied().fold(*min_top, f64::max));
    let is_empty = values().next().is_none();
    let [first, middle] = [starts.first(), starts.get(starts.len() / 2)]
        .map(|start| start.map(|start| label(*start, *range)));
    view! {
        <div class="chart" id=*id>
            <h3 id=format!("{id}-title")>{*title}</h3>
            <ul class="chart-legend">{legend(lines)}</ul>
            <div class="chart-frame" role="img" aria-label=description.clone()>
                <span class="chart-top" aria-hidden="true">{format(top)}</span>
                <svg
                    class="chart-lines"
                    viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                    preserveAspectRatio="none"
                    aria-hidden="true"
                >
                    <path class="chart-grid" d=format!("M0 0H{WIDTH}M0 {}H{WIDTH}M0 {HEIGHT}H{WIDTH}", HEIGHT / 2.0)></path>
                    {paths(lines, top)}
                </svg>
                {is_empty.then(|| view! { <p class="chart-empty">{*empty}</p> })}
            </div>
            <div class="chart-times" aria-hidden="true">
                <span>{first}</span>
                <span>{middle}</span>
                <span>"now"</span>
            </div>
            <details class="chart-table" id=format!("{id}-table")>
                <summary>
                    "As a table"
                    <span class="sr-only">{format!(": {title}")}</span>
                </summary>
                <ChartTable chart=&chart/>
            </details>
        </div>
    }
}

fn legend(lines: &[Line]) -> impl IntoView + use<> {
    lines
        .iter()
        .map(|line| {
            view! {
                <li>
                    <svg class="chart-key" viewBox="0 0 24 8" aria-hidden="true">
                        <path class=line.class d="M0 4H24"></path>
                    </svg>
                    {line.name}
                    " "
                    <b>{line.sum.clone()}</b>
                </li>
            }
        })
        .collect_view()
}

fn paths(lines: &[Line], top: f64) -> impl IntoView + use<> {
    lines
        .iter()
        .map(|line| {
            let (path, dots) = path(&line.values, top, WIDTH, HEIGHT);
            view! {
                <path class=line.class d=path></path>
                <path class=line.class class:chart-dots=true d=dots></path>
            }
        })
        .collect_view()
}

/// The values of a chart as a table, the latest first.
#[component]
fn ChartTable<'a>(chart: &'a Chart) -> impl IntoView + use<> {
    let Chart {
        title,
        lines,
        format,
        range,
        starts,
        ..
    } = chart;
    // Days are those of UTC, whatever the reader's clock shows.
    let mut heads = vec![match range {
        Range::Hour | Range::Day => t!("From (UTC)"),
        Range::Month | Range::Year => t!("Day, in UTC"),
    }];
    heads.extend(lines.iter().map(|line| line.name));
    let rows = starts
        .iter()
        .enumerate()
        .rev()
        .map(|(point, start)| {
            let cells = lines
                .iter()
                .map(|line| {
                    let value = line.values.get(point).copied().flatten();
                    view! { <td>{value.map_or_else(|| "–".to_owned(), format)}</td> }
                })
                .collect_view();
            view! {
                <tr>
                    <th scope="row">{label(*start, *range)}</th>
                    {cells}
                </tr>
            }
        })
        .collect_view();
    view! { <Table label=t!("{title}, as a table", title = title) heads>{rows}</Table> }
}

/// The last hour of a value, beside it.
#[component]
pub fn Sparkline(values: Vec<f64>) -> impl IntoView {
    let top = values.iter().copied().fold(1.0, f64::max);
    let values: Vec<_> = values.into_iter().map(Some).collect();
    view! {
        <svg class="sparkline" viewBox="0 0 120 24" preserveAspectRatio="none" aria-hidden="true">
            <path class="line-1" d=path(&values, top, 120.0, 24.0).0></path>
        </svg>
    }
}

/// The line through the points, interrupted where there is none; and dots, lines without length, for
/// points that have no neighbours.
fn path(values: &[Option<f64>], top: f64, width: f64, height: f64) -> (String, String) {
    let step = width / (values.len().max(2) - 1) as f64;
    let (mut path, mut dots) = (String::new(), String::new());
    let mut drawing = false;
    for (point, value) in values.iter().enumerate() {
        let Some(value) = value else {
            drawing = false;
            continue;
        };
        let x = point as f64 * step;
        let y = height - (value / top).clamp(0.0, 1.0) * height;
        if drawing {
            path += &format!("L{x:.1} {y:.1}");
        } else if values.get(point + 1).copied().flatten().is_some() {
            path += &format!("M{x:.1} {y:.1}");
        } else {
            dots += &format!("M{x:.1} {y:.1}h0");
        }
        drawing = true;
    }
    (path, dots)
}

/// A round number that is not below: 1, 2 or 5 times a power of ten.
fn nice(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|round| *round >= value * (1.0 - 1e-9))
        .unwrap_or(value)
}

/// When a point begins, in UTC until `components/clock.rs` rewrites it.
fn label(start: i64, range: Range) -> impl IntoView {
    let at = Timestamp::from_second(start * 60).unwrap_or_default();
    let at_utc = at.to_zoned(TimeZone::UTC);
    let (date, time) = (at_utc.date(), at_utc.strftime("%H:%M"));
    let (words, local) = match range {
        Range::Hour => (time.to_string(), Some("minute")),
        Range::Day => (format!("{} {time}", format::short_day(date)), Some("day")),
        Range::Month | Range::Year => (format::short_date(date), None),
    };
    view! { <time datetime=at.to_string() data-time=local>{words}</time> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        for (value, end) in [
            (1.0, 1.0),
            (1.2, 2.0),
            (34.0, 50.0),
            (100.0, 100.0),
            (0.07, 0.1),
        ] {
            let nice = nice(value);
            assert!((nice - end).abs() < 1e-9, "{value}: {nice}");
        }
    }

    #[test]
    fn a_line_breaks_where_there_is_nothing() {
        let values = [Some(0.0), Some(10.0), None, Some(5.0), None];
        let (line, dots) = path(&values, 10.0, 400.0, 100.0);
        assert_eq!(line, "M0.0 100.0L100.0 0.0");
        assert_eq!(dots, "M300.0 50.0h0");
        assert_eq!(path(&[], 1.0, 100.0, 10.0).0, "");
    }
}
