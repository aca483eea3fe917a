//! Metrics of Kith itself: as JSON for a dashboard, and as text for Prometheus.
//!
//! Both cost the same however many clients ask. The [dashboard](crate::services::dashboard) reads the database
//! and Redis for them, at most once a second.

mod prometheus;

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::FromRef;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use kith_cache::Cache;
use kith_limit::Limiter;
use kith_redis::Redis;
use serde::Serialize;
use utoipa::ToSchema;

use crate::services;
use crate::services::admin::Admin;
use crate::services::dashboard::Dashboard;
use crate::services::dashboard::StoredMetrics;
use crate::services::metrics::Counter;
use crate::services::metrics::latency::Histogram;
use crate::services::process;
use crate::web::problem::Problem;
use crate::web::state::AppState;

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
    latency: LatencyMetrics,
    /// Mails that were sent, or kept as files.
    mails: u64,
    /// The memory of this process in bytes, where the system tells it.
    memory: Option<u64>,
    /// The version of Kith.
    version: &'static str,
}

/// How reads of contacts were answered, by all instances; size and evictions are of this process.
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
    /// Messages that were delivered, like the next two of all time.
    deliveries: u64,
    /// Deliveries that failed and were tried again.
    retries: u64,
    /// Messages whose deliveries had all failed, those included that were sent again.
    failures: u64,
}

/// How long answers of this process took, in milliseconds, over all routes.
#[derive(Serialize, ToSchema)]
struct LatencyMetrics {
    p50: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
}

/// What the metrics are read from.
#[derive(Clone)]
pub struct Sources {
    dashboard: Dashboard,
    cache: Cache,
    limiter: Limiter,
    /// `None` where Kith works without Redis.
    redis: Option<Redis>,
    metrics: services::metrics::Metrics,
}

impl FromRef<AppState> for Sources {
    fn from_ref(state: &AppState) -> Self {
        Self {
            dashboard: FromRef::from_ref(state),
            cache: FromRef::from_ref(state),
            limiter: FromRef::from_ref(state),
            redis: FromRef::from_ref(state),
            metrics: FromRef::from_ref(state),
        }
    }
}

impl Sources {
    async fn stored(&self, admin: &Admin) -> Result<Arc<StoredMetrics>, Problem> {
        let stored = self.dashboard.stored_metrics(admin).await;
        stored.ok_or_else(|| {
            Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The figures cannot be read at the moment. Try again in a few seconds.",
            )
        })
    }
}

/// How Kith is doing, as figures.
#[utoipa::path(get, path = "/api/metrics", tag = "operation", responses(
    (status = 200, description = "The figures", body = Metrics),
    (status = 403, description = "Not on this machine", body = Problem),
    (status = 503, description = "They cannot be read at the moment", body = Problem)))]
pub async fn metrics(
    State(sources): State<Sources>,
    Extension(admin): Extension<Admin>,
) -> Result<Json<Metrics>, Problem> {
    let stored = sources.stored(&admin).await?;
    let StoredMetrics {
        totals,
        overview,
        lag,
        ..
    } = &*stored;
    let usage = sources.cache.usage();
    let mut latency = Histogram::default();
    for observed in sources.metrics.latencies() {
        latency.add(&observed.histogram);
    }
    Ok(Json(Metrics {
        total_requests: totals.requests(),
        new_contacts: totals.new_contacts(),
        rate_limit_hits: totals.refusals(),
        cached_entries: usage.entries,
        uptime: sources.metrics.uptime().as_secs(),
        cache: CacheMetrics {
            hits: totals.get(Counter::CacheHits),
            stale: totals.get(Counter::CacheStale),
            misses: totals.get(Counter::CacheMisses),
            bytes: usage.bytes,
            evictions: usage.evictions,
        },
        queue: QueueMetrics {
            outbox: overview.outbox,
            waiting: overview.waiting(),
            dead_letters: overview.dead,
            lag: lag.as_secs_f64(),
            deliveries: totals.get(Counter::Deliveries),
            retries: totals.get(Counter::Retries),
            failures: totals.get(Counter::DeadLetters),
        },
        latency: LatencyMetrics {
            p50: latency.percentile(0.5),
            p95: latency.percentile(0.95),
            p99: latency.percentile(0.99),
        },
        mails: totals.get(Counter::Mails),
        memory: process::memory(),
        version: env!("CARGO_PKG_VERSION"),
    }))
}

/// The same for [Prometheus](prometheus).
pub async fn prometheus(
    State(sources): State<Sources>,
    Extension(admin): Extension<Admin>,
) -> Result<Response, Problem> {
    let stored = sources.stored(&admin).await?;
    let text = prometheus::exposition(&sources, &stored);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
