//! The limiter: policies, and single decisions.
//!
//! Without Redis the local limiter decides. With Redis one script decides for all instances, by Redis'
//! clock, and each decision is also charged to the local limiter. So the local limiter can take over where
//! it stands when Redis goes down. It also shows when Redis has lost state, because then it has no room
//! where Redis has: the limit holds for each instance whatever happens to Redis.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use ipnet::IpNet;
use kith_redis::{Redis, Script};

use crate::Millis;
use crate::decision::{DecidedBy, Decision, Outcome};
use crate::identifier::Identifier;
use crate::local::{self, Assessment, LocalLimiter};
use crate::policy::{Algorithm, FailMode, Policy, Quota};
use crate::script::{self, Operation, Rule};
use crate::stats::Stats;

/// The limiter probes Redis at most once in this many milliseconds.
const PROBE_INTERVAL: Millis = 1_000;

/// The `retry_after` of a refusal under [`FailMode::Closed`], where the real one is not known.
const FAIL_CLOSED_RETRY_AFTER: Duration = Duration::from_secs(1);

/// One of the policies of a [`Limiter`], by its index in [`Options::policies`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyId(pub usize);

/// A rate limiter with a fixed list of policies. Cheap to clone.
///
/// ```
/// use std::time::Duration;
/// use kith_limit::{Algorithm, Identifier, Limiter, Options, Policy, PolicyId, Quota};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), kith_limit::QuotaError> {
/// const API: PolicyId = PolicyId(0);
/// let quota = Quota::new(2, Duration::from_secs(60))?;
/// let limiter = Limiter::new(Options::new(vec![Policy::new("api", Algorithm::TokenBucket, quota)]));
///
/// let client = Identifier::new("203.0.113.7");
/// assert!(limiter.check(API, &client, 1).await.is_allowed());
/// assert!(limiter.check(API, &client, 1).await.is_allowed());
/// assert!(!limiter.check(API, &client, 1).await.is_allowed());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Limiter {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) policies: Vec<Managed>,
    pub(crate) redis: Option<Redis>,
    prefix: String,
    hasher: RandomState,
    /// The time of this process. It never goes back.
    pub(crate) clock: Box<dyn Fn() -> Millis + Send + Sync>,
    /// What to add to this process' clock for that of Redis, in two's complement.
    pub(crate) redis_ahead: AtomicU64,
    /// When the limiter last logged that a script failed, by the same clock.
    pub(crate) warned_at: AtomicU64,
    /// Since when Redis has not decided, by the same clock; 0 while it decides.
    pub(crate) failing_since: AtomicU64,
    /// When the limiter last probed Redis, by the same clock.
    probed_at: AtomicU64,
    denied: ArcSwap<Vec<IpNet>>,
    stats: Stats,
}

/// A policy with the parts that change while the limiter runs.
pub(crate) struct Managed {
    pub(crate) policy: Policy,
    pub(crate) active: ArcSwap<Active>,
}

/// A policy's quota in force, with what depends on it.
pub(crate) struct Active {
    pub(crate) quota: Quota,
    pub(crate) local: Arc<dyn LocalLimiter>,
    /// The limit that the local limiter was made for. A log must not grow beyond it.
    made_for: u64,
    /// The script that charges this policy alone on Redis.
    pub(crate) charge: Script,
    /// The end of the keys on Redis. It names the window and the algorithm, because their states cannot be
    /// read under another window or algorithm.
    suffix: String,
}

impl Active {
    fn new(policy: &Policy, quota: Quota, (local, made_for): (Arc<dyn LocalLimiter>, u64)) -> Self {
        Self {
            quota,
            local,
            made_for,
            charge: script::script(Operation::Charge, &[rule(policy, quota)]),
            suffix: format!("{}:{}:{}", policy.name, policy.algorithm, quota.window()),
        }
    }
}

/// What a limiter is made of.
pub struct Options {
    /// The policies. A [`PolicyId`] is an index into this list.
    pub policies: Vec<Policy>,
    /// The Redis that instances share. Default: none.
    pub redis: Option<Redis>,
    /// The beginning of every key on Redis. Default: `limiter`.
    pub prefix: String,
    /// The size of each policy's local table, in bytes. Default: 4 MiB.
    pub table_bytes: usize,
    /// The deny list of [`Limiter::is_denied`]. Default: empty.
    pub denied: Vec<IpNet>,
}

impl Options {
    /// The defaults, with these policies.
    pub fn new(policies: Vec<Policy>) -> Self {
        Self {
            policies,
            redis: None,
            prefix: "limiter".to_owned(),
            table_bytes: 4 << 20,
            denied: Vec::new(),
        }
    }
}

impl Limiter {
    /// A limiter that takes the time from the system.
    pub fn new(options: Options) -> Self {
        Self::with_clock(options, steady_clock())
    }

    /// A limiter that takes the time from `clock`, in milliseconds since the epoch. With Redis, the clock of
    /// Redis decides.
    pub fn with_clock(
        options: Options,
        clock: impl Fn() -> Millis + Send + Sync + 'static,
    ) -> Self {
        let manage = |policy: Policy| {
            let quota = policy.quota;
            let local = local::local_limiter(policy.algorithm, quota, options.table_bytes);
            let active = Active::new(&policy, quota, (local.into(), quota.limit()));
            Managed {
                active: ArcSwap::from_pointee(active),
                policy,
            }
        };
        let names = options.policies.iter().map(|policy| policy.name).collect();
        Self {
            shared: Arc::new(Shared {
                stats: Stats::new(names),
                policies: options.policies.into_iter().map(manage).collect(),
                redis: options.redis,
                prefix: options.prefix,
                hasher: RandomState::new(),
                clock: Box::new(clock),
                redis_ahead: AtomicU64::new(0),
                warned_at: AtomicU64::new(0),
                failing_since: AtomicU64::new(0),
                probed_at: AtomicU64::new(0),
                denied: ArcSwap::from_pointee(options.denied),
            }),
        }
    }

    /// Charges `cost` to `identifier` under one policy, or refuses the request.
    pub async fn check(&self, policy: PolicyId, identifier: &Identifier, cost: u64) -> Decision {
        let shared = &*self.shared;
        let hash = shared.hash(identifier);
        let decision = match &shared.redis {
            None => shared.check_local(policy, hash, cost),
            Some(redis) => {
                shared
                    .check_remote(redis, policy, identifier, hash, cost)
                    .await
            }
        };
        shared.count(policy, identifier, hash, &decision);
        decision
    }

    /// Changes a policy's quota. Earlier charges still count, unless the length of the window changes or a
    /// sliding log grows beyond the room of its local table. Redis keeps a script of some kilobytes for each
    /// quota until it restarts.
    pub fn set_quota(&self, policy: PolicyId, quota: Quota) {
        let managed = &self.shared.policies[policy.0];
        managed.active.rcu(|active| {
            let algorithm = managed.policy.algorithm;
            let keeps = active.quota.window() == quota.window();
            let fits = algorithm != Algorithm::SlidingLog || quota.limit() <= active.made_for;
            let local = if keeps && fits {
                (active.local.clone(), active.made_for)
            } else {
                let local = local::local_limiter(algorithm, quota, active.local.bytes());
                (local.into(), quota.limit())
            };
            Active::new(&managed.policy, quota, local)
        });
    }

    /// The policy, and its quota in force.
    pub fn policy(&self, policy: PolicyId) -> (&Policy, Quota) {
        let managed = &self.shared.policies[policy.0];
        (&managed.policy, managed.active.load().quota)
    }

    /// Whether an address is on the deny list. Counts the request if it is.
    pub fn is_denied(&self, address: IpAddr) -> bool {
        let denied = self.shared.denied.load();
        let is_denied = denied.iter().any(|net| net.contains(&address));
        if is_denied {
            self.shared.stats.count_denied();
        }
        is_denied
    }

    /// Replaces the deny list.
    pub fn set_denied(&self, denied: Vec<IpNet>) {
        self.shared.denied.store(Arc::new(denied));
    }

    /// The deny list in force.
    pub fn denied(&self) -> Vec<IpNet> {
        self.shared.denied.load().to_vec()
    }

    /// Since when Redis has made no decision, in milliseconds since the epoch; `None` if it made the latest
    /// one. Redis may answer other commands all the same.
    pub fn failing_since(&self) -> Option<Millis> {
        let since = self.shared.failing_since.load(Ordering::Relaxed);
        (since > 0).then_some(since)
    }

    /// Asks Redis for a decision, at most once a second, if it did not make the latest one. So a limiter
    /// without requests notices that Redis decides again.
    pub async fn probe(&self) {
        let shared = &*self.shared;
        if let Some(redis) = &shared.redis
            && redis.health().is_up()
            && self.failing_since().is_some()
            && shared.is_due(&shared.probed_at, PROBE_INTERVAL)
        {
            let charges = [(PolicyId(0), 1)];
            let identifier = Identifier::new("probe");
            shared
                .decide_remote(redis, Operation::Charge, &identifier, &charges)
                .await;
        }
    }

    /// What the limiter has decided since the start.
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }
}

impl Shared {
    /// Decides in this process, without an allocation.
    pub(crate) fn check_local(&self, policy: PolicyId, hash: u64, cost: u64) -> Decision {
        let managed = &self.policies[policy.0];
        let active = managed.active.load();
        let found = active
            .local
            .decide(hash, self.redis_now(), active.quota, cost);
        managed.decision(active.quota, found, DecidedBy::Local)
    }

    pub(crate) fn count(
        &self,
        policy: PolicyId,
        identifier: &Identifier,
        hash: u64,
        decision: &Decision,
    ) {
        self.stats
            .count(policy.0, identifier.as_str(), hash, decision, &self.clock);
    }

    pub(crate) fn hash(&self, identifier: &Identifier) -> u64 {
        self.hasher.hash_one(identifier.as_str())
    }

    /// The key of an identifier on Redis. All keys of one identifier are in one slot of a cluster.
    pub(crate) fn key(&self, active: &Active, identifier: &Identifier) -> String {
        let parts = [
            &self.prefix,
            ":limit:{",
            identifier.as_str(),
            "}:",
            &active.suffix,
        ];
        // Each decision makes a key, and `format!` takes several times as long.
        parts.concat()
    }

    /// The time of Redis, as far as this process knows; the time of this process without Redis.
    pub(crate) fn redis_now(&self) -> Millis {
        (self.clock)().wrapping_add(self.ahead())
    }

    pub(crate) fn ahead(&self) -> Millis {
        self.redis_ahead.load(Ordering::Relaxed)
    }
}

impl Managed {
    /// Charges to the local limiter what Redis has allowed. If the local limiter has no room for it, Redis
    /// has lost state, or another instance has reset it: then the decision becomes that of the local
    /// limiter, and the function returns false.
    pub(crate) fn apply_locally(
        &self,
        active: &Active,
        hash: u64,
        cost: u64,
        at: Millis,
        decision: &mut Decision,
    ) -> bool {
        if decision.outcome != Outcome::Allowed {
            return true;
        }
        let here = active.local.reconcile(hash, at, active.quota, cost);
        let confirmed = here.wait == Some(0);
        if !confirmed {
            *decision = self.decision(active.quota, here, DecidedBy::Local);
        }
        confirmed
    }

    /// The decision of the [`FailMode`] while Redis is down; `None` if the local limiter decides.
    pub(crate) fn fail_mode_decision(&self, quota: Quota) -> Option<Decision> {
        let (outcome, remaining) = match self.policy.fail_mode {
            FailMode::Local => return None,
            FailMode::Open => (Outcome::Allowed, quota.limit()),
            FailMode::Closed if self.policy.shadow => (Outcome::Shadowed, 0),
            FailMode::Closed => {
                let retry_after = Some(FAIL_CLOSED_RETRY_AFTER);
                (Outcome::Refused { retry_after }, 0)
            }
        };
        Some(Decision {
            outcome,
            quota,
            remaining,
            reset_after: Duration::ZERO,
            decided_by: DecidedBy::FailMode,
        })
    }

    pub(crate) fn decision(
        &self,
        quota: Quota,
        found: Assessment,
        decided_by: DecidedBy,
    ) -> Decision {
        Decision {
            outcome: match found.wait {
                Some(0) => Outcome::Allowed,
                _ if self.policy.shadow => Outcome::Shadowed,
                wait => Outcome::Refused {
                    retry_after: wait.map(Duration::from_millis),
                },
            },
            quota,
            remaining: found.remaining,
            reset_after: Duration::from_millis(found.reset),
            decided_by,
        }
    }
}

/// What the script has to know of a policy.
pub(crate) fn rule(policy: &Policy, quota: Quota) -> Rule {
    Rule {
        algorithm: policy.algorithm,
        quota,
        shadow: policy.shadow,
    }
}

/// The time of day at the start, moved on by a clock that never goes back.
fn steady_clock() -> impl Fn() -> Millis + Send + Sync {
    let start = Instant::now();
    let epoch = jiff::Timestamp::now().as_millisecond();
    let epoch = Millis::try_from(epoch).unwrap_or(0);
    move || {
        let elapsed = start.elapsed();
        epoch + elapsed.as_secs() * 1000 + Millis::from(elapsed.subsec_millis())
    }
}
