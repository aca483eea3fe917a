//! What the dashboard shows: everything that is known about Kith at one instant.
//!
//! [`redis_info`]: what Redis tells of itself.
//!   [`process`]: what the system tells of this process.
//!
//! Looking costs the same however many look: what the database and Redis are asked for is asked at
//! most once in an [`INTERVAL`], and everybody who looks meanwhile is shown the same.

pub mod process;
pub mod redis_info;

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use ipnet::IpNet;
use jiff::Timestamp;
use redis_info::RedisInfo;
use tokio::sync::Mutex;

use crate::services::admin::Admin;
use crate::services::admin::Entry;
use crate::services::health::NO_DATABASE;
use crate::services::health::Parts;
use crate::services::metrics::Counter;
use crate::services::metrics::Figures;
use crate::services::metrics::series::Range;
use crate::services::metrics::series::Series;
use crate::services::policies::RequestClass;
use crate::web::state::AppState;
use kith_cache::Usage;
use kith_limit::Algorithm;
use kith_limit::Quota;
use kith_limit::Refused;
use kith_queue::broker::BrokerError;
use kith_queue::broker::overview::Overview;

/// For how long what was read is shown again.
const INTERVAL: Duration = Duration::from_secs(1);

/// The same for longer ranges, which take longer to read and change less.
const LONG_INTERVAL: Duration = Duration::from_secs(5);

/// Clients that are shown.
const MOST_REFUSED: usize = 10;

/// Actions that are shown.
const ENTRIES: u32 = 10;

/// What was read last.
#[derive(Default)]
pub struct Dashboard {
    shared: Recent<Shared>,
    series: [Recent<Series>; Range::ALL.len()],
}

/// What was read last, and when; `None` of it where that failed.
type Recent<T> = Mutex<Option<(Instant, Option<Arc<T>>)>>;

/// Everything that is shown, at one instant.
pub struct Snapshot {
    pub at: Timestamp,
    pub range: Range,
    /// `None` while the database does not answer.
    pub shared: Option<Arc<Shared>>,
    /// The last hour.
    pub hour: Option<Arc<Series>>,
    /// The range that was asked for.
    pub series: Option<Arc<Series>>,
    pub uptime: Duration,
    pub started_at: Timestamp,
    pub policies: Vec<PolicyState>,
    pub most_refused: Vec<Refused>,
    /// Requests of denied clients, since this process started.
    pub denials: u64,
    pub denied: Vec<IpNet>,
    pub cache: CacheState,
    pub parts: Parts,
    /// Where mails go.
    pub mail: String,
    /// Whether mail reaches anybody, rather than a folder.
    pub has_mail_server: bool,
    /// Whom the daily report is sent to.
    pub report_to: Option<String>,
    pub uses_qstash: bool,
    /// In bytes, where the system tells.
    pub memory: Option<u64>,
    pub version: &'static str,
}

/// What the database and Redis are asked for.
pub struct Shared {
    /// The figures of all time.
    pub totals: Figures,
    /// The same without what is not written down yet, so that they never fall.
    pub written: Figures,
    pub overview: Overview,
    /// For how long the message that has waited longest has been due.
    pub lag: Duration,
    pub entries: Vec<Entry>,
    pub redis: Option<RedisInfo>,
}

/// How a policy is and what it has done since this process started.
pub struct PolicyState {
    pub class: RequestClass,
    pub algorithm: Algorithm,
    pub quota: Quota,
    pub configured: Quota,
    pub shadow: bool,
    pub shadowed: u64,
    /// Decisions that were made without Redis.
    pub here: u64,
}

pub struct CacheState {
    pub usage: Usage,
    /// What the tier in this process may take, in bytes.
    pub room: u64,
    pub tags: Vec<kith_cache::Totals>,
    /// Whether there is a tier on Redis.
    pub far: bool,
}

impl Dashboard {
    /// Everything, for an admin.
    pub async fn look(&self, _admin: &Admin, state: &AppState, range: Range) -> Snapshot {
        let now = Timestamp::now();
        let uptime = state.metrics.uptime();
        let series = async |range: Range| {
            let interval = match range {
                Range::Hour => INTERVAL,
                _ => LONG_INTERVAL,
            };
            let kept = &self.series[range as usize];
            recent(kept, interval, async || {
                state.metrics.series(range, now).await.ok()
            })
            .await
        };
        let limiter = &state.limiter;
        let totals = limiter.stats().totals();
        let policy = |class: RequestClass| {
            let (policy, quota) = limiter.policy(class.policy());
            let counted = totals.iter().find(|known| known.policy == policy.name);
            PolicyState {
                class,
                algorithm: policy.algorithm,
                quota,
                configured: state.settings.configured(class),
                shadow: policy.shadow,
                shadowed: counted.map_or(0, |counted| counted.shadowed),
                here: counted.map_or(0, |counted| counted.local),
            }
        };
        // At the same time, since each may take as long as the database lets it wait.
        let (shared, hour, series) = tokio::join!(
            recent(&self.shared, INTERVAL, async || read(state).await),
            series(Range::Hour),
            series(range),
        );
        Snapshot {
            at: now,
            range,
            hour,
            series,
            uptime,
            started_at: state.metrics.started_at(),
            policies: RequestClass::ALL.into_iter().map(policy).collect(),
            most_refused: limiter.stats().most_refused(MOST_REFUSED),
            denials: limiter.stats().denied(),
            denied: limiter.denied(),
            cache: CacheState {
                usage: state.cache.usage(),
                room: state.config.cache.near_size.bytes() as u64,
                tags: state.cache.totals(),
                far: state.redis.is_some(),
            },
            parts: Parts::of(state),
            mail: state.mailer.describe(),
            has_mail_server: state.mailer.has_server(),
            report_to: state
                .config
                .report
                .to
                .as_ref()
                .map(|to| to.mailbox().email.to_string()),
            uses_qstash: state.queue.qstash().is_some(),
            memory: process::memory(),
            version: env!("CARGO_PKG_VERSION"),
            shared,
        }
    }

    /// What the database and Redis are asked for, as it was within the last second.
    pub async fn shared(&self, _admin: &Admin, state: &AppState) -> Option<Arc<Shared>> {
        recent(&self.shared, INTERVAL, async || read(state).await).await
    }

    /// Makes the next look a new one, after something was changed.
    pub async fn forget(&self) {
        *self.shared.lock().await = None;
    }
}

/// What was read within the last `interval`, or is read now: by one for all who wait, though it fail.
async fn recent<T>(
    kept: &Recent<T>,
    interval: Duration,
    read: impl AsyncFnOnce() -> Option<T>,
) -> Option<Arc<T>> {
    let mut kept = kept.lock().await;
    if let Some((at, known)) = &*kept
        && at.elapsed() < interval
    {
        return known.clone();
    }
    let new = read().await.map(Arc::new);
    *kept = Some((Instant::now(), new.clone()));
    new
}

async fn read(state: &AppState) -> Option<Shared> {
    let broker = state.queue.broker();
    let (totals, overview, lag, entries, redis) = tokio::join!(
        state.metrics.totals(),
        broker.overview(),
        broker.lag(),
        state.admin.entries(ENTRIES),
        async {
            match &state.redis {
                Some(redis) => RedisInfo::ask(redis).await,
                None => None,
            }
        },
    );
    let read = || {
        let totals = totals?;
        Ok::<_, BrokerError>(Shared {
            totals: totals.counts,
            written: totals.written,
            overview: overview?,
            lag: lag?,
            entries: entries?,
            redis,
        })
    };
    let read = read();
    let failure = read.is_err().then_some(NO_DATABASE);
    state.database_health.record(failure);
    read.inspect_err(|cause| tracing::warn!(%cause, "figures cannot be read"))
        .ok()
}

impl Snapshot {
    /// The figures of all time for a policy: requests, and those of them that were refused.
    pub fn of_class(&self, class: RequestClass) -> Option<(u64, u64)> {
        let totals = &self.shared.as_ref()?.totals;
        Some((
            totals.get(Counter::Requests(class)),
            totals.get(Counter::Refusals(class)),
        ))
    }
}
