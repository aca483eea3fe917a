//! Figures about Kith itself: as JSON for a dashboard, and as text for Prometheus.
//!
//! Both are cheap however many look: the counts that need the database are read at most once in
//! [`INTERVAL`], and everybody who asks meanwhile is given the same.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::server::AppState;
use crate::server::metrics::Counter;
use crate::server::metrics::Figures;
use crate::server::policies::RequestClass;
use crate::server::problem::Problem;
use crate::server::queue::broker::Depth;

/// For how long what was read is told again.
const INTERVAL: Duration = Duration::from_secs(1);

/// How Kith is doing. Counts are of all time and of all instances that share the database.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// Requests to the API and for pages, those that were refused included.
    total_requests: u64,
    /// Contacts that were created.
    new_contacts: u64,
    /// Requests that were refused because of a limit.
    rate_limit_hits: u64,
    /// Values in the cache of this process.
    cached_entries: u64,
    /// How long this process has been running, in seconds.
    uptime: u64,
    cache: CacheMetrics,
    queue: QueueMetrics,
    /// The version of Kith.
    version: &'static str,
}

/// How reads of contacts were answered by this process.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CacheMetrics {
    hits: u64,
    stale: u64,
    misses: u64,
    bytes: u64,
    evictions: u64,
}

/// What is in the queue.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QueueMetrics {
    /// Messages that wait for the dispatcher.
    outbox: u64,
    /// Messages that wait for a delivery, or are being delivered.
    waiting: u64,
    /// Messages whose deliveries have all failed.
    dead_letters: u64,
    /// For how many seconds the message that has waited longest has been due.
    lag: f64,
}

/// What needs the database, and when it was read.
#[derive(Default)]
pub struct Recent(Mutex<Option<(Instant, Arc<Counted>)>>);

struct Counted {
    figures: Figures,
    depth: Depth,
}

impl Recent {
    async fn read(&self, state: &AppState) -> Result<Arc<Counted>, Problem> {
        // Held while reading, so that one reads for all who wait.
        let mut recent = self.0.lock().await;
        if let Some((at, counted)) = &*recent
            && at.elapsed() < INTERVAL
        {
            return Ok(counted.clone());
        }
        let unavailable = |cause: &dyn std::error::Error| {
            tracing::warn!(%cause, "figures cannot be read");
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The figures cannot be read at the moment. Try again in a few seconds.",
            )
        };
        let figures = state.metrics.totals().await;
        let depth = state.queue.broker().depth().await;
        let counted = Arc::new(Counted {
            figures: figures.map_err(|error| unavailable(&error))?,
            depth: depth.map_err(|error| unavailable(&error))?,
        });
        *recent = Some((Instant::now(), counted.clone()));
        Ok(counted)
    }
}

/// How Kith is doing, as figures.
#[utoipa::path(get, path = "/api/metrics", tag = "operation", responses(
    (status = 200, description = "The figures", body = Metrics),
    (status = 503, description = "They cannot be read at the moment", body = Problem)))]
pub async fn metrics(State(state): State<AppState>) -> Result<Json<Metrics>, Problem> {
    let counted = state.recent_metrics.read(&state).await?;
    let Counted { figures, depth } = &*counted;
    let usage = state.cache.usage();
    let cache = cache(&state);
    Ok(Json(Metrics {
        total_requests: figures.requests(),
        new_contacts: figures.new_contacts(),
        rate_limit_hits: figures.refusals(),
        cached_entries: usage.entries,
        uptime: state.metrics.uptime().as_secs(),
        cache: CacheMetrics {
            bytes: usage.bytes,
            evictions: usage.evictions,
            ..cache
        },
        queue: QueueMetrics {
            outbox: depth.outbox,
            waiting: depth.waiting,
            dead_letters: depth.dead_letters,
            lag: depth.lag.as_secs_f64(),
        },
        version: env!("CARGO_PKG_VERSION"),
    }))
}

fn cache(state: &AppState) -> CacheMetrics {
    let mut sum = CacheMetrics {
        hits: 0,
        stale: 0,
        misses: 0,
        bytes: 0,
        evictions: 0,
    };
    for tag in state.cache.totals() {
        sum.hits += tag.near_hits + tag.far_hits;
        sum.stale += tag.stale_hits;
        sum.misses += tag.misses;
    }
    sum
}

/// The same in Prometheus' text format, version 0.0.4.
pub async fn prometheus(State(state): State<AppState>) -> Result<Response, Problem> {
    let counted = state.recent_metrics.read(&state).await?;
    let text = exposition(&state, &counted);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

fn exposition(state: &AppState, Counted { figures, depth }: &Counted) -> String {
    let mut text = Text::default();
    let requests = RequestClass::ALL.into_iter().flat_map(|class| {
        let refused = figures.get(Counter::Refusals(class));
        let allowed = figures
            .get(Counter::Requests(class))
            .saturating_sub(refused);
        let labels = |outcome| format!("policy=\"{}\",outcome=\"{outcome}\"", class.name());
        [
            (labels("allowed"), allowed as f64),
            (labels("refused"), refused as f64),
        ]
    });
    text.family(
        "kith_requests_total",
        "counter",
        "Requests that the limiter has decided on.",
        requests,
    );
    let one = |value: f64| [(String::new(), value)];
    text.family(
        "kith_contacts_created_total",
        "counter",
        "Contacts that were created.",
        one(figures.new_contacts() as f64),
    );
    let usage = state.cache.usage();
    let totals = state.cache.totals();
    let reads = totals.iter().flat_map(|tag| {
        let hits = tag.near_hits + tag.far_hits;
        [
            ("hit", hits),
            ("stale", tag.stale_hits),
            ("miss", tag.misses),
        ]
        .map(|(result, count)| {
            let labels = format!("tag=\"{}\",result=\"{result}\"", tag.tag.0);
            (labels, count as f64)
        })
    });
    text.family(
        "kith_cache_reads_total",
        "counter",
        "Reads through the cache of this process.",
        reads,
    );
    let waits = [
        ("outbox", depth.outbox),
        ("waiting", depth.waiting),
        ("dead", depth.dead_letters),
    ];
    text.family(
        "kith_queue_messages",
        "gauge",
        "Messages in the queue.",
        waits.map(|(state, count)| (format!("state=\"{state}\""), count as f64)),
    );
    for (name, help, value) in [
        (
            "kith_cache_entries",
            "Values in the cache of this process.",
            usage.entries as f64,
        ),
        ("kith_cache_bytes", "Memory for them.", usage.bytes as f64),
        (
            "kith_queue_lag_seconds",
            "For how long the message that has waited longest has been due.",
            depth.lag.as_secs_f64(),
        ),
        (
            "kith_uptime_seconds",
            "How long this process has been running.",
            state.metrics.uptime().as_secs_f64(),
        ),
    ] {
        text.family(name, "gauge", help, one(value));
    }
    if let Some(redis) = &state.redis {
        let up = redis.health().loss().is_none();
        text.family(
            "kith_redis_up",
            "gauge",
            "Whether Redis answers.",
            one(f64::from(up)),
        );
    }
    let build = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    text.family(
        "kith_build_info",
        "gauge",
        "The version of Kith.",
        [(build, 1.0)],
    );
    text.0
}

/// Metrics as Prometheus reads them.
#[derive(Default)]
struct Text(String);

impl Text {
    /// One metric, with a value for each set of labels.
    fn family(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        values: impl IntoIterator<Item = (String, f64)>,
    ) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in values {
            let _ = if labels.is_empty() {
                writeln!(self.0, "{name} {value}")
            } else {
                writeln!(self.0, "{name}{{{labels}}} {value}")
            };
        }
    }
}
