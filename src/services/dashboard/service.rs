//! [`Dashboard`]: takes snapshots of the services.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kith_limit::Limiter;
use kith_queue::Queue;
use kith_queue::broker::BrokerError;
use kith_redis::Redis;
use kith_runtime::Clock;

use super::memo::Memo;
use super::redis_info::RedisInfo;
use super::snapshot::PolicyState;
use super::snapshot::Snapshot;
use super::snapshot::StoredMetrics;
use crate::services::admin::Admin;
use crate::services::admin::AdminService;
use crate::services::backup::Backups;
use crate::services::health::DatabaseHealth;
use crate::services::instances::Figures;
use crate::services::instances::Instances;
use crate::services::mail::Mailer;
use crate::services::metrics::Metrics;
use crate::services::metrics::series::Range;
use crate::services::metrics::series::Series;
use crate::services::overrides::RuntimeOverrides;
use crate::services::policies::RequestClass;

/// For how long the last values are shown again.
const TTL: Duration = Duration::from_secs(1);

/// The same for longer ranges, which take longer to read and change less.
const LONG_RANGE_TTL: Duration = Duration::from_secs(5);

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
    pub backups: Backups,
    /// Tells when a snapshot is taken.
    pub clock: Arc<dyn Clock>,
    pub database_health: DatabaseHealth,
    pub instances: Instances,
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
            instances,
            limiter,
            mailer,
            queue,
            redis,
            report_to,
            ..
        } = &self.0.sources;
        let at = clock.now();
        // At the same time, since each may take as long as the database lets it wait.
        let (stored, hour, series) = tokio::join!(
            self.stored_metrics(admin),
            self.series(Range::Hour, at),
            self.series(range, at),
        );
        let written = stored.as_ref().map(|stored| stored.instances.clone());
        // Their rows are some seconds old, as those of the others are. So it makes no difference which instance answers.
        let instances = match written {
            Some(written) if written.len() > 1 => written,
            _ => vec![instances.own()],
        };
        Snapshot {
            at,
            range,
            stored,
            hour,
            series,
            figures: Figures::sum(instances.iter().map(|instance| &instance.figures)),
            instances,
            policies: self.policies(),
            denied: limiter.denied(),
            has_remote_tier: redis.is_some(),
            mail: mailer.describe(),
            has_mail_server: mailer.has_server(),
            report_to: report_to.clone(),
            uses_qstash: queue.qstash().is_some(),
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
        let policy = |class: RequestClass| {
            let (policy, quota) = limiter.policy(class.policy());
            PolicyState {
                class,
                algorithm: policy.algorithm,
                quota,
                configured: overrides.configured(class),
                shadow: policy.shadow,
            }
        };
        RequestClass::ALL.into_iter().map(policy).collect()
    }
}

impl Options {
    async fn read_stored(&self) -> Option<StoredMetrics> {
        let broker = self.queue.broker();
        let (totals, instances, overview, lag, audit_log, backup, pause, redis) = tokio::join!(
            self.metrics.totals(),
            self.instances.all(),
            broker.overview(),
            broker.lag(),
            self.admin.last_actions(MAX_AUDIT_LOG_ENTRIES),
            self.backups.status(),
            self.admin.pause(),
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
                instances: instances?,
                overview: overview?,
                lag: lag?,
                audit_log: audit_log?,
                backup: backup?,
                pause: pause?,
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
