//! Decisions on Redis, and the refusals that this process remembers of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kith_redis::{Call, Redis};

use crate::Millis;
use crate::decision::{DecidedBy, Decision, Outcome};
use crate::identifier::Identifier;
use crate::limiter::{Active, PolicyId, Shared, rule};
use crate::local::CachedRefusal;
use crate::script::{self, Found, Operation, Rule};

/// The limiter logs at most once in this many milliseconds that a script failed.
const WARNING_INTERVAL: Millis = 60_000;

impl Shared {
    /// Decides on Redis under one policy, or as the policy says while Redis is down.
    pub(crate) async fn check_remote(
        &self,
        redis: &Redis,
        policy: PolicyId,
        identifier: &Identifier,
        hash: u64,
        cost: u64,
    ) -> Decision {
        let managed = &self.policies[policy.0];
        let active = managed.active.load_full();
        if cost == 1
            && let Some(refusal) = self.cached_refusal(&active, hash)
        {
            return refusal;
        }
        let key = self.key(&active, identifier);
        let call = script::call(&active.charge, [key.as_str()].into_iter(), &[cost], None);
        let sent_at = (self.clock)();
        let Some(found) = self.ask(redis, &call).await else {
            let fail_mode_decision = managed.fail_mode_decision(active.quota);
            return fail_mode_decision.unwrap_or_else(|| self.check_local(policy, hash, cost));
        };
        let mut decision = managed.decision(active.quota, found.assessments[0], DecidedBy::Redis);
        if !managed.apply_locally(&active, hash, cost, found.at, &mut decision) {
            let rules = [rule(&managed.policy, active.quota)];
            self.refund_remote(redis, &rules, &[key], &[cost]).await;
        }
        let times = (sent_at, (self.clock)());
        if cost == 1 {
            cache_refusal(&active, hash, times, &decision, self.ahead());
        }
        decision
    }

    /// Refunds on Redis what Redis has charged and the local limiter then refused.
    pub(crate) async fn refund_remote(
        &self,
        redis: &Redis,
        rules: &[Rule],
        keys: &[String],
        costs: &[u64],
    ) {
        let script = script::script(Operation::Refund, rules);
        let keys = keys.iter().map(String::as_str);
        // If Redis goes down meanwhile, it loses the charge or the window ends.
        let _ = self
            .ask(redis, &script::call(&script, keys, costs, None))
            .await;
    }

    /// Calls a script and learns Redis' time from its answer; `None` if Redis cannot be used.
    pub(crate) async fn ask(&self, redis: &Redis, call: &Call<'_>) -> Option<Found> {
        let answer: Result<Vec<i64>, _> = redis.call(call).await;
        let answer = answer.inspect_err(|error| self.warn_rarely(error)).ok();
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

    /// Logs that a script failed, as a rate-limited warning: foreign data under one of the keys makes the script
    /// fail for every request of one client, while those of other clients succeed in between. So the failure has
    /// no beginning and no end that an `ErrorLatch` could tell. The Redis client logs that Redis is down.
    fn warn_rarely(&self, error: &kith_redis::Error) {
        let refused = matches!(error, kith_redis::Error::Rejected(_));
        if refused && self.is_due(&self.warned_at, WARNING_INTERVAL) {
            tracing::error!(%error, "the limiter's script failed; this instance counts alone");
        }
    }

    /// Whether something was last done at least `interval` ago. If so, it counts as done now.
    pub(crate) fn is_due(&self, last_done: &AtomicU64, interval: Millis) -> bool {
        let now = (self.clock)();
        let last = last_done.load(Ordering::Relaxed);
        let (set, load) = (Ordering::Relaxed, Ordering::Relaxed);
        now.wrapping_sub(last) >= interval
            && last_done.compare_exchange(last, now, set, load).is_ok()
    }

    /// The refusal of an earlier request, if it still holds.
    fn cached_refusal(&self, active: &Active, hash: u64) -> Option<Decision> {
        let now = (self.clock)();
        let refusal = active.local.cached_refusal(hash, now)?;
        if refusal.limit != active.quota.limit() {
            return None;
        }
        Some(Decision {
            outcome: Outcome::Refused {
                // As the first answer said: from the time of the answer, not of the question.
                retry_after: Some(Duration::from_millis(
                    refusal.until - now + Millis::from(refusal.retry_offset),
                )),
            },
            quota: active.quota,
            remaining: 0,
            reset_after: Duration::from_millis(
                refusal.until - now + Millis::from(refusal.reset_offset),
            ),
            decided_by: DecidedBy::CachedRefusal,
        })
    }
}

/// Remembers the refusal of a cost of 1 for as long as it is certain: until such a cost fits again. `sent_at` and `answered_at`
/// are the times of the question to Redis and of its answer, by the clock of this process. The clock of
/// Redis is `ahead` of it.
pub(crate) fn cache_refusal(
    active: &Active,
    hash: u64,
    (sent_at, answered_at): (Millis, Millis),
    decision: &Decision,
    ahead: Millis,
) {
    if let Outcome::Refused {
        retry_after: Some(wait),
    } = decision.outcome
    {
        let (wait, reset) = (
            wait.as_millis() as Millis,
            decision.reset_after.as_millis() as Millis,
        );
        let refusal = CachedRefusal {
            limit: decision.quota.limit(),
            until: sent_at + wait,
            retry_offset: u32::try_from(answered_at - sent_at).unwrap_or(u32::MAX),
            reset_offset: u32::try_from(reset.saturating_sub(wait)).unwrap_or(u32::MAX),
        };
        active
            .local
            .cache_refusal(hash, refusal, (answered_at + reset).wrapping_add(ahead));
    }
}
