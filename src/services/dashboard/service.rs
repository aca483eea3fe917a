//! [`Dashboard`]: takes snapshots of the services.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kith_cache::Cache;
use kith_limit::Limiter;
use kith_queue::Queue;
use kith_queue::broker::BrokerError;
use kith_redis::Redis;
use kith_runtime::Clock;

use super::memo::Memo;

use super::redis_info::RedisInfo;
use super::snapshot::CacheState;
use super::snapshot::PolicyState;
use super::snapshot::Snapshot;
use super::snapshot::StoredMetrics;
use crate::services::admin::Admin;
use crate::services::admin::AdminService;
use crate::services::health::DatabaseHealth;
use crate::services::health::Health;
use crate::services::mail::Mailer;
use crate::services::metrics::Metrics;
use crate::services::metrics::series::Range;
use crate::services::metrics::series::Series;
use crate::services::overrides::RuntimeOverrides;
use crate::services::policies::RequestClass;
use crate::services::process;

/// For how long the last values are shown again.
const TTL: Duration = Duration::from_secs(1);

/// The same for longer ranges, which take longer to read and change less.
const LONG_RANGE_TTL: Duration = Duration::from_secs(5);

/// The most clients of "Most refused clients".
const MAX_REFUSED_CLIENTS: usize = 10;

/// The most entries of "Last actions".
const MAX_AUDIT_LOG_ENTRIES: u32 = 10;

/// Takes snapshots of the services. Cheap to clone; clones share the last values.
#[derive(Clone)]
pub struct Dashboard(Arc<Inner>);

struct Inner {
    sources: Options,
    stored: Memo<StoredMetrics>,
    series: [Memo<Series>; Range::ALL.len()],
}

/// The services that a dashboard reads.
pub struct Options {
    pub admin: AdminService,
    pub cache: Cache,
    /// Tells when a snapshot is taken.
    pub clock: Arc<dyn Clock>,
    /// The most that the local tier of the cache may take, in bytes.
    pub max_local_cache_bytes: u64,
    pub database_health: DatabaseHealth,
    pub health: Health,
    pub limiter: Limiter,
    pub mailer: Mailer,
    pub metrics: Metrics,
    pub queue: Queue,
    /// `None` where Kith works without Redis.
    pub redis: Option<Redis>,
    /// The address that the daily report is sent to.
    pub report_to: Option<String>,
    pub overrides: RuntimeOverrides,
}

impl Dashboard {
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner {
            sources: options,
            stored: Memo::default(),
            series: Default::default(),
        }))
    }

    /// Everything, for an admin.
    pub async fn snapshot(&self, admin: &Admin, range: Range) -> Snapshot {
        let Options {
            clock,
            health,
            limiter,
            mailer,
            metrics,
            queue,
            report_to,
            ..
        } = &self.0.sources;
        let at = clock.now();
        let uptime = metrics.uptime();
        let policies = self.policies();
        // At the same time, since each may take as long as the database lets it wait.
        let (stored, hour, series) = tokio::join!(
            self.stored_metrics(admin),
            self.series(Range::Hour, at),
            self.series(range, at),
        );
        Snapshot {
            at,
            range,
            stored,
            hour,
            series,
            uptime,
            started_at: metrics.started_at(),
            policies,
            most_refused: limiter.stats().most_refused(MAX_REFUSED_CLIENTS),
            denials: limiter.stats().denied(),
            denied: limiter.denied(),
            cache: self.cache(),
            components: health.components(),
            mail: mailer.describe(),
            has_mail_server: mailer.has_server(),
            report_to: report_to.clone(),
            uses_qstash: queue.qstash().is_some(),
            memory: process::memory(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// What the database and Redis have said within the last second.
    pub async fn stored_metrics(&self, _admin: &Admin) -> Option<Arc<StoredMetrics>> {
        let Inner {
            sources, stored, ..
        } = &*self.0;
        stored.get(TTL, || sources.read_stored()).await
    }

    /// Makes the next snapshot read the database and Redis again, after a change.
    pub async fn invalidate(&self) {
        self.0.stored.clear().await;
    }

    async fn series(&self, range: Range, now: Timestamp) -> Option<Arc<Series>> {
        let Inner {
            sources, series, ..
        } = &*self.0;
        let ttl = match range {
            Range::Hour => TTL,
            _ => LONG_RANGE_TTL,
        };
        let read = async || sources.metrics.series(range, now).await.ok();
        series[range as usize].get(ttl, read).await
    }

    fn policies(&self) -> Vec<PolicyState> {
        let Options {
            limiter, overrides, ..
        } = &self.0.sources;
        let totals = limiter.stats().totals();
        let policy = |class: RequestClass| {
            let (policy, quota) = limiter.policy(class.policy());
            let counted = totals.iter().find(|known| known.policy == policy.name);
            PolicyState {
                class,
                algorithm: policy.algorithm,
                quota,
                configured: overrides.configured(class),
                shadow: policy.shadow,
                shadowed: counted.map_or(0, |counted| counted.shadowed),
                local: counted.map_or(0, |counted| counted.local),
            }
        };
        RequestClass::ALL.into_iter().map(policy).collect()
    }

    fn cache(&self) -> CacheState {
        let Options {
            cache,
            max_local_cache_bytes,
            redis,
            ..
        } = &self.0.sources;
        CacheState {
            usage: cache.usage(),
            max_local_bytes: *max_local_cache_bytes,
            tags: cache.totals(),
            has_remote_tier: redis.is_some(),
        }
    }
}

impl Options {
    async fn read_stored(&self) -> Option<StoredMetrics> {
        let broker = self.queue.broker();
        let (totals, overview, lag, audit_log, redis) = tokio::join!(
            self.metrics.totals(),
            broker.overview(),
            broker.lag(),
            self.admin.audit_log(MAX_AUDIT_LOG_ENTRIES),
            async {
                match &self.redis {
                    Some(redis) => RedisInfo::query(redis).await,
                    None => None,
                }
            },
        );
        let stored = || {
            let totals = totals?;
            Ok::<_, BrokerError>(StoredMetrics {
                totals: totals.counts,
                written: totals.written,
                overview: overview?,
                lag: lag?,
                audit_log: audit_log?,
                redis,
            })
        };
        let stored = stored();
        self.database_health.record(stored.is_ok());
        stored
            .inspect_err(|cause| tracing::warn!(%cause, "metrics cannot be read"))
            .ok()
    }
}
