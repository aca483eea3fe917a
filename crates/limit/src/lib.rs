//! A rate limiter: exact, one round trip, on any Redis or none.
//!
//! - [`policy`]: what is limited, and how. [`algorithm`]: the arithmetic of it.
//! - [`twin`]: the limiter in this process. [`script`]: the same on Redis.
//! - [`stats`]: what was decided, and who is refused most.
//!
//! Without Redis the twin decides. With Redis one script decides for all instances, by Redis'
//! clock, and each decision is charged to the twin as well. That keeps the twin warm, so that it
//! takes over where it stands when Redis is lost; and it shows when Redis has forgotten what it
//! knew, because then the twin has no room where Redis has: the limit holds per instance whatever
//! happens to Redis.
//!
//! Invariants:
//! - A refused request costs nothing, under every policy that it was held to.
//! - Whoever waits for exactly `retry_after`, and is alone, is not refused again.
//! - Memory is bounded by the tables, whose size is set at the start.
//!
//! This module knows nothing of HTTP, pages or contacts.

mod algorithm;
pub mod policy;
mod script;
pub mod stats;
#[cfg(test)]
mod tests;
mod twin;

use std::hash::BuildHasher;
use std::hash::RandomState;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use arc_swap::ArcSwap;
use ipnet::IpNet;
pub use policy::Algorithm;
pub use policy::OnLoss;
pub use policy::Policy;
pub use policy::Quota;
use script::Found;
use script::Operation;
use script::Rule;
use stats::Stats;
use twin::Assessment;
use twin::Block;
use twin::Twin;

use kith_redis::Call;
use kith_redis::Redis;
use kith_redis::Script;

/// Milliseconds, since the epoch or of a span.
pub type Millis = u64;

/// At most once in this many milliseconds it is logged that a script failed.
const COMPLAINT_PAUSE: Millis = 60_000;

/// At most once in this many milliseconds the limiter asks Redis for itself.
const PROBE_PAUSE: Millis = 1_000;

/// What a refused request is told to wait under [`OnLoss::Closed`], where nobody can know.
const CLOSED_RETRY: Duration = Duration::from_secs(1);

/// A key's subject longer than this is replaced by its hash.
const LONGEST_SUBJECT: usize = 128;

/// One of the policies of a [`Limiter`], by its place in the list that the limiter was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyId(pub usize);

/// Who is charged, for example an address or an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// Any text; braces, which Redis gives a meaning in keys, are written as parentheses.
    pub fn new(text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.len() > LONGEST_SUBJECT {
            use sha2::Digest;
            let hash = sha2::Sha256::digest(text.as_bytes());
            text = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        }
        if text.contains(['{', '}']) {
            text = text.replace('{', "(").replace('}', ")");
        }
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub outcome: Outcome,
    /// The policy's quota when this was decided.
    pub quota: Quota,
    /// The largest cost that would be allowed now.
    pub remaining: u64,
    /// How long until the whole quota is back, if nothing else is charged.
    pub reset_after: Duration,
    pub decided_by: DecidedBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Allowed,
    /// The same request is allowed after this long, if nothing else is charged; `None` if it
    /// costs more than the limit and never will be.
    Refused {
        retry_after: Option<Duration>,
    },
    /// The policy is in shadow mode and would have refused; nothing was charged.
    Shadowed,
}

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    Redis,
    /// This process: there is no Redis, it is lost, or it has forgotten what this process knows.
    Twin,
    /// The memory of an earlier refusal that still holds.
    Block,
    /// What the policy says of a lost Redis, without counting.
    OnLoss,
}

impl Decision {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        !matches!(self.outcome, Outcome::Refused { .. })
    }
}

/// A rate limiter with a fixed list of policies. Cheap to clone.
#[derive(Clone)]
pub struct Limiter {
    shared: Arc<Shared>,
}

struct Shared {
    policies: Vec<Managed>,
    redis: Option<Redis>,
    prefix: String,
    hasher: RandomState,
    clock: Box<dyn Fn() -> Millis + Send + Sync>,
    /// What to add to this process' clock for that of Redis, in two's complement.
    redis_ahead: AtomicU64,
    /// When it was last logged that a script failed, by the same clock.
    complained_at: AtomicU64,
    /// Since when Redis has not decided, by the same clock; 0 while it decides.
    failing_since: AtomicU64,
    /// When the limiter last asked for itself, by the same clock.
    probed_at: AtomicU64,
    denied: ArcSwap<Vec<IpNet>>,
    stats: Stats,
}

/// A policy with what changes while Kith runs.
struct Managed {
    policy: Policy,
    active: ArcSwap<Active>,
}

struct Active {
    quota: Quota,
    twin: Arc<dyn Twin>,
    /// The limit that the twin was made for; a log must not grow beyond it.
    made_for: u64,
    /// Charges this policy alone on Redis.
    charge: Script,
    /// The end of the keys on Redis. It names the window and the algorithm, whose states cannot be
    /// read under another.
    suffix: String,
}

impl Active {
    fn new(policy: &Policy, quota: Quota, (twin, made_for): (Arc<dyn Twin>, u64)) -> Self {
        Self {
            quota,
            twin,
            made_for,
            charge: script::script(Operation::Charge, &[rule(policy, quota)]),
            suffix: format!("{}:{}:{}", policy.name, policy.algorithm, quota.window()),
        }
    }
}

/// What a limiter is made of.
pub struct Setup {
    pub policies: Vec<Policy>,
    pub redis: Option<Redis>,
    /// The beginning of every key on Redis.
    pub prefix: String,
    /// The size of each policy's table in this process.
    pub table_bytes: usize,
    /// Addresses that [`Limiter::is_denied`] knows.
    pub denied: Vec<IpNet>,
}

impl Limiter {
    pub fn new(setup: Setup) -> Self {
        Self::with_clock(setup, steady_clock())
    }

    /// A limiter that takes the time from `clock`, in milliseconds since the epoch. Redis, if there
    /// is one, keeps its own.
    pub fn with_clock(setup: Setup, clock: impl Fn() -> Millis + Send + Sync + 'static) -> Self {
        let manage = |policy: Policy| {
            let quota = policy.quota;
            let twin = twin::twin(policy.algorithm, quota, setup.table_bytes);
            let active = Active::new(&policy, quota, (twin.into(), quota.limit()));
            Managed {
                active: ArcSwap::from_pointee(active),
                policy,
            }
        };
        let names = setup.policies.iter().map(|policy| policy.name).collect();
        Self {
            shared: Arc::new(Shared {
                stats: Stats::new(names),
                policies: setup.policies.into_iter().map(manage).collect(),
                redis: setup.redis,
                prefix: setup.prefix,
                hasher: RandomState::new(),
                clock: Box::new(clock),
                redis_ahead: AtomicU64::new(0),
                complained_at: AtomicU64::new(0),
                failing_since: AtomicU64::new(0),
                probed_at: AtomicU64::new(0),
                denied: ArcSwap::from_pointee(setup.denied),
            }),
        }
    }

    /// Charges `cost` to `subject` under one policy, or refuses.
    pub async fn check(&self, policy: PolicyId, subject: &Subject, cost: u64) -> Decision {
        let shared = &*self.shared;
        let hash = shared.hash(subject);
        let decision = match &shared.redis {
            None => shared.check_here(policy, hash, cost),
            Some(redis) => shared.check_on(redis, policy, subject, hash, cost).await,
        };
        shared.count(policy, subject, hash, &decision);
        decision
    }

    /// Charges `subject` under several policies, each with a cost: under all of them or, if one
    /// refuses, under none. The decisions come in the order of the charges.
    ///
    /// # Panics
    /// If a policy is named twice.
    pub async fn check_all(&self, subject: &Subject, charges: &[(PolicyId, u64)]) -> Vec<Decision> {
        let shared = &*self.shared;
        for (index, (policy, _)) in charges.iter().enumerate() {
            let again = charges[..index].iter().any(|(other, _)| other == policy);
            assert!(!again, "each policy is charged once");
        }
        let decisions = shared.decide(Operation::Charge, subject, charges).await;
        let hash = shared.hash(subject);
        for ((policy, _), decision) in charges.iter().zip(&decisions) {
            shared.count(*policy, subject, hash, decision);
        }
        decisions
    }

    /// What [`check`](Self::check) would say to a cost of 1, without charging it.
    pub async fn peek(&self, policy: PolicyId, subject: &Subject) -> Decision {
        let charges = [(policy, 1)];
        self.shared.decide(Operation::Peek, subject, &charges).await[0]
    }

    /// Gives back `cost` that was charged before, as for a request that was not carried out. It
    /// never leads to more than the whole quota. The twins of other instances do not hear of it: one
    /// that has charged this subject itself may refuse it until its window ends.
    pub async fn refund(&self, policy: PolicyId, subject: &Subject, cost: u64) -> Decision {
        let charges = [(policy, cost)];
        self.shared
            .decide(Operation::Refund, subject, &charges)
            .await[0]
    }

    /// Forgets all that was charged to `subject` under `policy`, on Redis and here; for the twins of
    /// other instances the same holds as for a [refund](Self::refund).
    ///
    /// # Errors
    /// When Redis cannot be asked; then only this process has forgotten.
    pub async fn reset(
        &self,
        policy: PolicyId,
        subject: &Subject,
    ) -> Result<(), kith_redis::Error> {
        let shared = &*self.shared;
        let active = shared.policies[policy.0].active.load_full();
        let forgotten = match &shared.redis {
            Some(redis) => {
                let key = shared.key(&active, subject);
                redis.query::<()>(redis::cmd("UNLINK").arg(key)).await
            }
            None => Ok(()),
        };
        // Last, so that no answer that was under way brings a refusal back.
        active.twin.subject(shared.hash(subject)).forget();
        forgotten
    }

    /// Charges like [`check`](Self::check), and waits for that as long as it takes, up to
    /// `timeout`. A wait that would be longer is refused at once.
    pub async fn block_until_ready(
        &self,
        policy: PolicyId,
        subject: &Subject,
        cost: u64,
        timeout: Duration,
    ) -> Decision {
        let start = Instant::now();
        loop {
            let decision = self.check(policy, subject, cost).await;
            match decision.outcome {
                Outcome::Refused {
                    retry_after: Some(wait),
                } if start.elapsed() + wait <= timeout => {
                    tokio::time::sleep(wait).await;
                }
                _ => return decision,
            }
        }
    }

    /// Changes a policy's quota from now on. What was charged still counts, unless the length of
    /// the window changes, or a sliding log grows beyond what this process has room for. For each
    /// quota Redis keeps a script of some kilobytes until it restarts.
    pub fn set_quota(&self, policy: PolicyId, quota: Quota) {
        let managed = &self.shared.policies[policy.0];
        managed.active.rcu(|active| {
            let algorithm = managed.policy.algorithm;
            let keeps = active.quota.window() == quota.window();
            let fits = algorithm != Algorithm::SlidingLog || quota.limit() <= active.made_for;
            let twin = if keeps && fits {
                (active.twin.clone(), active.made_for)
            } else {
                let twin = twin::twin(algorithm, quota, active.twin.bytes());
                (twin.into(), quota.limit())
            };
            Active::new(&managed.policy, quota, twin)
        });
    }

    /// The policy and its quota in force.
    pub fn policy(&self, policy: PolicyId) -> (&Policy, Quota) {
        let managed = &self.shared.policies[policy.0];
        (&managed.policy, managed.active.load().quota)
    }

    /// Whether an address is on the deny list.
    pub fn is_denied(&self, address: IpAddr) -> bool {
        let denied = self.shared.denied.load();
        let is_denied = denied.iter().any(|net| net.contains(&address));
        if is_denied {
            self.shared.stats.count_denied();
        }
        is_denied
    }

    /// Changes the deny list from now on.
    pub fn set_denied(&self, denied: Vec<IpNet>) {
        self.shared.denied.store(Arc::new(denied));
    }

    /// The deny list in force.
    pub fn denied(&self) -> Vec<IpNet> {
        self.shared.denied.load().to_vec()
    }

    /// Since when no decision came from Redis, in milliseconds since the epoch; `None` if the last one
    /// did. Redis may be there all the same.
    pub fn failing_since(&self) -> Option<Millis> {
        let since = self.shared.failing_since.load(Ordering::Relaxed);
        (since > 0).then_some(since)
    }

    /// Finds out whether Redis decides again, without anybody's request, if it did not the last time.
    pub async fn probe(&self) {
        let shared = &*self.shared;
        if let Some(redis) = &shared.redis
            && redis.health().is_up()
            && self.failing_since().is_some()
            && shared.is_due(&shared.probed_at, PROBE_PAUSE)
        {
            let charges = [(PolicyId(0), 1)];
            let subject = Subject::new("probe");
            shared
                .decide_on(redis, Operation::Charge, &subject, &charges)
                .await;
        }
    }

    /// What was decided since the start.
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }
}

impl Shared {
    /// In this process alone, without an allocation.
    fn check_here(&self, policy: PolicyId, hash: u64, cost: u64) -> Decision {
        let managed = &self.policies[policy.0];
        let active = managed.active.load();
        let found = active
            .twin
            .decide(hash, self.redis_now(), active.quota, cost);
        managed.decision(active.quota, found, DecidedBy::Twin)
    }

    async fn check_on(
        &self,
        redis: &Redis,
        policy: PolicyId,
        subject: &Subject,
        hash: u64,
        cost: u64,
    ) -> Decision {
        let managed = &self.policies[policy.0];
        let active = managed.active.load_full();
        if cost == 1
            && let Some(refusal) = self.blocked(&active, hash)
        {
            return refusal;
        }
        let key = self.key(&active, subject);
        let call = script::call(&active.charge, [key.as_str()].into_iter(), &[cost], None);
        let asked = (self.clock)();
        let Some(found) = self.ask(redis, &call).await else {
            let uncounted = managed.uncounted(active.quota);
            return uncounted.unwrap_or_else(|| self.check_here(policy, hash, cost));
        };
        let mut decision = managed.decision(active.quota, found.assessments[0], DecidedBy::Redis);
        if !managed.take_over(&active, hash, cost, found.at, &mut decision) {
            let rules = [rule(&managed.policy, active.quota)];
            self.give_back(redis, &rules, &[key], &[cost]).await;
        }
        let times = (asked, (self.clock)());
        remember_refusal(&active, hash, cost, times, &decision, self.ahead());
        decision
    }

    async fn decide(
        &self,
        operation: Operation,
        subject: &Subject,
        charges: &[(PolicyId, u64)],
    ) -> Vec<Decision> {
        if let Some(redis) = &self.redis
            && let Some(decisions) = self.decide_on(redis, operation, subject, charges).await
        {
            return decisions;
        }
        self.decide_here(operation, subject, charges)
    }

    /// In this process, several policies at once.
    fn decide_here(
        &self,
        operation: Operation,
        subject: &Subject,
        charges: &[(PolicyId, u64)],
    ) -> Vec<Decision> {
        struct Part<'a> {
            /// Its place among the charges.
            index: usize,
            managed: &'a Managed,
            quota: Quota,
            cost: u64,
            /// `None` where the policy does not count while Redis is lost.
            subject: Option<Box<dyn twin::Subject + 'a>>,
            decision: Decision,
        }

        let now = self.redis_now();
        let hash = self.hash(subject);
        let actives: Vec<_> = charges
            .iter()
            .map(|(policy, _)| self.policies[policy.0].active.load_full())
            .collect();
        // Locked in the order of the policies, whatever the order of the charges, so that two
        // calls cannot wait for each other.
        let mut order: Vec<usize> = (0..charges.len()).collect();
        order.sort_by_key(|index| charges[*index].0);
        let mut parts: Vec<Part> = Vec::with_capacity(charges.len());
        for index in order {
            let (policy, cost) = charges[index];
            let (managed, active) = (&self.policies[policy.0], &actives[index]);
            let quota = active.quota;
            let uncounted = self.redis.as_ref().and_then(|_| managed.uncounted(quota));
            let (subject, decision) = match uncounted {
                Some(decision) => (None, decision),
                None => {
                    let mut subject = active.twin.subject(hash);
                    let found = subject.assess(now, quota, cost);
                    (
                        Some(subject),
                        managed.decision(quota, found, DecidedBy::Twin),
                    )
                }
            };
            parts.push(Part {
                index,
                managed,
                quota,
                cost,
                subject,
                decision,
            });
        }

        let allowed = parts.iter().all(|part| part.decision.is_allowed());
        for part in &mut parts {
            let Some(subject) = &mut part.subject else {
                continue;
            };
            let fits = allowed && part.decision.outcome == Outcome::Allowed;
            let found = match operation {
                Operation::Charge if fits => subject.charge(now, part.quota, part.cost),
                Operation::Refund => subject.refund(now, part.quota, part.cost),
                _ => continue,
            };
            part.decision = part.managed.decision(part.quota, found, DecidedBy::Twin);
        }
        parts.sort_by_key(|part| part.index);
        parts.into_iter().map(|part| part.decision).collect()
    }

    /// On Redis, several policies at once; `None` if Redis cannot be asked.
    async fn decide_on(
        &self,
        redis: &Redis,
        operation: Operation,
        subject: &Subject,
        charges: &[(PolicyId, u64)],
    ) -> Option<Vec<Decision>> {
        let parts: Vec<(&Managed, Arc<Active>, u64)> = charges
            .iter()
            .map(|(policy, cost)| {
                let managed = &self.policies[policy.0];
                (managed, managed.active.load_full(), *cost)
            })
            .collect();
        let rules: Vec<Rule> = parts
            .iter()
            .map(|(managed, active, _)| rule(&managed.policy, active.quota))
            .collect();
        let keys: Vec<String> = parts
            .iter()
            .map(|(_, active, _)| self.key(active, subject))
            .collect();
        let costs: Vec<u64> = parts.iter().map(|(.., cost)| *cost).collect();
        // Made anew, in a few microseconds: all but single charges are rare.
        let script = script::script(operation, &rules);
        let call = script::call(&script, keys.iter().map(String::as_str), &costs, None);
        // The instant before the call, so that a wait reckoned from it never ends too late.
        let asked = (self.clock)();
        let found = self.ask(redis, &call).await?;

        let hash = self.hash(subject);
        let mut decisions: Vec<Decision> = parts
            .iter()
            .zip(&found.assessments)
            .map(|((managed, active, _), assessment)| {
                managed.decision(active.quota, *assessment, DecidedBy::Redis)
            })
            .collect();
        if operation == Operation::Refund {
            for (_, active, cost) in &parts {
                let mut here = active.twin.subject(hash);
                here.refund(found.at, active.quota, *cost);
            }
        }
        if operation == Operation::Charge {
            let allowed = decisions.iter().all(Decision::is_allowed);
            let mut confirmed = allowed;
            for ((managed, active, cost), decision) in parts.iter().zip(&mut decisions) {
                confirmed &= !allowed || managed.take_over(active, hash, *cost, found.at, decision);
            }
            if allowed && !confirmed {
                // None is charged if one refuses: neither here nor there.
                for ((_, active, cost), decision) in parts.iter().zip(&decisions) {
                    if decision.outcome == Outcome::Allowed {
                        let mut here = active.twin.subject(hash);
                        here.refund(found.at, active.quota, *cost);
                    }
                }
                self.give_back(redis, &rules, &keys, &costs).await;
            }
            for ((_, active, cost), decision) in parts.iter().zip(&decisions) {
                let times = (asked, (self.clock)());
                remember_refusal(active, hash, *cost, times, decision, self.ahead());
            }
        }
        Some(decisions)
    }

    /// Takes back on Redis what it has charged and the twin then refused.
    async fn give_back(&self, redis: &Redis, rules: &[Rule], keys: &[String], costs: &[u64]) {
        let script = script::script(Operation::Refund, rules);
        let keys = keys.iter().map(String::as_str);
        // If Redis is lost meanwhile, it forgets or the window ends.
        let _ = self
            .ask(redis, &script::call(&script, keys, costs, None))
            .await;
    }

    /// Calls a script and takes over Redis' time; `None` if Redis cannot be asked.
    async fn ask(&self, redis: &Redis, call: &Call<'_>) -> Option<Found> {
        let answer: Result<Vec<i64>, _> = redis.call(call).await;
        let answer = answer.inspect_err(|error| self.complain(error)).ok();
        let found = answer.and_then(|answer| script::read(&answer));
        let found = found.filter(|found| !found.assessments.is_empty());
        let now = (self.clock)();
        let failing = self.failing_since.load(Ordering::Relaxed);
        if found.is_some() != (failing == 0) {
            let since = if found.is_some() { 0 } else { now };
            self.failing_since.store(since, Ordering::Relaxed);
        }
        let found = found?;
        self.redis_ahead
            .store(found.at.wrapping_sub(now), Ordering::Relaxed);
        Some(found)
    }

    /// Logs that a script failed, now and then: somebody else's data under one of our names makes it
    /// fail for every request of one client. A lost Redis has been logged where it was lost.
    fn complain(&self, error: &kith_redis::Error) {
        let refused = matches!(error, kith_redis::Error::Rejected(_));
        if refused && self.is_due(&self.complained_at, COMPLAINT_PAUSE) {
            tracing::error!(%error, "the limiter's script failed; this instance counts alone");
        }
    }

    /// Whether something was last done this long ago, in which case it counts as done now.
    fn is_due(&self, last_done: &AtomicU64, pause: Millis) -> bool {
        let now = (self.clock)();
        let last = last_done.load(Ordering::Relaxed);
        let (set, load) = (Ordering::Relaxed, Ordering::Relaxed);
        now.wrapping_sub(last) >= pause && last_done.compare_exchange(last, now, set, load).is_ok()
    }

    /// The refusal of an earlier request that still holds.
    fn blocked(&self, active: &Active, hash: u64) -> Option<Decision> {
        let now = (self.clock)();
        let block = active.twin.blocked(hash, now)?;
        if block.limit != active.quota.limit() {
            return None;
        }
        Some(Decision {
            outcome: Outcome::Refused {
                // As it was told first: from when the answer came, not from when it was asked for.
                retry_after: Some(Duration::from_millis(
                    block.until - now + Millis::from(block.told_later),
                )),
            },
            quota: active.quota,
            remaining: 0,
            reset_after: Duration::from_millis(block.until - now + Millis::from(block.reset_later)),
            decided_by: DecidedBy::Block,
        })
    }

    fn count(&self, policy: PolicyId, subject: &Subject, hash: u64, decision: &Decision) {
        self.stats
            .count(policy.0, subject.as_str(), hash, decision, &self.clock);
    }

    fn hash(&self, subject: &Subject) -> u64 {
        self.hasher.hash_one(subject.as_str())
    }

    /// All keys of one subject are in one slot of a cluster.
    fn key(&self, active: &Active, subject: &Subject) -> String {
        let Self { prefix, .. } = self;
        format!("{prefix}:limit:{{{}}}:{}", subject.as_str(), active.suffix)
    }

    /// The time of Redis, as far as this process knows; its own without a Redis.
    fn redis_now(&self) -> Millis {
        (self.clock)().wrapping_add(self.ahead())
    }

    fn ahead(&self) -> Millis {
        self.redis_ahead.load(Ordering::Relaxed)
    }
}

impl Managed {
    /// Charges to the twin what Redis has allowed. If the twin has no room for it, Redis has
    /// forgotten something, or somebody else has made it forget: then the decision becomes the
    /// twin's, and false is returned.
    fn take_over(
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
        let here = active.twin.confirm(hash, at, active.quota, cost);
        let confirmed = here.wait == Some(0);
        if !confirmed {
            *decision = self.decision(active.quota, here, DecidedBy::Twin);
        }
        confirmed
    }

    /// The answer while Redis is lost, if it takes no counting.
    fn uncounted(&self, quota: Quota) -> Option<Decision> {
        let (outcome, remaining) = match self.policy.on_loss {
            OnLoss::Local => return None,
            OnLoss::Open => (Outcome::Allowed, quota.limit()),
            OnLoss::Closed if self.policy.shadow => (Outcome::Shadowed, 0),
            OnLoss::Closed => {
                let retry_after = Some(CLOSED_RETRY);
                (Outcome::Refused { retry_after }, 0)
            }
        };
        Some(Decision {
            outcome,
            quota,
            remaining,
            reset_after: Duration::ZERO,
            decided_by: DecidedBy::OnLoss,
        })
    }

    fn decision(&self, quota: Quota, found: Assessment, decided_by: DecidedBy) -> Decision {
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

/// What a policy asks of a script.
fn rule(policy: &Policy, quota: Quota) -> Rule {
    Rule {
        algorithm: policy.algorithm,
        quota,
        shadow: policy.shadow,
    }
}

/// Keeps a refusal for as long as it is certain: until a cost of 1 fits again. Redis was `asked` and
/// had `answered` at these times of this process, and its clock is so far `ahead` of it.
fn remember_refusal(
    active: &Active,
    hash: u64,
    cost: u64,
    (asked, answered): (Millis, Millis),
    decision: &Decision,
    ahead: Millis,
) {
    if let Outcome::Refused {
        retry_after: Some(wait),
    } = decision.outcome
        && cost == 1
    {
        let (wait, reset) = (
            wait.as_millis() as Millis,
            decision.reset_after.as_millis() as Millis,
        );
        let block = Block {
            limit: decision.quota.limit(),
            until: asked + wait,
            told_later: u32::try_from(answered - asked).unwrap_or(u32::MAX),
            reset_later: u32::try_from(reset.saturating_sub(wait)).unwrap_or(u32::MAX),
        };
        active
            .twin
            .block(hash, block, (answered + reset).wrapping_add(ahead));
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
