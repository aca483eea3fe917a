//! [`Snapshot`]: what the dashboard shows.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use kith_cache::Usage;
use kith_limit::Algorithm;
use kith_limit::Quota;
use kith_limit::Refused;
use kith_queue::broker::overview::Overview;

use super::redis_info::RedisInfo;
use crate::services::admin::AuditLogEntry;
use crate::services::health::Components;
use crate::services::metrics::Counter;
use crate::services::metrics::MetricValues;
use crate::services::metrics::series::Range;
use crate::services::metrics::series::Series;
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
    pub uptime: Duration,
    pub started_at: Timestamp,
    pub policies: Vec<PolicyState>,
    pub most_refused: Vec<Refused>,
    /// Requests of denied clients, since this process started.
    pub denials: u64,
    pub denied: Vec<IpNet>,
    pub cache: CacheState,
    pub components: Components,
    /// Where mails go.
    pub mail: String,
    /// Whether mails go to a server, and not to a folder.
    pub has_mail_server: bool,
    /// The address that the daily report is sent to.
    pub report_to: Option<String>,
    pub uses_qstash: bool,
    /// In bytes, where the system knows it.
    pub memory: Option<u64>,
    pub version: &'static str,
}

/// What Kith reads from the database and from Redis.
pub struct StoredMetrics {
    /// The counts of all time.
    pub totals: MetricValues,
    /// The same without the counts that are not stored yet, so that they never fall.
    pub written: MetricValues,
    pub overview: Overview,
    /// For how long the message that has waited longest has been due.
    pub lag: Duration,
    pub audit_log: Vec<AuditLogEntry>,
    pub redis: Option<RedisInfo>,
}

/// A policy, and what it has done since this process started.
pub struct PolicyState {
    pub class: RequestClass,
    pub algorithm: Algorithm,
    pub quota: Quota,
    pub configured: Quota,
    pub shadow: bool,
    pub shadowed: u64,
    /// Decisions that this process has made without Redis.
    pub local: u64,
}

/// The cache of this process.
pub struct CacheState {
    pub usage: Usage,
    /// The most that the local tier may take, in bytes.
    pub max_local_bytes: u64,
    pub tags: Vec<kith_cache::Totals>,
    /// Whether there is a tier on Redis.
    pub has_remote_tier: bool,
}

impl Snapshot {
    /// The counts of all time for a policy: requests, and how many of them it has refused.
    pub fn of_class(&self, class: RequestClass) -> Option<(u64, u64)> {
        let totals = &self.stored.as_ref()?.totals;
        Some((
            totals.get(Counter::Requests(class)),
            totals.get(Counter::Refusals(class)),
        ))
    }
}
