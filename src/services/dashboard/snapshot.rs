//! [`Snapshot`]: what the dashboard shows.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use kith_limit::Algorithm;
use kith_limit::Quota;
use kith_queue::broker::overview::Overview;

use super::redis_info::RedisInfo;
use crate::services::admin::AuditLogEntry;
use crate::services::backup::BackupStatus;
use crate::services::instances::Figures;
use crate::services::instances::Instance;
use crate::services::metrics::Counter;
use crate::services::metrics::MetricValues;
use crate::services::metrics::series::Range;
use crate::services::metrics::series::Series;
use crate::services::pause::Pause;
use crate::services::policies::RequestClass;

/// Everything that the dashboard shows, at one instant.
pub struct Snapshot {
    pub at: Timestamp,
    pub range: Range,
    /// `None` while the database does not answer.
    pub stored: Option<Arc<StoredMetrics>>,
    /// The last hour.
    pub hour: Option<Arc<Series>>,
    /// The range that the client has chosen.
    pub series: Option<Arc<Series>>,
    /// Every process that works with the database, the oldest first.
    pub instances: Vec<Instance>,
    /// What they know together.
    pub figures: Figures,
    pub policies: Vec<PolicyState>,
    pub denied: Vec<IpNet>,
    /// Whether the cache has a tier on Redis.
    pub has_remote_tier: bool,
    /// Where mails go.
    pub mail: String,
    /// Whether mails go to a server, and not to a folder.
    pub has_mail_server: bool,
    /// The address that the daily report is sent to.
    pub report_to: Option<String>,
    pub uses_qstash: bool,
}

/// What Kith reads from the database and from Redis.
pub struct StoredMetrics {
    /// The counts of all time.
    pub totals: MetricValues,
    /// The same without the counts that are not stored yet, so that they never fall.
    pub written: MetricValues,
    /// Every process that works with the database, the oldest first.
    pub instances: Vec<Instance>,
    pub overview: Overview,
    /// For how long the message that has waited longest has been due.
    pub lag: Duration,
    pub audit_log: Vec<AuditLogEntry>,
    pub backup: BackupStatus,
    /// `None` while the queue works.
    pub pause: Option<Pause>,
    pub redis: Option<RedisInfo>,
}

/// The settings of a policy.
pub struct PolicyState {
    pub class: RequestClass,
    pub algorithm: Algorithm,
    pub quota: Quota,
    pub configured: Quota,
    pub shadow: bool,
}

impl Snapshot {
    /// Whether several processes work with the database.
    pub fn has_several_instances(&self) -> bool {
        self.instances.len() > 1
    }

    /// The counts of all time. Each process knows the counts that it has not stored yet, so where there are several
    /// processes those are left out: otherwise a count could fall as one process answers after another.
    pub fn totals(&self) -> Option<&MetricValues> {
        let stored = self.stored.as_ref()?;
        Some(match self.has_several_instances() {
            true => &stored.written,
            false => &stored.totals,
        })
    }

    /// The counts of all time for a policy: requests, and how many of them it has refused.
    pub fn of_class(&self, class: RequestClass) -> Option<(u64, u64)> {
        let totals = self.totals()?;
        Some((
            totals.get(Counter::Requests(class)),
            totals.get(Counter::Refusals(class)),
        ))
    }
}
